# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.action import tcp_harden_table
from support.actions import action_for

CHANGED = {"profile": "backend", "change": {"changed": True, "settings": []}}
HOSTS = {"web1": CHANGED, "web2": {"profile": "backend", "change": {"unreachable": True, "msg": "no route"}}}


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What went to the terminal."""
    texts: list[str] = []
    monkeypatch.setattr(tcp_harden_table.display, "display", texts.append)
    return texts


def run(check_mode: bool = False, **options: t.Any) -> dict[str, t.Any]:
    return dict(action_for(tcp_harden_table.ActionModule, options, check_mode=check_mode).run(task_vars={}))


def test_the_table_is_shown_and_returned(shown: list[str]) -> None:
    returned = run(hosts=HOSTS)
    assert returned == {"changed": False, "summary": shown[0], "hosts": {"web1": "changed", "web2": "unreachable"}}
    assert "web2: no route" in shown[0] or "unreachable: no route" in shown[0]


def test_the_table_can_be_returned_without_being_shown(shown: list[str]) -> None:
    assert run(hosts=HOSTS, show=False)["hosts"]["web1"] == "changed"
    assert shown == []


def test_check_mode_shows_what_would_change() -> None:
    assert "1 would change" in run(check_mode=True, hosts={"web1": CHANGED})["summary"]


def test_a_rollback_has_a_table_of_its_own() -> None:
    returned = run(rollback=True, hosts=HOSTS)
    assert returned["summary"].startswith("TCP rollback: 2 hosts: 1 undone, 1 UNREACHABLE")
    assert returned["hosts"] == {"web1": "changed", "web2": "unreachable"}


@pytest.mark.parametrize("entry", ["text", {"change": [1]}])
def test_a_wrong_entry_costs_no_other_host_its_line(entry: object) -> None:
    returned = run(hosts={"web1": entry, "web2": CHANGED})
    assert returned["hosts"] == {"web1": "unreadable", "web2": "changed"}
    assert "web1" in returned["summary"]
