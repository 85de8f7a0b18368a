# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Reports of an audit of many hosts, one file for each format (see _formats).

The same audits always give the same bytes: every date in a report is one that an audit carries.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from ._files import differs, make_folder, replace_all
from ._formats import FORMATS, format_of
from ._host import OUTCOMES, HostReport
from ._input import NotAudited, ReportError, entry_of
from ._model import Report, build, build_host
from ._text import render as text_summary

__all__ = [
    "FORMATS",
    "OUTCOMES",
    "HostReport",
    "NotAudited",
    "Report",
    "ReportError",
    "Written",
    "build",
    "build_host",
    "entry_of",
    "format_of",
    "text_summary",
    "write",
]


@dataclass(frozen=True)
class Written:
    """One report file. changed: its content is new, or would be new without dry_run."""

    path: str
    format: str
    changed: bool


def write(
    report: Report, folder: str, formats: Sequence[str] | None = None, basename: str = "tcp-audit", dry_run: bool = False
) -> list[Written]:
    """Write report to folder in each of formats (None: in all of them), either all or no file, and say which files changed.

    A file that already holds the same content is not touched. With dry_run nothing is created or written.
    Raises ReportError for an unknown format, a basename that cannot be used, and whatever the disk refuses.
    """
    chosen = FORMATS if formats is None else tuple(formats)
    for name in chosen:
        if name not in FORMATS:
            raise ReportError(f"unknown report format {name!r}. Choose from {', '.join(FORMATS)}.")
    if not basename or basename.startswith(".") or "/" in basename or not basename.isprintable() or len(os.fsencode(basename)) > 200:
        raise ReportError(
            f"basename {basename[:80]!r} cannot be used. It must be a file name of at most 200 bytes, without a slash or a leading dot."
        )
    if not dry_run:
        make_folder(folder)
    elif os.path.lexists(folder) and not os.path.isdir(folder):
        raise ReportError(f"{folder} is not a folder, so no report can be written there. Choose another dest.")
    contents: dict[str, bytes] = {}
    written = []
    for name in dict.fromkeys(chosen):
        form = format_of(name)
        path = os.path.join(folder, basename + form.ENDING)
        content = form.render(report).encode("utf-8")
        changed = differs(path, content)
        if changed:
            contents[path] = content
        written.append(Written(path, name, changed))
    if contents and not dry_run:
        replace_all(contents)
    return written
