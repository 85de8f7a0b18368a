# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reports of a simulated fleet: CPU time, memory and sizes, each part in a process of its own."""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import FORMATS, build, text_summary, write
from bench import process
from bench.table import Row
from support import fleets

HOSTS, FLEET, SLICES = 1000, 10_000, 10
REACH_SECONDS, REACH_MERGE_SECONDS, REACH_MIB, REACH_MERGE_MIB = 5, 60, 300, 1024
REACH_BYTES = {"html": 1_500_000, "json": 7_000_000}


def rows() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="tcp-bench-") as name:
        folder = Path(name)
        made = process.call(reports_of, HOSTS, str(folder / "thousand"))
        merged = process.call(reports_of, FLEET, str(folder / "ten-thousand"))
    found = [
        _row(f"all reports of {HOSTS:,} hosts", made["cpu"], REACH_SECONDS, "s of CPU time"),
        _row(f"memory for the reports of {HOSTS:,} hosts", made["mib"], REACH_MIB, "MiB"),
        _row(f"merge of {FLEET:,} hosts in {SLICES} files", merged["merge_cpu"], REACH_MERGE_SECONDS, "s of CPU time"),
        _row(f"merge of {FLEET:,} hosts and all reports", merged["cpu"], REACH_MERGE_SECONDS, "s of CPU time"),
        _row(f"memory for {FLEET:,} hosts", merged["mib"], REACH_MERGE_MIB, "MiB"),
    ]
    for form, reach in REACH_BYTES.items():
        found.append(_row(f"the {form} report of {HOSTS:,} hosts", made["bytes"][form] / 1e6, reach / 1e6, "MB"))
    found.append(_row(f"the html report of {FLEET:,} hosts", merged["bytes"]["html"] / 1e6, 8.0, "MB"))
    return found


def reports_of(hosts: int, path: str) -> dict[str, object]:
    """In this process: the files are made before the clock starts."""
    folder = Path(path)
    folder.mkdir()
    fleets.write(hosts, folder, SLICES)
    before = time.process_time()
    report = build(None, "TCP audit", merge=[str(folder)])
    merged = time.process_time()
    written = write(report, str(folder / "reports"))
    text_summary(report)
    return {
        "cpu": time.process_time() - before,
        "merge_cpu": merged - before,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "bytes": {file.format: Path(file.path).stat().st_size for file in written if file.format in FORMATS},
    }


def _row(name: str, measured: float, reach: float, unit: str) -> Row:
    return Row(name, f"{measured:.1f} {unit}", "", None, f"at most {reach:g} {unit}", measured <= reach)
