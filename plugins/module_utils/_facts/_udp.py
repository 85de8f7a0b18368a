# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""UDP sockets that wait for others on an ephemeral port, from the tables of /proc/net.

Not from sock_diag: its part for UDP is a kernel module of its own, which a question would load.
"""

from __future__ import annotations

import re
import socket
import struct
from typing import TYPE_CHECKING, Iterable

if TYPE_CHECKING:
    from ...plugin_utils._socket_types import Listener

TABLES = ("/proc/net/udp", "/proc/net/udp6")
MAX_UDP = 500
# Number, local address and port, and a peer of zeros.
_ROW = re.compile(r"^ *[0-9]+: ([0-9A-F]{8}(?:[0-9A-F]{24})?):([0-9A-F]{4}) (?:0{8}|0{32}):0000 ", re.MULTILINE)


def udp_listeners(tables: Iterable[str], ephemeral: tuple[int, int]) -> list[Listener]:
    """The sockets without a peer on a port from the first to the last of the range, sorted by port, each address once, at most MAX_UDP.

    tables: the texts of /proc/net/udp and udp6; a line of another form counts for nothing.
    """
    low, high = ephemeral
    found = set()
    for text in tables:
        for digits, port in _ROW.findall(text):
            number = int(port, 16)
            if low <= number <= high:
                found.add((number, "ipv4" if len(digits) == 8 else "ipv6", digits))
    return [
        {"family": "ipv4" if family == "ipv4" else "ipv6", "address": address_of(digits), "port": port, "queue": None, "backlog": None}
        for port, family, digits in sorted(found)[:MAX_UDP]
    ]


def address_of(digits: str) -> str:
    """An address as /proc/net prints it: words of 32 bits in the byte order of the machine, little-endian nearly everywhere."""
    words = [int(digits[place : place + 8], 16) for place in range(0, len(digits), 8)]
    packed = struct.pack(f"<{len(words)}I", *words)
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)
