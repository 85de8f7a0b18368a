# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One kill after the other, each on a host as it was before; what is not as it was afterwards is lost.

What is compared: every key of net.ipv4, net.core and net.netfilter, and every file below the folders of sysctl and /var/lib with its
content, mode and owner. After each kill the next call, or the guard, has to restore all of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
import typing as t
from collections import Counter
from pathlib import Path

from kills.cases import CASES, Case, bring_to_start, put_files
from kills.processes import ModuleProcess, end_guard, guards, kill_guard
from support.namespaces import others, until
from support.transactions import BOOT_FILE, JOURNAL, MAIN_FILE, STATE_FOLDER, Host, Tree

SECONDS_TO_CONFIRM = 600
# Half of the kills of the module come at any time from the beginning of a run to a little after the end of the longest of late.
_BEYOND = 1.05
# The other half come this soon after the journal has changed: most of a run is Python's own beginning and end.
_AT_WORK_SECONDS = 0.006
# What a guard takes at least to undo a change.
_UNDO_SECONDS = 0.004
_REMEMBERED = 10
_FIRST_SECONDS = 0.2
# Moment to how often it is chosen. Half of the kills that have to do with a guard are kills of the guard.
MOMENTS = {
    "a run": 4,
    "the next run, which undoes": 2,
    "a guarded run": 2,
    "the confirmation": 2,
    "the guard, while the run or its waiting": 2,
    "the guard, while it undoes": 2,
}


class Lost(Exception):
    """What was not restored."""


def own_etc() -> None:
    """An /etc of its own, for a process with namespaces of its own. Raises RuntimeError where it has none."""
    # This key is in the first network namespace alone.
    if os.path.exists("/proc/sys/net/ipv4/tcp_max_orphans"):
        raise RuntimeError("this is the machine's own network namespace; nothing was changed")
    shutil.copytree("/etc", "/run/etc", symlinks=True, ignore_dangling_symlinks=True)
    subprocess.run(["mount", "--bind", "/run/etc", "/etc"], check=True)
    Path(MAIN_FILE).unlink(missing_ok=True)


class Kills:
    """Kills in the order that the seed gives, on this host itself. Needs namespaces of its own, and own_etc()."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.host = Host("")
        self.fresh = self.host.everything()
        self.moments: Counter[str] = Counter()
        self.journals: Counter[str] = Counter()
        self.cases: Counter[str] = Counter()
        self.ways: Counter[str] = Counter()
        self.late = 0
        self.lost: list[str] = []
        self._seconds: dict[tuple[str, str], list[float]] = {}
        self._after: dict[str, Tree] = {}
        self._next = ModuleProcess()

    def close(self) -> None:
        self._next.discard()
        until(lambda: not others())

    @property
    def count(self) -> int:
        return sum(self.moments.values())

    def one(self) -> None:
        """One kill, and the comparison after it. A kill that comes too late counts as late."""
        case = self.random.choice(CASES)
        moment = self.random.choices(list(MOMENTS), list(MOMENTS.values()))[0]
        way = ""
        put_files(self.host, case)
        before = self.host.everything()
        try:
            edited = bring_to_start(self.host, case)
            if case.name not in self._after:
                self._learn(case)
            way = _TRIALS[moment](self, case, moment)
            self._take_back()
            self._compare(before, self.host.everything(), edited)
        except (Lost, AssertionError) as error:
            self.lost.append(f"{case.name}, kill of {moment}, then {way or 'nothing'}: {error}")
        finally:
            self._make_fresh()
        self.cases[case.name] += 1
        self.ways[way] += 1

    # What is killed

    def run(self, case: Case, moment: str) -> str:
        self._strike(case, moment, self.host.options(**case.options))
        return self._finish(case, self.random.choice(["absent", "the same call"]))

    def next_run(self, case: Case, moment: str) -> str:
        if self.random.random() < 0.5:
            kill_guard(self._armed(case)[1])
        else:
            # A run that has died at one of its operations; most calls have about a hundred of them.
            self.host.killed(self.random.randrange(100), **case.options)
        self._strike(case, moment, self.host.options(state="absent"))
        return "absent"

    def guarded_run(self, case: Case, moment: str) -> str:
        begun = self.host.settled()
        earlier = set(others())
        self._strike(case, moment, self.host.options(**case.options, confirm_seconds=SECONDS_TO_CONFIRM))
        (guard,) = guards({*earlier, self._next.pid}) or {0}
        way = self.random.choice(["absent", "the same call", "the guard is ended", "the guard is killed"])
        if way == "the guard is ended" and guard:
            end_guard(guard)
            self._expect(begun)
        elif way == "the guard is killed" and guard:
            kill_guard(guard)
        return self._finish(case, way)

    def confirmation(self, case: Case, moment: str) -> str:
        token, _guard = self._armed(case)
        self._strike(case, moment, {"name": "client_host", "confirm": token})
        return self._finish(case, self.random.choice(["absent", "the same call"]))

    def guard(self, case: Case, moment: str) -> str:
        earlier = set(others())
        module = self._next
        module.start(self.host.options(**case.options, confirm_seconds=SECONDS_TO_CONFIRM))
        self._sleep(case, moment)
        killed = any(kill_guard(guard) for guard in guards(earlier))
        answer, seconds = module.wait()
        self._next = ModuleProcess()
        self._remember(case, moment, seconds)
        self._count(moment, killed)
        if answer.get("failed"):
            raise Lost(str(answer.get("msg")))
        if self.random.random() < 0.5:
            return self._finish(case, "absent")
        confirmed = self.host.confirm(answer["guard"]["token"])
        if confirmed.get("failed"):
            raise Lost(str(confirmed["msg"]))
        self._expect(self._after[case.name])
        return "the confirmation in time"

    def guard_undoes(self, case: Case, moment: str) -> str:
        _token, guard = self._armed(case)
        os.kill(guard, signal.SIGTERM)
        pass_time(self.random.uniform(0, _UNDO_SECONDS))
        self._count(moment, kill_guard(guard))
        return self._finish(case, self.random.choice(["absent", "the same call"]))

    # How a kill is made

    def _strike(self, case: Case, moment: str, arguments: t.Mapping[str, object]) -> None:
        """Run the module and kill it."""
        module = self._next
        module.start(arguments)
        begin = time.monotonic()
        if self.random.random() < 0.5:
            self._sleep(case, moment)
        else:
            now = journal_file()
            deadline = begin + self._longest(case, moment)
            while journal_file() == now and time.monotonic() < deadline:
                pass
            pass_time(self.random.uniform(0, _AT_WORK_SECONDS))
        killed = module.kill()
        if not killed:
            self._remember(case, moment, time.monotonic() - begin)
        self._next = ModuleProcess()
        self._count(moment, killed)

    def _sleep(self, case: Case, moment: str) -> None:
        pass_time(self.random.uniform(0, self._longest(case, moment)))

    def _longest(self, case: Case, moment: str) -> float:
        return max(self._seconds.get((case.name, moment)) or [_FIRST_SECONDS]) * _BEYOND

    def _remember(self, case: Case, moment: str, seconds: float) -> None:
        known = self._seconds.setdefault((case.name, moment), [])
        known.append(seconds)
        del known[:-_REMEMBERED]

    def _count(self, moment: str, killed: bool) -> None:
        if killed:
            self.moments[moment] += 1
            self.journals[journal()] += 1
        else:
            self.late += 1

    def _armed(self, case: Case) -> tuple[str, int]:
        """The call is made, and its guard waits. Returns token and guard."""
        earlier = set(others())
        result = self.host.call(**case.options, confirm_seconds=SECONDS_TO_CONFIRM)
        if result.get("failed"):
            raise Lost(result["msg"])
        (guard,) = guards(earlier)
        return result["guard"]["token"], guard

    # What must be there afterwards

    def _learn(self, case: Case) -> None:
        """What the call does that nobody disturbs."""
        begun = self.host.settled()
        result = self.host.call(**case.options)
        assert not result.get("failed"), result["msg"]
        self._after[case.name] = self.host.settled()
        assert self._after[case.name] != begun
        self._make_fresh()
        put_files(self.host, case)
        bring_to_start(self.host, case)

    def _finish(self, case: Case, way: str) -> str:
        if way == "the same call":
            result = self.host.call(**case.options)
            if result.get("failed"):
                raise Lost(result["msg"])
            self._expect(self._after[case.name])
        return way

    def _expect(self, wanted: Tree) -> None:
        differs = difference(wanted, self.host.settled())
        if differs:
            raise Lost("; ".join(differs))

    def _take_back(self) -> None:
        result = self.host.call(state="absent")
        if result.get("failed"):
            raise Lost(result["msg"])

    def _compare(self, before: Tree, now: Tree, edited: str) -> None:
        """All is as before, but that an edited boot file is kept under another name."""
        backups = {path: entry for path, entry in now.items() if path.startswith(BOOT_FILE + ".edited-")}
        differs = difference(before, {path: entry for path, entry in now.items() if path not in backups})
        kept = {t.cast("tuple[object, ...]", entry)[-1] for entry in backups.values()}
        if kept != ({edited.encode()} if edited else set()):
            differs.append(f"edited boot file: kept as {sorted(backups)}")
        if differs:
            raise Lost("; ".join(differs))

    def _make_fresh(self) -> None:
        """The host before all, whatever was lost."""
        shutil.rmtree(STATE_FOLDER, ignore_errors=True)
        for path in [Path(MAIN_FILE), *Path("/etc/sysctl.d").iterdir()]:
            path.unlink(missing_ok=True)
        # The limits of one key are those of another one, so that the order may matter.
        for _round in range(2):
            for name, value in self.host.everything().items():
                if name.startswith("/proc/") and value != self.fresh[name]:
                    with contextlib.suppress(OSError):
                        Path(name).write_text(str(self.fresh[name]), encoding="ascii")
        left = difference(self.fresh, self.host.everything())
        if left:
            raise RuntimeError(f"cannot be made fresh: {'; '.join(left)}")


_TRIALS: dict[str, t.Callable[[Kills, Case, str], str]] = dict(
    zip(MOMENTS, [Kills.run, Kills.next_run, Kills.guarded_run, Kills.confirmation, Kills.guard, Kills.guard_undoes])
)


def pass_time(seconds: float) -> None:
    """Without sleep: whoever sleeps on a busy machine wakes too late."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def journal_file() -> tuple[int, int] | None:
    """Which file the journal is: another one after each change."""
    try:
        info = os.stat(JOURNAL)
    except FileNotFoundError:
        return None
    return info.st_ino, info.st_mtime_ns


def journal() -> str:
    """What the journal says right after the kill."""
    try:
        document = json.loads(Path(JOURNAL).read_text(encoding="ascii"))
    except FileNotFoundError:
        return "none"
    if document["open"]:
        return str(document["open"]["phase"])
    return "closed, undone by the guard" if document["undone"] else "closed"


def difference(wanted: Tree, found: Tree) -> list[str]:
    return [f"{path}: {wanted.get(path)} -> {found.get(path)}" for path in sorted({*wanted, *found}) if wanted.get(path) != found.get(path)]
