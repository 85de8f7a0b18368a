# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The queue of connections that wait for a program's accept()."""

from __future__ import annotations

import typing as t

from ...module_utils._facts._trouble import queue_is_full
from .._addresses import endpoint
from .._programs import programs_towards, sentences
from ._base import CannotApplyError, Finding, MissingFactError, everywhere, rule
from ._view_keys import SOMAXCONN

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ._base import Thresholds
    from ._view import Growth, View

# ListenDrops counts every SYN and ACK that a listener dropped, for whatever reason.
_COUNTERS = ("ListenOverflows", "TCPReqQFullDrop", "ListenDrops")


@rule(
    "accept-queue-overflow",
    title="A listener's queue overflows, so clients time out",
    severities=everywhere("high"),
    claims=(),
    rationale=(
        "The kernel completes handshakes and puts connections into the listener's accept queue. When the program accepts too slowly, or "
        "its backlog is small, the queue is full and the kernel drops the client's packets without an answer. Clients see timeouts while "
        "every setting looks fine."
    ),
    measured="Linux 6.18: a backlog of 5 and 60 connects: ListenOverflows grew by 162, and clients timed out.",
    remedy=(
        "Find the listener: ss -ltn shows Recv-Q above Send-Q. Give the program a larger backlog, raise net.core.somaxconn to at least "
        "that, restart the program, and let it accept faster (more workers)."
    ),
    waiver_advice="Do not waive it if the counters grow. Accept an old count, for example of a load test.",
    references=("Linux tcp_conn_request()", "listen(2)"),
)
def accept_queue_overflow(host: View, limits: Thresholds) -> Iterator[Finding]:
    full = [one for one in host.sockets["listeners"] if queue_is_full(one)] if host.snapshot["sockets"] else []
    for one in full:
        yield Finding(
            "fail",
            endpoint(one["address"], one["port"]),
            sentences(
                f"{one['queue']} connections wait for accept(), and the backlog is {one['backlog']}",
                programs_towards(host.sockets, None, one["port"]),
            ),
            "the queue is shorter than the backlog",
            evidence={"somaxconn": host.shown(SOMAXCONN)},
        )
    flooded = host.logged("syn_flooding")
    if flooded:
        yield Finding("fail", "kernel log", f"{flooded} x 'Possible SYN flooding on port'", "no such line", since_boot=True)
    # Counters without an event since boot are there and 0; an older kernel may lack one.
    grown, hidden = host.growths("TcpExt", _COUNTERS)
    if not grown and not hidden:
        raise CannotApplyError("this kernel counts no overflows")
    over = [one for one in grown if one.amount - _of_recycle(host, one) > limits.counter_growth]
    for worst in over[:1]:
        yield Finding(
            "fail",
            worst.counter,
            ", ".join(str(one) for one in over),
            "no overflow",
            since_boot=worst.since_boot,
            long_ago=worst.long_ago,
            evidence={one.counter: one.amount for one in grown} | {"somaxconn": host.shown(SOMAXCONN)},
        )
    if over or full or flooded:
        return
    if hidden:
        raise MissingFactError(f"{', '.join(hidden)} are not among the counters that are shown")
    observed = "no overflow: " + ", ".join(str(one) for one in grown)
    yield Finding("pass", "accept queues", observed, evidence={"listeners": len(host.sockets["listeners"])})


def _of_recycle(host: View, growth: Growth) -> int:
    """How much of ListenDrops is SYNs that tcp_tw_recycle dropped (PAWSPassive): no queue was full. See recycle-drops-seen."""
    if growth.counter != "ListenDrops":
        return 0
    try:
        return host.growth("TcpExt", "PAWSPassive").amount
    except (CannotApplyError, MissingFactError):
        return 0
