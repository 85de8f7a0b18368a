# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.play_context import PlayContext
from ansible.playbook.task import Task
from ansible.plugins.loader import connection_loader
from ansible.template import Templar
from ansible_collections.linux_tcp.hardening.plugins.action import tcp_profile

ARGUMENTS = {"name": "backend", "settings": {"net.ipv4.tcp_timestamps": 1}, "confirm_seconds": 30}
GUARDED = {"changed": True, "settings": [], "guard": {"token": "abc", "seconds": 30}}


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
    task = Task()
    task.action, task.args, task.check_mode = "linux_tcp.hardening.tcp_profile", dict(ARGUMENTS), check_mode
    loader = DataLoader()  # type: ignore[no-untyped-call]
    context = PlayContext()  # type: ignore[no-untyped-call]
    connection = connection_loader.get("ssh", context)  # type: ignore[no-untyped-call]
    connection.__class__ = type("Recorded", (connection.__class__,), {"reset": lambda _self: target.reset()})
    made: t.Any = tcp_profile.ActionModule(task, connection, context, loader, Templar(loader), None)
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


def test_a_refused_confirmation_fails() -> None:
    result = run(Target(GUARDED, {"failed": True, "msg": "The change was undone at 12:00."}))
    assert result["failed"]
    assert "The change was undone at 12:00." in result["msg"]
