# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types
import typing as t

import pytest
from ansible.errors import AnsibleActionFail
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._action import (
    Arguments,
    ControllerAction,
    HardeningAction,
    Result,
    TaskVars,
    failure,
    host_name,
)
from support.actions import action_for


class _TooMany(Exception):
    pass


class Counting(HardeningAction):
    """Returns its arguments, and fails for what is not right."""

    ARGUMENTS: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        "count": {"type": "int", "required": True},
        "names": {"type": "list", "elements": "str", "default": []},
        "limits": {"type": "dict", "default": {}, "options": {"most": {"type": "int", "default": 3}}},
    }
    ERRORS = (_TooMany,)

    def act(self, arguments: Arguments, task_vars: TaskVars) -> Result:
        if arguments["count"] > arguments["limits"]["most"]:
            raise _TooMany("count is\ntoo \x1b[2J large")
        if arguments["count"] < 0:
            raise ValueError("a bug")
        arguments["names"].append(host_name(task_vars))
        return {"changed": False, **arguments}


class Unchecked(HardeningAction):
    """Leaves its arguments to the module."""

    def act(self, arguments: Arguments, task_vars: TaskVars) -> Result:
        arguments["added"] = task_vars
        return arguments


def run(action: type[HardeningAction], task_vars: dict[str, t.Any] | None = None, **arguments: t.Any) -> Result:
    result: Result = action_for(action, arguments).run(task_vars=task_vars)
    return result


def test_an_action_gets_checked_arguments_and_the_variables_of_the_host() -> None:
    result = run(Counting, {"inventory_hostname": "web1"}, count="2")
    assert result == {"changed": False, "count": 2, "names": ["web1"], "limits": {"most": 3}}


def test_a_task_does_not_see_what_the_one_before_did_to_the_defaults() -> None:
    run(Counting, count=1)
    assert run(Counting, {}, count=1)["names"] == ["localhost"]
    assert Counting.ARGUMENTS["names"]["default"] == []
    assert Counting.ARGUMENTS["limits"]["default"] == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({}, "missing required arguments: count"), ({"count": "x"}, "count"), ({"count": 1, "colour": 1}, "colour")],
)
def test_a_wrong_argument_is_named(arguments: dict[str, t.Any], message: str) -> None:
    with pytest.raises(AnsibleActionFail, match=message):
        run(Counting, **arguments)


def test_a_known_error_fails_the_task_with_one_line_that_names_the_action() -> None:
    with pytest.raises(AnsibleActionFail) as caught:
        run(Counting, count=4)
    assert str(caught.value).startswith("test__action: count is too \\x1b[2J large")


def test_a_bug_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="a bug"):
        run(Counting, count=-1)


def test_arguments_that_the_module_checks_are_passed_as_they_are() -> None:
    given = {"count": "x", "anything": [1]}
    assert action_for(Unchecked, given).run() == {**given, "added": {}}
    assert "added" not in given


class Once(ControllerAction):
    """Says that it ran."""

    ARGUMENTS: t.ClassVar[dict[str, dict[str, t.Any]]] = {}

    def act(self, arguments: Arguments, task_vars: TaskVars) -> Result:
        return {"changed": False}


def run_once(strategy: str, hosts: list[str], run_once: bool = True) -> Result:
    made = action_for(Once, {}, run_once=run_once)
    made._task.get_play = lambda: types.SimpleNamespace(strategy=strategy)
    return dict(made.run(task_vars={"ansible_play_hosts_all": hosts}))


@pytest.mark.parametrize("strategy", ["free", "ansible.builtin.free", "host_pinned", "ansible.builtin.host_pinned", "mitogen_free"])
def test_a_task_for_all_hosts_is_refused_where_the_hosts_are_not_in_step(strategy: str) -> None:
    with pytest.raises(AnsibleActionFail, match=f"with the strategy {strategy} this task runs for each host.*'strategy: linear'"):
        run_once(strategy, ["web1", "web2"])


@pytest.mark.parametrize(
    ("strategy", "hosts", "once"),
    [("linear", ["web1", "web2"], True), ("debug", ["web1", "web2"], True), ("free", ["web1"], True), ("free", ["web1", "web2"], False)],
)
def test_any_other_task_runs(strategy: str, hosts: list[str], once: bool) -> None:
    assert run_once(strategy, hosts, once) == {"changed": False}


def test_async_is_refused() -> None:
    with pytest.raises(AnsibleActionFail, match="async"):
        action_for(Unchecked, {}, async_val=10).run()


def test_what_else_a_failed_result_holds_cannot_make_it_a_success() -> None:
    more: dict[str, t.Any] = {"message": "x", "failed": False, "host": "web1"}
    assert failure("no", **more) == {  # pylint: disable=kwarg-superseded-by-positional-arg
        "changed": False,
        "message": "x",
        "failed": True,
        "msg": "no",
        "host": "web1",
    }


def test_only_actions_that_reach_hosts_need_a_connection() -> None:
    assert (HardeningAction._requires_connection, ControllerAction._requires_connection) == (True, False)


def test_a_lack_of_memory_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def act(self: Counting, arguments: Arguments, task_vars: TaskVars) -> Result:
        raise MemoryError

    monkeypatch.setattr(Counting, "act", act)
    with pytest.raises(AnsibleActionFail, match="the controller has not enough memory for this"):
        run(Counting, count=1)
