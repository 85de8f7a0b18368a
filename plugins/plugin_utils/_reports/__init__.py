# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Reports of an audit of many hosts, one file a format.

The same audits always give the same bytes: every date in a report is one that an audit carries.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import _html, _json, _junit, _markdown, _sarif
from ._error import ReportError
from ._files import differs, make_folder, replace_all
from ._model import OUTCOMES, HostReport, Report, build, build_host
from ._text import render as text_summary

__all__ = [
    "FORMATS",
    "OUTCOMES",
    "HostReport",
    "Report",
    "ReportError",
    "Written",
    "build",
    "build_host",
    "text_summary",
    "write",
]

_RENDERERS: dict[str, tuple[str, Callable[[Report], str]]] = {
    "json": (".json", _json.render),
    "junit": (".junit.xml", _junit.render),
    "sarif": (".sarif", _sarif.render),
    "html": (".html", _html.render),
    "markdown": (".md", _markdown.render),
}
FORMATS: tuple[str, ...] = tuple(_RENDERERS)


@dataclass(frozen=True)
class Written:
    """One report file. changed: its content is new, or would be new without dry_run."""

    path: str
    format: str
    changed: bool


def write(
    report: Report, folder: str, formats: Sequence[str] = FORMATS, basename: str = "tcp-audit", dry_run: bool = False
) -> list[Written]:
    """Write report to folder in each of formats, all or none, and say which files changed.

    A file that already holds the same content is not touched. With dry_run nothing is created or written.
    Raises ReportError for an unknown format, a basename that is no plain file name, and whatever the disk refuses.
    """
    for name in formats:
        if name not in _RENDERERS:
            raise ReportError(f"unknown report format {name!r}: one of {', '.join(FORMATS)}")
    if not basename or basename.startswith(".") or "/" in basename or not basename.isprintable() or len(os.fsencode(basename)) > 200:
        raise ReportError(f"basename {basename[:80]!r} is not a plain file name: no slash, no leading dot, at most 200 bytes")
    if not dry_run:
        make_folder(folder)
    elif os.path.lexists(folder) and not os.path.isdir(folder):
        raise ReportError(f"{folder} is not a folder: the reports cannot go there")
    contents: dict[str, bytes] = {}
    written = []
    for name in dict.fromkeys(formats):
        suffix, render = _RENDERERS[name]
        path = os.path.join(folder, basename + suffix)
        content = render(report).encode("utf-8")
        changed = differs(path, content)
        if changed:
            contents[path] = content
        written.append(Written(path, name, changed))
    if contents and not dry_run:
        replace_all(contents)
    return written
