# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""tcp_max_tw_buckets: how many TIME_WAIT sockets the host keeps."""

from __future__ import annotations

import typing as t

from .._capacity import GENEROUS_BUCKETS, TIME_WAIT_BYTES, time_wait_memory
from ._base import CannotApplyError, Finding, MissingFactError, everywhere, judge, rule
from ._boot import no_failure, number_set
from ._view import EHASH_ENTRIES, MAX_TW_BUCKETS

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ._base import Thresholds
    from ._view import View

_KERNEL_DEFAULT = "Linux: half of the established hash, at most 262144"


@rule(
    "buckets-disabled",
    title="TIME_WAIT is disabled by tcp_max_tw_buckets",
    severities=everywhere("critical"),
    claims=("D14",),
    rationale=(
        "The kernel takes 0 and negative numbers without complaint. 0 means that no connection ever gets a "
        "TIME_WAIT: late segments of a dead connection can land in a new one, and a peer that closes later gets a "
        "RST instead of a clean end. -1 means unlimited on some kernels and always full on others."
    ),
    measured=(
        "Linux 6.18: with 0 no TIME_WAIT and no FIN_WAIT2 is kept, and the peer's later FIN is answered by a RST. "
        "-1 is unlimited on 6.1 and 6.18 and overflows always on 5.10."
    ),
    remedy=("Remove the setting, so that the kernel's own RAM-scaled limit applies, or set 262144 (256 bytes each when in use)."),
    waiver_advice="Do not: what this saves is memory that a host under that load has.",
    references=("RFC 9293, 3.6.1 (MUST-13)", "RFC 1122, 4.2.2.13", _KERNEL_DEFAULT),
)
def buckets_disabled(host: View, limits: Thresholds) -> Iterator[Finding]:
    limit = host.number(MAX_TW_BUCKETS)
    yield judge(limit <= 0, MAX_TW_BUCKETS, f"tcp_max_tw_buckets is {limit}", "the kernel's own limit, or 262144")


@rule(
    "buckets-too-small",
    title="tcp_max_tw_buckets was set too small",
    severities=everywhere("high"),
    claims=("D13", "D14"),
    rationale=(
        "The limit is a defence against memory exhaustion, not a way to have fewer TIME_WAIT sockets. Over the "
        "limit the kernel destroys them, and with them the protection against late segments and the answer to a "
        "repeated FIN. It has logged nothing since 3.x, so it goes unnoticed. 180000 and 5000 are copied from "
        "recipe to recipe; some cloud images ship 5000. A line that a later one overrides is for boot-shadowed to tell."
    ),
    measured=(
        "Linux 6.18 with a limit of 5: of 20 closed connections 15 were destroyed, TCPTimeWaitOverflow counted 15, "
        "and dmesg had no line. Lowering the limit removes nothing that is already there. A TIME_WAIT socket takes "
        "256 bytes: 262144 of them 64 MB."
    ),
    remedy=("Remove the line, so that the kernel's own RAM-scaled limit applies, or raise it to 262144 where the RAM allows."),
    waiver_advice=("Accept it on a device with very little memory and few connections, as long as TCPTimeWaitOverflow stays at zero."),
    references=(_KERNEL_DEFAULT, "Linux 67631510a318 (TCPTimeWaitOverflow)"),
)
def buckets_too_small(host: View, limits: Thresholds) -> Iterator[Finding]:
    failed = False
    wanted = _affordable(host, limits)
    for setting in host.last_boot_settings(MAX_TW_BUCKETS):
        value = number_set(setting)
        if value is None or value >= wanted:
            continue
        failed = True
        yield _small(value, wanted, limits, f"tcp_max_tw_buckets = {setting.text}", path=setting.path, line=setting.line)
    if failed:
        return
    lowered_from = _lowered_live_limit(host)
    if lowered_from is not None:
        limit = host.number(MAX_TW_BUCKETS)
        if limit < wanted:
            yield _small(limit, wanted, limits, f"tcp_max_tw_buckets is {limit}; this kernel's own limit would be {lowered_from}")
            return
    yield no_failure(host, MAX_TW_BUCKETS, f"no boot file lowers it; the running value is {host.shown(MAX_TW_BUCKETS)}")


def _affordable(host: View, limits: Thresholds) -> int:
    """The limit to ask for: less than usual where that many TIME_WAIT sockets would take more than 1/64 of the RAM."""
    memory = time_wait_memory(host.snapshot["host"]["memory_bytes"])
    return limits.buckets_small if memory is None else min(limits.buckets_small, memory // TIME_WAIT_BYTES)


def _small(value: int, wanted: int, limits: Thresholds, observed: str, **place: t.Any) -> Finding:
    return Finding(
        "fail",
        MAX_TW_BUCKETS,
        observed,
        f"at least {wanted}, or no line at all",
        severity="high" if value <= limits.buckets_very_small else "medium",
        **place,
    )


def _lowered_live_limit(host: View) -> int | None:
    """The kernel's own limit where the running one is known to have been lowered.

    tcp_ehash_entries (Linux 6.1) is the size of the hash that the kernel takes half of, negative where the table is shared.
    """
    try:
        own = min(abs(host.number(EHASH_ENTRIES)) // 2, GENEROUS_BUCKETS)
        return own if 0 < host.number(MAX_TW_BUCKETS) < own else None
    except (CannotApplyError, MissingFactError):
        return None


@rule(
    "buckets-nearly-full",
    title="TIME_WAIT sockets are close to tcp_max_tw_buckets",
    severities=everywhere("high"),
    claims=("D13", "D20"),
    rationale=(
        "At the limit the kernel destroys TIME_WAIT sockets. On a server that is a matter of memory and of safety, "
        "not of ports: accepting needs no local port, and a newer SYN re-opens a TIME_WAIT."
    ),
    measured="Linux 6.18: 256 bytes each; 131072 TIME_WAIT sockets take 32 MB.",
    remedy=(
        "Raise net.ipv4.tcp_max_tw_buckets (262144 or more, 256 bytes each), then let the other side close first or keep connections open."
    ),
    waiver_advice="Accept it only for a short peak that you know, with TCPTimeWaitOverflow watched.",
    references=(_KERNEL_DEFAULT,),
)
def buckets_nearly_full(host: View, limits: Thresholds) -> Iterator[Finding]:
    limit = host.number(MAX_TW_BUCKETS)
    if limit <= 0:
        raise CannotApplyError(f"tcp_max_tw_buckets is {limit}; see buckets-disabled")
    time_wait = host.time_wait()
    percent = 100.0 * time_wait / limit
    yield judge(
        percent >= limits.buckets_nearly_full_percent,
        MAX_TW_BUCKETS,
        f"{time_wait} TIME_WAIT sockets of {limit} ({percent:.1f} %)",
        f"under {limits.buckets_nearly_full_percent} %",
        evidence={"time_wait": time_wait, "tcp_max_tw_buckets": limit, "memory_bytes": time_wait * TIME_WAIT_BYTES},
    )


@rule(
    "buckets-overflow",
    title="TIME_WAIT sockets are being destroyed",
    severities=everywhere("high"),
    claims=("D13",),
    rationale=(
        "TCPTimeWaitOverflow counts connections that ended without their TIME_WAIT because the limit was reached. "
        "Each of them can have a late segment taken for a new connection's, or a peer left waiting. The documents' "
        "log line no longer exists; this counter is all there is."
    ),
    measured="Linux 6.18 with a limit of 5 and 20 closed connections: TCPTimeWaitOverflow +15, no log line.",
    remedy=(
        "Raise net.ipv4.tcp_max_tw_buckets, or remove the line that lowers it; then reduce how many connections this host closes first."
    ),
    waiver_advice=("If the number is old, take two samples (sample_seconds) and see whether it still grows before accepting it."),
    references=("Linux 67631510a318 (TCPTimeWaitOverflow)",),
)
def buckets_overflow(host: View, limits: Thresholds) -> Iterator[Finding]:
    growth = host.growth("TcpExt", "TCPTimeWaitOverflow")
    yield judge(
        growth.amount > limits.counter_growth,
        "TCPTimeWaitOverflow",
        str(growth),
        "no growth",
        since_boot=growth.since_boot,
        evidence={"tcp_max_tw_buckets": host.shown(MAX_TW_BUCKETS)},
    )
