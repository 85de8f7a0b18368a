# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.release import __version__ as core_version
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._target_python import needed_python, too_old


class Action:
    """Stands for an action that has run a module. python: what the interpreter prints when it is asked for its version."""

    def __init__(self, python: str) -> None:
        self.python = python
        self.commands: list[str] = []
        self._used_interpreter: str | None = "#!/usr/libexec/platform-python"

    def _low_level_execute_command(self, command: str) -> dict[str, t.Any]:
        self.commands.append(command)
        return {"rc": 0, "stdout": self.python, "stderr": ""}


def run(action: Action, answer: dict[str, t.Any]) -> dict[str, t.Any]:
    return too_old(t.cast("t.Any", action), answer) or answer


# What ansible-core 2.16 to 2.21 returned for Python 2.7, 3.6, 3.7 and 3.8.
DIED = {"failed": True, "msg": "MODULE FAILURE", "module_stderr": "SyntaxError: invalid syntax", "module_stdout": "", "rc": 1}
REFUSED = {"failed": True, "msg": "ansible-core requires a minimum of Python version 3.8. Current version: 3.7.16"}

REFUSED_BY_NEWER = {"failed": True, "msg": "Ansible requires Python 3.9 or newer on the target. Current version: 3.8.18"}


@pytest.mark.parametrize("answer", [DIED, REFUSED, REFUSED_BY_NEWER], ids=["died", "refused", "refused-by-2.20"])
@pytest.mark.parametrize("version", ["2.7.18", "3.6.8", "3.7.16"])
def test_an_old_python_is_named_with_what_helps(answer: dict[str, t.Any], version: str) -> None:
    action = Action(f"Last login: Monday\r\nPython {version}\r\n")
    answered = run(action, answer)
    assert answered.keys() == {"failed", "changed", "msg"}
    assert answered["msg"].startswith(f"/usr/libexec/platform-python is Python {version}, which is too old: Python 3.8 or newer is needed")
    assert "ansible_python_interpreter" in answered["msg"]
    assert "capture_tcp.yml" in answered["msg"]
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
    action = Action(f"Python {major}.{minor}.0\n")
    assert run(action, answer) == answer
    assert len(action.commands) == commands


@pytest.mark.parametrize("printed", ["", "sh: python: not found\n", "3.6\n", "Python three\n"])
def test_a_python_that_tells_no_version_is_not_blamed(printed: str) -> None:
    assert run(Action(printed), DIED) == DIED


def test_without_an_interpreter_nobody_is_asked() -> None:
    action = Action("Python 2.7.18\n")
    action._used_interpreter = None
    assert (run(action, DIED), action.commands) == (DIED, [])


@pytest.mark.parametrize(
    ("core", "needed"), [("2.16.19", (3, 8)), ("2.19.14", (3, 8)), ("2.20.0b1", (3, 9)), ("2.21.1", (3, 9)), ("3.0", (3, 9))]
)
def test_the_python_that_a_core_needs(core: str, needed: tuple[int, int]) -> None:
    assert needed_python(core) == needed
