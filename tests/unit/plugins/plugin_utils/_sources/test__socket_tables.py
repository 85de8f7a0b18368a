# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sockets out of text: the same sockets in the words of the kernel, of ss and of netstat."""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._proc import parse_sockstat
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._socket_tally import MAX_LISTENERS
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._socket_types import Sockets
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._socket_tables import (
    SocketRow,
    count,
    is_socket_table,
    socket_rows,
)
from hypothesis import given
from hypothesis import strategies as st
from support.corpus import CORPUS, FIXTURES, each_collection

PROC = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
SS = "State      Recv-Q Send-Q Local Address:Port  Peer Address:Port Process\n"
NETSTAT = (
    "Active Internet connections (servers and established)\n"
    "Proto Recv-Q Send-Q Local Address           Foreign Address         State      \n"
)

# state: number in /proc/net/tcp, word of ss, word of netstat
WORDS = {
    "established": ("01", "ESTAB", "ESTABLISHED"),
    "syn_sent": ("02", "SYN-SENT", "SYN_SENT"),
    "syn_recv": ("03", "SYN-RECV", "SYN_RECV"),
    "fin_wait1": ("04", "FIN-WAIT-1", "FIN_WAIT1"),
    "fin_wait2": ("05", "FIN-WAIT-2", "FIN_WAIT2"),
    "time_wait": ("06", "TIME-WAIT", "TIME_WAIT"),
    "close": ("07", "UNCONN", "CLOSE"),
    "close_wait": ("08", "CLOSE-WAIT", "CLOSE_WAIT"),
    "last_ack": ("09", "LAST-ACK", "LAST_ACK"),
    "listen": ("0A", "LISTEN", "LISTEN"),
    "closing": ("0B", "CLOSING", "CLOSING"),
}


def as_hex(address: str) -> str:
    packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    words = struct.unpack(f"<{len(packed) // 4}I", packed)
    return "".join(f"{word:08X}" for word in words)


def as_proc(row: SocketRow) -> str:
    state = WORDS[row.state][0]
    ends = f"{as_hex(row.local)}:{row.port:04X} {as_hex(row.remote)}:{row.remote_port:04X}"
    return f"   0: {ends} {state} 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0\n"


def as_ss(row: SocketRow) -> str:
    local, remote = (f"[{address}]" if ":" in address else address for address in (row.local, row.remote))
    return f"{WORDS[row.state][1]:<10} 0      128    {local}:{row.port}   {remote}:{row.remote_port or '*'}   \n"


def as_netstat(row: SocketRow) -> str:
    protocol = "tcp6" if ":" in row.local else "tcp"
    return f"{protocol:<6}     0      0 {row.local}:{row.port}    {row.remote}:{row.remote_port or '*'}    {WORDS[row.state][2]}  \n"


ports = st.integers(1, 65535)
ipv4 = st.sampled_from(["10.0.0.1", "192.0.2.7", "127.0.0.1", "255.255.255.255"])
ipv6 = st.sampled_from(["2001:db8::1", "fe80::1:2", "::1"])
states = st.sampled_from([state for state in WORDS if state != "listen"])
rows = st.builds(SocketRow, st.just("ipv4"), states, ipv4, ports, ipv4, ports) | st.builds(
    SocketRow, st.just("ipv6"), states, ipv6, ports, ipv6, ports
)
listeners = st.builds(SocketRow, st.just("ipv4"), st.just("listen"), st.just("0.0.0.0"), ports, st.just("0.0.0.0"), st.just(0)) | st.builds(
    SocketRow, st.just("ipv6"), st.just("listen"), st.just("::"), ports, st.just("::"), st.just(0)
)


@given(st.lists(rows | listeners, max_size=20))
def test_all_tables_tell_the_same(table: list[SocketRow]) -> None:
    proc4 = PROC + "".join(as_proc(row) for row in table if row.family == "ipv4")
    proc6 = PROC + "".join(as_proc(row) for row in table if row.family == "ipv6")
    expected = told_by_all(count([proc4, proc6]))
    assert sum(sum(one.values()) for one in expected["states"].values()) == len(table)
    assert told_by_all(count([SS + "".join(map(as_ss, table))])) == expected
    assert told_by_all(count([NETSTAT + "".join(map(as_netstat, table))])) == expected


def told_by_all(figures: Sockets) -> dict[str, Any]:
    """What every kind of table tells: /proc/net has no backlog, netstat no queue of a listener, and only /proc/net has inodes."""
    listeners = [{**one, "queue": None, "backlog": None} for one in figures["listeners"]]
    return {**figures, "listeners": listeners, "fin_wait2_orphans": None}


def made(*rows: tuple[str, str, int, str, int]) -> str:
    return SS + "".join(as_ss(SocketRow("ipv4", *row)) for row in rows)


def test_who_closed_first() -> None:
    text = made(
        ("listen", "0.0.0.0", 80, "0.0.0.0", 0),
        ("time_wait", "10.0.0.1", 80, "10.0.0.2", 40000),
        ("time_wait", "10.0.0.1", 50000, "10.0.0.3", 443),
        ("established", "10.0.0.1", 50001, "10.0.0.3", 443),
        ("established", "127.0.0.1", 50002, "127.0.0.1", 443),
        ("established", "10.0.0.1", 80, "10.0.0.2", 40001),
    )
    figures = count([text])
    assert (figures["time_wait_listening"], figures["time_wait_outgoing"], figures["outgoing"]) == (1, 1, 1)
    assert figures["ports_in_use"][0] == {
        "source": "10.0.0.1",
        "destination": "10.0.0.3",
        "destination_port": 443,
        "ports": 2,
        "begun": None,
        "bind_parity": None,
        "device": None,
        "states": {"established": 1, "time_wait": 1},
    }
    late = count([text], (50001, 60000))
    assert late["ports_in_use"][0]["ports"] == 1
    assert (late["time_wait_listening"], late["time_wait_outgoing"]) == (1, 0), "no ephemeral port, no listener: a server that is gone"
    assert count([text], top=1)["ports_in_use"] == figures["ports_in_use"][:1]


def test_timestamps_from_the_details_of_ss() -> None:
    row = "ESTAB 0 0 10.0.0.1:5000{} 10.0.0.2:443\n"
    text = (
        SS
        + row.format(1)
        + "\t cubic wscale:7,7 ts sack rto:204 rtt:1/2\n"
        + row.format(2)
        + "\t cubic wscale:7,7 sack rto:204\n"
        + row.format(3)
    )
    text += row.format(5) + "\t skmem:(r0)\n" + "\t ts rto:204\n"
    text += row.format(4).rstrip() + " timer:(keepalive,1min,0) ts sack cubic rto:200\n"
    assert count([text])["timestamps"] == [{"destination": "10.0.0.2", "destination_port": 443, "negotiated": 3, "not_negotiated": 1}]


@pytest.mark.parametrize(
    ("line", "local", "port"),
    [
        ("ESTAB 0 0 127.0.0.53%lo:53 10.0.0.1:5", "127.0.0.53", 53),
        ("ESTAB 0 0 [::ffff:10.0.0.9]:80 [::ffff:10.0.0.8]:1", "10.0.0.9", 80),
        ("tcp LISTEN 0 0 *:8080 *:*", "::", 8080),
        ("tcp   0   0 :::22   :::*   LISTEN", "::", 22),
        ("tcp   0   0 localhost:https   other:ssh   ESTABLISHED", "", 0),
        ("ESTAB 0 0 10.0.0.1:65535 10.0.0.1:5", "10.0.0.1", 65535),
        ("ESTAB 0 0 10.0.0.1:65536 10.0.0.1:5", "", 0),
        ("ESTAB 0 0 10.0.0.1:0 10.0.0.1:5", "", 0),
    ],
)
def test_addresses(line: str, local: str, port: int) -> None:
    (row,) = socket_rows(SS + line + "\n")
    assert (row.local, row.port) == (local, port)


def test_a_listener_given_by_name_is_counted_and_not_named() -> None:
    figures = count([SS + "LISTEN 0 0 localhost:8080 *:*\nTIME-WAIT 0 0 10.0.0.1:8080 10.0.0.2:5\nLISTEN 0 0 10.0.0.1:http *:*\n"])
    assert (figures["listeners"], figures["time_wait_listening"], figures["states"]["ipv4"]["listen"]) == ([], 1, 2)


@pytest.mark.parametrize(("listeners", "left_out"), [(MAX_LISTENERS, 0), (MAX_LISTENERS + 1, 1)])
def test_a_bounded_number_of_listeners_is_named(listeners: int, left_out: int) -> None:
    figures = count([made(*(("listen", "0.0.0.0", port, "0.0.0.0", 0) for port in range(1, listeners + 1)))])
    assert (len(figures["listeners"]), figures["listeners_left_out"]) == (MAX_LISTENERS, left_out)


@pytest.mark.parametrize(
    "line",
    [
        "ESTAB many 0 10.0.0.1:1 10.0.0.2:5",
        "ESTAB 0 0 10.0.0.1:1",
        "tcp many 0 10.0.0.1:1 10.0.0.2:5 ESTABLISHED",
        "u_str ESTAB 0 0 * 17 * 18",
        "GONE 0 0 10.0.0.1:1 10.0.0.2:5",
    ],
)
def test_what_is_no_row(line: str) -> None:
    assert list(socket_rows(SS + line + "\n")) == []


@given(st.text(st.sampled_from("tcp ESTABLIN0123456789.:[]*%\t\n\x00é-"), max_size=200))
def test_any_text_counts_something_or_nothing(text: str) -> None:
    count([SS + text, PROC + text, NETSTAT + text])


@each_collection
def test_three_outputs_of_one_host(hosts: Path) -> None:
    texts = [(hosts / "local-6.18" / name).read_text() for name in ("proc_net_tcp.txt", "ss-tan.txt", "ss-tano.txt", "netstat-tan.txt")]
    assert all(map(is_socket_table, texts))
    figures = [count([text]) for text in texts]
    sockstat = parse_sockstat((hosts / "local-6.18" / "sockstat.txt").read_text())
    assert figures[0]["states"]["ipv4"] == {"time_wait": sockstat["TCP"]["tw"]}
    assert all(one == figures[0] for one in figures)


# sockets by state, and those of TIME_WAIT at a listening port
BUSY = {
    FIXTURES: ({"established": 5, "listen": 3, "time_wait": 12}, 11),
    CORPUS: ({"established": 153, "listen": 9, "time_wait": 1156}, 1149),
}


@each_collection
def test_a_busy_host(hosts: Path) -> None:
    figures = count([(hosts / "other" / "percona_netstat-002.txt").read_text()])
    assert (figures["states"]["ipv4"], figures["time_wait_listening"]) == BUSY[hosts]


def test_ss_tells_the_queues_of_a_listener_and_the_device_of_a_socket() -> None:
    figures = count(
        [
            SS
            + "LISTEN 6 5 0.0.0.0:80 0.0.0.0:*\n"
            + "LISTEN 0 128 0.0.0.0:80 0.0.0.0:*\n"
            + "ESTAB 0 0 10.0.0.1%eth0:50000 10.0.0.3:443\n"
            + "ESTAB 0 0 10.0.0.1%eth1:50000 10.0.0.3:443\n"
            + "FIN-WAIT-2 0 0 10.0.0.1%eth1:50001 10.0.0.3:443\n"
        ]
    )
    assert [(one["queue"], one["backlog"]) for one in figures["listeners"]] == [(6, 5)]
    assert [(one["device"], one["ports"]) for one in figures["ports_in_use"]] == [("eth1", 2), ("eth0", 1)]
    assert [(one["device"], one["ports"], one["bind_parity"]) for one in figures["source_ports"]] == [("eth1", 2, 1), ("eth0", 1, 1)]
    assert figures["fin_wait2_orphans"] is None


def test_proc_tells_the_queue_of_a_listener_and_which_sockets_no_program_has_open() -> None:
    def row(number: int, state: str, queue: int, inode: int) -> str:
        ends = f"{as_hex('10.0.0.1')}:{50000 + number:04X} {as_hex('10.0.0.3')}:01BB"
        return f"   {number}: {ends} {state} 00000000:{queue:08X} 00:00000000 00000000     0        0 {inode} 1 0 100 0 0 10 0\n"

    figures = count([PROC + row(1, "0A", 7, 100) + row(2, "05", 0, 0) + row(3, "05", 0, 101) + row(4, "05", 0, 0)])
    assert [(one["queue"], one["backlog"]) for one in figures["listeners"]] == [(7, None)]
    assert figures["fin_wait2_orphans"] == 2


def test_accepted_connections_and_source_ports() -> None:
    figures = count(
        [
            made(
                ("listen", "0.0.0.0", 80, "0.0.0.0", 0),
                ("close_wait", "10.0.0.1", 80, "10.0.0.2", 40000),
                ("close_wait", "10.0.0.1", 80, "10.0.0.2", 40001),
                ("time_wait", "10.0.0.1", 80, "10.0.0.2", 40002),
                ("established", "10.0.0.1", 50000, "10.0.0.3", 443),
                ("established", "10.0.0.1", 50000, "10.0.0.4", 443),
                ("syn_sent", "10.0.0.1", 50002, "10.0.0.4", 443),
            )
        ],
        (50000, 50009),
    )
    assert figures["accepted"] == [{"port": 80, "states": {"close_wait": 2, "time_wait": 1}}]
    assert figures["source_ports"] == [{"device": None, "source": "10.0.0.1", "connections": 3, "ports": 2, "bind_parity": 0}]
