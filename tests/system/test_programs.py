# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real programs in a network namespace, each told by its sockets."""

from __future__ import annotations

import contextlib
import re
import socket
import typing as t
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._gather import SUBSETS, gather
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._sockets import count_sockets
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from support import sick
from support.namespaces import own_namespaces, until
from support.programs import program, server
from support.sick import SERVER, failed, seen

if t.TYPE_CHECKING:
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._socket_types import ProgramUse


def _uses() -> dict[str, ProgramUse]:
    snapshot = gather(HostTree(), set(SUBSETS), 4)
    assert snapshot["sockets"] is not None
    programs = snapshot["sockets"]["programs"]
    assert programs is not None
    assert programs["sockets_without_program"] == 0, snapshot["not_seen"]
    return {use["program"] or "": use for use in programs["uses"]}


def _destinations() -> set[int]:
    sockets, _not_seen = count_sockets()
    return {one["destination_port"] for one in (sockets or {"ports_in_use": []})["ports_in_use"] if one["destination_port"] > 8000}


@own_namespaces
def test_three_programs_are_told_apart_by_their_sockets() -> None:
    sick.address(SERVER)
    with contextlib.ExitStack() as running:
        running.enter_context(server(SERVER, 8001, 8002, 8003))
        running.enter_context(program("pooled", "pooled", SERVER, 8001, 20))
        running.enter_context(program("short", "short", SERVER, 8002, 60))
        running.enter_context(program("binding", "binding", SERVER, 8003, 60))
        until(lambda: len(_destinations()) == 3)
        uses = _uses()
    assert set(uses) == {"pooled", "short", "binding"}
    pooled, short, binding = uses["pooled"], uses["short"], uses["binding"]
    assert (pooled["sockets"], pooled["lasting"], pooled["opened"], pooled["keepalive"]) == (20, 20, 0, 20)
    assert (short["lasting"], short["bind_parity"], short["keepalive"]) == (0, 0, 0)
    assert short["opened"] >= 3
    assert binding["bind_parity"] == binding["sockets"] >= 3
    assert {use["processes"] for use in uses.values()} == {1}


@own_namespaces
def test_the_audit_names_the_program_and_speaks_to_it() -> None:
    sick.settings(60, tcp_tw_reuse=0)
    sick.address(SERVER)
    with server(SERVER, 8002), program("billing", "short", SERVER, 8002, 60):
        until(lambda: (count_sockets()[0] or {"time_wait_outgoing": 0})["time_wait_outgoing"] >= 35)
        judged = seen("client_host", 4)
    observed = failed(judged, "ports-pressure")["observed"]
    assert re.search(r"Programs: billing \(user 0\): closes about \d+ connections a second before the peer does$", observed), observed
    cure = next(one for one in judged["advice"] if one["id"] == "keep-alive")
    assert "Programs: billing (user 0)" in cure["reason"]
    known = failed(judged, "closes-first-as-client")["evidence"]["TIME_WAIT sockets whose program is known"]
    assert known == "100 %"


@own_namespaces
def test_a_program_that_leaks_is_named() -> None:
    sick.address(SERVER)
    listener = sick.listen(8004)
    with program("leaking", "leaking", SERVER, 8004, 150):
        for _each in range(150):
            listener.accept()[0].close()
        judged = seen()
    observed = failed(judged, "close-wait-leak")["observed"]
    assert observed.endswith("Programs: leaking (user 0): keeps 150 connections open, has not closed 150 that the peer has closed")


def _me() -> str:
    return Path("/proc/self/comm").read_text(encoding="utf-8").strip()


@own_namespaces
def test_a_server_that_leaks_is_named() -> None:
    sick.close_waits(sick.listen(8005), 150, leaks="server")
    result = failed(seen(), "close-wait-leak")
    assert result["subject"] == "port 8005"
    assert f"Programs: {_me()} (user 0)" in result["observed"]


@own_namespaces
def test_a_server_that_accepts_too_slowly_is_named() -> None:
    listener = sick.listen(8006, backlog=2)
    for _each in range(6):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(listener.getsockname())
        sick.KEPT.append(one)
    result = failed(seen(), "accept-queue-overflow")
    assert result["subject"] == f"{SERVER}:8006"
    assert f"Programs: {_me()} (user 0)" in result["observed"]


@own_namespaces
def test_a_program_that_binds_first_is_named() -> None:
    sick.settings(1000, tcp_tw_reuse=1)
    sick.bound_first([sick.listen(8000 + number) for number in range(8)], 60)
    assert failed(seen(), "ports-bound-first")["observed"].endswith(f"Programs: {_me()} (user 0)")


@own_namespaces
def test_nothing_is_looked_at_that_nobody_asked_for() -> None:
    sick.settings(60, tcp_tw_reuse=0)
    sick.time_waits(sick.listen(8080), 30)
    asked, rest = gather(HostTree(), {"sockets", "counters"})["sockets"], gather(HostTree(), {"sockets"}, programs=False)["sockets"]
    assert asked is not None
    assert rest is not None
    assert (asked["programs"] is None, asked["reuse_sample"] is None) == (False, False)
    assert (rest["programs"], rest["reuse_sample"]) == (None, None)
