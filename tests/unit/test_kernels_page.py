# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make kernels` compares, and the page that it writes."""

from __future__ import annotations

import typing as t

from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import SYSCTL_KEYS
from kernels import facts, report, roles, state, traps
from kernels.image import GUESTS
from kernels.readings import Reading, parse

PRINTED = """
@sysctl
net.ipv4.tcp_timestamps = 1
net.ipv4.ip_local_port_range = 32768\t60999
net.ipv4.ip_local_reserved_ports =
@ss
ESTAB  0 0 10.0.2.15:22 10.0.2.2:50000
LISTEN 0 128 0.0.0.0:22 0.0.0.0:*
TIME-WAIT 0 0 10.0.2.15:40000 10.0.2.15:25001
@nstat
#kernel
IpInReceives                    7                  0.0
TcpActiveOpens                  3                  0.0
TcpExtTW                        12                 0.0
IpExtInOctets                   99                 0.0
@conntrack
38
@stat
cpu=0 found=0 invalid=1 drop=2
cpu=1 found=0 invalid=3 drop=0
"""


def test_readings_of_other_programs_are_understood() -> None:
    assert parse(PRINTED) == Reading(
        {"net.ipv4.tcp_timestamps": "1", "net.ipv4.ip_local_port_range": "32768 60999", "net.ipv4.ip_local_reserved_ports": ""},
        {"established": 1, "listen": 1, "time_wait": 1},
        {"TcpExt": {"TW": 12}, "Tcp": {"ActiveOpens": 3}, "Ip": {"InReceives": 7}},
        38,
        {"found": 0, "invalid": 4, "drop": 2},
    )


def snapshot(**changes: t.Any) -> t.Any:
    sysctl: dict[str, t.Any] = {key: {"state": "absent"} for key in SYSCTL_KEYS}
    sysctl["net.ipv4.tcp_timestamps"] = {"state": "present", "raw": "1"}
    sysctl["net.ipv4.ip_local_port_range"] = {"state": "present", "raw": "32768\t60999"}
    sysctl["net.ipv4.ip_local_reserved_ports"] = {"state": "present", "raw": ""}
    same = {
        "sysctl": sysctl,
        "ipv4_keys": ["tcp_timestamps", "ip_local_port_range", "ip_local_reserved_ports"],
        "counters": {"TcpExt": {"TW": 12}, "Tcp": {"ActiveOpens": 3}, "Ip": {"InReceives": 7}, "nf_conntrack": {"drop": 2}},
        "sockets": {"states": {"ipv4": {"established": 1, "listen": 1, "time_wait": 1}}},
    }
    return {**same, **changes}


def test_the_same_facts_are_no_difference() -> None:
    reading = parse(PRINTED)
    check = facts.compare(reading, snapshot(), reading)
    assert check.differences == []
    assert check.figures["keys"] == 3
    assert check.figures["counters"] == 3


def test_each_kind_of_wrong_fact_is_a_difference() -> None:
    reading = parse(PRINTED)
    wrong: dict[str, dict[str, t.Any]] = {
        "net.ipv4.tcp_timestamps": {"sysctl": {**snapshot()["sysctl"], "net.ipv4.tcp_timestamps": {"state": "absent"}}},
        "tcp_wrong": {"ipv4_keys": [*snapshot()["ipv4_keys"], "tcp_wrong"]},
        "TcpExt TW": {"counters": {**snapshot()["counters"], "TcpExt": {"TW": 13}}},
        "Tcp ActiveOpens": {"counters": {**snapshot()["counters"], "Tcp": {}}},
        "sockets in listen": {"sockets": {"states": {"ipv4": {"established": 1, "listen": 2, "time_wait": 1}}}},
        "nf_conntrack drop": {"counters": {**snapshot()["counters"], "nf_conntrack": {"drop": 1}}},
    }
    for name, change in wrong.items():
        (difference,) = facts.compare(reading, snapshot(**change), reading).differences
        assert name in difference


def test_a_trap_that_leaves_something_else_is_a_difference() -> None:
    clean = {"/proc/sys/net/ipv4/tcp_sack": "1", "/proc/sys/net/ipv4/tcp_retries1": "3"}
    after = {"/proc/sys/net/ipv4/tcp_sack": "0", "/proc/sys/net/ipv4/tcp_retries1": "3"}
    as_promised = {"net.ipv4.tcp_sack": "0"}
    assert traps.compare(as_promised, clean, after, set()) == ([], {"net.ipv4.tcp_sack": "0"})
    (unforeseen,), _left = traps.compare({}, clean, after, set())
    assert "expects 1 after a boot, and the kernel has 0" in unforeseen
    (unkept,), _left = traps.compare({**as_promised, "net.ipv4.tcp_retries1": "4"}, clean, after, set())
    assert "expects 4 after a boot, and the kernel has 3" in unkept


def test_a_state_is_compared_without_what_never_stays() -> None:
    before, after = {"/etc/a": ["1"], "/etc/b": ["1"], "/etc/c": ["1"]}, {"/etc/a": ["1"], "/etc/b": ["2"], "/etc/d": ["1"]}
    assert state.changed(before, after) == {"/etc/b", "/etc/c", "/etc/d"}
    assert [words.partition(":")[0] for words in state.sentences(before, after, {"/etc/b"})] == ["/etc/c", "/etc/d"]


def test_a_role_must_leave_its_own_values() -> None:
    wanted = roles.expected("client_host", 512 * 1024)
    assert wanted["tcp_max_tw_buckets"] == "32768"
    held = {f"/proc/sys/net/ipv4/{key}": value for key, value in wanted.items()}
    assert roles.wrong_keys(held, wanted, "now") == []
    assert roles.wrong_keys({**held, "/proc/sys/net/ipv4/tcp_tw_reuse": "2"}, wanted, "now") == ["now: net.ipv4.tcp_tw_reuse is 2, not 1"]


def test_the_page_is_what_the_runs_measured() -> None:
    assert report.PAGE.read_text(encoding="utf-8") == report.page(report.last()), "run: make kernels"


def test_a_guest_that_failed_has_a_column_and_costs_no_other_one_its_own() -> None:
    alone = report.page({**report.last(), "lost": report.not_booted(GUESTS[0], "qemu <ended> with | 1")})
    table = [line for line in alone.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in table} == {len(report.last()) + 3}
    assert "qemu &lt;ended> with \\| 1" in alone
