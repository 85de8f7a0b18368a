# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a look at a host returns, for tests of the watch."""

from __future__ import annotations

import typing as t

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch import measure, sample
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_types import Measure
from support.snapshots import COUNTERS, snapshot, sockets


def observed(seconds: float = 0.0, time_wait: int = 0, boot_id: str = "first", established: int = 40, **parts: t.Any) -> dict[str, t.Any]:
    """What the module sends: seconds after the first look; parts as in support.snapshots, and ports_in_use, error_bound, counted."""
    groups = {name: parts.pop(name) for name in ("ports_in_use", "error_bound") if name in parts}
    counted = {"CurrEstab": established, **parts.pop("counted", {})}
    taken = snapshot(
        parts.pop("keys", None),
        counted=counted,
        **{
            "sockstat": {"TCP": {"tw": time_wait}},
            "sockets": sockets(states={"ipv4": {"time_wait": time_wait}, "ipv6": {}}, **groups),
            **parts,
        },
    )
    return {"clock": 1000.0 + seconds, "boot_id": boot_id, "top": 20, "snapshot": taken}


def grown(**counters: int) -> dict[str, int]:
    """The counters of the first look, each this much later."""
    base = {**COUNTERS["TcpExt"], **COUNTERS["Tcp"]}
    return {name: base[name] + growth for name, growth in counters.items()}


def two_looks(first: dict[str, t.Any], second: dict[str, t.Any]) -> Measure:
    return measure(sample(first), sample(second))
