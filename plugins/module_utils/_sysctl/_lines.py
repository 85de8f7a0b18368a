# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The lines of a sysctl file: keys, values, shell patterns.

systemd-sysctl and sysctl(8) agree on nearly every line. Where they do not, the line's assignment stands as the one that
understands it does, and a problem beside it says which one that is; used_by() reads it back.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Iterable, Union

from ._keys import KNOWN_IPV4_NAMES, SYSCTL_KEYS, concerns_tcp, is_secret
from ._shell_pattern import shell_pattern

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import Assignment, BootFile, LineProblem

READERS = ("systemd", "procps")

# systemd-sysctl trims these; sysctl(8) trims what C's isspace() takes, which is more.
_BLANKS = " \t\n\r"
_C_BLANKS = " \t\n\v\f\r"
_BLANK_OR_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_GLOB = re.compile(r"[*?\[]")
_SECRET_WORD = re.compile(r"fastopen_key|stable_secret|rss_key")
_PATTERN_SIGNS = re.compile(r"[{},\\]")
_BETWEEN_WORDS = re.compile(r"[\s=\"'`#;:()]+")
_SWAP = {ord("."): "/", ord("/"): "."}
_LONGEST_KEY = 4000  # a path has at most 4095 bytes

MAX_PATTERN_CHARACTERS = 8192
"""Of all shell patterns of a host's boot files together. Each is tried on each key; 200 of the usual length fit in."""

_ONLY = {
    "systemd": "only systemd-sysctl uses this line, sysctl --system does not: ",
    "procps": "only sysctl --system uses this line, systemd-sysctl does not: ",
}


class TooManyPatternsError(Exception):
    """The keys of a file that are shell patterns are longer than what is left for them. The message says so."""


class _Unusable(Exception):
    """A line that no reader can use; the message says why, without the line's text."""


def parse(text: Union[str, bytes], pattern_characters: int = MAX_PATTERN_CHARACTERS) -> tuple[list[Assignment], list[LineProblem]]:
    """The settings of one file in sysctl.d syntax, and the lines that one reader or none can use.

    pattern_characters: how many characters the keys that are shell patterns may have together.
    Bytes that are not UTF-8 become U+FFFD. Values of secrets are left out. Lines are counted at line feeds.
    Raises TooManyPatternsError, and nothing else.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    assignments: list[Assignment] = []
    problems: list[LineProblem] = []
    if text.startswith("\ufeff"):
        text = text[1:].lstrip(" \t\r")
        if text and text[0] != "\n":
            problems.append({"line": 1, "problem": "the file starts with a byte order mark, so its first line has no effect"})
        text = "\n" + text.partition("\n")[2]
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip(_BLANKS)
        # systemd-sysctl also ends a line at a carriage return; sysctl(8) takes it as part of the value, which the kernel refuses.
        pieces = line.split("\r")
        if len(pieces) > 1:
            problems.append({"line": number, "problem": _ONLY["systemd"] + "it contains a carriage return"})
        for piece in pieces:
            piece = piece.strip(_BLANKS)
            if not piece or piece[0] in "#;":
                continue
            try:
                assignment, only, why = _assignment(number, piece)
            except _Unusable as error:
                problems.append({"line": number, "problem": str(error)})
                continue
            if assignment["is_glob"]:
                pattern_characters -= len(assignment["key"])
                if pattern_characters < 0:
                    raise TooManyPatternsError(f"more than {MAX_PATTERN_CHARACTERS} characters of shell patterns")
            assignments.append(assignment)
            if only:
                problems.append({"line": number, "problem": _ONLY[only] + why})
            if "\ufffd" in piece:
                problems.append({"line": number, "problem": "bytes that are not UTF-8 text are shown as U+FFFD"})
    return assignments, problems


def used_by(reader: str, boot_file: BootFile) -> list[Assignment]:
    """The assignments of a file that a reader understands. All but systemd-sysctl are sysctl(8), or read a line as it does."""
    other = _ONLY["procps" if reader == "systemd" else "systemd"]
    useless = {problem["line"] for problem in boot_file["problems"] if problem["problem"].startswith(other)}
    return [assignment for assignment in boot_file["assignments"] if assignment["line"] not in useless]


def value_for(reader: str, value: str | None) -> str | None:
    """The text of a value that a reader writes, before the line feed that both add."""
    return value.strip(_C_BLANKS) if value is not None and reader != "systemd" else value


def possible_keys(ipv4_names: Iterable[str] = ()) -> list[str]:
    """The keys that the collection speaks about, as far as they are known; ipv4_names: more names in /proc/sys/net/ipv4."""
    known = {*SYSCTL_KEYS, *("net.ipv4." + name for name in (*KNOWN_IPV4_NAMES, *ipv4_names))}
    return [key for key in sorted(known) if concerns_tcp(key)]


def may_be_shown(assignment: Assignment, possible: Iterable[str]) -> bool:
    """Whether the value of a line may leave the host: the collection speaks about its key, or about one of those it stands for.

    possible: the keys for which a shell pattern may stand.
    """
    key = assignment["key"]
    if assignment["secret"]:
        return False
    return any(matches(key, "systemd", one) for one in possible) if assignment["is_glob"] else concerns_tcp(key)


def names_a_secret(text: str) -> bool:
    """Whether a word of the text is the name of a secret, or a pattern that may stand for one."""
    if _SECRET_WORD.search(_PATTERN_SIGNS.sub("", text)):
        return True
    return any(is_secret(word) for word in _BETWEEN_WORDS.split(text) if word)


def _assignment(number: int, piece: str) -> tuple[Assignment, str | None, str]:
    """An assignment, the one reader that understands it (None: both do), and why the other does not."""
    head, equals, value = piece.partition("=")
    dash = head.startswith("-")
    if not equals and not dash:
        raise _Unusable("the line has no = and is not a comment")
    text = head[1:] if dash else head
    key = text.strip(_C_BLANKS)
    only, why = None, ""
    if dash and text[:1] in tuple(_C_BLANKS):
        only, why = "systemd", "there is a space after the dash"
    if key != text.strip(_BLANKS):
        only, why = "procps", "a vertical tab or form feed is next to the key"
    if key.startswith("-"):
        key = key[1:]
        only, why = "procps", "it starts with two dashes"
    if _BLANK_OR_CONTROL.search(key):
        raise _Unusable("the key contains a space or a control character")
    if len(key) > _LONGEST_KEY:
        raise _Unusable("the key is longer than a path may be")
    path = _path(key)
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            only, why = "procps", "its key contains .."
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    if not parts or key.startswith("-"):
        raise _Unusable("the line has no key")
    if path.endswith(("/", "/.")):
        only, why = "systemd", "its key ends with a dot or a slash"
    name = swapped("/".join(parts))
    secret = is_secret(name)
    if not secret and _SECRET_WORD.search(_PATTERN_SIGNS.sub("", key)):
        raise _Unusable("the key looks like the name of a secret")
    secret = secret or _SECRET_WORD.search(value) is not None
    assignment: Assignment = {
        "line": number,
        "key": name,
        "value": value.strip(_BLANKS) if equals and not secret else None,
        "withheld": secret and equals != "",
        "ignore_failure": dash,
        "is_glob": _GLOB.search(name) is not None,
        "secret": secret,
    }
    return assignment, only, why


def _path(key: str) -> str:
    """A key as a path: whichever of "." and "/" comes first separates, and the other stands for itself inside a name."""
    dot, slash = key.find("."), key.find("/")
    return swapped(key) if dot != -1 and (slash == -1 or dot < slash) else key


def dotted(key: str) -> str:
    """A key as sysctl(8) takes it, with dots between its parts: whichever of "." and "/" comes first separates."""
    return swapped(_path(key))


def swapped(name: str) -> str:
    """A dotted key as a path below /proc/sys, or such a path as a dotted key: its dots and slashes are exchanged."""
    return name.translate(_SWAP)


def matches(pattern: str, reader: str, key: str) -> bool:
    """Whether a dotted key is one that a pattern key stands for, as glob(3) finds it; only systemd-sysctl takes {a,b}."""
    compiled = shell_pattern(swapped(pattern), reader == "systemd")
    path = swapped(key)
    return path.startswith(compiled.head) and compiled.matches(path)
