# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A large repository, searched and judged: many small files, and many bytes. One file in a hundred has settings."""

from __future__ import annotations

import datetime
import tempfile
import time
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import load
from bench.table import Row, shown

# A tenth of what has a minute: 100,000 files, or 1 GB.
FILES, BYTES, SECONDS = 10_000, 100_000_000, 6.0
_PLAIN = "class Net:\n    def tcp_connect(self, host):\n        return self.pool.get(host)  # net.Dial\n"
_SETTINGS = "net.ipv4.tcp_tw_reuse = 1\nnet.ipv4.tcp_timestamps = 0\nnet.ipv4.ip_local_port_range = 1024 65535\n"


def rows() -> list[Row]:
    """Two rows: by files and by bytes."""
    return [
        _row(f"repository of {FILES:,} files searched and judged", FILES, 3_000),
        _row(f"repository of {BYTES // 1_000_000} MB searched and judged", BYTES // 500_000, 500_000),
    ]


def _row(name: str, files: int, size: int) -> Row:
    with tempfile.TemporaryDirectory(prefix="tcp-bench-") as folder:
        for number in range(files):
            path = Path(folder, f"d{number % 100}", f"{number}.{'conf' if number % 100 == 0 else 'py'}")
            path.parent.mkdir(exist_ok=True)
            text = _PLAIN * (size // len(_PLAIN))
            path.write_text(text + _SETTINGS if number % 100 == 0 else text, encoding="utf-8")
        options = AuditOptions("any", datetime.datetime.now(datetime.timezone.utc).date())
        start = time.perf_counter()
        audit(load(folder, "repository"), "repository", options)
        seconds = time.perf_counter() - start
    return Row(name, shown(seconds), "", None, f"at most {shown(SECONDS)}", seconds <= SECONDS)
