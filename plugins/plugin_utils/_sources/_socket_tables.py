# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Sockets from text: /proc/net/tcp and tcp6, `ss`, `netstat`. Gives the same figures as the live host's own count."""

from __future__ import annotations

import functools
import re
import socket
import struct
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from ...module_utils._facts._sockets import AFTER_HANDSHAKE, MAX_LISTENERS, STATES
from .._addresses import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .._snapshot_types import Listener, PortUse, Sockets, TimestampUse

    Group = tuple[str, str, int]

# By number in /proc/net/tcp (net/tcp_states.h). 12 is a connection request, which sock_diag calls syn_recv, too.
_BY_NUMBER = {**dict(enumerate(STATES[1:], 1)), 12: "syn_recv"}
_BY_WORD = {
    "ESTAB": "established",
    "ESTABLISHED": "established",
    "SYN-SENT": "syn_sent",
    "SYN-RECV": "syn_recv",
    "FIN-WAIT-1": "fin_wait1",
    "FIN-WAIT1": "fin_wait1",
    "FIN-WAIT-2": "fin_wait2",
    "FIN-WAIT2": "fin_wait2",
    "TIME-WAIT": "time_wait",
    "UNCONN": "close",
    "CLOSE": "close",
    "CLOSE-WAIT": "close_wait",
    "LAST-ACK": "last_ack",
    "LISTEN": "listen",
    "CLOSING": "closing",
}
_AFTER_HANDSHAKE = {STATES[number] for number in AFTER_HANDSHAKE}

_PROC_ROW = re.compile(
    r"^ *[0-9]+: ([0-9A-F]{8}(?:[0-9A-F]{24})?):([0-9A-F]{4}) ([0-9A-F]{8}(?:[0-9A-F]{24})?):([0-9A-F]{4}) ([0-9A-F]{2}) ", re.MULTILINE
)
_ADDRESS = re.compile(r"[0-9a-fA-F:.]+\Z")
_TOP = 20

_PROC_HEADER = "local_address"
_HEADERS = (_PROC_HEADER, "Local Address")


class SocketRow(NamedTuple):
    """One socket. port is 0 where it was given by name; local and remote are "" then. timestamps: None where it is not known."""

    family: str
    state: str
    local: str
    port: int
    remote: str
    remote_port: int
    timestamps: bool | None = None


def is_socket_table(text: str) -> bool:
    """Whether a text starts like one of the tables."""
    return any(header in text[:400] for header in _HEADERS)


def count(texts: Iterable[str], ephemeral: tuple[int, int] | None = None, top: int = _TOP) -> Sockets:
    """The figures of some tables together; lines that are no TCP socket count for nothing.

    :param ephemeral: first and last port of outgoing connections; only those count as ports in use, all of them without it.
    """
    sockets = [row for text in texts for row in socket_rows(text)]
    tally = _RowTally({row.port for row in sockets if row.state == "listen"}, ephemeral or (1, 65535))
    for row in sockets:
        tally.add(row)
    return tally.result(top)


class _RowTally:
    """What the rows add up to. A group is an outgoing connection without its local port: source, destination, destination port."""

    def __init__(self, listening: set[int], ephemeral: tuple[int, int]) -> None:
        self.listening = listening
        self.ephemeral = ephemeral
        self.states: dict[str, Counter[str]] = {"ipv4": Counter(), "ipv6": Counter()}
        self.listeners: set[tuple[int, str, str]] = set()
        self.ports: Counter[Group] = Counter()
        self.time_wait: Counter[Group] = Counter()
        self.timestamps: Counter[tuple[str, int, bool]] = Counter()
        self.time_wait_listening = 0
        self.time_wait_outgoing = 0
        self.outgoing = 0

    def add(self, row: SocketRow) -> None:
        self.states[row.family][row.state] += 1
        if row.state == "listen":
            if row.port and row.local:
                self.listeners.add((row.port, row.family, row.local))
        elif row.state == "time_wait" and row.port in self.listening:
            self.time_wait_listening += 1
        elif row.state != "close" and row.port not in self.listening:
            self._add_outgoing(row)

    def _add_outgoing(self, row: SocketRow) -> None:
        waits = row.state == "time_wait"
        if not waits:
            self.outgoing += bool(row.remote) and not is_loopback(row.remote)
            if row.timestamps is not None and row.state in _AFTER_HANDSHAKE and row.remote:
                self.timestamps[row.remote, row.remote_port, row.timestamps] += 1
        low, high = self.ephemeral
        if not low <= row.port <= high:
            return
        self.time_wait_outgoing += waits
        if row.local and row.remote:
            group = (row.local, row.remote, row.remote_port)
            self.ports[group] += 1
            self.time_wait[group] += waits

    def result(self, top: int) -> Sockets:
        listeners = sorted(self.listeners)
        return {
            "states": {family: dict(sorted(counts.items())) for family, counts in self.states.items()},
            "listeners": [_listener(one) for one in listeners[:MAX_LISTENERS]],
            "listeners_left_out": max(0, len(listeners) - MAX_LISTENERS),
            "time_wait_listening": self.time_wait_listening,
            "time_wait_outgoing": self.time_wait_outgoing,
            "outgoing": self.outgoing,
            "ports_in_use": [self._port_use(group) for group in _most_frequent(self.ports, top)],
            "error_bound": 0,
            "timestamps": self._timestamp_use(top),
            "source_ports": [],
            "source_ports_left_out": 0,
            "accepted": [],
            "fin_wait2_orphans": None,
            "udp": None,
        }

    def _port_use(self, group: Group) -> PortUse:
        source, destination, port = group
        return {
            "device": None,
            "source": source,
            "destination": destination,
            "destination_port": port,
            "ports": self.ports[group],
            "states": {"time_wait": self.time_wait[group], "established": self.ports[group] - self.time_wait[group]},
        }

    def _timestamp_use(self, top: int) -> list[TimestampUse]:
        destinations: Counter[tuple[str, int]] = Counter()
        for (destination, port, _negotiated), count in self.timestamps.items():
            destinations[destination, port] += count
        return [
            {
                "destination": destination,
                "destination_port": port,
                "negotiated": self.timestamps[destination, port, True],
                "not_negotiated": self.timestamps[destination, port, False],
            }
            for destination, port in _most_frequent(destinations, top)
        ]


def _most_frequent(counts: Counter[Any], top: int) -> list[Any]:
    return [key for key, _count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:top]]


def _listener(one: tuple[int, str, str]) -> Listener:
    port, family, address = one
    return {"family": "ipv4" if family == "ipv4" else "ipv6", "address": address, "port": port, "queue": None, "backlog": None}


def socket_rows(text: str) -> Iterator[SocketRow]:
    """The TCP sockets of one table, of whichever kind it is."""
    return _proc_rows(text) if _PROC_HEADER in text[:400] else _word_rows(text)


def _proc_rows(text: str) -> Iterator[SocketRow]:
    for local, port, remote, remote_port, state in _PROC_ROW.findall(text):
        name = _BY_NUMBER.get(int(state, 16))
        if name:
            family = "ipv4" if len(local) == 8 else "ipv6"
            yield SocketRow(family, name, _from_hex(local), int(port, 16), _from_hex(remote), int(remote_port, 16))


@functools.lru_cache(maxsize=4096)
def _from_hex(digits: str) -> str:
    """An address as the kernel prints it: words of 32 bits in the byte order of a little-endian machine."""
    words = [int(digits[place : place + 8], 16) for place in range(0, len(digits), 8)]
    packed = struct.pack(f"<{len(words)}I", *words)
    if len(packed) == 4:
        return socket.inet_ntop(socket.AF_INET, packed)
    return _plain(socket.inet_ntop(socket.AF_INET6, packed))


def _word_rows(text: str) -> Iterator[SocketRow]:
    """Rows of ss and netstat. Lines that start with a blank are ss's details of the row before."""
    row: SocketRow | None = None
    details: list[str] = []
    for line in text.splitlines():
        if line[:1] in (" ", "\t"):
            details += line.split()
            continue
        if row:
            yield _with_details(row, details)
        words = line.split()
        row = _row(words)
        # In newer versions of ss the details follow in the same line.
        details = words[5:]
    if row:
        yield _with_details(row, details)


def _with_details(row: SocketRow, details: list[str]) -> SocketRow:
    # Every connection that was ever set up has a retransmission timeout: without it, these are no details of TCP.
    if not any(word.startswith("rto:") for word in details):
        return row
    return row._replace(timestamps="ts" in details)


def _row(words: list[str]) -> SocketRow | None:
    if words[:1] in (["tcp"], ["tcp6"]) and len(words) >= 6 and words[1].isdigit():
        # netstat: protocol, queues, local, foreign, state
        state, local, remote = words[5], words[3], words[4]
    else:
        # ss: perhaps a protocol, state, queues, local, peer
        if words[:1] == ["tcp"]:
            words = words[1:]
        if len(words) < 5 or not words[1].isdigit():
            return None
        state, local, remote = words[0], words[3], words[4]
    name = _BY_WORD.get(state.replace("_", "-"))
    if name is None:
        return None
    family, address, port = _endpoint(local)
    _family, remote_address, remote_port = _endpoint(remote)
    return SocketRow(family, name, address, port, remote_address, remote_port)


@functools.lru_cache(maxsize=4096)
def _endpoint(text: str) -> tuple[str, str, int]:
    """Family, address and port of "192.0.2.1:80", "[::1]:80", ":::80", "*:80", "127.0.0.53%lo:53"; "" and 0 for names."""
    address, _colon, port = text.rpartition(":")
    address = address.strip("[]").partition("%")[0]
    number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else 0
    if address == "*":
        return "ipv6", "::", number
    family = "ipv6" if ":" in address else "ipv4"
    if not _ADDRESS.match(address) or len(address) > 45 or not 0 < number <= 65535:
        return family, "", number if 0 < number <= 65535 else 0
    return family, _plain(address), number


def _plain(address: str) -> str:
    """A mapped IPv4 address (::ffff:192.0.2.1) as IPv4."""
    return address[7:] if address.startswith("::ffff:") and "." in address else address
