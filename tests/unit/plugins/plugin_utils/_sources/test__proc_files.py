# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of /proc from an archive or a capture tell what they would tell on the live host."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import _proc_files
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._common import empty_snapshot, present
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._tree import MemoryTree

PORTS = "net.ipv4.ip_local_port_range"


def test_what_is_in_the_tree_is_filled_in() -> None:
    snapshot = empty_snapshot("sos", "/x")
    tree = MemoryTree()
    tree.add_file("/proc/net/netstat", b"TcpExt: TW\nTcpExt: 7\n")
    tree.add_file("/proc/net/snmp", b"Tcp: MaxConn\nTcp: -1\n")
    tree.add_file("/proc/net/sockstat", b"TCP: inuse 3 tw 5\n")
    tree.add_file("/proc/meminfo", b"MemTotal:  2 kB\n")
    _proc_files.fill_in(snapshot, tree, boot_files=False)
    assert snapshot["counters"] == {"TcpExt": {"TW": 7}, "Tcp": {"MaxConn": -1}}
    assert snapshot["sockstat"] == {"TCP": {"inuse": 3, "tw": 5}}
    assert snapshot["host"]["memory_bytes"] == 2048
    assert snapshot["boot_files"] is None


def test_what_is_known_is_not_replaced_by_what_is_not() -> None:
    snapshot = empty_snapshot("sos", "/x")
    snapshot["host"]["memory_bytes"] = 5
    _proc_files.fill_in(snapshot, MemoryTree(), boot_files=False)
    assert snapshot["host"]["memory_bytes"] == 5
    assert snapshot["counters"] is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Linux web1 6.1.0 #1 SMP x86_64\n", ("web1", "6.1.0")),
        ("Darwin web1 6.1.0\n", (None, None)),
        ("Linux web1", (None, None)),
        ("", (None, None)),
    ],
)
def test_uname(text: str, names: tuple[str | None, str | None]) -> None:
    snapshot = empty_snapshot("sos", "/x")
    _proc_files.uname(snapshot, text)
    assert (snapshot["host"]["hostname"], snapshot["host"]["kernel_release"]) == names


def test_uname_replaces_no_better_name() -> None:
    snapshot = empty_snapshot("sos", "/x")
    snapshot["host"]["hostname"] = "known"
    _proc_files.uname(snapshot, "Linux web1 6.1.0")
    assert (snapshot["host"]["hostname"], snapshot["host"]["kernel_release"]) == ("known", "6.1.0")


def test_nstat() -> None:
    text = "#kernel\nTcpExtTW   7   0.0\nTcpActiveOpens\t3\t0.0\nIpInReceives 1 0.0\nTcpExtBad x 0.0\n"
    assert _proc_files.nstat(text) == {"TcpExt": {"TW": 7}, "Tcp": {"ActiveOpens": 3}, "Ip": {"InReceives": 1}}
    assert _proc_files.nstat("#kernel\n") is None
    assert _proc_files.nstat(f"TcpExtTW {2**64 - 1} 0\nTcpExtTWRecycled {2**64} 0\n") == {"TcpExt": {"TW": 2**64 - 1}}


def test_counters_of_a_second_look() -> None:
    files = {"/proc/net/netstat": b"TcpExt: TW\nTcpExt: 7\n", "/proc/net/snmp": b"garbage"}
    assert _proc_files.counters(files) == {"TcpExt": {"TW": 7}}
    assert _proc_files.counters({}) is None


@pytest.mark.parametrize(("low", "outgoing"), [("50000 60000", 1), ("50002 60000", 0)])
def test_time_wait_counts_as_outgoing_inside_the_ephemeral_range(low: str, outgoing: int) -> None:
    snapshot = empty_snapshot("capture", "/x")
    snapshot["sysctl"] = {PORTS: present(PORTS, low)}
    table = b"State Recv-Q Send-Q Local Address:Port Peer Address:Port\nTIME-WAIT 0 0 10.0.0.1:50001 10.0.0.2:443\n"
    _proc_files.sockets(snapshot, [("ss.txt", table)])
    assert snapshot["sockets"] is not None
    assert snapshot["sockets"]["time_wait_outgoing"] == outgoing


def test_without_tables_sockets_stay_unknown() -> None:
    snapshot = empty_snapshot("capture", "/x")
    _proc_files.sockets(snapshot, [])
    assert snapshot["sockets"] is None
