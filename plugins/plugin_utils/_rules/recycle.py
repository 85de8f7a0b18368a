# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""tcp_tw_recycle: gone since Linux 4.12, still in boot files everywhere, and harmful wherever it still works."""

from __future__ import annotations

import typing as t

from ._base import Finding, everywhere, judge, rule
from ._boot import no_failure, number_set
from ._view_keys import TIMESTAMPS, TW_RECYCLE

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
        "With tcp_tw_recycle and timestamps both on, the kernel remembers one timestamp for each remote address for 60 seconds. "
        "It drops every SYN from that address with an older timestamp. Behind a NAT gateway or a FullNAT balancer many hosts "
        "share one address, and each has its own clock. So some of them cannot connect: no error, no log line, only timeouts."
    ),
    measured=(
        "Linux 4.4.155 and 4.9.154: a SYN with a timestamp 50,000 ticks older was dropped without an answer, and PAWSPassive "
        "counted it. A SYN without a timestamp was dropped as well. Without recycling both were answered."
    ),
    remedy=(
        "Set net.ipv4.tcp_tw_recycle = 0 now, and delete it from every boot file. You lose nothing: for outgoing connections "
        "there is tcp_tw_reuse."
    ),
    waiver_advice=(
        "It is not safe for any load on a host that strangers can reach. Accept it only where every peer is one fixed machine "
        "with its own address."
    ),
    references=(_REMOVED, "RFC 7323, appendix B.2"),
)
def recycle_on(host: View, limits: Thresholds) -> Iterator[Finding]:
    recycle, timestamps = host.running(TW_RECYCLE), host.number(TIMESTAMPS)
    yield judge(
        recycle != 0 and timestamps != 0,
        TW_RECYCLE,
        f"tcp_tw_recycle is {recycle}, tcp_timestamps is {timestamps}",
        "tcp_tw_recycle 0",
        evidence={"PAWSPassive since boot": host.counter("TcpExt", "PAWSPassive")},
    )


@rule(
    "recycle-dormant",
    title="tcp_tw_recycle is on and will drop clients once timestamps are on",
    severities=everywhere("high"),
    claims=("D3", "D6"),
    rationale=(
        "tcp_tw_recycle does nothing while timestamps are off. One day somebody turns timestamps on, for tcp_tw_reuse or to "
        "measure round-trip times better. From then on, clients behind NAT time out. Nobody looks for the cause in a line that "
        "was always there."
    ),
    measured="Linux 4.4.155 and 4.9.154: with timestamps off, the same old SYN was answered.",
    remedy="Set net.ipv4.tcp_tw_recycle = 0, and delete it from every boot file. Do this before you touch timestamps.",
    waiver_advice="Accept it only if something keeps timestamps off for as long as the line exists.",
    references=(_REMOVED,),
)
def recycle_dormant(host: View, limits: Thresholds) -> Iterator[Finding]:
    recycle, timestamps = host.running(TW_RECYCLE), host.number(TIMESTAMPS)
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
        "Where the kernel still has the key, clients behind NAT are dropped after the next boot. Where it does not, the line "
        "does nothing, but it is not harmless: `sysctl -p` ends with an error because of it. That breaks provisioning "
        "scripts and hides real errors. And the file may be copied to hosts where the line works."
    ),
    measured=(
        "procps 4.0.2 on Linux 6.18: with a key that does not exist, `sysctl -p` exits with 1 (older ones with 255). The other lines are "
        "still applied."
    ),
    remedy=(
        "Delete the line. If outgoing connections run out of ports, use tcp_tw_reuse. Nothing replaces tcp_tw_recycle for incoming ones."
    ),
    waiver_advice="Accept it only for a file that another tool writes and that never gets to a host with a kernel before 4.12.",
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
    title="tcp_tw_recycle is dropping SYNs",
    severities=everywhere("critical"),
    claims=("D6", "D12"),
    rationale=(
        "PAWSPassive counts SYNs that were dropped because their address had shown a newer timestamp within 60 seconds. Each "
        "count is a client that saw a connect timeout."
    ),
    measured=(
        "Linux 4.9.154 with tcp_tw_recycle on: each SYN dropped from one address added one to PAWSPassive. Kernels without "
        "tcp_tw_recycle (4.12 and newer) do not have the counter."
    ),
    remedy="Set net.ipv4.tcp_tw_recycle = 0: the drops stop at once. Then delete the line from the boot files.",
    waiver_advice="Do not waive it. If the count may be old, take two samples (sample_seconds) to see whether it still grows.",
    references=(_REMOVED, "Linux TcpExt PAWSPassive, up to 4.11"),
)
def recycle_drops_seen(host: View, limits: Thresholds) -> Iterator[Finding]:
    growth = host.growth("TcpExt", "PAWSPassive")
    # What was counted since boot while the key is 0 now is over.
    over = growth.since_boot and host.shown(TW_RECYCLE) == "0"
    yield judge(
        growth.amount > limits.counter_growth,
        "PAWSPassive",
        str(growth),
        "no growth",
        since_boot=growth.since_boot,
        long_ago=growth.long_ago or over,
        evidence={"tcp_tw_recycle": host.shown(TW_RECYCLE), "tcp_timestamps": host.shown(TIMESTAMPS)},
    )
