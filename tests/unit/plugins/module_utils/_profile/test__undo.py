# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Undoing what an earlier run left."""

from __future__ import annotations

import time

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._disk import Disk
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._journal import APPLYING, CONFIRMING, WAITING, Guard, Open, State
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._machine import Machine
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._steps import File, FileStep, FolderStep, KeyStep, Step
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._undo import expired, touched, undo
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import path_of
from support.transactions import BOOT_FILE, BUCKETS, DEFAULTS, RECYCLE, REUSE, STATE_FOLDER, TIMESTAMPS, Host


def test_a_journal_from_before_a_reboot_is_undone(host: Host) -> None:
    number = next(number for number, what in enumerate(Host.made(host.path("/other")).steps()) if what == "create " + BOOT_FILE)
    assert host.killed(number + 2)
    assert host.get(REUSE) == "1"
    # The kernel has started with its defaults, and somebody has set a key.
    host.write("/proc/sys/kernel/random/boot_id", "second-boot\n")
    for key, raw in DEFAULTS.items():
        host.set(key, raw)
    host.set(BUCKETS, "99999")
    result = host.call(state="absent")
    assert "An earlier run of profile client_host was interrupted" in result["recovered"]
    assert f"{BUCKETS} stays at 99999" in result["recovered"]
    assert host.get(BUCKETS) == "99999"
    assert not host.path(BOOT_FILE).exists()
    assert not host.path(STATE_FOLDER).exists()


@pytest.mark.parametrize(
    ("phase", "boot_id", "seconds", "over"),
    [
        (WAITING, "first-boot", 1000, False),
        (WAITING, "first-boot", -1, True),
        # The clock of another boot says nothing, however much time seems to be left.
        (WAITING, "second-boot", 1000, True),
        (WAITING, "first-boot", None, True),
        (APPLYING, "first-boot", 1000, True),
        (CONFIRMING, "first-boot", 1000, True),
    ],
)
def test_when_nobody_will_finish_a_transaction(host: Host, phase: str, boot_id: str, seconds: int | None, over: bool) -> None:
    guard = None if seconds is None else Guard("token", 60, time.monotonic() + seconds)
    opened = Open("client_host", boot_id, [], None, guard, phase)
    assert expired(opened, State(Disk(host.root))) is over


def test_a_change_of_another_boot_is_not_confirmed(host: Host) -> None:
    token = host.call(settings={REUSE: 1}, confirm_seconds=600)["guard"]["token"]
    host.write("/proc/sys/kernel/random/boot_id", "second-boot\n")
    result = host.confirm(token)
    assert result["failed"]
    assert "came too late" in result["msg"]
    # The restart has ended the change; what the key holds now is somebody else's.
    assert "not confirmed before the host restarted. The restart has undone it." in result["msg"]
    assert host.get(REUSE) == "1"
    assert not host.path(STATE_FOLDER).exists()


@pytest.mark.parametrize(
    ("now", "forced", "after", "back", "left"),
    [
        ("1", False, "2", [REUSE], 0),
        ("0", False, "0", [], 1),
        ("0", True, "2", [REUSE], 0),
        ("2", False, "2", [], 0),
    ],
)
def test_a_key_is_undone_unless_somebody_has_changed_it(host: Host, now: str, forced: bool, after: str, back: list[str], left: int) -> None:
    host.set(REUSE, now)
    done = undo(Machine(Disk(host.root), False), [KeyStep(REUSE, "2", "1")], forced)
    assert (done.back, len(done.left), done.errors) == (back, left, [])
    assert host.get(REUSE) == after


def test_a_key_that_has_gone_is_no_error(host: Host) -> None:
    done = undo(Machine(Disk(host.root), False), [KeyStep(RECYCLE, "0", "1")], True)
    assert done == ([], [], [])


def test_steps_are_undone_last_one_first(host: Host) -> None:
    steps: list[Step] = [FolderStep("/etc/made", True), FileStep("/etc/made/x.conf", None, File("a\n", 0o644, 0, 0))]
    host.write("/etc/made/x.conf", "a\n")
    host.path("/etc/made/x.conf").chmod(0o644)
    done = undo(Machine(Disk(host.root), False), steps, False)
    assert (done.back, done.errors) == (["/etc/made/x.conf"], [])
    assert not host.path("/etc/made").exists()


def test_a_file_that_somebody_has_edited_is_kept_beside_it(host: Host) -> None:
    host.write("/etc/sysctl.d/x.conf", "edited\n")
    done = undo(Machine(Disk(host.root), False), [FileStep("/etc/sysctl.d/x.conf", None, File("ours\n", 0o644, 0, 0))], False)
    (kept,) = host.path("/etc/sysctl.d").iterdir()
    assert kept.read_text() == "edited\n"
    assert f"/etc/sysctl.d/{kept.name}" in done.left[0]


def test_a_key_that_does_not_go_back_is_reported(host: Host) -> None:
    def lie(what: str) -> None:
        if what == "read " + REUSE:
            host.set(REUSE, "1")

    host.set(REUSE, "1")
    done = undo(Machine(Disk(host.root, lie), False), [KeyStep(REUSE, "2", "1")], True)
    assert (done.back, done.errors) == ([], [f"{REUSE} could not be restored to 2: it reads 1"])


ALL, LO = "net.ipv6.conf.all.forwarding", "net.ipv6.conf.lo.forwarding"


def test_a_key_that_spreads_goes_back_before_those_of_interfaces_and_files_before_keys(host: Host) -> None:
    for key in (ALL, LO):
        host.write(path_of(key), "1\n")
    written: list[str] = []
    machine = Machine(Disk(host.root, lambda what: written.append(what) if what.startswith(("write ", "remove ")) else None), False)
    steps: list[Step] = [KeyStep(ALL, "0", "1"), KeyStep(TIMESTAMPS, "0", "1"), KeyStep(LO, "0", "1"), FileStep(BOOT_FILE, None, None)]
    host.write(BOOT_FILE, "x\n")
    undo(machine, steps, forced=True)
    assert written == [f"remove {BOOT_FILE}", f"write {ALL}", f"write {LO}", f"write {TIMESTAMPS}"]


def test_keys_that_a_write_may_have_changed_are_undone_with_it() -> None:
    every, reuse, lo = KeyStep(ALL, "0", "1"), KeyStep(REUSE, "0", "1"), KeyStep(LO, "1", "0")
    assert touched([every], [every, reuse, lo]) == [every, lo]
    assert touched([reuse], [every, reuse, lo]) == [reuse]
