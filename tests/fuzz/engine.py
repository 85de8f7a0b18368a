# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs targets on inputs: what they raise, and how long the processor works for an input.

An input is known by its target, a seed and a number; the same three always make the same bytes. Nothing here looks at the clock
of the wall, so a busy machine finds the same as an idle one.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import time
import traceback
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from fuzz.mutate import Mutator

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".cache" / "fuzz"

# Seconds of the processor. The slowest honest input takes a hundredth of it.
BASE_SECONDS = 2.0
SECONDS_EACH_BYTE = 10e-6


@dataclass(frozen=True)
class Target:
    """What is tried. run raises nothing where all is well. short: how many inputs are tried in each `make test`."""

    name: str
    run: Callable[[bytes], None]
    make_seeds: Callable[[], list[bytes]]
    mutate: Mutator
    short: int = 1000

    @cached_property
    def seeds(self) -> list[bytes]:
        return self.make_seeds()

    def input(self, seed: int, number: int) -> bytes:
        """The input of this number. The first ones are the seeds as they are."""
        if number < len(self.seeds):
            return self.seeds[number]
        return self.mutate(random.Random(f"{seed} {self.name} {number}"), self.seeds)


class TooSlow(BaseException):
    """More work than the size of the input is worth. Not an Exception, so that nobody who catches those takes it for his own."""


@dataclass(frozen=True)
class Finding:
    """error: what it is and where, the same for the same fault. details: for a person."""

    target: str
    error: str
    details: str
    data: bytes

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.target}-{hashlib.sha256(self.data).hexdigest()[:12]}"


@dataclass
class Outcome:
    """What trying some inputs of a target gave. slowest: seconds of the processor, and the input. findings: the shortest of each kind."""

    target: str
    inputs: int = 0
    seconds: float = 0.0
    slowest: tuple[float, bytes] = (0.0, b"")
    findings: dict[str, Finding] = field(default_factory=dict)

    def add(self, other: Outcome) -> None:
        self.inputs += other.inputs
        self.seconds += other.seconds
        self.slowest = max(self.slowest, other.slowest)
        for finding in other.findings.values():
            self.found(finding)

    def found(self, finding: Finding) -> None:
        known = self.findings.get(finding.error)
        if known is None or len(finding.data) < len(known.data):
            self.findings[finding.error] = finding


def allowed_seconds(size: int, patience: float = 1.0) -> float:
    """What an input of so many bytes may take of the processor."""
    return patience * (BASE_SECONDS + size * SECONDS_EACH_BYTE)


def try_one(target: Target, data: bytes, patience: float = 1.0) -> tuple[float, Finding | None]:
    """The processor's seconds, and what is wrong. patience: how many times as much as usual an input may take."""
    begin = time.process_time()
    finding = None
    try:
        with _limited(allowed_seconds(len(data), patience)):
            target.run(data)
    except (Exception, TooSlow) as error:
        finding = Finding(target.name, _kind(error), "".join(traceback.format_exception(error, limit=-8)), data)
    return time.process_time() - begin, finding


def run(target: Target, seed: int, numbers: Iterable[int], patience: float = 1.0) -> Outcome:
    """Try the inputs of these numbers."""
    outcome = Outcome(target.name)
    for number in numbers:
        data = target.input(seed, number)
        seconds, finding = try_one(target, data, patience)
        outcome.inputs += 1
        outcome.seconds += seconds
        if seconds > outcome.slowest[0]:
            outcome.slowest = (seconds, data)
        if finding:
            outcome.found(finding)
    return outcome


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def stop(_number: int, _frame: types.FrameType | None) -> None:
        raise TooSlow(f"more than {seconds:.1f} s of the processor")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _kind(error: BaseException) -> str:
    """The same for the same fault: the exception, and the last place in the project's own code; of an endless loop any place will do."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if f"{os.sep}plugins{os.sep}" in frame.filename] or frames[-1:]
    where = own[-1]
    path = where.filename.rpartition("hardening" + os.sep)[2]
    name = "too slow" if isinstance(error, TooSlow) else type(error).__name__
    return f"{name} in {path}: {where.name}" if isinstance(error, TooSlow) else f"{name} in {path}:{where.lineno} ({where.name})"


def save(data: bytes, file: Path) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
