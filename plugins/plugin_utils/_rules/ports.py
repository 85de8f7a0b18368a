# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Ephemeral ports: how many there are, who sits on them, and how many one destination holds."""

from __future__ import annotations

import typing as t

from .._capacity import Load, capacity
from ._base import Finding, MissingFactError, everywhere, judge, rule
from ._text import endpoint, is_loopback, port_list
from ._view import MAX_TW_BUCKETS, PORT_RANGE, RESERVED_PORTS, TIMESTAMPS, TW_REUSE

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from .._results import Severity
    from ._base import Thresholds
    from ._view import View

_PER_TUPLE = "Linux __inet_hash_connect()"


@rule(
    "ports-few",
    title="Few ephemeral ports are usable",
    severities={"client_host": "medium", "fullnat_lb": "medium"},
    claims=("D16",),
    rationale=(
        "Every connection to one (destination, port) from one source address needs a local port of its own, and a "
        "port stays taken for 60 seconds after this host closed first. Usable ports divided by 60 is the highest "
        "sustainable rate of short connections per destination. Reserved ports are taken off the range."
    ),
    measured=("Linux 6.18: a range of 20 ports gave 20 connections and then EADDRNOTAVAIL; with 10 of them reserved, 10."),
    remedy=(
        "Set net.ipv4.ip_local_port_range = 16384 65535 and list the ports of local services in "
        "net.ipv4.ip_local_reserved_ports. It mitigates; keep-alive, letting the peer close first, or more "
        "addresses cure."
    ),
    waiver_advice=(
        "Accept it where the range was narrowed on purpose (port-based NAT, containers that share an address) and port use is low."
    ),
    references=("RFC 6056, 3.2", _PER_TUPLE),
)
def ports_few(host: View, limits: Thresholds) -> Iterator[Finding]:
    low, high = host.port_range()
    yield judge(
        host.usable_ports < limits.ports_few,
        PORT_RANGE,
        f"{host.usable_ports} usable ports ({low} to {high}, {high - low + 1 - host.usable_ports} of them reserved)",
        f"at least {limits.ports_few}",
        evidence={"short connections per second and destination": round(capacity(Load(host.usable_ports)).rate or 0, 1)},
    )


@rule(
    "ports-under-listener",
    title="A service listens inside the ephemeral range",
    severities=everywhere("medium"),
    claims=("D16",),
    rationale=(
        "The kernel may hand the port of a service to an outgoing connection while the service is down. The service"
        " then cannot bind when it restarts (EADDRINUSE), minutes or days later, until that connection is gone. A "
        "listener on a loopback address can lose its port only to connections of the host to itself, so it counts as low."
    ),
    measured=(
        "Linux 6.18: ip_local_reserved_ports keeps ports out of automatic choice only; a service can still bind them. With port "
        "45000 held by a connection from another address of the host, bind() to 127.0.0.1 succeeded and bind() to 0.0.0.0 failed."
    ),
    remedy=(
        "Add the ports to net.ipv4.ip_local_reserved_ports (the write replaces the whole list, so keep what is "
        "there), or move the service or the range."
    ),
    waiver_advice=("Accept it for a port that the service itself let the kernel choose (it will choose another next time)."),
    references=("RFC 6056, 3.2",),
)
def ports_under_listener(host: View, limits: Thresholds) -> Iterator[Finding]:
    low, high = host.port_range()
    exposed = [one for one in host.sockets["listeners"] if low <= one["port"] <= high and not host.is_reserved(one["port"])]
    unprotected = sorted({listener["port"] for listener in exposed})
    left_out = host.sockets["listeners_left_out"]
    if left_out and not exposed:
        raise MissingFactError(f"{left_out} listeners were not looked at, and none of the others is in the way")
    yield judge(
        bool(unprotected),
        RESERVED_PORTS,
        f"listening inside {low} to {high} and not reserved: {port_list(unprotected)}"
        if unprotected
        else "no unreserved listener in the range",
        "every listener in the range is in ip_local_reserved_ports",
        severity="low" if exposed and all(is_loopback(listener["address"]) for listener in exposed) else None,
        evidence={"ip_local_reserved_ports": host.told(RESERVED_PORTS), "listeners left out": left_out},
    )


@rule(
    "ports-same-parity",
    title="Both ends of the port range are even, or both odd",
    severities={"client_host": "info", "fullnat_lb": "info"},
    claims=("D16",),
    rationale=(
        "connect() prefers ports of the low end's parity and bind() to port 0 the other one. With ends of the same "
        "parity one of the two has a port fewer, and the kernel logs a line about it once per namespace."
    ),
    measured="Linux 6.18: all ports are used in the end, with either parity (20 of 20).",
    remedy="Choose ends of different parity, for example 16384 65535.",
    waiver_advice="Harmless; accept it freely.",
    references=("Linux 07f4c90062f8 (4.2)",),
)
def ports_same_parity(host: View, limits: Thresholds) -> Iterator[Finding]:
    low, high = host.port_range()
    yield judge(low % 2 == high % 2, PORT_RANGE, f"{low} to {high}", "one even end and one odd end")


@rule(
    "ports-pressure",
    title="One destination holds most of the ephemeral ports",
    severities={"client_host": "medium", "fullnat_lb": "medium"},
    claims=("D1", "D16"),
    rationale=(
        "Ports run out per (source address, destination address, destination port), not per host. When all usable "
        "ports are taken towards one of them, connect() fails with EADDRNOTAVAIL, or bind() with EADDRINUSE where "
        "the program binds a source address first. No counter shows that, so it has to be computed."
    ),
    measured=(
        "Linux 6.18: 20 ports, 30 connections: 20 succeeded, 10 failed with EADDRNOTAVAIL; another destination "
        "port, destination address or source address had the full range again."
    ),
    remedy=(
        "First let the other side close, or keep connections open (Connection: close at the balancer, upstream "
        "keep-alive). Then tcp_tw_reuse = 1 with timestamps at both ends, a wider range, more destination or source"
        " addresses, more hosts."
    ),
    waiver_advice=("Accept it for a load test that is meant to reach the limit. In production it is minutes away from failing."),
    references=(_PER_TUPLE,),
)
def ports_pressure(host: View, limits: Thresholds) -> Iterator[Finding]:
    usable = host.usable_ports
    groups = [group for group in host.sockets["ports_in_use"] if host.port_share_percent(group) >= limits.ports_pressure_medium_percent]
    for group in groups:
        percent = host.port_share_percent(group)
        severity: Severity = "medium"
        taken = host.taken_ports(group)
        if taken >= usable:
            severity = "critical"
        elif percent >= limits.ports_pressure_high_percent:
            severity = "high"
        yield Finding(
            "fail",
            f"{group['source']} to {endpoint(group['destination'], group['destination_port'])}",
            f"{taken} of {usable} usable ports taken ({percent:.1f} %)",
            f"under {limits.ports_pressure_medium_percent} %",
            severity=severity,
            evidence={
                "ports": group["ports"],
                "time_wait": group["time_wait"],
                "usable_ports": usable,
                "counted short by at most": host.sockets["error_bound"],
                "tcp_tw_reuse": host.told(TW_REUSE),
                "tcp_timestamps": host.told(TIMESTAMPS),
                "tcp_max_tw_buckets": host.told(MAX_TW_BUCKETS),
            },
        )
    if not groups:
        busiest, short = host.busiest, host.sockets["error_bound"]
        if busiest is not None and 100 * (host.taken_ports(busiest) + short) >= limits.ports_pressure_medium_percent * usable:
            raise MissingFactError(f"too many destinations to count each one's ports: counts may be short by {short}")
        told = "nothing connects out"
        if busiest is not None:
            where = endpoint(busiest["destination"], busiest["destination_port"])
            told = f"the busiest destination, {where}, holds {busiest['ports']} of {usable} usable ports"
            if host.taken_ports(busiest) < busiest["ports"]:
                told += f", {busiest['time_wait']} of them in TIME_WAIT, which tcp_tw_reuse takes over"
        yield Finding("pass", PORT_RANGE, told)
