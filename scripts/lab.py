# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the lab with its assertions, prints what it measured, and writes docs/lab.md and what tests keep of it."""

from __future__ import annotations

import sys

from scripts import interrupt
from scripts.scenarios import run_all
from scripts.tree import ROOT

sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "playbooks" / "collections")]

from containers import engine  # noqa: E402
from lab import report  # noqa: E402


def main() -> int:
    interrupt.arm()
    try:
        failed = any(outcome.failure for outcome in run_all(["lab"]))
    except engine.Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return interrupt.EXIT_CODE
    if failed:
        return 1
    print(report.table(report.last_run()))
    report.record()
    print(f"{report.PAGE.relative_to(ROOT)} is written.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
