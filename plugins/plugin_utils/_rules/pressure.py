# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Ephemeral ports: how many of them one destination holds, and whether those in TIME_WAIT are reused."""

from __future__ import annotations

import typing as t

from .._addresses import endpoint
from .._capacity import Load, capacity
from .._programs import programs_towards, sentences
from ._base import Finding, MissingFactError, everywhere, rule
from ._view import in_state
from ._view_keys import MAX_TW_BUCKETS, PORT_RANGE, TIMESTAMPS, TW_REUSE

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .._results import Severity
    from .._socket_types import PortUse
    from ._base import Thresholds
    from ._view import View


@rule(
    "ports-pressure",
    title="One destination holds most of the ephemeral ports",
    severities=everywhere("medium"),
    claims=("D1", "D16"),
    rationale=(
        "Ports run out for each combination of source address, destination address and destination port, not for the whole "
        "host. When all usable ports are taken for one combination, connect() fails with EADDRNOTAVAIL. If the program binds a "
        "source address first, bind() fails with EADDRINUSE instead. No counter shows this, so it is computed here. From half of "
        "the range on, each connect() first searches one half in vain, and costs more and more CPU time. Ports in TIME_WAIT do not "
        "count if they are proven to be reused: an open connection has timestamps, or TWRecycled grows with ActiveOpens. If "
        "neither was seen, they count, but the severity is medium at most."
    ),
    measured=(
        "Linux 6.18, 20 ports, 30 connections: 20 succeeded, 10 failed with EADDRNOTAVAIL. With another destination port, "
        "destination address or source address the full range was free again. Time of one connect(): 51 µs with 48.1 % of the default "
        "range taken, 16 to 22 ms with 50.6 %. With 9,750 ports 22 µs below half, 2.7 to 5.1 ms above."
    ),
    remedy=(
        "First see which state holds the ports. For TIME_WAIT: let the other side close, or keep connections open (Connection: close on "
        "the balancer, upstream keep-alive). Then tcp_tw_reuse = 1 with timestamps at both ends. Then a wider range, more destination "
        "or source addresses, or more hosts. For other states see close-wait-leak, fin-wait2-orphans and peer-unreachable."
    ),
    waiver_advice="Accept it for a load test that should reach the limit. In production, connections will fail within minutes.",
    references=("Linux __inet_hash_connect()", "Linux tcp_twsk_unique()"),
)
def ports_pressure(host: View, limits: Thresholds) -> Iterator[Finding]:
    found = [finding for group in host.sockets["ports_in_use"] for finding in _pressure(host, limits, group)]
    yield from found
    if not found:
        busiest, short = host.busiest, host.sockets["error_bound"]
        if busiest is not None and 100 * (host.taken_ports(busiest) + short) >= limits.ports_pressure_medium_percent * host.usable_ports:
            raise MissingFactError(f"there are too many destinations to count exactly: up to {short} ports may be missing from each count")
        observed = "nothing connects out"
        if busiest is not None:
            where = endpoint(busiest["destination"], busiest["destination_port"])
            observed = f"the busiest destination, {where}, holds {busiest['ports']} of {host.usable_ports} usable ports"
            if host.taken_ports(busiest) < busiest["ports"]:
                observed += f", {in_state(busiest, 'time_wait')} of them in TIME_WAIT, which are proven to be reused"
        yield Finding("pass", PORT_RANGE, observed)


# What connect() reaches of the model's rate while nothing fails (measured: none failed up to 0.95 of it).
_NEAR_CAPACITY = 0.95


def _pressure(host: View, limits: Thresholds, group: PortUse) -> Iterator[Finding]:
    usable, taken, reuse = host.usable_ports, host.taken_ports(group), host.reuse_of(group)
    severity = _level(taken, usable, limits)
    observed = f"{taken} of {usable} usable ports taken ({percent_of(taken, usable):.1f} %): {states_of(_counted(host, group))}"
    if severity and reuse == "unknown":
        # Where reuse works after all, only these are taken.
        without = _level(taken - in_state(group, "time_wait"), usable, limits)
        severity = without or ("low" if host.recycled_since_boot(group) else "medium")
        observed += f". {_both_rates(host, usable)}"
    elif severity is None and reuse == "proven" and (rate := host.opened_and_recycled()) is not None:
        most = usable / host.reuse_delay
        if host.holds_most_time_wait(group) and rate[0] / rate[2] >= _NEAR_CAPACITY * most:
            severity = "high"
            observed = f"{rate[0] / rate[2]:,.0f} connections per second, and {most:,.0f} is all that {usable} ports carry with reuse"
    if severity is None:
        return
    yield Finding(
        "fail",
        subject_of(group),
        sentences(observed, programs_towards(host.sockets, group["destination"], group["destination_port"])),
        f"under {limits.ports_pressure_medium_percent} %",
        severity=severity,
        evidence={
            "ports": group["ports"],
            **{state: count for state, count in sorted(group["states"].items()) if count},
            "usable_ports": usable,
            "reuse of ports in TIME_WAIT": reuse,
            "ports not counted, at most": host.sockets["error_bound"],
            "tcp_tw_reuse": host.shown(TW_REUSE),
            "tcp_timestamps": host.shown(TIMESTAMPS),
            "tcp_max_tw_buckets": host.shown(MAX_TW_BUCKETS),
        },
    )


def _level(taken: int, usable: int, limits: Thresholds) -> Severity | None:
    percent = percent_of(taken, usable)
    if taken >= usable:
        return "critical"
    if percent >= limits.ports_pressure_high_percent:
        return "high"
    return "medium" if percent >= limits.ports_pressure_medium_percent else None


def _both_rates(host: View, usable: int) -> str:
    without, reused = (capacity(Load(usable, reuse_delay=delay)).rate or 0 for delay in (None, host.reuse_delay))
    return (
        f"Whether ports in TIME_WAIT are reused was not seen: this range carries {without:,.1f} short connections per second without "
        f"reuse, {reused:,.0f} with it"
    )


def _counted(host: View, group: PortUse) -> Mapping[str, int]:
    """The sockets of a group whose ports are taken: without TIME_WAIT where it is proven to be reused."""
    proven = host.reuse_of(group) == "proven"
    return {state: count for state, count in group["states"].items() if not (proven and state == "time_wait")}


def states_of(counts: Mapping[str, int]) -> str:
    """Sockets by state for people, most first: "190 TIME_WAIT, 10 ESTABLISHED"."""
    found = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} {state.upper()}" for state, count in found if count) or "their states are not known"


def percent_of(taken: float, usable: int) -> float:
    """Share of the usable ports, in percent; 100 where there are none."""
    return 100.0 * taken / usable if usable else 100.0


def subject_of(group: PortUse) -> str:
    """A group for people: "192.0.2.1 to 192.0.2.80:443", with the device that its sockets are bound to."""
    device = f"%{group['device']}" if group["device"] else ""
    return f"{group['source']}{device} to {endpoint(group['destination'], group['destination_port'])}"
