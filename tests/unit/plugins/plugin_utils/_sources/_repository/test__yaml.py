# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings in YAML and JSON, by their shape, and what stands together there."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repositories import Written, failures, places, settings

ON = [(1, "tcp_tw_reuse", "1")]
BOTH = [(2, "tcp_tw_reuse", "1"), (3, "tcp_timestamps", "0")]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("vars.yml", "sysctl_config:\n  net.ipv4.tcp_tw_reuse: 1\n  net.ipv4.tcp_timestamps: '0'\n", BOTH),
        ("vars.yml", "x:\n  net.ipv4.tcp_tw_reuse: yes\n  net.ipv4.tcp_timestamps: '{{ a }}'\n", [BOTH[0], (3, "tcp_timestamps", None)]),
        (
            "vars.yml",
            "x:\n  net.ipv4.tcp_tw_reuse:\n  net.ipv4.tcp_timestamps: ~\n",
            [(2, "tcp_tw_reuse", None), (3, "tcp_timestamps", None)],
        ),
        ("vars.yml", "net.ipv4.ip_local_port_range: [1024, 65535]\n", [(1, "ip_local_port_range", "1024 65535")]),
        ("vars.yml", "net:\n  ipv4:\n    tcp_tw_reuse: 1\n", [(3, "tcp_tw_reuse", "1")]),
        ("vars.yml", "# net.ipv4.tcp_tw_reuse: 1\n", []),
        ("pod.yml", "x/sysctls: net.ipv4.tcp_tw_reuse=1,net.ipv4.tcp_timestamps=0\n", [(1, "tcp_timestamps", "0"), *ON]),
        ("profile.yml", "config:\n  linux.sysctl.net.ipv4.tcp_tw_reuse: '1'\n", [(2, "tcp_tw_reuse", "1")]),
        ("profile.yml", "config:\n  description.net.ipv4.tcp_tw_reuse: '1'\n", []),
        ("vars.yml", "text: set net.ipv4.tcp_tw_reuse=1 if you like\n", []),
        ("t.yml", "- ansible.posix.sysctl:\n    name: net.ipv4.tcp_tw_reuse\n    value: 1\n", [(2, "tcp_tw_reuse", "1")]),
        ("t.yml", "- sysctl:\n    value: 1\n    name: net.ipv4.tcp_tw_reuse\n", [(3, "tcp_tw_reuse", "1")]),
        ("t.yml", "- sysctl:\n    name: net.ipv4.tcp_tw_reuse\n    value: 1\n    state: absent\n", []),
        ("t.yml", "- sysctl: {name: net.ipv4.tcp_tw_reuse, value: '{{ x | default(1) }}'}\n", ON),
        (
            "t.yml",
            "- sysctl: {name: '{{ item.k }}', value: '{{ item.v }}'}\n  loop:\n    - {key: net.ipv4.tcp_tw_reuse, value: 1}\n",
            [(3, "tcp_tw_reuse", "1")],
        ),
        ("t.yml", "- sysctl: {name: '{{ item.key }}'}\n  with_dict:\n    net.ipv4.tcp_tw_reuse: 1\n", [(3, "tcp_tw_reuse", "1")]),
        ("t.yml", "- lineinfile:\n    path: /etc/sysctl.conf\n    line: net.ipv4.tcp_tw_reuse = 1\n", [(3, "tcp_tw_reuse", "1")]),
        ("t.yml", "- lineinfile:\n    line: net.ipv4.tcp_tw_reuse = 1\n    state: absent\n", []),
        (
            "pod.yaml",
            "spec:\n  securityContext:\n    sysctls:\n      - name: net.ipv4.tcp_tw_reuse\n        value: '1'\n",
            [(4, "tcp_tw_reuse", "1")],
        ),
        ("cm.yaml", "data:\n  99-x.conf: |\n    net.ipv4.tcp_tw_reuse = 1\n", [(3, "tcp_tw_reuse", "1")]),
        ("talos.yaml", "machine:\n  sysctls:\n    net.ipv4.tcp_tw_reuse: '1'\n", [(3, "tcp_tw_reuse", "1")]),
        ("kops.yaml", "spec:\n  sysctlParameters:\n    - net.ipv4.tcp_tw_reuse=1\n", [(3, "tcp_tw_reuse", "1")]),
        ("a.sls", "net.ipv4.tcp_tw_reuse:\n  sysctl.present:\n    - value: 1\n", ON),
        ("a.sls", "tune:\n  sysctl.present:\n    - name: net.ipv4.tcp_tw_reuse\n    - value: 1\n", [(3, "tcp_tw_reuse", "1")]),
        ("task.json", '{"systemControls": [\n{"namespace": "net.ipv4.tcp_tw_reuse", "value": "1"}]}', [(2, "tcp_tw_reuse", "1")]),
        ("two.yaml", "a: 1\n---\nsysctls:\n  net.ipv4.tcp_tw_reuse: 1\n", [(4, "tcp_tw_reuse", "1")]),
        ("t.yml", "a:\n  - [net.ipv4.tcp_tw_reuse, 1]\n  - ['net.ipv4.tcp_timestamps', '0']\n", BOTH),
        ("t.yml", "a: [net.ipv4.tcp_tw_reuse, net.ipv4.tcp_timestamps]\n", []),
        # No YAML: read line by line.
        ("chart.yaml", "{{- if .x }}\nsysctls:\n  net.ipv4.tcp_tw_reuse: 1\n{{- end }}\n", [(3, "tcp_tw_reuse", "1")]),
        ("pod.yaml", "allowedUnsafeSysctls:\n  - net.ipv4.tcp_*\n", []),
    ],
)
def test_shapes(tmp_path: Path, name: str, content: str, found: list[Written]) -> None:
    assert settings(tmp_path, name, content) == found


def test_lists_of_two_containers_are_two_places(tmp_path: Path) -> None:
    text = "services:\n  a:\n    sysctls:\n      net.ipv4.tcp_tw_reuse: 1\n  b:\n    sysctls:\n      - net.ipv4.tcp_timestamps=0\n"
    found = places(tmp_path, {"compose.yml": text})
    assert [(place["name"], place["kind"]) for place in found] == [("services.a.sysctls", "container"), ("services.b.sysctls", "container")]
    assert "reuse-without-timestamps" not in {rule for rule, _path, _line in failures(tmp_path, {"compose.yml": text})}


def test_entries_of_one_list_are_one_place(tmp_path: Path) -> None:
    text = "settings:\n  - net.ipv4.tcp_tw_reuse: 1\n  - net.ipv4.tcp_timestamps: 0\n"
    assert [place["name"] for place in places(tmp_path, {"a.yml": text})] == ["settings"]


def test_lists_in_two_items_of_a_list_are_two_places(tmp_path: Path) -> None:
    item = "  - options:\n      - {name: net.ipv4.tcp_tw_reuse, value: 1}\n"
    text = f"groups:\n{item}{item}"
    assert [place["name"] for place in places(tmp_path, {"a.yml": text})] == ["groups[1].options", "groups[2].options"]


def test_tasks_are_one_place_and_those_with_a_condition_another(tmp_path: Path) -> None:
    task = "- sysctl: {{name: net.ipv4.{}, value: {}}}\n"
    together = task.format("tcp_tw_reuse", 1) + task.format("tcp_timestamps", 0)
    assert len(places(tmp_path, {"tasks/main.yml": together})) == 1
    apart = together + "  when: old\n"
    assert [place["name"] for place in places(tmp_path, {"tasks/main.yml": apart})] == ["the tasks", "the tasks, when old"]


def test_a_variable_of_the_role_is_looked_up(tmp_path: Path) -> None:
    found = places(
        tmp_path,
        {
            "roles/a/tasks/main.yml": "- sysctl: {name: net.ipv4.tcp_tw_reuse, value: '{{ reuse }}'}\n"
            "- sysctl: {name: '{{ item.key }}', value: '{{ item.value }}'}\n  loop: '{{ more | dict2items }}'\n",
            "roles/a/defaults/main.yml": "reuse: 1\nmore:\n  net.ipv4.tcp_timestamps: 0\n",
            "roles/a/vars/main.yml": "other: 1\n",
            "roles/b/defaults/main.yml": "reuse: 2\n",
        },
    )
    tasks = next(place for place in found if place["name"] == "the tasks")
    assert [(one["key"], one["value"], one["path"], one["line"]) for one in tasks["settings"]] == [
        ("net.ipv4.tcp_tw_reuse", "1", "roles/a/tasks/main.yml", 1),
        ("net.ipv4.tcp_timestamps", "0", "roles/a/defaults/main.yml", 3),
    ]


def test_vars_win_over_defaults(tmp_path: Path) -> None:
    files = {
        "tasks/main.yml": "- sysctl: {name: net.ipv4.tcp_tw_reuse, value: '{{ reuse }}'}\n",
        "defaults/main.yml": "reuse: 1\n",
        "vars/main.yml": "reuse: 0\n",
    }
    assert places(tmp_path, files)[0]["settings"][0]["value"] == "0"


def ignition(source: str) -> str:
    return f'{{"storage": {{"files": [\n{{"path": "/etc/sysctl.d/9.conf", "contents": {{"source": "{source}"}}}}]}}}}'


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("data:,net.ipv4.tcp_tw_reuse%20%3D%201%0Anet.ipv4.tcp_timestamps%3D0", [(2, "tcp_timestamps", "0"), (2, "tcp_tw_reuse", "1")]),
        ("data:text/plain;charset=utf-8;base64,bmV0LmlwdjQudGNwX3R3X3JldXNlID0gMQo=", [(2, "tcp_tw_reuse", "1")]),
        ("data:;base64,bmV0LmlwdjQudGNwX3R3X3JldXNlID0gMQo=", [(2, "tcp_tw_reuse", "1")]),
        ("data:;base64,IyBuZXQuaXB2NC50Y3BfdHdfcmV1c2UgPSAxCg==", []),
        ("data:;base64,bmV0LmlwdjQudGNwX3R3", []),
        ("data:;base64,!!!!net.ipv4.tcp_tw_reuse=1", []),
        ("data:;base64,/////w==", []),
        ("https://example.org/net.ipv4.tcp_tw_reuse", []),
    ],
)
@pytest.mark.parametrize("name", ["config.ign", "machineconfig.yaml"])
def test_files_in_data_urls(tmp_path: Path, name: str, source: str, found: list[Written]) -> None:
    assert settings(tmp_path, name, ignition(source)) == found
