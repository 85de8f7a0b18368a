# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Sockets that stay because a program or a peer does not do its part."""

from __future__ import annotations

import typing as t

from .._programs import programs_towards, sentences
from ._base import Finding, MissingFactError, everywhere, rule
from ._view import in_state
from ._view_keys import FIN_TIMEOUT, MAX_TW_BUCKETS
from .pressure import percent_of, subject_of

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from .._results import Severity
    from .._socket_types import PortUse
    from ._base import Thresholds
    from ._view import View

# Sockets grow in number when they are this much more than before: less comes and goes.
_GROWTH = 0.1
_FEW = 10
# Where connects succeed, at least as many sockets of the group are past the handshake as are in it.
_MOSTLY = 0.75


@rule(
    "close-wait-leak",
    title="A program does not close connections that the peer has closed",
    severities=everywhere("medium"),
    claims=("D1", "D2"),
    rationale=(
        "In CLOSE_WAIT the peer has closed, and the program on this host has not called close(). No timer of the kernel ends that. An "
        "outgoing connection keeps its local port, so ports run out (EADDRNOTAVAIL). Each one keeps a file descriptor, so a server ends "
        "with 'Too many open files'. No sysctl helps: a wider range only takes longer to fill."
    ),
    measured=(
        "Linux 6.18: the server closed first and the client never did: 200 of 200 ports were in CLOSE_WAIT, and connect() failed with "
        "EADDRNOTAVAIL."
    ),
    remedy=(
        "Find the program: ss -tnp state close-wait. It must close a connection when read() returns 0, and when a pool drops it. "
        "A restart of the program frees the ports at once, until it has leaked again."
    ),
    waiver_advice="Accept it for a connection pool that closes such connections at their next use, if their number does not grow.",
    references=("RFC 9293, 3.6",),
)
def close_wait_leak(host: View, limits: Thresholds) -> Iterator[Finding]:
    grows = _grows(host, "close_wait")
    failed = False
    for group in host.sockets["ports_in_use"]:
        count = in_state(group, "close_wait")
        percent = percent_of(count, host.usable_ports)
        if count >= limits.close_wait_sockets or (count >= limits.stuck_sockets and percent >= limits.stuck_percent):
            failed = True
            severity: Severity = "high" if grows or percent >= limits.ports_pressure_medium_percent else "medium"
            observed = f"{count} sockets in CLOSE_WAIT ({percent:.1f} % of the usable ports){_growth_text(host, 'close_wait')}"
            yield _stuck(host, group, observed, severity)
    for accepted in host.sockets["accepted"]:
        count = accepted["states"].get("close_wait", 0)
        if count >= limits.close_wait_sockets:
            failed = True
            observed = f"{count} accepted connections in CLOSE_WAIT{_growth_text(host, 'close_wait')}"
            observed = sentences(observed, programs_towards(host.sockets, None, accepted["port"]))
            evidence = dict(sorted(accepted["states"].items()))
            yield Finding(
                "fail", f"port {accepted['port']}", observed, _CLOSED_SOON, severity="high" if grows else "medium", evidence=evidence
            )
    if not failed:
        yield from _whole_count(host, "close_wait", limits.close_wait_sockets)


_CLOSED_SOON = "the program closes soon after the peer"


def _whole_count(host: View, state: str, most: int) -> Iterator[Finding]:
    """The result where no group and no port is at fault: all sockets in the state, wherever they belong."""
    count = host.in_state(state)
    listed = sum(in_state(group, state) for group in host.sockets["ports_in_use"])
    listed += sum(one["states"].get(state, 0) for one in host.sockets["accepted"])
    name = state.upper()
    if count - listed >= most * max(1, len(host.sockets["ports_in_use"])):
        observed = f"{count} sockets in {name}, {count - listed} of them of destinations and ports that are not among the busiest"
        yield Finding("fail", f"{name} sockets", observed, _CLOSED_SOON)
    else:
        yield Finding("pass", f"{name} sockets", f"{count} sockets in {name}")


@rule(
    "fin-wait2-orphans",
    title="Peers do not close connections that this host has closed",
    severities=everywhere("medium"),
    claims=("D2",),
    rationale=(
        "In FIN_WAIT2 this host has closed, and the peer has not. When no program has the socket open any more, it is an orphan: the "
        "kernel keeps it, and its port, for tcp_fin_timeout (60 seconds). Orphans count against tcp_max_tw_buckets. This is the one case "
        "where a lower tcp_fin_timeout helps. The cause is the peer, whose program does not close."
    ),
    measured=(
        "Linux 6.18, 200 ports, a server that never closes: with tcp_fin_timeout at 60 none of 50 connections succeeded 6 seconds later, "
        "with 5 all 50 did."
    ),
    remedy=(
        "Let the program on the peer close when it reads the end of the connection. Until then set net.ipv4.tcp_fin_timeout to 10 to 30 "
        "seconds here."
    ),
    waiver_advice="Accept it on a server whose clients vanish (mobile networks), if ports and tcp_max_tw_buckets suffice.",
    references=("Linux tcp_fin_timeout", "RFC 9293, 3.6"),
)
def fin_wait2_orphans(host: View, limits: Thresholds) -> Iterator[Finding]:
    orphans = host.sockets["fin_wait2_orphans"]
    waiting = host.in_state("fin_wait2")
    # Where orphans are not told from half-closed connections, all that wait may be orphans.
    told = "orphaned FIN_WAIT2 sockets" if orphans is not None else "FIN_WAIT2 sockets"
    failed = False
    for group in host.sockets["ports_in_use"]:
        count = min(in_state(group, "fin_wait2"), waiting if orphans is None else orphans)
        percent = percent_of(count, host.usable_ports)
        if count >= limits.stuck_sockets and percent >= limits.stuck_percent:
            failed = True
            severity: Severity = "high" if percent >= limits.ports_pressure_medium_percent else "medium"
            observed = f"{count} {told} ({percent:.1f} % of the usable ports){_growth_text(host, 'fin_wait2')}"
            yield _stuck(host, group, observed, severity, {"tcp_fin_timeout": host.shown(FIN_TIMEOUT)})
    if failed:
        return
    if orphans is None:
        if waiting >= limits.fin_wait2_sockets:
            raise MissingFactError(f"there are {waiting} FIN_WAIT2 sockets, and how many of them no program has open is not known")
        yield Finding("pass", "FIN_WAIT2 sockets", f"{waiting} sockets in FIN_WAIT2")
        return
    limit = host.number(MAX_TW_BUCKETS)
    many = orphans >= limits.fin_wait2_sockets and 0 < limit <= 10 * orphans
    observed = f"{orphans} orphaned FIN_WAIT2 sockets"
    if many:
        yield Finding("fail", "FIN_WAIT2 sockets", f"{observed}, and tcp_max_tw_buckets is {limit}", "peers close soon after this host")
    else:
        yield Finding("pass", "FIN_WAIT2 sockets", observed)


@rule(
    "peer-unreachable",
    title="Connects to one destination wait for an answer",
    severities=everywhere("medium"),
    claims=("D1",),
    rationale=(
        "A socket in SYN_SENT has asked for a connection and has no answer. It keeps its local port for as long as the program or the "
        "kernel tries: about two minutes with tcp_syn_retries at 6. If the destination is down, or a firewall drops the SYNs, such "
        "sockets take all ports. More ports do not help."
    ),
    measured="Linux 6.18: the destination dropped SYNs: 190 of 200 ports were in SYN_SENT.",
    remedy=(
        "Check the destination and the firewalls on the way. Give the program a connect timeout of a few seconds, and a health check that "
        "stops it from trying a dead destination."
    ),
    waiver_advice="Do not waive it: this host cannot reach what it wants to reach.",
    references=("Linux tcp_syn_retries", "RFC 9293, 3.8.3"),
)
def peer_unreachable(host: View, limits: Thresholds) -> Iterator[Finding]:
    failed = False
    for group in host.sockets["ports_in_use"]:
        count = in_state(group, "syn_sent")
        percent = percent_of(count, host.usable_ports)
        half = percent >= limits.ports_pressure_medium_percent
        if count >= limits.stuck_sockets and (half or count >= _MOSTLY * group["ports"]):
            failed = True
            observed = f"{count} sockets in SYN_SENT ({percent:.1f} % of the usable ports){_growth_text(host, 'syn_sent')}"
            yield _stuck(host, group, observed, "high" if half else "medium")
    if not failed:
        yield Finding("pass", "SYN_SENT sockets", f"{host.in_state('syn_sent')} sockets in SYN_SENT")


def _stuck(host: View, group: PortUse, observed: str, severity: Severity, more: dict[str, str] | None = None) -> Finding:
    evidence = {state: count for state, count in sorted(group["states"].items()) if count}
    return Finding(
        "fail",
        subject_of(group),
        sentences(observed, programs_towards(host.sockets, group["destination"], group["destination_port"])),
        f"under {_expected(host)}",
        severity=severity,
        evidence={**evidence, "ports": group["ports"], "usable_ports": host.usable_ports, **(more or {})},
    )


def _expected(host: View) -> str:
    return f"a tenth of the {host.usable_ports} usable ports"


def _grown(host: View, state: str) -> int | None:
    """How many more sockets are in the state than in the first sample; None where there was one sample only."""
    sample = host.snapshot["sample"]
    return None if sample is None or sample["states"] is None else sample["states"].get(state)


def _grows(host: View, state: str) -> bool:
    grown = _grown(host, state)
    return grown is not None and grown >= max(_FEW, _GROWTH * host.in_state(state))


def _growth_text(host: View, state: str) -> str:
    grown = _grown(host, state)
    return (
        ""
        if grown is None or grown <= 0 or host.snapshot["sample"] is None
        else f", {grown} more in {host.snapshot['sample']['seconds']:g} s"
    )
