# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Ephemeral ports: how many there are, and who holds them against everybody else."""

from __future__ import annotations

import math
import typing as t

from .._addresses import is_loopback, port_list
from .._capacity import Load, capacity
from .._programs import binding_programs, sentences
from ._base import Finding, MissingFactError, everywhere, judge, rule
from ._view_keys import PORT_RANGE, RESERVED_PORTS
from .pressure import percent_of

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from .._results import EvidenceValue, Severity
    from .._socket_types import Listener, SourcePorts
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
    size = high - low + 1
    try:
        usable = host.usable_ports
    except MissingFactError:
        if size >= limits.ports_few:
            raise
        # Too few whatever is reserved.
        observed = f"at most {size} usable ports ({low} to {high}); which of them are reserved is not known"
        yield Finding("fail", PORT_RANGE, observed, f"at least {limits.ports_few}", evidence=_rate(size))
        return
    yield judge(
        usable < limits.ports_few,
        PORT_RANGE,
        f"{usable} usable ports ({low} to {high}, {size - usable} of them reserved)",
        f"at least {limits.ports_few}",
        evidence=_rate(usable),
    )


def _rate(usable: int) -> dict[str, float]:
    return {"short connections per second to one destination": round(capacity(Load(usable)).rate or 0, 1)}


@rule(
    "ports-under-listener",
    title="A service listens inside the ephemeral range",
    severities=everywhere("medium"),
    claims=("D16",),
    rationale=(
        "While the service is down, the kernel may give its port to an outgoing connection. When the service restarts, minutes "
        "or days later, it cannot bind (EADDRINUSE) until that connection is gone. A listener on a loopback address can lose "
        "its port only to connections of the host to itself, so its severity is low. A UDP socket without a peer may be a service, "
        "or only a query of a program (DNS, NTP): the kernel does not tell, so its severity is low too. On ports that a firewall rule "
        "sends elsewhere (DNAT, a Kubernetes NodePort) nothing listens, so the host uses them for its own connections, and a program "
        "that wants to hold such a port finds it taken: severity low."
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
    left_out = host.sockets["listeners_left_out"]
    yield from _exposed(host, "services listen", [one for one in exposed if not is_loopback(one["address"])], None)
    yield from _exposed(host, "services listen on loopback", [one for one in exposed if is_loopback(one["address"])], "low")
    udp = [one for one in host.sockets["udp"] or () if not host.is_reserved(one["port"])]
    yield from _exposed(host, "UDP sockets wait", udp, "low")
    elsewhere = _sent_elsewhere(host, low, high)
    if elsewhere:
        yield Finding(
            "fail",
            RESERVED_PORTS,
            f"firewall rules send ports of {low} to {high} elsewhere that are not reserved: {', '.join(elsewhere)}",
            _ALL_RESERVED,
            severity="low",
            evidence=_reserved(host),
        )
    if exposed or udp or elsewhere:
        return
    if left_out:
        raise MissingFactError(f"{left_out} listeners were left out of the snapshot, and none of the others is in the range")
    seen = "no service listens on an unreserved port of the range"
    if host.sockets["udp"] is None:
        raise MissingFactError(f"{seen}, but UDP sockets were not listed")
    yield Finding("pass", RESERVED_PORTS, seen, _ALL_RESERVED, evidence=_reserved(host))


_ALL_RESERVED = "every listening port of the range is in ip_local_reserved_ports"
# Where a Kubernetes API server is not told otherwise (--service-node-port-range).
_NODE_PORTS = (30000, 32767)


def _exposed(host: View, who: str, listeners: list[Listener], severity: Severity | None) -> Iterator[Finding]:
    if listeners:
        low, high = host.port_range()
        ports = port_list(sorted({one["port"] for one in listeners}))
        observed = f"{who} on ports of {low} to {high} that are not reserved: {ports}"
        yield Finding("fail", RESERVED_PORTS, observed, _ALL_RESERVED, severity=severity, evidence=_reserved(host))


def _reserved(host: View) -> dict[str, EvidenceValue]:
    return {"ip_local_reserved_ports": host.shown(RESERVED_PORTS), "listeners not checked": host.sockets["listeners_left_out"]}


def _sent_elsewhere(host: View, low: int, high: int) -> list[str]:
    """Port ranges that are DNAT targets and not reserved, as far as the firewall's rules were read."""
    nat = host.snapshot["nat"]
    ranges: list[tuple[int, int, str]] = [
        (one["first_port"], one["last_port"], one["protocol"]) for one in (nat["dnat"] or () if nat else ())
    ]
    if nat and nat["kubernetes"]:
        ranges.append((*_NODE_PORTS, "Kubernetes NodePort"))
    found = []
    for first, last, what in ranges:
        first, last = max(first, low), min(last, high)
        if first <= last and not any(start <= first and last <= end for start, end in host.reserved_ports()):
            found.append(f"{first} ({what})" if first == last else f"{first} to {last} ({what})")
    return sorted(set(found))


@rule(
    "ports-same-parity",
    title="Both ends of the port range are even, or both odd",
    severities={"client_host": "info", "fullnat_lb": "info"},
    claims=("D16",),
    rationale=(
        "connect() prefers ports with the parity of the low end, and bind() to port 0 prefers the others. If both ends have the "
        "same parity, the number of ports is odd, and the search of connect() sometimes misses the last free port. The kernel logs "
        "a line about it once in each network namespace."
    ),
    measured=(
        "Linux 6.18, a range of 21 ports, 200 runs each: with equal parity connect() failed with EADDRNOTAVAIL in 16 and in 25 runs "
        "while one port was still free; with different parity in none."
    ),
    remedy="Choose one even end and one odd end, for example 16384 65535.",
    waiver_advice="Accept it with a range of thousands of ports: at most one port is lost.",
    references=("Linux 07f4c90062f8 (4.2)",),
)
def ports_same_parity(host: View, limits: Thresholds) -> Iterator[Finding]:
    low, high = host.port_range()
    yield judge(low % 2 == high % 2, PORT_RANGE, f"{low} to {high}", "one even end and one odd end")


@rule(
    "ports-bound-first",
    title="Programs bind a port before they connect, so it is taken towards every destination",
    severities=everywhere("medium"),
    claims=("D1", "D16"),
    rationale=(
        "A program that calls bind() with port 0 before connect() gets a port for itself alone: it is taken towards every destination, "
        "and one range has to do for all of them. When it is empty, such programs get EADDRINUSE, and other programs EADDRNOTAVAIL, "
        "even towards a fresh address. The parity of the ports shows it: connect() takes ports with the parity of the range's low end "
        "first, bind() the others."
    ),
    measured=(
        "Linux 6.18: 400 sockets of connect() had 400 even ports, 400 of bind() 400 odd ones (range with an even low end). 10 destinations "
        "with 100 bound connections each emptied a range of 1,000: the next 50 binders got EADDRINUSE 50 times, 50 plain connects to a "
        "fresh address EADDRNOTAVAIL 49 times."
    ),
    remedy=(
        "Set IP_BIND_ADDRESS_NO_PORT (Linux 4.2) on the socket before bind(), so that connect() chooses the port. Or do not bind at all "
        "where the route gives the right source address."
    ),
    waiver_advice="Accept it where the number of connections is bounded well below the range.",
    references=("Linux inet_csk_find_open_port()", "ip(7), IP_BIND_ADDRESS_NO_PORT"),
)
def ports_bound_first(host: View, limits: Thresholds) -> Iterator[Finding]:
    usable, sources = host.usable_ports, host.sockets["source_ports"]
    failed, most = False, 0
    for source in sources:
        bound = _bound_first(host, source)
        most = max(most, bound)
        percent = percent_of(bound, usable)
        if bound < limits.ports_bound_first_sockets or percent < limits.ports_bound_first_percent:
            continue
        failed = True
        # bind() needs a port that nobody uses, however it was taken.
        severity: Severity = "medium"
        if percent_of(source["ports"], usable) >= limits.ports_pressure_high_percent:
            severity = "critical" if source["ports"] >= _ALL_TAKEN * usable else "high"
        device = f"%{source['device']}" if source["device"] else ""
        yield Finding(
            "fail",
            f"{source['source']}{device}",
            sentences(
                f"at least {bound} of {usable} usable ports ({percent:.1f} %) were bound before connect(), and are taken towards every "
                f"destination; {source['ports']} are in use",
                binding_programs(host.sockets),
            ),
            f"under {limits.ports_bound_first_percent} %",
            severity=severity,
            evidence={
                "connections": source["connections"],
                "ports": source["ports"],
                "ports with the parity of bind()": source["bind_parity"],
            },
        )
    if not failed:
        left_out = host.sockets["source_ports_left_out"]
        if left_out and sources and percent_of(sources[-1]["ports"], usable) >= limits.ports_bound_first_percent:
            raise MissingFactError(f"{left_out} source addresses were left out of the snapshot")
        yield Finding("pass", PORT_RANGE, _few_bound(most))


def _few_bound(ports: int) -> str:
    if not ports:
        return "no sign of ports that were bound before connect()"
    return f"at most {ports} ports of one source address look as if they were bound before connect()"


# Some sockets come and go while they are counted.
_ALL_TAKEN = 0.99
# With this share of the ports that have the parity of bind(), it starts to take the others.
_PARITY_FULL = 0.9
_DISTINCT = 0.98


def _bound_first(host: View, source: SourcePorts) -> int:
    """How many ports of a source were bound before connect(), as far as their parity tells."""
    half = host.usable_ports / 2
    mine = [group for group in host.sockets["ports_in_use"] if (group["source"], group["device"]) == (source["source"], source["device"])]
    # Where connect() has used up its half towards one destination, it takes the other parity too.
    spilled = sum(max(0, group["ports"] - half) for group in mine)
    if len(mine) == 1 and mine[0]["ports"] == source["ports"] > half:
        return 0
    odd = source["bind_parity"] - spilled
    if odd >= _PARITY_FULL * half and source["ports"] >= _DISTINCT * source["connections"]:
        return source["ports"]
    return max(0, math.floor(odd))
