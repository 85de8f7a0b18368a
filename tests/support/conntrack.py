# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages of ctnetlink."""

from __future__ import annotations

import socket
import struct

from support.netlink import attribute, message

SNAT, SEEN_REPLY = 1 << 4, 1 << 1
TCP, UDP, ICMP = 6, 17, 1


def entry(
    peer: tuple[str, int], address: tuple[str, int], *, protocol: int = TCP, status: int = SNAT | SEEN_REPLY, zone: bool = False
) -> bytes:
    """A connection of ctnetlink: peer is the source of its replies, address is what they are sent to."""
    family = socket.AF_INET6 if ":" in peer[0] else socket.AF_INET
    types = (3, 4) if family == socket.AF_INET6 else (1, 2)
    addresses = b"".join(attribute(kind, socket.inet_pton(family, one[0])) for kind, one in zip(types, (peer, address), strict=True))
    ports = b"".join(attribute(kind, struct.pack(">H", one[1])) for kind, one in ((2, peer), (3, address)))
    if protocol == ICMP:
        ports = attribute(4, b"\0\1") + attribute(5, b"\0") + attribute(6, b"\0")
    reply = attribute(0x8001, addresses) + attribute(0x8002, attribute(1, bytes((protocol,))) + ports)
    content = attribute(0x8001, attribute(0x8001, b"")) + attribute(0x8002, reply) + attribute(3, struct.pack(">I", status))
    return message(0x100, struct.pack("=BBH", family, 0, 0) + (attribute(18, b"\0\1") if zone else b"") + content)
