# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._changes import STATE_FOLDER, open_changes
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile import _journal
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from support.transactions import JOURNAL, REUSE, Host

NAME = JOURNAL.rsplit("/", 1)[1]
OPEN = {"name": "client_host", "boot_id": "first-boot", "phase": "waiting"}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host.made(tmp_path / "host")


def test_the_folder_is_that_of_the_journal() -> None:
    assert STATE_FOLDER == _journal.STATE_FOLDER


def test_a_host_without_changes(host: Host) -> None:
    assert open_changes(HostTree(host.root)) == []
    host.call(settings={REUSE: 1})
    assert open_changes(HostTree(host.root)) == []


@pytest.mark.parametrize(("boot", "this_boot"), [("first-boot", True), ("second-boot", False)])
def test_a_real_change_that_waits(host: Host, boot: str, this_boot: bool) -> None:
    token = host.call(settings={REUSE: 1}, confirm_seconds=600)["guard"]["token"]
    host.write("/proc/sys/kernel/random/boot_id", boot + "\n")
    assert open_changes(HostTree(host.root)) == [{"journal": NAME, "profile": "client_host", "phase": "waiting", "this_boot": this_boot}]
    host.write("/proc/sys/kernel/random/boot_id", "first-boot\n")
    assert not host.confirm(token).get("failed")
    assert open_changes(HostTree(host.root)) == []


def test_a_real_run_that_was_killed(host: Host) -> None:
    steps = Host.made(host.path("/other")).steps(settings={REUSE: 1})
    assert host.killed(steps.index("write " + REUSE) + 1, settings={REUSE: 1})
    assert [one["phase"] for one in open_changes(HostTree(host.root))] == ["applying"]


@pytest.mark.parametrize(
    ("text", "phase"),
    [
        ("", "damaged"),
        ("[]", "damaged"),
        ("{}", "damaged"),
        ("\xff", "damaged"),
        ("[" * 100000, "damaged"),
        (json.dumps({"open": []}), "damaged"),
        (json.dumps({"open": {**OPEN, "phase": "done"}}), "damaged"),
        (json.dumps({"open": {**OPEN, "phase": ["waiting"]}}), "damaged"),
        (json.dumps({"open": {**OPEN, "name": 7}}), "damaged"),
        (json.dumps({"open": {**OPEN, "boot_id": None}}), "damaged"),
        (json.dumps({"open": OPEN}), "waiting"),
        (json.dumps({"open": {**OPEN, "phase": "applying"}}), "applying"),
        (json.dumps({"open": {**OPEN, "phase": "confirming"}}), "confirming"),
        (json.dumps({"open": None}), None),
    ],
)
def test_what_a_journal_says(host: Host, text: str, phase: str | None) -> None:
    host.write(JOURNAL, text)
    assert [one["phase"] for one in open_changes(HostTree(host.root))] == ([] if phase is None else [phase])


def test_a_journal_that_may_not_be_read_counts_as_damaged(host: Host) -> None:
    host.path(JOURNAL).mkdir(parents=True)
    assert [one["phase"] for one in open_changes(HostTree(host.root))] == ["damaged"]


def test_a_folder_that_may_not_be_listed_is_an_error(host: Host) -> None:
    class Refusing(HostTree):
        def names(self, path: str) -> list[str]:
            raise PermissionError(13, "Permission denied", path)

    with pytest.raises(PermissionError):
        open_changes(Refusing(host.root))


def test_the_boot_may_be_unknown(host: Host) -> None:
    host.write(JOURNAL, json.dumps({"open": OPEN}))
    host.path("/proc/sys/kernel/random/boot_id").unlink()
    assert open_changes(HostTree(host.root))[0]["this_boot"] is None
