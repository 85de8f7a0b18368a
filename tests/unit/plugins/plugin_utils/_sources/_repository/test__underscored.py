# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Form 4: names without dots."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repositories import Written, settings

ON = [(1, "tcp_tw_reuse", "1")]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.tf", "net_ipv4_tcp_tw_reuse = true\n", ON),
        ("a.tf", "net_ipv4_tcp_tw_reuse = false\n", [(1, "tcp_tw_reuse", "0")]),
        ("a.tf", 'net_ipv4_tcp_fin_timeout = "5"\n', [(1, "tcp_fin_timeout", "5")]),
        ("a.tf", "net_ipv4_tcp_fin_timeout = var.fin\n", [(1, "tcp_fin_timeout", None)]),
        ("a.tf", "net_netfilter_nf_conntrack_max = 131072\n", [(1, "net.netfilter.nf_conntrack_max", "131072")]),
        (
            "a.tf",
            "net_ipv4_ip_local_port_range_min = 1024\nnet_ipv4_ip_local_port_range_max = 65535\n",
            [(1, "ip_local_port_range", "1024 65535")],
        ),
        ("a.tf", "net_ipv4_ip_local_port_range_min = 1024\n", []),
        ("a.tf", "# net_ipv4_tcp_tw_reuse = true\n", []),
        ("a.tf", 'output "net_ipv4_tcp_tw_reuse" {}\n', []),
        ("a.tf", "x = var.net_ipv4_tcp_tw_reuse\n", []),
        ("a.go", '"net_ipv4_tcp_tw_reuse": {\n"net_core_somaxconn": &x,\n', []),
        ("a.bicep", "netIpv4TcpTwReuse: true\n", ON),
        (
            "aks.json",
            '{"sysctls": {"netIpv4TcpTwReuse": true, "netIpv4IpLocalPortRange": "32000 60000"}}',
            [(1, "ip_local_port_range", "32000 60000"), *ON],
        ),
        ("vars.yml", "a:\n  net_ipv4_tcp_tw_reuse: 1\n", [(2, "tcp_tw_reuse", "1")]),
        ("a.rb", "default['sysctl']['params']['net']['ipv4']['tcp_tw_reuse'] = 1\n", ON),
        ("a.rb", "default['sysctl']['net']['ipv4']['tcp_tw_reuse'] == 1\n", []),
    ],
)
def test_names_without_dots(tmp_path: Path, name: str, content: str, found: list[Written]) -> None:
    assert settings(tmp_path, name, content) == found
