# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The boot file and its neighbours: what is written, commented out, kept and put back."""

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import path_of
from support.transactions import (
    BOOT_FILE,
    BUCKETS,
    CONFLICTING,
    DEFAULTS,
    JOURNAL,
    MAIN_FILE,
    RANGE,
    RECYCLE,
    RESERVED,
    REUSE,
    SETTINGS,
    TIMESTAMPS,
    UNPRIVILEGED,
    Host,
    conflict,
    lines,
    status,
)


def test_nothing_but_nulls_takes_the_boot_file_away(host: Host) -> None:
    pristine = host.state()
    host.call(settings={TIMESTAMPS: 0})
    host.call(settings={TIMESTAMPS: None})
    assert host.state() == pristine


def test_an_edited_boot_file_is_replaced_shown_and_kept(host: Host) -> None:
    host.call(settings={REUSE: 1})
    ours = host.read(BOOT_FILE)
    host.write(BOOT_FILE, ours + "kernel.panic = 1\nnet.ipv4.tcp_fastopen_key = 1-2-3-4\n")
    edited = host.read(BOOT_FILE)
    result = host.call(settings={REUSE: 1})
    assert result["changed"]
    diff = next(one for one in result["diff"] if one["before_header"] == BOOT_FILE)
    assert "kernel.panic = (not shown)" in diff["before"]
    assert "1-2-3-4" not in json.dumps(result)
    assert host.read(BOOT_FILE) == ours
    backups = [path for path in host.path("/etc/sysctl.d").iterdir() if path.name != "99-tcp-hardening.conf"]
    assert [path.read_text() for path in backups] == [edited]
    assert backups[0].name.endswith(".bak")


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_file_of_somebody_else_comes_back(host: Host, state: str) -> None:
    host.write(BOOT_FILE, "kernel.sysrq = 1\n")
    host.path(BOOT_FILE).chmod(0o600)
    before = host.state()
    assert not host.call(state="absent")["changed"]
    assert host.state() == before
    host.call(settings={REUSE: 1})
    if state == "present":
        host.call(settings={REUSE: 0})
    host.call(state="absent")
    assert host.state() == before


def test_a_folder_that_was_missing_is_made_and_goes_again(host: Host) -> None:
    host.path("/etc/sysctl.d").rmdir()
    pristine = host.state()
    host.call(settings={REUSE: 1})
    assert lines(host) == [REUSE + " = 1"]
    host.call(state="absent")
    assert host.state() == pristine


def test_conflicting_lines_are_commented_out_and_come_back(host: Host) -> None:
    host.write(MAIN_FILE, CONFLICTING)
    host.path(MAIN_FILE).chmod(0o640)
    host.write("/usr/lib/sysctl.d/zz.conf", "net.ipv4.tcp_tw_reuse=0\n")
    os.symlink("../sysctl.conf", host.path("/etc/sysctl.d/99-sysctl.conf"))
    pristine = host.state()
    result = host.call(settings={REUSE: 1}, on_conflict="comment_out")
    assert conflict(MAIN_FILE, 2, "procps", True) in result["conflicts"]
    assert conflict("/usr/lib/sysctl.d/zz.conf", 1, "procps", False) in result["conflicts"]
    text = host.read(MAIN_FILE).splitlines()
    assert (text[0], text[2]) == ("# mine", "kernel.sysrq = 1")
    assert text[1].startswith("# ")
    assert text[1].endswith(": net.ipv4.tcp_tw_reuse = 0")
    assert host.path(MAIN_FILE).stat().st_mode & 0o7777 == 0o640
    assert CONFLICTING in json.loads(host.read(JOURNAL))["record"]["boot"]["commented"][MAIN_FILE]
    again = host.call(settings={REUSE: 1}, on_conflict="comment_out")
    assert not again["changed"]
    assert again["conflicts"] == result["conflicts"]
    # What is added to the file meanwhile stays.
    host.write(MAIN_FILE, host.read(MAIN_FILE) + "kernel.panic = 1\n")
    host.call(state="absent")
    assert host.read(MAIN_FILE) == CONFLICTING + "kernel.panic = 1\n"
    host.write(MAIN_FILE, CONFLICTING)
    assert host.state() == pristine


def test_a_line_of_a_key_taken_out_counts_again(host: Host) -> None:
    host.write(MAIN_FILE, CONFLICTING)
    host.call(settings={REUSE: 1, TIMESTAMPS: 0}, on_conflict="comment_out")
    assert host.read(MAIN_FILE) != CONFLICTING
    host.call(settings={TIMESTAMPS: 0}, on_conflict="comment_out")
    assert host.read(MAIN_FILE) == CONFLICTING


def test_scope_boot_without_a_kernel(host: Host) -> None:
    for key in DEFAULTS:
        host.path(path_of(key)).unlink()
    result = host.call(scope="boot")
    assert status(result) == {**dict.fromkeys(SETTINGS, "changed"), RECYCLE: "absent"}
    assert lines(host) == [
        f"-{RESERVED} = 8080,9000-9010",
        f"-{UNPRIVILEGED} = 700",
        f"-{TIMESTAMPS} = 1",
        f"-{REUSE} = 1",
        f"-{RANGE} = 800 65000",
        # At least 200000 was asked for, and the kernel that boots may start with more than that.
        f"-{BUCKETS} = 262144",
    ]
    assert not host.call(scope="boot")["changed"]


def test_scope_boot_leaves_the_kernel_alone(host: Host) -> None:
    assert host.call(scope="boot")["changed"]
    assert {key: host.get(key) for key in DEFAULTS} == DEFAULTS
    assert f"{REUSE} = 1" in lines(host)


@pytest.mark.parametrize("before", [None, "kernel.sysrq = 0\n"])
def test_a_file_that_holds_nothing_of_ours_stays(host: Host, before: str | None) -> None:
    """Somebody has replaced the boot file by one of their own: taking the profile back leaves it where it is."""
    if before:
        host.write(BOOT_FILE, before)
    host.call(settings={REUSE: 1})
    host.write(BOOT_FILE, "kernel.sysrq = 1\n")
    result = host.call(state="absent")
    assert host.read(BOOT_FILE) == "kernel.sysrq = 1\n"
    assert host.get(REUSE) == "2"
    # What was there before the profile is not lost.
    kept = [path for path in host.path("/etc/sysctl.d").iterdir() if path.name.endswith(".bak")]
    assert [path.read_text() for path in kept] == ([before] if before else [])
    assert result["backup"] == (f"/etc/sysctl.d/{kept[0].name}" if kept else None)
    assert not host.call(state="absent")["changed"]


def test_the_backup_of_an_edited_file_is_named(host: Host) -> None:
    host.call(settings={REUSE: 1})
    host.write(BOOT_FILE, host.read(BOOT_FILE) + "kernel.panic = 1\n")
    result = host.call(state="absent")
    assert "kernel.panic = 1" in host.read(result["backup"])
    assert not host.path(BOOT_FILE).exists()
