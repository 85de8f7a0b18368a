# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All benchmarks, or those named on the command line, in one table. A missed reach is not an error, a broken benchmark is."""

from __future__ import annotations

import importlib
import os
import platform
import subprocess
import sys

from ansible.release import __version__ as core_version
from bench.table import Row, print_table

MODULES = ("task", "sockets", "conntrack", "namespaces", "programs", "offline", "repository", "harden", "capacity", "fleet")


def _iproute2() -> str:
    try:
        return subprocess.run(["ss", "-V"], check=True, capture_output=True, text=True).stdout.strip().rpartition("iproute2-")[2]
    except OSError:
        return "missing"


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - set(MODULES))
    if unknown:
        print(f"No such benchmark: {', '.join(unknown)}. There are: {', '.join(MODULES)}", file=sys.stderr)
        return 1
    print(f"Linux {platform.release()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.2f} at the start")
    print(f"Python {platform.python_version()}, ansible-core {core_version}, iproute2 {_iproute2()}")
    rows: list[Row] = []
    broken = []
    for name in names or MODULES:
        try:
            rows += importlib.import_module(f"bench.{name}").rows()
        # Whatever breaks one benchmark, the others are still worth their numbers.
        except Exception as error:
            broken.append(f"{name} broke: {type(error).__name__}: {error}")
    if rows:
        print_table(rows)
    for line in broken:
        print(line, file=sys.stderr)
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
