# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Ephemeral ports: how many there are, who sits on them, and how many one destination holds."""

from __future__ import annotations

import typing as t

from .._addresses import endpoint, is_loopback, port_list
from .._capacity import Load, capacity
from ._base import Finding, MissingFactError, everywhere, judge, rule
from ._view import MAX_TW_BUCKETS, PORT_RANGE, RESERVED_PORTS, TIMESTAMPS, TW_REUSE, in_state

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
        "From one source address, each connection to one destination address and port needs its own local port. If this host "
        "closes first, that port stays taken for 60 more seconds. So the highest steady rate of short connections to one "
        "destination is usable ports / 60 per second. Reserved ports are not usable."
    ),
    measured=(
        "Linux 6.18: with a range of 20 ports, 20 connections succeeded, then EADDRNOTAVAIL. With 10 of the ports reserved, 10 succeeded."
    ),
    remedy=(
        "Set net.ipv4.ip_local_port_range = 16384 65535, and list the ports of local services in "
        "net.ipv4.ip_local_reserved_ports. This gives more time; it does not solve the problem. Keep-alive, letting the peer "
        "close first, or more addresses do."
    ),
    waiver_advice=(
        "Accept it where the range was made small on purpose (port-based NAT, containers that share an address) and few ports are in use."
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
        evidence={"short connections per second to one destination": round(capacity(Load(host.usable_ports)).rate or 0, 1)},
    )


@rule(
    "ports-under-listener",
    title="A service listens inside the ephemeral range",
    severities=everywhere("medium"),
    claims=("D16",),
    rationale=(
        "While the service is down, the kernel may give its port to an outgoing connection. When the service restarts, minutes "
        "or days later, it cannot bind (EADDRINUSE) until that connection is gone. A listener on a loopback address can lose "
        "its port only to connections of the host to itself, so its severity is low."
    ),
    measured=(
        "Linux 6.18: the kernel does not choose ports in ip_local_reserved_ports by itself; a service can still bind them. With "
        "port 45000 held by a connection from another address of the host, bind() to 127.0.0.1 succeeded and bind() to 0.0.0.0 "
        "failed."
    ),
    remedy=(
        "Add the ports to net.ipv4.ip_local_reserved_ports. A write replaces the whole list, so keep the ports that are in it. "
        "Or move the service or the range."
    ),
    waiver_advice="Accept it for a port that the kernel chose for the service (next time it will be another one).",
    references=("RFC 6056, 3.2",),
)
def ports_under_listener(host: View, limits: Thresholds) -> Iterator[Finding]:
    low, high = host.port_range()
    exposed = [one for one in host.sockets["listeners"] if low <= one["port"] <= high and not host.is_reserved(one["port"])]
    unprotected = sorted({listener["port"] for listener in exposed})
    left_out = host.sockets["listeners_left_out"]
    if left_out and not exposed:
        raise MissingFactError(f"{left_out} listeners were left out of the snapshot, and none of the others is in the range")
    yield judge(
        bool(unprotected),
        RESERVED_PORTS,
        f"services listen on ports of {low} to {high} that are not reserved: {port_list(unprotected)}"
        if unprotected
        else "no service listens on an unreserved port of the range",
        "every listening port of the range is in ip_local_reserved_ports",
        severity="low" if exposed and all(is_loopback(listener["address"]) for listener in exposed) else None,
        evidence={"ip_local_reserved_ports": host.shown(RESERVED_PORTS), "listeners not checked": left_out},
    )


@rule(
    "ports-same-parity",
    title="Both ends of the port range are even, or both odd",
    severities={"client_host": "info", "fullnat_lb": "info"},
    claims=("D16",),
    rationale=(
        "connect() prefers ports with the parity of the low end, and bind() to port 0 prefers the others. If both ends have the "
        "same parity, one of the two has one port fewer. The kernel logs a line about it once in each network namespace."
    ),
    measured="Linux 6.18: in the end all ports are used, with any ends (20 of 20).",
    remedy="Choose one even end and one odd end, for example 16384 65535.",
    waiver_advice="Harmless. Accept it.",
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
        "Ports run out for each combination of source address, destination address and destination port, not for the whole "
        "host. When all usable ports are taken for one combination, connect() fails with EADDRNOTAVAIL. If the program binds a "
        "source address first, bind() fails with EADDRINUSE instead. No counter shows this, so it is computed here."
    ),
    measured=(
        "Linux 6.18, 20 ports, 30 connections: 20 succeeded, 10 failed with EADDRNOTAVAIL. With another destination port, "
        "destination address or source address the full range was free again."
    ),
    remedy=(
        "First let the other side close, or keep connections open (Connection: close on the balancer, upstream keep-alive). "
        "Then tcp_tw_reuse = 1 with timestamps at both ends. Then a wider range, more destination or source addresses, or more "
        "hosts."
    ),
    waiver_advice="Accept it for a load test that should reach the limit. In production, connections will fail within minutes.",
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
                "time_wait": in_state(group, "time_wait"),
                "usable_ports": usable,
                "ports not counted, at most": host.sockets["error_bound"],
                "tcp_tw_reuse": host.shown(TW_REUSE),
                "tcp_timestamps": host.shown(TIMESTAMPS),
                "tcp_max_tw_buckets": host.shown(MAX_TW_BUCKETS),
            },
        )
    if not groups:
        busiest, short = host.busiest, host.sockets["error_bound"]
        if busiest is not None and 100 * (host.taken_ports(busiest) + short) >= limits.ports_pressure_medium_percent * usable:
            raise MissingFactError(f"there are too many destinations to count exactly: up to {short} ports may be missing from each count")
        observed = "nothing connects out"
        if busiest is not None:
            where = endpoint(busiest["destination"], busiest["destination_port"])
            observed = f"the busiest destination, {where}, holds {busiest['ports']} of {usable} usable ports"
            if host.taken_ports(busiest) < busiest["ports"]:
                observed += f", {in_state(busiest, 'time_wait')} of them in TIME_WAIT, which tcp_tw_reuse can reuse"
        yield Finding("pass", PORT_RANGE, observed)
