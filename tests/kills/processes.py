# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The processes that are killed: the module as a target runs it, and its guard."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from support.namespaces import PATIENCE_SECONDS, others, until

_COLLECTIONS = Path(__file__).resolve().parents[2] / "playbooks" / "collections"
# All that runs on a target is the module's own; only its arguments come another way.
_MODULE = """
import sys
from ansible.module_utils import basic
from ansible_collections.linux_tcp.hardening.plugins.modules import tcp_profile
print("ready", flush=True)
basic._ANSIBLE_ARGS = sys.stdin.buffer.read()
basic._ANSIBLE_PROFILE = "legacy"
tcp_profile.main()
"""
_LOAD = "import os, sys\nwhile os.getppid() == int(sys.argv[1]):\n    sum(range(100000))"


class ModuleProcess:
    """A process that has loaded the module and waits for its arguments."""

    def __init__(self) -> None:
        environment = {**os.environ, "PYTHONPATH": str(_COLLECTIONS)}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _MODULE], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.pid = self._process.pid
        self._begin = 0.0

    def start(self, arguments: t.Mapping[str, object]) -> None:
        """The module begins now. Raises RuntimeError where the process could not load it."""
        assert self._process.stdin
        assert self._process.stdout
        if self._process.stdout.readline() != b"ready\n":
            raise RuntimeError("the module could not be loaded")
        self._begin = time.monotonic()
        self._process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": dict(arguments)}).encode())
        self._process.stdin.close()
        self._process.stdin = None

    def kill(self) -> bool:
        """Whether it was still at work."""
        self._process.kill()
        self._process.communicate()
        return self._process.returncode == -signal.SIGKILL

    def wait(self) -> tuple[dict[str, t.Any], float]:
        """Its answer, and the seconds that it took."""
        said, _nothing = self._process.communicate()
        answer: dict[str, t.Any] = json.loads(said)
        return answer, time.monotonic() - self._begin

    def discard(self) -> None:
        self._process.kill()
        self._process.communicate()


def guards(before: t.Collection[int]) -> set[int]:
    """The guards that are there now and were not before, once whatever starts them has ended."""
    own = os.getsid(0)
    found: set[int] = set()

    def settled() -> bool:
        found.clear()
        found.update(set(others()) - set(before))
        # A guard is in the session of a process that is gone.
        return all(_session(pid) not in (own, pid) for pid in found)

    until(settled)
    return found


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except ProcessLookupError:
        return pid


def end_guard(pid: int) -> float:
    """Send SIGTERM and wait until the guard has undone the change. Returns the seconds."""
    descriptor = os.pidfd_open(pid)
    begin = time.monotonic()
    signal.pidfd_send_signal(descriptor, signal.SIGTERM)
    assert select.select([descriptor], [], [], PATIENCE_SECONDS)[0], "the guard did not end"
    seconds = time.monotonic() - begin
    os.close(descriptor)
    return seconds


def kill_guard(pid: int) -> bool:
    """Whether it was still there."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    there = not select.select([descriptor], [], [], 0)[0]
    with contextlib.suppress(ProcessLookupError):
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    select.select([descriptor], [], [], PATIENCE_SECONDS)
    os.close(descriptor)
    return there


@contextlib.contextmanager
def load(processes: int) -> t.Iterator[None]:
    """While the block lasts, so many processes do nothing but compute."""
    started = [subprocess.Popen([sys.executable, "-c", _LOAD, str(os.getpid())]) for _number in range(processes)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()
