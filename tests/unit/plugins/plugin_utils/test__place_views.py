# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Places of a repository, judged by the rules of hosts."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import CATALOGUE
from support.repositories import failures, judged

INERT = "net.ipv4.tcp_tw_reuse = 1\nnet.ipv4.tcp_timestamps = 0\n"


def result(audited: t.Any, rule: str) -> t.Any:
    return next(one for one in audited["results"] if one["id"] == rule)


def test_each_setting_of_a_failure_has_its_file_and_line(tmp_path: Path) -> None:
    failed = result(judged(tmp_path, {"x/a.conf": INERT}), "reuse-without-timestamps")
    assert (failed["path"], failed["line"], failed["severity"]) == ("x/a.conf", 1, "high")
    assert [(one["key"], one["value"], one["path"], one["line"]) for one in failed["settings"]] == [
        ("net.ipv4.tcp_tw_reuse", "1", "x/a.conf", 1),
        ("net.ipv4.tcp_timestamps", "0", "x/a.conf", 2),
    ]


def test_every_rule_answers(tmp_path: Path) -> None:
    for files in ({}, {"a.conf": INERT}):
        assert {one["id"] for one in judged(tmp_path, files)["results"]} == set(CATALOGUE)


@pytest.mark.parametrize("rule", ["boot-differs", "boot-readers-disagree", "boot-shadowed", "boot-unsaved", "boot-file-unread"])
def test_rules_about_a_host_do_not_apply(tmp_path: Path, rule: str) -> None:
    found = result(judged(tmp_path, {"a.conf": INERT}), rule)
    assert (found["status"], "no host" in found["reason"]) == ("not_applicable", True)


def test_a_pass_says_how_many_places_it_rests_on(tmp_path: Path) -> None:
    files = {"a.conf": "net.ipv4.tcp_timestamps = 1\n", "b.conf": "net.ipv4.tcp_timestamps = 2\n", "c.conf": "net.ipv4.tcp_tw_reuse = 1\n"}
    found = result(judged(tmp_path, files), "timestamps-off")
    assert (found["status"], found["observed"]) == ("pass", "no failure in 2 places that say enough")


def test_nothing_is_known_of_what_no_place_says(tmp_path: Path) -> None:
    audited = judged(tmp_path, {"a.conf": "net.ipv4.tcp_tw_reuse = 1\n"})
    assert result(audited, "timestamps-off")["status"] == "unknown"
    assert result(audited, "ports-pressure")["status"] == "not_applicable"


@pytest.mark.parametrize(
    ("files", "failed"),
    [
        # On a host the first unprivileged port is 1024, unless the same place lowers it. In a container it may be 0.
        ({"a.conf": "net.ipv4.ip_local_port_range = 500 65535\n"}, True),
        ({"a.conf": "net.ipv4.ip_unprivileged_port_start = 0\nnet.ipv4.ip_local_port_range = 500 65535\n"}, False),
        ({"compose.yml": "services:\n  a:\n    sysctls:\n      - net.ipv4.ip_local_port_range=500 65535\n"}, False),
        ({"a.conf": "net.ipv4.tcp_tw_reuse = '1'\n"}, True),
        ({"a.conf": "net.ipv4.tcp_tw_reuse = {{ x }}\n"}, False),
        ({"a.sh": "sysctl -w net.ipv4.tcp_tw_reuse=$1\n"}, False),
        ({"pod.yml": "sysctls:\n  - {name: net.ipv4.ip_local_port_range, value: 1024-65535}\n"}, True),
    ],
)
def test_values_that_a_kernel_refuses(tmp_path: Path, files: dict[str, str], failed: bool) -> None:
    assert ("boot-refused-value" in {rule for rule, _path, _line in failures(tmp_path, files)}) is failed


def test_what_an_image_sets_is_low_and_no_boot_file(tmp_path: Path) -> None:
    text = "FROM x\nRUN echo 'net.ipv4.tcp_tw_recycle = 1' >> /etc/sysctl.conf\nRUN echo 'net.ipv4.tcp_tw_reuse = 9' >> /etc/sysctl.conf\n"
    audited = judged(tmp_path, {"Dockerfile": text})
    failed = result(audited, "recycle-in-boot-file")
    assert (failed["severity"], failed["line"]) == ("low", 2)
    assert "when a container starts" in failed["evidence"]["seen in"]
    refused = result(audited, "boot-refused-value")
    assert (refused["status"], "image" in refused["reason"]) == ("not_applicable", True)


def test_a_container_says_that_it_is_one(tmp_path: Path) -> None:
    text = "services:\n  a:\n    sysctls:\n      net.ipv4.tcp_timestamps: 0\n"
    found = result(judged(tmp_path, {"compose.yml": text}), "timestamps-off")
    assert found["evidence"] == {"place": "services.a.sysctls", "seen in": "settings of a container"}


def test_a_setting_of_a_role_is_told_once(tmp_path: Path) -> None:
    files = {
        "roles/a/tasks/main.yml": "- sysctl: {name: net.ipv4.tcp_rfc1337, value: 0}\n- sysctl: {name: x}\n  with_dict: '{{ more }}'\n",
        "roles/a/defaults/main.yml": "more:\n  net.ipv4.tcp_timestamps: 0\n",
    }
    found = [one for one in judged(tmp_path, files)["results"] if one["id"] == "timestamps-off"]
    assert [(one["path"], one["line"]) for one in found] == [("roles/a/defaults/main.yml", 2)]


def test_no_cure_is_proposed(tmp_path: Path) -> None:
    assert judged(tmp_path, {"a.conf": INERT})["advice"] == []
