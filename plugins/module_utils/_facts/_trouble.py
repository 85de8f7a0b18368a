# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Where it matters which program has the sockets: destinations that hold many ports, and listeners that do not keep up."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Optional, Set, Tuple

if TYPE_CHECKING:
    from ...plugin_utils._socket_types import Sockets

Place = Tuple[Optional[str], int]
"""A destination and its port, or None and the port of a listener."""

# Fewer than this share of the range, and fewer sockets in a state than that, are nothing to name a program for.
_SHARE_OF_RANGE = 20
_MANY_STUCK = 20
_STUCK = ("syn_sent", "fin_wait2", "close_wait")


def in_trouble(sockets: Sockets, ephemeral: Optional[Tuple[int, int]], everything: bool) -> Tuple[Set[Tuple[str, int]], Set[int]]:
    """The destinations (address, port) that hold many ports or many stuck sockets, and the listening ports with connections left waiting.

    ephemeral: first and last port of the range. everything: all destinations that the sockets name.
    """
    low, high = ephemeral or (0, 65535)
    destinations = {
        (group["destination"], group["destination_port"])
        for group in sockets["ports_in_use"]
        if everything
        or group["ports"] * _SHARE_OF_RANGE >= high - low
        or max(group["states"].get(state, 0) for state in _STUCK) >= _MANY_STUCK
    }
    listening: List[int] = [one["port"] for one in sockets["accepted"] if one["states"].get("close_wait", 0) >= _MANY_STUCK]
    for one in sockets["listeners"]:
        if one["queue"] and one["backlog"] is not None and one["queue"] > one["backlog"]:
            listening.append(one["port"])
    return destinations, set(listening)
