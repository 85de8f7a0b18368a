# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.linux_tcp.hardening.plugins.action import tcp_probe
from support.actions import action_for

ANSWER: dict[str, t.Any] = {"endpoints": [{"host": "a"}], "changed": False}


def run(answer: dict[str, t.Any], interpreter: str | None = None) -> dict[str, t.Any]:
    made = action_for(tcp_probe.ActionModule, {"some": "argument"})
    asked = []

    def target(module_name: str, module_args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        asked.append((module_name, module_args))
        return answer

    made._execute_module = target
    if interpreter:
        made._discovered_interpreter_key, made._discovered_interpreter = "discovered_interpreter_python", interpreter
    result: dict[str, t.Any] = made.run(task_vars={"inventory_hostname": "web1"})
    assert asked == [("linux_tcp.hardening.tcp_probe", {"some": "argument"})]
    return result


def test_the_answer_is_handed_on() -> None:
    assert run(ANSWER) == ANSWER


def test_a_failure_is_handed_on() -> None:
    failed = {"failed": True, "msg": "no python", "module_stderr": "gone", "rc": 1}
    assert run(failed) == failed


def test_a_host_adds_nothing_to_its_answer() -> None:
    assert run({**ANSWER, "ansible_facts": {"ansible_host": "elsewhere"}, "results": [], "add_group": "x"}) == ANSWER


def test_the_python_that_was_found_is_handed_on() -> None:
    facts = {**ANSWER.get("ansible_facts", {}), "discovered_interpreter_python": "/usr/bin/python3"}
    assert run(ANSWER, "/usr/bin/python3")["ansible_facts"] == facts


def test_an_answer_of_another_form_fails_the_host() -> None:
    result = run({"endpoints": "x"})
    assert result["failed"] is True
    assert "endpoints must be a list, not the string 'x'" in result["msg"]
