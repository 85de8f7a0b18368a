# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts of `sysctl -a`, loaded from their files and judged by all rules, one after the other in this process."""

from __future__ import annotations

import datetime
import itertools
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import SourceError, load
from bench.table import Row, shown

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "sysctl-a"
TEXTS = 1000
REACH_PER_SECOND = 300


def rows() -> list[Row]:
    """The measured row: the slowest that the reader can expect, because every text is read from its file and parsed anew."""
    with _texts() as (paths, origin):
        options = AuditOptions("any", datetime.datetime.now(datetime.timezone.utc).date())
        for path in paths:
            audit(load(path, "sysctl_a"), "warm-up", options)
        start = time.perf_counter()
        for path in itertools.islice(itertools.cycle(paths), TEXTS):
            audit(load(path, "sysctl_a"), "host", options)
        seconds = time.perf_counter() - start
    rate = TEXTS / seconds
    name = f"{TEXTS} sysctl -a texts judged offline ({origin})"
    return [
        Row(name, f"{rate:.0f} a second", shown(seconds / TEXTS) + " each", None, f"{REACH_PER_SECOND} a second", rate >= REACH_PER_SECOND)
    ]


@contextmanager
def _texts() -> Iterator[tuple[list[str], str]]:
    """Paths of loadable texts and where they come from: a corpus of real ones, or this machine where there is none."""
    found = [str(path) for path in sorted(CORPUS.glob("*")) if _loads(str(path))]
    if found:
        yield found, f"{len(found)} real ones, average {sum(map(os.path.getsize, found)) // len(found) // 1000} kB"
        return
    with tempfile.TemporaryDirectory(prefix="tcp-bench-") as folder:
        path = Path(folder, "sysctl-a.txt")
        path.write_text("".join(_own_lines()), encoding="utf-8")
        yield [str(path)], "this machine's own"


def _loads(path: str) -> bool:
    try:
        load(path, "sysctl_a")
    except SourceError:
        return False
    return True


def _own_lines() -> Iterator[str]:
    root = Path("/proc/sys")
    for folder, _folders, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            try:
                text = path.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                continue
            key = ".".join(part.replace(".", "/") for part in path.relative_to(root).parts)
            yield f"{key} = {text}\n"
