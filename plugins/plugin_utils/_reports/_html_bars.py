# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The bars of the page: ports towards the busiest destination, and TIME_WAIT sockets, against their limits."""

from __future__ import annotations

from dataclasses import dataclass

from .._results import Capacity, Severity
from ._host import HostReport

_PORT_RULES = frozenset({"ports-pressure"})
_BUCKET_RULES = frozenset({"buckets-nearly-full", "buckets-overflow", "buckets-disabled"})


@dataclass(frozen=True)
class Bar:
    """A number against its limit. percent is None where one of them is unknown; severity is that of a failed result about it."""

    label: str
    text: str
    percent: float | None
    severity: Severity | None


def bars(host: HostReport) -> list[Bar]:
    """Those of a host; none without an audit, and none of a repository."""
    if host.audit is None or host.is_repository:
        return []
    capacity = host.audit["capacity"]
    return [_port_bar(host, capacity), _bucket_bar(host, capacity)]


def _port_bar(host: HostReport, capacity: Capacity) -> Bar:
    busiest, usable = capacity["busiest"], capacity["usable_ports"]
    severity = _worst_of(host, _PORT_RULES)
    if busiest is None:
        seen = "unknown" if usable is None else f"no outgoing connections, {usable:,} ports usable"
        return Bar("Ports", seen, 0.0 if usable else None, severity)
    address = busiest["destination"]
    target = f"[{address}]:{busiest['destination_port']}" if ":" in address else f"{address}:{busiest['destination_port']}"
    return _bar(f"Ports towards {target} from {busiest['source']}", busiest["ports"], usable, "usable", severity)


def _bucket_bar(host: HostReport, capacity: Capacity) -> Bar:
    severity = _worst_of(host, _BUCKET_RULES)
    if capacity["time_wait"] is None:
        return Bar("TIME_WAIT sockets", "unknown", None, severity)
    return _bar("TIME_WAIT sockets", capacity["time_wait"], capacity["bucket_limit"], "allowed", severity)


def _bar(label: str, used: int, limit: int | None, word: str, severity: Severity | None) -> Bar:
    if limit is None:
        return Bar(label, f"{used:,}, the limit is unknown", None, severity)
    if limit <= 0:
        return Bar(label, f"{used:,} of {limit:,} {word}", 100.0 if used else 0.0, severity)
    share = 100 * used / limit
    return Bar(label, f"{used:,} of {limit:,} {word} ({share:.0f} %)", min(100.0, round(share, 1)), severity)


def _worst_of(host: HostReport, rules: frozenset[str]) -> Severity | None:
    return next((result["severity"] for result in host.failed if result["id"] in rules), None)
