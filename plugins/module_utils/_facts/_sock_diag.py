# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The kernel's dump of TCP or UDP sockets (netlink, sock_diag), cut into batches of equal messages.

Message layout: linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h of the kernel. Only reads:
it cannot close or destroy a socket.
"""

from __future__ import annotations

import os
import socket
import struct
from typing import Callable, Iterable, Iterator, NamedTuple

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLMSG_ERROR = 2
NLMSG_DONE = 3
NLM_F_REQUEST_DUMP = 0x301
NLM_F_MULTI = 0x02
NLM_F_DUMP_INTR = 0x10
INET_DIAG_INFO = 2
# Of a request: INET_DIAG_REQ_BYTECODE.
_WANTED = 1

# nlmsghdr (16 bytes) and inet_diag_msg (72 bytes); attributes follow.
SOCKET_MESSAGE = 88
_STATE = 17
# Length, type and flags of a message: its first bytes.
_HEADER_CHECKED = 8
# The states of a TCP listener and of a UDP socket without a peer.
_WAITING = {socket.IPPROTO_TCP: 10, socket.IPPROTO_UDP: 7}
# inet_diag_msg: family, local and remote port, local address, interface, cookie, user id, inode.
_SOCKET = struct.Struct("=16xB3x2s2s16s16xI8s12xII")
# The loopback interface has this number in every network namespace.
_LOOPBACK_INTERFACE = 1
_LOOPBACK_IPV6 = b"\0" * 15 + b"\1"
_IPV4_IN_IPV6 = b"\0" * 10 + b"\xff\xff"
_HEADER = struct.Struct("=IHH8x")
_REQUEST = struct.Struct("=IHHII BBBxI 48x")
_ATTRIBUTE = struct.Struct("=HH")
_NUMBER = struct.Struct("=HHQ")
_ERROR = struct.Struct("=i")

# The kernel fills at most 32 KiB at a time however large the buffer is.
_BUFFER = 65536
_PATIENCE_SECONDS = 10
# linux/err.h
_MAX_ERRNO = 4095


class MessageBatch(NamedTuple):
    """size socket messages of stride bytes each, one after the other, all with the same TCP state."""

    data: memoryview
    stride: int
    size: int
    state: int

    def byte(self, index: int, wanted: int, offset: int) -> int | None:
        """One byte of an attribute of the index-th message. None if the message or the attribute is too short for it."""
        found = self._attribute(index, wanted)
        return None if found is None or offset >= found[1] else self.data[found[0] + offset]

    def numbers(self, wanted: int) -> Callable[[int], int | None]:
        """For the index of a message its attribute that is a number of 8 bytes. None where it is missing or has another size."""
        # Messages of one length have nearly always the same attributes.
        first = self._attribute(0, wanted)
        place = first[0] - _ATTRIBUTE.size if first and first[1] == _NUMBER.size - _ATTRIBUTE.size else None

        def number(index: int) -> int | None:
            if place is not None:
                length, kind, value = _NUMBER.unpack_from(self.data, self.stride * index + place)
                if (length, kind) == (_NUMBER.size, wanted):
                    return int(value)
            found = self._attribute(index, wanted)
            if found is None or found[1] != _NUMBER.size - _ATTRIBUTE.size:
                return None
            return int(_NUMBER.unpack_from(self.data, found[0] - _ATTRIBUTE.size)[2])

        return number

    def _attribute(self, index: int, wanted: int) -> tuple[int, int] | None:
        """Where the payload of an attribute starts, and its length."""
        at = self.stride * index + SOCKET_MESSAGE
        end = self.stride * (index + 1)
        while at + 4 <= end:
            length, kind = _ATTRIBUTE.unpack_from(self.data, at)
            if length < 4 or at + length > end:
                return None
            if kind == wanted:
                return at + 4, length - 4
            at += -(-length // 4) * 4
        return None


class DumpParser:
    """Parses the buffers of one dump. Damaged messages never make it raise; damaged says that there were some.

    done: the kernel said that the dump is complete. interrupted: the kernel said that its table changed during the dump.
    """

    def __init__(self) -> None:
        self.done = False
        self.damaged = False
        self.interrupted = False

    def batches(self, data: bytes) -> Iterator[MessageBatch]:
        """The socket messages of one buffer, in no order. Raises OSError if the kernel refuses the dump."""
        uniform = _uniform(data)
        if uniform:
            yield uniform
        start = uniform.stride * uniform.size if uniform else 0
        alike: dict[tuple[int, int], list[bytes]] = {}
        while not self.done and start < len(data):
            length, is_socket = self._message(data, start)
            if is_socket:
                alike.setdefault((length, data[start + _STATE]), []).append(data[start : start + length])
            # Messages start at multiples of four bytes.
            start += -(-length // 4) * 4
        for (length, state), messages in alike.items():
            yield MessageBatch(memoryview(b"".join(messages)), length, len(messages), state)

    def _message(self, data: bytes, start: int) -> tuple[int, bool]:
        """The length of the next message, and whether it is a socket."""
        left = len(data) - start
        length, kind, flags = _HEADER.unpack_from(data, start) if left >= _HEADER.size else (0, 0, 0)
        if not _HEADER.size <= length <= left:
            self.damaged = True
            return left, False
        if flags & NLM_F_DUMP_INTR:
            self.interrupted = True
        is_socket = kind == SOCK_DIAG_BY_FAMILY
        if is_socket and length < SOCKET_MESSAGE:
            self.damaged = True
            return length, False
        if kind in (NLMSG_DONE, NLMSG_ERROR):
            self.done = True
            error = -_ERROR.unpack_from(data, start + _HEADER.size)[0] if length >= _HEADER.size + _ERROR.size else 0
            if error > _MAX_ERRNO:
                self.damaged = True
            elif error > 0:
                raise OSError(error, os.strerror(error))
        return length, is_socket


def _uniform(data: bytes) -> MessageBatch | None:
    """As much of the buffer as there are messages with the header and the state of the first; None if one differs.

    The kernel fills whole buffers with TIME_WAITs, equally long in one dump. This saves a Python loop over each message.
    """
    if len(data) < SOCKET_MESSAGE:
        return None
    stride, kind, flags = _HEADER.unpack_from(data)
    if kind != SOCK_DIAG_BY_FAMILY or flags != NLM_F_MULTI or not SOCKET_MESSAGE <= stride <= len(data) or stride % 4:
        return None
    count = len(data) // stride
    messages = data[: stride * count]
    # One column of bytes at a time, at the speed of C.
    for at in (*range(_HEADER_CHECKED), _STATE):
        if messages[at::stride] != messages[at : at + 1] * count:
            return None
    return MessageBatch(memoryview(messages), stride, count, data[_STATE])


def kernel_dump(family: int, states: int, extensions: int, protocol: int = socket.IPPROTO_TCP, wanted: bytes = b"") -> Iterator[bytes]:
    """Buffers of the live kernel's dump of sockets, until the caller stops asking.

    family: socket.AF_INET or AF_INET6. states: a bit mask (1 << state). extensions: a bit mask (1 << (attribute - 1)).
    protocol: socket.IPPROTO_TCP or IPPROTO_UDP. wanted: as of socket_filter().
    Raises OSError: EPROTONOSUPPORT or EPERM if there is no such socket, EAGAIN if the kernel does not answer.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", _PATIENCE_SECONDS, 0))
        attribute = _ATTRIBUTE.pack(_ATTRIBUTE.size + len(wanted), _WANTED) + wanted if wanted else b""
        length = _REQUEST.size + len(attribute)
        request = _REQUEST.pack(length, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST_DUMP, 1, 0, family, protocol, extensions, states)
        connection.send(request + attribute)
        while True:
            data = connection.recv(_BUFFER)
            if not data:
                return
            yield data


class Listener(NamedTuple):
    """A socket that waits for others: a TCP listener, or a UDP socket without a peer. cookie: no other socket ever has the same.

    inode: 0 where the kernel tells none. user_id: of the socket's owner.
    """

    port: int
    cookie: bytes
    inode: int
    user_id: int


def listeners(protocol: int, dump: Callable[[int, int, int, int], Iterable[bytes]] = kernel_dump) -> set[Listener]:
    """The listeners over IPv4 and IPv6 that other hosts can reach: those of loopback are left out.

    protocol: socket.IPPROTO_TCP or IPPROTO_UDP. dump: as kernel_dump.
    Raises OSError if the kernel does not list such sockets: ENOENT without the kernel module udp_diag.
    """
    found: set[Listener] = set()
    for family in (socket.AF_INET, socket.AF_INET6):
        parser = DumpParser()
        for data in dump(family, 1 << _WAITING[protocol], 0, protocol):
            for batch in parser.batches(data):
                found.update(_listeners(batch))
            if parser.done:
                break
    return found


def _listeners(batch: MessageBatch) -> Iterator[Listener]:
    for at in range(0, batch.stride * batch.size, batch.stride):
        family, port, peer, address, interface, cookie, user_id, inode = _SOCKET.unpack_from(batch.data, at)
        if peer == b"\0\0" and port != b"\0\0" and interface != _LOOPBACK_INTERFACE and not _is_loopback(family, address):
            yield Listener(int.from_bytes(port, "big"), cookie, inode, user_id)


def _is_loopback(family: int, address: bytes) -> bool:
    if family == socket.AF_INET6:
        return address == _LOOPBACK_IPV6 or (address.startswith(_IPV4_IN_IPV6) and address[12] == 127)
    return address[0] == 127
