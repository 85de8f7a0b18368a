# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines of one answer: those that are understood, and what they say."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._paste._answers import AnswerReader
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._paste._clean import lines_of
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._paste._command import parse
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._paste._observed import Observed
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._paste._parts import Part, parts_of


def read(*lines: str, command: str = "") -> Observed:
    observed = Observed(None)
    AnswerReader(Part("", 2, None, parse(command) if command else None, bool(command), list(lines)), observed).read()
    return observed


@pytest.mark.parametrize(
    "line",
    [
        "net.ipv4.tcp_tw_reuse = 1",
        "net.ipv4.conf.eth0/100.rp_filter = 1",
        "fs.nr_open = 1048576",
        "* Applying /etc/sysctl.d/99-sysctl.conf ...",
        "sysctl: permission denied on key 'net.ipv4.tcp_fastopen_key'",
        'error: "Invalid argument" reading key "net.ipv6.conf.all.stable_secret"',
        "/proc/sys/net/ipv4/tcp_tw_reuse:1",
        "TcpExt:",
        "TCPTimeWaitOverflow: 27360",
        "TcpExtTWRecycled                7                  0.0",
        "IcmpInMsgs                      7                  0.0",
        "TCP6: inuse 5",
        "sockets: used 300",
        "Total: 177 (kernel 1565)",
        "Transport Total     IP        IPv6",
        "*	  16739     -         -",
        "814 TIME_WAIT",
        "Linux web1 3.10.0-1160.el7.x86_64 #1 SMP x86_64 GNU/Linux",
        " 10:00:00 up 12 min,  2 users,  load average: 0.1, 0.2, 0.3",
        "12345.67 98765.43",
        "Fri Nov 27 07:57:07 UTC 2026",
        "cpu=0   \tfound=1 insert_failed=2",
        "entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop",
    ],
)
def test_lines_that_are_understood(line: str) -> None:
    assert read(line).left == []


@pytest.mark.parametrize(
    "line",
    [
        "Hello!",
        "net.ipv4.tcp_tw_reuse: 1",
        "com.example.key = 1",
        "bash: netstat: command not found",
        "150 10.0.0.9",
        "if (net.ipv4.tcp_tw_reuse == 1)",
    ],
)
def test_lines_that_are_not(line: str) -> None:
    assert [left.first for left in read(line).left] == [line]


def test_where_lines_were_not_understood() -> None:
    (left,) = read("net.ipv4.tcp_tw_reuse = 1", "x", "", "y", command="sysctl -a").left
    assert str(left) == "Line 3, in the answer of 'sysctl -a': 2 lines were not understood. The first is 'x'."


def test_what_stands_under_a_heading_may_be_something_else() -> None:
    observed = read("TcpExt:", "    5 resets received for embryonic SYN_RECV sockets", "    12 of nothing", "    814 TIME_WAIT", "ESTAB 3")
    assert observed.counters == {"TcpExt": {"EmbryonicRsts": 5}}
    assert observed.sockets.counted == {"time_wait": 814, "established": 3}
    assert observed.left == []


def test_secrets_stay_out() -> None:
    observed = read("net.ipv4.tcp_fastopen_key = 1-2-3-4", "kernel.random.uuid = 5", command="sysctl -a")
    assert "net.ipv4.tcp_fastopen_key" not in observed.values


def test_a_value_that_the_kernel_refused_is_not_taken() -> None:
    observed = read(
        "sysctl: permission denied on key 'net.ipv4.tcp_tw_reuse'", "net.ipv4.tcp_tw_reuse = 1", command="sysctl -w net.ipv4.tcp_tw_reuse=1"
    )
    # Nor does it say that the key cannot be read.
    assert (observed.values, observed.errors) == ({}, [])


@pytest.mark.parametrize(
    ("lines", "group", "counters"),
    [
        (("Tcp: ActiveOpens PassiveOpens CurrEstab", "Tcp: 5 6 7"), "Tcp", {"ActiveOpens": 5, "PassiveOpens": 6, "CurrEstab": 7}),
        (("TcpExt: SyncookiesSent TW TWRecycled", "TcpExt: 5 6"), "TcpExt", None),
        (("IcmpMsg: InType3", "IcmpMsg: 5"), "IcmpMsg", None),
        (("IpExt: InNoRoutes InTruncatedPkts", "IpExt: 5 6"), "IpExt", None),
    ],
)
def test_names_and_values(lines: tuple[str, ...], group: str, counters: Any) -> None:
    observed = read(*lines)
    assert observed.counters.get(group) == counters
    assert (group in observed.whole_groups) == (counters is not None)
    assert bool(observed.left) == (lines[0].count(" ") != lines[1].count(" "))


def test_which_groups_are_whole() -> None:
    row = "TcpExtTWRecycled                7                  0.0"
    assert read(row, command="nstat -az").whole_groups == {"TcpExt"}
    assert read(row, command="nstat -az | grep TW").whole_groups == set()
    assert read(row).whole_groups == set()
    assert read("Tcp:", "    5 resets sent", command="netstat -s").whole_groups == set()


@pytest.mark.parametrize(
    "line",
    [
        "a" * 400_000,
        "[" * 100_000,
        "net." + "a." * 100_000 + " = 1",
        "1 " * 100_000,
        "TcpExt: " + "a " * 100_000,
        "TCP: " + "inuse 1 " * 50_000,
        "/proc/sys/" + "a/" * 100_000,
        "entries " + "a " * 100_000,
        "user@" * 50_000,
        "$ " * 50_000,
    ],
)
def test_no_line_takes_more_than_its_length(line: str) -> None:
    def seconds(text: str) -> float:
        began = time.process_time()
        for part in parts_of(lines_of(text)):
            AnswerReader(part, Observed(None)).read()
        return time.process_time() - began

    # Ten times as long may take a hundred times as long only where the time grows with the square.
    assert seconds(line) < 30 * seconds(line[: len(line) // 10]) + 0.5
