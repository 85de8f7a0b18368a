# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The socket part of tcp_facts against ss, and the counts without sockets, in a network namespace of its own. Needs root, ss and ip."""

from __future__ import annotations

import resource
import socket
import subprocess
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._proc import parse_counters, parse_sockstat
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._sockets import count_sockets
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from bench.process import IPV4, call, namespace, only_in_own_namespace
from bench.table import Row, medians, shown, times_slower

SOCKETS = 100_000
ROUNDS = 9
# TIME_WAIT lasts a minute, so all of it has to be made and measured within that.
DESTINATIONS = [(f"127.0.0.{last}", 9000) for last in range(2, 7)]
PORTS = (1024, 65535)

REACH_OF_SS = 0.5
REACH_MEGABYTES = 10.0
REACH_COUNTS_SECONDS = 0.001


def rows() -> list[Row]:
    """The measured rows. Raises CalledProcessError where the measuring fails."""
    return [Row(*row) for row in call(measure, prefix=namespace())]


def measure() -> list[Row]:
    only_in_own_namespace()
    for key, value in {"ip_local_port_range": f"{PORTS[0]} {PORTS[1]}", "tcp_max_tw_buckets": "1000000", "tcp_tw_reuse": "0"}.items():
        (IPV4 / key).write_text(value)
    idle = call(peak_kilobytes)
    made = _make_time_waits(SOCKETS)
    ss, counted = medians(ROUNDS, _ss, lambda: count_sockets(PORTS))
    sockets, _not_seen = count_sockets(PORTS)
    assert sockets is not None
    seen = sockets["states"]["ipv4"]["time_wait"]
    if seen < made * 0.99:
        raise RuntimeError(f"{made} TIME_WAITs were made and {seen} counted: they ran out before they were measured")
    grown = (call(peak_kilobytes) - idle) / 1024
    counts, sockstat = medians(200, _counts, lambda: Path("/proc/net/sockstat").read_bytes())
    return [
        times_slower(f"sockets, {seen} TIME_WAITs", counted, ss, "ss | wc -l", REACH_OF_SS),
        Row(
            "memory for them, peak of a new process",
            f"{grown:.1f} MB more",
            "no TIME_WAITs",
            None,
            f"under {REACH_MEGABYTES:.0f} MB",
            grown < REACH_MEGABYTES,
        ),
        Row(
            "counts without sockets",
            shown(counts),
            f"{shown(sockstat)} (read sockstat)",
            counts / sockstat,
            f"under {shown(REACH_COUNTS_SECONDS)}",
            counts < REACH_COUNTS_SECONDS,
        ),
    ]


def _make_time_waits(count: int) -> int:
    """Outgoing connections that this side closed first, both ends in this process."""
    share = count // len(DESTINATIONS)
    for destination in DESTINATIONS:
        with socket.create_server(destination, backlog=16) as listener:
            for _each in range(share):
                client = socket.socket()
                client.connect(destination)
                server, _address = listener.accept()
                client.close()
                server.close()
    return share * len(DESTINATIONS)


def _ss() -> None:
    subprocess.run("ss -Htan state time-wait | wc -l", shell=True, check=True, stdout=subprocess.DEVNULL)


def _counts() -> None:
    host = HostTree()
    parse_sockstat(host.read("/proc/net/sockstat", 65536).decode())
    parse_counters(host.read("/proc/net/netstat", 65536).decode())
    parse_counters(host.read("/proc/net/snmp", 65536).decode())


def peak_kilobytes() -> int:
    """Peak resident memory of this process once it has counted the sockets. Called in a new one."""
    count_sockets(PORTS)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
