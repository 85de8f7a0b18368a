# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Cures that are recommended all over and are wrong everywhere; the reason has this host's figures."""

from __future__ import annotations

import typing as t

from .._rules._view import FIN_TIMEOUT, MAX_TW_BUCKETS, TW_RECYCLE
from ._base import Assessment, cure

if t.TYPE_CHECKING:
    from ._base import Case


@cure(
    "recycle",
    title="tcp_tw_recycle",
    cost="Connections of everybody behind one NAT address.",
    risk="SYNs are dropped without an answer: clients behind NAT see connect timeouts.",
    claims=("D6", "D12", "D15"),
    how=("leave it off, and delete every boot-file line that sets it",),
)
def recycle(case: Case) -> Assessment:
    if case.host.has(TW_RECYCLE) is False:
        return Assessment("this kernel has no tcp_tw_recycle (gone since 4.12); where it exists it drops SYNs from behind NAT", wrong=True)
    dropped = case.host.counter("TcpExt", "PAWSPassive")
    seen = "" if dropped is None else f"; PAWSPassive has counted {dropped} dropped SYNs here"
    return Assessment(
        f"tcp_tw_recycle is {case.host.shown(TW_RECYCLE)}; with it every SYN from behind a NAT with an older timestamp is dropped{seen}",
        wrong=True,
    )


@cure(
    "tiny-buckets",
    title="A small tcp_max_tw_buckets",
    cost="The protection that TIME_WAIT gives, at once.",
    risk="Late segments land in new connections, and peers that close later get a RST.",
    claims=("D13", "D14"),
    how=("leave net.ipv4.tcp_max_tw_buckets at the kernel's own value, or raise it",),
)
def tiny_buckets(case: Case) -> Assessment:
    return Assessment(
        f"tcp_max_tw_buckets is {case.host.shown(MAX_TW_BUCKETS)}; a low one destroys TIME_WAIT sockets unseen: "
        "with a limit of 5, 15 of 20 (measured on 6.18)",
        wrong=True,
    )


@cure(
    "fin-timeout",
    title="A low tcp_fin_timeout",
    cost="Peers that are slow to close are cut off.",
    risk="It looks as if something had been done.",
    claims=("D2",),
    how=("leave net.ipv4.tcp_fin_timeout at 60",),
)
def fin_timeout(case: Case) -> Assessment:
    return Assessment(
        f"TIME_WAIT lasts 60 s whatever tcp_fin_timeout is (here {case.host.shown(FIN_TIMEOUT)}): it is about orphans in FIN_WAIT2",
        wrong=True,
    )
