# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Counts TCP sockets while the kernel's dump streams, in memory that does not grow with their number."""

from __future__ import annotations

import heapq
import socket
import struct
from collections import Counter
from itertools import compress
from typing import TYPE_CHECKING, Callable, Iterable, Literal

from .._tree import errno_name
from ._heavy_hitters import HeavyHitters
from ._sock_diag import INET_DIAG_INFO, DumpParser, MessageBatch, kernel_dump

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import Listener, PortUse, Sockets, TimestampUse

    Dump = Callable[[int, int, int], Iterable[bytes]]
    Family = Literal["ipv4", "ipv6"]

# TCP states by number (net/tcp_states.h).
STATES = (
    "",
    "established",
    "syn_sent",
    "syn_recv",
    "fin_wait1",
    "fin_wait2",
    "time_wait",
    "close",
    "close_wait",
    "last_ack",
    "listen",
    "closing",
)
_TIME_WAIT = 6
_CLOSE = 7
_LISTEN = 10
_CONNECTED = sum(1 << number for number in range(1, len(STATES)) if number != _LISTEN)
# States after the handshake: TCP_INFO then has the options that were negotiated.
AFTER_HANDSHAKE = {1, 4, 5, 8, 9, 11}
_TCPI_OPTIONS = 5
_TCPI_OPT_TIMESTAMPS = 1

_FAMILIES: dict[Family, int] = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
_MAPPED = b"\0" * 10 + b"\xff\xff"
_PORTS = 65536
# Uses of a local port; 0 is any other.
_EPHEMERAL = 1
_LISTENING = 2
_ONLY_EPHEMERAL = bytes.maketrans(bytes((_LISTENING,)), b"\0")
MAX_LISTENERS = 500

# Inside one message: the local port, and the group: the peer's port, source and destination (16 bytes each).
_PORT_GROUP = ">20xH34s"
_PORT_GROUP_SIZE = 56


class _DumpTally:
    """The totals of the dumps of both families.

    A group is an outgoing connection without its local port: destination port, source and destination as bytes.
    """

    def __init__(self, ephemeral: tuple[int, int] | None) -> None:
        low, high = ephemeral or (0, _PORTS - 1)
        low, high = max(0, low), min(high, _PORTS - 1)
        # What each local port is. Listeners are dumped first, so that each port is known before its connections come.
        self.port_use = bytearray(low) + bytes((_EPHEMERAL,)) * (high - low + 1) + bytearray(_PORTS - 1 - high)
        self.listeners: dict[tuple[Family, bytes, int], None] = {}
        self.listeners_left_out = 0
        self.states: dict[Family, Counter[int]] = {family: Counter() for family in _FAMILIES}
        self.time_wait: dict[Family, HeavyHitters] = {family: HeavyHitters() for family in _FAMILIES}
        self.time_wait_listening = 0
        self.time_wait_outgoing = 0
        self.outgoing = 0
        self.live = HeavyHitters()
        self.timestamps = HeavyHitters()

    def add(self, family: Family, batch: MessageBatch) -> None:
        self.states[family][batch.state] += batch.size
        if batch.state == _LISTEN:
            self._add_listeners(family, batch)
        elif batch.state == _TIME_WAIT:
            self._add_time_wait(family, batch)
        elif batch.state != _CLOSE:
            self._add_live(family, batch)

    def _add_listeners(self, family: Family, batch: MessageBatch) -> None:
        for port, group in _connections(batch):
            self.port_use[port] = _LISTENING
            listener = (family, group[2:18], port)
            if len(self.listeners) < MAX_LISTENERS:
                self.listeners[listener] = None
            elif listener not in self.listeners:
                self.listeners_left_out += 1

    def _add_time_wait(self, family: Family, batch: MessageBatch) -> None:
        # Everything here runs at the speed of C: a host may have some hundred thousand of these.
        ports, groups = zip(*_connections(batch))
        uses = bytes(map(self.port_use.__getitem__, ports))
        self.time_wait_listening += uses.count(_LISTENING)
        self.time_wait_outgoing += uses.count(_EPHEMERAL)
        self.time_wait[family].add(compress(groups, uses.translate(_ONLY_EPHEMERAL)))

    def _add_live(self, family: Family, batch: MessageBatch) -> None:
        live: list[bytes] = []
        timestamps: list[bytes] = []
        for index, (port, group) in enumerate(_connections(batch)):
            if self.port_use[port] == _LISTENING:
                continue
            group = _plain(family, group)
            destination = group[:2] + group[len(group) // 2 + 1 :]
            self.outgoing += not is_loopback(destination[2:])
            if self.port_use[port] == _EPHEMERAL:
                live.append(group)
            if batch.state in AFTER_HANDSHAKE:
                options = batch.byte(index, INET_DIAG_INFO, _TCPI_OPTIONS)
                if options is not None:
                    timestamps.append(bytes((options & _TCPI_OPT_TIMESTAMPS,)) + destination)
        self.live.add(live)
        self.timestamps.add(timestamps)

    def result(self, top: int) -> Sockets:
        time_wait: Counter[bytes] = Counter()
        for family, heavy_hitters in self.time_wait.items():
            for group, count in heavy_hitters.counts.items():
                time_wait[_plain(family, group)] += count
        ports = time_wait + self.live.counts
        return {
            "states": {
                family: {STATES[state]: count for state, count in sorted(counts.items()) if 0 < state < len(STATES)}
                for family, counts in self.states.items()
            },
            "listeners": sorted(map(_listener, self.listeners), key=lambda it: (it["port"], it["family"], it["address"])),
            "listeners_left_out": self.listeners_left_out,
            "time_wait_listening": self.time_wait_listening,
            "time_wait_outgoing": self.time_wait_outgoing,
            "outgoing": self.outgoing,
            "ports_in_use": [_port_use(group, count, time_wait[group]) for group, count in _top(ports, top)],
            "error_bound": self.live.error_bound + sum(heavy_hitters.error_bound for heavy_hitters in self.time_wait.values()),
            "timestamps": self._timestamp_use(top),
            "source_ports": [],
            "source_ports_left_out": 0,
            "accepted": [],
            "fin_wait2_orphans": None,
            "udp": None,
        }

    def _timestamp_use(self, top: int) -> list[TimestampUse]:
        counts = self.timestamps.counts
        destinations: Counter[bytes] = Counter()
        for key, count in counts.items():
            destinations[key[1:]] += count
        return [
            {
                "destination": _address(key[2:]),
                "destination_port": int.from_bytes(key[:2], "big"),
                "negotiated": counts[b"\1" + key],
                "not_negotiated": counts[b"\0" + key],
            }
            for key, _count in _top(destinations, top)
        ]


def count_sockets(ephemeral: tuple[int, int] | None = None, top: int = 20, dump: Dump = kernel_dump) -> tuple[Sockets | None, list[str]]:
    """The host's TCP sockets, IPv4 and IPv6 (None if they cannot be listed), and sentences about what could not be seen.

    ephemeral: first and last port that the kernel gives to outgoing connections; only those count as ports in use, all of
    them without it. top: how many groups and destinations to name. dump: as kernel_dump. No content of a dump makes it raise.
    """
    for _attempt in range(2):
        tally = _DumpTally(ephemeral)
        parsers: list[DumpParser] = []
        try:
            _read_all(tally, parsers, dump)
        except OSError as error:
            return None, [f"Sockets were not counted: the kernel's socket list (sock_diag) answered {errno_name(error)}."]
        if not any(parser.interrupted for parser in parsers):
            break
    return tally.result(top), _not_seen(tally, parsers)


def _read_all(tally: _DumpTally, parsers: list[DumpParser], dump: Dump) -> None:
    # Listeners come first: whether a port has one decides what the other sockets count as.
    # All other states come in one dump, because each dump walks the whole table of sockets.
    for states, extensions in ((1 << _LISTEN, 0), (_CONNECTED, 1 << (INET_DIAG_INFO - 1))):
        for family, number in _FAMILIES.items():
            parser = DumpParser()
            parsers.append(parser)
            for data in dump(number, states, extensions):
                for batch in parser.batches(data):
                    tally.add(family, batch)
                if parser.done:
                    break


def _not_seen(tally: _DumpTally, parsers: list[DumpParser]) -> list[str]:
    sentences = []
    if any(parser.interrupted for parser in parsers):
        sentences.append("The socket table changed twice while the kernel listed it, so socket counts may be a little wrong.")
    if any(parser.damaged or not parser.done for parser in parsers):
        sentences.append("The kernel's socket list was damaged or incomplete, so socket counts may be too low.")
    if tally.timestamps.error_bound:
        sentences.append(
            f"There are too many destinations to count all: timestamp counts may be too low, by {tally.timestamps.error_bound} at most."
        )
    return sentences


def _connections(batch: MessageBatch) -> Iterable[tuple[int, bytes]]:
    """Local port and group of each message of the batch."""
    return struct.iter_unpack(f"{_PORT_GROUP}{batch.stride - _PORT_GROUP_SIZE}x", batch.data)


def _plain(family: Family, group: bytes) -> bytes:
    """The group with addresses of their real size, a mapped IPv4 address (::ffff:192.0.2.1) as IPv4."""
    if family == "ipv4":
        return group[:6] + group[18:22]
    if group[2:14] == _MAPPED == group[18:30]:
        return group[:2] + group[14:18] + group[30:]
    return group


def is_loopback(address: bytes) -> bool:
    """Whether a packed address (4 or 16 bytes) is one of the host's own loopback interface."""
    return address[0] == 127 if len(address) == 4 else address == b"\0" * 15 + b"\1"


def _address(packed: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def _top(counts: Counter[bytes], top: int) -> list[tuple[bytes, int]]:
    return heapq.nsmallest(top, counts.items(), key=lambda item: (-item[1], item[0]))


def _listener(listener: tuple[Family, bytes, int]) -> Listener:
    family, address, port = listener
    return {
        "family": family,
        "address": _address(address[:4] if family == "ipv4" else address),
        "port": port,
        "queue": None,
        "backlog": None,
    }


def _port_use(group: bytes, ports: int, time_wait: int) -> PortUse:
    middle = len(group) // 2 + 1
    return {
        "device": None,
        "source": _address(group[2:middle]),
        "destination": _address(group[middle:]),
        "destination_port": int.from_bytes(group[:2], "big"),
        "ports": ports,
        "states": {"time_wait": time_wait, "established": ports - time_wait},
    }
