# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What a paste shows of one host, gathered line by line: what is seen later replaces what was seen before, and that is told."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

from ....module_utils._sysctl._keys import SYSCTL_KEYS
from .._common import SourceError, shown
from ._sockets import SocketsSeen

if TYPE_CHECKING:
    from ._parts import Part

_MOST_NAMED = 8
# They are other ones in each second.
_LIVELY = frozenset(("net.netfilter.nf_conntrack_count", "fs.file-nr", "fs.inode-nr"))


@dataclasses.dataclass
class Left:
    """Lines of one answer that were not understood."""

    part: Part
    first_line: int
    first: str
    lines: int = 1

    def __str__(self) -> str:
        place = f"{self.part.file}, line {self.first_line}" if self.part.file else f"Line {self.first_line}"
        of = f", in the answer of {shown(self.part.command.text)}" if self.part.command else ""
        count = "1 line was not understood:" if self.lines == 1 else f"{self.lines} lines were not understood. The first is"
        return f"{place}{of}: {count} {shown(self.first.strip())}."


class Observed:
    """One host. label: its name in prompts, None where there was none.

    answered: whether a prompt showed that somebody asked for a value, and got it. increments: whether nstat left out what it had shown
    before.
    """

    def __init__(self, label: str | None) -> None:
        self.label = label
        self.values: dict[str, str] = {}
        self.errors: list[str] = []
        self.counters: dict[str, dict[str, int]] = {}
        self.whole_groups: set[str] = set()
        self.sockstat: dict[str, dict[str, int]] = {}
        self.sockets = SocketsSeen()
        self.kernel_log: Counter[str] = Counter()
        self.hostname: str | None = None
        self.release: str | None = None
        self.uptime: int | None = None
        self.left: list[Left] = []
        self.increments = False
        self.answered = False
        self._files: dict[str, str] = {}
        self._changed: dict[str, list[str]] = {}
        self._typed: dict[str, str] = {}
        self._refused: dict[str, str] = {}
        self._in_files: list[str] = []
        self._counted_again = False

    @property
    def beyond_a_listing(self) -> bool:
        """Whether anything was seen that no file of settings, and no output of `sysctl -a`, can have."""
        return bool(self.counters or self.sockstat or self.sockets or self.kernel_log)

    @property
    def anything(self) -> bool:
        return bool(self.values or self.errors or self.beyond_a_listing)

    def see_value(self, key: str, value: str, file: str) -> None:
        """:raises SourceError: another file, which may be another host's, has another value."""
        value = " ".join(value.split())
        before = self.values.get(key)
        if before is not None and before != value and key not in _LIVELY and key in SYSCTL_KEYS:
            if self.label is None and file != self._files[key]:
                raise SourceError(
                    f"{self._files[key]} has {key} = {plain(before)}, and {file} has {plain(value)}. These are two hosts, or one host at "
                    "two times. Give the files of one of them."
                )
            self._changed.setdefault(key, [before]).append(value)
        self.values[key] = value
        self._files[key] = file
        self._typed.pop(key, None)

    def see_name(self, name: str) -> None:
        """:raises SourceError: another name was seen before."""
        name = name.strip()[:255]
        if self.hostname and name and short_name(name) != short_name(self.hostname):
            raise SourceError(f"the text has values of two hosts ({shown(self.hostname)} and {shown(name)}). Give the text of one host.")
        self.hostname = self.hostname or name or None

    def see_counter(self, group: str, name: str, value: int, whole: bool = False) -> None:
        known = self.counters.setdefault(group, {})
        self._counted_again |= known.get(name, value) != value
        known[name] = value
        if whole:
            self.whole_groups.add(group)

    def see_typed(self, key: str, value: str) -> None:
        """A value that somebody has typed; whether the kernel took it shows later, or not at all."""
        self._typed[key] = value

    def see_refused(self, key: str, value: str) -> None:
        """A value that somebody has typed, and that the kernel did not take."""
        self._refused[key] = value

    def see_in_file(self, key: str) -> None:
        """A line of a file of settings, which the kernel may have got or not."""
        self._in_files.append(key)

    def sentences(self) -> list[str]:
        """What was left out, and what was seen twice."""
        found = [
            f"{key} was {', then '.join(plain(value) for value in values[:5])} in this text. The last value counts."
            for key, values in list(self._changed.items())[:_MOST_NAMED]
        ]
        if self._counted_again:
            found.append("Some counters stand in this text more than once. The last ones count.")
        if self.increments:
            found.append("nstat without -a shows only what was counted since it last ran. Take `nstat -az`.")
        if self.kernel_log["out_of_memory"]:
            found.append(
                "The kernel's log says that TCP has no memory. No rule checks that: compare `cat /proc/net/sockstat` with net.ipv4.tcp_mem."
            )
        found += [
            f"{plain(key)} = {plain(value)} was typed, and no answer shows that the kernel took it. Add the answer of "
            f"`sysctl {plain(key)}`."
            for key, value in list(self._typed.items())[:_MOST_NAMED]
        ]
        found += [
            f"{plain(key)} = {plain(value)} was typed, and the kernel did not take it."
            for key, value in list(self._refused.items())[:_MOST_NAMED]
        ]
        if self._in_files:
            keys = ", ".join(plain(key) for key in dict.fromkeys(self._in_files[:_MOST_NAMED]))
            found.append(
                f"Lines that set values at boot or in a script do not say what the kernel has now. They were not checked: {keys}. "
                "Audit such a file by itself."
            )
        found += [str(one) for one in self.left[:_MOST_NAMED]]
        if len(self.left) > _MOST_NAMED:
            found.append(f"In {len(self.left) - _MOST_NAMED} more places lines were not understood.")
        return found


def plain(text: str) -> str:
    """An untrusted text for a message, without quotation marks."""
    return shown(text)[1:-1]


def short_name(name: str) -> str:
    """A host's name without its domain, to compare."""
    return name.partition(".")[0].lower()
