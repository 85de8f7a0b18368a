# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys whose write also changes the keys of interfaces."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._interfaces import may_spread, spread_rank


@pytest.mark.parametrize(
    ("key", "to", "spreads"),
    [
        ("net.ipv6.conf.all.disable_ipv6", "net.ipv6.conf.lo.disable_ipv6", True),
        ("net.ipv6.conf.all.disable_ipv6", "net.ipv6.conf.eth0/100.disable_ipv6", True),
        ("net.ipv6.conf.all.disable_ipv6", "net.ipv6.conf.default.disable_ipv6", True),
        ("net.ipv4.conf.default.rp_filter", "net.ipv4.conf.eth0.rp_filter", True),
        ("net.ipv4.ip_forward", "net.ipv4.conf.eth0.forwarding", True),
        ("net.ipv4.ip_forward", "net.ipv4.conf.all.accept_redirects", True),
        ("net.ipv4.conf.eth0.rp_filter", "net.ipv4.conf.default.rp_filter", False),
        ("net.ipv4.conf.default.rp_filter", "net.ipv4.conf.eth0.log_martians", False),
        ("net.ipv4.conf.default.rp_filter", "net.ipv6.conf.eth0.rp_filter", False),
        ("net.ipv4.ip_forward", "net.ipv6.conf.eth0.forwarding", False),
        ("net.ipv4.ip_forward", "net.ipv4.tcp_tw_reuse", False),
        ("net.ipv4.tcp_tw_reuse", "net.ipv4.conf.eth0.rp_filter", False),
    ],
)
def test_which_write_may_change_another_key(key: str, to: str, spreads: bool) -> None:
    assert may_spread(key, to) is spreads
    both_ways = [may_spread(*pair) for pair in ((key, to), (to, key))]
    assert both_ways.count(True) <= 1


def test_the_order_of_writes() -> None:
    in_order = [
        "net.ipv4.ip_forward",
        "net.ipv4.conf.all.accept_redirects",
        "net.ipv4.conf.default.accept_redirects",
        "net.ipv4.conf.eth0.accept_redirects",
    ]
    assert [spread_rank(key) for key in in_order] == [0, 1, 2, 3]
