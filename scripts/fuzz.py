# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gives the parsers inputs that nobody has thought of, for $FUZZ_SECONDS, and says what they made of them.

fuzz.py [--seed number] [target ...]   all targets, or some. The same seed makes the same inputs.
fuzz.py file ...                       inputs that an earlier run has kept in .cache/fuzz, once more, with the whole traceback.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import resource
import shlex
import signal
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from scripts import interrupt
from scripts.tree import ROOT

sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "playbooks" / "collections")]

from fuzz import engine  # noqa: E402
from fuzz.targets import TARGETS  # noqa: E402

# What an input may make a process hold; more is a MemoryError, which no target may raise.
MEMORY_BYTES = 2 << 30
AT_A_TIME = 50


def fuzz_some(seed: int, worker: int, workers: int, names: list[str], seconds: float) -> list[engine.Outcome]:
    """One process's share: of each target the inputs whose number, divided by workers, leaves worker."""
    outcomes = []
    for name in names:
        outcome = engine.Outcome(name)
        end = time.monotonic() + seconds / len(names)
        start = worker
        while time.monotonic() < end:
            outcome.add(engine.run(TARGETS[name], seed, range(start, start + AT_A_TIME * workers, workers)))
            start += AT_A_TIME * workers
        outcomes.append(outcome)
    return outcomes


def _be_a_worker() -> None:
    # Ctrl-C goes to the run itself, which ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def fuzz(seed: int, names: list[str], seconds: float) -> list[engine.Outcome]:
    workers = os.cpu_count() or 1
    whole = {name: engine.Outcome(name) for name in names}
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), _be_a_worker) as pool:
        shares = [pool.submit(fuzz_some, seed, worker, workers, names, seconds) for worker in range(workers)]
        for share in shares:
            for outcome in share.result():
                whole[outcome.target].add(outcome)
    return list(whole.values())


def print_table(outcomes: list[engine.Outcome]) -> None:
    print(f"{'target':<16} {'inputs':>9} {'ms each':>8} {'slowest':>9} {'its size':>9}  findings")
    for outcome in outcomes:
        each, (slowest, data) = 1000 * outcome.seconds / max(1, outcome.inputs), outcome.slowest
        found = len(outcome.findings)
        print(f"{outcome.target:<16} {outcome.inputs:>9,} {each:>8.2f} {1000 * slowest:>6.0f} ms {len(data):>9,}  {found or '-'}")
    print(f"{'all':<16} {sum(outcome.inputs for outcome in outcomes):>9,}")


def report(outcomes: list[engine.Outcome]) -> bool:
    """Keep what was found and say how to see it again. Returns whether there is anything."""
    for outcome in outcomes:
        engine.save(outcome.slowest[1], engine.FOLDER / f"{outcome.target}-slowest")
        for finding in outcome.findings.values():
            engine.save(finding.data, finding.file)
            print(f"\n{outcome.target}: {finding.error}\n  {finding.details.strip().splitlines()[-1][:200]}")
            print(f"  Once more: make fuzz ARGS={shlex.quote(str(finding.file.relative_to(ROOT)))}")
    return any(outcome.findings for outcome in outcomes)


def again(files: list[Path]) -> bool:
    """Try kept inputs. Returns whether one of them still fails."""
    failed = False
    for file in files:
        target = TARGETS[file.name.partition("-")[0]]
        data = file.read_bytes()
        seconds, finding = engine.try_one(target, data)
        print(
            f"{file.name}: {len(data):,} bytes, {1000 * seconds:.0f} ms of the processor, {finding.error if finding else 'nothing wrong'}"
        )
        if finding:
            failed = True
            print(finding.details)
    return failed


def main() -> int:
    options = argparse.ArgumentParser(prog="make fuzz", usage='make fuzz SECONDS=60 ARGS="[--seed number] [target ...] [file ...]"')
    options.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options.add_argument("what", nargs="*", metavar="target or file")
    chosen = options.parse_args(shlex.split(os.environ.get("ARGS", "")))
    files = [Path(name) for name in chosen.what if name not in TARGETS]
    unknown = [str(file) for file in files if not file.is_file() or file.name.partition("-")[0] not in TARGETS]
    if unknown:
        print(f"No such target, and no kept input: {', '.join(unknown)}. The targets are: {', '.join(TARGETS)}", file=sys.stderr)
        return 1
    names = [name for name in chosen.what if name in TARGETS] or ([] if files else list(TARGETS))
    failed = again(files)
    if names:
        seconds = float(os.environ.get("FUZZ_SECONDS") or 60)
        print(f"seed {chosen.seed}, {seconds:g} s", flush=True)
        interrupt.arm()
        try:
            outcomes = fuzz(chosen.seed, names, seconds)
        except BrokenProcessPool:
            print("A worker has ended: killed from outside, or by an input that ends Python itself.", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return interrupt.EXIT_CODE
        print_table(outcomes)
        failed = report(outcomes) or failed
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
