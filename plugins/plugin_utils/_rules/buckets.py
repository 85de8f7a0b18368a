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
from ._view_keys import EHASH_ENTRIES, MAX_TW_BUCKETS

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ._base import Thresholds
    from ._view import View

# Linux 2.6 on a host with much memory.
_OLD_DEFAULT = 180000
_KERNEL_DEFAULT = "Linux: half of the hash of established connections, at most 262144"


@rule(
    "buckets-disabled",
    title="TIME_WAIT is disabled by tcp_max_tw_buckets",
    severities=everywhere("critical"),
    claims=("D14",),
    rationale=(
        "The kernel accepts 0 and negative numbers without an error. With 0, no connection gets a TIME_WAIT: late segments of a "
        "closed connection can land in a new one, and a peer that closes later gets a RST instead of a normal close. -1 means "
        "unlimited on some kernels, and always full on others."
    ),
    measured=(
        "Linux 6.18: with 0, no TIME_WAIT and no FIN_WAIT2 is kept, and the peer's later FIN is answered with a RST. -1 is "
        "unlimited on 6.1 and 6.18; on 5.10 it always overflows."
    ),
    remedy=(
        "Delete the setting, so that the kernel's default applies, which grows with RAM. Or set 262144 (each socket in use "
        "takes 256 bytes)."
    ),
    waiver_advice="Do not waive it. It only saves memory, and a host with that much load has enough.",
    references=("RFC 9293, 3.6.1 (MUST-13)", "RFC 1122, 4.2.2.13", _KERNEL_DEFAULT),
)
def buckets_disabled(host: View, limits: Thresholds) -> Iterator[Finding]:
    limit = host.number(MAX_TW_BUCKETS)
    yield judge(limit <= 0, MAX_TW_BUCKETS, f"tcp_max_tw_buckets is {limit}", "the kernel's default, or 262144")


@rule(
    "buckets-too-small",
    title="tcp_max_tw_buckets was set too small",
    severities=everywhere("high"),
    claims=("D13", "D14"),
    rationale=(
        "The limit protects the host's memory. It is not a way to have fewer TIME_WAIT sockets. Above the limit the kernel "
        "destroys them. Then nothing protects new connections from late segments, and a repeated FIN gets no answer. The kernel "
        "has logged nothing about this since 2.6.38, so nobody notices. The values 180000 and 5000 are copied from guide to guide, "
        "and some cloud images ship 5000. For a line that a later one overrides see boot-shadowed."
    ),
    measured=(
        "Linux 6.18 with a limit of 5: 15 of 20 closed connections lost their TIME_WAIT, TCPTimeWaitOverflow counted 15, and "
        "dmesg had no line. Lowering the limit removes no socket that is already there. A TIME_WAIT socket takes 256 bytes, so "
        "262144 of them take 64 MB."
    ),
    remedy="Delete the line, so that the kernel's default applies, which grows with RAM. Or raise it to 262144 if the RAM allows.",
    waiver_advice="Accept it on a device with very little memory and few connections, while TCPTimeWaitOverflow stays at zero.",
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
            yield _small(limit, wanted, limits, f"tcp_max_tw_buckets is {limit}; {lowered_from}")
            return
    yield no_failure(host, MAX_TW_BUCKETS, f"no boot file lowers it; the running value is {host.shown(MAX_TW_BUCKETS)}")


def _affordable(host: View, limits: Thresholds) -> int:
    """The limit to ask for: less than usual where that many TIME_WAIT sockets would take too much of the memory."""
    memory = time_wait_memory(host.snapshot["host"]["memory_bytes"])
    return limits.buckets_small if memory is None else min(limits.buckets_small, memory // TIME_WAIT_BYTES)


def _small(value: int, wanted: int, limits: Thresholds, observed: str, **place: t.Any) -> Finding:
    return Finding(
        "fail",
        MAX_TW_BUCKETS,
        observed,
        f"at least {wanted}, or no setting at all",
        severity="high" if value <= limits.buckets_very_small else "medium",
        **place,
    )


def _lowered_live_limit(host: View) -> str | None:
    """How it is known that the running limit has been lowered, for people; None where it is not known.

    tcp_ehash_entries (Linux 6.1) is the size of the hash that the kernel takes half of, negative where the table is shared. That size
    is a power of two in every kernel, so half of it is one, too; very old kernels chose 180000.
    """
    try:
        limit = host.number(MAX_TW_BUCKETS)
    except (CannotApplyError, MissingFactError):
        return None
    if limit <= 0 or limit == _OLD_DEFAULT:
        return None
    if limit & (limit - 1):
        return "no kernel chooses that by itself (it is not a power of two), so somebody has set it"
    try:
        own = min(abs(host.number(EHASH_ENTRIES)) // 2, GENEROUS_BUCKETS)
    except (CannotApplyError, MissingFactError):
        return None
    return f"this kernel's default would be {own}" if limit < own else None


@rule(
    "buckets-nearly-full",
    title="TIME_WAIT sockets are close to tcp_max_tw_buckets",
    severities=everywhere("high"),
    claims=("D13", "D20"),
    rationale=(
        "At the limit the kernel destroys TIME_WAIT sockets. On a server this is about memory and safety, not about ports: "
        "accepting a connection needs no local port, and a newer SYN re-opens a TIME_WAIT."
    ),
    measured="Linux 6.18: 256 bytes each, so 131072 TIME_WAIT sockets take 32 MB.",
    remedy=(
        "Raise net.ipv4.tcp_max_tw_buckets to 262144 or more (256 bytes each). Then let the other side close first, or keep "
        "connections open."
    ),
    waiver_advice="Accept it only for a short peak that you know, and watch TCPTimeWaitOverflow.",
    references=(_KERNEL_DEFAULT,),
)
def buckets_nearly_full(host: View, limits: Thresholds) -> Iterator[Finding]:
    limit = host.number(MAX_TW_BUCKETS)
    if limit <= 0:
        raise CannotApplyError(f"tcp_max_tw_buckets is {limit}; see buckets-disabled")
    used = host.bucket_use()
    percent = 100.0 * used / limit
    yield judge(
        percent >= limits.buckets_nearly_full_percent,
        MAX_TW_BUCKETS,
        f"{used} of {limit} are used by TIME_WAIT and orphaned FIN_WAIT2 sockets ({percent:.1f} %)",
        f"under {limits.buckets_nearly_full_percent} %",
        evidence={"used": used, "tcp_max_tw_buckets": limit, "memory_bytes": used * TIME_WAIT_BYTES},
    )


@rule(
    "buckets-overflow",
    title="TIME_WAIT sockets are being destroyed",
    severities=everywhere("high"),
    claims=("D13",),
    rationale=(
        "TCPTimeWaitOverflow counts connections that got no TIME_WAIT because the limit was reached. After each of them, a late "
        "segment can land in a new connection, or a peer can wait for an answer that never comes. The log line in the documents "
        "no longer exists; this counter is the only sign."
    ),
    measured="Linux 6.18 with a limit of 5 and 20 closed connections: TCPTimeWaitOverflow +15, no log line.",
    remedy="Raise net.ipv4.tcp_max_tw_buckets, or delete the line that lowers it. Then reduce how many connections this host closes first.",
    waiver_advice="If the count may be old, first take two samples (sample_seconds) to see whether it still grows.",
    references=("Linux 67631510a318 (TCPTimeWaitOverflow)",),
)
def buckets_overflow(host: View, limits: Thresholds) -> Iterator[Finding]:
    full = host.logged("buckets_overflow")
    if full:
        yield Finding("fail", "kernel log", f"{full} x 'TCP: time wait bucket table overflow'", "no such line", since_boot=True)
        if not host.counter("TcpExt", "TCPTimeWaitOverflow"):
            return
    growth = host.growth("TcpExt", "TCPTimeWaitOverflow")
    yield judge(
        growth.amount > limits.counter_growth,
        "TCPTimeWaitOverflow",
        str(growth),
        "no growth",
        since_boot=growth.since_boot,
        long_ago=growth.long_ago,
        evidence={"tcp_max_tw_buckets": host.shown(MAX_TW_BUCKETS)},
    )
