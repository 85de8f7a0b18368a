# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.


"""Cures for what breaks at the accepting end and on the way: TIME_WAIT destroyed, connections that do not recover, closing first."""

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
    needs=("buckets-nearly-full", "buckets-disabled", "buckets-too-small", "buckets-overflow"),
    title="Raise tcp_max_tw_buckets to the kernel's highest default or more",
    cost="256 bytes of kernel memory for each TIME_WAIT socket in use: 64 MB for 262144 of them.",
    risk="None, apart from that memory.",
    claims=("D13", "D14", "D20"),
)
def raise_buckets(case: Case, failure: Result) -> Assessment:
    limit = case.bucket_limit
    overflow = case.failed("buckets-overflow")
    sockets = "TIME_WAIT sockets were not counted" if case.time_wait is None else f"{case.time_wait} TIME_WAIT sockets"
    seen = f"tcp_max_tw_buckets is {'not known' if limit is None else limit}, {sockets}"
    if overflow is not None:
        seen += f", {overflow['observed']}"
    if failure is overflow and "one sample only" in overflow["evidence"] and limit is not None and limit >= case.limits.buckets_small:
        return Assessment(f"{seen}: these may be old. Before you raise anything, take two samples (sample_seconds)")
    # Under "any" the role of the host is not known; of the three, backend changes least.
    role = case.profile if case.profile in PROFILES else "backend"
    full = case.failed("buckets-nearly-full", "buckets-overflow") is not None
    wanted = max(_capacity.GENEROUS_BUCKETS, 2 * limit if limit and full else 0)
    how = [f"role linux_tcp.hardening.{role} with {role}_settings: {{net.ipv4.tcp_max_tw_buckets: {{at_least: {wanted}}}}}"]
    line = case.failed("buckets-too-small")
    if line and line["path"]:
        how.insert(0, f"delete the line that lowers it: {line['path']}:{line['line']}")
    whole = case.whole_load and dataclasses.replace(case.whole_load, memory_bytes=None, reuse_delay=None)
    return case.helps(failure, seen, of=whole, bucket_limit=wanted)._replace(how=tuple(how))


@cure(
    "rfc1337-off",
    needs=("rfc1337-on",),
    title="Turn tcp_rfc1337 off, so that a connection that meets an old TIME_WAIT recovers",
    cost="One sysctl on this host.",
    risk="A RST may end a TIME_WAIT early, as it does on every untuned host.",
    claims=("D7",),
    how=(
        "role linux_tcp.hardening.backend or fullnat_lb (sets net.ipv4.tcp_rfc1337: 0)",
        "delete the boot-file line that sets it",
    ),
)
def rfc1337_off(case: Case, failure: Result) -> Assessment:
    seen = case.failed("syn-rejected-in-time-wait")
    collisions = f"; new SYNs meet TIME_WAIT sockets: {seen['observed']}" if seen else ""
    return case.helps(_worse(failure, seen), failure["observed"] + collisions)


@cure(
    "conntrack-timeout",
    needs=("conntrack-forgets-early", "syn-rejected-in-time-wait"),
    title="Let connection tracking remember TIME_WAIT for 60 seconds or more",
    cost="Entries stay in the connection tracking table for longer.",
    risk="None while the table has room: compare nf_conntrack_count with nf_conntrack_max.",
    claims=("D7",),
    how=("on the NAT: role linux_tcp.hardening.fullnat_lb or backend (net.netfilter.nf_conntrack_tcp_timeout_time_wait: at least 60)",),
)
def conntrack_timeout(case: Case, failure: Result) -> Assessment:
    observed = failure["observed"]
    if case.failed("conntrack-nearly-full"):
        return case.helps(failure, f"{observed}. The table is nearly full, and longer entries fill it: first raise-conntrack", last=True)
    if failure["id"] == "syn-rejected-in-time-wait":
        observed += ": a NAT on the way uses the same address and port again within 60 s"
    return case.helps(failure, observed)


@cure(
    "let-client-close",
    needs=("closes-first-as-server",),
    title="Let the clients close first",
    cost="Idle connections stay open on this server until the keep-alive timeout.",
    risk="Clients that run out of ports need this side to close first. If yours do, change nothing here.",
    claims=("D2", "D11", "D19", "D20"),
    how=(
        "nginx: a `keepalive_timeout` longer than the clients keep idle connections (75 s is its default), and a high `keepalive_requests`",
        "haproxy: no `option httpclose` in the frontend; `timeout http-keep-alive` and `timeout client` longer than the clients'",
        "apache: `KeepAlive On`, and a `KeepAliveTimeout` longer than the clients'",
        (
            "behind an nginx proxy: cure it at the proxy, with `keepalive 64;` in the upstream block, `proxy_http_version 1.1;` and "
            '`proxy_set_header Connection "";`'
        ),
        "a request that asks for closing (`Connection: close`, HTTP/1.0) makes the server close first, whatever is set",
    ),
)
def let_client_close(case: Case, failure: Result) -> Assessment:
    memory = failure["evidence"].get("memory_bytes")
    return case.helps(
        failure, f"{failure['observed']}, {memory} bytes. They take no ephemeral port and do not stop clients from connecting"
    )


def _worse(one: Result, other: Result | None) -> Result:
    return min((one, other or one), key=lambda result: SEVERITIES.index(result["severity"]))
