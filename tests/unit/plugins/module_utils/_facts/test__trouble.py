# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._trouble import in_trouble
from support.snapshots import listener, sockets, towards

RANGE = (32768, 60999)


@pytest.mark.parametrize(
    ("group", "named"),
    [
        (towards(1412), True),
        (towards(1411), False),
        (towards(20, syn_sent=20), True),
        (towards(20, fin_wait2=20), True),
        (towards(20, close_wait=20), True),
        (towards(20, close_wait=19), False),
    ],
)
def test_a_destination_that_holds_many_ports_or_stuck_sockets(group: t.Any, named: bool) -> None:
    destinations, listening = in_trouble(sockets(ports_in_use=[group]), RANGE, everything=False)
    assert destinations == ({("192.0.2.80", 80)} if named else set())
    assert listening == set()
    assert in_trouble(sockets(ports_in_use=[group]), RANGE, everything=True)[0] == {("192.0.2.80", 80)}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"listeners": [listener(80, queue=129)]}, {80}),
        ({"listeners": [listener(80, queue=128)]}, set()),
        ({"listeners": [listener(80, queue=None, backlog=None)]}, set()),
        ({"accepted": [{"port": 443, "states": {"close_wait": 20}}]}, {443}),
        ({"accepted": [{"port": 443, "states": {"close_wait": 19}}]}, set()),
    ],
)
def test_a_listener_with_a_full_queue_or_connections_that_are_not_closed(changes: t.Any, named: set[int]) -> None:
    assert in_trouble(sockets(**changes), RANGE, everything=False) == (set(), named)
