# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Reads the lines of one answer. Each line says itself what it is; the command helps where it does not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ....module_utils._facts._proc import parse_conntrack_stat, parse_counters
from ....module_utils._sysctl._keys import SYSCTL_KEYS, is_secret
from ..._shapes import HIGHEST
from .. import _proc_files
from . import _kernel_log, _netstat_s
from ._command import dotted
from ._observed import Left
from ._sockets import SocketReader, counted_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._observed import Observed
    from ._parts import Part

_KEY = re.compile(
    r"(?:[-*+•][ \t]+)?((?:net|kernel|vm|fs|dev|user|debug|abi|sunrpc|crypto|fscache)(?:[./][\w:@*-]{1,80}){1,12})[ \t]*=[ \t]*(?!=)",
    re.ASCII,
)
_LISTED = re.compile(r"\S+ = |\S+ =\Z")
_KEY_FILE = re.compile(r"(/proc/sys/[\w./:@-]{1,300}?)[ \t]*[:=][ \t]*(.*)\Z", re.ASCII)
# What `grep -r` prints of files of settings.
_OF_FILE = re.compile(r"(?!/proc/)[\w./-]{1,200}\.(?:conf|sh|ya?ml|d/[\w.-]{1,100}):(?:\d{1,6}:)?[ \t]*[#;]?[ \t]*", re.ASCII)
_NAME_IN_FOLDER = re.compile(r"((?:tcp|ip_local|nf_conntrack)_\w{1,60}):[ \t]*(-?\d[\d \t,-]*)\Z", re.ASCII)
_ERROR = re.compile(r"(?:sysctl|error): ")
_NO_SUCH_FILE = re.compile(
    r"(?:/\S+/)?(?:cat|grep|head|tail|ls|bash|sh|-bash)(?:: line \d+)?: (/proc/sys/[\w./-]{1,300}): No such file or directory"
)
_KEY_IN_ERROR = re.compile(r"['\"`]?(?:/proc/sys/)?((?:net|kernel|fs)[./][\w./-]{1,200})")
_APPLYING = re.compile(r"\* Applying /\S{1,300} \.\.\.\Z")
_PAIR = re.compile(r"([A-Z][A-Za-z6]{1,11}): (\S.*)\Z")
_NUMBERS = re.compile(r"-?\d{1,20}(?: -?\d{1,20})*\Z")
_NAMES = re.compile(r"[A-Za-z]\w{1,40}(?: [A-Za-z]\w{1,40})*\Z", re.ASCII)
_SOCKSTAT = re.compile(r"(sockets|(?:TCP|UDP|UDPLITE|RAW|FRAG)6?): ([a-z]{2,10} \d{1,18}(?: [a-z]{2,10} \d{1,18})*)\Z")
_SS_S = re.compile(
    r"TCP:[ \t]+\d{1,12} \(estab \d{1,12}, closed \d{1,12}, orphaned (\d{1,12}),(?: synrecv \d{1,12},)? timewait (\d{1,12})(?:/\d{1,12})?\)"
)
_SS_S_OTHER = re.compile(
    r"Total: \d{1,12}(?: \(kernel \d{1,12}\))?\Z|Transport[ \t]+Total\b"
    r"|(?:\*|RAW|UDP|TCP|INET|FRAG)[ \t]+\d{1,12}[ \t]+[\d-]{1,12}[ \t]+[\d-]{1,12}\Z"
)
_NSTAT = re.compile(r"[A-Z]\w{2,60}[ \t]+(\d{1,20})[ \t]+\d{1,20}\.\d{1,6}\Z", re.ASCII)
_CONNTRACK_STAT = re.compile(r"entries[ \t]+\w[\w \t]*insert_failed")
_HEXADECIMAL = re.compile(r"[0-9a-f]{8}(?:[ \t]+[0-9a-f]{8}){5,30}\Z")
_UPTIME = re.compile(r"(?:\d\d:\d\d(?::\d\d)?)[ \t]+up[ \t]+(?:(\d{1,5}) days?,[ \t]*)?(?:(\d{1,2}):(\d\d)|(\d{1,2}) (?:min|hours?)),")
_RELEASE = re.compile(r"\d{1,2}\.\d{1,3}\.\d[\w.+~-]{0,80}\Z")
_PROC_UPTIME = re.compile(r"(\d{1,12})\.\d\d \d{1,15}\.\d\d\Z")
_DATE = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? .{10,60}\Z|#kernel\Z|\d{10}\Z")
_VALUE = re.compile(r"[\w ,\t.:/-]{0,4000}\Z")


class AnswerReader:
    """Reads one part into what is known of its host."""

    def __init__(self, part: Part, observed: Observed) -> None:
        self.part = part
        self.command = part.command
        self.observed = observed
        self.asked = list(part.command.asked) if part.command else []
        self.settings = part.settings or (part.command is not None and part.command.reads_settings)
        self.writes = dict(part.command.writes) if part.command else {}
        self.sets = bool(self.writes) or (
            part.command is not None and (part.command.runs("sysctl", "p") or "--system" in part.command.text)
        )
        self.asks = part.command.asks_the_kernel if part.command else part.prompted
        self.sockets = SocketReader(part.command)
        self.group: str | None = None
        self.names: dict[str, str] = {}
        self.conntrack: list[str] = []
        self.refused = self._refused()
        self.readers: tuple[Callable[[str, str], bool], ...] = (
            self._value,
            self._log,
            self._statistic,
            self._summary,
            self.sockets.takes,
            self._state,
            self._about_host,
            self._other_statistic,
        )

    def read(self) -> None:
        """:raises SourceError: the lines are of two hosts."""
        for key, value in self.writes.items():
            if key in SYSCTL_KEYS and key not in self.refused:
                self.observed.see_typed(key, value)
            elif key in self.refused:
                self.observed.see_refused(key, value)
        left: Left | None = None
        for number, line in enumerate(self.part.lines, start=self.part.line):
            text = line.strip()
            if not text or self._understands(line, text):
                continue
            if left is None:
                left = Left(self.part, number, text)
                self.observed.left.append(left)
            else:
                left.lines += 1
        for line in self.part.typed:
            found = _KEY.match(line)
            if found and not is_secret(dotted(found.group(1))):
                self.observed.see_in_file(dotted(found.group(1)))
        self._finish()

    def _refused(self) -> set[str]:
        """Keys that a command wanted to set, and of which an error line speaks."""
        if not self.sets:
            return set()
        lines = [line for line in self.part.lines if _ERROR.match(line.strip())]
        return {dotted(found.group(1)) for line in lines if (found := _KEY_IN_ERROR.search(line))}

    def _understands(self, line: str, text: str) -> bool:
        # A table is the longest answer of all.
        if self.sockets.table.rows and self.sockets.takes(line, text):
            return True
        return self._complaint(text) or self._answers(text) or any(reader(line, text) for reader in self.readers)

    def _answers(self, text: str) -> bool:
        """Take a line whose meaning only the command tells."""
        if not self.asked or not _VALUE.match(text):
            return False
        what = self.asked[0]
        if what in SYSCTL_KEYS:
            self._see(what, text)
        elif what == "lines":
            if not text.isdigit() or len(text) > 10:
                return False
            self._lines_counted(int(text))
        elif what == "release":
            if not _RELEASE.match(text):
                return False
            self.observed.release = text
        elif what == "host":
            if " " in text:
                return False
            self.observed.see_name(text)
        del self.asked[0]
        return True

    def _lines_counted(self, lines: int) -> None:
        command = self.command
        if command is None or command.state is None or not (command.runs("ss") or command.runs("netstat")):
            return
        # ss prints a heading, which wc counts and grep does not.
        headed = command.runs("ss") and not command.runs("ss", "H") and "grep" not in command.text and "awk" not in command.text
        self.observed.sockets.counted[command.state] = max(0, lines - headed)

    def _value(self, line: str, text: str) -> bool:
        """Lines of sysctl, of `grep . /proc/sys/…`, and what these complain about."""
        found = _KEY.match(text)
        if found:
            key, listed = dotted(found.group(1)), _LISTED.match(text) is not None
            asked = self.command is not None and self.command.runs("sysctl")
            if self.settings or not (listed or asked):
                if not is_secret(key):
                    self.observed.see_in_file(key)
            elif key not in self.refused:
                self._see(key, text[found.end() :])
            return True
        found = _KEY_FILE.match(text)
        if found and not self.settings:
            self._see(dotted(found.group(1)), found.group(2))
            self.observed.answered = True
            return True
        found = _NAME_IN_FOLDER.match(text)
        if found and not self.settings:
            self.observed.answered |= self.part.prompted
            folder = "net.netfilter." if found.group(1).startswith("nf_") else "net.ipv4."
            self._see(folder + found.group(1), found.group(2))
            return True
        place = _OF_FILE.match(text)
        found = _KEY.match(text[place.end() :]) if place else None
        if found and not is_secret(dotted(found.group(1))):
            self.observed.see_in_file(dotted(found.group(1)))
        return found is not None

    def _see(self, key: str, value: str) -> None:
        if key == "kernel.hostname":
            self.observed.see_name(value)
        elif not is_secret(key):
            self.observed.see_value(key, value, self.part.file)
        self.observed.answered |= self.asks and (
            self.part.prompted or (not self.sets and self.command is not None and self.command.fits(key))
        )

    def _complaint(self, text: str) -> bool:
        if _ERROR.match(text):
            # That a value could not be set does not say that it cannot be read.
            if not self.sets or "No such file" in text:
                self.observed.errors.append(text[:1000])
                self.observed.answered |= self.asks
            key = _KEY_IN_ERROR.search(text)
            if key and dotted(key.group(1)) in self.asked:
                self.asked.remove(dotted(key.group(1)))
            return True
        missing = _NO_SUCH_FILE.match(text)
        if missing:
            self.observed.errors.append(f"sysctl: cannot stat {missing.group(1)}: No such file or directory")
            self.observed.answered |= self.part.prompted
            if self.asked:
                del self.asked[0]
            return True
        return bool(_APPLYING.match(text))

    def _log(self, line: str, text: str) -> bool:
        trouble = _kernel_log.trouble_of(text)
        if trouble is not None:
            self.observed.kernel_log[trouble] += 1
        return trouble is not None or _kernel_log.is_log(text)

    def _statistic(self, line: str, text: str) -> bool:
        """Lines of `netstat -s`, nstat, /proc/net/netstat and /proc/net/snmp."""
        group = _netstat_s.group_of(text)
        if group is not None:
            self.group = group
            return True
        found = _netstat_s.counter_of(text, self.group)
        if found:
            if found[2] <= HIGHEST:
                self.observed.see_counter(*found)
            return True
        if _NSTAT.match(text):
            whole = self.command is not None and self.command.is_whole_nstat
            self.observed.increments |= self.command is not None and self.command.runs("nstat") and not self.command.runs("nstat", "a")
            for its_group, counters in (_proc_files.nstat(text) or {}).items():
                for name, value in counters.items():
                    self.observed.see_counter(its_group, name, value, whole)
            return True
        return self._pair(text)

    def _other_statistic(self, line: str, text: str) -> bool:
        """Lines under a heading of `netstat -s` that no rule asks for."""
        return self.group is not None and line[:1] in (" ", "\t") and _netstat_s.is_statistic(text)

    def _pair(self, text: str) -> bool:
        """A line of names, or the one of their values."""
        found = _PAIR.match(text)
        if not found:
            return False
        group, rest = found.groups()
        if _NUMBERS.match(rest) and group in self.names:
            try:
                counters = parse_counters(f"{group}: {self.names.pop(group)}\n{text}\n")
            except ValueError:
                return False
            if group in _proc_files.GROUPS:
                for name, value in counters[group].items():
                    self.observed.see_counter(group, name, value, whole=True)
            return True
        if group in _netstat_s.GROUPS and _NAMES.match(rest):
            self.names[group] = rest
            return True
        return False

    def _summary(self, line: str, text: str) -> bool:
        """Lines of `ss -s`, /proc/net/sockstat and connection tracking's counters."""
        found = _SS_S.match(text)
        if found:
            self.observed.sockstat.setdefault("TCP", {}).update(orphan=int(found.group(1)), tw=int(found.group(2)))
            return True
        found = _SOCKSTAT.match(text)
        if found:
            words = found.group(2).split()
            self.observed.sockstat.setdefault(found.group(1), {}).update(zip(words[::2], map(int, words[1::2])))
            return True
        if _CONNTRACK_STAT.match(text) or (self.conntrack and _HEXADECIMAL.match(text)) or text.startswith("cpu="):
            self.conntrack.append(text)
            return True
        return bool(_SS_S_OTHER.match(text))

    def _state(self, line: str, text: str) -> bool:
        counted = counted_state(text)
        if counted is None:
            return False
        state, number = counted
        if state:
            self.observed.sockets.counted[state] = number
        return True

    def _about_host(self, line: str, text: str) -> bool:
        words = text.split(None, 3)
        if len(words) > 3 and words[0] == "Linux" and _RELEASE.match(words[2]):
            self.observed.see_name(words[1])
            self.observed.release = words[2]
            return True
        found = _UPTIME.search(text)
        if found:
            days, hours, minutes, alone = (int(one) if one else 0 for one in found.groups())
            self.observed.uptime = days * 86400 + hours * 3600 + minutes * 60 + alone * (60 if " min," in text else 3600)
            return True
        found = _PROC_UPTIME.match(text)
        if found:
            self.observed.uptime = int(found.group(1))
            return True
        return bool(_DATE.match(text))

    def _finish(self) -> None:
        if self.sockets.table.sockets:
            self.observed.sockets.tables.append(self.sockets.table)
        if not self.conntrack:
            return
        text = "\n".join(self.conntrack)
        try:
            found = _proc_files.conntrack_s(text) if text.startswith("cpu=") else parse_conntrack_stat(text)
        except ValueError:
            return
        for name, value in (found or {}).items():
            self.observed.see_counter("nf_conntrack", name, value, whole=True)
