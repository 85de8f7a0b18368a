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
        # Pointers of Go.
        ("a.go", "\tNetIpv4TcpTwReuse:  to.Ptr(true),\n", ON),
        ("a.go", "\tNetIpv4TcpFinTimeout: to.Ptr[int32](5),\n", [(1, "tcp_fin_timeout", "5")]),
        ("a.go", "\tNetIpv4TcpFinTimeout: pointer.Int32(5),\n", [(1, "tcp_fin_timeout", "5")]),
        ("a.go", "\tNetIpv4TcpFinTimeout: to.Ptr(int32(5)),\n", [(1, "tcp_fin_timeout", "5")]),
        ("a.go", '\tNetIpv4IpLocalPortRange: to.Ptr("32768 62535"),\n', [(1, "ip_local_port_range", "32768 62535")]),
        ("a.go", "\tNetIpv4TcpFinTimeout: cfg.FinTimeout,\n", [(1, "tcp_fin_timeout", None)]),
        ("a.go", '\tNetIpv4TcpTwReuse *bool `json:"netIpv4TcpTwReuse,omitempty"`\n', []),
        ("a.go", "\tif s.NetIpv4TcpTwReuse != nil {\n", []),
        # The number of a field, and a variable of C with the kernel's own default.
        ("a.proto", "optional int32 net_ipv4_tcp_max_tw_buckets = 9;\n", []),
        ("a.thrift", "i32 net_ipv4_tcp_max_tw_buckets = 9\n", []),
        ("a.c", "int sysctl_tcp_timestamps = 1;\n", []),
        ("a.c", "net->ipv4.sysctl_tcp_tw_reuse = 2;\n", []),
    ],
)
def test_names_without_dots(tmp_path: Path, name: str, content: str, found: list[Written]) -> None:
    assert settings(tmp_path, name, content) == found


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("defaults/main.yml", "myrole_tcp_tw_reuse: 1\n", ON),
        ("defaults/main.yml", "myrole_tcp_tw_reuse: true\n", ON),
        ("defaults/main.yml", 'myrole_net_ipv4_tcp_fin_timeout: "5"\n', [(1, "tcp_fin_timeout", "5")]),
        ("defaults/main.yml", "sysctl_net_core_somaxconn: 128\n", [(1, "net.core.somaxconn", "128")]),
        ("defaults/main.yml", "web:\n  kernel_tcp_timestamps: 0\n", [(2, "tcp_timestamps", "0")]),
        ("defaults/main.yml", 'os_ip_local_port_range: "1024 65535"\n', [(1, "ip_local_port_range", "1024 65535")]),
        ("defaults/main.yml", 'myrole_tcp_tw_reuse: "{{ x }}"\n', [(1, "tcp_tw_reuse", None)]),
        ("vars.tfvars", "node_tcp_max_tw_buckets = 5000\n", [(1, "tcp_max_tw_buckets", "5000")]),
        ("settings.env", "SYSCTL_TCP_TW_REUSE=1\n", ON),
        ("setup.sh", "export NET_IPV4_TCP_TW_REUSE=1\n", ON),
        ("setup.sh", 'NET_IPV4_TCP_TW_REUSE="$X"\n', [(1, "tcp_tw_reuse", None)]),
        ("a.py", "config = dict(app_tcp_tw_reuse=1)\n", ON),
        # It may be one of IPVS, or of a proxy.
        ("defaults/main.yml", "kube_proxy_tcp_fin_timeout: 0\n", []),
        ("defaults/main.yml", "tcp_keepalive_time: 30\n", []),
        # It turns off, or looks.
        ("defaults/main.yml", "disable_tcp_timestamps: true\n", []),
        ("defaults/main.yml", "os_skip_net_ipv4_tcp_tw_reuse: true\n", []),
        ("a.py", "expected_tcp_tw_reuse = 1\n", []),
        ("a.py", "if tcp_tw_reuse == 1:\n", []),
        ("a.py", "x.tcp_tw_reuse = 1\n", []),
        ("a.py", "print(f'{tcp_tw_reuse}')\n", []),
        ("a.sh", "# TCP_TW_REUSE=1\n", []),
        ("a.yml", "xtcp_tw_reuse: 1\n", []),
        ("a.yml", "myrole_tcp_tw_reuse_enabled: 1\n", []),
    ],
)
def test_names_of_peoples_own(tmp_path: Path, name: str, content: str, found: list[Written]) -> None:
    assert settings(tmp_path, name, content) == found
