# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a command line asks, where it runs, and what it sets."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._paste._command import COUNT_KEY, parse

REUSE, RECYCLE = "net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_tw_recycle"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        (f"cat /proc/sys/{REUSE.replace('.', '/')}", [REUSE]),
        ("sudo cat /proc/sys/net/ipv4/tcp_tw_reuse /proc/sys/net/ipv4/tcp_tw_recycle", [REUSE, RECYCLE]),
        ("cat /proc/sys/net/ipv4/{tcp_tw_reuse,tcp_tw_recycle}", [REUSE, RECYCLE]),
        ("cat /proc/sys/net/ipv4/tcp_tw_reuse; cat /proc/sys/net/ipv4/tcp_tw_recycle", [REUSE, RECYCLE]),
        ("cat /proc/sys/net/ipv4/tcp_tw_*", []),
        ("cat tcp_tw_reuse nf_conntrack_max", [REUSE, "net.netfilter.nf_conntrack_max"]),
        ("cat tcp_tw_reuse notes.txt", []),
        ("cat /proc/net/netstat", []),
        (f"sysctl -n {REUSE} {RECYCLE}", [REUSE, RECYCLE]),
        (f"sysctl {REUSE}", []),
        ("conntrack -C", [COUNT_KEY]),
        ("ss -tan | wc -l", ["lines"]),
        ("netstat -ant | grep -c TIME_WAIT", ["lines"]),
        ("uname -r", ["release"]),
        ("hostname", ["host"]),
        ("date; uname -r", []),
    ],
)
def test_what_each_line_of_the_answer_is(text: str, asked: list[str]) -> None:
    assert parse(text).asked == asked


@pytest.mark.parametrize(
    ("text", "writes"),
    [
        (f"sysctl -w {REUSE}=1", [(REUSE, "1")]),
        (f"sudo sysctl -w {REUSE}=1 {RECYCLE}=0", [(REUSE, "1"), (RECYCLE, "0")]),
        (f"sysctl {REUSE}=1", [(REUSE, "1")]),
        ('sysctl -w net/ipv4/ip_local_port_range="1024 65535"', [("net.ipv4.ip_local_port_range", "1024 65535")]),
        ("echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse", [(REUSE, "1")]),
        ("echo 1 >/proc/sys/net/ipv4/tcp_tw_reuse", [(REUSE, "1")]),
        ("echo '1024 65535' | sudo tee /proc/sys/net/ipv4/ip_local_port_range", [("net.ipv4.ip_local_port_range", "1024 65535")]),
        (f"sysctl {REUSE}", []),
        (f"echo '{REUSE} = 1' >> /etc/sysctl.conf", []),
    ],
)
def test_what_is_set(text: str, writes: list[tuple[str, str]]) -> None:
    assert parse(text).writes == writes


@pytest.mark.parametrize(
    ("text", "place", "programs"),
    [
        ("ssh root@web1 sysctl -a", "web1", ["sysctl"]),
        ("ssh -p 2222 web1 'netstat -s | grep -i time'", "web1", ["netstat"]),
        ("kubectl exec -it shop-1 -n prod -- ss -s", "kubectl shop-1", ["ss"]),
        ("docker exec -it nginx sysctl -a", "docker nginx", ["sysctl"]),
        ("sudo ip netns exec blue ss -tan", "netns blue", ["ss"]),
        ("sudo -u root env LANG=C /usr/bin/netstat -s", None, ["netstat"]),
        ("bash -c 'ss -s; netstat -s'", None, ["ss", "netstat"]),
        ("watch -n 1 ss -s", None, ["ss"]),
        ("", None, []),
        ("ssh", None, ["ssh"]),
        ("echo 'half", None, ["echo"]),
    ],
)
def test_where_it_runs(text: str, place: str | None, programs: list[str]) -> None:
    command = parse(text)
    assert (command.place, command.programs) == (place, programs)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("ss -tan", True),
        ("ss -tna", True),
        ("ss -taneo", True),
        ("netstat -ant", True),
        ("netstat -antp", True),
        ("ss -a", True),
        ("ss -tan | less", True),
        ("ss -tn", False),
        ("ss -tan state time-wait", False),
        ("ss -tan | grep TIME-WAIT", False),
        ("ss -tan | head", False),
        ("ss -4tan", False),
        ("ss -tan dst 10.0.0.9", False),
        ("netstat -tulpn", False),
    ],
)
def test_which_list_holds_all_sockets(text: str, whole: bool) -> None:
    assert parse(text).is_whole_table == whole


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("ss -tan state time-wait | wc -l", "time_wait"),
        ("netstat -ant | grep TIME_WAIT | wc -l", "time_wait"),
        ("netstat -ant | grep -c CLOSE_WAIT", "close_wait"),
        ("netstat -ant | grep -E 'TIME_WAIT|CLOSE_WAIT'", None),
        ("ss -tan", None),
    ],
)
def test_the_state_that_is_asked_for(text: str, state: str | None) -> None:
    assert parse(text).state == state


@pytest.mark.parametrize(
    ("text", "whole"),
    [("nstat -az", True), ("nstat -a -z", True), ("nstat", False), ("nstat -az TcpExtTW", False), ("nstat -az | grep TW", False)],
)
def test_which_counters_are_all_of_them(text: str, whole: bool) -> None:
    assert parse(text).is_whole_nstat == whole


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("cat /etc/sysctl.conf", True),
        ("grep -r tw /etc/sysctl.d", True),
        ("cat 99-tuning.conf", True),
        ("cat /proc/sys/net/ipv4/tcp_tw_reuse", False),
        ("cat sysctl-a.txt", False),
        ("sysctl -a", False),
    ],
)
def test_what_shows_files_of_settings(text: str, settings: bool) -> None:
    assert parse(text).reads_settings == settings


def test_a_heredoc_has_an_end() -> None:
    assert parse("cat > /etc/sysctl.d/x.conf <<'EOF'").heredoc == "EOF"
    assert parse("cat x").heredoc is None
