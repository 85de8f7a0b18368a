# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sentences of `netstat -s`, of several versions of net-tools."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._proc import parse_counters
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._paste import _netstat_s


@pytest.mark.parametrize(
    ("line", "group", "counter"),
    [
        ("387158 passive connections rejected because of time stamp", None, ("TcpExt", "PAWSPassive", 387158)),
        ("12 packets rejects in established connections because of timestamp", None, ("TcpExt", "PAWSEstab", 12)),
        ("12 packets rejected in established connections because of timestamp", None, ("TcpExt", "PAWSEstab", 12)),
        ("5 times the listen queue of a socket overflowed", "TcpExt", ("TcpExt", "ListenOverflows", 5)),
        ("5 SYNs to LISTEN sockets dropped", "TcpExt", ("TcpExt", "ListenDrops", 5)),
        ("5 SYNs to LISTEN sockets ignored", "TcpExt", ("TcpExt", "ListenDrops", 5)),
        ("3764018530 active connections openings", "Tcp", ("Tcp", "ActiveOpens", 3764018530)),
        ("3 active connection openings", "Tcp", ("Tcp", "ActiveOpens", 3)),
        ("15511 bad segments received.", "Tcp", ("Tcp", "InErrs", 15511)),
        ("428 segments retransmited", "Tcp", ("Tcp", "RetransSegs", 428)),
        ("TCPTimeWaitOverflow: 27360", "TcpExt", ("TcpExt", "TCPTimeWaitOverflow", 27360)),
        ("TCPTimeWaitOverflow: 27360", None, ("TcpExt", "TCPTimeWaitOverflow", 27360)),
        ("PAWSPassive = 44", None, ("TcpExt", "PAWSPassive", 44)),
        ("TcpExtPAWSPassive       44", None, ("TcpExt", "PAWSPassive", 44)),
        ("TcpExt:TCPTimeWaitOverflow 44", None, ("TcpExt", "TCPTimeWaitOverflow", 44)),
        ("ListenOverflows 5", None, ("TcpExt", "ListenOverflows", 5)),
        ("TIME_WAIT 814", None, None),
        ("ESTAB 814", "TcpExt", None),
        ("TCP 5", None, None),
        ("InOctets: 5", "IpExt", None),
        ("InOctets: 5", None, None),
        ("12 delayed acks sent", "TcpExt", None),
        ("passive connections rejected because of time stamp", None, None),
        ("", None, None),
    ],
)
def test_counters(line: str, group: str | None, counter: tuple[str, str, int] | None) -> None:
    assert _netstat_s.counter_of(line, group) == counter


@pytest.mark.parametrize(("line", "group"), [("TcpExt:", "TcpExt"), ("Tcp:", "Tcp"), ("Note:", None), ("Tcp: 5", None)])
def test_headings(line: str, group: str | None) -> None:
    assert _netstat_s.group_of(line) == group


def test_the_real_netstat_of_this_machine_says_what_proc_says() -> None:
    try:
        text = subprocess.run(["netstat", "-s"], capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        pytest.skip("needs netstat")
    now = {
        group: names
        for place in ("netstat", "snmp")
        for group, names in parse_counters(Path(f"/proc/net/{place}").read_text("utf-8")).items()
    }
    group, found = None, 0
    for line in text.splitlines():
        group = _netstat_s.group_of(line.strip()) or group
        counter = _netstat_s.counter_of(line.strip(), group)
        if counter:
            found += 1
            # It only grows, apart from the gauge.
            assert counter[1] == "CurrEstab" or counter[2] <= now[counter[0]][counter[1]]
    sentences = [line for line in text.splitlines() if re.match(r"\s+\d+ (?:active|passive) connection openings", line)]
    assert found >= len(sentences) == 2
