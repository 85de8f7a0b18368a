# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After the role: what it promises where it succeeds, and nothing at all where it refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from containers import engine
from containers.hosts import PROFILE_FILE, host
from containers.profiles import BUCKETS, CONNTRACK, CONNTRACK_AT_LEAST, TIMESTAMPS, TW_REUSE, profile

ROLE = os.environ["MOLECULE_SCENARIO_NAME"]
IN_THE_WAY = {
    ("systemd", "/etc/sysctl.d/99-zz.conf", 2, TIMESTAMPS),
    ("systemd", "/etc/sysctl.d/zz-ufw.conf", 1, BUCKETS),
    ("procps", "/etc/sysctl.d/99-zz.conf", 2, TIMESTAMPS),
    ("procps", "/etc/sysctl.d/zz-ufw.conf", 1, BUCKETS),
    ("procps", "/etc/sysctl.conf", 1, BUCKETS),
}


def in_the_way(name: str) -> set[tuple[str, str, int, str]]:
    conflicts = host(name).result()["conflicts"]
    return {(conflict["reader"], conflict["path"], conflict["line"], conflict["key"]) for conflict in conflicts}


@pytest.mark.parametrize("name", ["report", "comment_out"])
def test_the_profile_is_live_and_in_the_boot_file(name: str) -> None:
    settings = profile(host(name), ROLE)
    assert host(name).live(*settings) == list(settings.values())
    assert host(name).boot_values() == settings


@pytest.mark.parametrize("name", ["report", "fail", "comment_out"])
def test_every_line_in_the_way_is_named_for_its_reader(name: str) -> None:
    assert in_the_way(name) == IN_THE_WAY


def test_reported_lines_are_left_alone() -> None:
    assert host("report").read("/etc/sysctl.d/99-zz.conf") == f"# Do not touch.\n{TIMESTAMPS} = 3"


def test_lines_in_the_way_are_commented_out_and_others_stay() -> None:
    assert host("comment_out").boot_values("/etc/sysctl.d/99-zz.conf") == {}
    assert host("comment_out").read("/etc/sysctl.d/99-zz.conf").startswith("# Do not touch.\n")
    assert host("comment_out").boot_values("/etc/sysctl.d/zz-ufw.conf") == {}
    assert host("comment_out").boot_values("/etc/sysctl.conf") == {}
    assert host("comment_out").boot_values("/etc/sysctl.d/10-early.conf") == {TIMESTAMPS: "3"}


def test_fail_changes_nothing_and_names_file_and_line() -> None:
    result = host("fail").result()
    assert result["failed"]
    assert f"/etc/sysctl.d/99-zz.conf:2 sets {TIMESTAMPS}" in result["msg"]
    assert not host("fail").exists(PROFILE_FILE)
    assert host("fail").live(TIMESTAMPS, BUCKETS) == ["3", "4096"]


def test_an_unprivileged_container_is_a_clear_failure_that_changes_nothing() -> None:
    result = host("unprivileged").result()
    assert result["failed"]
    assert "net.ipv4.tcp_" in result["msg"]
    assert "/proc/sys is read-only here" in result["msg"]
    assert "Nothing was changed." in result["msg"]
    assert not host("unprivileged").exists(PROFILE_FILE)


def test_an_image_gets_the_boot_file_alone() -> None:
    assert not host("image").result()["failed"]
    assert image_file() == image_settings()
    assert host("image").live(TIMESTAMPS, TW_REUSE) == ["1", "2"]


def test_what_was_written_into_an_image_takes_effect_where_it_boots(tmp_path: Path) -> None:
    written = tmp_path / "profile.conf"
    written.write_text(host("image").read(PROFILE_FILE) + "\n", encoding="utf-8")
    name = f"{os.environ['CONTAINER_PREFIX']}booted"
    engine.start(engine.prepare(), name, "net_admin", f"--volume={written}:{PROFILE_FILE}:ro")
    settings = {key: value for key, value in image_settings().items() if host("booted").has(key)}
    assert host("booted").live(*settings) == list(settings.values())


def image_file() -> dict[str, str]:
    """A dash before a key means that it may be missing at boot."""
    return {key.lstrip("-"): value for key, value in host("image").boot_values().items()}


def image_settings() -> dict[str, str]:
    """Nothing is known of the kernel that will boot, so lower bounds are as high as what a kernel may start with."""
    settings = {**profile(host("image"), ROLE), BUCKETS: "262144"}
    if CONNTRACK_AT_LEAST[ROLE]:
        settings[CONNTRACK] = "120"
    return settings
