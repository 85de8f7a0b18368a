# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Confirmations; tests/system/test_transaction.py has the guard undo what is not confirmed."""

from __future__ import annotations

import pytest
from support.transactions import BOOT_FILE, CONFLICTING, JOURNAL, MAIN_FILE, REUSE, STATE_FOLDER, TIMESTAMPS, Host

OTHER_FILE = "/etc/sysctl.d/60-other.conf"


def test_each_change_is_confirmed_by_its_own_token(host: Host) -> None:
    one = host.call(settings={REUSE: 1}, confirm_seconds=600)["guard"]
    other = host.call(settings={TIMESTAMPS: 0}, confirm_seconds=600, boot_file=OTHER_FILE)["guard"]
    assert host.confirm("0" * 24)["failed"]
    assert not host.confirm(other["token"]).get("failed")
    assert not host.confirm(one["token"]).get("failed")
    assert (host.get(REUSE), host.get(TIMESTAMPS)) == ("1", "0")
    assert "No change is waiting" in host.confirm(one["token"])["msg"]
    host.call(state="absent")
    host.call(state="absent", boot_file=OTHER_FILE)
    assert (host.get(REUSE), host.get(TIMESTAMPS)) == ("2", "1")


def test_a_check_confirms_nothing(host: Host) -> None:
    token = host.call(settings={REUSE: 1}, confirm_seconds=600)["guard"]["token"]
    journal = host.read(JOURNAL)
    assert not host.confirm(token, check=True).get("failed")
    assert host.read(JOURNAL) == journal
    assert not host.confirm(token).get("failed")


def test_the_next_run_takes_back_what_still_waits(host: Host) -> None:
    host.call(settings={REUSE: 1}, confirm_seconds=600)
    result = host.call(state="absent")
    assert "was still waiting for its confirmation. It was undone: " in result["recovered"]
    assert host.get(REUSE) == "2"


@pytest.mark.parametrize("state", ["present", "absent"])
def test_nothing_is_permanent_before_it_is_confirmed(host: Host, state: str) -> None:
    host.write(MAIN_FILE, CONFLICTING)
    if state == "absent":
        host.call(settings={REUSE: 1}, on_conflict="comment_out")
    files = {path: entry for path, entry in host.settled().items() if path.startswith("/")}
    result = host.call(settings={REUSE: 1}, on_conflict="comment_out", confirm_seconds=600, state=state)
    assert host.get(REUSE) == ("1" if state == "present" else "2")
    assert {path: entry for path, entry in host.settled().items() if path.startswith("/")} == files
    # The result tells how it will be.
    assert result["boot_file"] == {"path": BOOT_FILE, "changed": True}
    assert {one["boot_after"] for one in result["settings"]} == ({"1"} if state == "present" else {None})

    assert not host.confirm(result["guard"]["token"]).get("failed")
    assert host.path(BOOT_FILE).exists() is (state == "present")
    assert (host.read(MAIN_FILE) != CONFLICTING) is (state == "present")
    assert not host.call(settings={REUSE: 1}, on_conflict="comment_out", state=state)["changed"]


def test_a_restart_while_it_waits_gives_the_old_state(host: Host) -> None:
    """Also where a key holds after the restart, by chance, what the profile wanted: then it is not the profile's."""
    host.call(settings={REUSE: 1, TIMESTAMPS: 0}, confirm_seconds=600)
    host.write("/proc/sys/kernel/random/boot_id", "second-boot\n")
    host.set(TIMESTAMPS, "1")
    before = host.settled()
    result = host.call(state="absent")
    assert "The restart has undone it" in result["recovered"]
    assert host.settled() == before
    assert not host.path(STATE_FOLDER).exists()


@pytest.mark.parametrize("what", ["create", "rename", "fill"])
def test_files_that_cannot_be_written_after_all_undo_everything(host: Host, what: str) -> None:
    pristine = host.state()
    token = host.call(settings={REUSE: 1}, confirm_seconds=600)["guard"]["token"]

    def fail(step: str) -> None:
        if step == f"{what} {BOOT_FILE}":
            raise OSError(28, "No space left on device", BOOT_FILE)

    result = host.confirm(token, step=fail)
    assert result["failed"]
    assert "ENOSPC" in result["msg"]
    assert "All changes were undone." in result["msg"]
    assert host.state() == pristine


def test_a_file_that_was_edited_meanwhile_is_not_overwritten(host: Host) -> None:
    token = host.call(settings={REUSE: 1}, confirm_seconds=600)["guard"]["token"]
    host.write(BOOT_FILE, "kernel.sysrq = 1\n")
    result = host.confirm(token)
    assert f"{BOOT_FILE}: somebody changed this file before the confirmation" in result["msg"]
    assert host.read(BOOT_FILE) == "kernel.sysrq = 1\n"
    assert host.get(REUSE) == "2"


@pytest.mark.parametrize("number", range(12))
def test_a_confirmation_that_dies_is_undone_by_the_next_run(host: Host, number: int) -> None:
    pristine = host.settled()
    token = host.call(settings={REUSE: 1}, confirm_seconds=600)["guard"]["token"]
    died = host.confirmation_killed(token, number)
    settled = host.settled()
    host.call(state="absent")
    assert {**pristine, **host.settled()} == pristine
    if not died:
        assert settled[BOOT_FILE]


def test_what_can_be_foreseen_is_seen_before_anything_is_touched(host: Host) -> None:
    pristine = host.settled()
    done: list[str] = []

    def full(what: str) -> None:
        done.append(what)
        if what == "try " + BOOT_FILE:
            raise OSError(28, "No space left on device", BOOT_FILE)

    result = host.call(settings={REUSE: 1}, confirm_seconds=600, step=full)
    assert "ENOSPC" in result["msg"]
    assert not any(what.startswith("write ") for what in done)
    assert host.settled() == pristine


def test_a_rehearsal_of_writing_leaves_nothing_behind(host: Host) -> None:
    host.call(settings={REUSE: 1}, confirm_seconds=600)
    assert list(host.path("/etc/sysctl.d").iterdir()) == []
