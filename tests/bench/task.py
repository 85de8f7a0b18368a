# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole tcp_audit task against a ping task, both on this machine over the local connection, by turns in one run of ansible-playbook."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from bench.table import Row, shown

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ROUNDS = 15
WARM_UP = 2
REACH = 1.35

PING: dict[str, object] = {"name": "ping", "ansible.builtin.ping": {}}
AUDIT: dict[str, object] = {"name": "audit", "linux_tcp.hardening.tcp_audit": {"profile": "any", "fail_on": "never"}}


def rows() -> list[Row]:
    """The measured row. Raises CalledProcessError where ansible-playbook fails."""
    times = task_seconds([PING, AUDIT] * (WARM_UP + ROUNDS))
    ping, audit = (median(times[first + 2 * WARM_UP :: 2]) for first in (0, 1))
    return [
        Row(
            "tcp_audit of this machine, whole task",
            shown(audit),
            f"{shown(ping)} (ping)",
            audit / ping,
            f"at most {REACH}",
            audit <= ping * REACH,
        )
    ]


def task_seconds(tasks: list[dict[str, object]], prefix: Sequence[str] = ()) -> list[float]:
    """Seconds that each task takes in one play, from its start to the start of what follows it. prefix: what the command runs in."""
    with tempfile.TemporaryDirectory(prefix="tcp-bench-") as folder:
        # JSON is YAML.
        play = {"name": "Bench", "hosts": "localhost", "gather_facts": False, "tasks": tasks}
        playbook = Path(folder, "bench.yml")
        playbook.write_text(json.dumps([play]), encoding="utf-8")
        starts = Path(folder, "starts.json")
        environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "task_starts",
            "TASK_STARTS": str(starts),
        }
        command = [*prefix, sys.executable, "-m", "ansible", "playbook", "--inventory", os.devnull, str(playbook)]
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            print(done.stdout[-2000:], file=sys.stderr)
            done.check_returncode()
        moments = json.loads(starts.read_text(encoding="utf-8"))
    return [later - earlier for earlier, later in zip(moments, moments[1:])]
