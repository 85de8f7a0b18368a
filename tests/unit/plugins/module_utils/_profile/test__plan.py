# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The three steps together: what they leave out, and what is remembered."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._disk import Disk
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._machine import Machine
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._options import read_options
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._plan import NOTHING, Plan, make_plan
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._reserved_ports import Listening
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._steps import FileStep, KeyStep, Original, Record
from support.transactions import BOOT_FILE, REUSE, TIMESTAMPS, Host


def planned(host: Host, record: Record | None = None, **options: object) -> Plan:
    read: list[str] = []
    machine = Machine(Disk(host.root, read.append), False)
    plan = make_plan(read_options(host.options(**options)), machine, record, lambda question: Listening(frozenset(), "", True))
    assert [what for what in read if what.split()[0] != "read"] == []
    return plan


@pytest.mark.parametrize(("scope", "kinds"), [("both", [KeyStep, FileStep]), ("runtime", [KeyStep]), ("boot", [FileStep])])
def test_keys_come_before_files(host: Host, scope: str, kinds: list[type]) -> None:
    plan = planned(host, settings={REUSE: 1}, scope=scope)
    assert [type(step) for step in plan.steps] == kinds


def test_what_is_remembered(host: Host) -> None:
    after = planned(host, settings={REUSE: 1}).after
    assert after is not None
    assert after.keys == {REUSE: Original("2", "1")}
    assert after.boot is not None
    assert after.boot.commented == {}
    assert planned(host, state="absent").after is None


def test_a_refused_value_leaves_the_files_out(host: Host) -> None:
    plan = planned(host, settings={REUSE: 7, TIMESTAMPS: 0})
    assert plan.items[REUSE].status == "refused"
    assert not any(isinstance(step, FileStep) for step in plan.steps)


def test_the_name_of_the_record_is_that_of_the_profile(host: Host) -> None:
    record = Record("earlier", {REUSE: Original("2", "0")}, None)
    after = planned(host, record, settings={REUSE: 1}, scope="runtime", name="later").after
    assert after is not None
    assert (after.name, after.keys) == ("later", {REUSE: Original("2", "1")})
    kept = planned(host, record, state="absent", scope="boot").after
    assert kept == record


def test_the_empty_plan_stays_empty(host: Host, tmp_path: Path) -> None:
    """It is shared by all calls that get no further."""
    assert host.call(state="absent")["settings"] == []
    Host.made(tmp_path / "other").path("/etc/sysctl.d").rmdir()
    assert NOTHING == ({}, [], None, [], {}, [], [])
    assert not host.path(BOOT_FILE).exists()
