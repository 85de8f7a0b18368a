# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the molecule scenarios in containers, several at a time, and sees to it that the machine itself stays as it is.

scenarios.py [scenario ...]; all of them without a name. $CONTAINER_IMAGE names an image to take instead of building one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.tree import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from containers import engine

CACHE = ROOT / ".cache" / "molecule"
OWN_NAMES = "tcp-test-"
# Counters and measurements in /proc/sys, which change by themselves.
VOLATILE = re.compile(
    r"_count$|/fs/(?:[a-z]+-nr|[a-z]+-state|quota/.*)$|/kernel/(?:ns_last_pid|pty/nr|random/.*|perf_event_max_sample_rate|tainted)$"
)
# What takes longest begins first, so that nothing waits for it alone at the end.
LONGEST = ("lab", "default")
# What molecule takes for a success although nothing was looked at.
HOLLOW = ("Skipping, no tests found", "Missing playbook", "no tests ran")


class Outcome(t.NamedTuple):
    """failure: why, empty where it passed."""

    name: str
    seconds: float
    failure: str


def available() -> list[str]:
    """The scenarios in the order to begin them."""
    names = [path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml")]
    return sorted(names, key=lambda name: (LONGEST.index(name) if name in LONGEST else len(LONGEST), name))


def run_all(names: list[str]) -> list[Outcome]:
    """Run these scenarios, or all of them. Raises engine.Problem where containers cannot run, or the machine is not as it was before."""
    unknown = sorted(set(names) - set(available()))
    if unknown:
        raise engine.Problem(f"no such scenario: {', '.join(unknown)}; there are {', '.join(available())}")
    if subprocess.run([str(ROOT / "scripts" / "need"), "nftables"], check=False).returncode:
        raise engine.Problem("the rules of nftables cannot be compared: packages are missing, see above")
    image = engine.prepare()
    remove_left_over()
    prefix = f"{OWN_NAMES}{os.getpid()}-"
    before = machine_state()
    try:
        # One more than there are processors: each scenario waits now and then.
        with ThreadPoolExecutor((os.cpu_count() or 1) + 1) as pool:
            outcomes = list(pool.map(lambda name: run(name, image, prefix), names or available()))
    finally:
        engine.remove(prefix)
    differences = compare(before, machine_state())
    if differences:
        raise engine.Problem("this machine itself was changed: " + "; ".join(differences))
    return outcomes


def run(name: str, image: str, prefix: str) -> Outcome:
    """Run one scenario and print all that it said if it failed."""
    begin = time.monotonic()
    folder = CACHE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "MOLECULE_"))}
    environment |= {
        "ANSIBLE_NOCOLOR": "1",
        "COLUMNS": "160",
        "CONTAINER_IMAGE": image,
        "CONTAINER_PREFIX": f"{prefix}{name}-",
        "MOLECULE_COMMAND_BORDERS": "0",
        "MOLECULE_EPHEMERAL_DIRECTORY": str(folder),
        "MOLECULE_GLOB": "molecule/*/molecule.yml",
        "NO_COLOR": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    command = [sys.executable, "-m", "molecule", "--base-config", "molecule/config.yml", "test", "--scenario-name", name]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    hollow = [words for words in HOLLOW if words in done.stdout]
    failure = f"exit code {done.returncode}" if done.returncode else f"it says: {hollow[0]}" if hollow else ""
    seconds = time.monotonic() - begin
    print(f"{done.stdout}\n{name}: {failure}" if failure else f"{name}: passed in {seconds:.0f} s", flush=True)
    return Outcome(name, seconds, failure)


def remove_left_over() -> None:
    """Remove containers of runs that were killed."""
    names = engine.podman("ps", "--all", "--format={{.Names}}").stdout.split()
    for pid in {name[len(OWN_NAMES) :].split("-")[0] for name in names if name.startswith(OWN_NAMES)}:
        if not Path("/proc", pid).exists():
            engine.remove(f"{OWN_NAMES}{pid}-")


def machine_state() -> dict[str, str]:
    """Every sysctl of this machine that does not change by itself, and its nftables rules."""
    state = {}
    for folder, _folders, names in os.walk("/proc/sys"):
        for path in (os.path.join(folder, name) for name in names):
            if VOLATILE.search(path):
                continue
            try:
                state[path] = Path(path).read_text(errors="replace").strip()
            except OSError:
                continue
    rules = subprocess.run(["nft", "--stateless", "list", "ruleset"], capture_output=True, text=True, check=False)
    state["nft list ruleset"] = rules.stdout + rules.stderr
    return state


def compare(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """What is not as it was. A key that is new belongs to a module of the kernel that was loaded, and has its own default."""
    return [f"{name}: {value!r} -> {after.get(name)!r}" for name, value in before.items() if after.get(name) != value]


def main(names: list[str]) -> int:
    try:
        outcomes = run_all(names)
    except engine.Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    print()
    for outcome in outcomes:
        print(f"{outcome.name:<12} {'FAILED' if outcome.failure else 'passed'}  {outcome.seconds:6.1f} s  {outcome.failure}".rstrip())
    return int(any(outcome.failure for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
