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


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.go", '\t{"net.ipv4.tcp_tw_reuse", "1"},\n', REUSE_1),
        ("a.go", '\tsysctl{"net.ipv4.tcp_tw_reuse", "1"},\n', REUSE_1),
        ("a.go", '\t{ "net.ipv4.tcp_tw_reuse", 1 },\n', REUSE_1),
        ("a.go", '\t{"net.ipv4.ip_local_port_range", "1024 65535"},\n', [(1, "ip_local_port_range", "1024 65535")]),
        ("a.go", '\t{"net.ipv4.ip_local_port_range", "1024\\t65535"},\n', [(1, "ip_local_port_range", "1024 65535")]),
        ("a.py", 'x = [("net.ipv4.tcp_tw_reuse", 1), ("net.ipv4.tcp_timestamps", "0")]\n', [(1, "tcp_timestamps", "0"), *REUSE_1]),
        ("a.py", "x = (('net.ipv4.tcp_tw_reuse', True),)\n", REUSE_1),
        ("a.rb", "[['net.ipv4.tcp_tw_reuse', '1']].each { |k, v| set k, v }\n", REUSE_1),
        ("a.rs", 'vec![("net.ipv4.tcp_tw_reuse", "1")]\n', REUSE_1),
        ("a.js", "new Map([['net.ipv4.tcp_tw_reuse', 1]])\n", REUSE_1),
        # Names alone, and calls that compare.
        ("a.go", '\t{"net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_timestamps"},\n', []),
        ("a.go", '\texpect("net.ipv4.tcp_tw_reuse", "1")\n', []),
        ("a.py", 'assert_equal(("net.ipv4.tcp_tw_reuse"), 1)\n', []),
        ("a.py", 'x["net.ipv4.tcp_tw_reuse", 1]\n', []),
        ("a.go", '\t{"net.ipv4.tcp_tw_reuse", "1", "2"},\n', []),
        ("a.go", '\t{"net.ipv4.tcp_tw_reuse", value},\n', []),
        ("x.conf", '{"net.ipv4.tcp_tw_reuse", "1"}\n', []),
    ],
)
def test_pairs_without_names(tmp_path: Path, name: str, content: str, found: list[Written]) -> None:
    assert settings(tmp_path, name, content) == found


RANGE = [(1, "ip_local_port_range", "40000 40020")]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.pp", "sysctl { 'net.ipv4.ip_local_port_range': value => \"40000\\t40020\" }\n", RANGE),
        ("a.py", '"net.ipv4.ip_local_port_range": "40000\\t40020",\n', RANGE),
        ("a.go", '"net.ipv4.ip_local_port_range": "40000\\t40020\\n",\n', RANGE),
        ("a.tf", 'x = { "net.ipv4.ip_local_port_range" = "40000\\t40020" }\n', RANGE),
        ("a.tf", 'net_ipv4_ip_local_port_range = "40000\\t40020"\n', RANGE),
        ("a.nix", '"net.ipv4.ip_local_port_range" = "40000\\t40020";\n', RANGE),
        ("a.sh", "sysctl -w net.ipv4.ip_local_port_range='40000\\t40020'\n", RANGE),
        ("a.sh", 'printf "40000\\t40020" > /proc/sys/net/ipv4/ip_local_port_range\n', RANGE),
        ("a.yml", 'net.ipv4.ip_local_port_range: "40000\\t40020"\n', [(1, "ip_local_port_range", "40000\t40020")]),
        # There the kernel gets what is written.
        ("x.conf", "net.ipv4.ip_local_port_range = 40000\\t40020\n", [(1, "ip_local_port_range", "40000\\t40020")]),
    ],
)
def test_tabs_with_a_backslash(tmp_path: Path, name: str, content: str, found: list[Written]) -> None:
    assert settings(tmp_path, name, content) == found


@pytest.mark.parametrize(
    ("name", "content", "value"),
    [
        ("a.pp", "$x = { 'net.ipv4.tcp_tw_reuse' => 'enabled', }\n", None),
        ("a.py", '"net.ipv4.tcp_tw_reuse": "Reuse ports in TIME_WAIT",\n', None),
        ("a.go", '"net.ipv4.tcp_tw_reuse": "int",\n', None),
        ("a.rb", "sysctl 'net.ipv4.tcp_tw_reuse' do\n  value 'default'\nend\n", None),
        ("a.tf", 'net_ipv4_tcp_tw_reuse = "none"\n', None),
        ("a.nix", '"net.ipv4.tcp_tw_reuse" = "reuse";\n', None),
        ("a.yml", "net.ipv4.tcp_tw_reuse: enabled\n", None),
        ("a.json", '{"net.ipv4.tcp_tw_reuse": "integer"}', None),
        ("a.json", '{"net.ipv4.tcp_tw_reuse": "0x1"}', "0x1"),
        ("a.yml", f"net.ipv4.tcp_{'x' * 99}: a word\nnet.ipv4.tcp_tw_reuse: a word\n", None),
        ("a.yml", "net.ipv4.tcp_congestion_control: bbr\n", "bbr"),
        ("a.yml", "net.ipv4.ip_local_port_range: 1024-65535\n", "1024-65535"),
        ("a.py", '"net.ipv4.tcp_tw_reuse": "7",\n', "7"),
        # What stands in a sysctl file the kernel gets, and refuses.
        ("x.conf", "net.ipv4.tcp_tw_reuse = enabled\n", "enabled"),
    ],
)
def test_words_in_place_of_numbers(tmp_path: Path, name: str, content: str, value: str | None) -> None:
    assert [found[2] for found in settings(tmp_path, name, content) if found[1] != f"tcp_{'x' * 99}"] == [value]
