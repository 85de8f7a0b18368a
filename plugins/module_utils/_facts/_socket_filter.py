# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""A program for the kernel's dump of sockets (linux/inet_diag.h, INET_DIAG_REQ_BYTECODE): it lists only the sockets that are asked for.

Each step is a condition that a socket fulfils or not; where it does not, the next one is tried. The kernel checks the whole program first.
"""

from __future__ import annotations

import socket
import struct
from typing import Collection, List, Tuple

# The kernel runs each condition for each socket.
MOST_CONDITIONS = 50
_JUMP, _LOCAL, _REMOTE = 1, 7, 8
# inet_diag_bc_op: what to do, where to go on if it is so, and if it is not, both in bytes from here.
_STEP = struct.Struct("=BBH")
# inet_diag_hostcond: family, length of the prefix, port; the address follows.
_HOST = struct.Struct("=BBxxi")


def socket_filter(destinations: Collection[Tuple[str, int]], listening: Collection[int]) -> bytes:
    """The program for the sockets towards one of these addresses and ports, or with one of these local ports. b"" for all sockets.

    An IPv4 address also stands for the sockets of IPv6 that are connected to it (::ffff:192.0.2.1).
    """
    conditions = [_condition(_REMOTE, port, address) for address, port in destinations]
    conditions += [_condition(_LOCAL, port) for port in listening]
    if not 0 < len(conditions) <= MOST_CONDITIONS:
        return b""
    steps: List[bytes] = []
    length = 0
    for kind, host in reversed(conditions):
        # After one that is true comes a jump to the end, except after the last. A place behind the end means no.
        jump = _STEP.pack(_JUMP, _STEP.size, _STEP.size + length) if steps else b""
        size = _STEP.size + len(host)
        steps.append(_STEP.pack(kind, size, size + _STEP.size) + host + jump)
        length += len(steps[-1])
    return b"".join(reversed(steps))


def _condition(kind: int, port: int, address: str = "") -> Tuple[int, bytes]:
    if not address:
        return kind, _HOST.pack(socket.AF_UNSPEC, 0, port)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    raw = socket.inet_pton(family, address)
    return kind, _HOST.pack(family, 8 * len(raw), port) + raw
