# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Sockets in a paste: tables of ss, netstat and /proc/net/tcp, whole or in part, and states that somebody has counted."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from .._socket_tables import PROC_HEADER, STATE_WORDS, count, is_socket_table, row_of

if TYPE_CHECKING:
    from ..._socket_types import Sockets
    from ._command import Command

_PROC_ROW = re.compile(r"\d{1,8}: [0-9A-F]{8}(?:[0-9A-F]{24})?:[0-9A-F]{4} [0-9A-F]{8}(?:[0-9A-F]{24})?:[0-9A-F]{4} [0-9A-F]{2} ")
_HEADING = re.compile(
    r"(?:Netid[ \t]+)?(?:State[ \t]+)?Recv-Q[ \t]+Send-Q\b|Proto[ \t]+(?:Recv-Q|RefCnt)\b"
    r"|Active (?:Internet|UNIX domain) |sl[ \t]+local_address\b"
)
# Sockets that are not of TCP.
_OTHER_ROW = re.compile(r"(?:udp|udplite|raw|unix|icmp|sctp|tcpm?_?dgr|u_str|u_dgr|u_seq|nl|p_raw|p_dgr|mptcp|v_str|xdp)6?[ \t]+\S")
_WITHOUT_STATE = re.compile(r"\d{1,10}[ \t]+\d{1,10}[ \t]+\S{1,80}:\S{1,20}[ \t]+\S{1,80}:\S")
_COUNTED = re.compile(
    r"(?P<first>\d{1,10})[ \t]+\"?(?P<state>[A-Z][A-Z0-9_-]{3,11})\"?\Z"
    r"|\"?(?P<name>[A-Z][A-Z0-9_-]{3,11})\"?[ \t:=]{1,10}(?P<last>\d{1,10}),?\Z"
)
# What `awk '{print $6}'` makes of the headings of netstat and ss.
_COUNTED_HEADING = re.compile(r"\d{1,10}[ \t]+(?:established\)|servers\)|and|Foreign|State|Address|Local|Peer|Recv-Q)\Z")
_WORDS = {name: word for word, name in STATE_WORDS.items()}
_ANY_FAMILY = "any"

PARTIAL_LIST = "only a part of the sockets was listed"
ONLY_COUNTED = "the sockets were not listed, only the states of some were counted"


@dataclasses.dataclass
class Table:
    """One list of sockets. rows: as the command printed them. whole: whether it is known to hold all TCP sockets of the host."""

    whole: bool
    rows: list[str] = dataclasses.field(default_factory=list)
    sockets: int = 0
    listening: int = 0
    is_proc: bool = False

    @property
    def text(self) -> str:
        return "\n".join([f"  sl  {PROC_HEADER}", *self.rows] if self.is_proc else self.rows)


class SocketReader:
    """Takes lines of one answer, and knows which of them were rows of a table."""

    def __init__(self, command: Command | None) -> None:
        self.state = command.state if command else None
        self.table = Table(command is not None and command.is_whole_table)

    def takes(self, line: str, text: str) -> bool:
        """Whether a line belongs to a table. text: the line without blanks around it."""
        table = self.table
        words = text.split(None, 8)
        row = row_of(words)
        if row is not None:
            table.sockets += 1
            table.listening += row.state == "listen"
            table.rows.append(text)
            return True
        if _PROC_ROW.match(text):
            table.is_proc = True
            table.sockets += 1
            table.listening += words[3] == "0A"
            table.rows.append(f"  {text}")
            return True
        if self.state is not None and _WITHOUT_STATE.match(text):
            table.sockets += 1
            table.rows.append(f"{_WORDS[self.state]} {text}")
            return True
        if _HEADING.match(text) or is_socket_table(text) or _OTHER_ROW.match(text):
            return True
        if table.rows and line[:1] in (" ", "\t") and not table.is_proc and _is_detail(words):
            table.rows.append(f" {text}")
            return True
        return False


def _is_detail(words: list[str]) -> bool:
    return any(word.startswith(("rto:", "cubic", "skmem:", "timer:", "users:", "ino:", "rtt:", "bbr", "reno", "wscale:")) for word in words)


def counted_state(text: str) -> tuple[str, int] | None:
    """State and number of a line such as "814 TIME_WAIT" or "TIME_WAIT 814"; the state is "" for a counted heading."""
    found = _COUNTED.match(text)
    if found:
        state = STATE_WORDS.get((found.group("state") or found.group("name")).replace("_", "-"))
        return (state, int(found.group("first") or found.group("last"))) if state else None
    return ("", 0) if _COUNTED_HEADING.match(text) else None


class SocketsSeen:
    """All tables and counts of a host."""

    def __init__(self) -> None:
        self.tables: list[Table] = []
        self.counted: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self.tables or self.counted)

    def result(self, ephemeral: tuple[int, int] | None) -> tuple[Sockets | None, str | None]:
        """The sockets, and why they are not all sockets of the host; None and None where none were seen.

        Of several tables the last whole one counts, else the longest: one socket may stand in two of them.
        """
        if not self.tables:
            return (_only_states(self.counted), ONLY_COUNTED) if self.counted else (None, None)
        main = next((one for one in reversed(self.tables) if one.whole), None) or max(self.tables, key=lambda one: one.sockets)
        used = [main]
        if main.is_proc:
            # One of IPv4, one of IPv6.
            used += [one for one in self.tables if one is not main and one.is_proc and _width(one) != _width(main)][:1]
        elif not main.listening:
            used += [one for one in self.tables if one is not main and not one.is_proc and one.listening == one.sockets > 0][-1:]
        sockets = count([one.text for one in used], ephemeral)
        whole = main.whole or (sum(one.listening for one in used) > 0 and len(used) == 1) or (main.is_proc and len(used) > 1)
        if not main.whole:
            self._add_counted(sockets)
        return sockets, None if whole else PARTIAL_LIST

    def _add_counted(self, sockets: Sockets) -> None:
        """Where more sockets were counted in a state than were listed, the others are somewhere."""
        for state, counted in self.counted.items():
            listed = sum(states.get(state, 0) for states in sockets["states"].values())
            if counted > listed:
                sockets["states"].setdefault(_ANY_FAMILY, {})[state] = counted - listed


def _width(table: Table) -> int:
    return len(table.rows[0].split()[1])


def _only_states(counted: dict[str, int]) -> Sockets:
    sockets = count([])
    sockets["states"] = {_ANY_FAMILY: dict(sorted(counted.items()))}
    return sockets
