# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What is counted of TCP sockets while the kernel's dump streams, in memory that does not grow with their number.

A group is an outgoing connection without its local port: destination port, source, destination and device as bytes.
"""

from __future__ import annotations

import operator
import struct
from collections import Counter, deque
from functools import lru_cache
from itertools import compress, repeat
from typing import TYPE_CHECKING, Iterable, Literal, Sequence

from ._heavy_hitters import HeavyHitters
from ._sock_diag import INET_DIAG_INFO

if TYPE_CHECKING:
    from ._sock_diag import MessageBatch

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
ESTABLISHED = 1
FIN_WAIT2 = 5
TIME_WAIT = 6
CLOSE = 7
CLOSE_WAIT = 8
LAST_ACK = 9
LISTEN = 10
CONNECTED = sum(1 << number for number in range(1, len(STATES)) if number != LISTEN)
# States after the handshake: TCP_INFO then has the options that were negotiated.
AFTER_HANDSHAKE = {1, 4, 5, 8, 9, 11}
_TCPI_OPTIONS = 5
_TCPI_OPT_TIMESTAMPS = 1

FAMILIES: tuple[Family, ...] = ("ipv4", "ipv6")
MAX_LISTENERS = 500
MAX_SOURCES = 128
"""Source addresses whose ports are told apart: 64 KiB each."""
_PORTS = 65536
# Uses of a local port; 0 is any other. bind() to port 0 takes every second port of the range first, connect() the ones between.
_EPHEMERAL = 1
_LISTENING = 2
_EPHEMERAL_OF_BIND = 3
_ONLY_EPHEMERAL = bytes.maketrans(bytes((_LISTENING, _EPHEMERAL_OF_BIND)), bytes((0, _EPHEMERAL)))
_ONLY_LISTENING = bytes.maketrans(bytes((_EPHEMERAL, _EPHEMERAL_OF_BIND)), b"\0\0")
_ONLY_OF_BIND = bytes.maketrans(bytes((_EPHEMERAL, _LISTENING)), b"\0\0")

# Inside one message: the local port, and the group (the peer's port, source and destination of 16 bytes each, the interface's number).
_PORT_GROUP = "20xH38s"
_PORT_GROUP_SIZE = 60
# idiag_rqueue and idiag_wqueue of a listener: connections that wait for accept(), and how many may.
_QUEUES = struct.Struct("=II")
_QUEUES_AT = 72
_INODE_AT = 84
_NO_INODE = b"\0\0\0\0"
# idiag_expires of a TIME_WAIT: milliseconds until it ends. As a word of four bytes in the message.
_EXPIRES_WORD = 17
_TIME_WAIT_MILLISECONDS = 60_000
BEGUN_SECONDS = 5
_JUST_BEGUN = range(_TIME_WAIT_MILLISECONDS - 1000 * BEGUN_SECONDS + 1, _TIME_WAIT_MILLISECONDS + 1)
_MAPPED = b"\0" * 10 + b"\xff\xff"


class SourcePorts:
    """The local ports that outgoing connections of one source address and device hold."""

    def __init__(self) -> None:
        self.connections = 0
        self.held = bytearray(_PORTS)

    def merge(self, other: SourcePorts) -> None:
        """Add what another holds: connections are of either, ports are held once."""
        self.connections += other.connections
        # All ports at once: each byte is 0 or 1.
        both = int.from_bytes(self.held, "big") | int.from_bytes(other.held, "big")
        self.held = bytearray(both.to_bytes(_PORTS, "big"))


class SocketTally:
    """The totals of the dumps of both families.

    groups: by state, the groups of outgoing connections from ephemeral ports. begun: those whose TIME_WAIT began within BEGUN_SECONDS.
    bound: those whose port has the parity that bind() takes. accepted: connections by (local port, state) where the port
    has a listener. sources: by source and device (20 bytes, an IPv4 source in the first four).
    """

    def __init__(self, ephemeral: tuple[int, int] | None) -> None:
        low, high = ephemeral or (0, _PORTS - 1)
        self.low, high = max(0, low), min(high, _PORTS - 1)
        # What each local port is. Listeners are dumped first, so that each port is known before its connections come.
        size = max(0, high - self.low + 1)
        in_turn = bytes((_EPHEMERAL, _EPHEMERAL_OF_BIND)) * (size // 2 + 1)
        self.port_use = bytearray(self.low) + in_turn[:size] + bytearray(_PORTS - 1 - high)
        self.listeners: dict[tuple[Family, bytes, int], tuple[int, int]] = {}
        self.listeners_left_out = 0
        self.states: dict[Family, Counter[int]] = {family: Counter() for family in FAMILIES}
        self.groups: dict[Family, dict[int, HeavyHitters]] = {family: {} for family in FAMILIES}
        self.begun: dict[Family, HeavyHitters] = {family: HeavyHitters() for family in FAMILIES}
        self.bound: dict[Family, HeavyHitters] = {family: HeavyHitters() for family in FAMILIES}
        self.accepted: Counter[tuple[int, int]] = Counter()
        self.sources: dict[Family, dict[bytes, SourcePorts]] = {family: {} for family in FAMILIES}
        self.sources_left_out: set[bytes] = set()
        self.fin_wait2_orphans = 0
        self.outgoing = 0
        self.timestamps = HeavyHitters()
        self.time_wait_listening = 0
        self.time_wait_outgoing = 0

    @property
    def error_bound(self) -> int:
        """How many ports the count of a group may be short by."""
        return sum(one.error_bound for by_state in self.groups.values() for one in by_state.values())

    def add(self, family: Family, batch: MessageBatch) -> None:
        """Count the sockets of a batch."""
        self.states[family][batch.state] += batch.size
        if batch.state == LISTEN:
            self._add_listeners(family, batch)
        elif batch.state != CLOSE:
            self._add_connections(family, batch)

    def _add_listeners(self, family: Family, batch: MessageBatch) -> None:
        for index, (port, group) in enumerate(zip(*_columns(batch))):
            self.port_use[port] = _LISTENING
            listener = (family, group[2:18], port)
            # Sockets of one address and port (SO_REUSEPORT) have a queue each: the longest is the one to worry about.
            queues: tuple[int, int] = _QUEUES.unpack_from(batch.data, batch.stride * index + _QUEUES_AT)
            if listener in self.listeners or len(self.listeners) < MAX_LISTENERS:
                self.listeners[listener] = max(queues, self.listeners.get(listener, (0, 0)))
            else:
                self.listeners_left_out += 1

    def _add_connections(self, family: Family, batch: MessageBatch) -> None:
        # Everything here runs at the speed of C: a host may have some hundred thousand of these.
        ports, groups = _columns(batch)
        uses = bytes(map(self.port_use.__getitem__, ports))
        ephemeral = uses.translate(_ONLY_EPHEMERAL)
        listening = uses.count(_LISTENING)
        if listening:
            self.accepted.update(zip(compress(ports, uses.translate(_ONLY_LISTENING)), repeat(batch.state)))
        outgoing = ephemeral.count(_EPHEMERAL)
        if outgoing:
            held_ports, held = ports, groups
            if outgoing < batch.size:
                held_ports, held = tuple(compress(ports, ephemeral)), tuple(compress(groups, ephemeral))
            if batch.state not in self.groups[family]:
                self.groups[family][batch.state] = HeavyHitters()
            self.groups[family][batch.state].add(held)
            self.bound[family].add(compress(groups, uses.translate(_ONLY_OF_BIND)))
            self._add_sources(family, held_ports, held)
        if batch.state == TIME_WAIT:
            self.time_wait_listening += listening
            self.time_wait_outgoing += outgoing
            if outgoing:
                self.begun[family].add(compress(groups, map(operator.and_, ephemeral, _begun(batch))))
        elif listening < batch.size:
            self._add_live(family, batch, uses, groups)
        if batch.state == FIN_WAIT2:
            self._add_orphans(batch)

    def _add_sources(self, family: Family, ports: Sequence[int], groups: Sequence[bytes]) -> None:
        by_source: dict[bytes, Sequence[int]] = {_source(group): ports for group in set(groups)}
        if len(by_source) > 1:
            several: dict[bytes, list[int]] = {source: [] for source in by_source}
            for port, group in zip(ports, groups):
                several[_source(group)].append(port)
            by_source.update(several)
        for source, held in by_source.items():
            if source in self.sources[family] or len(self.sources[family]) < MAX_SOURCES:
                if source not in self.sources[family]:
                    self.sources[family][source] = SourcePorts()
                one = self.sources[family][source]
                one.connections += len(held)
                deque(map(one.held.__setitem__, held, repeat(1)), maxlen=0)
            elif len(self.sources_left_out) < _PORTS:
                self.sources_left_out.add(source)

    def _add_live(self, family: Family, batch: MessageBatch, uses: bytes, groups: Sequence[bytes]) -> None:
        timestamps: list[bytes] = []
        for index, (use, whole) in enumerate(zip(uses, groups)):
            # A proxy that takes connections to any address (TPROXY) has no listener on the local port. The peer's port tells.
            if use == _LISTENING or (not use and self.port_use[int.from_bytes(whole[:2], "big")] & _EPHEMERAL):
                continue
            group = plain(family, whole)
            destination = group[:2] + group[len(group) // 2 - 1 : -4]
            self.outgoing += not is_loopback(destination[2:])
            if batch.state in AFTER_HANDSHAKE:
                options = batch.byte(index, INET_DIAG_INFO, _TCPI_OPTIONS)
                if options is not None:
                    timestamps.append(bytes((options & _TCPI_OPT_TIMESTAMPS,)) + destination)
        self.timestamps.add(timestamps)

    def _add_orphans(self, batch: MessageBatch) -> None:
        """A socket that no program has open any more has no inode."""
        starts = range(_INODE_AT, batch.stride * batch.size, batch.stride)
        self.fin_wait2_orphans += sum(batch.data[at : at + 4] == _NO_INODE for at in starts)


def _begun(batch: MessageBatch) -> Iterable[bool]:
    """Of each TIME_WAIT of the batch, whether it began within BEGUN_SECONDS. Never for a vendor's kernel with a shorter TIME_WAIT."""
    if batch.stride % 4:
        return repeat(False, batch.size)
    left = batch.data.cast("I")[_EXPIRES_WORD :: batch.stride // 4].tolist()
    return map(_JUST_BEGUN.__contains__, left)


def _source(group: bytes) -> bytes:
    return group[2:18] + group[34:]


@lru_cache(maxsize=16)
def _layout(stride: int, size: int) -> struct.Struct:
    return struct.Struct(">" + f"{_PORT_GROUP}{stride - _PORT_GROUP_SIZE}x" * size)


def _columns(batch: MessageBatch) -> tuple[Sequence[int], Sequence[bytes]]:
    """Local ports and groups of the messages of the batch, in the same order."""
    fields = _layout(batch.stride, batch.size).unpack(batch.data)
    return fields[0::2], fields[1::2]


def plain(family: Family, group: bytes) -> bytes:
    """The group with addresses of their real size, a mapped IPv4 address (::ffff:192.0.2.1) as IPv4."""
    if family == "ipv4":
        return group[:6] + group[18:22] + group[34:]
    if group[2:14] == _MAPPED == group[18:30]:
        return group[:2] + group[14:18] + group[30:]
    return group


def is_loopback(address: bytes) -> bool:
    """Whether a packed address (4 or 16 bytes) is one of the host's own loopback interface."""
    return address[0] == 127 if len(address) == 4 else address == b"\0" * 15 + b"\1"
