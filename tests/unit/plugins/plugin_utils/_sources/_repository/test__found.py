# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys and values as they are written."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._repository._found import is_misspelt, known_key, literal


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_tw_reuse"),
        ("net/ipv4/tcp_tw_reuse", "net.ipv4.tcp_tw_reuse"),
        ("/proc/sys/net/ipv4/tcp_tw_reuse", "net.ipv4.tcp_tw_reuse"),
        ("proc.sys.net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_tw_reuse"),
        ("net.ipv4.tcp_tw_reuse.", "net.ipv4.tcp_tw_reuse"),
        ("net.ipv4.tcp_tw_reus", "net.ipv4.tcp_tw_reus"),
        ("net.ipv4.tcp_fastopen_key", None),
        ("net.ipv4.icmp_echo_ignore_all", None),
        ("vm.swappiness", None),
        ("", None),
    ],
)
def test_the_key_in_dots(written: str, key: str | None) -> None:
    assert known_key(written) == key


def test_a_name_that_no_kernel_has() -> None:
    assert is_misspelt("net.ipv4.tcp_tw_reus")
    assert not is_misspelt("net.ipv4.tcp_app_win")
    assert not is_misspelt("net.core.somaxconn")


@pytest.mark.parametrize(
    "value",
    [
        "$X",
        "${X}",
        "$(x)",
        "`x`",
        "{{ x }}",
        "{% x %}",
        "<%= x %>",
        "%s",
        "%d",
        "%(x)s",
        "#{x}",
        "@X@",
        "<value>",
        "{x}",
        "${var.x}",
        "1 $X",
        "XX",
        "...",
    ],
)
def test_what_is_filled_in_later_is_not_known(value: str) -> None:
    assert literal(value, expression=False, booleans=True) is None


@pytest.mark.parametrize(
    ("value", "expression", "known"),
    [
        (" 1 ", False, "1"),
        ("1024 65535", False, "1024 65535"),
        ("true", False, "1"),
        ("Off", False, "0"),
        ("bbr", False, "bbr"),
        ("bbr", True, None),
        ("lib.mkDefault 1", True, "1"),
        ("mkForce true", True, "1"),
        ("(mkOverride 50 2)", True, "2"),
        ("cfg.x", True, None),
        ("0x10", True, "0x10"),
        ("-1", True, "-1"),
        ("1" * 5000, False, None),
    ],
)
def test_values(value: str, expression: bool, known: str | None) -> None:
    assert literal(value, expression=expression, booleans=True) == known


def test_a_word_is_itself_where_nothing_converts_it() -> None:
    assert literal("true", expression=False, booleans=False) == "true"
