# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Where it matters which program has the sockets: destinations that hold many ports, and listeners that do not keep up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, Set, Tuple

from ._sockets import STUCK

if TYPE_CHECKING:
    from ...plugin_utils._socket_types import Listener, Sockets

Place = Tuple[Optional[str], int]
"""A destination and its port, or None and the port of a listener."""

# Fewer than this share of the range, and fewer sockets in a state than that, are nothing to name a program for.
_SHARE_OF_RANGE = 20
_MANY_STUCK = 20


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
        or max(group["states"].get(state, 0) for state in STUCK) >= _MANY_STUCK
    }
    leaking = {one["port"] for one in sockets["accepted"] if one["states"].get("close_wait", 0) >= _MANY_STUCK}
    slow = {one["port"] for one in sockets["listeners"] if queue_is_full(one)}
    return destinations, leaking | slow


def queue_is_full(listener: Listener) -> bool:
    """Whether more connections wait for accept() than the backlog allows, where that is known."""
    queue, backlog = listener["queue"], listener["backlog"]
    return queue is not None and backlog is not None and queue > backlog
