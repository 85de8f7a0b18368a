# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Where a text names a key: each place with what stands before and after it on its line."""

from __future__ import annotations

import re
import typing as t

from ._found import Style, known_key

if t.TYPE_CHECKING:
    from collections.abc import Iterator

# Before the name: no part of a longer name or path, but the folder of all keys, or the word that kernel arguments and NixOS have.
_KEY = re.compile(
    r"(?:(?<![\w./-])|(?<=\bsysctl\.)|(?<=\\n)|(?<=[*$]/)|(?<=\.conf/)|(?<=^-)|(?<=[\s\"']-))"
    r"(?:/proc/sys/|proc\.sys\.)?net[./](?:ipv4|core|netfilter|nf_conntrack_max)[\w./]*",
    re.M | re.A,
)
# A remark of any language that may stand in a repository.
_REMARK = re.compile(r"\s*(?:#|//|;|--\s|\*\s|/\*|<!--|\{#|rem\s|dnl\s)", re.IGNORECASE)
_REMARK_AFTER = re.compile(r"(?:\s|\{)#(?!\{)|\s//\s|/\*|<!--")
# What is looked at on each side of a key, so that a line without an end costs no more than others.
_BEFORE, _AFTER = 400, 4200
_MOST_ON_A_LINE = 100


class Hit(t.NamedTuple):
    """A key in a text. line: from 1. before, after: the rest of its line. proc: it is a path in /proc/sys. following: the next lines."""

    line: int
    key: str
    before: str
    after: str
    proc: bool
    style: Style
    following: list[str]

    @property
    def quote(self) -> str:
        """The quotation mark right before the key, or nothing."""
        return self.before[-1:] if self.before[-1:] in ("'", '"') else ""


def names_a_key(text: str) -> bool:
    """Whether a key stands anywhere in a text, be it in a remark."""
    return any(known_key(match.group()) for match in _KEY.finditer(text))


def hits(text: str, style: Style, first_line: int = 1) -> Iterator[Hit]:
    """Every key of the text that stands in no remark."""
    lines: list[str] | None = None
    line, counted, on_line = first_line, 0, 0
    for match in _KEY.finditer(text):
        key = known_key(match.group())
        if key is None:
            continue
        further = text.count("\n", counted, match.start())
        line, counted, on_line = line + further, match.start(), 0 if further else on_line + 1
        if on_line >= _MOST_ON_A_LINE:
            continue
        start = text.rfind("\n", 0, match.start()) + 1
        before = text[max(start, match.start() - _BEFORE) : match.start()]
        if _REMARK.match(text, start, match.start()) or _is_remark_after(before):
            continue
        after = text[match.end() : match.end() + _AFTER].partition("\n")[0].rstrip("\r")
        if lines is None:
            lines = text.split("\n")
        number = line - first_line
        following = [one[:_BEFORE] for one in lines[number + 1 : number + 7]]
        yield Hit(line, key, before, after, match.group().startswith("/"), style, following)


def _is_remark_after(before: str) -> bool:
    found = _REMARK_AFTER.search(before)
    # Between quotation marks it is a text.
    return found is not None and all(before.count(mark, 0, found.start()) % 2 == 0 for mark in "'\"")
