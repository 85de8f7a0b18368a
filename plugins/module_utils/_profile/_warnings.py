# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What a person should know before a change takes away something that this host uses."""

from __future__ import annotations

from .._facts._proc import parse_counters
from .._tree import Tree

_NETSTAT = "/proc/net/netstat"
_MAX_BYTES = 1 << 18


def before_timestamps_go(tree: Tree) -> list[str]:
    """Sentences for a host that turns TCP timestamps off: whether it has used ports in TIME_WAIT again, which needs them (claim D4)."""
    try:
        counters = parse_counters(tree.read(_NETSTAT, _MAX_BYTES).decode("ascii", "replace"))
        recycled = counters["TcpExt"]["TWRecycled"]
    except (OSError, ValueError, KeyError):
        return []
    if not recycled:
        return []
    used = f"this host has used a port in TIME_WAIT again {recycled} times since it booted (TWRecycled)"
    lost = "Without timestamps it cannot: each port carries one connection to a destination in 60 seconds"
    cure = "To keep timestamps towards the backends and hide them from clients, see the cure strip-timestamps-in-front in docs/advice.md"
    return [f"tcp_timestamps goes to 0, and {used}. {lost}. {cure}"]
