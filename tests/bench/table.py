# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows that every benchmark gives, and the table that people read."""

from __future__ import annotations

import time
from statistics import median
from typing import Callable, NamedTuple


class Row(NamedTuple):
    """One measured thing: what it took and what that is compared with (texts with units), their ratio, and the reach."""

    name: str
    measured: str
    against: str
    ratio: float | None
    reach: str
    met: bool


def times_slower(name: str, seconds: float, other: float, against: str, reach: float) -> Row:
    """A row for work that may take at most so many times as long as the other."""
    return Row(name, shown(seconds), f"{shown(other)} ({against})", seconds / other, f"at most {reach}", seconds <= other * reach)


def times_faster(name: str, seconds: float, other: float, against: str, reach: float) -> Row:
    """A row for work that must be at least so many times as fast as the other."""
    aim = f"{reach:g} times faster or better"
    return Row(name, shown(seconds), f"{shown(other)} ({against})", other / seconds, aim, other >= seconds * reach)


def medians(rounds: int, *works: Callable[[], object]) -> list[float]:
    """Median seconds of each work, taken in turns so that a slow moment of the machine meets all of them."""
    times: list[list[float]] = [[] for _work in works]
    for _round in range(rounds):
        for work, taken in zip(works, times):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return [median(taken) for taken in times]


def shown(seconds: float) -> str:
    """Seconds with a unit that suits their size."""
    return f"{seconds * 1e3:.2f} ms" if seconds < 0.01 else f"{seconds * 1e3:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def print_table(rows: list[Row]) -> None:
    """Rows as aligned columns, and after them the names of those that miss their reach."""
    cells = [("work", "measured", "against", "ratio", "reach", "")]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        cells.append((row.name, row.measured, row.against, ratio, row.reach, "ok" if row.met else "MISSED"))
    widths = [max(map(len, column)) for column in zip(*cells)]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    missed = [row.name for row in rows if not row.met]
    print("All rows reach their aim." if not missed else f"Missed: {'; '.join(missed)}.")
