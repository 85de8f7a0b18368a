# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files and folders that are not safe to write."""

from __future__ import annotations

import os

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._disk import TEMPORARY, Disk, who_else_writes
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._steps import File
from support.transactions import BOOT_FILE, Host


def test_a_boot_file_that_is_a_link_is_refused(host: Host) -> None:
    os.symlink("../passwd", host.path(BOOT_FILE))
    before = host.state()
    result = host.call()
    assert result["failed"]
    assert "ELOOP" in result["msg"]
    assert BOOT_FILE in result["msg"]
    assert host.state() == before


@pytest.mark.parametrize("what", ["link in a shared folder", "shared folder"])
def test_a_boot_folder_that_others_could_turn_is_refused(host: Host, what: str) -> None:
    host.path("/etc/sysctl.d").rmdir()
    if what == "shared folder":
        host.path("/etc/sysctl.d").mkdir()
        host.path("/etc/sysctl.d").chmod(0o777)
    else:
        host.path("/srv").mkdir()
        os.symlink("/srv", host.path("/etc/sysctl.d"))
        host.path("/etc").chmod(0o777)
    before = host.state()
    result = host.call()
    assert result["failed"]
    assert "writable by users other than root (mode 0777); refusing to use it. Fix: chmod go-w /etc" in result["msg"]
    assert host.state() == before


def test_a_boot_folder_behind_a_link_of_root_is_fine(host: Host) -> None:
    host.path("/etc/sysctl.d").rmdir()
    host.path("/srv").mkdir()
    os.symlink("/srv", host.path("/etc/sysctl.d"))
    host.write("/srv/zz.conf", "net.ipv4.tcp_tw_reuse = 0\n")
    # A link to an absolute path leads out of a folder that stands for a host: only this test's own reading follows it.
    result = host.call(check=True)
    assert not result.get("failed")
    assert {one["path"] for one in result["conflicts"]} == {"/srv/zz.conf"}


def test_a_file_is_on_the_disk_before_it_takes_its_name(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut leaves the old file or the new one, whole."""
    done: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        done.append("fsync " + os.readlink(f"/proc/self/fd/{descriptor}").removeprefix(host.root))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    Disk(host.root, done.append).write_file(BOOT_FILE, File("x\n", 0o644, os.getuid(), os.getgid()))
    assert [what for what in done if what.split()[0] in ("fsync", "rename")] == [
        f"fsync {BOOT_FILE}{TEMPORARY}",
        f"rename {BOOT_FILE}",
        "fsync /etc/sysctl.d",
    ]


def test_a_file_that_is_being_written_is_nobody_elses(host: Host) -> None:
    modes: list[int] = []

    def look(what: str) -> None:
        if what.startswith(("fill", "rename")):
            modes.append(host.path(BOOT_FILE + TEMPORARY).stat().st_mode & 0o7777)

    Disk(host.root, look).write_file(BOOT_FILE, File("x\n", 0o640, os.getuid(), os.getgid()))
    assert modes == [0o600, 0o640]


@pytest.mark.parametrize(
    ("owner", "group", "mode", "groups", "words"),
    [
        (0, 0, 0o755, (0,), ""),
        (0, 0, 0o775, (0,), ""),
        (0, 0, 0o775, (), "mode 0775"),
        (0, 27, 0o775, (0,), "mode 0775"),
        (0, 0, 0o757, (0,), "mode 0757"),
        (0, 0, 0o1777, (0,), "mode 1777"),
        (12345, 0, 0o755, (0,), "owned by user id 12345"),
    ],
)
def test_who_else_may_write(owner: int, group: int, mode: int, groups: tuple[int, ...], words: str) -> None:
    info = os.stat_result((0o040000 | mode, 0, 0, 1, owner, group, 0, 0, 0, 0))
    why = who_else_writes("/etc/x", info, groups)
    assert (words in why) if words else why == ""
    if words:
        assert why.endswith(("Fix: chmod go-w /etc/x", "Fix: chown root /etc/x"))
