# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The harness itself: what it calls a finding, that it keeps the shortest, and that a seed always makes the same inputs."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from fuzz import engine, mutate
from fuzz.targets import TARGETS

from scripts import fuzz as script


def target(run: object, *seeds: bytes) -> engine.Target:
    return engine.Target("made", run, lambda: list(seeds), mutate.text())  # type: ignore[arg-type]


def break_at_a_nine(data: bytes) -> None:
    if b"9" in data:
        raise KeyError(9)


def work_for_ever(_data: bytes) -> None:
    while True:
        pass


def swallow_everything(_data: bytes) -> None:
    while True:
        try:
            work_for_ever(b"")
        except Exception:
            continue


@pytest.mark.parametrize("name", TARGETS)
def test_a_seed_and_a_number_always_make_the_same_input(name: str) -> None:
    numbers = range(len(TARGETS[name].seeds), len(TARGETS[name].seeds) + 8)
    made = [TARGETS[name].input(7, number) for number in numbers]
    for number in range(200, 210):
        TARGETS[name].input(7, number)
    assert [TARGETS[name].input(7, number) for number in numbers] == made
    assert [TARGETS[name].input(8, number) for number in numbers] != made


def test_one_finding_for_each_fault_and_the_shortest_input() -> None:
    outcome = engine.run(target(break_at_a_nine, b"long and 9", b"9", b"1", b"x 9"), 1, range(4))
    (finding,) = outcome.findings.values()
    assert (finding.data, outcome.inputs) == (b"9", 4)
    assert finding.error.startswith("KeyError in ")


@pytest.mark.parametrize("run", [work_for_ever, swallow_everything])
def test_endless_work_is_a_finding(run: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BASE_SECONDS", 0.05)
    _seconds, finding = engine.try_one(target(run), b"")
    assert finding is not None
    assert finding.error.startswith("too slow in ")


def test_a_finding_is_kept_with_the_command_that_runs_it_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine, "FOLDER", tmp_path)
    monkeypatch.setattr(script, "ROOT", tmp_path)
    monkeypatch.setitem(TARGETS, "made", target(break_at_a_nine))
    outcome = engine.run(target(break_at_a_nine, b"a 9"), 1, [0])

    assert script.report([outcome])
    printed = capsys.readouterr().out
    (kept,) = (file for file in tmp_path.iterdir() if not file.name.endswith("slowest"))
    assert printed.endswith(f"  Once more: make fuzz ARGS={kept.name}\n")
    monkeypatch.setenv("ARGS", str(kept))
    assert script.main() == 1
    assert "KeyError: 9" in capsys.readouterr().out


def test_a_target_that_there_is_not_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("ARGS", "snapshot nonsense")
    assert script.main() == 1
    assert capsys.readouterr().err.startswith("No such target, and no kept input: nonsense. The targets are: snapshot, ")


@pytest.mark.parametrize("make", [mutate.text(("word",)), mutate.data(("word",)), mutate.folder(("etc/a",))])
def test_inputs_differ_and_stay_small(make: mutate.Mutator) -> None:
    pool = [b'{"etc/a": "one", "etc/b": "two"}', b'{"etc/c": "three"}']
    made = [make(random.Random(number), pool) for number in range(300)]
    assert len(set(made)) > 200
    assert sum(len(data) <= mutate.MAX_BYTES for data in made) > 290
