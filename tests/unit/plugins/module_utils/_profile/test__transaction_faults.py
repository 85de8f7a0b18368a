# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A transaction that dies, or whose disk fails, at each of its operations."""

from __future__ import annotations

import errno
import itertools
import os
import re
import sys
import tempfile
import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._transaction import run
from support.transactions import BOOT_FILE, SCENARIOS, STATE_FOLDER, Host, Scenario, Tree, failing, stable

each_scenario = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)


class Hosts:
    """As many equal hosts as a test wants, with what a scenario leads to."""

    def __init__(self, folder: Path, scenario: Scenario) -> None:
        self.folder = folder
        self.scenario = scenario
        self.count = itertools.count()
        pristine = self.fresh(prepared=False)
        self.before = self.fresh().settled()
        done = self.fresh()
        self.result = done.call(**scenario.options)
        assert not self.result.get("failed"), self.result
        self.after = done.settled()
        assert self.result["changed"]
        assert self.before != self.after
        done.call(state="absent")
        self.taken_back = done.state()
        assert set(pristine.state()) <= set(self.taken_back)

    def fresh(self, prepared: bool = True) -> Host:
        host = Host.made(self.folder / str(next(self.count)))
        if prepared:
            self.scenario.prepare(host)
        return host

    def operations(self) -> range:
        return range(len(self.fresh().steps(**self.scenario.options)))


@pytest.fixture
def hosts(tmp_path: Path, scenario: Scenario) -> t.Iterator[Hosts]:
    """In memory where possible: every operation that a test counts is on disk at once."""
    memory = "/dev/shm"
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        yield Hosts(Path(folder), scenario)


@each_scenario
def test_a_rehearsal_tells_what_the_run_does_and_does_nothing(hosts: Hosts, scenario: Scenario) -> None:
    host = hosts.fresh()
    before = host.state()

    rehearsed = host.call(check=True, **scenario.options)

    assert host.state() == before
    assert stable(rehearsed) == stable(hosts.result)


@each_scenario
def test_a_second_run_has_nothing_to_do_and_writes_nothing(hosts: Hosts, scenario: Scenario) -> None:
    host = hosts.fresh()
    host.call(**scenario.options)
    before = host.state()

    operations: list[str] = []
    again = host.call(step=operations.append, **scenario.options)

    assert not again["changed"]
    assert again["diff"] == []
    assert {one["status"] for one in again["settings"]} <= {"ok", "absent", "left_alone"}
    assert host.state() == before
    assert {what.split()[0] for what in operations} <= {"read", "lock"}


@each_scenario
@pytest.mark.parametrize("finish", ["absent", "rehearsal and run"])
def test_whatever_kills_it_the_next_call_clears_up(hosts: Hosts, scenario: Scenario, finish: str) -> None:
    for number in hosts.operations():
        host = hosts.fresh()
        assert host.killed(number, **scenario.options)
        killed = host.settled()
        journal = list(host.path(STATE_FOLDER).glob("*.json"))
        assert killed in (hosts.before, hosts.after) or journal, f"operation {number}"

        if finish != "absent":
            rehearsed = host.call(check=True, **scenario.options)
            assert host.settled() == killed
            assert stable(host.call(**scenario.options)) == stable(rehearsed), f"operation {number}"
            assert host.settled() == hosts.after, f"operation {number}"
        host.call(state="absent")
        assert host.state() == hosts.taken_back, f"operation {number}"


def undashed(state: Tree) -> Tree:
    """With scope boot, a key that cannot be read is written with a dash: it may be missing at boot. The checksum differs then, too."""
    entry = state.get(BOOT_FILE)
    if isinstance(entry, tuple):
        *access, content = entry
        return {**state, BOOT_FILE: (*access, re.sub(rb"^-|, checksum [0-9a-f]+", b"", content, flags=re.MULTILINE))}
    return state


@each_scenario
def test_one_failing_operation_changes_nothing(hosts: Hosts, scenario: Scenario) -> None:
    for number in hosts.operations():
        host = hosts.fresh()
        before = host.state()
        fail, failed = failing(number)

        result = host.call(step=fail, **scenario.options)

        assert failed
        if result.get("failed"):
            assert "ENOSPC" in result["msg"], failed
            # An empty folder may stay where the lock on it failed.
            assert {**host.state(), **before}.keys() - before.keys() <= {STATE_FOLDER}, failed
            assert {path: host.state().get(path) for path in before} == before, failed
            assert not result.get("changed"), failed
            assert result.get("diff", []) == []
        else:
            # Only looking again at the end, or the last sync of a journal that is closed.
            assert failed[0].split()[0] in ("read", "sync"), failed
            assert undashed(host.settled()) == undashed(hosts.after), failed
        assert not host.call(**scenario.options).get("failed")
        assert host.settled() == hosts.after, failed


@each_scenario
def test_a_disk_that_fails_from_some_point_on_loses_nothing(hosts: Hosts, scenario: Scenario) -> None:
    for number in hosts.operations():
        host = hosts.fresh()
        fail, failed = failing(number, lasting=True)

        result = host.call(step=fail, **scenario.options)

        if result.get("failed"):
            assert "ENOSPC" in result["msg"], failed
            open_journal = any('"steps"' in path.read_text() for path in host.path(STATE_FOLDER).glob("*.json"))
            assert open_journal or host.settled() == hosts.before, failed
        else:
            assert {what.split()[0] for what in failed} <= {"read", "sync"}
            assert host.settled() == hosts.after, failed
        assert not host.call(**scenario.options).get("failed"), failed
        assert host.settled() == hosts.after, failed
        host.call(state="absent")
        assert host.state() == hosts.taken_back, failed


def test_scenarios_go_through_every_kind_of_operation(tmp_path: Path) -> None:
    seen: set[str] = set()
    for number, scenario in enumerate(SCENARIOS):
        host = Host.made(tmp_path / str(number))
        scenario.prepare(host)
        seen |= {what.split()[0] for what in host.steps(**scenario.options)}
    assert seen == {"read", "lock", "probe", "write", "make", "create", "fill", "sync", "rename", "remove"}


class Gone:
    """A finder of modules for a disk that gives no file of the collection any more."""

    def find_spec(self, name: str, *_more: object) -> None:
        if name.startswith("ansible_collections."):
            raise ImportError(f"{name} has gone")


@pytest.mark.parametrize(
    ("loaded_late", "options"), [(("_undo",), {}), (("_confirm", "_guard", "_scope"), {"confirm_seconds": 600})], ids=["plain", "guarded"]
)
def test_a_disk_that_gives_no_more_of_the_module_changes_nothing(
    host: Host, monkeypatch: pytest.MonkeyPatch, loaded_late: tuple[str, ...], options: dict[str, t.Any]
) -> None:
    before = host.settled()
    operations = Host.made(host.path("/other")).steps()
    for name in loaded_late:
        monkeypatch.delitem(sys.modules, run.__module__.replace("_transaction", name), raising=False)
    last_key = max(number for number, what in enumerate(operations) if what.startswith("write net."))
    failed: list[str] = []

    def step(what: str) -> None:
        if what.startswith(f"create {STATE_FOLDER}"):
            # From the journal on, no file of the collection can be read.
            monkeypatch.setattr(sys, "meta_path", [Gone(), *sys.meta_path])
        if what == operations[last_key]:
            failed.append(what)
            raise OSError(errno.ENOSPC, "no space", what)

    result = host.call(step=step, **options)

    assert failed == [operations[last_key]]
    assert "ENOSPC" in result["msg"]
    assert "All changes were undone." in result["msg"]
    assert host.settled() == before
