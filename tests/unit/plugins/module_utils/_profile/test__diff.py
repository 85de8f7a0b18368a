# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a boot file a diff shows: everything about TCP, and nothing that must stay on the host."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._boot_file import render
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._diff import NOT_SHOWN, SECRET, shown
from support.steps import steps
from support.transactions import BOOT_FILE, MAIN_FILE, REUSE, Host

OURS = render(BOOT_FILE, "client_host", ["D1"], {"net.ipv4.tcp_tw_reuse": "1", "-net.core.rmem_max": "4711"})


@pytest.mark.parametrize(
    "line",
    [
        "",
        "  ",
        "net.ipv4.tcp_tw_reuse = 1",
        "-net/ipv4/tcp_tw_reuse=1",
        "net.ipv4.tcp_made_up = 1 # why",
        "net.ipv4.conf.*.rp_filter = 1",
        "# net.ipv4.tcp_tw_reuse = 1",
        "; what the team of example.org wants",
        "# see /etc/sysctl.d/10.conf, and net.ipv4.tcp_sack.",
        "-net.ipv4.tcp_sack",
    ],
)
def test_what_concerns_tcp_is_shown(line: str) -> None:
    assert shown(line) == line


@pytest.mark.parametrize(
    "line",
    [
        "net.ipv4.tcp_fastopen_key = s3cret",
        "#net.ipv4.tcp_fastopen_key = s3cret",
        "; net/ipv4/tcp_fastopen_key s3cret",
        "sysctl -w net.ipv4.tcp_fastopen_key=s3cret",
        "net.ipv4.tcp_fastopen_key s3cret",
        "#\rnet.ipv4.tcp_fastopen_key=s3cret",
        "# net.ipv4.tcp_fastopen_ke[^x] = s3cret",
        "net.ipv4.tcp_fastopen_{k,x}ey s3cret",
        "net.ipv4.tcp_fastopen\\_ke? = s3cret",
        "# sysctl -w 'net.ipv4.tcp_fastopen_[[:lower:]]ey=s3cret'",
        "net.ipv6.conf.eth0.stable_secret = s3cret",
        "net.ipv4.tcp_sack = 1 net.core.netdev_rss_key=s3cret",
    ],
)
def test_a_line_that_names_a_secret_is_not_shown(line: str) -> None:
    assert shown(f"net.ipv4.tcp_sack = 1\n{line}\n") == f"net.ipv4.tcp_sack = 1\n{SECRET}\n"


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ("kernel.core_pattern = |/bin/s3cret", f"kernel.core_pattern = {NOT_SHOWN}"),
        ("-kernel.core_pattern=s3cret", f"-kernel.core_pattern= {NOT_SHOWN}"),
        ("# kernel.core_pattern = |/bin/s3cret", f"# {NOT_SHOWN}"),
        ("#sysctl -w /proc/sys/kernel/core_pattern=s3cret", f"# {NOT_SHOWN}"),
        ("kernel.core_pattern s3cret", NOT_SHOWN),
        ("password s3cret", NOT_SHOWN),
        ("net.ipv4.tcp_sack s3cret", NOT_SHOWN),
        ("net.ipv6.conf.*.forwarding = s3cret", f"net.ipv6.conf.*.forwarding = {NOT_SHOWN}"),
        ("# x\rkernel.core_pattern=s3cret", NOT_SHOWN),
        ("# " + "s3cret" * 1000, NOT_SHOWN),
    ],
)
def test_what_is_about_something_else_is_not_shown(line: str, instead: str) -> None:
    assert shown(line) == instead


def test_our_own_boot_file_is_shown_whole() -> None:
    assert shown(OURS, ["net.core.rmem_max"]) == OURS
    assert "4711" not in shown(OURS)


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert shown("# caf\xc3\xa9 \xff") == "# caf\u00e9 \ufffd"


def test_twice_the_text_is_twice_the_work() -> None:
    line = "# net.ipv4.*?*?*?*? net.ipv4.tcp_{*,*}{*,*} kernel.x\n"
    assert steps(lambda: shown(line * 20)) <= 2.2 * steps(lambda: shown(line * 10))


def test_a_line_of_another_file_goes_the_same_way(host: Host) -> None:
    """Commented out, it would else be printed with the secret that stands behind it."""
    host.write(MAIN_FILE, "net.ipv4.tcp_tw_reuse = 0 net.ipv4.tcp_fastopen_key=s3cret\nnet.ipv4.tcp_tw_reuse = 2\n")
    result = host.call(settings={REUSE: 1}, on_conflict="comment_out")
    assert "s3cret" not in str(result)
    (diff,) = [one for one in result["diff"] if one["before_header"] == MAIN_FILE]
    assert diff["before"].splitlines()[-1] == "net.ipv4.tcp_tw_reuse = 2"
    assert diff["after"].splitlines()[-1].endswith(": net.ipv4.tcp_tw_reuse = 2")


def test_the_boot_file_that_was_there_before_goes_the_same_way(host: Host) -> None:
    host.write(BOOT_FILE, "#net.ipv4.tcp_fastopen_key s3cret\nsysctl -w net.ipv4.tcp_fastopen_key=s3cret\nkernel.core_pattern=s3cret\n")
    result = host.call(settings={REUSE: 1})
    assert "s3cret" not in str(result)
