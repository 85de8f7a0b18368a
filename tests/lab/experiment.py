# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an experiment brings home."""

from __future__ import annotations

import dataclasses
import time
import typing as t

from lab.network import LabError

PATIENCE_SECONDS = 10


@dataclasses.dataclass
class Record:
    """A host at one moment, and which cures (ids of the advice) the experiment shows to work there, best first, or not to.

    moment: "failure", or "after" its role.
    """

    host: str
    profile: str
    snapshot: dict[str, t.Any]
    audit: dict[str, t.Any]
    cures: list[str]
    not_cures: list[str]
    moment: str = "failure"


@dataclasses.dataclass
class Outcome:
    """numbers: everything measured, by name. named: host to the ids of the rules that failed before the role, and after it."""

    numbers: dict[str, t.Any]
    records: list[Record]
    named: dict[str, list[str]]
    still_named: dict[str, list[str]]
    seconds: float = 0.0


def until(condition: t.Callable[[], bool], what: str) -> None:
    """Wait for something that is bound to happen. Raises LabError when it does not."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"{what} did not happen within {PATIENCE_SECONDS} s")
        time.sleep(0.1)
