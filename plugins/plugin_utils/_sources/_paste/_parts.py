# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Where one command's answer ends and the next one begins: prompts, headings, and command lines that were pasted without a prompt."""

from __future__ import annotations

import dataclasses
import re

from ._command import Command, parse

_LONGEST = 1000
_MOST_HOST = 80
_TIME = r"(?:[\[(]?(?:\d{4}-\d\d-\d\d[ T])?\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d{1,6})?(?: ?[AP]M)?[\])]?[ \t]+)?"
_ENVIRONMENT = r"(?:\([\w.@:/ -]{1,60}\)[ \t]*)?"
_NAME = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}"
_PROMPTS = tuple(
    re.compile(r"[ \t]*" + _TIME + _ENVIRONMENT + pattern)
    for pattern in (
        # [root@web1 ~]# netstat -s
        rf"\[{_NAME}@(?P<host>{_NAME})(?:[ :][^\]\n]{{0,200}})?\][ \t]*[#$%>](?:[ \t]+(?P<command>.*)|[ \t]*)\Z",
        # root@web1:~# netstat -s, root@web1 ~ # netstat -s, admin@web1> netstat -s
        rf"{_NAME}@(?P<host>{_NAME})(?:[: ][^#$%>\n\u276f]{{0,200}})?[#$%>\u276f](?:[ \t]+(?P<command>.*)|[ \t]*)\Z",
    )
)
# web1:~ # netstat -s, web1$ netstat -s
_HOST_ONLY = re.compile(
    r"[ \t]*" + _TIME + _ENVIRONMENT + r"(?P<host>[A-Za-z][A-Za-z0-9_.-]{0,79})(?::[^\s#$%>]{0,200})?[ \t]?[#$%>][ \t]*(?P<command>\S.*)\Z"
)
# $ netstat -s, ~ # netstat -s, /app $ netstat -s, bash-4.2# netstat -s, ➜  ~ netstat -s
_BARE = re.compile(
    r"[ \t]*" + _TIME + _ENVIRONMENT + r"(?:(?:ba|da|a|k|z)?sh-[\d.]{1,8}|[~/][\w/.~-]{0,200})?[ \t]?"
    r"(?P<sign>[$#%\u276f»]|➜[ \t]+[~/\w.-]{1,80}(?: git:\([^)]{1,80}\)(?: ✗)?)?)[ \t]*(?P<command>\S.*)\Z"
)
_SHELLS = re.compile(r"(?:ba|da|a|k|z)?sh(?:-[\d.]+)?\Z")
# web1 | CHANGED | rc=0 >>
_ANSIBLE = re.compile(rf"(?P<host>{_NAME}) \| (?:CHANGED|SUCCESS|FAILED|UNREACHABLE!?)(?: \| rc=\d{{1,4}} >>| => .*)?[ \t]*\Z")
# web1: net.ipv4.tcp_tw_reuse = 1, as pdsh prints it
_PREFIXED = re.compile(rf"(?!sysctl:|error:)(?P<host>{_NAME}): (?=(?:net|kernel|vm|fs)\.[\w.]{{1,200}} = )")
# ==> /proc/sys/net/ipv4/tcp_tw_reuse <==
_FILE_HEADING = re.compile(r"==> (?P<path>\S.{0,300}) <==\Z")
# ### netstat -s ###, **netstat -s:**, Output of `ss -s`:
_DECORATION = "#=*_~+>- \t`'\""
# Most lines have neither.
_DECORATED_FIRST = frozenset(_DECORATION + "OoCc0123456789")
_DECORATED_LAST = frozenset(_DECORATION + ":")
_INTRODUCTION = re.compile(r"(?:\d{1,3}[.)]|[Oo]utput of:?|[Cc]ommand:?)[ \t]+")
_INTRODUCED = re.compile(r"[ \t]+(?:output|shows|says|gives|prints|reports)\Z")

# A line that stands alone is a command only where each of its words can be one of such a command: options, filters and their patterns,
# and these.
_ANY_WORD = re.compile(r"-{1,2}[A-Za-z][\w=-]{0,30}|[|;]|&&|sort|uniq|wc|head|tail|less|awk|cut|e?grep|sudo|tee|\d{1,6}|['\"]\S{0,200}")
_FILTER = re.compile(r"[\w.*^\\:-]{1,60}")
_PROC = r"/proc/[\w./*{},-]{1,300}"
_WORDS = {
    program: re.compile(words)
    for program, words in (
        ("sysctl", r"[a-z]\w*(?:[./][\w*-]+)+(?:=[\w,.-]*)?|="),
        ("netstat", "(?!)"),
        ("nstat", r"[A-Z][A-Za-z0-9]{2,40}"),
        ("ss", r"state|dst|src|sport|dport|=|:\w{1,20}|[\da-f.:]{2,50}|[a-z]+-[a-z0-9-]+|established"),
        ("cat", _PROC + r"|/etc/sysctl[\w./*-]{0,100}"),
        ("grep", _PROC + r"|/etc/sysctl[\w./*-]{0,100}|[\w.*|^-]{1,40}"),
        ("echo", r">|/proc/sys/[\w./-]{1,200}|[\d,-]{1,200}"),
        ("uname", "(?!)"),
        ("dmesg", "(?!)"),
        ("conntrack", "(?!)"),
        ("hostname", "(?!)"),
        ("uptime", "(?!)"),
    )
}
# Words of the language that can stand in a line of their own.
_MOST_WORDS = 60
_NEEDS_MORE = frozenset(("cat", "grep", "echo", "ss", "sysctl", "netstat"))
_SIGNS = frozenset("#$%>\u276f»➜")


@dataclasses.dataclass
class Part:
    """One answer. file: where it stands, "" for the only text. line: that of the answer's first line, from 1.

    host: as the prompt names it, None where there is no such name. command: None for lines that stand under no command.
    prompted: whether something shows that a command ran: a prompt, or the name of a host before its lines.
    typed: lines of a heredoc, which are no answer. settings: whether the file is one of settings.
    """

    file: str
    line: int
    host: str | None = None
    command: Command | None = None
    prompted: bool = False
    lines: list[str] = dataclasses.field(default_factory=list)
    typed: list[str] = dataclasses.field(default_factory=list)
    settings: bool = False


def parts_of(lines: list[str], file: str = "") -> list[Part]:
    """The parts of a text, those without any line too: their command may have set something."""
    part = Part(file, 1)
    parts = [part]
    heredoc: str | None = None
    going_on = ""
    for number, line in enumerate(lines, start=1):
        if heredoc is not None:
            if line.strip().lstrip("> ") == heredoc:
                heredoc = None
            else:
                part.typed.append(line.strip())
            continue
        begun = (
            _begins(line, part.host)
            if not going_on
            else Part(file, 0, part.host, parse(going_on + line.strip().lstrip("> ")), part.prompted)
        )
        going_on = ""
        if begun is None:
            part.lines.append(line)
            continue
        part = dataclasses.replace(begun, file=file, line=number + 1 - len(begun.lines))
        parts.append(part)
        if part.command is not None:
            heredoc = part.command.heredoc
            if part.command.text.endswith("\\"):
                going_on = part.command.text[:-1]
    return [one for one in parts if one.command is not None or any(line.strip() for line in one.lines)]


def _begins(line: str, host: str | None) -> Part | None:
    """The part that a line begins; None for a line of an answer. host: that of the part before."""
    if len(line) > _LONGEST or not line.strip():
        return None
    if _SIGNS.isdisjoint(line):
        return _prefixed(line) or _without_prompt(line, host)
    for prompt in _PROMPTS:
        found = prompt.match(line)
        if found:
            text = found.group("command") or ""
            return _part(found.group("host"), parse(text) if text.strip() else None, True)
    found = _ANSIBLE.match(line)
    if found:
        return Part("", 0, found.group("host"), prompted=True)
    found = _FILE_HEADING.match(line)
    if found:
        return Part("", 0, host, parse(f"cat {found.group('path')}"))
    return _named_host(line) or _bare(line, host) or _without_prompt(line, host)


def _part(host: str | None, command: Command | None, prompted: bool) -> Part:
    place = command.place if command else None
    return Part("", 0, (f"{host}, {place}" if host and " " in place else place) if place else host, command, prompted)


def _prefixed(line: str) -> Part | None:
    found = _PREFIXED.match(line)
    return Part("", 0, found.group("host"), prompted=True, lines=[line[found.end() :]]) if found else None


def _named_host(line: str) -> Part | None:
    found = _HOST_ONLY.match(line)
    if not found or _SHELLS.match(found.group("host")):
        return None
    command = parse(found.group("command"))
    return _part(found.group("host"), command, True) if command.is_known else None


def _bare(line: str, host: str | None) -> Part | None:
    found = _BARE.match(line)
    if not found:
        return None
    text = found.group("command")
    command = parse(text)
    # A number sign may begin a remark, and a percent sign may be anything: only a command that is no sentence counts.
    if found.group("sign") == "$" or (found.group("sign") in "#%" and _is_command(text)):
        # Such a remark says how to set what stands under it.
        remark = found.group("sign") == "#" and (command.writes or command.applies_files)
        return _part(host, command, not remark) if command.pipelines else None
    return _part(host, command, True) if found.group("sign") not in "#%" and command.is_known else None


def _without_prompt(line: str, host: str | None) -> Part | None:
    text = line.strip()
    if not _is_command(text):
        if text[0] not in _DECORATED_FIRST and text[-1] not in _DECORATED_LAST:
            return None
        text = _INTRODUCTION.sub("", text.strip(_DECORATION), 1)
        text = _INTRODUCED.sub("", text.strip(_DECORATION).rstrip(":").strip(_DECORATION)).strip(_DECORATION)
        if not _is_command(text):
            return None
    return _part(host, parse(text), False)


def _is_command(text: str) -> bool:
    """Whether a text is one of the commands whose answers are of use, and no sentence about one."""
    first, _blank, rest = text.removeprefix("sudo ").strip().partition(" ")
    program = first.rpartition("/")[2].replace("egrep", "grep")
    wanted = _WORDS.get(program)
    words = rest.split(None, _MOST_WORDS) if wanted is not None else []
    if wanted is None or (not words and program in _NEEDS_MORE):
        return False
    quoted, filtered = "", False
    for word in words:
        if quoted:
            quoted = "" if word.endswith(quoted) else quoted
        elif word[0] in "'\"":
            quoted = "" if len(word) > 1 and word.endswith(word[0]) else word[0]
        elif not (_ANY_WORD.fullmatch(word) or wanted.fullmatch(word) or (filtered and _FILTER.fullmatch(word))):
            return False
        filtered |= word == "|"
    return True
