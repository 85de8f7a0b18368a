# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the molecule scenarios, several at a time, and sees to it that the machine itself stays as it is.

Each of them is a plain `molecule test`. $CONTAINER_IMAGE names an image to take instead of building one.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from scripts.tree import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from containers import engine

Problem = engine.Problem
CACHE = ROOT / ".cache" / "molecule"
OWN_NAMES = "tcp-test-"
# One more than there are processors: each scenario waits now and then.
AT_A_TIME = (os.cpu_count() or 1) + 1
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


class Run(t.NamedTuple):
    """A scenario that runs. begin: by the monotonic clock."""

    process: subprocess.Popen[bytes]
    begin: float


# What runs now, by the scenario's name, and what has ended: for those who ask while run_all is at work.
running: dict[str, Run] = {}
ended: list[Outcome] = []


def available() -> list[str]:
    """The scenarios in the order to begin them."""
    names = [path.parent.name for path in (ROOT / "molecule").glob("*/molecule.yml")]
    return sorted(names, key=lambda name: (LONGEST.index(name) if name in LONGEST else len(LONGEST), name))


def chosen(names: list[str]) -> list[str]:
    """These scenarios, or all of them without a name. Raises Problem for one that there is not."""
    unknown = sorted(set(names) - set(available()))
    if unknown:
        raise Problem(f"no such scenario: {', '.join(unknown)}; there are {', '.join(available())}")
    return names or available()


def run_all(names: list[str]) -> list[Outcome]:
    """Run these scenarios, or all of them. Raises Problem where containers cannot run, or the machine is not as it was before."""
    ended.clear()
    waiting = chosen(names)
    if subprocess.run([str(ROOT / "scripts" / "need"), "nftables"], check=False).returncode:
        raise Problem("the rules of nftables cannot be compared: packages are missing, see above")
    image = engine.prepare()
    remove_left_over()
    prefix = f"{OWN_NAMES}{os.getpid()}-"
    before = machine_state()
    try:
        while waiting or running:
            for name in waiting[: AT_A_TIME - len(running)]:
                running[name] = start(name, image, prefix)
            waiting = [name for name in waiting if name not in running]
            time.sleep(0.2)
            for name in [name for name, run in running.items() if run.process.poll() is not None]:
                ended.append(finish(name, running.pop(name)))
    finally:
        running.clear()
        engine.remove(prefix)
    differences = compare(before, machine_state())
    if differences:
        raise Problem("this machine itself was changed: " + "; ".join(differences))
    return list(ended)


def start(name: str, image: str, prefix: str) -> Run:
    """Start one scenario; what it says goes to its log."""
    folder = CACHE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("ANSIBLE_", "MOLECULE_"))}
    environment |= {
        "ANSIBLE_NOCOLOR": "1",
        "COLUMNS": "160",
        "CONTAINER_IMAGE": image,
        "CONTAINER_PREFIX": prefix,
        "MOLECULE_COMMAND_BORDERS": "0",
        "MOLECULE_EPHEMERAL_DIRECTORY": str(folder),
        "MOLECULE_GLOB": "molecule/*/molecule.yml",
        "NO_COLOR": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    # Outside of a git checkout molecule does not find the shared config by itself.
    command = [sys.executable, "-m", "molecule", "--base-config", ".config/molecule/config.yml", "test", "--scenario-name", name]
    with log(name).open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    return Run(process, time.monotonic())


def finish(name: str, run: Run) -> Outcome:
    """What became of a scenario that has ended. Prints all that it said if it failed."""
    seconds = time.monotonic() - run.begin
    said = log(name).read_text(encoding="utf-8", errors="replace")
    code = run.process.returncode
    hollow = [words for words in HOLLOW if words in said]
    failure = f"exit code {code}" if code else f"it says: {hollow[0]}" if hollow else ""
    print(f"{said}\n{name}: {failure}" if failure else f"{name}: passed in {seconds:.0f} s", flush=True)
    return Outcome(name, seconds, failure)


def log(name: str) -> Path:
    return CACHE / f"{name}.log"


def progress() -> str:
    """How far the scenarios are."""
    words = [f"{name}: {step(name)}" for name in list(running)]
    return "; ".join(words + [f"{len(ended)} ended"] * bool(ended))


def step(name: str) -> str:
    """The step that a scenario is at, by its log. It may not have one yet."""
    said = log(name).read_text(encoding="utf-8", errors="replace") if log(name).exists() else ""
    steps = re.search(r"scenario test matrix: (.+)", said)
    begun = re.findall(rf"\[{name} > (\w+)\] Executing$", said, re.MULTILINE)
    return f"{begun[-1]}, step {len(begun)} of {len(steps[1].split(', '))}" if steps and begun else "starting"


def remove_left_over() -> None:
    """Remove this checkout's containers of runs that are gone. Raises Problem."""
    engine.configure()
    for pid in {name[len(OWN_NAMES) :].split("-")[0] for name in engine.own_names() if name.startswith(OWN_NAMES)}:
        if not _runs(pid):
            engine.remove(f"{OWN_NAMES}{pid}-")


def _runs(pid: str) -> bool:
    """Whether the process is there, and not only because nobody has asked for its exit code."""
    try:
        return Path("/proc", pid, "stat").read_text(errors="replace").rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


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
