# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""tcp_tw_recycle: gone since Linux 4.12, still in boot files everywhere, and harmful wherever it still works."""

from __future__ import annotations

import typing as t

from ._base import Finding, everywhere, judge, rule
from ._boot import no_failure, number_set
from ._view import TIMESTAMPS, TW_RECYCLE

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ._base import Thresholds
    from ._view import View

_REMOVED = "Linux 4396e46187ca removed the key in 4.12"


@rule(
    "recycle-on",
    title="tcp_tw_recycle drops clients behind NAT",
    severities=everywhere("critical"),
    claims=("D6", "D12", "D15"),
    rationale=(
        "With recycling and timestamps both on, the kernel remembers one timestamp per remote address for 60 "
        "seconds and drops every SYN from that address that carries an older one. Behind a NAT gateway or a FullNAT"
        " balancer many hosts share one address and have clocks of their own, so some of them cannot connect: no "
        "error, no log line, only timeouts."
    ),
    measured=(
        "Linux 4.4.155 and 4.9.154: a SYN with a timestamp 50,000 ticks older was dropped silently and PAWSPassive "
        "counted it; so was a SYN without a timestamp. Without recycling both were answered."
    ),
    remedy=(
        "Set net.ipv4.tcp_tw_recycle = 0 now and take it out of every boot file. Nothing is lost: outgoing connections have tcp_tw_reuse."
    ),
    waiver_advice=(
        "There is no load for which this is safe on a host that strangers reach. Only a host whose every peer is "
        "one fixed machine with one address can accept it."
    ),
    references=(_REMOVED, "RFC 7323, appendix B.2"),
)
def recycle_on(host: View, limits: Thresholds) -> Iterator[Finding]:
    recycle, timestamps = host.number(TW_RECYCLE), host.number(TIMESTAMPS)
    yield judge(
        recycle != 0 and timestamps != 0,
        TW_RECYCLE,
        f"tcp_tw_recycle is {recycle}, tcp_timestamps is {timestamps}",
        "tcp_tw_recycle 0",
        evidence={"PAWSPassive since boot": host.counter("TcpExt", "PAWSPassive")},
    )


@rule(
    "recycle-dormant",
    title="tcp_tw_recycle waits for timestamps to be turned on",
    severities=everywhere("high"),
    claims=("D3", "D6"),
    rationale=(
        "Recycling does nothing while timestamps are off. The day somebody turns timestamps on, for tcp_tw_reuse or"
        " for better round-trip measurement, clients behind NAT start to time out, and nobody looks for the cause "
        "in a line that was always there."
    ),
    measured="Linux 4.4.155 and 4.9.154: with timestamps off the same old SYN was answered.",
    remedy="Set net.ipv4.tcp_tw_recycle = 0 and take it out of every boot file before timestamps are touched.",
    waiver_advice="Accept it only together with a guard that keeps timestamps off for as long as the line exists.",
    references=(_REMOVED,),
)
def recycle_dormant(host: View, limits: Thresholds) -> Iterator[Finding]:
    recycle, timestamps = host.number(TW_RECYCLE), host.number(TIMESTAMPS)
    yield judge(
        recycle != 0 and timestamps == 0,
        TW_RECYCLE,
        f"tcp_tw_recycle is {recycle}, tcp_timestamps is {timestamps}",
        "tcp_tw_recycle 0",
    )


@rule(
    "recycle-in-boot-file",
    title="A boot file turns tcp_tw_recycle on",
    severities=everywhere("high"),
    claims=("D6",),
    rationale=(
        "Where the kernel still has the key, the next boot drops clients behind NAT. Where it does not, the line is"
        " dead but not harmless: `sysctl -p` ends with exit code 1 because of it, which breaks provisioning scripts"
        " and hides real errors, and the file gets copied to hosts where it works."
    ),
    measured=("procps 4.0.2 on Linux 6.18: a key that does not exist makes `sysctl -p` exit with 1; the other lines are still applied."),
    remedy=("Delete the line. Outgoing connections that run out of ports have tcp_tw_reuse; nothing replaces recycling for incoming ones."),
    waiver_advice=("Accept it only for a file that is generated elsewhere and that no host with a kernel under 4.12 can ever get."),
    references=(_REMOVED,),
)
def recycle_in_boot_file(host: View, limits: Thresholds) -> Iterator[Finding]:
    lacking = host.has(TW_RECYCLE) is False
    failed = False
    for setting in host.boot_settings(TW_RECYCLE):
        if number_set(setting) == 0:
            continue
        failed = True
        yield Finding(
            "fail",
            TW_RECYCLE,
            f"tcp_tw_recycle = {setting.text}",
            "no line for tcp_tw_recycle, or 0",
            path=setting.path,
            line=setting.line,
            severity="medium" if lacking else "high",
            evidence={"kernel has the key": {True: "yes", False: "no", None: "unknown"}[host.has(TW_RECYCLE)]},
        )
    if not failed:
        yield no_failure(host, TW_RECYCLE, "no boot file turns tcp_tw_recycle on")


@rule(
    "recycle-drops-seen",
    title="SYNs are being dropped by tcp_tw_recycle",
    severities=everywhere("critical"),
    claims=("D6", "D12"),
    rationale=(
        "PAWSPassive counts SYNs that were thrown away because the sender's address had shown a newer timestamp "
        "within 60 seconds. Every count is a client that saw a connect timeout."
    ),
    measured=(
        "Linux 4.9.154 with recycling on: every SYN dropped behind one address added one to PAWSPassive. The "
        "counter does not exist where recycling does not (4.12 and newer)."
    ),
    remedy="Set net.ipv4.tcp_tw_recycle = 0: the drops end at once. Then take the line out of the boot files.",
    waiver_advice="Do not. If the counter is old, take two samples (sample_seconds) and see whether it still grows.",
    references=(_REMOVED, "Linux TcpExt PAWSPassive, up to 4.11"),
)
def recycle_drops_seen(host: View, limits: Thresholds) -> Iterator[Finding]:
    growth = host.growth("TcpExt", "PAWSPassive")
    yield judge(
        growth.amount > limits.counter_growth,
        "PAWSPassive",
        str(growth),
        "no growth",
        since_boot=growth.since_boot,
        evidence={"tcp_tw_recycle": host.shown(TW_RECYCLE), "tcp_timestamps": host.shown(TIMESTAMPS)},
    )
