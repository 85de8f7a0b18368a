# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.
"""A systemd scope of its own for the guard, so that it outlives the session or the service that made it.

systemd ends what is left of a session (KillUserProcesses=yes) or of a service (KillMode=control-group) by its cgroup. It moves a
process into another one by StartTransientUnit. This asks it over its private socket, which needs no D-Bus daemon, program or file.
"""

from __future__ import annotations

import os
import socket
import struct
import time

_RUNS_SYSTEMD = "/run/systemd/system"
_SOCKET = "/run/systemd/private"
_SLICE = "system.slice"
_SECONDS = 5.0
_PAUSE = 0.01
_METHOD_CALL, _METHOD_RETURN, _ERROR = 1, 2, 3
_LARGEST_REPLY = 65536


def outlives_session(pid: int, name: str) -> bool:
    """Move a process into the scope of this name (it ends in .scope) in system.slice, if systemd runs here.

    True if the process is in it afterwards, as /proc says, or if there is no systemd that would end it with its session.
    """
    if not os.path.isdir(_RUNS_SYSTEMD):
        return True
    deadline = time.monotonic() + _SECONDS
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(_SOCKET)
            _authenticate(connection)
            connection.sendall(start_transient_unit(pid, name))
            if _reply_kind(connection) != _METHOD_RETURN:
                return False
        while not _is_in(pid, name):
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE)
        return True
    except (OSError, ValueError, struct.error):
        return False


def _is_in(pid: int, name: str) -> bool:
    with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="replace") as stream:
        return any(line.rstrip("\n").endswith("/" + name) for line in stream)


def _authenticate(connection: socket.socket) -> None:
    """D-Bus specification, "Authentication Protocol": EXTERNAL, with the user id that the kernel vouches for."""
    user = str(os.geteuid()).encode("ascii").hex().encode("ascii")
    connection.sendall(b"\0AUTH EXTERNAL " + user + b"\r\n")
    answer = b""
    while not answer.endswith(b"\r\n"):
        data = connection.recv(256)
        if not data or len(answer) > 1024:
            raise ValueError("systemd does not answer")
        answer += data
    if not answer.startswith(b"OK "):
        raise ValueError("systemd refuses this user")
    connection.sendall(b"BEGIN\r\n")


def _reply_kind(connection: socket.socket) -> int:
    """The type of the first message that answers: a method return or an error."""
    while True:
        head = _exactly(connection, 16)
        kind, body, fields = head[1], *struct.unpack("<4xI4xI", head)
        length = -(-fields // 8) * 8 + body
        if head[:1] != b"l" or length > _LARGEST_REPLY:
            raise ValueError("systemd sends a reply that cannot be read")
        _exactly(connection, length)
        if kind in (_METHOD_RETURN, _ERROR):
            return int(kind)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise ValueError("systemd closed the connection")
        data += more
    return data


class _Marshalled:
    """Values one after the other, each at a multiple of its own size (D-Bus specification, "Marshaling")."""

    def __init__(self) -> None:
        self.data = b""

    def align(self, size: int) -> None:
        self.data += b"\0" * (-len(self.data) % size)

    def uint32(self, value: int) -> None:
        self.align(4)
        self.data += struct.pack("<I", value)

    def string(self, text: str) -> None:
        self.uint32(len(text))
        self.data += text.encode("ascii") + b"\0"

    def signature(self, text: str) -> None:
        self.data += bytes((len(text),)) + text.encode("ascii") + b"\0"

    def array(self, items: bytes, alignment: int) -> None:
        """items: marshalled from a place that is a multiple of 8."""
        self.uint32(len(items))
        self.align(alignment)
        self.data += items


def start_transient_unit(pid: int, name: str) -> bytes:
    """The message that asks for a scope with one process, in system.slice (org.freedesktop.systemd1(5))."""
    properties = _Marshalled()
    properties.string("PIDs")
    properties.signature("au")
    properties.array(struct.pack("<I", pid), 4)
    properties.align(8)
    properties.string("Slice")
    properties.signature("s")
    properties.string(_SLICE)

    body = _Marshalled()
    body.string(name)
    body.string("fail")
    body.array(properties.data, 8)
    body.array(b"", 8)

    fields = _Marshalled()
    for code, kind, text in (
        (1, "o", "/org/freedesktop/systemd1"),
        (2, "s", "org.freedesktop.systemd1.Manager"),
        (3, "s", "StartTransientUnit"),
        (6, "s", "org.freedesktop.systemd1"),
        (8, "g", "ssa(sv)a(sa(sv))"),
    ):
        fields.align(8)
        fields.data += bytes((code,))
        fields.signature(kind)
        if kind == "g":
            fields.signature(text)
        else:
            fields.string(text)

    head = _Marshalled()
    head.data = struct.pack("<cBBBII", b"l", _METHOD_CALL, 0, 1, len(body.data), 1)
    head.array(fields.data, 8)
    head.align(8)
    return head.data + body.data
