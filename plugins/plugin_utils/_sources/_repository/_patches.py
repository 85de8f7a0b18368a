# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Patches: what they add to a file is a setting, as if it stood in that file; what they take out, and what stands around it, is none."""

from __future__ import annotations

import re
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Iterator

_HUNK = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")


class Part(t.NamedTuple):
    """What a patch adds to a file. text: the added lines, each at its line of the patch; all other lines are empty."""

    path: str
    text: str


def added(text: str) -> Iterator[Part]:
    """One part for each file of a patch to which it adds lines."""
    path = ""
    lines: list[str] = []
    old = new = 0
    for number, line in enumerate(text.split("\n")):
        hunk = _HUNK.match(line) if old <= 0 and new <= 0 else None
        if hunk:
            old, new = (int(count or 1) for count in hunk.groups())
        elif old <= 0 and new <= 0:
            if line.startswith("+++ "):
                if any(lines):
                    yield Part(path, "\n".join(lines))
                path, lines = _path(line[4:]), []
        elif not line.startswith("\\"):
            old -= not line.startswith("+")
            new -= not line.startswith("-")
            if line.startswith("+"):
                lines += [""] * (number - len(lines)) + [line[1:]]
    if any(lines):
        yield Part(path, "\n".join(lines))


def _path(written: str) -> str:
    """The file's path without the prefix b/ and the time after a tab."""
    path = written.split("\t")[0].strip().strip('"')
    return path.removeprefix("b/")[:500]
