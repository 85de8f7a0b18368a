# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.


"""Cures that are recommended all over and are wrong everywhere; the reason has this host's figures."""

from __future__ import annotations

import typing as t

from .._rules._view_keys import FIN_TIMEOUT, MAX_TW_BUCKETS, TW_RECYCLE
from ._base import Assessment, cure, wrong_cure

if t.TYPE_CHECKING:
    from .._results import Result
    from ._base import Case


@wrong_cure(
    "recycle",
    title="Turn tcp_tw_recycle on",
    cost="Clients behind one NAT address cannot connect.",
    risk="SYNs are dropped without an answer: clients behind NAT see connect timeouts.",
    claims=("D6", "D12", "D15"),
    how=("leave it off, and delete every boot-file line that sets it",),
)
def recycle(case: Case) -> str:
    if case.host.has(TW_RECYCLE) is False:
        return "this kernel has no tcp_tw_recycle (removed in 4.12); where it exists, it drops SYNs from behind NAT"
    dropped = case.host.counter("TcpExt", "PAWSPassive")
    seen = "" if dropped is None else f"; PAWSPassive has counted {dropped} dropped SYNs on this host"
    return f"tcp_tw_recycle is {case.host.shown(TW_RECYCLE)}; when it is on, SYNs from behind NAT with an older timestamp are dropped{seen}"


@wrong_cure(
    "tiny-buckets",
    title="Set a small tcp_max_tw_buckets",
    cost="The protection that TIME_WAIT gives is gone at once.",
    risk="Late segments can land in new connections, and peers that close later get a RST.",
    claims=("D13", "D14"),
    how=("leave net.ipv4.tcp_max_tw_buckets at the kernel's default, or raise it",),
)
def tiny_buckets(case: Case) -> str:
    return (
        f"tcp_max_tw_buckets is {case.host.shown(MAX_TW_BUCKETS)}; a low limit destroys TIME_WAIT sockets without a log line: "
        "15 of 20 with a limit of 5 (measured on 6.18)"
    )


def _fin_timeout_is_wrong(case: Case) -> str:
    if case.failed("fin-wait2-orphans"):
        return ""
    return (
        f"tcp_fin_timeout (here {case.host.shown(FIN_TIMEOUT)}) does not change TIME_WAIT, which always lasts 60 s; "
        "it limits orphaned sockets in FIN_WAIT2"
    )


@cure(
    "fin-timeout",
    needs=("fin-wait2-orphans",),
    wrong=_fin_timeout_is_wrong,
    title="Lower tcp_fin_timeout",
    cost="Peers that are slow to close are cut off.",
    risk="Against TIME_WAIT it does nothing: the problem stays, but it looks solved.",
    claims=("D2",),
    how=("net.ipv4.tcp_fin_timeout = 10 where orphaned FIN_WAIT2 sockets hold the ports; else leave it at 60",),
)
def fin_timeout(case: Case, failure: Result) -> Assessment:
    return case.helps(failure, f"{failure['observed']}; tcp_fin_timeout is {case.host.shown(FIN_TIMEOUT)}", last=True)
