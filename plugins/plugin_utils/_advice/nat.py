# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Cures on the way: connection tracking, source NAT, and timestamps in front of a balancer."""

from __future__ import annotations

import typing as t

from .._rules._view_keys import CONNTRACK_MAX
from ._base import Assessment, cure

if t.TYPE_CHECKING:
    from .._results import Result
    from ._base import Case

_PRESSURE = "ports-pressure"
_BALANCER = "fullnat_lb"


@cure(
    "more-snat-addresses",
    needs=("snat-pressure",),
    title="Source-NAT to more addresses or ports",
    cost="One more address on the outer interface.",
    risk="Peers that know this gateway by its address must learn the new one.",
    claims=("D1", "D18"),
    how=(
        "nftables, one rule for each address: `numgen inc mod 2 0 snat to 192.0.2.1`, and below it `snat to 192.0.2.2`",
        (
            "iptables: `-m statistic --mode nth --every 2 --packet 0 -j SNAT --to-source 192.0.2.1`, and below it "
            "`-j SNAT --to-source 192.0.2.2`"
        ),
        (
            "a range of addresses (`snat to 192.0.2.1-192.0.2.4`) helps only where many clients share it: the kernel gives all "
            "connections of one client to one destination the same address"
        ),
        "take a narrow port range out of the rule: without one the kernel uses 1024 to 65535",
        "keep connections open (fewer new ones), or use more destination addresses",
    ),
)
def more_snat_addresses(case: Case, failure: Result) -> Assessment:
    return case.helps(case.gravest("snat-pressure", "conntrack-drops"), f"{failure['subject']}: {failure['observed']}")


@cure(
    "raise-conntrack",
    needs=("conntrack-nearly-full", "conntrack-drops"),
    title="Raise nf_conntrack_max",
    cost="About 320 bytes of kernel memory for each entry in use.",
    risk="None, apart from that memory. Raise nf_conntrack_buckets with it, or lookups get slower.",
    claims=("D7",),
)
def raise_conntrack(case: Case, failure: Result) -> Assessment:
    if case.failed("conntrack-nearly-full") is None:
        if case.failed("snat-pressure"):
            return Assessment("not needed: the table has room. The ports of source NAT run out; see more-snat-addresses")
        return case.helps(failure, f"{failure['observed']}. The table has room now; it may have been full then", last=True)
    limit = case.known_number(CONNTRACK_MAX)
    wanted = 262144 if not limit else max(262144, 2 * limit)
    how = (
        f"set net.netfilter.nf_conntrack_max = {wanted} (tcp_profile in the initial network namespace, or a boot file)",
        "only then raise time-outs of connection tracking",
    )
    return case.helps(case.gravest("conntrack-nearly-full", "conntrack-drops"), failure["observed"])._replace(how=how)


@cure(
    "strip-timestamps-in-front",
    needs=("timestamps-on-at-l7", _PRESSURE),
    title="Keep timestamps towards the backends, and take them out of the clients' SYNs",
    cost="One nftables rule on the balancer's outer interface.",
    risk="Clients lose what timestamps give (RTT samples, PAWS), as they do where the balancer turns them off.",
    claims=("D4", "D7"),
    how=(
        "nft add table ip tcp_strip",
        "nft add chain ip tcp_strip front '{ type filter hook prerouting priority raw; }'",
        (
            "nft add rule ip tcp_strip front iifname OUTER 'tcp flags & (syn|ack) == syn reset tcp option timestamp', with the interface "
            "that faces the clients in place of OUTER"
        ),
        "then role linux_tcp.hardening.fullnat_lb with fullnat_lb_timestamps: true, and net.ipv4.tcp_tw_reuse = 1",
    ),
)
def strip_timestamps_in_front(case: Case, failure: Result) -> Assessment:
    if case.profile != _BALANCER:
        return Assessment("only for a layer-7 balancer whose clients are behind NAT")
    if case.timestamps == 0:
        pressure = case.failed(_PRESSURE)
        if pressure is None or not case.time_wait_holds_the_ports:
            return Assessment("not needed: tcp_timestamps is 0, and no backend's ports run out")
        reason = f"{case.pressure}; with tcp_timestamps at 0 no port towards a backend can be reused"
        return case.helps(pressure, reason, reuse_delay=case.host.reuse_delay)
    seen = case.failed("timestamps-on-at-l7")
    if seen is None:
        return case.not_needed("timestamps-on-at-l7")
    if seen["severity"] == "info":
        return Assessment("not needed: no refused SYN was seen between two samples")
    failure = seen
    return case.helps(failure, f"tcp_timestamps is {case.timestamps}: clients behind NAT see it, and reuse towards the backends needs it")
