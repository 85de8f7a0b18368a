# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Cures for what breaks at the accepting end and on the way: TIME_WAIT destroyed, connections that do not heal, closing first."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _capacity
from .._results import PROFILES, SEVERITIES
from ._base import Assessment, cure

if t.TYPE_CHECKING:
    from .._results import Result
    from ._base import Case


@cure(
    "raise-buckets",
    title="Raise tcp_max_tw_buckets to at least the kernel's default",
    cost="256 bytes of kernel memory for each TIME_WAIT socket in use: 64 MB for 262144 of them.",
    risk="None but that memory.",
    claims=("D13", "D14", "D20"),
)
def raise_buckets(case: Case) -> Assessment:
    rules = ("buckets-disabled", "buckets-too-small", "buckets-nearly-full", "buckets-overflow")
    trouble = case.failed(*rules)
    limit, time_wait = case.bucket_limit, case.time_wait
    if trouble is None:
        return case.nothing("buckets-nearly-full")
    overflow = case.failed("buckets-overflow")
    seen = f"tcp_max_tw_buckets is {'not known' if limit is None else limit}, {time_wait} TIME_WAIT sockets"
    if overflow is not None:
        seen += f", {overflow['observed']}"
    if trouble is overflow and "one sample only" in overflow["evidence"] and limit is not None and limit >= case.limits.buckets_small:
        return Assessment(f"{seen}: the number may be old; take two samples (sample_seconds) before raising anything")
    role = case.profile if case.profile in PROFILES else "PROFILE"
    full = case.failed("buckets-nearly-full", "buckets-overflow") is not None
    wanted = max(_capacity.GENEROUS_BUCKETS, 2 * limit if limit and full else 0)
    how = [f"role linux_tcp.hardening.{role} with {role}_settings: {{net.ipv4.tcp_max_tw_buckets: {{at_least: {wanted}}}}}"]
    line = case.failed("buckets-too-small")
    if line and line["path"]:
        how.insert(0, f"delete the line that lowers it: {line['path']}:{line['line']}")
    whole = case.whole_load and dataclasses.replace(case.whole_load, memory_bytes=None, reuse_delay=None)
    made = case.helps(trouble, seen, of=whole, bucket_limit=wanted)
    return made._replace(how=tuple(how))


@cure(
    "rfc1337-off",
    title="Turn tcp_rfc1337 off, so that colliding connections heal",
    cost="One sysctl on this host.",
    risk="A RST may end a TIME_WAIT early, as it does on every untuned host.",
    claims=("D7",),
    how=(
        "role linux_tcp.hardening.backend or fullnat_lb (sets net.ipv4.tcp_rfc1337: 0)",
        "delete the boot-file line that sets it",
    ),
)
def rfc1337_off(case: Case) -> Assessment:
    trouble = case.failed("rfc1337-on")
    if trouble is None:
        return case.nothing("rfc1337-on")
    seen = case.failed("syn-rejected-in-time-wait")
    collisions = f"; SYNs run into TIME_WAIT: {seen['observed']}" if seen else ""
    return case.helps(_worse(trouble, seen), trouble["observed"] + collisions)


@cure(
    "conntrack-timeout",
    title="Let connection tracking remember TIME_WAIT for 60 seconds or more",
    cost="Entries stay in the connection tracking table for longer.",
    risk="None where the table has room: compare nf_conntrack_count with nf_conntrack_max.",
    claims=("D7",),
    how=("on the NAT: role linux_tcp.hardening.fullnat_lb or backend (net.netfilter.nf_conntrack_tcp_timeout_time_wait: at least 60)",),
)
def conntrack_timeout(case: Case) -> Assessment:
    trouble, seen = case.failed("conntrack-forgets-early"), case.failed("syn-rejected-in-time-wait")
    if trouble is not None:
        return case.helps(trouble, trouble["observed"])
    if seen is not None:
        return case.helps(seen, f"{seen['observed']}: some NAT on the way gives tuples out again within 60 s")
    return case.nothing("conntrack-forgets-early")


@cure(
    "let-client-close",
    title="Let the clients close first",
    cost="Idle connections stay open on this server for as long as keep-alive lasts.",
    risk="Clients that run out of ports need this side to close first: then leave it as it is.",
    claims=("D2", "D11", "D19", "D20"),
    how=(
        "nginx: `keepalive_timeout 75s;` (longer than the clients keep idle connections), and a high `keepalive_requests`",
        "haproxy: no `option httpclose` in the frontend, and a `timeout http-keep-alive` longer than the clients'",
    ),
)
def let_client_close(case: Case) -> Assessment:
    trouble = case.failed("closes-first-as-server")
    if trouble is None:
        return case.nothing("closes-first-as-server")
    memory = trouble["evidence"].get("memory_bytes")
    return case.helps(trouble, f"{trouble['observed']}, {memory} bytes; they take no port and keep nobody from connecting")


def _worse(one: Result, other: Result | None) -> Result:
    return min((one, other or one), key=lambda result: SEVERITIES.index(result["severity"]))
