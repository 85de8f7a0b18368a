# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._disk import Disk
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._machine import Machine
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._steps import File
from support.transactions import BOOT_FILE, RECYCLE, REUSE, Host

ANY = File("x\n", 0o600, 0, 0)


@pytest.mark.parametrize("check", [False, True])
def test_what_was_written_is_what_it_reads_then(host: Host, check: bool) -> None:
    machine = Machine(Disk(host.root), check)
    assert machine.key(REUSE) == "2"
    assert not machine.changed
    assert machine.set_key(REUSE, "1") == "1"
    assert (machine.key(REUSE), machine.first_keys[REUSE], machine.changed) == ("1", "2", True)
    assert host.get(REUSE) == ("2" if check else "1")


@pytest.mark.parametrize("check", [False, True])
def test_files_are_made_and_removed(host: Host, check: bool) -> None:
    machine = Machine(Disk(host.root), check)
    assert machine.file(BOOT_FILE) is None
    machine.set_file(BOOT_FILE, ANY)
    assert machine.file(BOOT_FILE) == ANY
    assert machine.changed
    assert host.path(BOOT_FILE).exists() is not check
    machine.set_file(BOOT_FILE, None)
    assert not machine.changed
    assert not host.path(BOOT_FILE).exists()


@pytest.mark.parametrize("check", [False, True])
def test_folders(host: Host, check: bool) -> None:
    machine = Machine(Disk(host.root), check)
    machine.set_folder("/etc/new", True)
    assert host.path("/etc/new").exists() is not check
    machine.set_folder("/etc/new", False)
    assert not host.path("/etc/new").exists()


def test_a_key_that_is_not_there_is_none(host: Host) -> None:
    assert Machine(Disk(host.root), False).key(RECYCLE) is None


def test_an_earlier_reading_counts_until_it_is_looked_at_again(host: Host) -> None:
    machine = Machine(Disk(host.root), False)
    machine.key(REUSE)
    machine.file(BOOT_FILE)
    host.set(REUSE, "0")
    host.write(BOOT_FILE, "y\n")
    assert (machine.key(REUSE), machine.file(BOOT_FILE)) == ("2", None)
    assert machine.key(REUSE, again=True) == "0"
    machine.look_again()
    found = machine.file(BOOT_FILE)
    assert found is not None
    assert (found.text, machine.first_files[BOOT_FILE], machine.changed) == ("y\n", None, True)


def test_in_check_mode_nothing_is_looked_at_again(host: Host) -> None:
    machine = Machine(Disk(host.root), True)
    machine.set_key(REUSE, "1")
    assert machine.key(REUSE, again=True) == "1"


def test_looking_again_takes_what_can_be_read(host: Host) -> None:
    def refuse(what: str) -> None:
        if refused and what == "read " + REUSE:
            raise OSError(5, "Input/output error")

    refused: list[bool] = []
    machine = Machine(Disk(host.root, refuse), False)
    machine.key(REUSE)
    machine.key("net.ipv4.tcp_timestamps")
    host.set(REUSE, "0")
    host.set("net.ipv4.tcp_timestamps", "0")
    refused.append(True)
    machine.look_again()
    assert (machine.keys[REUSE], machine.keys["net.ipv4.tcp_timestamps"]) == ("2", "0")
