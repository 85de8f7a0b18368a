# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket
import struct
from collections import Counter
from typing import Iterable

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._sock_diag import (
    INET_DIAG_INFO,
    DumpParser,
    Listener,
    MessageBatch,
    listeners,
)
from hypothesis import given
from hypothesis import strategies as st
from support.netlink import Kernel, attribute, connection, done, message, refused, tcp_info

TIME_WAIT = connection("time_wait", ("192.0.2.1", 40000), ("192.0.2.2", 80))
ESTABLISHED = connection("established", ("192.0.2.1", 40001), ("192.0.2.2", 80), tcp_info(True))
IPV6 = connection("established", ("2001:db8::1", 40001), ("2001:db8::2", 80), tcp_info(False))
LISTENING = connection("listen", ("0.0.0.0", 22))

sockets = st.sampled_from([TIME_WAIT, ESTABLISHED, IPV6, LISTENING])


def taken_apart(data: bytes) -> tuple[DumpParser, list[bytes]]:
    """The parser over one buffer and the messages that it found."""
    parser = DumpParser()
    messages: list[bytes] = []
    for batch in parser.batches(data):
        assert len(batch.data) == batch.size * batch.stride
        cut = [bytes(batch.data[start : start + batch.stride]) for start in range(0, len(batch.data), batch.stride)]
        assert {one[17] for one in cut} == {batch.state}
        messages += cut
    return parser, messages


@given(st.lists(sockets))
def test_every_socket_is_found_once(parts: list[bytes]) -> None:
    parser, found = taken_apart(b"".join(parts) + done())
    assert Counter(found) == Counter(parts)
    assert (parser.done, parser.damaged, parser.interrupted) == (True, False, False)


def test_messages_that_are_alike_come_as_one_batch() -> None:
    batches = list(DumpParser().batches(TIME_WAIT * 340 + done()))
    assert [(batch.size, batch.stride, batch.state) for batch in batches] == [(340, len(TIME_WAIT), 6)]


def test_different_messages_come_as_one_batch_for_each_length_and_state() -> None:
    batches = list(DumpParser().batches((TIME_WAIT + ESTABLISHED) * 5 + LISTENING + done()))
    assert sorted((batch.state, batch.size) for batch in batches) == [(1, 5), (6, 5), (10, 1)]


@pytest.mark.parametrize("size", range(len(TIME_WAIT) + 1, 3 * len(TIME_WAIT)))
def test_a_buffer_that_is_cut_short_gives_its_whole_messages(size: int) -> None:
    parser, found = taken_apart((TIME_WAIT * 3)[:size])
    assert found == [TIME_WAIT] * (size // len(TIME_WAIT))
    assert parser.damaged == bool(size % len(TIME_WAIT))
    assert not parser.done


@pytest.mark.parametrize(
    ("damage", "sockets_found"),
    [
        pytest.param(struct.pack("=IHHII", 0, 20, 2, 1, 0), 1, id="length 0"),
        pytest.param(struct.pack("=IHHII", 15, 20, 2, 1, 0), 1, id="length less than a header"),
        pytest.param(struct.pack("=IHHII", 2**32 - 1, 20, 2, 1, 0), 1, id="length beyond the buffer"),
        pytest.param(message(20, b"\2\6"), 2, id="a socket without its fields"),
    ],
)
def test_a_damaged_message_is_reported_and_not_counted(damage: bytes, sockets_found: int) -> None:
    parser, found = taken_apart(TIME_WAIT + damage + TIME_WAIT)
    assert parser.damaged
    assert found == [TIME_WAIT] * sockets_found


def test_messages_of_other_kinds_are_passed_over() -> None:
    parser, found = taken_apart(message(1, b"") + TIME_WAIT + message(99, b"\0" * 100) + TIME_WAIT + done())
    assert found == [TIME_WAIT] * 2
    assert not parser.damaged


def test_messages_start_at_multiples_of_four_bytes() -> None:
    odd = connection("established", ("192.0.2.1", 1), attributes=b"\1")
    for data, messages in ((odd, 1), (odd + odd + done(), 2)):
        parser, found = taken_apart(data)
        assert found == [odd[:89]] * messages
        assert not parser.damaged


def test_nothing_is_read_after_the_end() -> None:
    assert taken_apart(TIME_WAIT + done() + TIME_WAIT)[1] == [TIME_WAIT]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(connection("time_wait", ("192.0.2.1", 1), flags=0x12) * 3 + done(), id="in the sockets"),
        pytest.param(TIME_WAIT * 3 + done(flags=0x12), id="in the last message"),
    ],
)
def test_an_interrupted_dump_is_reported(data: bytes) -> None:
    parser, found = taken_apart(data)
    assert parser.interrupted
    assert len(found) == 3


@pytest.mark.parametrize("error", [4096, 2**31])
def test_an_error_that_no_kernel_has_is_damage(error: int) -> None:
    parser, _found = taken_apart(refused(error))
    assert (parser.done, parser.damaged) == (True, True)


@pytest.mark.parametrize("end", [refused(1), done(error=1)])
def test_a_refusal_is_an_os_error(end: bytes) -> None:
    with pytest.raises(PermissionError):
        list(DumpParser().batches(end))


@given(st.binary(max_size=600) | st.lists(sockets | st.binary(max_size=40)).map(b"".join))
def test_garbage_raises_nothing_but_a_refusal(data: bytes) -> None:
    parser = DumpParser()
    try:
        batches = list(parser.batches(data))
    except OSError:
        return
    for batch in batches:
        for index in range(batch.size):
            batch.byte(index, INET_DIAG_INFO, 5)


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        (tcp_info(True), 7),
        (tcp_info(False), 6),
        (b"", None),
        (attribute(2, b"\0" * 5), None),
        (attribute(2, b"\0" * 5 + b"\x09"), 9),
        (attribute(8, b"\0") + attribute(2, b"\0" * 5 + b"\x08\0"), 8),
        (struct.pack("=HH", 0, 2) + b"\0" * 8, None),
        (struct.pack("=HH", 999, 2) + b"\0" * 8, None),
        (b"\2", None),
    ],
)
def test_one_byte_of_an_attribute(attributes: bytes, found: int | None) -> None:
    one = connection("established", ("192.0.2.1", 1), attributes=attributes)
    other = connection("established", ("192.0.2.1", 1), attributes=b"\xff" * len(attributes))
    batch = MessageBatch(memoryview(other[: len(one)] + one + other[: len(one)]), len(one), 3, 1)
    assert batch.byte(1, INET_DIAG_INFO, 5) == found


@pytest.mark.parametrize(("protocol", "state"), [(socket.IPPROTO_TCP, "listen"), (socket.IPPROTO_UDP, "close")])
def test_listeners_are_told_with_who_they_are(protocol: int, state: str) -> None:
    asked: list[tuple[int, int]] = []

    def dump(family: int, states: int, extensions: int, protocol: int) -> Iterable[bytes]:
        asked.append((family, protocol))
        return Kernel(made)(family, states, extensions)

    made = [
        connection(state, ("0.0.0.0", 40000), identity=(0, 7, 1000, 4711), attributes=attribute(8, b"\0")),
        connection(state, ("::", 40001), identity=(2, 2**64 - 1, 0, 0)),
        connection(state, ("127.0.0.1", 40002)),
        connection(state, ("0.0.0.0", 40003), ("192.0.2.1", 53)),
        connection(state, ("0.0.0.0", 0)),
        connection("established", ("0.0.0.0", 40004)),
    ]
    assert listeners(protocol, dump) == {
        Listener(40000, struct.pack("=Q", 7), 4711, 1000),
        Listener(40001, b"\xff" * 8, 0, 0),
    }
    assert asked == [(socket.AF_INET, protocol), (socket.AF_INET6, protocol)]


def test_this_kernel_lists_udp_sockets_too() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as open_, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as loopback:
        open_.bind(("0.0.0.0", 0))
        loopback.bind(("127.0.0.1", 0))
        found = {one.port: one for one in listeners(socket.IPPROTO_UDP)}
        assert found[open_.getsockname()[1]].inode == os.fstat(open_.fileno()).st_ino
        assert loopback.getsockname()[1] not in found
