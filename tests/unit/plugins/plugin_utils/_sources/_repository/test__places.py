# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a file is judged together, and what is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._repository._places import style_of
from support.repositories import failures, judged, places

CHEF_REUSE = "  sysctl 'net.ipv4.tcp_tw_reuse' do\n    value 1\n  end\n"
CHEF_TIMESTAMPS = "  sysctl 'net.ipv4.tcp_timestamps' do\n    value 0\n  end\n"
ON_WITHOUT = ("net.ipv4.tcp_tw_reuse", "1"), ("net.ipv4.tcp_timestamps", "0")


@pytest.mark.parametrize(
    ("name", "start", "style"),
    [
        ("a.sh", "", "shell"),
        ("dockerfile.web", "", "shell"),
        ("makefile", "", "shell"),
        ("a.nix", "", "code"),
        ("a.tf", "", "code"),
        ("setup", "#!/bin/bash\n", "shell"),
        ("setup", "#!/usr/bin/env python3\n", "code"),
        ("99-x.conf", "", "config"),
        ("setup", "", "config"),
    ],
)
def test_how_a_file_writes_values(name: str, start: str, style: str) -> None:
    assert style_of(name, start) == style


@pytest.mark.parametrize(
    ("name", "content", "together"),
    [
        ("a.conf", "net.ipv4.tcp_tw_reuse = 1\nnet.ipv4.tcp_timestamps = 0\n", True),
        ("a.sh", "sysctl -w net.ipv4.tcp_tw_reuse=1\nif x; then\n sysctl -w net.ipv4.tcp_timestamps=0\nfi\n", False),
        ("a.sh", "if x; then sysctl -w net.ipv4.tcp_tw_reuse=1\nelse sysctl -w net.ipv4.tcp_timestamps=0\nfi\n", False),
        ("a.conf.j2", "net.ipv4.tcp_tw_reuse = 1\n{% if x %}\nnet.ipv4.tcp_timestamps = 0\n{% endif %}\n", False),
        ("a.nix", 'x = {\n"net.ipv4.tcp_tw_reuse" = 1;\n"net.ipv4.tcp_timestamps" = 0;\n};\n', True),
        ("a.nix", 'x = {\n"net.ipv4.tcp_tw_reuse" = 1;\n};\ny = {\n"net.ipv4.tcp_timestamps" = 0;\n};\n', False),
        ("a.sh", "sysctl -w net.ipv4.tcp_tw_reuse=1\ndocker run --sysctl net.ipv4.tcp_timestamps=0 x\n", False),
        ("a.py", 'if x:\n    set("net.ipv4.tcp_tw_reuse=1")\nelse:\n    set("net.ipv4.tcp_timestamps=0")\n', False),
        ("a.py", 'if x:\n    set("net.ipv4.tcp_tw_reuse=1")\n    set("net.ipv4.tcp_timestamps=0")\n', True),
        ("a.py", 'if x:\n    s = {\n        "net.ipv4.tcp_tw_reuse": 1,\n        "net.ipv4.tcp_timestamps": 0,\n    }\n', True),
        ("a.rb", f"if x\n{CHEF_REUSE}else\n{CHEF_TIMESTAMPS}end\n", False),
        ("a.rb", f"if x\n{CHEF_REUSE}{CHEF_TIMESTAMPS}end\n", True),
        ("a.sh", "sysctl -w net.ipv4.tcp_timestamps=0 net.ipv4.tcp_tw_reuse=1 net.ipv4.tcp_timestamps=1\n", False),
        ("a.sh", "sysctl -w net.ipv4.tcp_timestamps=0 net.ipv4.tcp_tw_reuse=1 net.ipv4.tcp_timestamps=$T\n", False),
    ],
)
def test_what_is_judged_together(tmp_path: Path, name: str, content: str, together: bool) -> None:
    assert ("reuse-without-timestamps" in {rule for rule, _path, _line in failures(tmp_path, {name: content})}) is together


def test_two_files_are_never_judged_together(tmp_path: Path) -> None:
    files = {"a.conf": "net.ipv4.tcp_tw_reuse = 1\n", "b.conf": "net.ipv4.tcp_timestamps = 0\n"}
    assert failures(tmp_path, files) == {("timestamps-off", "b.conf", 1)}


def test_a_name_that_no_kernel_has_counts_beside_others_only(tmp_path: Path) -> None:
    assert places(tmp_path, {"metrics.yml": "net.ipv4.tcp_connections: 5\n"}) == []
    misspelt = {"a.conf": "net.ipv4.tcp_tw_reuse = 1\nnet.ipv4.tcp_timestamp = 0\n"}
    assert ("boot-unknown-key", "a.conf", 2) in failures(tmp_path, misspelt)


@pytest.mark.parametrize("name", ["meta/argument_specs.yml", "a.html", "a.svg", "yarn.lock", "a.ipynb", "a.proto"])
def test_files_that_set_nothing(tmp_path: Path, name: str) -> None:
    assert places(tmp_path, {name: "net.ipv4.tcp_tw_reuse = 1\n"}) == []


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        (
            "a.pp",
            "class a {\n sysctl { 'net.ipv4.tcp_tw_reuse': value => '1' }\n sysctl { 'net.ipv4.tcp_timestamps': value => '0' }\n}\n",
            2,
        ),
        ("a.rb", "sysctl 'net.ipv4.tcp_timestamps' do\n  value 0\nend\nsysctl 'net.ipv4.tcp_tw_reuse' do\n  value 1\nend\n", 4),
        ("a.sls", "net.ipv4.tcp_timestamps:\n sysctl.present:\n - value: 0\nnet.ipv4.tcp_tw_reuse:\n sysctl.present:\n - value: 1\n", 4),
        ("pod.yml", "sysctls:\n- name: net.ipv4.tcp_timestamps\n  value: '0'\n- name: net.ipv4.tcp_tw_reuse\n  value: '1'\n", 4),
        ("a.sh", "echo 0 > /proc/sys/net/ipv4/tcp_timestamps\necho 1 > /proc/sys/net/ipv4/tcp_tw_reuse\n", 2),
        (
            "play.yml",
            "- hosts: all\n  tasks:\n  - sysctl: name=net.ipv4.tcp_timestamps value=0\n  - sysctl: name=net.ipv4.tcp_tw_reuse value=1\n",
            4,
        ),
        ("aks.tf", "x {\n  net_ipv4_tcp_timestamps = 0\n  net_ipv4_tcp_tw_reuse = true\n}\n", 3),
        ("tuned.conf", "[sysctl]\nnet.ipv4.tcp_timestamps=0\nnet.ipv4.tcp_tw_reuse=1\n", 3),
    ],
)  # fmt: skip
def test_settings_of_each_product_are_judged_together(tmp_path: Path, name: str, content: str, line: int) -> None:
    assert ("reuse-without-timestamps", name, line) in failures(tmp_path, {name: content})


TEST_STYLES = {(".go", ".py", ".ts"): '"net.ipv4.{}": {},\n', (".yaml",): "net.ipv4.{}: {}\n"}


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("roles/web/sysctl.conf", "high"),
        ("tests/web.conf", "low"),
        ("roles/web/molecule/default/prepare.conf", "low"),
        ("pkg/testdata/a.conf", "low"),
        ("spec/fixtures/a.conf", "low"),
        ("pkg/tune_test.go", "low"),
        ("test_tune.py", "low"),
        ("pkg/latest.go", "high"),
        ("contest/web.conf", "high"),
        ("tests.conf", "high"),
        ("ci/goss.yaml", "low"),
        ("setup.bats", "low"),
        ("a.spec.ts", "low"),
        ("examples/web.conf", "high"),
    ],
)
def test_in_tests_a_failure_is_low(tmp_path: Path, name: str, severity: str) -> None:
    lines = (("tcp_timestamps", "0"), ("tcp_tw_reuse", "1"))
    style = next((style for ends, style in TEST_STYLES.items() if name.endswith(ends)), "net.ipv4.{} = {}\n")
    text = "".join(style.format(key, value) for key, value in lines)
    results = judged(tmp_path, {name: text})["results"]
    (result,) = [one for one in results if one["id"] == "reuse-without-timestamps" and one["status"] == "fail"]
    assert result["severity"] == severity
    assert (result["evidence"].get("seen in") == "a test: no host is made from it") is (severity == "low")
