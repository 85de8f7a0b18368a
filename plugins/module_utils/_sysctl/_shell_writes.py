# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What a shell script writes to sysctl keys, as far as one can tell without running it.

Found are `sysctl [-w] key=value`, and echo or printf into a file below /proc/sys, by a redirection or by tee; also inside of sh -c.
Each line is looked at by itself: conditions, loops and functions are not followed, so a write that is found may never happen.
The time grows with the length of the text.
"""

from __future__ import annotations

import re
from typing import Iterator, List, NamedTuple, Optional, Tuple

from ._lines import dotted, swapped

MAX_LINE = 10000
"""Longer lines are left out."""

_ROOT = "/proc/sys/"
_KEY = re.compile(r"[A-Za-z0-9_./:@-]{1,400}\Z")
# Each alternative starts with other characters than the rest, so nothing is tried twice.
_TOKEN = re.compile(
    r"""
    (?P<blank>[ \t\r]+)
    | (?P<comment>\#.*)
    | (?P<end>;;|;|&&|\|\||&(?!>)|\||\(|\))
    | (?P<heredoc><<-?[ \t]*(?P<quote>['"]?)(?P<until>\w{1,100})(?P=quote))
    | (?P<redirection>[0-9]*>>?\|?|&>>?|[0-9]*<+)
    | (?P<word>(?:[^\s'"\\;&|()<>]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+)
    | (?P<other>.)
    """,
    re.VERBOSE,
)
_PIECE = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)|([^'"\\]+)|(.)""")
_OF_OUTPUT = (">", ">>", ">|", "1>", "1>>", "&>", "&>>")
_SHELLS = ("sh", "bash", "dash", "ash", "ksh", "zsh")
_PRINTERS = ("echo", "printf")
_BEFORE_A_COMMAND = ("sudo", "exec", "then", "do", "else", "if", "elif", "while", "until", "!", "{", "time", "command", "nohup")


class ShellWrite(NamedTuple):
    """line: where the command starts. key: with dots between directories. value: None where the shell works it out."""

    line: int
    key: str
    value: Optional[str]


class _Word(NamedTuple):
    """text: without quotes. known: whether the shell takes it as it is written."""

    text: str
    known: bool


def shell_writes(text: str) -> List[ShellWrite]:
    """The writes of a script, in the order of its lines. Raises nothing."""
    found: List[ShellWrite] = []
    for number, line in _logical_lines(text):
        if "sysctl" in line or _ROOT in line:
            found += [ShellWrite(number, key, value) for key, value in command_writes(line)]
    return found


def _logical_lines(text: str) -> Iterator[Tuple[int, str]]:
    """Lines with those that a backslash continues, without the bodies of here documents."""
    until: Optional[str] = None
    start, parts, size = 0, [], 0  # type: Tuple[int, List[str], int]
    for number, line in enumerate(text.split("\n"), 1):
        if until is not None:
            until = None if line.strip() == until else until
            continue
        start = start or number
        size += len(line)
        if size <= MAX_LINE:
            parts.append(line[:-1] if line.endswith("\\") else line)
        if line.endswith("\\"):
            continue
        if size <= MAX_LINE:
            whole = "".join(parts)
            yield start, whole
            until = _here_document(whole)
        start, parts, size = 0, [], 0


def _here_document(line: str) -> Optional[str]:
    if "<<" not in line:
        return None
    words = [token.group("until") for token in _TOKEN.finditer(line) if token.lastgroup == "heredoc" or token.group("until")]
    return words[0] if words else None


def command_writes(line: str, depth: int = 0) -> Iterator[Tuple[str, Optional[str]]]:
    """Key and value of the writes of one line of commands."""
    words: List[_Word] = []
    targets: List[_Word] = []
    printed: Optional[List[_Word]] = None
    redirected = ""
    for token in _TOKEN.finditer(line + ";"):
        kind = token.lastgroup
        if kind == "comment" and token.start() and line[token.start() - 1] not in " \t;&|(":
            continue
        if kind == "comment":
            # What stands behind it is the end that was added.
            yield from _simple(words, targets, printed, depth)
            return
        if kind == "redirection":
            redirected = token.group()
        elif kind == "word":
            word = _unquoted(token.group())
            if not redirected:
                words.append(word)
            elif redirected in _OF_OUTPUT:
                targets.append(word)
            redirected = ""
        elif kind == "end":
            yield from _simple(words, targets, printed, depth)
            printed = words if token.group() == "|" else None
            words, targets, redirected = [], [], ""


def _unquoted(text: str) -> _Word:
    parts = []
    known = True
    for single, double, escaped, plain, _other in _PIECE.findall(text):
        parts.append(single or double or escaped or plain)
        known = known and "$" not in double + plain and "`" not in double + plain
    return _Word("".join(parts), known)


def _simple(words: List[_Word], targets: List[_Word], printed: Optional[List[_Word]], depth: int) -> Iterator[Tuple[str, Optional[str]]]:
    """One command. printed: the words of the command whose output it reads."""
    words = _command(words)
    name = words[0].text.rpartition("/")[2] if words else ""
    if name in _PRINTERS:
        for target in targets:
            yield from _to_file(target, _output(words))
    elif name == "tee" and printed:
        for target in words[1:]:
            yield from _to_file(target, _output(_command(printed)))
    elif name in _SHELLS and depth == 0:
        script = next((after for word, after in zip(words, words[1:]) if word.text in ("-c", "-ec", "-xc", "-lc")), None)
        for line in script.text.split("\n") if script else ():
            yield from command_writes(line, depth + 1)
    else:
        place = next((place for place, word in enumerate(words) if word.text.rpartition("/")[2] == "sysctl"), None)
        for word in words[place + 1 :] if place is not None else ():
            key, equals, value = word.text.partition("=")
            if equals and not key.startswith(("-", "/")) and "$" not in key and _KEY.match(key.strip()):
                yield dotted(key.strip()), value.strip() if word.known else None


def _command(words: List[_Word]) -> List[_Word]:
    """The words from the command on: without assignments, and without what stands before a command."""
    place = 0
    while place < len(words) and (words[place].text in _BEFORE_A_COMMAND or re.match(r"\w+=", words[place].text)):
        place += 1
        while words[place - 1].text == "sudo" and place < len(words) and words[place].text.startswith("-"):
            place += 1
            if place < len(words) and words[place - 1].text in ("-u", "-g"):
                place += 1
            words = [_Word("sudo", True), *words[place:]]
            place = 1
    return words[place:]


def _output(words: List[_Word]) -> Optional[str]:
    """What echo or printf writes; None where it is not known, as it is of other commands."""
    if not words or words[0].text.rpartition("/")[2] not in _PRINTERS:
        return None
    given = words[1:]
    if words[0].text.endswith("echo"):
        while given and re.match(r"-[neE]+\Z", given[0].text):
            given = given[1:]
    elif given and "%" in given[0].text:
        plain = given[0].text in ("%s", "%s\\n", "%d", "%d\\n", "%i", "%i\\n") and len(given) == 2
        given = given[1:] if plain else [_Word("", False)]
    if not all(word.known for word in given):
        return None
    return " ".join(word.text for word in given).replace("\\n", " ").strip()


def _to_file(target: _Word, value: Optional[str]) -> Iterator[Tuple[str, Optional[str]]]:
    path = target.text
    if target.known and path.startswith(_ROOT) and _KEY.match(path):
        yield swapped(path[len(_ROOT) :]), value
