# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Gives the watch a clock that only its sleeping moves, so that no round is late, however slow the machine is.

TCP_WATCH_CLOCK names the file with the time: each task runs in a process of its own. TCP_WATCH_TRAFFIC, where it is set, is a script
to run before the first sleep is over: between the first look and the first round.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from ansible.plugins.callback import CallbackBase
from ansible_collections.linux_tcp.hardening.plugins.action import tcp_watch_table

DOCUMENTATION = """
name: watch_clock
type: aggregate
short_description: A clock for tests of the watch
description: Gives the watch a clock that only its sleeping moves.
"""

START = 5000.0


class Clock:
    """In the place of the module time; what is not here is that module's."""

    def __init__(self, place: Path, traffic: str | None) -> None:
        self._place, self._traffic = place, traffic

    def __getattr__(self, name: str) -> object:
        return getattr(time, name)

    def monotonic(self) -> float:
        return float(self._place.read_text(encoding="ascii")) if self._place.exists() else START

    def sleep(self, seconds: float) -> None:
        if self._traffic and not self._place.exists():
            subprocess.run([sys.executable, self._traffic], check=True)
        self._place.write_text(repr(self.monotonic() + seconds), encoding="ascii")


class CallbackModule(CallbackBase):
    """Ansible makes it before the first task; the processes of the tasks inherit the clock."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "watch_clock"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        clock = Clock(Path(os.environ["TCP_WATCH_CLOCK"]), os.environ.get("TCP_WATCH_TRAFFIC"))
        vars(tcp_watch_table)["time"] = clock
