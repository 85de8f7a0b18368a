# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._programs import (
    binding_programs,
    known_percent,
    name_of,
    programs_towards,
    sentences,
)
from support.snapshots import sockets, towards

WEB = ("192.0.2.80", 80)


def use(sockets: int = 10, lasting: int = 0, **changes: t.Any) -> t.Any:
    return {
        "program": "java",
        "owner": "billing.service",
        "user_id": 1000,
        "processes": 1,
        "destination": WEB[0],
        "port": WEB[1],
        "sockets": sockets,
        "lasting": lasting,
        "opened": 0,
        "states": {},
        "closed_by_peer": 0,
        "bind_parity": 0,
        "idle": lasting,
        "keepalive": 0,
        **changes,
    }


def seen(*uses: t.Any, begun: int = 0, time_wait: int = 0, of_bind: int = 100, **changes: t.Any) -> t.Any:
    programs = {"looks": 5, "seconds": 1.0, "uses": list(uses), "uses_left_out": 0, "sockets": 1, "sockets_without_program": 0}
    group = {**towards(100, time_wait=time_wait), "begun": begun, "bind_parity": of_bind}
    return sockets(programs=programs, ports_in_use=[group], time_wait_outgoing=time_wait, **changes)


@pytest.mark.parametrize(
    ("one", "begun", "text"),
    [
        (use(), 2000, "closes about 400 connections a second before the peer does"),
        (use(), 0, "its connections are short"),
        (use(10, 10, keepalive=10), 0, "keeps 10 connections open"),
        (use(10, 10), 0, "keeps 10 connections open, without SO_KEEPALIVE"),
        (use(10, 10, keepalive=10), 500, "keeps 10 connections open"),
        (use(bind_parity=10), 0, "its connections are short, binds a port before it connects"),
        (use(3, bind_parity=3), 0, "its connections are short"),
        (use(bind_parity=9), 0, "its connections are short"),
        (use(processes=4), 0, "4 processes, its connections are short"),
        (
            use(10, 10, keepalive=1, closed_by_peer=7, states={"close_wait": 7}),
            0,
            "keeps 10 connections open, has not closed 7 that the peer has closed",
        ),
    ],
)
def test_what_a_program_does(one: t.Any, begun: int, text: str) -> None:
    assert programs_towards(seen(one, begun=begun), *WEB) == f"Programs: billing.service (java): {text}"


def test_those_that_closed_first_are_shared_out_by_short_connections() -> None:
    told = programs_towards(seen(use(30), use(10, owner=None, program="curl"), use(50, 50, owner="pool", keepalive=50), begun=400), *WEB)
    assert told == (
        "Programs: billing.service (java): closes about 60 connections a second before the peer does; "
        "curl (user 1000): closes about 20 connections a second before the peer does; pool (java): keeps 50 connections open"
    )


def test_only_some_programs_are_named() -> None:
    told = programs_towards(seen(*(use(owner=f"{number}.service") for number in range(5))), *WEB)
    assert told.endswith("2.service (java): its connections are short; and 2 more programs")


def test_nothing_is_said_where_nobody_looked() -> None:
    assert programs_towards(sockets(), *WEB) == ""
    assert programs_towards(seen(), *WEB) == ""
    assert programs_towards(seen(use(), begun=9), None, 80) == ""
    assert programs_towards(seen(use(port=81)), *WEB) == ""
    assert binding_programs(sockets()) == ""
    assert known_percent(sockets()) is None


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "billing.service (java)"),
        ({"owner": None}, "java (user 1000)"),
        ({"program": None}, "billing.service"),
        ({"program": None, "owner": None}, "a program of user 1000"),
    ],
)
def test_a_program_has_a_name_that_people_know(changes: t.Any, name: str) -> None:
    assert name_of(use(**changes)) == name


def test_the_programs_that_bind_first_are_named_once() -> None:
    binding = [use(bind_parity=10), use(bind_parity=10, port=81), use(owner="other", bind_parity=1), use(destination=None, bind_parity=10)]
    assert binding_programs(seen(*binding)) == "Programs: billing.service (java)"


def test_where_connect_has_used_up_its_half_the_parity_tells_nothing() -> None:
    assert binding_programs(seen(use(bind_parity=10), of_bind=51)) != ""
    assert binding_programs(seen(use(bind_parity=10), of_bind=50)) == ""


def test_a_program_that_was_not_there_in_any_look_is_told() -> None:
    told = programs_towards(seen(begun=9), *WEB)
    assert told == "Programs: not seen in 5 looks within 1 s; for a longer look: tcp_sample_seconds=10"


def test_the_share_of_time_wait_whose_program_is_known() -> None:
    assert known_percent(seen(use(), time_wait=40)) == 100
    assert known_percent(seen(use(program=None, owner=None), time_wait=40)) == 0
    assert known_percent(seen(use(port=81), time_wait=40)) == 0
    assert known_percent(seen(use(), time_wait=0)) is None


def test_parts_that_are_empty_make_no_sentence() -> None:
    assert sentences("a", "", "b") == "a. b"
