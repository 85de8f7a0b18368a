# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The source repository as a whole: what is told of what was not looked at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import SourceError, load, validate
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._detect import detect_kind
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._repository import is_sysctl_file
from support.repositories import write

LINE = "net.ipv4.tcp_tw_reuse = 1\n"


def test_what_was_read_and_what_was_not_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"a.conf": LINE, "b.sh": "sysctl -w net.ipv4.tcp_timestamps=$X\n", "c.txt": "x\n", "vendor/a.conf": LINE})
    (tmp_path / "link").symlink_to("a.conf")
    snapshot = load(str(tmp_path), "repository")
    validate(snapshot)
    assert snapshot["not_seen"] == [
        "3 files were read. Settings were found in 2 of them.",
        "Left out: 1 folders of other people's code or of tools, 1 links.",
        "1 setting has a variable or a template as the value, so the value is not known.",
    ]


def test_a_file_with_too_many_settings_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"a.conf": LINE * 2000, "b.md": f"```\n{LINE * 2000}```\n", "c.yml": "".join(f"- {LINE}" for _number in range(2000))})
    snapshot = load(str(tmp_path), "repository")
    assert "Only the first 1,000 settings of each of these were judged: a.conf, b.md, c.yml." in snapshot["not_seen"]
    assert sum(len(place["settings"]) for place in snapshot["places"]) == 3000


def test_a_file_that_only_names_keys_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": "read('net.ipv4.tcp_tw_reuse')\n", "b.py": "import net.ipv4\n", "c.sh": "# net.ipv4.tcp_tw_reuse = 1\n"})
    assert "These name TCP settings, but nothing in them was taken for one: a.py, c.sh." in load(str(tmp_path), "repository")["not_seen"]


def test_names_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff")).mkdir()
    write(tmp_path, {os.fsdecode(b"\xff/a.conf"): LINE})
    snapshot = load(str(tmp_path), "repository")
    validate(snapshot)
    assert snapshot["places"][0]["settings"][0]["path"] == "\ufffd/a.conf"


def test_a_file_alone(tmp_path: Path) -> None:
    write(tmp_path, {"a.sh": "x\n"})
    assert load(str(tmp_path / "a.sh"), "repository")["not_seen"] == ["1 file was read. No TCP setting was found."]
    (tmp_path / "b").write_bytes(b"\0")
    with pytest.raises(SourceError, match="binary"):
        load(str(tmp_path / "b"), "repository")


def test_a_role_cannot_lead_out_of_the_repository(tmp_path: Path) -> None:
    write(tmp_path / "outside", {"main.yml": "x: 1\n"})
    root = write(tmp_path / "repo", {"roles/a/tasks/main.yml": "- sysctl: {name: net.ipv4.tcp_tw_reuse, value: '{{ x }}'}\n"})
    (root / "roles/a/defaults").symlink_to(tmp_path / "outside")
    (setting,) = load(str(root), "repository")["places"][0]["settings"]
    assert setting["value"] is None


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({".git/config": "", "a.conf": LINE}, "repository"),
        ({"a.conf": LINE}, "sysctl_d"),
        ({"roles/a/files/a.conf": LINE}, "repository"),
        ({"etc/sysctl.d/a.conf": LINE}, "sysctl_d"),
        ({"etc/sysctl.d/a.conf": LINE, ".git/config": ""}, "repository"),
    ],
)
def test_which_folders_are_repositories(tmp_path: Path, files: dict[str, str], kind: str) -> None:
    assert detect_kind(str(write(tmp_path, files))) == kind


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (LINE, True),
        ("# x\n; y\n\n-net.ipv4.tcp_tw_reuse=1\r\n-net.ipv4.conf.all.rp_filter\n", True),
        ("# x\n; y\n\n-net.ipv4.tcp_tw_reuse=1\n-net.ipv4.conf.all.rp_filter\n", True),
        ("# x\n", False),
        ("#!/bin/sh\n" + LINE, False),
        (LINE + "fi\n", False),
        ("- " + LINE, False),
        ("", False),
    ],
)
def test_what_a_sysctl_file_is(text: str, is_one: bool) -> None:
    assert is_sysctl_file(text) is is_one
