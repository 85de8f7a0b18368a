# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Form 2 in texts: a key under one name and its value under another."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repositories import Written, settings


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.pp", "sysctl { 'net.ipv4.tcp_tw_reuse': value => '1' }\n", [(1, "tcp_tw_reuse", "1")]),
        ("a.pp", "sysctl { 'net.ipv4.tcp_tw_reuse':\n  ensure => present,\n  value  => '1',\n}\n", [(1, "tcp_tw_reuse", "1")]),
        ("a.pp", "sysctl::value { 'net.ipv4.tcp_tw_reuse': value => $x }\n", [(1, "tcp_tw_reuse", None)]),
        ("a.pp", "sysctl { 'net.ipv4.tcp_tw_reuse':\n  ensure => absent,\n  value => '1',\n}\n", []),
        ("a.pp", "sysctl {\n  'net.ipv4.tcp_tw_reuse':\n    value => '1';\n}\n", [(2, "tcp_tw_reuse", "1")]),
        ("a.rb", "sysctl 'net.ipv4.tcp_tw_reuse' do\n  value 1\nend\n", [(1, "tcp_tw_reuse", "1")]),
        ("a.rb", "sysctl_param 'net.ipv4.tcp_tw_reuse' do\n  value node['x']\nend\n", [(1, "tcp_tw_reuse", None)]),
        ("a.tf", 'sysctl {\n  name  = "net.ipv4.tcp_tw_reuse"\n  value = "1"\n}\n', [(2, "tcp_tw_reuse", "1")]),
        ("a.go", 'Key:   "proc.sys.net.ipv4.tcp_tw_reuse",\nValue: "1",\n', [(1, "tcp_tw_reuse", "1")]),
        ("a.tf", 'x = [{ name = "net.ipv4.tcp_tw_reuse", value = 1 }]\n', [(1, "tcp_tw_reuse", "1")]),
        ("a.tf", 'name = "net.ipv4.tcp_tw_reuse"\n}\nvalue = "1"\n', []),
        ("x.tpl", '- name: net.ipv4.tcp_tw_reuse\n  value: "1"\n{{- if .x }}\n', [(1, "tcp_tw_reuse", "1")]),
        ("x.tpl", "- name: net.ipv4.tcp_tw_reuse\n  value: {{ .Values.reuse }}\n", [(1, "tcp_tw_reuse", None)]),
        ("x.yml", "- sysctl: name=net.ipv4.tcp_tw_reuse value=1 state=present\n", [(1, "tcp_tw_reuse", "1")]),
        ("x.yml", "- sysctl: name=net.ipv4.tcp_tw_reuse state=absent\n", []),
        ("x.sql", "SELECT 1 FROM t WHERE name = 'net.ipv4.tcp_tw_reuse' AND value = '1';\n", []),
        ("x.go", 'read(name: "net.ipv4.tcp_tw_reuse")\n', []),
        ("x.tf", 'name = "net.ipv4.tcp_tw_reuse"\nname = "other"\nvalue = "1"\n', []),
    ],
)
def test_a_value_under_a_name_of_its_own(tmp_path: Path, name: str, content: str, found: list[Written]) -> None:
    assert settings(tmp_path, name, content) == found


def test_resources_of_one_class_are_one_place(tmp_path: Path) -> None:
    text = "class a {\n  sysctl { 'net.ipv4.tcp_tw_reuse': value => '1' }\n  sysctl { 'net.ipv4.tcp_timestamps': value => '0' }\n}\n"
    assert settings(tmp_path, "a.pp", text) == [(2, "tcp_tw_reuse", "1"), (3, "tcp_timestamps", "0")]
