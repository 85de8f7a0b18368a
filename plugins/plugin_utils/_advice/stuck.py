# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Cures where a program or a peer does not do its part: the sockets stay whatever the sysctls say."""

from __future__ import annotations

import typing as t

from ._base import Assessment, cure

if t.TYPE_CHECKING:
    from .._results import Result
    from ._base import Case

_PRESSURE = "ports-pressure"


def _of_the_ports(case: Case, rule: str, state: str) -> Result:
    """The failure that the cure ends: that of the rule, or of the ports where the state holds them."""
    return case.gravest(rule, _PRESSURE) if case.held_by(state) else case.gravest(rule)


@cure(
    "bind-no-port",
    needs=("ports-bound-first",),
    title="Let connect() choose the port: IP_BIND_ADDRESS_NO_PORT",
    cost="One socket option in the program (Linux 4.2).",
    risk="None: the source address stays, and the port is chosen when the destination is known.",
    claims=("D1", "D16", "D18"),
    how=(
        "setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1) before bind(); in Python socket.setsockopt(socket.IPPROTO_IP, 24, 1)",
        "nginx: `proxy_bind` does it by itself since 1.11.2; haproxy: `source` does it by itself since 1.6",
        "or do not bind where the route gives the right source address",
    ),
)
def bind_no_port(case: Case, failure: Result) -> Assessment:
    return case.helps(failure, failure["observed"], bound_first=False)


@cure(
    "close-leak",
    needs=("close-wait-leak",),
    title="Let the program close connections that the peer has closed",
    cost="A correction in the program.",
    risk="None.",
    claims=("D1", "D2"),
    how=(
        "find the program: ss -tnp state close-wait",
        "close the socket when read() returns 0, and take it out of the pool",
        "restart the program: that frees its sockets at once, until it has leaked again",
    ),
)
def close_leak(case: Case, failure: Result) -> Assessment:
    return case.helps(_of_the_ports(case, "close-wait-leak", "close_wait"), f"{failure['subject']}: {failure['observed']}")


@cure(
    "fin-wait2",
    needs=("fin-wait2-orphans",),
    title="Let the peer close, and wait less long for it",
    cost="A correction in the peer's program; one sysctl on this host until then.",
    risk="With a low tcp_fin_timeout peers that are slow to close get a reset for what they still send.",
    claims=("D2",),
    how=(
        "on the peer: find the program with ss -tnp state close-wait; it must close when read() returns 0",
        (
            "on this host: net.ipv4.tcp_fin_timeout = 10 (role linux_tcp.hardening.client_host with "
            "client_host_settings: {net.ipv4.tcp_fin_timeout: 10})"
        ),
    ),
)
def fin_wait2(case: Case, failure: Result) -> Assessment:
    return case.helps(_of_the_ports(case, "fin-wait2-orphans", "fin_wait2"), f"{failure['subject']}: {failure['observed']}")


@cure(
    "dead-peer",
    needs=("peer-unreachable",),
    title="Give up a destination that does not answer sooner",
    cost="A connect timeout and a health check in the program.",
    risk="A timeout shorter than the slowest handshake gives up destinations that work.",
    claims=("D1",),
    how=(
        "see whether the destination answers: ss -tno state syn-sent, and tcp_probe",
        "set a connect timeout of a few seconds in the program; haproxy: `timeout connect 5s`; nginx: `proxy_connect_timeout 5s;`",
        "take a destination out of service while it does not answer (health checks)",
    ),
)
def dead_peer(case: Case, failure: Result) -> Assessment:
    return case.helps(_of_the_ports(case, "peer-unreachable", "syn_sent"), f"{failure['subject']}: {failure['observed']}")


@cure(
    "accept-faster",
    needs=("accept-queue-overflow",),
    title="Accept connections faster, and let more of them wait",
    cost="Memory for the connections that wait; more workers.",
    risk="A long queue in front of a program that stays too slow makes clients wait instead of failing.",
    claims=(),
    how=(
        "find the listener: ss -ltn shows Recv-Q above Send-Q",
        "give the program a larger backlog; nginx: `listen 80 backlog=4096;`, apache: `ListenBacklog 4096`",
        "haproxy takes its `maxconn` as backlog; if that is lower than 4096: `backlog 4096` in the frontend",
        "raise net.core.somaxconn to at least that, then restart the program: it reads the limit when it calls listen()",
        "add workers, or take slow work out of the loop that calls accept()",
    ),
)
def accept_faster(case: Case, failure: Result) -> Assessment:
    return case.helps(failure, f"{failure['subject']}: {failure['observed']}")
