# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Runs one of the collection's modules on the target, for an action."""

from __future__ import annotations

import gc
import typing as t

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase


def run_on_target(
    action: ActionBase, module: str, arguments: t.Mapping[str, object], task_vars: dict[str, t.Any] | None
) -> dict[str, t.Any]:
    """Return what linux_tcp.hardening.<module> returned. Raises AnsibleError as ActionBase._execute_module does.

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
    return t.cast("dict[str, t.Any]", result)


def failure_message(answer: t.Mapping[str, t.Any]) -> str:
    """Why a module failed, from what it returned: its msg, and the last line of a traceback or of what else it printed."""
    message = str(answer.get("msg") or "the module returned nothing")
    details = [str(answer[name]).strip() for name in ("module_stderr", "module_stdout") if answer.get(name)]
    return f"{message.strip()} {details[0].splitlines()[-1]}" if details else message.strip()
