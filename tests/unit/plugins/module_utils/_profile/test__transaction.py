# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a transaction does as a whole, and what the kernel does to its writes."""

from __future__ import annotations

import os

import pytest
from support.transactions import (
    BOOT_FILE,
    BUCKETS,
    CONFLICTING,
    JOURNAL,
    MAIN_FILE,
    RANGE,
    RECYCLE,
    REUSE,
    SETTINGS,
    STATE_FOLDER,
    TIMESTAMPS,
    Host,
    lines,
    only,
    status,
)


def test_apply_drift_apply_and_back(host: Host) -> None:
    pristine = host.state()

    first = host.call()
    assert first["changed"]
    assert status(first) == {**dict.fromkeys(SETTINGS, "changed"), RECYCLE: "absent"}
    assert only(first, RANGE)["before"] == "32768\t60999"
    assert only(first, RANGE)["after"] == host.get(RANGE) == "800\t65000"
    applied = host.settled()

    host.set(REUSE, "0")
    drifted = host.call()
    assert {key for key, one in status(drifted).items() if one == "changed"} == {REUSE}
    assert drifted["boot_file"] == {"path": BOOT_FILE, "changed": False}
    assert host.settled() == applied

    back = host.call(state="absent", settings=None)
    assert back["changed"]
    assert host.state() == pristine
    again = host.call(state="absent")
    assert (again["changed"], again["settings"], again["diff"]) == (False, [], [])
    assert host.state() == pristine


def test_the_order_of_the_list_is_that_of_the_settings(host: Host) -> None:
    assert [one["key"] for one in host.call()["settings"]] == list(SETTINGS)


def test_a_key_that_is_already_right_makes_no_change_and_no_file_with_scope_runtime(host: Host) -> None:
    before = host.state()
    result = host.call(settings={TIMESTAMPS: 1}, scope="runtime")
    assert (result["changed"], only(result, TIMESTAMPS)["status"]) == (False, "ok")
    assert host.state() == before


def test_a_reboot_with_the_boot_file_does_not_lose_the_originals(host: Host) -> None:
    host.call(settings={REUSE: 1})
    host.write("/proc/sys/kernel/random/boot_id", "second-boot\n")
    host.call(state="absent")
    assert host.get(REUSE) == "2"


def test_scopes_are_taken_back_one_by_one(host: Host) -> None:
    pristine = host.state()
    host.call(settings={REUSE: 1})
    host.call(state="absent", scope="runtime")
    assert (host.get(REUSE), lines(host)) == ("2", [REUSE + " = 1"])
    host.call(state="absent", scope="boot")
    assert host.state() == pristine


def test_a_boot_file_without_a_record_is_taken_back_too(host: Host) -> None:
    pristine = host.state()
    host.call(settings={REUSE: 1}, scope="boot")
    host.path(JOURNAL).unlink()
    host.call(state="absent")
    assert host.state() == pristine


def test_fail_on_conflict_changes_nothing(host: Host) -> None:
    host.write(MAIN_FILE, CONFLICTING)
    before = host.state()
    result = host.call(on_conflict="fail")
    assert result["failed"]
    assert f"{MAIN_FILE}:2 sets {REUSE}" in result["msg"]
    assert host.state() == before


class Lies:
    """A kernel that makes something else of one value of a key."""

    def __init__(self, host: Host, key: str, raw: str, of: str) -> None:
        self.host, self.key, self.raw, self.of = host, key, raw, of

    def __call__(self, what: str) -> None:
        if what == "read " + self.key and self.host.get(self.key) == self.of:
            self.host.set(self.key, self.raw)


def test_what_reads_back_as_something_else_is_undone(host: Host) -> None:
    before = host.state()
    result = host.call(step=Lies(host, BUCKETS, "199999", "200000"))
    assert result["failed"]
    assert f"{BUCKETS}: wrote 200000, read back 199999" in result["msg"]
    assert status(result) == {**dict.fromkeys(SETTINGS, "left_alone"), BUCKETS: "not_verified", TIMESTAMPS: "ok", RECYCLE: "absent"}
    assert host.state() == before


def test_a_write_that_the_kernel_refuses_is_undone_and_reported(host: Host) -> None:
    before = host.state()

    def refuse(what: str) -> None:
        if what == "write " + BUCKETS:
            raise OSError(22, "Invalid argument")

    result = host.call(step=refuse)
    assert result["failed"]
    assert f"{BUCKETS}: the kernel refused 200000: EINVAL" in result["msg"]
    assert status(result)[BUCKETS] == "refused"
    assert host.state() == before


@pytest.mark.parametrize("check", [False, True])
def test_a_key_that_cannot_be_written_fails_before_anything_is(host: Host, check: bool) -> None:
    before = host.state()

    def refuse(what: str) -> None:
        if what == "probe " + REUSE:
            raise OSError(30, "Read-only file system")

    result = host.call(check=check, step=refuse)
    assert result["failed"]
    assert f"{REUSE}: /proc/sys is read-only here (EROFS; a container?). Nothing was changed." in result["msg"]
    assert status(result)[REUSE] == "read_only"
    assert host.state() == before


def test_one_reason_for_many_keys_is_told_once(host: Host) -> None:
    def refuse(what: str) -> None:
        if what.startswith("probe "):
            raise OSError(30, "Read-only file system")

    result = host.call(step=refuse, settings={TIMESTAMPS: 0, REUSE: 1})
    assert result["msg"] == f"{TIMESTAMPS}, {REUSE}: /proc/sys is read-only here (EROFS; a container?). Nothing was changed."


@pytest.mark.parametrize(
    ("where", "check"),
    [
        ("probe ", False),
        ("probe ", True),
        ("lock ", False),
        ("lock ", True),
        ("make " + STATE_FOLDER, False),
        ("write ", False),
        ("create " + BOOT_FILE, False),
    ],
)
def test_without_root_it_is_told_once(host: Host, monkeypatch: pytest.MonkeyPatch, where: str, check: bool) -> None:
    before = host.state()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    def refuse(what: str) -> None:
        if what.startswith(where):
            raise OSError(13, "Permission denied")

    result = host.call(check=check, step=refuse)
    if where != "write ":
        assert host.state() == before
    assert result["msg"].startswith("needs root on the target: run with --become. The error: ")
    assert result["msg"].count("EACCES") == 1
    assert "read_only" not in status(result).values()
