# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Journals that are damaged, and the lock on their folder."""

from __future__ import annotations

import fcntl
import json
import os
import threading
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile import _disk, _journal
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._disk import Disk
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._errors import ProfileError
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._journal import State
from support.transactions import BOOT_FILE, DEFAULTS, JOURNAL, REUSE, STATE_FOLDER, Host

STEP = {"key": "kernel.sysrq", "before": "1", "after": "0"}


UNKNOWN_KEY = {"name": "x", "boot_id": "", "steps": [STEP], "after": None, "guard": None, "phase": "applying"}


def test_a_host_without_var_lib(host: Host) -> None:
    host.path("/var/lib").rmdir()
    host.path("/var").rmdir()
    assert host.call(settings={REUSE: 1})["changed"]
    assert host.path(STATE_FOLDER).stat().st_mode & 0o7777 == 0o700


def test_var_lib_that_is_a_file(host: Host) -> None:
    host.path("/var/lib").rmdir()
    host.path("/var/lib").write_text("")
    before = host.state()
    result = host.call()
    assert result["failed"]
    assert "/var/lib" in result["msg"]
    assert host.state() == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"schema": "linux_tcp.journal/1"}',
            "has the format 'linux_tcp.journal/1'; this version of the collection reads only 'linux_tcp.journal/2'",
        ),
        ('{"schema": "linux_tcp.journal/2", "boot_fi', "is damaged. Nothing was changed"),
        ("", "is damaged. Nothing was changed"),
        ("[]", "is damaged. Nothing was changed"),
        ('{"schema": "linux_tcp.journal/2"}', "damaged"),
        ('{"schema": "linux_tcp.journal/2", "boot_file": 7, "record": null, "open": null, "undone": null}', "damaged"),
        ('{"schema": "linux_tcp.journal/2", "boot_file": "x", "record": {"name": 1}, "open": null, "undone": null}', "damaged"),
        (
            json.dumps({"schema": "linux_tcp.journal/2", "boot_file": "x", "record": None, "undone": None, "open": UNKNOWN_KEY}),
            "is damaged. Nothing was changed",
        ),
    ],
)
@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_journal_that_is_not_understood_is_named_and_nothing_changes(host: Host, text: str, message: str, state: str) -> None:
    host.path(STATE_FOLDER).mkdir(mode=0o700)
    host.write(JOURNAL, text)
    before = host.state()
    result = host.call(state=state)
    assert result["failed"]
    assert JOURNAL in result["msg"]
    assert message in result["msg"]
    assert host.state() == before


@pytest.mark.parametrize("cut", range(0, 2000, 37))
def test_a_journal_cut_anywhere_is_named_and_nothing_changes(host: Host, cut: int) -> None:
    host.call()
    text = host.read(JOURNAL)
    host.write(JOURNAL, text[: cut % (len(text) - 2)])
    before = host.state()
    result = host.call(state="absent")
    assert result["failed"]
    assert JOURNAL in result["msg"]
    assert host.state() == before


def test_a_cut_short_copy_from_before_the_rename_does_not_matter(host: Host) -> None:
    host.call()
    host.write(JOURNAL + _disk.TEMPORARY, '{"schema": "linux')
    assert not host.call(state="absent").get("failed")
    assert not host.path(STATE_FOLDER).exists()


def test_a_state_folder_of_somebody_else_is_not_trusted(host: Host) -> None:
    host.path(STATE_FOLDER).mkdir()
    host.path(STATE_FOLDER).chmod(0o777)
    result = host.call()
    assert result["failed"]
    assert STATE_FOLDER in result["msg"]


def test_a_second_run_waits_for_the_first_and_then_gives_up(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_journal, "LOCK_SECONDS", 0.2)
    inside, leave = threading.Event(), threading.Event()

    def hold(what: str) -> None:
        if what == "write " + REUSE and not inside.is_set():
            inside.set()
            assert leave.wait(20)

    results: list[dict[str, t.Any]] = []
    first = threading.Thread(target=lambda: results.append(host.call(step=hold)))
    first.start()
    assert inside.wait(20)
    try:
        second = host.call(state="absent")
    finally:
        leave.set()
        first.join()
    assert second["failed"]
    assert "/var/lib/linux_tcp_hardening is locked by another run" in second["msg"]
    assert not results[0].get("failed")
    assert host.get(REUSE) == "1"


def test_of_many_runs_at_once_one_changes_the_host(host: Host) -> None:
    results: list[dict[str, t.Any]] = []
    runs = [threading.Thread(target=lambda: results.append(host.call())) for _number in range(8)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert not any(result.get("failed") for result in results)
    assert sum(result["changed"] for result in results) == 1
    pristine = Host.made(host.path("/elsewhere"))
    host.call(state="absent")
    assert {key: host.get(key) for key in DEFAULTS} == DEFAULTS
    assert pristine.settled().keys() == host.settled().keys()


def test_a_folder_that_another_run_removes_while_this_one_locks_it_is_made_anew(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    real = fcntl.flock
    removed: list[str] = []

    def flock(descriptor: int, operation: int) -> None:
        if not removed:
            host.path(STATE_FOLDER).rmdir()
            removed.append(STATE_FOLDER)
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    assert host.call()["changed"]
    assert removed


def test_a_state_folder_that_is_a_link_is_not_followed(host: Host) -> None:
    host.path("/elsewhere").mkdir(mode=0o700)
    os.symlink(host.path("/elsewhere"), host.path(STATE_FOLDER))
    before = host.state()
    result = host.call()
    assert result["failed"]
    assert STATE_FOLDER in result["msg"]
    assert host.state() == before


def test_a_journal_of_another_name_is_refused(host: Host) -> None:
    host.call(settings={REUSE: 1}, boot_file="/etc/sysctl.d/60-other.conf")
    host.path(f"{STATE_FOLDER}/etc_sysctl.d_60-other.conf.json").rename(host.path(JOURNAL))
    result = host.call(state="absent")
    assert "was renamed: it belongs to /etc/sysctl.d/60-other.conf" in result["msg"]


@pytest.mark.parametrize("flipped", range(8))
def test_a_flipped_bit_is_refused(host: Host, flipped: int) -> None:
    """Wherever it is: in a value, in a name, in the checksum or in a blank."""
    host.call(settings={REUSE: 1})
    whole = host.path(JOURNAL).read_bytes()
    for place in range(flipped % 3, len(whole), 3):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << flipped
        host.path(JOURNAL).write_bytes(bytes(damaged))
        with pytest.raises(ProfileError, match="the journal /var/lib/linux_tcp_hardening/"):
            State(Disk(host.root)).read(BOOT_FILE)
    host.path(JOURNAL).write_bytes(whole)
    assert State(Disk(host.root)).read(BOOT_FILE).record


def test_every_truncation_is_refused(host: Host) -> None:
    host.call(settings={REUSE: 1})
    whole = host.path(JOURNAL).read_bytes()
    for length in range(len(whole)):
        host.path(JOURNAL).write_bytes(whole[:length])
        with pytest.raises(ProfileError, match="the journal /var/lib/linux_tcp_hardening/"):
            State(Disk(host.root)).read(BOOT_FILE)
