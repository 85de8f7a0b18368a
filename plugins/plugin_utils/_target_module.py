# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Runs one of the collection's modules on the target, for an action."""

from __future__ import annotations

import gc
import re
import shlex
import typing as t

from ansible.release import __version__ as core_version

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase


def run_on_target(
    action: ActionBase, module: str, arguments: t.Mapping[str, object], task_vars: dict[str, t.Any] | None
) -> dict[str, t.Any]:
    """Return what linux_tcp.hardening.<module> returned. Raises AnsibleError as ActionBase._execute_module does.

    Where the target's Python is too old, only a failure with one sentence about that is returned.

    The cyclic garbage collector is off meanwhile. The first run of a module in a play parses every file that the module needs, and
    the collector would walk the controller's whole heap again and again: 150 to 210 ms of CPU instead of 100 (measured with tcp_facts,
    ansible-core 2.19). Freezing what there is saves the one walk that would follow, 14 ms. Nothing is lost: this process is a fork
    that ends with the task.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        result = action._execute_module(module_name=f"linux_tcp.hardening.{module}", module_args=dict(arguments), task_vars=task_vars)
    finally:
        gc.freeze()
        if collecting:
            gc.enable()
    return _too_old(action, result) or t.cast("dict[str, t.Any]", result)


def needed_python(core: str) -> tuple[int, int]:
    """The oldest Python of a target, for a version of ansible-core. The collection needs 3.8."""
    release = tuple(int(number) for number in re.findall(r"\d+", core)[:2])
    return (3, 9) if release >= (2, 20) else (3, 8)


def _too_old(action: ActionBase, answer: t.Mapping[str, t.Any]) -> dict[str, t.Any] | None:
    """A failure that says so where the target's Python is too old to run the module; else None.

    An old Python dies of a syntax error or a missing name, which differs by Python and by ansible-core. So the target is asked
    for its version, but only after the module died, or ansible-core refused to start it.
    """
    died = "module_stderr" in answer or re.search(r"requires (a minimum of )?Python", str(answer.get("msg")))
    interpreter = str(action._used_interpreter or "").lstrip("#!").strip()
    if not answer.get("failed") or not died or not interpreter:
        return None
    script = "import sys; print('Python %d.%d.%d' % sys.version_info[:3])"
    asked = action._low_level_execute_command(f"{interpreter} -c {shlex.quote(script)}")  # type: ignore[no-untyped-call]
    printed = re.search(r"^Python ((\d{1,2})\.(\d{1,3})\.\d{1,3})\r?$", str(asked.get("stdout")), re.MULTILINE)
    needed = needed_python(core_version)
    if not printed or (int(printed[2]), int(printed[3])) >= needed:
        return None
    why = "Python 3.8 or newer is needed (3.9 from ansible-core 2.20 on)"
    if needed > (3, 8):
        why = f"Python {needed[0]}.{needed[1]} or newer is needed (with ansible-core older than 2.20: 3.8)"
    message = (
        f"{interpreter} is Python {printed[1]}, which is too old: {why}."
        " Set ansible_python_interpreter to a newer Python, or use capture_tcp.yml, which needs none"
    )
    return {"failed": True, "changed": False, "msg": message}


def failure_message(answer: t.Mapping[str, t.Any]) -> str:
    """Why a module failed, from what it returned: its msg, and the last line of a traceback or of what else it printed."""
    message = str(answer.get("msg") or "the module returned nothing")
    details = [str(answer[name]).strip() for name in ("module_stderr", "module_stdout") if answer.get(name)]
    return f"{message.strip()} {details[0].splitlines()[-1]}" if details else message.strip()
