# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source NAT aggregated from connection tracking against conntrack -L, in a network namespace of its own. Needs root, nft and conntrack."""

from __future__ import annotations

import resource
import socket
import subprocess
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._conntrack import snat_uses
from bench.process import call, namespace, only_in_own_namespace
from bench.table import Row, medians, times_slower

ENTRIES = 100_000
SOURCES = 50
ROUNDS = 5
NETFILTER = Path("/proc/sys/net/netfilter")
# Each destination port is a group, which holds one port for each source.
RULES = """\
table ip bench {
  chain out {
    type nat hook postrouting priority srcnat
    ip daddr 127.0.0.9 udp dport != 0 snat to 127.0.0.5
  }
}
"""

REACH_OF_CONNTRACK = 1.0
REACH_MEGABYTES = 10.0


def rows() -> list[Row]:
    """The measured rows. Raises CalledProcessError where the measuring fails."""
    return [Row(*row) for row in call(measure, prefix=namespace())]


def measure() -> list[Row]:
    only_in_own_namespace()
    subprocess.run(["nft", "-f", "-"], input=RULES, text=True, check=True)
    (NETFILTER / "nf_conntrack_udp_timeout").write_text("600")
    idle = call(peak_kilobytes)
    _make_entries(ENTRIES)
    conntrack, aggregated = medians(ROUNDS, _conntrack, snat_uses)
    tally, not_seen = snat_uses()
    if tally is None or tally.entries < ENTRIES * 0.99:
        raise RuntimeError(f"{ENTRIES} entries were made, and {tally and tally.entries} counted {not_seen}")
    grown = (call(peak_kilobytes) - idle) / 1024
    return [
        times_slower(
            f"connection tracking, {tally.entries} source-NATed entries", aggregated, conntrack, "conntrack -L | wc -l", REACH_OF_CONNTRACK
        ),
        Row(
            "memory for them, peak of a new process",
            f"{grown:.1f} MB more",
            "no entries",
            None,
            f"under {REACH_MEGABYTES:.0f} MB",
            grown < REACH_MEGABYTES,
        ),
    ]


def _make_entries(count: int) -> None:
    """UDP packets to ports where nobody listens; each pair of ports is an entry."""
    for number in range(SOURCES):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind(("127.0.0.1", 20000 + number))
            for port in range(1, count // SOURCES + 1):
                one.sendto(b"x", ("127.0.0.9", port))


def _conntrack() -> None:
    subprocess.run("conntrack -L 2>&1 | wc -l", shell=True, check=True, stdout=subprocess.DEVNULL)


def peak_kilobytes() -> int:
    """Peak resident memory of this process once it has read the entries. Called in a new one."""
    snat_uses()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
