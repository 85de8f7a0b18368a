# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import time
from typing import Any, Callable

import pytest
from ansible_collections.linux_tcp.hardening.plugins.modules import tcp_watch
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch import MAX_BOOT_ID, measure, sample, taken
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_namespaces import after_look
from support.full_namespace import full_namespace
from support.namespaces import own_namespaces
from support.watched import NO_NAMESPACES

Run = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("check_mode", [False, True])
def test_it_returns_a_look_that_the_controller_takes(run_module: Run, check_mode: bool) -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    first = sample(run_module(tcp_watch.main, _ansible_check_mode=check_mode)["observed"])
    second = sample(run_module(tcp_watch.main)["observed"])
    assert before <= first["clock"] <= second["clock"] <= time.clock_gettime(time.CLOCK_BOOTTIME)
    assert len(first["boot_id"]) == 36
    measured = measure(first, second)
    assert measured["rates"]["ActiveOpens"] >= 0
    assert measured["usable_ports"]


@own_namespaces
def test_it_looks_at_the_namespaces_that_are_asked_for(run_module: Run) -> None:
    name = f"cart-{os.getpid()}"
    with full_namespace(name):
        alone = run_module(tcp_watch.main)["observed"]
        nothing = run_module(tcp_watch.main, namespaces=[])["observed"]
        looks = [run_module(tcp_watch.main, namespaces=["host", name])["observed"] for _number in range(2)]
    assert alone["others"]["not_seen"][0].endswith("-e tcp_namespaces=all")
    assert nothing["others"] == {"not_seen": []}
    state = NO_NAMESPACES
    for observed in looks:
        state = after_look(state, taken(observed), observed["others"])
    (one,) = state["measures"]
    assert one["name"].endswith(f"({name})")
    assert one["measure"]["rates"]["ActiveOpens"] >= 0
    assert one["measure"]["busiest"] is not None
    assert one["measure"]["busiest"]["share"] == 1.0


def test_both_halves_agree_on_bounds() -> None:
    assert tcp_watch.MAX_BOOT_ID == MAX_BOOT_ID
