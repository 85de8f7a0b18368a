# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel lists with a program is what a person picks out of its whole list."""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import Any, Callable

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._sock_diag import SOCKET_MESSAGE, DumpParser, kernel_dump
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._socket_filter import MOST_CONDITIONS, socket_filter
from support.namespaces import own_namespaces

ALL_STATES = (1 << 13) - 1
MESSAGE = struct.Struct("=16xB3x2s2s16s16x")
V4, MAPPED, V6 = "127.0.0.1", "::ffff:127.0.0.1", "::1"
Place = tuple[int, int, str]


def listed(wanted: bytes) -> list[Place]:
    """Local and remote port, and the remote address, of each socket."""
    found = []
    for family in (socket.AF_INET, socket.AF_INET6):
        parser = DumpParser()
        for data in kernel_dump(family, ALL_STATES, 0, wanted=wanted):
            for batch in parser.batches(data):
                for at in range(0, batch.stride * batch.size, batch.stride):
                    found.append(_place(*MESSAGE.unpack_from(batch.data[at : at + SOCKET_MESSAGE + 16])))
            if parser.done:
                break
    return sorted(found)


def _place(family: int, port: bytes, peer_port: bytes, peer: bytes) -> Place:
    address = socket.inet_ntop(family, peer if family == socket.AF_INET6 else peer[:4])
    return int.from_bytes(port, "big"), int.from_bytes(peer_port, "big"), address


def towards(*places: tuple[str, int]) -> Callable[[Place], bool]:
    return lambda one: (one[2], one[1]) in places


def connections(stack: contextlib.ExitStack) -> None:
    """Two listeners, and connections to both of all kinds."""
    for port in (8001, 8002):
        server = stack.enter_context(socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True))
        for family, address in ((socket.AF_INET, V4), (socket.AF_INET6, MAPPED), (socket.AF_INET6, V6)):
            client = stack.enter_context(socket.socket(family))
            client.connect((address, port))
            stack.enter_context(server.accept()[0])


@pytest.mark.parametrize(
    ("destinations", "listening", "is_wanted"),
    [
        ([(V4, 8001)], [], towards((V4, 8001), (MAPPED, 8001))),
        ([(V6, 8001)], [], towards((V6, 8001))),
        ([(V4, 8001), (V6, 8002)], [], towards((V4, 8001), (MAPPED, 8001), (V6, 8002))),
        ([(V6, 8001), (V4, 8002), (V6, 8002)], [], towards((V6, 8001), (V4, 8002), (MAPPED, 8002), (V6, 8002))),
        ([], [8001], lambda one: one[0] == 8001),
        ([(V4, 8002)], [8001], lambda one: one[0] == 8001 or towards((V4, 8002), (MAPPED, 8002))(one)),
        ([("192.0.2.1", 8001)], [9], lambda one: False),
        ([(V4, 8001)] * MOST_CONDITIONS, [], towards((V4, 8001), (MAPPED, 8001))),
    ],
)
@own_namespaces
def test_the_kernel_lists_what_is_wanted(destinations: Any, listening: Any, is_wanted: Callable[[Place], bool]) -> None:
    with contextlib.ExitStack() as stack:
        connections(stack)
        everything = listed(b"")
        program = socket_filter(destinations, listening)
        assert program
        assert len(everything) == 14
        assert listed(program) == [one for one in everything if is_wanted(one)]


@pytest.mark.parametrize("destinations", [[], [(V4, 8001)] * (MOST_CONDITIONS + 1)])
def test_for_none_and_for_very_many_everything_is_listed(destinations: Any) -> None:
    assert socket_filter(destinations, []) == b""
