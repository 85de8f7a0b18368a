# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Timestamps, and tcp_tw_reuse, which rests on them."""

from __future__ import annotations

import typing as t

from .._addresses import endpoint, is_loopback
from ._base import CannotApplyError, Finding, MissingFactError, everywhere, judge, rule
from ._view import in_state
from ._view_keys import TIMESTAMPS, TW_REUSE

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from .._results import EvidenceValue
    from ._base import Thresholds
    from ._view import Growth, View

# Below this share of the usable ports a destination is not busy: it does not matter whether its ports can be reused.
_BUSY_PERCENT = 1


@rule(
    "reuse-without-timestamps",
    title="tcp_tw_reuse is on but timestamps are off",
    severities={"client_host": "high", "fullnat_lb": "medium", "backend": "medium"},
    claims=("D3",),
    rationale=(
        "A port in TIME_WAIT can be reused only if the closed connection had negotiated timestamps. With timestamps off on this "
        "host, none ever does. So tcp_tw_reuse = 1 does nothing, and the host runs out of ports just as without it, while "
        "everybody believes that the problem is solved."
    ),
    measured=(
        "Linux 6.18, 20 ports, 20 TIME_WAITs: with timestamps on both sides, 20 of 20 new connections reused a port. With "
        "timestamps off on either side, 0 of 20 did."
    ),
    remedy=(
        "On a client host set net.ipv4.tcp_timestamps = 1. On a layer-7 balancer that keeps timestamps off on purpose set "
        "net.ipv4.tcp_tw_reuse = 0, so that nobody relies on it. Then let the peer close first, or keep connections open."
    ),
    waiver_advice="Harmless in itself. Accept it where other software sets both values and few ports are in use.",
    references=("RFC 7323", "Linux tcp_twsk_unique()"),
)
def reuse_without_timestamps(host: View, limits: Thresholds) -> Iterator[Finding]:
    reuse, timestamps = host.number(TW_REUSE), host.number(TIMESTAMPS)
    yield judge(
        reuse == 1 and timestamps == 0,
        TW_REUSE,
        f"tcp_tw_reuse is {reuse}, tcp_timestamps is {timestamps}",
        "tcp_timestamps 1 when tcp_tw_reuse is 1",
        evidence={"TWRecycled since boot": host.counter("TcpExt", "TWRecycled")},
    )


@rule(
    "peer-without-timestamps",
    title="A busy destination does not negotiate timestamps, so tcp_tw_reuse cannot work towards it",
    severities={"client_host": "medium"},
    claims=("D3", "D4"),
    rationale=(
        "This host relies on tcp_tw_reuse, and its own timestamps are on. But both ends must agree on timestamps in the "
        "handshake. If the peer has them off, connections to it have none, and their ports stay taken for 60 seconds as if "
        "reuse were off. Layer-7 balancers with clients behind NAT have them off on purpose."
    ),
    measured="Linux 6.18, client with tcp_tw_reuse = 1: with the server's timestamps off, it reused 0 of 20 ports; with them on, 20 of 20.",
    remedy=(
        "Do not rely on tcp_tw_reuse towards this peer. Let it close first (`Connection: close`), keep connections open and use "
        "them again, or add destination or source addresses. If the peer is yours and has no clients behind NAT, set "
        "net.ipv4.tcp_timestamps = 1 there."
    ),
    waiver_advice="Accept it while connections to this destination stay far below usable ports / 60 per second.",
    references=("RFC 7323, 3.2", "Linux tcp_twsk_unique()"),
)
def peer_without_timestamps(host: View, limits: Thresholds) -> Iterator[Finding]:
    if host.number(TIMESTAMPS) == 0:
        raise CannotApplyError("timestamps are off on this host; see reuse-without-timestamps")
    if host.number(TW_REUSE) != 1:
        raise CannotApplyError(f"tcp_tw_reuse is {host.number(TW_REUSE)}, so it does not matter whether peers have timestamps")
    asked = {(probe["address"], probe["port"]) for probe in host.probes if probe["address"]}
    shares: dict[tuple[str, int], float] = {(address, port): 0.0 for address, port in asked if address}
    for group in host.sockets["ports_in_use"]:
        place, percent = (group["destination"], group["destination_port"]), host.port_share_percent(group)
        if percent >= _BUSY_PERCENT or place in shares:
            shares[place] = max(percent, shares.get(place, 0.0))
    without = [place for place in sorted(shares) if host.negotiates_timestamps(*place) is False]
    for place in without:
        pressed = shares[place] >= limits.ports_pressure_medium_percent
        uses = [use for use in host.sockets["timestamps"] if (use["destination"], use["destination_port"]) == place]
        evidence: dict[str, EvidenceValue] = {"share of the usable ports": f"{shares[place]:.1f} %"}
        evidence["seen in"] = "open connections" if uses else "a probe"
        for use in uses:
            evidence.update({"negotiated": use["negotiated"], "not_negotiated": use["not_negotiated"]})
        yield Finding(
            "fail",
            endpoint(*place),
            "its connections did not negotiate timestamps" if uses else "a probe did not negotiate timestamps",
            "timestamps at both ends, or tcp_tw_reuse 0 on this host",
            severity="high" if pressed else None,
            evidence=evidence,
        )
    if not without:
        known = [place for place in shares if host.negotiates_timestamps(*place)]
        observed = f"{len(known)} of {len(shares)} busy destinations negotiate timestamps; no others are known to lack them"
        yield Finding("pass", TIMESTAMPS, observed if shares else "no destination is busy")


@rule(
    "reuse-loopback-only",
    title="tcp_tw_reuse works for loopback connections only",
    severities={"client_host": "low"},
    claims=("D5",),
    rationale=(
        "2 is the kernel's default since 4.18 or 4.19. With 2, the kernel reuses TIME_WAIT sockets of connections to 127.0.0.0/8 and "
        "::1, and of no others. So it does not help a host that opens many short connections to other machines."
    ),
    measured="Linux 6.18 and 5.10, with 2: 0 of 20 ports towards another host were reused; towards 127.0.0.1, 20 of 20.",
    remedy="On a host that opens many short connections, set net.ipv4.tcp_tw_reuse = 1, with timestamps on at both ends.",
    waiver_advice="Accept it on hosts that never come near their port limit. It is the kernel's default and harms nobody.",
    references=("Linux 79e9fed46038 (4.18 or 4.19)",),
)
def reuse_loopback_only(host: View, limits: Thresholds) -> Iterator[Finding]:
    reuse = host.number(TW_REUSE)
    pressure = host.under_port_pressure(limits.ports_pressure_medium_percent)
    yield judge(
        reuse == 2,
        TW_REUSE,
        f"tcp_tw_reuse is {reuse}",
        "1 on a host that opens many short connections to other hosts",
        severity="medium" if pressure else None,
        evidence={"under port pressure": {True: "yes", False: "no", None: "unknown"}[pressure]},
    )


@rule(
    "reuse-on-server",
    title="tcp_tw_reuse is on, but this host opens no connections",
    severities={"backend": "info"},
    claims=("D5", "D15"),
    rationale=(
        "Reuse works in connect() only, never on accepted connections. On a server that opens no connections of its own it does "
        "nothing. But it looks as if somebody had dealt with TIME_WAIT on the server."
    ),
    remedy="Leave net.ipv4.tcp_tw_reuse at the kernel's default. If TIME_WAIT piles up on listening ports, let the clients close first.",
    waiver_advice="Harmless. Accept it where one settings file is for clients and servers.",
    references=("Linux tcp_twsk_unique()", "RFC 1122, 4.2.2.13"),
)
def reuse_on_server(host: View, limits: Thresholds) -> Iterator[Finding]:
    reuse = host.number(TW_REUSE)
    if reuse != 1:
        yield Finding("pass", TW_REUSE, f"tcp_tw_reuse is {reuse}")
        return
    outgoing = host.sockets["outgoing"] + sum(
        in_state(group, "time_wait") for group in host.sockets["ports_in_use"] if not is_loopback(group["destination"])
    )
    if outgoing == 0 and host.sockets_missing:
        raise MissingFactError(host.sockets_missing)
    opened = 0
    if host.snapshot["sample"] is not None:
        opened = host.growth("Tcp", "ActiveOpens").amount
    yield judge(
        outgoing == 0 and opened == 0,
        TW_REUSE,
        f"tcp_tw_reuse is 1, {outgoing} outgoing connections (TIME_WAIT included)",
        "the kernel's default on a host that opens no connections",
        evidence={"ActiveOpens since boot": host.counter("Tcp", "ActiveOpens")},
    )


@rule(
    "timestamps-off",
    title="Timestamps are off",
    severities={"client_host": "medium", "backend": "medium"},
    claims=("D3", "D4"),
    rationale=(
        "Both ends must have timestamps on, or neither uses them. With timestamps off here, neither this host nor its peers can "
        "reuse TIME_WAIT ports of their connections. There is no protection against wrapped sequence numbers on fast links. "
        "Round-trip times come only from segments that were sent once. Under SYN cookies there is no window scaling and no "
        "SACK. Hardening guides turn timestamps off to hide the uptime; since 4.10 the kernel adds a random offset, which hides "
        "it just as well."
    ),
    measured="Linux 6.18, client with tcp_tw_reuse = 1: with the server's timestamps off, it reused 0 of 20 ports; with them on, 20 of 20.",
    remedy="Set net.ipv4.tcp_timestamps = 1, and delete the line that turns it off from the boot files.",
    waiver_advice="Accept it on an isolated host with few connections. If the host is a layer-7 balancer, audit it as fullnat_lb instead.",
    references=("RFC 7323", "Linux 95a22caee396 (4.10, random offset)"),
)
def timestamps_off(host: View, limits: Thresholds) -> Iterator[Finding]:
    timestamps = host.number(TIMESTAMPS)
    yield judge(timestamps == 0, TIMESTAMPS, f"tcp_timestamps is {timestamps}", "1", evidence={"tcp_tw_reuse": host.shown(TW_REUSE)})


@rule(
    "timestamps-on-at-l7",
    title="Timestamps are on at a layer-7 balancer with clients behind NAT",
    severities={"fullnat_lb": "info"},
    claims=("D7",),
    rationale=(
        "Clients behind carrier NAT share addresses and ports. When the NAT gives the same address and port to another client "
        "within 60 seconds, that client's SYN meets a TIME_WAIT socket that remembers the first client's timestamp. A SYN with "
        "an older timestamp is refused. So the documents keep timestamps off at a layer-7 balancer. The price: clients cannot "
        "use tcp_tw_reuse towards it, and it cannot use tcp_tw_reuse towards its own backends: 49,152 ports carry 49,152 / 60 = 819 "
        "connections per second to one backend then. If refused SYNs grow between two samples, the severity is medium."
    ),
    measured=(
        "Linux 6.18: the SYN is not lost but answered with an ACK. The client's RST removes the TIME_WAIT, and the repeated SYN "
        "succeeds, 80 of 80 times. When that RST is lost on the way, 38 of 80 failed with timestamps and 43 of 80 without. So "
        "turning them off helps only against clocks that are surely older (clients up to 4.9, or tcp_timestamps = 2). In the lab "
        "turning them off did not make collisions fewer: 41 SYNs of 80 were sent again, 46 with them on."
    ),
    remedy=(
        "Decide. For a layer-7 balancer in front of clients behind NAT, set net.ipv4.tcp_timestamps = 0, as the documents say. "
        "For a layer-4 balancer, or where most clients are modern and need reuse, keep 1 and waive this rule with that reason."
    ),
    waiver_advice="A good reason is a layer-4 balancer, or counters (syn-rejected-in-time-wait) that stay at zero under real traffic.",
    references=("RFC 6191", "RFC 7323, 5.8 and B.2", "Linux tcp_timewait_state_process()"),
)
def timestamps_on_at_l7(host: View, limits: Thresholds) -> Iterator[Finding]:
    timestamps = host.number(TIMESTAMPS)
    try:
        grown = [growth for growth in _refused(host)[0] if not growth.since_boot and growth.amount > limits.counter_growth]
    except MissingFactError:
        # Whether timestamps are on is known without counters.
        grown = []
    yield judge(
        timestamps != 0,
        TIMESTAMPS,
        ", ".join([f"tcp_timestamps is {timestamps}", *map(str, grown)]),
        "0 on a layer-7 balancer with clients behind NAT",
        severity="medium" if grown else None,
        evidence={
            "PAWSTimewait since boot": host.counter("TcpExt", "PAWSTimewait"),
            "TCPACKSkippedTimeWait since boot": host.counter("TcpExt", "TCPACKSkippedTimeWait"),
        },
    )


@rule(
    "timestamps-odd-value",
    title="tcp_timestamps is not 0, 1 or 2",
    severities=everywhere("low"),
    claims=("D7",),
    rationale=(
        "0 is off, 1 is on with a random offset, 2 is on without an offset. The kernel takes numbers up to 255 without an error "
        "and treats them as 2: timestamps are on, and they show how long the host has been up."
    ),
    measured="Linux 6.18 accepts 3 and 255, and adds no offset for them. 256 and -1 are refused (EINVAL).",
    remedy="Set net.ipv4.tcp_timestamps to 1 (or to 0 on a layer-7 balancer).",
    waiver_advice="Fix it; do not waive it.",
    references=("Linux 25429d7b7dca (4.10)",),
)
def timestamps_odd_value(host: View, limits: Thresholds) -> Iterator[Finding]:
    timestamps = host.number(TIMESTAMPS)
    yield judge(timestamps not in (0, 1, 2), TIMESTAMPS, f"tcp_timestamps is {timestamps}", "0, 1 or 2")


@rule(
    "syn-rejected-in-time-wait",
    title="New connections meet old TIME_WAIT sockets and are refused at first",
    severities={"fullnat_lb": "medium", "backend": "medium"},
    claims=("D7",),
    rationale=(
        "A SYN came from an address and port that is still in TIME_WAIT here, with an older timestamp. So it was answered with "
        "an ACK instead of a SYN-ACK. If the client's RST arrives, the client connects at once. If not, it waits and may fail. "
        "This is the sign of a NAT that uses ports again within 60 seconds."
    ),
    measured=(
        "Linux 6.18: PAWSTimewait counts each segment that a TIME_WAIT refused, a SYN or not (a bare old ACK gave +1). Up to 6.15 "
        "PAWSEstab did, which also counts old segments of open connections; so there the severity is info unless "
        "TCPACKSkippedTimeWait grows too. TCPACKSkippedTimeWait counts repeats within 500 ms. With 80 address and port pairs used again: "
        "PAWSTimewait 38, all 80 connected. With tcp_rfc1337 = 1 only 7 of 16 did."
    ),
    remedy=(
        "Let clients close first or keep connections open, so that TIME_WAIT is not on this host. Make sure that firewalls on "
        "the way let RSTs pass, and that tcp_rfc1337 is 0. Give the NAT more addresses and a TIME_WAIT timeout of at least 60 "
        "s. On a layer-7 balancer consider turning timestamps off."
    ),
    waiver_advice="Accept a few where clients recover (connect times show it). Do not waive it if the rate grows.",
    references=("Linux c449d5f3a3d7 (6.16, PAWSTimewait)", "RFC 6191", "RFC 5961"),
)
def syn_rejected_in_time_wait(host: View, limits: Thresholds) -> Iterator[Finding]:
    seen, hidden = _refused(host)
    if not seen:
        raise MissingFactError("the counters PAWSTimewait, PAWSEstab and TCPACKSkippedTimeWait were not observed")
    grown = {growth.counter for growth in seen if growth.amount > limits.counter_growth}
    # PAWSEstab alone may be about open connections.
    ambiguous = grown == {"PAWSEstab"}
    if hidden and not grown - {"PAWSEstab"}:
        raise MissingFactError(f"{', '.join(hidden)} are not among the counters that are shown")
    yield judge(
        bool(grown),
        "SYNs in TIME_WAIT",
        ", ".join(str(growth) for growth in seen),
        "no growth",
        since_boot=seen[0].since_boot,
        long_ago=all(growth.long_ago for growth in seen if growth.amount),
        severity="info" if ambiguous else None,
        evidence={growth.counter: growth.amount for growth in seen},
    )


def _refused(host: View) -> tuple[list[Growth], list[str]]:
    """The counters of segments that a TIME_WAIT refused, as far as this kernel has them, and those that are not shown."""
    seen, hidden = host.growths("TcpExt", ("PAWSTimewait", "PAWSEstab", "TCPACKSkippedTimeWait"))
    # What is about TIME_WAIT alone replaces what counts open connections, too.
    if seen and seen[0].counter == "PAWSTimewait":
        seen = [growth for growth in seen if growth.counter != "PAWSEstab"]
    return seen, hidden
