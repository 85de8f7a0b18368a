# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes down when each task started, and when the play ended, to the file that $TASK_STARTS names."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: task_starts
type: aggregate
short_description: Moments at which tasks start
description:
  - A part of the benchmarks.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_starts"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._moments: list[float] = []

    def v2_playbook_on_task_start(self, task: object, is_conditional: bool) -> None:
        self._moments.append(time.monotonic())

    def v2_playbook_on_stats(self, stats: object) -> None:
        self._moments.append(time.monotonic())
        Path(os.environ["TASK_STARTS"]).write_text(json.dumps(self._moments), encoding="utf-8")
