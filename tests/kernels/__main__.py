# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`python -m kernels [GUEST…]`: checks the collection on guests with kernels of their own, and writes docs/kernels.md.

The exit code is 1 where a check of a guest has failed.
"""

from __future__ import annotations

import sys
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

from kernels import report
from kernels.column import column
from kernels.image import GUESTS, Problem, Release, image, need_programs

from scripts import interrupt

AT_A_TIME = 2
MINUTES_OF_A_GUEST, MINUTES_OF_AN_IMAGE = 12, 1


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - {guest.name for guest in GUESTS})
    if unknown:
        print(f"no such guest: {', '.join(unknown)}; there are {', '.join(guest.name for guest in GUESTS)}", file=sys.stderr)
        return 2
    chosen = [guest for guest in GUESTS if not names or guest.name in names]
    minutes = -(-len(chosen) // AT_A_TIME) * MINUTES_OF_A_GUEST + len(chosen) * MINUTES_OF_AN_IMAGE
    print(f"{len(chosen)} guests, {AT_A_TIME} at a time: about {minutes} minutes.", flush=True)
    begin = time.monotonic()
    interrupt.arm()
    try:
        need_programs()
        failed = report.record(_measure(chosen))
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return interrupt.EXIT_CODE
    print(f"{report.PAGE.name} is written. {time.monotonic() - begin:.0f} s.")
    return int(failed)


def _measure(chosen: list[Release]) -> dict[str, t.Any]:
    """The column of each guest. A guest that does not boot has one, too."""
    measured: dict[str, t.Any] = {}
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        running = {}
        for guest in chosen:
            # One image at a time: apt and the disk are shared.
            try:
                running[guest.name] = pool.submit(column, guest, image(guest))
            except Problem as problem:
                print(problem, flush=True)
                measured[guest.name] = report.not_booted(guest, str(problem))
        for name, future in running.items():
            measured[name] = future.result()
    return measured


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
