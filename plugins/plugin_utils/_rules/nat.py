# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What breaks connections that come through a NAT, besides timestamps."""

from __future__ import annotations

import ipaddress
import typing as t

from .._addresses import endpoint
from ._base import CannotApplyError, Finding, MissingFactError, everywhere, judge, rule
from ._view_keys import CONNTRACK_COUNT, CONNTRACK_MAX, CONNTRACK_TIME_WAIT, RFC1337

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from .._nat_types import SnatPool, SnatUse
    from .._results import Severity
    from ._base import Thresholds
    from ._view import View

# What the kernel gives to source NAT where the rule has no ports of its own, for connections from port 1024 on (nf_nat_core.c).
_ALL_PORTS = (1024, 65535)
_DROPS = ("insert_failed", "drop", "early_drop")


@rule(
    "rfc1337-on",
    title="tcp_rfc1337 is on, so clients that meet an old TIME_WAIT cannot connect",
    severities={"fullnat_lb": "medium", "backend": "medium"},
    claims=("D7",),
    rationale=(
        "When a SYN meets a TIME_WAIT socket, this host answers with an ACK. A healthy client then sends a RST, which removes "
        "the TIME_WAIT, so the repeated SYN succeeds. With tcp_rfc1337 = 1 this host ignores that RST, and the client fails. "
        "The kernel's documentation describes the key the wrong way round, and hardening guides copy it."
    ),
    measured=(
        "Linux 6.18 behind a NAT that used the same addresses and ports again: with 0, 16 of 16 connected; with 1, only 7 of 16 "
        "within 6 seconds."
    ),
    remedy="Set net.ipv4.tcp_rfc1337 = 0, and delete the line from the boot files.",
    waiver_advice="Accept it where no client comes through a NAT and a benchmark demands the value.",
    references=("RFC 1337, sections 3 and 4", "Linux tcp_timewait_state_process()"),
)
def rfc1337_on(host: View, limits: Thresholds) -> Iterator[Finding]:
    value = host.number(RFC1337)
    yield judge(value != 0, RFC1337, f"tcp_rfc1337 is {value}", "0 where clients come through a NAT")


@rule(
    "conntrack-forgets-early",
    title="Connection tracking forgets TIME_WAIT too early",
    severities={"client_host": "medium", "fullnat_lb": "high", "backend": "medium"},
    claims=("D7",),
    rationale=(
        "The server keeps its TIME_WAIT for 60 seconds. A NAT that forgets the connection sooner may give the same address and "
        "port to another client. The server still remembers the first client, so it checks the second client's SYN against the "
        "first one's timestamps and sequence numbers. RFC 5382 asks a NAT for 4 minutes, so the kernel's own 120 seconds are less than "
        "that, too; 60 seconds are what a Linux server needs. If the table is nearly full, raise nf_conntrack_max first."
    ),
    measured=(
        "Linux 6.18 gateway with a timeout of 1 s: 80 address and port pairs used again after 2.5 s. The server's TIME_WAIT "
        "first refused 38 of them. The kernel's default timeout is 120 s."
    ),
    remedy=(
        "Set net.netfilter.nf_conntrack_tcp_timeout_time_wait to 60 or more (the kernel's default is 120), and give the NAT more addresses."
    ),
    waiver_advice="Accept it on a host that tracks connections but does no NAT.",
    references=("RFC 5382, REQ-5", "RFC 7857, 2.1"),
)
def conntrack_forgets_early(host: View, limits: Thresholds) -> Iterator[Finding]:
    seconds = host.number(CONNTRACK_TIME_WAIT)
    yield judge(
        seconds < limits.conntrack_time_wait_seconds,
        CONNTRACK_TIME_WAIT,
        f"nf_conntrack_tcp_timeout_time_wait is {seconds}{_raise_first(host, limits)}",
        f"at least {limits.conntrack_time_wait_seconds}",
    )


def _raise_first(host: View, limits: Thresholds) -> str:
    """What to do before the timeout is raised, where the table has no room for entries that live longer."""
    try:
        count, most = host.number(CONNTRACK_COUNT), host.number(CONNTRACK_MAX)
    except (CannotApplyError, MissingFactError):
        return ""
    if most <= 0 or 100 * count < limits.conntrack_high_percent * most:
        return ""
    how = "full" if count >= most else "nearly full"
    return f". The table is {how} ({count} of {most}): raise nf_conntrack_max first. A longer timeout alone makes it worse"


@rule(
    "conntrack-nearly-full",
    title="The connection tracking table is nearly full",
    severities=everywhere("high"),
    claims=("D7",),
    rationale=(
        "When the table is full, the kernel drops every new connection and logs 'nf_conntrack: table full, dropping packet'. A longer "
        "time-out for TIME_WAIT makes it fuller. So raise the table first, and time-outs only then."
    ),
    measured="Linux 6.18: a table with 65536 of 65536 entries drops new connections, whatever nf_conntrack_tcp_timeout_time_wait is.",
    remedy="Raise net.netfilter.nf_conntrack_max (about 320 bytes for each entry), in the initial network namespace.",
    waiver_advice="Do not waive it: the next burst drops connections.",
    references=("Linux nf_conntrack_max",),
)
def conntrack_nearly_full(host: View, limits: Thresholds) -> Iterator[Finding]:
    count, most = host.number(CONNTRACK_COUNT), host.number(CONNTRACK_MAX)
    if most <= 0:
        raise CannotApplyError(f"nf_conntrack_max is {most}, which means no limit")
    percent = 100.0 * count / most
    severity: Severity = "critical" if percent >= limits.conntrack_critical_percent else "high"
    yield judge(
        percent >= limits.conntrack_high_percent,
        CONNTRACK_COUNT,
        f"{count} of {most} entries ({percent:.0f} %)",
        f"under {limits.conntrack_high_percent} %",
        severity=severity,
        evidence={"nf_conntrack_tcp_timeout_time_wait": host.shown(CONNTRACK_TIME_WAIT)},
    )


@rule(
    "conntrack-drops",
    title="Connection tracking drops connections",
    severities=everywhere("critical"),
    claims=("D7",),
    rationale=(
        "insert_failed: a new entry met another one with the same addresses and ports, for example because source NAT had no free port. "
        "drop: a packet was dropped because no entry could be made. early_drop: an entry was thrown out to make room. Clients see "
        "timeouts, and no socket of this host shows them."
    ),
    measured=(
        "Linux 6.18 gateway: 230 clients through a source NAT of 200 ports: 200 connected, 30 timed out; insert_failed +30 and drop +30."
    ),
    remedy="See snat-pressure and conntrack-nearly-full for the cause. conntrack -S shows the counters.",
    waiver_advice="Accept an old count of insert_failed without drop: two packets of one UDP flow may race.",
    references=("Linux /proc/net/stat/nf_conntrack", "conntrack(8)"),
)
def conntrack_drops(host: View, limits: Thresholds) -> Iterator[Finding]:
    counters, full = host.snapshot["counters"], host.logged("conntrack_full")
    if full:
        yield Finding("fail", "kernel log", f"{full} x 'nf_conntrack: table full, dropping packet'", "no such line", since_boot=True)
        if not counters or "nf_conntrack" not in counters:
            return
    if counters is not None and "nf_conntrack" not in counters:
        if host.has(CONNTRACK_COUNT) is not False:
            raise MissingFactError("the counters of connection tracking were not observed")
        raise CannotApplyError("connection tracking is not loaded")
    grown, _hidden = host.growths("nf_conntrack", _DROPS)
    if not grown:
        raise MissingFactError("the counters of connection tracking have other names here")
    over = [one for one in grown if one.amount > limits.counter_growth]
    observed = ", ".join(str(one) for one in over or grown)
    yield judge(
        bool(over),
        "/proc/net/stat/nf_conntrack",
        observed,
        "no drops",
        since_boot=grown[0].since_boot,
        long_ago=bool(over) and all(one.long_ago for one in over),
        evidence={one.counter: one.amount for one in grown},
    )


@rule(
    "snat-pressure",
    title="Source NAT runs out of ports towards one destination",
    severities={"fullnat_lb": "medium", "client_host": "medium", "backend": "medium"},
    claims=("D1", "D16", "D18"),
    rationale=(
        "Each connection that is source-NATed holds one port of the SNAT address towards its destination, until connection tracking "
        "forgets it (120 seconds after it was closed, by default). When no port is free, new connections are dropped without an answer. "
        "No socket shows it: the gateway has none."
    ),
    measured="Linux 6.18 gateway with `snat to A:30000-30199`: of 230 clients of one server 200 connected and 30 timed out.",
    remedy="Add SNAT addresses, or take a narrow port range out of the rule. Keep connections open, or use more destination addresses.",
    waiver_advice="Do not waive it: connections will be dropped without an answer.",
    references=("Linux nf_nat_l4proto_unique_tuple()", "RFC 5382"),
)
def snat_pressure(host: View, limits: Thresholds) -> Iterator[Finding]:
    if host.has(CONNTRACK_COUNT) is False:
        raise CannotApplyError("connection tracking is not loaded")
    if host.shown(CONNTRACK_COUNT) == "0":
        yield Finding("pass", "source NAT", "no connection is tracked")
        return
    nat = host.nat
    if nat["snat"] is None:
        raise MissingFactError("the entries of connection tracking could not be listed")
    failed = False
    for use in nat["snat"]:
        taken, ports, source = _snat_ports(use, nat["pools"])
        percent = 100.0 * taken / ports
        if percent < limits.ports_pressure_medium_percent:
            continue
        failed = True
        severity: Severity = "high" if percent >= limits.ports_pressure_high_percent else "medium"
        yield Finding(
            "fail",
            f"{use['address']} to {endpoint(use['destination'], use['destination_port'])} ({use['protocol']})",
            f"{taken} of {ports} ports taken ({percent:.1f} %); the range is {source}",
            f"under {limits.ports_pressure_medium_percent} %",
            severity="critical" if taken >= ports else severity,
            evidence={"ports not counted, at most": nat["error_bound"], "entries read": nat["snat_entries"]},
        )
    if failed:
        return
    if not nat["complete"]:
        raise MissingFactError(f"only {nat['snat_entries']} source-NATed entries were read, and none of their groups is near its limit")
    busiest = nat["snat"][0] if nat["snat"] else None
    if busiest is None:
        yield Finding("pass", "source NAT", "no connection is source-NATed here")
    else:
        where = endpoint(busiest["destination"], busiest["destination_port"])
        yield Finding("pass", "source NAT", f"the busiest, {busiest['address']} to {where}, holds {busiest['ports']} ports")


def _snat_ports(use: SnatUse, pools: list[SnatPool] | None) -> tuple[int, int, str]:
    """How many ports of the fullest range that rules give to such an address are taken, how many it has, and where that is known from."""
    first, last = _ALL_PORTS
    if pools is None:
        return use["ports"], last - first + 1, f"{first} to {last}, since the firewall's rules could not be read"
    counted = {(one["first_port"], one["last_port"]): one["ports"] for one in use["in_ranges"]}
    found = [(use["ports"], last - first + 1, f"{first} to {last}, the kernel's own")]
    for pool in pools:
        low, high = pool["first_port"], pool["last_port"]
        if pool["protocol"] not in (None, use["protocol"]) or not _covers(pool, use["address"]) or low is None or high is None:
            continue
        if low <= high:
            # Where they were not counted, all of them may be in it.
            taken = counted.get((low, high), min(use["ports"], high - low + 1))
            found.append((taken, high - low + 1, f"{low} to {high}, from the firewall's rule"))
    return max(found, key=lambda one: one[0] / one[1])


def _covers(pool: SnatPool, address: str) -> bool:
    if pool["low"] is None or pool["high"] is None:
        return True
    try:
        low, high, asked = (ipaddress.ip_address(one) for one in (pool["low"], pool["high"], address))
    except ValueError:
        return False
    return low.version == asked.version == high.version and int(low) <= int(asked) <= int(high)
