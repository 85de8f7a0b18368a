# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages as the kernel's sock_diag dump sends them, for tests."""

from __future__ import annotations

import socket
import struct
from typing import Iterable

NUMBERS = {"established": 1, "syn_sent": 2, "fin_wait2": 5, "time_wait": 6, "close": 7, "close_wait": 8, "listen": 10}


def message(kind: int, payload: bytes, flags: int = 2) -> bytes:
    """One netlink message, padded to a multiple of four bytes."""
    length = 16 + len(payload)
    return struct.pack("=IHHII", length, kind, flags, 1, 0) + payload + b"\0" * (-length % 4)


def done(error: int = 0, flags: int = 2) -> bytes:
    return message(3, struct.pack("=i", -error), flags)


def refused(error: int) -> bytes:
    return message(2, struct.pack("=i", -error) + b"\0" * 16, 0)


def connection(
    state: str | int,
    local: tuple[str, int],
    remote: tuple[str, int] | None = None,
    attributes: bytes = b"",
    flags: int = 2,
    identity: tuple[int, int, int, int] = (0, 0, 0, 0),
    queues: tuple[int, int] = (0, 0),
    expires: int = 0,
    timer: int = 0,
) -> bytes:
    """A socket: IPv6 where the local address has a colon. identity: interface, cookie, user id and inode. queues: received and sent.

    expires: milliseconds until its timer ends. timer: 2 is that of SO_KEEPALIVE.
    """
    family = socket.AF_INET6 if ":" in local[0] else socket.AF_INET
    remote = remote or (("::" if family == socket.AF_INET6 else "0.0.0.0"), 0)
    source, destination = (socket.inet_pton(family, address).ljust(16, b"\0") for address in (local[0], remote[0]))
    number = NUMBERS[state] if isinstance(state, str) else state
    payload = struct.pack(">BBBBHH", family, number, timer, 0, local[1], remote[1]) + source + destination
    interface, cookie, user_id, inode = identity
    payload += struct.pack("=IQIIIII", interface, cookie, expires, *queues, user_id, inode)
    return message(20, payload + attributes, flags)


def attribute(kind: int, payload: bytes) -> bytes:
    length = 4 + len(payload)
    return struct.pack("=HH", length, kind) + payload + b"\0" * (-length % 4)


def tcp_info(timestamps: bool) -> bytes:
    """The attributes of a live socket: INET_DIAG_SHUTDOWN, and INET_DIAG_INFO with tcpi_options."""
    return attribute(8, b"\0") + attribute(2, bytes((1, 0, 0, 0, 0, 6 | timestamps)) + b"\0" * 98)


class Kernel:
    """Stands in for kernel_dump: answers every dump with the sockets of the asked family and states."""

    def __init__(self, sockets: Iterable[bytes], *, messages_a_buffer: int = 300, flags: int = 2, interruptions: int = 0) -> None:
        self._sockets = list(sockets)
        self._size = messages_a_buffer
        self._flags = flags
        self._interruptions = interruptions
        self.dumps = 0

    def __call__(self, family: int, states: int, extensions: int) -> Iterable[bytes]:
        self.dumps += 1
        flags = self._flags
        if self._interruptions:
            self._interruptions -= 1
            flags |= 0x10
        wanted = [one for one in self._sockets if one[16] == family and states & 1 << one[17]] + [done(flags=flags)]
        for start in range(0, len(wanted), self._size):
            yield b"".join(wanted[start : start + self._size])
