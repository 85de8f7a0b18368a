# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Source-NATed connections from the kernel's connection tracking (ctnetlink), aggregated while the dump streams.

Message layout: linux/netfilter/nfnetlink_conntrack.h. Only reads. Needs CAP_NET_ADMIN, as conntrack -L does.
"""

from __future__ import annotations

import heapq
import os
import socket
import struct
import time
from collections import Counter
from functools import lru_cache
from itertools import compress
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, Literal, NamedTuple

from .._tree import errno_name
from ._heavy_hitters import HeavyHitters

if TYPE_CHECKING:
    from ...plugin_utils._nat_types import SnatUse

    Dump = Callable[[], Iterable[bytes]]

MAX_ENTRIES = 2_000_000
MAX_SECONDS = 10.0

_NETLINK_NETFILTER = 12
_CT_NEW, _CT_GET = 0x100, 0x101
_REQUEST_DUMP = 0x301
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_SRC_NAT = 1 << 4
_PROTOCOLS = {socket.IPPROTO_TCP: "tcp", socket.IPPROTO_UDP: "udp"}
_HEADER = struct.Struct("=IHH8x")
_ATTRIBUTE = struct.Struct("=HH")
_ERROR = struct.Struct("=i")
# nlmsghdr (16 bytes) and nfgenmsg (4 bytes).
_START = 20
_TYPE_BITS = 0x3FFF
_REPLY, _STATUS, _STATUS_MASK = 2, 3, 26
_IP, _PROTO = 1, 2
_NUMBER, _SOURCE_PORT = 1, 2
_SOURCE, _DESTINATION = {4: 1, 16: 3}, {4: 2, 16: 4}
_SNAT_PORT = _ATTRIBUTE.pack(6, 3)
_GROUP: tuple[Literal["protocol", "address", "destination", "destination_port"], ...] = (
    "protocol",
    "address",
    "destination",
    "destination_port",
)
_BUFFER = 1 << 18
# TCP and UDP over IPv4 and IPv6 have one each, and another one with an attribute more in front (a zone).
_MOST_LAYOUTS = 32
_PATIENCE_SECONDS = 10
_MAX_ERRNO = 4095


class _Layout(NamedTuple):
    """Where a message has what is asked of it.

    The reply's source and destination, protocol and the peer's port stand in one stretch from start to end, with attribute headers
    between them. headers: offsets of the attribute headers on the way there; status: of the status; protocol: of the protocol.
    fields: of source, destination and port inside the stretch; size: bytes of an address.
    """

    start: int
    end: int
    headers: tuple[int, ...]
    status: int
    protocol: int
    fields: tuple[int, int, int]
    size: int


class SnatTally:
    """The source-NATed connections of a dump, by protocol, SNAT address, destination and destination port. Never raises for its content.

    entries: those that were counted. done: the dump came to its end. damaged: something in it could not be understood.
    """

    def __init__(self) -> None:
        self.groups: dict[_Layout, HeavyHitters] = {}
        self.entries = 0
        self.read = 0
        self.done = False
        self.damaged = False

    def add(self, data: bytes) -> None:
        """Count one buffer. Raises OSError if the kernel refuses the dump."""
        start = self._add_uniform(data)
        alike: dict[int, list[bytes]] = {}
        while not self.done and start < len(data):
            left = len(data) - start
            length, kind, _flags = _HEADER.unpack_from(data, start) if left >= _HEADER.size else (0, 0, 0)
            if not _HEADER.size <= length <= left:
                self.damaged = True
                break
            if kind == _CT_NEW:
                alike.setdefault(length, []).append(data[start : start + length])
            elif kind in (_NLMSG_DONE, _NLMSG_ERROR):
                self._end(data, start, length)
            start += -(-length // 4) * 4
        for length, messages in alike.items():
            self._add_alike(b"".join(messages), length)

    def _add_uniform(self, data: bytes) -> int:
        """Count the messages at the beginning of a buffer if all of it has messages of one length, and return where they end."""
        length, kind, _flags = _HEADER.unpack_from(data) if len(data) >= _HEADER.size else (0, 0, 0)
        if kind != _CT_NEW or length % 4 or not _HEADER.size <= length <= len(data):
            return 0
        end: int = len(data) // length * length
        # One column of bytes at a time, at the speed of C: length and type.
        if any(data[at:end:length] != data[at : at + 1] * (end // length) for at in range(6)):
            return 0
        self._add_alike(data[:end], length)
        return end

    def _end(self, data: bytes, start: int, length: int) -> None:
        self.done = True
        _raise_refusal(data, start, length)

    def _add_alike(self, data: bytes, length: int) -> None:
        """Messages of one length. Most have the layout of the first, so that all of them need one look only."""
        size = len(data) // length
        layout = _layout(data[:length])
        if layout is not None and self._count(layout, data, length, size):
            self.read += size
        elif size == 1:
            # Of a protocol without ports, such as ICMP, or one that cannot be understood.
            self.read += 1
        else:
            for start in range(0, len(data), length):
                self._add_alike(data[start : start + length], length)

    def _count(self, layout: _Layout, data: bytes, length: int, size: int) -> bool:
        """Count messages if all of them have this layout; else return False."""
        for header in layout.headers:
            for at in range(header, header + 4):
                if data[at::length] != data[at : at + 1] * size:
                    return False
        groups = _stretches(layout.start, layout.end, length, size).unpack(data)
        # The low byte of the status, which is a number in network order.
        counted = [bool(one & _SRC_NAT) for one in data[layout.status + 3 :: length]]
        if set(data[layout.protocol :: length]) - set(_PROTOCOLS):
            counted = [one and protocol in _PROTOCOLS for one, protocol in zip(counted, data[layout.protocol :: length])]
        entries = sum(counted)
        self.entries += entries
        if layout not in self.groups and len(self.groups) >= _MOST_LAYOUTS:
            self.damaged = True
            return True
        self.groups.setdefault(layout, HeavyHitters()).add(groups if entries == size else compress(groups, counted))
        return True

    @property
    def error_bound(self) -> int:
        """How many ports the count of a group may be short by."""
        return sum(one.error_bound for one in self.groups.values())

    def result(self, top: int) -> list[SnatUse]:
        """The groups with most ports, most first."""
        merged: Counter[tuple[int, int, bytes, bytes]] = Counter()
        for layout, heavy_hitters in self.groups.items():
            for stretch, count in heavy_hitters.counts.items():
                merged[_group(layout, stretch)] += count
        found = heapq.nsmallest(top, merged.items(), key=lambda item: (-item[1], item[0]))
        return [_use(*group, count) for group, count in found]

    def stretches(self, uses: Iterable[SnatUse]) -> dict[_Layout, dict[bytes, SnatUse]]:
        """What the messages of these groups of result() have in common, by their layout: bytes from layout.start to layout.end."""
        by_group = {tuple(use[name] for name in _GROUP): use for use in uses}
        wanted: dict[_Layout, dict[bytes, SnatUse]] = {}
        for layout, heavy_hitters in self.groups.items():
            for stretch in heavy_hitters.counts:
                one = _use(*_group(layout, stretch), 0)
                use = by_group.get(tuple(one[name] for name in _GROUP))
                if use is not None:
                    wanted.setdefault(layout, {})[stretch] = use
        return wanted


def _raise_refusal(data: bytes, start: int, length: int) -> None:
    error = -_ERROR.unpack_from(data, start + _HEADER.size)[0] if length >= _HEADER.size + _ERROR.size else 0
    if 0 < error <= _MAX_ERRNO:
        raise OSError(error, os.strerror(error))


def _group(layout: _Layout, stretch: bytes) -> tuple[int, int, bytes, bytes]:
    source, destination, port = layout.fields
    return (
        stretch[layout.protocol - layout.start],
        int.from_bytes(stretch[port : port + 2], "big"),
        stretch[destination : destination + layout.size],
        stretch[source : source + layout.size],
    )


def snat_ports(data: bytes, wanted: dict[_Layout, dict[bytes, SnatUse]], found: Callable[[SnatUse, int], None]) -> bool:
    """Tell the group and the SNAT port of each connection of a buffer that is in one of the groups of SnatTally.stretches().

    Returns whether the dump goes on. Raises OSError if the kernel refuses it.
    """
    start = 0
    while start + _HEADER.size <= len(data):
        length, kind, _flags = _HEADER.unpack_from(data, start)
        if not _HEADER.size <= length <= len(data) - start:
            break
        if kind in (_NLMSG_DONE, _NLMSG_ERROR):
            _raise_refusal(data, start, length)
            return False
        for layout, stretches in wanted.items() if kind == _CT_NEW else ():
            use = stretches.get(data[start + layout.start : start + layout.end])
            # The peer's port is padded to four bytes, and the SNAT port comes next.
            port = start + layout.end + 2
            if use and data[start + layout.status + 3] & _SRC_NAT and data[port : port + 4] == _SNAT_PORT:
                found(use, int.from_bytes(data[port + 4 : port + 6], "big"))
                break
        start += -(-length // 4) * 4
    return True


def _use(protocol: int, port: int, address: bytes, destination: bytes, count: int) -> SnatUse:
    family = socket.AF_INET if len(address) == 4 else socket.AF_INET6
    return {
        "protocol": "tcp" if protocol == socket.IPPROTO_TCP else "udp",
        "address": socket.inet_ntop(family, address),
        "destination": socket.inet_ntop(family, destination),
        "destination_port": port,
        "ports": count,
        "in_ranges": [],
    }


@lru_cache(maxsize=16)
def _stretches(start: int, end: int, length: int, size: int) -> struct.Struct:
    return struct.Struct(f"{start}x{end - start}s{length - end}x" * size)


def snat_uses(top: int = 20, dump: Dump | None = None) -> tuple[SnatTally | None, list[str]]:
    """The source-NATed connections of this network namespace (None if they cannot be listed), and sentences about what was not seen.

    dump: buffers of the kernel's dump. Reading stops after MAX_ENTRIES entries or MAX_SECONDS.
    """
    tally = SnatTally()
    started = time.monotonic()
    try:
        for data in (dump or kernel_dump)():
            tally.add(data)
            if tally.done or tally.read >= MAX_ENTRIES or time.monotonic() - started > MAX_SECONDS:
                break
    except OSError as error:
        return None, [f"Source NAT was not looked at: connection tracking (ctnetlink) answered {errno_name(error)}."]
    if not tally.done:
        return tally, [f"Only the first {tally.read} entries of connection tracking were read, so counts of source NAT may be too low."]
    if tally.damaged:
        return tally, ["Some entries of connection tracking could not be understood, so counts of source NAT may be too low."]
    return tally, []


def kernel_dump() -> Iterator[bytes]:
    """Buffers of the live kernel's dump of connection tracking: source-NATed entries only, where the kernel can tell them (5.15).

    Raises OSError: EPERM without CAP_NET_ADMIN, EAGAIN if the kernel does not answer.
    """
    filtered = b"".join(struct.pack("=HH", 8, kind) + struct.pack(">I", _SRC_NAT) for kind in (_STATUS, _STATUS_MASK))
    request = struct.pack("=IHHIIBBH", _START + len(filtered), _CT_GET, _REQUEST_DUMP, 1, 0, socket.AF_UNSPEC, 0, 0) + filtered
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _PATIENCE_SECONDS, 0))
        connection.send(request)
        while True:
            data = connection.recv(_BUFFER)
            if not data:
                return
            yield data


def _layout(message: bytes) -> _Layout | None:
    """Where the message has what is asked of it; None for a protocol without ports, and for one that cannot be understood."""
    whole = _attributes(message, _START, len(message))
    reply, status = whole.get(_REPLY), whole.get(_STATUS)
    if reply is None or status is None or status[1] - status[0] != 4:
        return None
    parts = _attributes(message, *reply)
    address, proto = parts.get(_IP), parts.get(_PROTO)
    if address is None or proto is None:
        return None
    addresses, ports = _attributes(message, *address), _attributes(message, *proto)
    number, port = ports.get(_NUMBER), ports.get(_SOURCE_PORT)
    if number is None or number[1] - number[0] != 1 or port is None or port[1] - port[0] != 2:
        return None
    for size in (4, 16):
        source, destination = addresses.get(_SOURCE[size]), addresses.get(_DESTINATION[size])
        if source and destination and source[1] - source[0] == destination[1] - destination[0] == size:
            if not source[0] < destination[0] < number[0] < port[0] < port[1] <= len(message):
                return None
            spans = (reply, status, address, proto, number, port, source, destination)
            start = source[0]
            fields = (0, destination[0] - start, port[0] - start)
            return _Layout(start, port[1], tuple(one[0] - 4 for one in spans), status[0], number[0], fields, size)
    return None


def _attributes(message: bytes, start: int, end: int) -> dict[int, tuple[int, int]]:
    """The attributes between two offsets: type to the offsets of its content."""
    found: dict[int, tuple[int, int]] = {}
    while start + 4 <= end:
        length, kind = _ATTRIBUTE.unpack_from(message, start)
        if length < 4 or start + length > end:
            break
        found.setdefault(kind & _TYPE_BITS, (start + 4, start + length))
        start += -(-length // 4) * 4
    return found
