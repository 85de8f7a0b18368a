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
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, NamedTuple

from .._tree import errno_name
from ._heavy_hitters import HeavyHitters

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import SnatUse

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
_BUFFER = 1 << 18
_PATIENCE_SECONDS = 10
_MAX_ERRNO = 4095


class _Layout(NamedTuple):
    """Where a message has what is asked of it: offsets of the reply's source and destination, the peer's port, protocol and status.

    headers: offsets of the attribute headers on the way there; size: bytes of an address.
    """

    size: int
    source: int
    destination: int
    port: int
    protocol: int
    status: int
    headers: tuple[int, ...]


class SnatTally:
    """The source-NATed connections of a dump, by protocol, SNAT address, destination and destination port. Never raises for its content.

    entries: those that were counted. done: the dump came to its end. damaged: something in it could not be understood.
    """

    def __init__(self) -> None:
        self.groups = HeavyHitters()
        self.entries = 0
        self.read = 0
        self.done = False
        self.damaged = False

    def add(self, data: bytes) -> None:
        """Count one buffer. Raises OSError if the kernel refuses the dump."""
        alike: dict[int, list[bytes]] = {}
        start = 0
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
        for messages in alike.values():
            self._add_alike(messages)

    def _end(self, data: bytes, start: int, length: int) -> None:
        self.done = True
        error = -_ERROR.unpack_from(data, start + _HEADER.size)[0] if length >= _HEADER.size + _ERROR.size else 0
        if 0 < error <= _MAX_ERRNO:
            raise OSError(error, os.strerror(error))

    def _add_alike(self, messages: list[bytes]) -> None:
        """Messages of one length. Most have the layout of the first, so that each needs one look only."""
        self.read += len(messages)
        layout = _layout(messages[0])
        if layout is None:
            # Of a protocol without ports, such as ICMP.
            rest = messages[1:]
        else:
            first, headers = messages[0], layout.headers
            wanted = [first[at : at + 4] for at in headers]
            same: list[bytes] = []
            rest = []
            for message in messages:
                (same if [message[at : at + 4] for at in headers] == wanted else rest).append(message)
            self._count(layout, same)
        for message in rest:
            other = _layout(message)
            if other is not None:
                self._count(other, [message])

    def _count(self, layout: _Layout, messages: list[bytes]) -> None:
        size, source, destination, port, protocol, status, _headers = layout
        groups = [
            one[protocol : protocol + 1] + one[port : port + 2] + one[destination : destination + size] + one[source : source + size]
            for one in messages
            if one[status + 3] & _SRC_NAT and one[protocol] in _PROTOCOLS
        ]
        self.entries += len(groups)
        self.groups.add(groups)

    def result(self, top: int) -> list[SnatUse]:
        """The groups with most ports, most first."""
        found = heapq.nsmallest(top, self.groups.counts.items(), key=lambda item: (-item[1], item[0]))
        return [_use(group, count) for group, count in found]


def _use(group: bytes, count: int) -> SnatUse:
    middle = 3 + (len(group) - 3) // 2
    family = socket.AF_INET if middle == 7 else socket.AF_INET6
    return {
        "protocol": "tcp" if group[0] == socket.IPPROTO_TCP else "udp",
        "address": socket.inet_ntop(family, group[3:middle]),
        "destination": socket.inet_ntop(family, group[middle:]),
        "destination_port": int.from_bytes(group[1:3], "big"),
        "ports": count,
    }


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
            spans = (reply, status, address, proto, number, port, source, destination)
            return _Layout(size, source[0], destination[0], port[0], number[0], status[0], tuple(start - 4 for start, _end in spans))
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
