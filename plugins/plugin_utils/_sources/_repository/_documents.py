# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Pages for people: only what stands in a block of code counts, and not what the page warns of."""

from __future__ import annotations

import re
import typing as t

from ._text import MAX_SETTINGS, settings_in_text, style_of_script

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ._found import Found

_FENCE = re.compile(r"\s{0,12}(?:>\s*)?(`{3,}|~{3,}|-{4,}\s*\Z|\.{4,}\s*\Z)")
_INDENTED_BLOCK = re.compile(r"(?:.*::|\s*\.\. (?:code|code-block|sourcecode|parsed-literal)::.*)\s*\Z")
_WARNING = re.compile(
    r"\b(?:do not|don'?t|never|avoid|no longer|not? (?:any ?more|recommended|needed)|any ?more|deprecated|obsolete|remove[ds]?|deletes?|"
    r"wrong|bad|dangerous|broken|harmful|unsafe|mistake|anti-?pattern|instead of|used to|previous(?:ly)?|formerly|before|old|was|were|"
    r"why not|problem|breaks?|myth)\b",
    re.IGNORECASE,
)
_WARNING_LINES = 6


class _Block(t.NamedTuple):
    first_line: int
    lines: list[str]
    told_before: str


def settings_in_document(text: str, name: str) -> list[Found]:
    """The settings in the blocks of code of a page; each block is a place of its own.

    :param name: the file's name, whose end says how the page marks its blocks.
    """
    lines = text.split("\n")
    blocks = _indented(lines) if name.endswith(".rst") else _fenced(lines)
    found: list[Found] = []
    for block in blocks:
        if _WARNING.search(block.told_before):
            continue
        content = "\n".join(block.lines)
        place = f"the example at line {block.first_line}"
        found += settings_in_text(content, style_of_script(content), block.first_line, place, "document")
        if len(found) > MAX_SETTINGS:
            break
    return found[:MAX_SETTINGS]


def _fenced(lines: list[str]) -> Iterator[_Block]:
    fence, start, text_from = "", 0, 0
    for number, line in enumerate(lines):
        mark = _FENCE.match(line[:200])
        if mark is None:
            continue
        sign = mark.group(1).strip()
        if not fence:
            fence, start = sign, number
        elif sign[0] == fence[0] and len(sign) >= len(fence):
            yield _Block(start + 2, lines[start + 1 : number], _told(lines[text_from : start + 1]))
            fence, text_from = "", number + 1


def _indented(lines: list[str]) -> Iterator[_Block]:
    """Blocks of reStructuredText: what is indented more than the line that announces it."""
    number = text_from = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if not _INDENTED_BLOCK.match(line[:400]):
            continue
        indent = _indent(line)
        start = number
        while number < len(lines) and (not lines[number].strip() or _indent(lines[number]) > indent):
            number += 1
        yield _Block(start + 1, lines[start:number], _told(lines[text_from:start]))
        text_from = number


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _told(lines: list[str]) -> str:
    """What a reader has just read before a block: the last lines of text, and the heading above."""
    return "\n".join([line[:500] for line in lines if line.strip()][-_WARNING_LINES:])
