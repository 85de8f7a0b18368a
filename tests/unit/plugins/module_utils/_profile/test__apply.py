# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._apply import KeyNotSet, read_back, rehearse, take
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._disk import Disk
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._machine import Machine
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._steps import File, FileStep, FolderStep, KeyStep, Step
from support.transactions import BOOT_FILE, REUSE, Host

ANY = File("x\n", 0o644, 0, 0)


@pytest.fixture
def machine(host: Host) -> Machine:
    return Machine(Disk(host.root), False)


def test_steps_are_taken(host: Host, machine: Machine) -> None:
    steps: list[Step] = [KeyStep(REUSE, "2", "1"), FolderStep("/etc/new", True), FileStep("/etc/new/x.conf", None, ANY)]
    for step in steps:
        take(machine, step)
    assert host.get(REUSE) == "1"
    assert host.read("/etc/new/x.conf") == "x\n"
    take(machine, FileStep("/etc/new/x.conf", ANY, None))
    take(machine, FolderStep("/etc/new", False))
    assert not host.path("/etc/new").exists()


def test_a_value_that_the_kernel_refuses(host: Host) -> None:
    def refuse(what: str) -> None:
        if what.startswith("write "):
            raise OSError(22, "Invalid argument")

    with pytest.raises(KeyNotSet, match=f"{re.escape(REUSE)}: the kernel refused 9: EINVAL") as caught:
        take(Machine(Disk(host.root, refuse), False), KeyStep(REUSE, "2", "9"))
    assert (caught.value.key, caught.value.status) == (REUSE, "refused")


def test_a_value_that_reads_back_as_another(host: Host) -> None:
    def lie(what: str) -> None:
        if what == "read " + REUSE:
            host.set(REUSE, "0")

    with pytest.raises(KeyNotSet, match="wrote 1, read back 0") as caught:
        take(Machine(Disk(host.root, lie), False), KeyStep(REUSE, "2", "1"))
    assert caught.value.status == "not_verified"


@pytest.mark.parametrize(("now", "told"), [("1", None), ("0", "another write changed it from 1 to 0"), ("01", None)])
def test_a_key_that_another_write_changed_is_found(host: Host, machine: Machine, now: str, told: str | None) -> None:
    take(machine, KeyStep(REUSE, "2", "1"))
    host.set(REUSE, now)
    if told is None:
        read_back(machine, {REUSE: "1"})
    else:
        with pytest.raises(KeyNotSet, match=told):
            read_back(machine, {REUSE: "1"})
    assert machine.keys[REUSE] == now


def test_a_rehearsal_writes_and_leaves_nothing(host: Host) -> None:
    seen: list[str] = []
    before = host.state()
    rehearse(Disk(host.root, seen.append), [FileStep(BOOT_FILE, None, ANY)])
    assert seen == ["try " + BOOT_FILE]
    assert host.state() == before


@pytest.mark.parametrize(
    ("steps", "tried"),
    [
        ([FolderStep("/etc/new", True), FileStep("/etc/new/x.conf", None, ANY)], ["look at /etc"]),
        ([FileStep(BOOT_FILE, ANY, None)], ["look at /etc/sysctl.d"]),
        ([KeyStep(REUSE, "2", "1")], []),
        ([FolderStep("/etc", True)], ["look at /"]),
    ],
)
def test_what_a_rehearsal_looks_at(host: Host, steps: list[Step], tried: list[str]) -> None:
    seen: list[str] = []
    rehearse(Disk(host.root, seen.append), steps)
    assert seen == tried


def test_a_folder_that_is_not_there_is_found_out(host: Host) -> None:
    for step in (FileStep("/nowhere/x.conf", None, ANY), FileStep("/nowhere/x.conf", ANY, None), FolderStep("/nowhere/new", True)):
        with pytest.raises(OSError, match="nowhere"):
            rehearse(Disk(host.root), [step])
