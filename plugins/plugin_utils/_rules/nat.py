# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What breaks connections that come through a NAT, besides timestamps."""

from __future__ import annotations

import typing as t

from ._base import Finding, judge, rule
from ._view import CONNTRACK_TIME_WAIT, RFC1337

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ._base import Thresholds
    from ._view import View


@rule(
    "rfc1337-on",
    title="tcp_rfc1337 keeps colliding connections from healing",
    severities={"fullnat_lb": "medium", "backend": "medium"},
    claims=("D7",),
    rationale=(
        "When a SYN meets a TIME_WAIT socket, this host answers with an ACK and a healthy client sends a RST that "
        "removes the TIME_WAIT, so that its repeated SYN succeeds. With tcp_rfc1337 = 1 that RST is ignored and the"
        " client fails. The kernel's documentation describes the key the wrong way round, and hardening guides copy"
        " it."
    ),
    measured=("Linux 6.18 behind a NAT that reused tuples: 16 of 16 connected with 0; with 1 only 7 of 16 did within 6 seconds."),
    remedy="Set net.ipv4.tcp_rfc1337 = 0 and remove the line from the boot files.",
    waiver_advice="Accept it on hosts that no client reaches through a NAT, where a benchmark demands the value.",
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
        "The far end keeps its TIME_WAIT for 60 seconds. A NAT that forgets the connection sooner may give the same"
        " tuple to another client while the server still remembers the old one: then the SYN is judged by a "
        "stranger's timestamps and sequence numbers."
    ),
    measured=(
        "Linux 6.18 gateway with a timeout of 1 s: 80 tuples reused after 2.5 s; 38 of them were first refused by "
        "the server's TIME_WAIT. The kernel's own timeout is 120 s."
    ),
    remedy=(
        "Set net.netfilter.nf_conntrack_tcp_timeout_time_wait to 60 or more (the kernel's own value is 120), and "
        "give the NAT more addresses."
    ),
    waiver_advice="Accept it on a host that tracks connections but translates no addresses.",
    references=("RFC 5382, REQ-5", "RFC 7857, 2.2"),
)
def conntrack_forgets_early(host: View, limits: Thresholds) -> Iterator[Finding]:
    seconds = host.number(CONNTRACK_TIME_WAIT)
    yield judge(
        seconds < limits.conntrack_time_wait_seconds,
        CONNTRACK_TIME_WAIT,
        f"nf_conntrack_tcp_timeout_time_wait is {seconds}",
        f"at least {limits.conntrack_time_wait_seconds}",
    )
