# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What connection tracking and the firewall do to the addresses and ports of a live host's connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...plugin_utils._nat_types import Nat


def look(tracked: int, ipvs: bool, top: int) -> tuple[Nat, list[str]]:
    """What is NATed, and sentences about what could not be seen.

    tracked: entries of connection tracking (nf_conntrack_count). With none, nothing is NATed, and no program is started: a tool that
    lists rules may load kernel modules. ipvs: whether /proc/net/ip_vs lists services. top: how many groups to name.
    """
    nat: Nat = {
        "snat": [],
        "snat_entries": 0,
        "error_bound": 0,
        "complete": True,
        "pools": None,
        "dnat": None,
        "rules_from": None,
        "kubernetes": ipvs or None,
    }
    if not tracked:
        return nat, []
    # Most hosts track nothing, so it is only loaded where there is something to look at.
    from ._nat_live import look_closer

    return nat, look_closer(nat, ipvs, top)
