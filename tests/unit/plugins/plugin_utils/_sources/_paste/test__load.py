# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole pastes: what is known after them, what is told, and what is refused."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Snapshot
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import SourceError, load, validate
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._detect import detect_kind
from hypothesis import given
from hypothesis import strategies as st

REUSE, RECYCLE, TS, RANGE = (f"net.ipv4.{name}" for name in ("tcp_tw_reuse", "tcp_tw_recycle", "tcp_timestamps", "ip_local_port_range"))
BUCKETS = "net.ipv4.tcp_max_tw_buckets"


def pasted(folder: Path, text: str | bytes, kind: str = "auto") -> Snapshot:
    path = folder / "paste.txt"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    snapshot = load(str(path), kind)
    validate(snapshot)
    return snapshot


def values(snapshot: Snapshot) -> dict[str, str]:
    return {key: one.get("raw", one["state"]) for key, one in (snapshot["sysctl"] or {}).items()}


def outcomes(snapshot: Snapshot, profile: str = "any") -> dict[str, str]:
    """Rule to the severity that it fails with, or its status."""
    results = audit(snapshot, "host", AuditOptions(profile=profile, today=datetime.date(2026, 11, 21)))["results"]
    return {one["id"]: one["severity"] if one["status"] == "fail" else one["status"] for one in reversed(results)}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"$ sysctl {REUSE}\n{REUSE} = 1\n", {REUSE: "1"}),
        (f"$ sysctl -n {REUSE} {TS}\n1\n0\n", {REUSE: "1", TS: "0"}),
        ("$ cat /proc/sys/net/ipv4/ip_local_port_range\n32768\t60999\n", {RANGE: "32768 60999"}),
        ("cat /proc/sys/net/ipv4/tcp_tw_reuse\n2\nss -s\nTotal: 2\nTCP:   5 (estab 1, closed 3, orphaned 0, timewait 3)\n", {REUSE: "2"}),
        (f"# sysctl -a | grep tw\n{BUCKETS} = 5000\n{RECYCLE} = 0\n{REUSE} = 1\n", {BUCKETS: "5000", RECYCLE: "0", REUSE: "1"}),
        (
            "$ grep . /proc/sys/net/ipv4/tcp_tw*\n/proc/sys/net/ipv4/tcp_tw_reuse:2\n/proc/sys/net/ipv4/tcp_tw_reuse_delay:1000\n",
            {REUSE: "2"},
        ),
        ("root@h:/proc/sys/net/ipv4# grep . tcp_tw*\ntcp_tw_recycle:0\ntcp_tw_reuse:1\n", {RECYCLE: "0", REUSE: "1"}),
        (f"$ sysctl {RECYCLE}\nsysctl: cannot stat /proc/sys/net/ipv4/tcp_tw_recycle: No such file or directory\n", {RECYCLE: "absent"}),
        (
            "$ cat /proc/sys/net/ipv4/tcp_tw_recycle\ncat: /proc/sys/net/ipv4/tcp_tw_recycle: No such file or directory\n",
            {RECYCLE: "absent"},
        ),
        (f"$ sudo sysctl -w {REUSE}=1\n{REUSE} = 1\n$ ss -s\nTCP:   5 (estab 1, closed 3, orphaned 0, timewait 3)\n", {REUSE: "1"}),
        (f"$ sysctl {REUSE}\n{REUSE} = 0\n$ sysctl -w {REUSE}=1\n{REUSE} = 1\n", {REUSE: "1"}),
        (f"me@laptop:~$ ssh root@web1 sysctl {REUSE}\n{REUSE} = 1\n", {REUSE: "1"}),
        (
            (
                f"$ sysctl -p\n{REUSE} = 1\nsysctl: cannot stat /proc/sys/net/ipv4/tcp_tw_recycle: No such file or directory\n$ ss -s\n"
                "TCP:   5 (estab 1, closed 3, orphaned 0, timewait 3)\n"
            ),
            {REUSE: "1", RECYCLE: "absent"},
        ),
        (f'$ sudo sysctl -w {REUSE}=3\nsysctl: setting key "{REUSE}": Invalid argument\n{REUSE} = 3\n$ sysctl {TS}\n{TS} = 1\n', {TS: "1"}),
        (
            "==> /proc/sys/net/ipv4/tcp_tw_reuse <==\n1\n\n==> /proc/net/sockstat <==\nsockets: used 5\nTCP: inuse 3 orphan 0 tw 5\n",
            {REUSE: "1"},
        ),
        (f"$ sudo sysctl -w {REUSE}=1\n{REUSE} = 1\n", {REUSE: "1"}),
        (
            f"$ sudo sysctl -w {RECYCLE}=1\nsysctl: cannot stat /proc/sys/net/ipv4/tcp_tw_recycle: No such file or directory\n",
            {RECYCLE: "absent"},
        ),
        (
            (
                "$ cd /proc/sys/net/ipv4\n$ head tcp_tw*\n==> tcp_tw_recycle <==\n0\n\n==> tcp_tw_reuse <==\n1\n$ ss -s\n"
                "TCP:   5 (estab 1, closed 3, orphaned 0, timewait 3)\n"
            ),
            {REUSE: "1", RECYCLE: "0"},
        ),
        (f"sysctl {REUSE}\n{REUSE} = 1\n", {REUSE: "1"}),
        (f"sysctl -a | grep -E 'tw|stamp'\n{REUSE} = 1\n{TS} = 1\n", {REUSE: "1", TS: "1"}),
        ("cat /proc/sys/net/ipv4/tcp_tw_reuse\n1\n", {REUSE: "1"}),
        ("/proc/sys/net/ipv4/tcp_tw_reuse:1\n/proc/sys/net/ipv4/tcp_timestamps:1\n", {REUSE: "1", TS: "1"}),
        (f"web1 | CHANGED | rc=0 >>\n{REUSE} = 1\n", {REUSE: "1"}),
        (f"web1: {REUSE} = 1\nweb1: {TS} = 1\nweb2: {REUSE} = 0\n", {REUSE: "1", TS: "1"}),
    ],
)
def test_keys(tmp_path: Path, text: str, found: dict[str, str]) -> None:
    snapshot = pasted(tmp_path, text)
    assert snapshot["source"]["kind"] == "paste"
    assert {key: " ".join(value.split()) for key, value in values(snapshot).items() if key in found or key in (REUSE, RECYCLE, TS)} == found


@pytest.mark.parametrize(
    ("text", "part", "wanted"),
    [
        (
            "$ netstat -s | grep -i time\n  387158 passive connections rejected because of time stamp\n",
            "counters",
            {"TcpExt": {"PAWSPassive": 387158}},
        ),
        (
            "$ nstat -az TcpExtTWRecycled\n#kernel\nTcpExtTWRecycled                7                  0.0\n",
            "counters",
            {"TcpExt": {"TWRecycled": 7}},
        ),
        ("TcpExt: SyncookiesSent TW TWRecycled\nTcpExt: 1 2 3\n", "counters", {"TcpExt": {"SyncookiesSent": 1, "TW": 2, "TWRecycled": 3}}),
        (
            "$ cat /proc/net/sockstat\nsockets: used 5\nTCP: inuse 3 orphan 1 tw 5 alloc 4 mem 1\n$ sysctl -n net.ipv4.tcp_tw_reuse\n1\n",
            "sockstat",
            {"sockets": {"used": 5}, "TCP": {"inuse": 3, "orphan": 1, "tw": 5, "alloc": 4, "mem": 1}},
        ),
        (
            (
                "$ ss -s\nTotal: 177 (kernel 1565)\n"
                "TCP:   1193 (estab 5, closed 1178, orphaned 2, synrecv 0, timewait 1178/0), ports 0\n\n"
                "Transport Total     IP        IPv6\n*    1565      -         -\nTCP    15        12        3\n"
                "$ sysctl -n net.ipv4.tcp_tw_reuse\n1\n"
            ),
            "sockstat",
            {"TCP": {"orphan": 2, "tw": 1178}},
        ),
        (
            "$ conntrack -S\ncpu=0 found=1 insert_failed=2 drop=2 early_drop=0\ncpu=1 found=0 insert_failed=1 drop=0 early_drop=0\n",
            "counters",
            {"nf_conntrack": {"found": 1, "insert_failed": 3, "drop": 2, "early_drop": 0}},
        ),
    ],
)
def test_counters(tmp_path: Path, text: str, part: str, wanted: Any) -> None:
    snapshot: Any = pasted(tmp_path, text)
    assert snapshot[part] == wanted
    assert not [sentence for sentence in snapshot["not_seen"] if "not understood" in sentence]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "$ netstat -ant | awk '{print $6}' | sort | uniq -c\n1 established)\n 1 Foreign\n 12 ESTABLISHED\n    814 TIME_WAIT\n",
            {"established": 12, "time_wait": 814},
        ),
        (
            "$ netstat -n | awk '/^tcp/ {++S[$NF]} END {for(a in S) print a, S[a]}'\nTIME_WAIT 814\nCLOSE_WAIT 1\n",
            {"time_wait": 814, "close_wait": 1},
        ),
        ("$ ss -tan state time-wait | wc -l\n27001\n", {"time_wait": 27000}),
        ("$ netstat -ant | grep TIME_WAIT | wc -l\n814\n", {"time_wait": 814}),
        ("$ netstat -ant | grep -c CLOSE_WAIT\n300\n", {"close_wait": 300}),
    ],
)
def test_counted_sockets(tmp_path: Path, text: str, wanted: dict[str, int]) -> None:
    snapshot = pasted(tmp_path, f"{text}$ sysctl {BUCKETS}\n{BUCKETS} = 30000\n")
    assert snapshot["sockets"]
    assert snapshot["sockets"]["states"] == {"any": wanted}
    found = outcomes(snapshot)
    assert (found["ports-pressure"], found["closes-first-as-client"]) == ("unknown", "unknown")
    assert found["buckets-nearly-full"] == ("high" if wanted.get("time_wait", 0) > 20000 else "unknown")


def test_a_part_of_the_sockets_fails_rules_and_passes_none(tmp_path: Path) -> None:
    rows = [f"0 0 10.0.0.5:{port} 10.0.0.9:80" for port in range(40000, 41000)]
    text = "\n".join(
        ["$ ss -tan state time-wait", *rows, "$ sysctl -a | grep port", f"{RANGE} = 40000 40999", "net.ipv4.ip_local_reserved_ports ="]
    )
    found = outcomes(pasted(tmp_path, text))
    assert found["ports-pressure"] in ("medium", "high", "critical")
    assert (found["close-wait-leak"], found["peer-unreachable"]) == ("unknown", "unknown")


def test_a_counter_that_is_not_shown_is_unknown(tmp_path: Path) -> None:
    found = outcomes(pasted(tmp_path, "$ netstat -s | grep -i listen\n    5191585 times the listen queue of a socket overflowed\n"))
    assert (found["accept-queue-overflow"], found["recycle-drops-seen"], found["buckets-overflow"]) == ("medium", "unknown", "unknown")
    assert found["conntrack-drops"] == "unknown"
    whole = "TcpExt: " + " ".join(("ListenOverflows", "ListenDrops", "TW")) + "\nTcpExt: 0 0 5\n"
    found = outcomes(pasted(tmp_path, whole))
    # A kernel that counts something else does not count this; whether a queue is full now, only sockets can tell.
    assert (found["accept-queue-overflow"], found["recycle-drops-seen"]) == ("unknown", "not_applicable")


@pytest.mark.parametrize(
    ("shown", "rule"),
    [
        (f"State Recv-Q\nTIME-WAIT 0 0 10.0.0.5:22 10.0.0.9:41000\n{REUSE} = 1\n{RANGE} = 32768 60999\n", "reuse-on-server"),
        ("TcpExtTCPACKSkippedTimeWait     0                  0.0\n", "syn-rejected-in-time-wait"),
        ("TcpExtPAWSEstab                 7                  0.0\n", "syn-rejected-in-time-wait"),
        (
            "TcpExtListenOverflows           0                  0.0\n$ ss -tan\nLISTEN 0 128 0.0.0.0:22 0.0.0.0:*\n",
            "accept-queue-overflow",
        ),
    ],
)
def test_what_is_not_shown_decides_nothing(tmp_path: Path, shown: str, rule: str) -> None:
    assert outcomes(pasted(tmp_path, f"{TS} = 1\n{shown}"), "any")[rule] == "unknown"


def test_pressure_on_ports_is_unknown_where_sockets_are_missing(tmp_path: Path) -> None:
    text = f"TIME-WAIT 0 0 10.0.0.5:40000 10.0.0.9:80\n{REUSE} = 2\n{TS} = 1\n{RANGE} = 32768 60999\nnet.ipv4.ip_local_reserved_ports =\n"
    results = audit(pasted(tmp_path, text), "host", AuditOptions("client_host", datetime.date(2026, 11, 21)))["results"]
    (found,) = (result for result in results if result["id"] == "reuse-loopback-only")
    assert found["evidence"]["under port pressure"] == "unknown"


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("[ 12.345678] nf_conntrack: table full, dropping packet", "conntrack-drops"),
        ("[ 12.345678] TCP: time wait bucket table overflow", "buckets-overflow"),
        ("[ 12.345678] TCP: request_sock_TCP: Possible SYN flooding on port 80. Sending cookies.", "accept-queue-overflow"),
    ],
)
def test_the_kernels_log_fails_rules(tmp_path: Path, line: str, rule: str) -> None:
    snapshot = pasted(tmp_path, f"$ dmesg | tail\n[ 1.000000] eth0: link is up\n{line}\n")
    assert outcomes(snapshot)[rule] in ("critical", "high", "medium")
    assert not [sentence for sentence in snapshot["not_seen"] if "not understood" in sentence]


def test_memory_is_no_rule_and_is_told(tmp_path: Path) -> None:
    snapshot = pasted(tmp_path, "$ dmesg\n[ 12.345678] TCP: out of memory -- consider tuning tcp_mem\n")
    assert "The kernel's log says that TCP has no memory." in "\n".join(snapshot["not_seen"])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            f"$ sysctl {TS}\n{TS} = 1\n$ sudo sysctl -w {REUSE}=1\n",
            f"{REUSE} = 1 was typed, and no answer shows that the kernel took it. Add the answer of `sysctl {REUSE}`.",
        ),
        (f"$ sysctl {TS}\n{TS} = 1\n$ echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse\n", f"{REUSE} = 1 was typed"),
        (
            f"$ sysctl {REUSE}\n{REUSE} = 0\n$ sysctl -w {REUSE}=1\n{REUSE} = 1\n",
            f"{REUSE} was 0, then 1 in this text. The last value counts.",
        ),
        (f"$ sysctl {TS}\n{TS} = 1\n$ cat /etc/sysctl.conf\n{REUSE} = 1\n", f"They were not checked: {REUSE}."),
        (
            f"$ sysctl {TS}\n{TS} = 1\n$ grep -rn tw /etc/sysctl*\n/etc/sysctl.conf:5:{REUSE} = 1\n/etc/sysctl.d/9.conf:1:{RECYCLE}=1\n",
            f"They were not checked: {REUSE}, {RECYCLE}.",
        ),
        (f"$ sysctl {TS}\n{TS} = 1\n$ cat >> /etc/sysctl.conf <<EOF\n{REUSE} = 1\nEOF\n", f"They were not checked: {REUSE}."),
        (f"ss -s\nTCP:   5 (estab 1, closed 3, orphaned 0, timewait 3)\n{TS} = 1\n{REUSE}=1\n", f"They were not checked: {REUSE}."),
        (
            f"$ sysctl {TS}\n{TS} = 1\n$ df -h\nFilesystem Size\n/dev/sda 5G\n",
            "Line 4, in the answer of 'df -h': 2 lines were not understood. The first is 'Filesystem Size'.",
        ),
        (f"Hello, look at this!\n$ sysctl {TS}\n{TS} = 1\n", "Line 1: 1 line was not understood: 'Hello, look at this!'."),
        ("$ nstat\n#kernel\nTcpExtTWRecycled                7                  0.0\n", "nstat without -a shows only"),
        ("$ netstat -s\nTcp:\n    5 resets sent\n", "has no values of sysctl keys: add the output of sysctl -a."),
        (
            "$ netstat -s | grep -i reset\n    5 resets sent\n$ netstat -s | grep -i reset\n    9 resets sent\n",
            "Some counters stand in this text more than once.",
        ),
    ],
)
def test_what_is_told(tmp_path: Path, text: str, told: str) -> None:
    assert told in "\n".join(pasted(tmp_path, text)["not_seen"])


def test_a_value_that_the_kernel_refused_is_told(tmp_path: Path) -> None:
    text = f'$ sudo sysctl -w {REUSE}=3\nsysctl: setting key "{REUSE}": Invalid argument\n$ sysctl {TS}\n{TS} = 1\n'
    assert f"{REUSE} = 3 was typed, and the kernel did not take it." in pasted(tmp_path, text)["not_seen"]


def test_a_value_that_was_only_typed_is_not_taken(tmp_path: Path) -> None:
    for typed in (f"sysctl -w {REUSE}=1", "echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse", f"cat > x.conf <<EOF\n{REUSE} = 1\nEOF"):
        assert REUSE not in values(pasted(tmp_path, f"$ sysctl {TS}\n{TS} = 1\n$ {typed}\n"))


def test_of_several_hosts_the_first_is_checked_and_the_others_are_named(tmp_path: Path) -> None:
    text = f"[root@web1 ~]# sysctl {REUSE}\n{REUSE} = 1\n[root@web2 ~]# sysctl {REUSE}\n{REUSE} = 0\n[root@web2 ~]# sysctl {TS}\n{TS} = 0\n"
    snapshot = pasted(tmp_path, text)
    assert (snapshot["host"]["hostname"], values(snapshot)) == ("web1", {REUSE: "1"})
    assert "Only the host 'web1' was checked. Left out: web2." in snapshot["not_seen"]


def test_the_host_that_only_typed_is_not_the_one(tmp_path: Path) -> None:
    snapshot = pasted(tmp_path, f"me@laptop:~$ ssh root@web1\n[root@web1 ~]# sysctl {REUSE}\n{REUSE} = 1\n")
    assert snapshot["host"]["hostname"] == "web1"
    assert not [sentence for sentence in snapshot["not_seen"] if "Left out" in sentence]


def test_lines_without_a_host_belong_to_the_only_one(tmp_path: Path) -> None:
    snapshot = pasted(tmp_path, f"sysctl {TS}\n{TS} = 1\n[root@web1 ~]# sysctl {REUSE}\n{REUSE} = 1\n")
    assert (snapshot["host"]["hostname"], values(snapshot)) == ("web1", {TS: "1", REUSE: "1"})


def test_two_hosts_without_prompts_are_refused(tmp_path: Path) -> None:
    text = f"$ uname -a\nLinux web1 3.10.0-1160.el7 #1 SMP x86_64\n{REUSE} = 1\nLinux web2 3.10.0-1160.el7 #1 SMP x86_64\n{REUSE} = 0\n"
    with pytest.raises(SourceError, match="values of two hosts"):
        pasted(tmp_path, text)


def test_names_releases_and_uptimes(tmp_path: Path) -> None:
    text = (
        "$ uname -r\n4.4.0-21-generic\n$ hostname\nweb1.example.com\n$ uptime\n"
        " 10:00:00 up 12 days,  3:04,  2 users,  load average: 0.1, 0.2, 0.3\n"
        f"$ sysctl {TS}\n{TS} = 1\n"
    )
    host = pasted(tmp_path, text)["host"]
    assert (host["kernel_release"], host["hostname"], host["uptime_seconds"]) == (
        "4.4.0-21-generic",
        "web1.example.com",
        12 * 86400 + 3 * 3600 + 240,
    )


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("State Recv-Q Send-Q Local Address:Port\nTIME-WAIT 0 0 10.0.0.5:40000 10.0.0.9:80\n", "auto", "Add the output of sysctl -a"),
        (
            "$ ss -s\nTCP:   5 (estab 1, closed 3, orphaned 0, timewait 3)\n",
            "auto",
            "numbers of sockets alone are not enough. Add the output of sysctl -a to the text",
        ),
        ("Nothing to see here.\n", "paste", "Give the output of these commands: sysctl -a; netstat -s; ss -tan."),
        (f"$ cat /etc/sysctl.conf\n{REUSE} = 1\n", "paste", "has no answer of a command"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, kind: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        pasted(tmp_path, text, kind)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"#!/bin/sh\n# sysctl -p\nsysctl -w {REUSE}=1\n", "sysctl_d"),
        (f"# sysctl -p\n{REUSE} = 1\n", "sysctl_d"),
        (f"#!/bin/sh\nsysctl {REUSE}\n{REUSE} = 1\n", "sysctl_d"),
        (f"sysctl -p\n{REUSE} = 1\n", "sysctl_d"),
        (f"sysctl -a | grep stamp\n{REUSE} = 1\n", "sysctl_d"),
        (f"# See `sysctl -a`.\n{REUSE} = 1\n", "sysctl_d"),
        (f"sysctl -w {REUSE}=1\ncat > /etc/sysctl.conf <<EOF\n{RECYCLE} = 1\nEOF\n", "sysctl_d"),
    ],
)
def test_what_sets_is_no_paste(tmp_path: Path, text: str, kind: str) -> None:
    path = tmp_path / "x.txt"
    path.write_text(text)
    try:
        assert load(str(path))["source"]["kind"] != "paste"
    except SourceError as error:
        assert "paste.txt" not in str(error)  # noqa: PT017 - a refusal is right, too


class TestFolder:
    def test_files_are_told_by_what_is_in_them(self, tmp_path: Path) -> None:
        (tmp_path / "one").write_text(f"kernel.osrelease = 5.4.0\n{RANGE} = 32768\t60999\n{REUSE} = 1\n")
        (tmp_path / "two.log").write_text("Tcp:\n    5 resets sent\n")
        (tmp_path / "three.out").write_text("State Recv-Q Send-Q Local Address:Port\nTIME-WAIT 0 0 10.0.0.5:40000 10.0.0.9:80\n")
        (tmp_path / "four.md").write_text("A letter.\n")
        (tmp_path / "five.bin").write_bytes(b"a\0b")
        (tmp_path / "six").mkdir()
        (tmp_path / "seven").write_text("")
        snapshot = load(str(tmp_path))
        validate(snapshot)
        assert snapshot["source"]["kind"] == "paste"
        assert (values(snapshot)[REUSE], snapshot["counters"]) == ("1", {"Tcp": {"OutRsts": 5}})
        assert snapshot["sockets"]
        assert snapshot["sockets"]["time_wait_outgoing"] == 1
        told = "\n".join(snapshot["not_seen"])
        for words in (
            "four.md, line 1: 1 line was not understood: 'A letter.'",
            "'five.bin' was not read",
            "'six' was not read",
            "'seven' was not read",
        ):
            assert words in told

    @pytest.mark.parametrize(("name", "remark"), [("sysctl.conf", ""), ("99-tuning", "# ours\n"), ("settings.yml", "")])
    def test_files_of_settings_are_no_answers(self, tmp_path: Path, name: str, remark: str) -> None:
        (tmp_path / "out.txt").write_text(f"{TS} = 1\nTcp:\n    5 resets sent\n")
        (tmp_path / name).write_text(f"{remark}{RECYCLE} = 1\n")
        snapshot = load(str(tmp_path), "paste")
        assert values(snapshot) == {TS: "1"}
        assert f"They were not checked: {RECYCLE}." in "\n".join(snapshot["not_seen"])

    def test_values_of_two_files_that_differ_are_refused(self, tmp_path: Path) -> None:
        for name, value in (("a.txt", "0"), ("b.txt", "1")):
            (tmp_path / name).write_text(f"{REUSE} = {value}\nTcp:\n    5 resets sent\n")
        with pytest.raises(SourceError, match=r"a\.txt has net\.ipv4\.tcp_tw_reuse = 0, and b\.txt has 1\. These are two hosts"):
            load(str(tmp_path))

    def test_a_name_that_is_no_text_is_told_as_one(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text(f"{REUSE} = 1\nTcp:\n    5 resets sent\n")
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.log")).write_text("Hello!\n")
        snapshot = load(str(tmp_path))
        validate(snapshot)
        assert any("udcff.log, line 1" in sentence for sentence in snapshot["not_seen"])

    def test_a_link_that_leads_out_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "secret.txt").write_text(f"{TS} = 0\n")
        folder = tmp_path / "in"
        folder.mkdir()
        (folder / "a").write_text(f"{REUSE} = 1\nTcp:\n    5 resets sent\n")
        (folder / "b").symlink_to("../secret.txt")
        snapshot = load(str(folder))
        assert TS not in values(snapshot)
        assert "'b' was not read: it is a link that leads out of the folder." in snapshot["not_seen"]

    @pytest.mark.parametrize("name", [".git", "etc", "roles"])
    def test_a_repository_or_a_root_is_none(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "a").write_text(f"{REUSE} = 1\nTcp:\n    5 resets sent\n")
        (tmp_path / name).mkdir()
        assert detect_kind(str(tmp_path)) == "repository"


@pytest.mark.parametrize(
    "frame",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
        lambda text: "".join(f"{number:5d}  {line}\n" for number, line in enumerate(text.splitlines(), 1)),
        lambda text: "".join(f"{number}: {line}\n" for number, line in enumerate(text.splitlines(), 1)),
        lambda text: "".join(f"    {line}\n" for line in text.splitlines()),
        lambda text: f"Hello,\n\n```console\n{text}```\n\nWhat is wrong?\n",
        lambda text: "<pre>" + text.replace("&", "&amp;").replace(">", "&gt;") + "</pre>",
        lambda text: text.replace("$ ", "\x1b[01;32mroot@web1\x1b[00m:\x1b[01;34m~\x1b[00m# "),
        lambda text: text.replace("$ ", "[root@web1 ~]# "),
        lambda text: text.replace("$ ", ""),
        lambda text: text.replace(" ", "\u00a0"),
        lambda text: text.encode("utf-16").decode("latin-1"),
        lambda text: text + "caf\xe9\n",
    ],
)
def test_frames(tmp_path: Path, frame: Any) -> None:
    text = (
        f"$ netstat -s | grep -i time\n    387158 passive connections rejected because of time stamp\n"
        f"$ sysctl {RECYCLE} {TS}\n{RECYCLE} = 1\n"
        f"{TS} = 1\n$ cat /proc/sys/net/ipv4/ip_local_port_range\n32768\t60999\n"
    )
    snapshot = pasted(tmp_path, frame(text).encode("latin-1", "replace") if "\u00a0" not in frame(text) else frame(text).encode())
    assert snapshot["source"]["kind"] == "paste"
    assert {key: " ".join(value.split()) for key, value in values(snapshot).items()} == {RECYCLE: "1", TS: "1", RANGE: "32768 60999"}
    assert snapshot["counters"] == {"TcpExt": {"PAWSPassive": 387158}}


_PIECES = st.sampled_from(
    [
        *("$ ", "[root@h ~]# ", "sysctl -a", "netstat -s", f"{REUSE} = 1", "TcpExt:", "TcpExt: a b", "    5 resets sent", "\n", "\r\n"),
        *("\x1b[0m", "> ", "| ", "cat /proc/sys/net/ipv4/tcp_tw_reuse", "TIME-WAIT 0 0 1.1.1.1:5 2.2.2.2:6", "ss -tan", "<<EOF", "EOF"),
        *("```", "<pre>", "9" * 25, "\0", "'", "\\", "TCP:   5 (estab 1, closed 3, orphaned 0, timewait 3)", "Linux h 5.4.0 x"),
    ]
)


@given(st.lists(st.one_of(_PIECES, st.text(max_size=20)), max_size=40).map("".join))
def test_any_text_is_loaded_or_refused_by_name(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("p") / "x"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        validate(load(str(path), "paste"))
    except SourceError as error:
        assert str(path) in str(error)  # noqa: PT017 - both ways out are right
