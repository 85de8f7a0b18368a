# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What other programs than the collection read on a guest: sysctl, ss, nstat, conntrack."""

from __future__ import annotations

import re
import typing as t
from collections import Counter

# Two readings that must come right before and right after the facts.
SCRIPT = """
echo @sysctl; sysctl -a 2>/dev/null
echo @ss; ss -Htan
echo @nstat; nstat -asz
echo @conntrack; conntrack -C
echo @stat; conntrack -S
"""
# What nstat leaves out: numbers that are none of its business.
NOT_IN_NSTAT = {"Forwarding", "DefaultTTL", "RtoAlgorithm", "RtoMin", "RtoMax", "MaxConn", "CurrEstab"}
# IpExt is no group of the facts; it is here so that its names do not count as those of Ip.
_GROUPS = ("TcpExt", "IpExt", "Tcp", "Ip")
_STATES = {
    "ESTAB": "established",
    "SYN-SENT": "syn_sent",
    "SYN-RECV": "syn_recv",
    "FIN-WAIT-1": "fin_wait1",
    "FIN-WAIT-2": "fin_wait2",
    "TIME-WAIT": "time_wait",
    "CLOSE-WAIT": "close_wait",
    "LAST-ACK": "last_ack",
    "LISTEN": "listen",
    "CLOSING": "closing",
}


class Reading(t.NamedTuple):
    """sysctl: key to its value with single spaces. states: sockets of TCP by state. counters: group to name to number. tracked: by
    conntrack -C. drops: of conntrack -S, the sums over all processors."""

    sysctl: dict[str, str]
    states: dict[str, int]
    counters: dict[str, dict[str, int]]
    tracked: int
    drops: dict[str, int]


def parse(text: str) -> Reading:
    """What SCRIPT prints."""
    parts = {part.split("\n", 1)[0]: part.split("\n", 1)[1] for part in re.split(r"^@", text, flags=re.MULTILINE)[1:]}
    sysctl = {}
    for line in parts["sysctl"].splitlines():
        key, equals, value = line.partition(" =")
        if equals:
            sysctl[key] = " ".join(value.split())
    states = Counter(_STATES.get(line.split()[0], line.split()[0]) for line in parts["ss"].splitlines() if line.strip())
    counters: dict[str, dict[str, int]] = {group: {} for group in _GROUPS}
    for line in parts["nstat"].splitlines():
        words = line.split()
        group = next((group for group in _GROUPS if words and re.match(rf"{group}[A-Z]", words[0])), None)
        if group and words[1].isdecimal():
            counters[group][words[0][len(group) :]] = int(words[1])
    del counters["IpExt"]
    drops: Counter[str] = Counter()
    for name, number in re.findall(r"(\w+)=(\d+)", parts["stat"]):
        if name != "cpu":
            drops[name] += int(number)
    return Reading(sysctl, dict(states), counters, int(parts["conntrack"].split()[0]), dict(drops))
