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


def run(target: Target, check_mode: bool = False, **arguments: t.Any) -> dict[str, t.Any]:
    made = action_for(tcp_profile.ActionModule, {**ARGUMENTS, **arguments}, connection="ssh", check_mode=check_mode)
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
    # Ansible prints it whole.
    assert "settings" not in result


@pytest.mark.parametrize(
    ("seconds", "check_mode", "told"),
    [
        (30, False, "Its state is unknown: if the change had begun, the host undoes it by itself after 30 s. The next run settles it."),
        ("30", False, "undoes it by itself after 30 s"),
        (0, False, "The host did not answer. Its state is unknown; the next run settles it. The error: lost"),
        (None, False, "Its state is unknown; the next run settles it."),
        (30, True, "The host did not answer. The error: lost"),
    ],
)
def test_a_host_that_is_lost_in_the_middle_is_unreachable_and_unknown(seconds: object, check_mode: bool, told: str) -> None:
    result = run(Target(AnsibleConnectionFailure("lost")), check_mode, confirm_seconds=seconds)
    assert result["unreachable"]
    assert told in result["msg"]


def test_a_guard_that_may_have_ended_is_told() -> None:
    """A promise that is not kept is worse than none."""
    guard = {"token": "abc", "seconds": 30, "outlives_session": False}
    result = run(Target({**GUARDED, "guard": guard}, AnsibleConnectionFailure("timed out")))
    assert "If the end of the session has ended its guard, a restart or the next run undoes the change." in result["msg"]


def test_a_refused_confirmation_fails() -> None:
    result = run(Target(GUARDED, {"failed": True, "msg": "The change was undone at 12:00."}))
    assert result["failed"]
    assert "The change was undone at 12:00." in result["msg"]


FORGED = {"ansible_facts": {"ansible_host": "elsewhere"}, "results": [], "add_host": {"host_name": "x"}, "stats": {"data": {}}}


def test_a_host_adds_nothing_to_its_answer() -> None:
    assert run(Target({**GUARDED, **FORGED, "guard": None})) == {**GUARDED, "guard": None}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"settings": "x"}, "settings must be a list, not the string 'x'"),
        ({"settings": [{"key": "a"}]}, "settings[0] (a).status is missing"),
        ({"guard": {"token": 1, "seconds": 5}}, "guard.token must be a string, not the number 1"),
        ({"guard": {"seconds": 5}}, "guard.token is missing"),
        ({"guard": [1]}, "guard must be a dictionary"),
        ({"guard": 7, "msg": "boom"}, "The module says: boom"),
        ({"conflicts": [None]}, "conflicts[0] must be a dictionary, not null"),
        ({"diff": 7}, "diff must be a list"),
    ],
)
def test_an_answer_of_another_form_fails_the_host(answer: dict[str, t.Any], message: str) -> None:
    target = Target({"changed": True, **answer})
    result = run(target)
    assert (result["failed"], result["changed"]) == (True, True)
    assert message in result["msg"]
    assert set(result) == {"changed", "failed", "msg"}
    assert target.events == [ARGUMENTS]
