# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Form 1: a key, a sign and a value, as files of many products have them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repositories import Written, settings

REUSE_1 = [(1, "tcp_tw_reuse", "1")]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("99-web.conf", "net.ipv4.tcp_tw_reuse = 1\n", REUSE_1),
        ("99-web.conf", "net/ipv4/tcp_tw_reuse=1\n", REUSE_1),
        ("99-web.conf", "-net.ipv4.tcp_tw_reuse=1\n", REUSE_1),
        ("99-web.conf.j2", "net.ipv4.tcp_tw_reuse = {{ reuse }}\n", [(1, "tcp_tw_reuse", None)]),
        ("99-web.conf.erb", "net.ipv4.tcp_tw_reuse = <%= @reuse %>\n", [(1, "tcp_tw_reuse", None)]),
        ("99-web.conf", "net.ipv4.ip_local_port_range = 1024 65535\r\n", [(1, "ip_local_port_range", "1024 65535")]),
        ("tuned.conf", "[sysctl]\nnet.ipv4.tcp_tw_reuse=1\n", [(2, "tcp_tw_reuse", "1")]),
        ("tuned.conf", '[main]\n[sysctl]\nnet.ipv4.ip_local_port_range="1024 65535"\n', [(3, "ip_local_port_range", "1024 65535")]),
        ("tuned.conf", "[sysctl]\nnet.ipv4.tcp_tw_reuse=${reuse}\n", [(2, "tcp_tw_reuse", None)]),
        # The kernel gets quotation marks and remarks, and refuses them: they stay in the value.
        ("x.conf", 'net.ipv4.tcp_tw_reuse = "1"\n', [(1, "tcp_tw_reuse", '"1"')]),
        ("x.conf", "net.ipv4.tcp_tw_reuse = 1 # on\n", [(1, "tcp_tw_reuse", "1 # on")]),
        ("host.nix", 'boot.kernel.sysctl."net.ipv4.tcp_tw_reuse" = 1;\n', REUSE_1),
        ("host.nix", "boot.kernel.sysctl.net.ipv4.tcp_tw_reuse = 1;\n", REUSE_1),
        ("host.nix", 'boot.kernel.sysctl = { "net.ipv4.tcp_tw_reuse" = lib.mkForce 1; };\n', REUSE_1),
        ("host.nix", '{ "net.ipv4.tcp_tw_reuse" = lib.mkOverride 99 true; }\n', REUSE_1),
        ("host.nix", '{ "net.ipv4.tcp_tw_reuse" = cfg.reuse; }\n', [(1, "tcp_tw_reuse", None)]),
        ("host.nix", '{\n  # "net.ipv4.tcp_tw_reuse" = 1;\n}\n', []),
        ("m.pp", "$x = { 'net.ipv4.tcp_tw_reuse' => '1', }\n", REUSE_1),
        ("m.pp", "$x = { 'net.ipv4.tcp_tw_reuse' => $reuse }\n", [(1, "tcp_tw_reuse", None)]),
        ("m.pp", "$x = { 'net.ipv4.ip_local_port_range' => [1024, 65535], }\n", [(1, "ip_local_port_range", "1024 65535")]),
        ("a.py", '"net.ipv4.ip_local_port_range": ["1024", "65535"],\n', [(1, "ip_local_port_range", "1024 65535")]),
        ("m.go", '"net.ipv4.ip_local_reserved_ports = "+ports,\n', [(1, "ip_local_reserved_ports", None)]),
        ("main.tf", 'x = { "net.ipv4.tcp_tw_reuse" = "1" }\n', REUSE_1),
        ("main.tf", 'x = { "net.ipv4.tcp_tw_reuse" = var.reuse }\n', [(1, "tcp_tw_reuse", None)]),
        ("main.go", '\t"net.ipv4.tcp_tw_reuse": "1", // on\n', REUSE_1),
        ("main.go", '\t"net.ipv4.tcp_tw_reuse=1",\n', REUSE_1),
        ("main.go", '\tlog("net.ipv4.tcp_tw_reuse = 1 is what we want")\n', []),
        ("a.py", 'if read("net.ipv4.tcp_tw_reuse") == "1":\n', []),
        ("settings.toml", '"net.ipv4.tcp_tw_reuse" = "1"\n', REUSE_1),
        ("notes.txt", "Set net.ipv4.tcp_tw_reuse = 1 and reboot.\n", []),
        ("x.conf", "; net.ipv4.tcp_tw_reuse = 1\n", []),
        ("a.go", "// net.ipv4.tcp_tw_reuse = 1\n", []),
        ("a.java", "/* net.ipv4.tcp_tw_reuse = 1\n * net.ipv4.tcp_timestamps = 0\n */\n", []),
        ("x.conf", "net.ipv4.tcp_fastopen_key = 1-2-3-4\n", []),
        ("x.conf", "vm.swappiness = 1\nxnet.ipv4.tcp_tw_reuse = 1\n", []),
    ],
)
def test_what_a_line_sets(tmp_path: Path, name: str, content: str, found: list[Written]) -> None:
    assert settings(tmp_path, name, content) == found
