# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tally's own parts: what its totals say is tested by test__sockets."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._sock_diag import DumpParser
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._socket_tally import MAX_SOURCES, SocketTally, SourcePorts, plain
from support.netlink import attribute, connection, done, tcp_info

WEB = ("192.0.2.80", 443)


def packed(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address).ljust(16, b"\0")


@pytest.mark.parametrize(
    ("family", "source", "destination", "kept"),
    [
        ("ipv4", "192.0.2.1", "192.0.2.80", ("192.0.2.1", "192.0.2.80")),
        ("ipv6", "2001:db8::1", "2001:db8::2", ("2001:db8::1", "2001:db8::2")),
        ("ipv6", "::ffff:192.0.2.1", "::ffff:192.0.2.80", ("192.0.2.1", "192.0.2.80")),
        ("ipv6", "::ffff:192.0.2.1", "2001:db8::2", ("::ffff:192.0.2.1", "2001:db8::2")),
    ],
)
def test_a_group_has_addresses_of_their_real_size(family: str, source: str, destination: str, kept: tuple[str, str]) -> None:
    group = plain("ipv4" if family == "ipv4" else "ipv6", b"\x01\xbb" + packed(source) + packed(destination) + b"\7\0\0\0")
    assert group == b"\x01\xbb" + b"".join(ipaddress.ip_address(one).packed for one in kept) + b"\7\0\0\0"


def test_ports_of_two_tables_are_held_once() -> None:
    one, other = SourcePorts(), SourcePorts()
    one.connections, other.connections = 2, 3
    for ports, held in ((one, (1, 40000)), (other, (40000, 65535))):
        for port in held:
            ports.held[port] = 1
    one.merge(other)
    assert (one.connections, [port for port, held in enumerate(one.held) if held]) == (5, [1, 40000, 65535])


def test_messages_of_several_sizes_and_sources_in_one_buffer() -> None:
    sockets = [
        connection("established", ("192.0.2.1", 40000 + n), WEB, attribute(8, b"\0") * (n % 3) + tcp_info(n % 2 == 0)) for n in range(9)
    ]
    sockets += [connection("established", (f"192.0.2.{n % 3}", 50000), ("192.0.2.81", n), tcp_info(True)) for n in range(1, 7)]
    tally, parser = SocketTally((32768, 60999)), DumpParser()
    for batch in parser.batches(b"".join(sockets) + done()):
        tally.add("ipv4", batch)
    assert not parser.damaged
    held = {source[:4]: (one.connections, sum(one.held)) for source, one in tally.sources["ipv4"].items()}
    assert held == {bytes((192, 0, 2, 0)): (2, 1), bytes((192, 0, 2, 1)): (11, 10), bytes((192, 0, 2, 2)): (2, 1)}
    assert sum(tally.timestamps.counts.values()) == 15


def test_no_more_than_so_many_sources_are_kept() -> None:
    tally, parser = SocketTally(None), DumpParser()
    sockets = b"".join(connection("time_wait", (f"10.0.{n // 250}.{n % 250}", 40000), WEB) for n in range(MAX_SOURCES + 72))
    for batch in parser.batches(sockets + done()):
        tally.add("ipv4", batch)
    assert (len(tally.sources["ipv4"]), len(tally.sources_left_out)) == (MAX_SOURCES, 72)
