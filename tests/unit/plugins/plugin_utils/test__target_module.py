# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gc
import typing as t
from collections.abc import Iterator

import pytest
from ansible.release import __version__ as core_version
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._target_module import failure_message, needed_python, run_on_target


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


# What ansible-core 2.16 to 2.21 returned for Python 2.7, 3.6, 3.7 and 3.8.
DIED = {"failed": True, "msg": "MODULE FAILURE", "module_stderr": "SyntaxError: invalid syntax", "module_stdout": "", "rc": 1}
REFUSED = {"failed": True, "msg": "ansible-core requires a minimum of Python version 3.8. Current version: 3.7.16"}

REFUSED_BY_NEWER = {"failed": True, "msg": "Ansible requires Python 3.9 or newer on the target. Current version: 3.8.18"}


@pytest.mark.parametrize("answer", [DIED, REFUSED, REFUSED_BY_NEWER], ids=["died", "refused", "refused-by-2.20"])
@pytest.mark.parametrize("version", ["2.7.18", "3.6.8", "3.7.16"])
def test_an_old_python_is_named_with_what_helps(answer: dict[str, t.Any], version: str) -> None:
    action = Action(answer=answer, python=f"Last login: Monday\r\nPython {version}\r\n")
    told = run(action)
    assert told.keys() == {"failed", "changed", "msg"}
    assert told["msg"].startswith(f"/usr/libexec/platform-python is Python {version}, which is too old: Python 3.8 or newer is needed")
    assert "ansible_python_interpreter" in told["msg"]
    assert "capture_tcp.yml" in told["msg"]
    assert action.commands[0].startswith("/usr/libexec/platform-python -c ")


@pytest.mark.parametrize(
    ("answer", "commands"),
    [
        ({"changed": False}, 0),
        ({"changed": False, "module_stderr": "from the host"}, 0),
        ({"failed": True, "msg": "EINVAL"}, 0),
        (DIED, 1),
    ],
)
def test_the_host_is_asked_only_where_the_module_died(answer: dict[str, t.Any], commands: int) -> None:
    major, minor = needed_python(core_version)
    action = Action(answer=answer, python=f"Python {major}.{minor}.0\n")
    assert run(action) == answer
    assert len(action.commands) == commands


@pytest.mark.parametrize("printed", ["", "sh: python: not found\n", "3.6\n", "Python three\n"])
def test_a_python_that_tells_no_version_is_not_blamed(printed: str) -> None:
    assert run(Action(answer=DIED, python=printed)) == DIED


def test_without_an_interpreter_nobody_is_asked() -> None:
    action = Action(answer=DIED, python="Python 2.7.18\n")
    action._used_interpreter = None
    assert (run(action), action.commands) == (DIED, [])


@pytest.mark.parametrize(
    ("core", "needed"), [("2.16.19", (3, 8)), ("2.19.14", (3, 8)), ("2.20.0b1", (3, 9)), ("2.21.1", (3, 9)), ("3.0", (3, 9))]
)
def test_the_python_that_a_core_needs(core: str, needed: tuple[int, int]) -> None:
    assert needed_python(core) == needed


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
