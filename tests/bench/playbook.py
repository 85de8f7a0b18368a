# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks run by ansible-playbook on this machine, over the local connection."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.process import run

CALLBACKS = Path(__file__).resolve().parent / "callback_plugins"
Task = dict[str, object]
PING: Task = {"name": "ping", "ansible.builtin.ping": {}}


def task_seconds(tasks: list[Task], prefix: Sequence[str] = ()) -> list[float]:
    """Seconds that each task takes in one play, from its start to the start of what follows it. prefix: what the command runs in."""
    with tempfile.TemporaryDirectory(prefix="tcp-bench-") as folder:
        starts = Path(folder, "starts.json")
        run(
            [*prefix, *_command(tasks, folder)],
            ANSIBLE_CALLBACK_PLUGINS=str(CALLBACKS),
            ANSIBLE_CALLBACKS_ENABLED="task_starts",
            TASK_STARTS=str(starts),
        )
        moments = json.loads(starts.read_text(encoding="utf-8"))
    return [later - earlier for earlier, later in zip(moments, moments[1:])]


def playbook_seconds(tasks: list[Task], times: int) -> list[float]:
    """Seconds that a whole playbook of these tasks takes, each of so many times that it is run."""
    seconds = []
    with tempfile.TemporaryDirectory(prefix="tcp-bench-") as folder:
        command = _command(tasks, folder)
        for _time in range(times):
            start = time.perf_counter()
            run(command)
            seconds.append(time.perf_counter() - start)
    return seconds


def _command(tasks: list[Task], folder: str) -> list[str]:
    # JSON is YAML.
    play = {"name": "Bench", "hosts": "localhost", "gather_facts": False, "tasks": tasks}
    playbook = Path(folder, "bench.yml")
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    return [sys.executable, "-m", "ansible", "playbook", "--inventory", os.devnull, str(playbook)]
