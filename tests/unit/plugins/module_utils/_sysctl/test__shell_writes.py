# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a shell script writes to sysctl keys."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._shell_writes import shell_writes
from hypothesis import given
from hypothesis import strategies as st

SACK = "net.ipv4.tcp_sack"
FILE = "/proc/sys/net/ipv4/tcp_sack"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (f"sysctl -w {SACK}=0", [(SACK, "0")]),
        (f"sysctl {SACK}=0", [(SACK, "0")]),
        (f"/sbin/sysctl -q -w {SACK}=0 > /dev/null 2>&1", [(SACK, "0")]),
        ("sysctl -w net/ipv4/tcp_sack=0", [(SACK, "0")]),
        ('sysctl -w net.ipv4.tcp_rmem="4096 87380 6291456"', [("net.ipv4.tcp_rmem", "4096 87380 6291456")]),
        (f"sysctl -w '{SACK} = 0'", [(SACK, "0")]),
        (f"sysctl -w {SACK}=0 net.ipv4.tcp_dsack=1", [(SACK, "0"), ("net.ipv4.tcp_dsack", "1")]),
        (f"sudo -n sysctl -w {SACK}=0 || true", [(SACK, "0")]),
        (f"sudo -u root sysctl -w {SACK}=0", [(SACK, "0")]),
        (f"[ -f {FILE} ] && sysctl -w {SACK}=0", [(SACK, "0")]),
        (f"if true; then sysctl -w {SACK}=0; fi", [(SACK, "0")]),
        (f"sysctl -w {SACK}=$VALUE", [(SACK, None)]),
        (f'sysctl -w {SACK}="${{VALUE:-1}}"', [(SACK, None)]),
        (f"sysctl -w {SACK}=`cat x`", [(SACK, None)]),
        (f"echo 0 > {FILE}", [(SACK, "0")]),
        (f"echo 0 >{FILE}", [(SACK, "0")]),
        (f"echo 0>{FILE}", []),
        (f"echo -n 0 >> {FILE}", [(SACK, "0")]),
        (f"echo '0' | tee {FILE}", [(SACK, "0")]),
        (f"echo 0 | sudo tee {FILE} > /dev/null", [(SACK, "0")]),
        (f"cat x | tee {FILE}", [(SACK, None)]),
        (f"sudo | tee {FILE}", [(SACK, None)]),
        (f"/bin/echo 0 | tee {FILE}", [(SACK, "0")]),
        (f"printf '0\\n' > {FILE}", [(SACK, "0")]),
        (f"printf '%s\\n' 0 > {FILE}", [(SACK, "0")]),
        (f"printf '%s%s' 0 1 > {FILE}", [(SACK, None)]),
        ('echo "1024 65535" > /proc/sys/net/ipv4/ip_local_port_range', [("net.ipv4.ip_local_port_range", "1024 65535")]),
        ("echo 1024 65535 > /proc/sys/net/ipv4/ip_local_port_range # ports", [("net.ipv4.ip_local_port_range", "1024 65535")]),
        ("echo 1 > /proc/sys/net/ipv4/conf/eth0.1/rp_filter", [("net.ipv4.conf.eth0/1.rp_filter", "1")]),
        (f"echo $X > {FILE}", [(SACK, None)]),
        (f"sh -c 'echo 0 > {FILE}'", [(SACK, "0")]),
        (f'bash -c "sysctl -w {SACK}=0"', [(SACK, "0")]),
        (f"X=1 sysctl -w {SACK}=0", [(SACK, "0")]),
        # What writes nothing.
        (f"# sysctl -w {SACK}=0", []),
        (f"  # echo 0 > {FILE}", []),
        (f"true # sysctl -w {SACK}=0", []),
        (f"echo sysctl -w {SACK}=0", []),
        (f'echo "sysctl -w {SACK}=0" >> /etc/rc.local', []),
        (f"sysctl -n {SACK}", []),
        (f"cat {FILE}", []),
        ("sysctl -p /etc/sysctl.d/x=1.conf", []),
        ("sysctl -w $KEY=1", []),
        ("for f in /proc/sys/net/ipv4/conf/*/rp_filter; do echo 1 > $f; done", []),
        ("echo 1 > /proc/sys/net/ipv4/conf/*/rp_filter", []),
        (f"my_sysctl -w {SACK}=0", []),
        (f"{SACK} = 0", []),
        ("", []),
    ],
)
def test_lines(line: str, found: list[tuple[str, str | None]]) -> None:
    assert [(one.key, one.value) for one in shell_writes(line)] == found


def test_lines_are_counted() -> None:
    text = f"#!/bin/sh\nsysctl -w \\\n  {SACK}=0\n\ncat > x <<'EOF'\nsysctl -w {SACK}=1\nEOF\necho 2 > {FILE}\n"
    assert [(one.line, one.value) for one in shell_writes(text)] == [(2, "0"), (8, "2")]


def test_a_here_document_that_never_ends_hides_the_rest() -> None:
    assert shell_writes(f"cat <<EOF\nsysctl -w {SACK}=1\n") == []


def test_a_line_that_is_too_long_costs_only_itself() -> None:
    assert [one.line for one in shell_writes("x" * 20000 + f"; sysctl -w {SACK}=1\nsysctl -w {SACK}=0\n")] == [2]


@pytest.mark.parametrize("text", ["'" * 9999, '"' * 9999, "\\" * 9999, "<<" * 5000, "a=" * 5000, "sudo " * 2000, '"\\' * 5000, "$(" * 5000])
def test_hostile_lines_end(text: str) -> None:
    assert shell_writes((f"sysctl; {text}"[:10000] + "\n") * 9) == []


@given(st.text(alphabet="sysctl -w=ne.tv4/'\"\\\n;&|<>#$`{}()EOF0", max_size=200))
def test_any_text(text: str) -> None:
    lines = text.count("\n") + 1
    assert all(1 <= one.line <= lines for one in shell_writes(text))
