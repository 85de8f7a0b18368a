# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Benchmark of the socket part and of the counts without sockets, in a network namespace of its own.

python tests/bench/sockets.py makes the namespace itself (unshare -n) and needs root for that, and ss and ip (iproute2).
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "playbooks/collections"), str(ROOT / "tests")]

from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._proc import parse_counters, parse_sockstat  # noqa: E402
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._sockets import count_sockets  # noqa: E402
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree  # noqa: E402
from bench.table import Row, medians, print_table, shown  # noqa: E402

SOCKETS = 100_000
ROUNDS = 9
# TIME_WAIT lasts a minute, so all of it has to be made and measured within that.
DESTINATIONS = [(f"127.0.0.{last}", 9000) for last in range(2, 7)]
PORTS = (1024, 65535)

REACH_OF_SS = 0.75
REACH_MEGABYTES = 10.0
REACH_COUNTS_SECONDS = 0.001


def rows() -> list[Row]:
    """The measured rows; re-executes this file in a namespace of its own. Raises CalledProcessError where that fails."""
    inside = subprocess.run(["unshare", "-n", sys.executable, __file__, "--json"], check=True, stdout=subprocess.PIPE, text=True)
    return [Row(*row) for row in json.loads(inside.stdout)]


def _measure() -> list[Row]:
    _prepare_namespace()
    idle = _peak_kilobytes()
    made = _make_time_waits(SOCKETS)
    ss, counted = medians(ROUNDS, _ss, lambda: count_sockets(PORTS))
    sockets, _not_seen = count_sockets(PORTS)
    assert sockets is not None
    seen = sockets["states"]["ipv4"]["time_wait"]
    if seen < made * 0.99:
        raise SystemExit(f"{made} TIME_WAITs were made and {seen} counted: they ran out before they were measured")
    grown = (_peak_kilobytes() - idle) / 1024
    counts, sockstat = medians(200, _counts, lambda: Path("/proc/net/sockstat").read_bytes())
    return [
        Row(
            f"sockets, {seen} TIME_WAITs",
            shown(counted),
            f"{shown(ss)} (ss | wc -l)",
            counted / ss,
            f"at most {REACH_OF_SS}",
            counted <= ss * REACH_OF_SS,
        ),
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


def _prepare_namespace() -> None:
    if Path("/proc/sys/net/ipv4/tcp_max_orphans").exists():
        raise SystemExit("This is the machine's own network namespace: it is left alone.")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for key, value in {"ip_local_port_range": f"{PORTS[0]} {PORTS[1]}", "tcp_max_tw_buckets": "1000000", "tcp_tw_reuse": "0"}.items():
        Path("/proc/sys/net/ipv4", key).write_text(value)


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


def _peak_kilobytes() -> int:
    """Peak resident memory of a new process that counts the sockets once."""
    child = subprocess.run([sys.executable, __file__, "--peak"], check=True, stdout=subprocess.PIPE, text=True)
    return int(child.stdout)


def _print_peak() -> None:
    import resource

    count_sockets(PORTS)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def main() -> None:
    if "--peak" in sys.argv:
        _print_peak()
    elif "--json" in sys.argv:
        json.dump(_measure(), sys.stdout)
    else:
        if os.geteuid() != 0:
            raise SystemExit("A network namespace of its own needs root.")
        print_table(rows())


if __name__ == "__main__":
    main()
