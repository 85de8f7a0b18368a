# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guard by itself; tests/system/test_transaction.py has it guard a real change."""

from __future__ import annotations

import os
import signal
import time
import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile import _guard
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._guard import detach

PATIENCE_SECONDS = 60


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Where the guard, which is another process, leaves a line for each call."""
    return tmp_path / "notes"


def noting(notes: Path, word: str, answers: t.Iterable[bool]) -> t.Callable[[], bool]:
    """A function that notes that it was called, and answers in turn; the last answer stays."""
    left = list(answers)

    def answer() -> bool:
        with notes.open("a") as stream:
            stream.write(f"{word} {os.getpid()} {os.getsid(0)} {os.getppid()}\n")
        return left.pop(0) if len(left) > 1 else left[0]

    return answer


def calls(notes: Path, count: int) -> list[list[str]]:
    """What was noted, once there are so many lines and the guard has gone."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        lines = [line.split() for line in notes.read_text().splitlines()] if notes.exists() else []
        if len(lines) >= count and not Path("/proc", lines[0][1]).exists():
            return lines
        time.sleep(0.02)
    raise AssertionError(f"not done: {notes.read_text() if notes.exists() else 'nothing'}")


def test_what_waits_is_undone_after_the_deadline(notes: Path) -> None:
    detach(time.monotonic() - 1, noting(notes, "waiting", [True]), noting(notes, "undo", [True]))
    assert [line[0] for line in calls(notes, 3)] == ["waiting", "waiting", "undo"]


def test_a_guard_that_is_ended_as_soon_as_it_is_there_undoes(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    let_go = _guard._let_go

    def ended() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        let_go()

    monkeypatch.setattr(_guard, "_let_go", ended)
    detach(time.monotonic() + 600, noting(notes, "waiting", [True]), noting(notes, "undo", [True]))
    assert [line[0] for line in calls(notes, 3)] == ["waiting", "waiting", "undo"]
    assert signal.SIGTERM not in signal.pthread_sigmask(signal.SIG_BLOCK, set())


def test_what_is_confirmed_is_not_undone(notes: Path) -> None:
    detach(time.monotonic() + 600, noting(notes, "waiting", [True, False]), noting(notes, "undo", [True]))
    assert {line[0] for line in calls(notes, 3)} == {"waiting"}


def test_an_undo_that_fails_is_tried_again(notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_guard, "_POLL_SECONDS", 0.01)
    detach(time.monotonic() - 1, noting(notes, "waiting", [True]), noting(notes, "undo", [False, False, True]))
    assert [line[0] for line in calls(notes, 7)].count("undo") == 3


def test_it_belongs_to_nobody(notes: Path) -> None:
    detach(time.monotonic() - 1, noting(notes, "waiting", [True]), noting(notes, "undo", [True]))
    _word, pid, session, parent = calls(notes, 3)[-1]
    assert pid != session != str(os.getsid(0))
    assert parent != str(os.getpid())
