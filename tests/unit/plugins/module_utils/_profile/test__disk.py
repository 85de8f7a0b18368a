# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files and folders that are not safe to write."""

from __future__ import annotations

import os

import pytest
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
