# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What breaks connections that come through a NAT, besides timestamps."""

from __future__ import annotations

import typing as t

from ._base import Finding, judge, rule
from ._view_keys import CONNTRACK_TIME_WAIT, RFC1337

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ._base import Thresholds
    from ._view import View


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
        "first one's timestamps and sequence numbers."
    ),
    measured=(
        "Linux 6.18 gateway with a timeout of 1 s: 80 address and port pairs used again after 2.5 s. The server's TIME_WAIT "
        "first refused 38 of them. The kernel's default timeout is 120 s."
    ),
    remedy=(
        "Set net.netfilter.nf_conntrack_tcp_timeout_time_wait to 60 or more (the kernel's default is 120), and give the NAT more addresses."
    ),
    waiver_advice="Accept it on a host that tracks connections but does no NAT.",
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
