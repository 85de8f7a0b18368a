# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.linux_tcp.hardening.plugins.action import tcp_profile
from support.actions import action_for

ARGUMENTS = {"name": "backend", "settings": {"net.ipv4.tcp_timestamps": 1}, "confirm_seconds": 30}
GUARDED = {"changed": True, "settings": [], "guard": {"token": "abc", "seconds": 30, "outlives_session": True}}


class Target:
    """Stands for the target: gives one answer after the other, and remembers what was asked and when the connection was renewed."""

    def __init__(self, *answers: dict[str, t.Any] | Exception) -> None:
        self.answers = list(answers)
        self.events: list[t.Any] = []

    def execute(self, module_name: str, module_args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        assert module_name == "linux_tcp.hardening.tcp_profile"
        self.events.append(module_args)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    def reset(self) -> None:
        self.events.append("new connection")


def run(target: Target, check_mode: bool = False) -> dict[str, t.Any]:
    made = action_for(tcp_profile.ActionModule, dict(ARGUMENTS), connection="ssh", check_mode=check_mode)
    connection = made._connection
    connection.__class__ = type("Recorded", (connection.__class__,), {"reset": lambda _self: target.reset()})
    made._execute_module = target.execute
    result: dict[str, t.Any] = made.run(task_vars={"inventory_hostname": "web1"})
    return result


def test_a_change_is_confirmed_over_a_new_connection() -> None:
    target = Target(GUARDED, {"changed": False})
    assert run(target) == GUARDED
    assert target.events == [ARGUMENTS, "new connection", {"name": "backend", "confirm": "abc"}]


@pytest.mark.parametrize("answer", [{"changed": False, "guard": None}, {"changed": True, "guard": None}, {"failed": True, "msg": "EINVAL"}])
def test_nothing_is_confirmed_where_no_guard_waits(answer: dict[str, t.Any]) -> None:
    target = Target(answer)
    assert run(target) == answer
    assert target.events == [ARGUMENTS]


def test_check_mode_confirms_nothing() -> None:
    target = Target(GUARDED)
    assert run(target, check_mode=True)["changed"]
    assert target.events == [ARGUMENTS]


def test_a_host_that_does_not_answer_again_is_unreachable_and_undoes_the_change() -> None:
    result = run(Target(GUARDED, AnsibleConnectionFailure("timed out")))
    assert result["unreachable"]
    assert "undoes the change by itself 30 s after it was made. The error: timed out" in result["msg"]


def test_a_guard_that_may_have_ended_is_told() -> None:
    """A promise that is not kept is worse than none."""
    guard = {"token": "abc", "seconds": 30, "outlives_session": False}
    result = run(Target({**GUARDED, "guard": guard}, AnsibleConnectionFailure("timed out")))
    assert "If the end of the session has ended its guard, a restart or the next run undoes the change." in result["msg"]


def test_a_refused_confirmation_fails() -> None:
    result = run(Target(GUARDED, {"failed": True, "msg": "The change was undone at 12:00."}))
    assert result["failed"]
    assert "The change was undone at 12:00." in result["msg"]
