# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What is found of one program that sets sysctl keys at boot beside those that read sysctl.d."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .._text import path_as_text
from ._lines import TooManyPatternsError, parse

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import Assignment, BootFile, Writer


class Found(NamedTuple):
    """files: those in a syntax of the program's own, already understood. reads: paths of files of sysctl.d syntax that it applies then.

    Both in the order in which the program comes to them.
    """

    writer: Writer
    files: list[BootFile]
    reads: list[str]


def file_of(path: str, name: str, assignments: list[Assignment], real_path: str | None = None) -> BootFile:
    """The entry for a file that only this program reads."""
    return {
        "path": path_as_text(path),
        "real_path": path_as_text(path if real_path is None else real_path),
        "readers": [name],
        "unread_because": None,
        "masked_by": None,
        "reason": None,
        "assignments": assignments,
        "problems": [],
    }


def setting(line: int, path: str, value: str | None) -> list[Assignment]:
    """A write to a path below /proc/sys, in the shape of a line of sysctl.d; none where it is no such path, or has signs of patterns.

    value: None where it is not known; then it is withheld.
    """
    try:
        found = parse(f"{path} = {value or ''}")[0]
    except TooManyPatternsError:
        return []
    for one in found:
        one["line"] = line
        if value is None:
            one["value"], one["withheld"] = None, True
    return [one for one in found[:1] if not one["is_glob"] and not one["ignore_failure"]]


def unknown_file(path: str, name: str, reason: str) -> BootFile:
    """The entry for a file that the program reads and whose settings are not known here."""
    found = file_of(path, name, [])
    found["unread_because"], found["reason"] = "unreadable", reason
    return found
