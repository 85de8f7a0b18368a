# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make test` says and does, with stand-ins for its parts."""

from __future__ import annotations

import configparser
import contextlib
import os
import re
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest

from scripts import check, estimate, interrupt, scenarios, tree


@pytest.fixture(autouse=True)
def _left_as_it_was(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> t.Iterator[None]:
    monkeypatch.setattr(estimate, "LAST_RUN", tmp_path / "last" / "seconds.json")
    monkeypatch.setattr(interrupt, "arm", lambda: None)
    monkeypatch.setattr(scenarios, "remove_left_over", lambda: None)
    monkeypatch.setenv("PATH", os.environ["PATH"])
    monkeypatch.delenv("ARGS", raising=False)
    scenarios.ended.clear()
    yield
    scenarios.ended.clear()


def fail(extra: list[str]) -> None:
    raise check.Failure("it is broken")


def be_stopped(extra: list[str]) -> None:
    raise KeyboardInterrupt


def table(output: str) -> dict[str, str]:
    """The results by part, from the lines after the last empty one."""
    return {line[:22].strip(): line[23:31].strip() for line in output.rpartition("\n\n")[2].splitlines()}


def test_pip_keeps_its_settings_inside_ansible_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/it's/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", "/wheels /more")

    settings = configparser.RawConfigParser()
    settings.read_string(check.pip_settings())

    assert settings["global"]["index-url"] == "https://mirror.example/it's/simple"
    assert settings["global"]["find-links"] == "/wheels /more"


def test_every_part_runs_and_it_fails_at_the_end(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    arguments: list[list[str]] = []
    monkeypatch.setattr(check, "PARTS", {"broken": fail, "sound": arguments.append})
    monkeypatch.setenv("ARGS", "-k 'a word'")

    assert check.main([]) == 1
    assert table(capsys.readouterr().out) == {"broken": "FAILED", "sound": "passed"}
    assert check.main(["sound"]) == 0
    assert arguments == [[], ["-k", "a word"]]


def test_nothing_runs_after_a_part_was_stopped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(check, "PARTS", {"broken": fail, "stopped": be_stopped, "later": fail})

    assert check.main([]) == 130
    assert table(capsys.readouterr().out) == {"broken": "FAILED", "stopped": "stopped", "later": "not run"}


def test_it_says_first_what_comes_and_how_long_it_takes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(scenarios, "available", lambda: ["long", "short", "odd"])
    monkeypatch.setattr(scenarios, "AT_A_TIME", 2)
    estimate.remember({"molecule/long": 150, "molecule/short": 40, "molecule/odd": 50, "types": 29.6})

    check.announce(["types", "molecule"], [])

    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[1:]]
    assert lines == [
        ["types", "30 s"],
        ["molecule", "2 min 30 s"],
        ["long", "2 min 30 s"],
        ["short", "40 s"],
        ["odd", "50 s"],
        ["all", "3 min 00 s"],
    ]


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({}, "as measured on two processors:"),
        ({"types": 1}, "as in the last run here, or as measured on two processors:"),
        ({"types": 1, "ruff": 1}, "as in the last run here:"),
    ],
)
def test_it_says_where_the_times_come_from(capsys: pytest.CaptureFixture[str], known: dict[str, float], words: str) -> None:
    estimate.remember(known)
    check.announce(["types", "ruff"], [])
    assert capsys.readouterr().out.splitlines()[0].endswith(f", {words}")


def test_a_scenario_that_there_is_not_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGS", "default nonsense")
    assert check.main(["molecule"]) == 1
    assert capsys.readouterr().err.startswith("no such scenario: nonsense; there are ")


def test_every_part_and_scenario_has_an_estimate_before_the_first_run() -> None:
    assert set(estimate.SECONDS) == (set(check.PARTS) - {"molecule"}) | {f"molecule/{name}" for name in scenarios.available()}


def test_what_passed_as_a_whole_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    def some_scenarios(extra: list[str]) -> None:
        scenarios.ended[:] = [scenarios.Outcome("good", 12.5, ""), scenarios.Outcome("bad", 3.5, "exit code 1")]

    monkeypatch.setattr(check, "PARTS", {"broken": fail, "sound": lambda extra: None, "molecule": some_scenarios})
    monkeypatch.setattr(scenarios, "chosen", lambda names: names or ["good", "bad"])
    monkeypatch.setenv("ARGS", "some")

    check.main(["sound"])
    assert estimate.seconds("sound") == estimate.UNKNOWN_SECONDS
    check.main(["molecule"])
    assert estimate.seconds("molecule/good") == 12.5
    check.main([])
    assert estimate.seconds("sound") < estimate.UNKNOWN_SECONDS
    assert {estimate.seconds("broken"), estimate.seconds("molecule/bad")} == {estimate.UNKNOWN_SECONDS}


@pytest.mark.parametrize("text", ["", "[1]", '{"unit": "long"}', "{"])
def test_a_broken_record_of_the_last_run_is_as_none(text: str) -> None:
    estimate.LAST_RUN.parent.mkdir()
    estimate.LAST_RUN.write_text(text)

    assert estimate.seconds("unit") == estimate.SECONDS["unit"]


@pytest.mark.parametrize(("expected", "in_all"), [(200, ", about 3 min 20 s in all"), (None, "")])
def test_once_a_minute_it_says_what_still_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], expected: float | None, in_all: str
) -> None:
    monkeypatch.setattr(estimate, "MINUTE", 0.01)
    asked: list[int] = []

    def progress() -> str:
        asked.append(1)
        return "half of it is done"

    with estimate.a_line_a_minute("unit", expected, progress):
        while len(asked) < 2:
            time.sleep(0.01)

    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"-- unit still runs: \d+ s so far{in_all}; half of it is done", lines[0])


# Its part starts what is hard to end: what ignores SIGTERM, what has another session and another environment, and an orphan.
HARD_TO_END = """
import sys
from pathlib import Path
from scripts import check, estimate, interrupt, scenarios

folder = Path(sys.argv[1])
estimate.LAST_RUN = folder / "seconds.json"
interrupt.PATIENCE_SECONDS = 0.3
scenarios.remove_left_over = lambda: (folder / "removed").touch()
SHELL = '''
cd "$1"
sh -c 'trap "" TERM INT HUP; echo $$ >deaf; while :; do sleep 1; done' &
setsid env -i sh -c 'echo $$ >apart; exec sleep 1000' &
setsid sh -c 'setsid sleep 1000 & echo $! >orphan'
echo $$ >parent
wait
'''


def part(extra):
    with check.project_copy() as copy:
        (folder / "copy").write_text(str(copy))
        check.run("sh", "-c", SHELL, "sh", str(folder))


check.PARTS = {"hard": part, "later": part}
sys.exit(check.main([]))
"""


@pytest.mark.parametrize("to_all", [True, False], ids=["to-the-group", "to-it-alone"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_no_process_no_copy_and_no_traceback(tmp_path: Path, number: signal.Signals, to_all: bool) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", HARD_TO_END, str(tmp_path)],
        cwd=tree.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Whoever runs the tests may ignore it, and what is ignored is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
    )
    pids = {wait_for_pid(tmp_path / name, run) for name in ("deaf", "apart", "orphan", "parent")}
    try:
        assert pids <= alive()
        (os.killpg if to_all else os.kill)(run.pid, number)
        output, errors = run.communicate(timeout=60)

        assert run.returncode == 130
        assert not pids & alive()
        assert not Path((tmp_path / "copy").read_text()).exists()
        assert (tmp_path / "removed").exists()
        assert "Traceback" not in output + errors
        assert table(output) == {"hard": "stopped", "later": "not run"}
    finally:
        for pid in pids | {run.pid}:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        run.communicate()


def wait_for_pid(path: Path, run: subprocess.Popen[str]) -> int:
    """The process id that a part writes. Fails when the run ends before."""
    while not path.exists() or not path.read_text().endswith("\n"):
        assert run.poll() is None, run.communicate()
        time.sleep(0.02)
    return int(path.read_text())


def alive() -> set[int]:
    """The processes there are, but for those that only wait for somebody to ask for their exit code."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if path.read_text(errors="replace").rpartition(") ")[2][0] != "Z":
                found.add(int(path.parent.name))
    return found
