# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab, from the root of the checkout: PYTHONPATH=tests:. python -m lab VERB

up          start the hosts and wire them
run         the experiments, on hosts that are up; prints the table, writes the run's record
down        remove the hosts
all         up, run, down
record      write docs/lab.md and the snapshots for the tests of the advice from the last run
"""

from __future__ import annotations

import sys
import time

from containers import engine
from lab import network, report
from lab.experiments import RUNS


def run() -> None:
    hosts = network.found()
    outcomes = {}
    for name, experiment in RUNS.items():
        begin = time.monotonic()
        outcomes[name] = experiment(hosts)
        outcomes[name].seconds = round(time.monotonic() - begin, 1)
        print(f"{name}: {outcomes[name].seconds} s", flush=True)
    saved = report.save(outcomes, network.versions(hosts))
    print(report.table(saved))


def everything() -> None:
    try:
        network.up()
        run()
    finally:
        network.down()


VERBS = {"up": network.up, "run": run, "down": network.down, "all": everything, "record": report.record}


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in VERBS:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        VERBS[arguments[0]]()
    except (network.LabError, engine.Problem) as problem:
        print(f"The lab failed: {problem}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
