# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
import gc
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import ProfileChange
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._shapes import check
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._target_module import RETURNED, failure_message, run_on_target, taken
from hypothesis import given
from hypothesis import strategies as st

MODULES = Path(__file__).resolve().parents[4] / "plugins/modules"


def literal(module: str, name: str) -> str:
    """A string that stands in a module, such as its RETURN."""
    tree = ast.parse((MODULES / f"{module}.py").read_text(encoding="utf-8"))
    found = next(node for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name)
    return str(ast.literal_eval(found.value))


class Action:
    """Stands for an action: remembers how it was asked to run a module, and whether garbage was collected meanwhile."""

    def __init__(self, error: Exception | None = None, answer: dict[str, t.Any] | None = None, python: str = "") -> None:
        """answer: what the module returns. python: what the interpreter prints when it is asked for its version."""
        self.error = error
        self.answer = answer or {"changed": True}
        self.python = python
        self.commands: list[str] = []
        self._used_interpreter: str | None = "#!/usr/libexec/platform-python"
        self.asked: dict[str, t.Any] = {}
        self.collecting: bool | None = None

    def _execute_module(self, **asked: t.Any) -> dict[str, t.Any]:
        self.asked, self.collecting = asked, gc.isenabled()
        if self.error:
            raise self.error
        return self.answer

    def _low_level_execute_command(self, command: str) -> dict[str, t.Any]:
        self.commands.append(command)
        return {"rc": 0, "stdout": self.python, "stderr": ""}


def run(action: Action) -> dict[str, t.Any]:
    return run_on_target(t.cast("t.Any", action), "tcp_facts", {"top": 5}, {"inventory_hostname": "web1"})


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The garbage collector as it was before, after each test."""
    enabled = gc.isenabled()
    yield
    gc.unfreeze()
    (gc.enable if enabled else gc.disable)()


def test_the_module_is_run_by_its_full_name() -> None:
    action = Action()
    assert run(action) == {"changed": True}
    assert action.asked == {
        "module_name": "linux_tcp.hardening.tcp_facts",
        "module_args": {"top": 5},
        "task_vars": {"inventory_hostname": "web1"},
    }


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("error", [None, OSError("gone")])
def test_garbage_is_not_collected_while_the_module_is_built(enabled: bool, error: Exception | None) -> None:
    (gc.enable if enabled else gc.disable)()
    action = Action(error)
    if error:
        with pytest.raises(OSError, match="gone"):
            run(action)
    else:
        run(action)
    assert action.collecting is False
    assert gc.isenabled() == enabled


def test_the_heap_of_the_controller_is_not_walked_afterwards() -> None:
    there_before: list[object] = []
    assert any(one is there_before for one in gc.get_objects())
    run(Action())
    assert not any(one is there_before for one in gc.get_objects())


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"failed": True, "msg": "no python"}, "no python"),
        ({"msg": " MODULE FAILURE \n", "module_stderr": "Traceback\nOSError: gone\n"}, "MODULE FAILURE OSError: gone"),
        (
            {"msg": "MODULE FAILURE", "module_stderr": "", "module_stdout": "sh: python: not found\n"},
            "MODULE FAILURE sh: python: not found",
        ),
        ({"module_stderr": "last", "module_stdout": "not this"}, "the module returned nothing last"),
        ({}, "the module returned nothing"),
    ],
)
def test_the_reason_of_a_failure_is_in_one_message(answer: dict[str, t.Any], message: str) -> None:
    assert failure_message(answer) == message


KEYS = st.sampled_from(["key", "token", "seconds", "linux_tcp", "x"])
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner)),
    max_leaves=8,
)
NAMES = ["changed", "failed", "unreachable", "msg", "warnings", "diff", "rc", "exception", "results", "_ansible_x"]


@pytest.mark.parametrize("module", sorted(RETURNED))
@given(data=st.data())
def test_whatever_a_host_answers_is_taken_or_a_failure(module: str, data: st.DataObject) -> None:
    answer = data.draw(st.one_of(json_values, st.dictionaries(st.sampled_from([*NAMES, *RETURNED[module]]), json_values)))
    found = taken(module, answer)
    assert set(found) <= {*RETURNED[module], *NAMES[:-2]}
    assert isinstance(found.get("msg", ""), str)
    assert all(isinstance(found.get(name, False), bool) for name in ("changed", "failed", "unreachable"))
    assert set(found.get("ansible_facts", {})) <= {"linux_tcp"}
    if not found.get("failed") and module == "tcp_profile":
        check(ProfileChange, {"changed": None, **found})


@pytest.mark.parametrize("module", sorted(RETURNED))
def test_what_is_taken_is_what_the_module_documents(module: str) -> None:
    if module != "tcp_watch":
        # Its documentation is about what the action makes of the observation.
        assert set(yaml.safe_load(literal(module, "RETURN"))) - {"msg"} == set(RETURNED[module])
