# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The patterns of .gitignore, as git reads them: nested, with exceptions, the last pattern that fits decides (gitignore(5))."""

from __future__ import annotations

import re
import typing as t

MAX_BYTES = 256 * 1024
"""Of one .gitignore. What is larger is not believed to be one."""

_MAX_PATTERNS = 5000
_MAX_PATTERN = 300
_PLAIN = re.compile(r"[^*?\[\\/]+\Z")
_ENDING = re.compile(r"\*(\.[^*?\[\\/]+)\Z")


class _Pattern(t.NamedTuple):
    """One pattern with wildcards. parts: between the slashes; anywhere: it has no slash, so it fits a name in any folder."""

    place: int
    parts: list[str]
    anywhere: bool
    folders_only: bool


class Ignored:
    """One .gitignore. Paths are relative to its folder."""

    def __init__(self, text: str) -> None:
        # Nearly all patterns are a name or an ending: these are looked up, so that many patterns cost no more than few.
        self._names: dict[str, int] = {}
        self._endings: dict[str, int] = {}
        self._folder_names: dict[str, int] = {}
        self._others: list[_Pattern] = []
        self._excepts: set[int] = set()
        for place, line in enumerate(text.splitlines()[:_MAX_PATTERNS]):
            self._read(place, line)

    def _read(self, place: int, line: str) -> None:
        line = line.rstrip("\n\r")
        # A blank at the end counts only behind a backslash.
        while line.endswith((" ", "\t")) and not line.endswith("\\ "):
            line = line[:-1]
        if not line or line.startswith("#") or len(line) > _MAX_PATTERN:
            return
        if line.startswith("!"):
            self._excepts.add(place)
            line = line[1:]
        folders_only = line.endswith("/")
        line = line.rstrip("/") if folders_only else line
        ending = _ENDING.match(line)
        if _PLAIN.match(line):
            (self._folder_names if folders_only else self._names)[line] = place
        elif ending and not folders_only:
            self._endings[ending.group(1)] = place
        elif line.strip("/"):
            self._others.append(_Pattern(place, line.lstrip("/").split("/"), "/" not in line, folders_only))

    def says(self, path: str, is_folder: bool) -> bool | None:
        """Whether a path is ignored, or None where no pattern fits it."""
        name = path.rpartition("/")[2]
        places = [self._names.get(name, -1)]
        if is_folder:
            places.append(self._folder_names.get(name, -1))
        if self._endings:
            # Each ending of the name: ".tar.gz" and ".gz".
            at = name.find(".")
            while at != -1:
                places.append(self._endings.get(name[at:], -1))
                at = name.find(".", at + 1)
        parts = path.split("/")
        for pattern in self._others:
            if (is_folder or not pattern.folders_only) and _fits(pattern, parts):
                places.append(pattern.place)
        last = max(places)
        return None if last == -1 else last not in self._excepts


def _fits(pattern: _Pattern, parts: list[str]) -> bool:
    if pattern.anywhere:
        return fits(pattern.parts[0], parts[-1])
    return _walked(pattern.parts, parts, lambda part: part == "**", fits)


def fits(pattern: str, name: str) -> bool:
    """Whether a pattern with * ? [a-z] and \\ fits one name."""
    return _walked(_signs(pattern), name, lambda sign: sign == "*", _is_char)


def _walked(
    pattern: t.Sequence[t.Any], given: t.Sequence[t.Any], is_star: t.Callable[[t.Any], bool], one: t.Callable[[t.Any, t.Any], bool]
) -> bool:
    """Whether the pattern fits all that is given; a star takes any number. No more than len(pattern) * len(given) steps."""
    here = there = 0
    star, retry = -1, 0
    while there < len(given):
        if here < len(pattern) and is_star(pattern[here]):
            star, retry = here, there
            here += 1
        elif here < len(pattern) and one(pattern[here], given[there]):
            here += 1
            there += 1
        elif star != -1:
            retry += 1
            here, there = star + 1, retry
        else:
            return False
    # "folder/**" is what is in the folder, not the folder itself.
    return all(map(is_star, pattern[here:])) and not (pattern[here:] and pattern[-1] == "**")


def _signs(pattern: str) -> list[str]:
    """A pattern's signs: "*", "?", a whole bracket expression, or one character behind a backslash."""
    signs = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        end = pattern.find("]", at + 2) if char == "[" else -1
        if end != -1:
            signs.append(pattern[at : end + 1])
            at = end + 1
        elif char == "\\" and at + 1 < len(pattern):
            signs.append("\\" + pattern[at + 1])
            at += 2
        else:
            if not (char == "*" and signs[-1:] == ["*"]):
                signs.append(char)
            at += 1
    return signs


def _is_char(sign: str, char: str) -> bool:
    if sign == "?":
        return True
    if sign[0] == "\\" and len(sign) == 2:
        return sign[1] == char
    if len(sign) > 2:
        inside = sign[1:-1]
        negated = inside[0] in "!^"
        return _in_brackets(inside[negated:], char) != negated
    return sign == char


def _in_brackets(inside: str, char: str) -> bool:
    at = 0
    while at < len(inside):
        if inside[at + 1 : at + 2] == "-" and at + 2 < len(inside):
            if inside[at] <= char <= inside[at + 2]:
                return True
            at += 3
        else:
            if inside[at] == char:
                return True
            at += 1
    return False
