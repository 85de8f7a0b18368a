# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a look at a host returns, for tests of the watch."""

from __future__ import annotations

import typing as t

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch import measure, sample
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_types import Measure, Namespaces
from support.snapshots import COUNTERS, namespace, snapshot, sockets

if t.TYPE_CHECKING:
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Namespace

NO_NAMESPACES: Namespaces = {"seen": None, "unknown": 0, "measures": [], "not_seen": [], "news": [], "sample": {}, "peaks": []}


def observed(seconds: float = 0.0, time_wait: int = 0, boot_id: str = "first", established: int = 40, **parts: t.Any) -> dict[str, t.Any]:
    """What the module sends: seconds after the first look; parts as in support.snapshots, and ports_in_use, error_bound, counted.

    namespaces: by name, the arguments of other(). others: what it says beside them.
    """
    groups = {name: parts.pop(name) for name in ("ports_in_use", "error_bound") if name in parts}
    counted = {"CurrEstab": established, **parts.pop("counted", {})}
    namespaces, others = parts.pop("namespaces", None), parts.pop("others", {})
    taken = snapshot(
        parts.pop("keys", None),
        counted=counted,
        **{
            "sockstat": {"TCP": {"tw": time_wait}},
            "sockets": sockets(states={"ipv4": {"time_wait": time_wait}, "ipv6": {}}, **groups),
            **parts,
        },
    )
    clock = 1000.0 + seconds
    if namespaces is not None:
        made = {name: other(name, clock, **changes) for name, changes in namespaces.items()}
        taken["namespaces"] = [facts for facts, _moment in made.values()]
        others = {"not_seen": [], "moments": {name: moment for name, (_facts, moment) in made.items()}, "top": 5, **others}
    return {"clock": clock, "boot_id": boot_id, "top": 20, "snapshot": taken, "others": others}


def other(
    name: str, clock: float, identity: str | None = None, opened: int = 0, time_wait: int = 0, late: float = 0.0, **facts: t.Any
) -> tuple[Namespace, dict[str, t.Any]]:
    """A network namespace other than the host's, and the moment of the look: late, in seconds after that at the host."""
    found = namespace(
        name=name,
        **{
            "counters": {"Tcp": {"ActiveOpens": opened}, "TcpExt": {}, "Ip": {}},
            "sockets": sockets(states={"ipv4": {"time_wait": time_wait}, "ipv6": {}}, ports_in_use=facts.pop("ports_in_use", [])),
            "sockstat": {"TCP": {"tw": time_wait}},
            **facts,
        },
    )
    return found, {"identity": identity or f"inode of {name}", "clock": clock + late}


def grown(**counters: int) -> dict[str, int]:
    """The counters of the first look, each this much later."""
    base = {**COUNTERS["TcpExt"], **COUNTERS["Tcp"]}
    return {name: base[name] + growth for name, growth in counters.items()}


def two_looks(first: dict[str, t.Any], second: dict[str, t.Any]) -> Measure:
    return measure(sample(first), sample(second))
