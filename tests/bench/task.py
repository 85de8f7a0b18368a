# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A whole tcp_audit task against a ping task, both on this machine over the local connection, by turns in one run of ansible-playbook."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from bench.playbook import PING, Task, task_seconds
from bench.table import Row, times_slower

ROUNDS = 15
WARM_UP = 2
REACH = 1.20

AUDIT: Task = {"name": "audit", "linux_tcp.hardening.tcp_audit": {"profile": "any", "fail_on": "never"}}


def rows() -> list[Row]:
    """The measured row. Raises CalledProcessError where ansible-playbook fails."""
    audit, ping = beside_ping(AUDIT)
    return [times_slower("tcp_audit of this machine, whole task", audit, ping, "ping", REACH)]


def beside_ping(task: Task, prefix: Sequence[str] = (), first: Sequence[Task] = ()) -> tuple[float, float]:
    """Median seconds of a task and of a ping, by turns in one play. first: tasks before them. prefix: what the play runs in."""
    seconds = task_seconds([*first, *[PING, task] * (WARM_UP + ROUNDS)], prefix)[len(first) + 2 * WARM_UP :]
    return median(seconds[1::2]), median(seconds[::2])
