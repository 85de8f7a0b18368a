# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The actions that run the module of their own name and hand on what it documents: tcp_facts and tcp_probe."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.action import tcp_facts, tcp_probe
from support.actions import action_for

FACTS: dict[str, t.Any] = {"ansible_facts": {"linux_tcp": {"schema": "x"}}, "changed": False}
ENDPOINTS: dict[str, t.Any] = {"endpoints": [{"host": "a"}], "changed": False}

each_action = pytest.mark.parametrize(("action", "answer"), [(tcp_facts, FACTS), (tcp_probe, ENDPOINTS)], ids=["tcp_facts", "tcp_probe"])


def run(action: t.Any, answer: dict[str, t.Any], interpreter: str | None = None) -> dict[str, t.Any]:
    made = action_for(action.ActionModule, {"some": "argument"})
    asked = []

    def target(module_name: str, module_args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        asked.append((module_name, module_args))
        return answer

    made._execute_module = target
    if interpreter:
        made._discovered_interpreter_key, made._discovered_interpreter = "discovered_interpreter_python", interpreter
    result: dict[str, t.Any] = made.run(task_vars={"inventory_hostname": "web1"})
    name = "tcp_facts" if action is tcp_facts else "tcp_probe"
    assert asked == [(f"linux_tcp.hardening.{name}", {"some": "argument"})]
    return result


@each_action
def test_the_answer_is_handed_on(action: t.Any, answer: dict[str, t.Any]) -> None:
    assert run(action, answer) == answer


@each_action
def test_a_failure_is_handed_on(action: t.Any, answer: dict[str, t.Any]) -> None:
    failed = {"failed": True, "msg": "no python", "module_stderr": "gone", "rc": 1}
    assert run(action, failed) == failed


@each_action
def test_a_host_adds_nothing_to_its_answer(action: t.Any, answer: dict[str, t.Any]) -> None:
    facts = {**answer.get("ansible_facts", {}), "ansible_host": "elsewhere"}
    assert run(action, {**answer, "ansible_facts": facts, "results": [], "add_group": "x"}) == answer


@each_action
def test_the_python_that_was_found_is_handed_on(action: t.Any, answer: dict[str, t.Any]) -> None:
    facts = {**answer.get("ansible_facts", {}), "discovered_interpreter_python": "/usr/bin/python3"}
    assert run(action, answer, "/usr/bin/python3")["ansible_facts"] == facts


@pytest.mark.parametrize(
    ("action", "answer", "message"),
    [
        (tcp_facts, {"ansible_facts": "x"}, "ansible_facts must be a dictionary, not the string 'x'"),
        (tcp_probe, {"endpoints": "x"}, "endpoints must be a list, not the string 'x'"),
    ],
    ids=["tcp_facts", "tcp_probe"],
)
def test_an_answer_of_another_form_fails_the_host(action: t.Any, answer: dict[str, t.Any], message: str) -> None:
    result = run(action, answer)
    assert result["failed"] is True
    assert message in result["msg"]
