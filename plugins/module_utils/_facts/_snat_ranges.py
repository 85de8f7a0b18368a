# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""How many ports of a source-NATed group are in the port ranges of the firewall's rules.

A rule may be for some connections only, and others get the same address by another rule. Whichever rule gave it, a port is taken: so
the ports are counted, and the conditions of the rules need not be understood.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Iterable, Sequence

from .._tree import errno_name
from ._conntrack import MAX_SECONDS, SnatTally, kernel_dump, snat_ports

if TYPE_CHECKING:
    from ...plugin_utils._nat_types import SnatPool, SnatUse
    from ._conntrack import Dump

MAX_RANGES = 32
# A group that could fill less than this part of a range at most is far from its limit.
_PART = 20


def ranges_of(pools: Iterable[SnatPool]) -> list[tuple[int, int]]:
    """The port ranges that rules give, smallest first, MAX_RANGES at most."""
    found = {
        (pool["first_port"], pool["last_port"])
        for pool in pools
        if pool["first_port"] is not None and pool["last_port"] is not None and pool["first_port"] <= pool["last_port"]
    }
    return sorted(found, key=lambda one: (one[1] - one[0], one))[:MAX_RANGES]


def count(tally: SnatTally, uses: Sequence[SnatUse], pools: Iterable[SnatPool], dump: Dump = kernel_dump) -> list[str]:
    """Fill in in_ranges of the groups that may be near the limit of a range. Returns sentences about what was not seen.

    Reads the dump once more, only where there is such a group, and no longer than MAX_SECONDS.
    """
    ranges = ranges_of(pools)
    near = [use for use in uses if any(use["ports"] * _PART > last - first for first, last in ranges)]
    if not near:
        return []
    wanted = tally.stretches(near)
    for use in near:
        use["in_ranges"] = [{"first_port": first, "last_port": last, "ports": 0} for first, last in ranges]
    started = time.monotonic()
    try:
        for data in dump():
            if not snat_ports(data, wanted, _add):
                break
            if time.monotonic() - started > MAX_SECONDS:
                raise TimeoutError
    except OSError as error:
        for use in near:
            use["in_ranges"] = []
        why = f"after {MAX_SECONDS:.0f} s" if isinstance(error, TimeoutError) else f"ctnetlink answered {errno_name(error)}"
        return [f"The ports of source NAT were not counted for each range of the firewall's rules: {why}."]
    return []


def _add(use: SnatUse, port: int) -> None:
    for one in use["in_ranges"]:
        if one["first_port"] <= port <= one["last_port"]:
            one["ports"] += 1
