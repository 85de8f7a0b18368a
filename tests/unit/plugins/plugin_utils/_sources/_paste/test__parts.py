# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prompts, headings and commands without a prompt begin a part; sentences and remarks do not."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._paste._parts import Part, parts_of


def only(line: str) -> Part | None:
    """The part that a line begins, if it does."""
    parts = parts_of([line, "an answer"])
    assert len(parts) == 1
    return None if parts[0].lines[0] == line else parts[0]


@pytest.mark.parametrize(
    ("line", "host", "command"),
    [
        ("$ netstat -s | grep -i time", None, "netstat -s | grep -i time"),
        ("# ss -s", None, "ss -s"),
        ("# sysctl -a | grep tw", None, "sysctl -a | grep tw"),
        ("% netstat -s", None, "netstat -s"),
        ("[root@web1 ~]# sysctl -a", "web1", "sysctl -a"),
        ("[root@web1.example.com sysctl.d]# ss -s", "web1.example.com", "ss -s"),
        ("[ec2-user@ip-10-0-0-1 ~]$ ss -s", "ip-10-0-0-1", "ss -s"),
        ("user@host:~$ ss -tan | wc -l", "host", "ss -tan | wc -l"),
        ("root@host:/proc/sys# cat /proc/net/sockstat", "host", "cat /proc/net/sockstat"),
        ("root@gentoo ~ # ss -s", "gentoo", "ss -s"),
        ("admin@web1> ss -s", "web1", "ss -s"),
        ("user@host:~$ df -h", "host", "df -h"),
        ("web1:~ # netstat -s", "web1", "netstat -s"),
        ("web1# ss -s", "web1", "ss -s"),
        ("bash-4.2# ss -s", None, "ss -s"),
        ("sh-5.1$ ss -s", None, "ss -s"),
        ("/ # ss -s", None, "ss -s"),
        ("~ # ss -s", None, "ss -s"),
        ("/app $ ss -s", None, "ss -s"),
        ("➜  ~ ss -s", None, "ss -s"),
        ("➜  repo git:(main) ✗ ss -s", None, "ss -s"),
        ("\u276f ss -s", None, "ss -s"),
        ("[10:22:33] root@web1:~# ss -s", "web1", "ss -s"),
        ("10:22:33 root@web1 ~ # ss -s", "web1", "ss -s"),
        ("(venv) me@web1:~$ ss -s", "web1", "ss -s"),
        ("me@laptop:~$ ssh root@web1 sysctl -a", "web1", "ssh root@web1 sysctl -a"),
        ("me@laptop:~$ docker exec nginx sysctl -a", "laptop, docker nginx", "docker exec nginx sysctl -a"),
    ],
)
def test_prompts(line: str, host: str | None, command: str) -> None:
    part = only(line)
    assert part is not None
    assert (part.host, part.command and part.command.text, part.prompted, part.lines) == (host, command, True, ["an answer"])


@pytest.mark.parametrize(
    "line",
    [
        "netstat -s",
        "sysctl -a",
        "sudo sysctl net.ipv4.tcp_tw_reuse net.ipv4.tcp_timestamps",
        "sysctl -a | grep tw",
        "sysctl -w net.ipv4.tcp_tw_reuse=1",
        "netstat -ant | awk '{print $6}' | sort | uniq -c | sort -rn",
        "netstat -n | awk '/^tcp/ {++S[$NF]} END {for(a in S) print a, S[a]}'",
        "ss -tan state time-wait | wc -l",
        "ss -s",
        "nstat -az TcpExtTWRecycled",
        "grep . /proc/sys/net/ipv4/tcp_*",
        "cat /proc/sys/net/ipv4/ip_local_port_range",
        "cat /proc/net/netstat",
        "cat /etc/sysctl.conf | grep tw",
        "echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse",
        "dmesg | grep conntrack",
        "uname -a",
        "hostname",
        "uptime",
        "### netstat -s ###",
        "**netstat -s:**",
        "`ss -s` output:",
        "Output of ss -s:",
        "1. netstat -s",
        "==> /proc/sys/net/ipv4/tcp_tw_reuse <==",
    ],
)
def test_commands_without_a_prompt(line: str) -> None:
    part = only(line)
    assert part is not None
    assert part.command is not None
    assert (part.host, part.prompted) == (None, False)


@pytest.mark.parametrize(
    "line",
    [
        "# sysctl settings are read from this file",
        "# sysctl -p to apply",
        "# To apply: sysctl -p",
        "# a remark",
        "ss is a nice tool",
        "cat is a pet",
        "netstat",
        "sysctl net.ipv4.tcp_tw_reuse looks wrong",
        "net.ipv4.tcp_tw_reuse = 1",
        "TcpExt: TW TWRecycled",
        "TIME-WAIT 0 0 10.0.0.1:1 10.0.0.2:2",
        "    5 packets pruned from receive queue",
        "100% sure",
        "TCP: inuse 5",
    ],
)
def test_other_lines_begin_nothing(line: str) -> None:
    assert only(line) is None


def test_an_empty_prompt_ends_an_answer() -> None:
    parts = parts_of(["[root@web1 ~]# ss -s", "Total: 2", "[root@web1 ~]#", "later"])
    assert [(part.host, part.lines, part.line) for part in parts] == [("web1", ["Total: 2"], 2), ("web1", ["later"], 4)]


def test_ansible_names_its_hosts() -> None:
    parts = parts_of(["web1 | CHANGED | rc=0 >>", "a", "web2 | FAILED | rc=1 >>", "b"])
    assert [(part.host, part.lines) for part in parts] == [("web1", ["a"]), ("web2", ["b"])]


def test_pdsh_names_its_hosts() -> None:
    parts = parts_of(["web1: net.ipv4.tcp_tw_reuse = 1", "web2: net.ipv4.tcp_tw_reuse = 0"])
    assert [(part.host, part.lines, part.line) for part in parts] == [
        ("web1", ["net.ipv4.tcp_tw_reuse = 1"], 1),
        ("web2", ["net.ipv4.tcp_tw_reuse = 0"], 2),
    ]
    assert only("sysctl: net.ipv4.tcp_tw_reuse = 1") is None


@pytest.mark.parametrize(
    ("line", "prompted"), [("# sysctl -w net.ipv4.tcp_tw_reuse=1", False), ("# sysctl -p", False), ("# sysctl -a", True)]
)
def test_a_remark_may_say_how_to_set_something(line: str, prompted: bool) -> None:
    part = only(line)
    assert part is not None
    assert part.prompted == prompted


def test_what_a_heredoc_holds_is_no_answer() -> None:
    (part,) = parts_of(["$ cat > x.conf <<EOF", "> net.ipv4.tcp_tw_reuse = 1", "EOF"])
    assert (part.lines, part.typed) == ([], ["> net.ipv4.tcp_tw_reuse = 1"])


def test_a_backslash_goes_on_in_the_next_line() -> None:
    parts = parts_of(["$ sysctl net.ipv4.tcp_tw_reuse \\", "> net.ipv4.tcp_timestamps", "net.ipv4.tcp_tw_reuse = 1"])
    assert [part.lines for part in parts if part.lines] == [["net.ipv4.tcp_tw_reuse = 1"]]
