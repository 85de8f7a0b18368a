# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Shell patterns over paths as glob(3) of glibc takes them, matched in time that grows with pattern times path, never faster.

A pattern comes from a file that anybody may have written. So no regular expression is made of it, and {a,b} is not multiplied
out: a pattern becomes a list of nodes, and matching keeps the set of nodes at which it can stand (Thompson's construction).

A wildcard and a bracket expression stop at a slash. Not modelled, because nobody writes it: a bracket expression that reaches
over a brace or a comma of {a,b}, collating symbols of more than one character, and [=a=] as the end of a range.
"""

from __future__ import annotations

import functools
import re
from typing import Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple, Union

ANY_NAME = None
"""Stands in a path for one name of unknown text: one or more characters, no slash."""

# What glibc takes for a class: "z" is none of its letters.
_CLASS = re.compile(r"\[:([a-y]{0,255}):\]")
_ONE_IN_BRACKETS = re.compile(r"\[([.=])([^/])\1\]")
_CLASSES: Dict[str, Callable[[str], bool]] = {
    "alpha": str.isalpha,
    "digit": str.isdigit,
    "alnum": str.isalnum,
    "upper": str.isupper,
    "lower": str.islower,
    "space": str.isspace,
    "blank": lambda char: char in " \t",
    "punct": lambda char: char.isprintable() and not char.isalnum() and char != " ",
    "print": str.isprintable,
    "graph": lambda char: char.isprintable() and char != " ",
    "cntrl": lambda char: not char.isprintable(),
    "xdigit": lambda char: char in "0123456789abcdefABCDEF",
}


class _Bracket(NamedTuple):
    """ranges: lowest and highest character of each. unknown_class: a class that does not exist follows; who gets there matches nothing."""

    negated: bool
    ranges: Tuple[Tuple[str, str], ...]
    classes: Tuple[str, ...]
    unknown_class: bool

    def accepts(self, char: str) -> bool:
        if char == "/":
            return False
        found = any(low <= char <= high for low, high in self.ranges) or any(_CLASSES[name](char) for name in self.classes)
        return not self.negated if found else self.negated and not self.unknown_class


class _Any(NamedTuple):
    """One character; a slash too where slash is true."""

    slash: bool

    def accepts(self, char: str) -> bool:
        return self.slash or char != "/"


class _Char(NamedTuple):
    char: str

    def accepts(self, char: str) -> bool:
        return char == self.char


_Accepts = Union[_Char, _Any, _Bracket]


class _Node(NamedTuple):
    """accepts: the character that it takes, None for a node that takes none. to: the nodes that come next."""

    accepts: Optional[_Accepts]
    to: List[int]


class ShellPattern:
    """head: the text that every match starts with. shortest: the least number of characters of a match."""

    def __init__(self, pattern: str, braces: bool) -> None:
        """braces: whether {a,b} means a or b."""
        self._nodes: List[_Node] = []
        self._groups: List[Tuple[int, List[int]]] = []
        self.head = ""
        self.shortest = 0
        self._build(pattern, _brace_roles(pattern) if braces else {})

    def matches(self, path: Sequence[Optional[str]]) -> bool:
        """Whether the pattern stands for the path: characters, and ANY_NAME for a name that may be any."""
        if isinstance(path, str) and self.shortest > len(path):
            return False
        here = self._reach([0])
        for char in path:
            here = self._after_any_name(here) if char is ANY_NAME else self._after(here, char)
            if not here:
                return False
        return len(self._nodes) in here

    def add_gap(self) -> None:
        """Any text, slashes too, stands here; then add() what follows it."""
        self._star(_Any(True))

    def add(self, pattern: str) -> None:
        """Append a pattern without braces."""
        self._build(pattern, {})

    def _reach(self, nodes: Iterable[int]) -> List[int]:
        """The nodes that take a character, and the end, as far as one comes from these nodes without taking any."""
        seen = set()
        left = list(nodes)
        reached = []
        while left:
            node = left.pop()
            if node in seen:
                continue
            seen.add(node)
            if node < len(self._nodes) and self._nodes[node].accepts is None:
                left += self._nodes[node].to
            else:
                reached.append(node)
        return reached

    def _after(self, here: List[int], char: str) -> List[int]:
        moved = []
        for number in here:
            if number < len(self._nodes):
                node = self._nodes[number]
                if node.accepts is not None and node.accepts.accepts(char):
                    moved += node.to
        return self._reach(moved)

    def _after_any_name(self, here: List[int]) -> List[int]:
        """Where one stands after one or more characters that are not known."""
        seen = set()
        left = list(here)
        while left:
            number = left.pop()
            if number < len(self._nodes):
                node = self._nodes[number]
                if node.accepts is not None and node.accepts != _Char("/"):
                    new = [one for one in self._reach(node.to) if one not in seen]
                    seen.update(new)
                    left += new
        return list(seen)

    def _build(self, pattern: str, roles: Dict[int, str]) -> None:
        ends = _bracket_ends(pattern, roles) if "[" in pattern else []
        place = 0
        only_text = not self._nodes
        while place < len(pattern):
            char = pattern[place]
            text = None
            following = place + 1
            bracket_end = _bracket_end(pattern, ends, place) if char == "[" else -1
            if place in roles:
                self._brace(roles[place])
            elif bracket_end != -1:
                self._take(_bracket(pattern[place + 1 : bracket_end]))
                following = bracket_end + 1
            elif char == "*":
                if pattern[place - 1 : place] != "*":
                    self._star(_Any(False))
            elif char == "?":
                self._take(_Any(False))
            elif char == "\\":
                text = pattern[following : following + 1]
                # A backslash at the end escapes nothing: nothing matches.
                self._take(_Char(text))
                following += 1
            else:
                text = char
                self._take(_Char(text))
            only_text = only_text and text is not None
            if only_text and text is not None:
                self.head += text
            place = following
        if roles:
            # An alternative may be empty.
            self.shortest = len(self.head)

    def _take(self, accepts: _Accepts) -> None:
        self._nodes.append(_Node(accepts, [len(self._nodes) + 1]))
        self.shortest += 1

    def _star(self, accepts: _Accepts) -> None:
        start = len(self._nodes)
        self._nodes += [_Node(None, [start + 1, start + 2]), _Node(accepts, [start])]

    def _brace(self, role: str) -> None:
        if role == "{":
            start = len(self._nodes)
            self._nodes.append(_Node(None, [start + 1]))
            self._groups.append((start, []))
            return
        start, jumps = self._groups[-1]
        jumps.append(len(self._nodes))
        self._nodes.append(_Node(None, []))
        if role == ",":
            self._nodes[start].to.append(len(self._nodes))
            return
        for jump in self._groups.pop()[1]:
            self._nodes[jump].to.append(len(self._nodes))


@functools.lru_cache(maxsize=256)
def shell_pattern(pattern: str, braces: bool) -> ShellPattern:
    """The pattern, made ready once."""
    return ShellPattern(pattern, braces)


def _brace_roles(pattern: str) -> Dict[int, str]:
    """The places of the "{", "," and "}" that mean a choice. From a brace that nothing closes, everything stands for itself."""
    roles: Dict[int, str] = {}
    open_at: List[int] = []
    escaped = False
    for place, char in enumerate(pattern):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == "{":
            open_at.append(place)
            roles[place] = char
        elif char in ",}" and open_at:
            roles[place] = char
            if char == "}":
                open_at.pop()
    return {place: role for place, role in roles.items() if not open_at or place < open_at[0]}


def _bracket_ends(pattern: str, roles: Dict[int, str]) -> List[int]:
    """For each place inside a bracket expression, which "]" ends the expression, -1 for none; from the end, so that it is one pass."""
    ends = [-1] * (len(pattern) + 2)
    for place in range(len(pattern) - 1, -1, -1):
        char = pattern[place]
        if char == "]":
            ends[place] = place
        elif char != "/" and place not in roles:
            ends[place] = ends[_after_item(pattern, place)]
    return ends


def _after_item(pattern: str, place: int) -> int:
    """The place after one item of a bracket expression: a character, an escaped one, or a class."""
    if pattern[place] == "\\" and pattern[place + 1 : place + 2] != "/":
        return place + 2
    if pattern[place] == "[":
        found = _CLASS.match(pattern, place) or _ONE_IN_BRACKETS.match(pattern, place)
        if found:
            return found.end()
    return place + 1


def _bracket_end(pattern: str, ends: List[int], place: int) -> int:
    """The "]" that ends the bracket expression that starts at a place, or -1: then the "[" stands for itself."""
    place += 1
    if pattern[place : place + 1] in ("!", "^"):
        place += 1
    if pattern[place : place + 1] == "]":
        place += 1
    return ends[place]


def _bracket(body: str) -> _Bracket:
    """A bracket expression from what stands between its brackets."""
    negated = body[0] in "!^"
    place = int(negated)
    ranges: List[Tuple[str, str]] = []
    classes: List[str] = []
    while place < len(body):
        found = _CLASS.match(body, place)
        if found:
            if found.group(1) not in _CLASSES:
                return _Bracket(negated, tuple(ranges), tuple(classes), True)
            classes.append(found.group(1))
            place = found.end()
            continue
        low, place = _item(body, place)
        high = low
        if body[place : place + 1] == "-" and place + 1 < len(body):
            high, place = _item(body, place + 1)
        ranges.append((low, high))
    return _Bracket(negated, tuple(ranges), tuple(classes), False)


def _item(body: str, place: int) -> Tuple[str, int]:
    """One character of a bracket expression, and the place after it."""
    found = _ONE_IN_BRACKETS.match(body, place)
    if found:
        return found.group(2), found.end()
    if body[place] == "\\" and place + 1 < len(body):
        place += 1
    return body[place], place + 1
