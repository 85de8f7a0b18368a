# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Run one of the collection's modules on the target, from an action."""

from __future__ import annotations

import gc
import typing as t

if t.TYPE_CHECKING:
    from ansible.plugins.action import ActionBase


def run_on_target(
    action: ActionBase, module: str, arguments: t.Mapping[str, object], task_vars: dict[str, t.Any] | None
) -> dict[str, t.Any]:
    """Return what linux_tcp.hardening.<module> returned. Raises AnsibleError as ActionBase._execute_module does.

    ansible-core parses every file that the module needs, and each few thousand nodes the cyclic garbage collector walks the
    controller's whole heap again: more than half the time of building our largest module. The process is a fork that ends with
    the task, so nothing is lost by leaving what there is uncollected.
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


def trouble_of(observed: t.Mapping[str, t.Any]) -> str:
    """What a failed module said, in one line where it can be had."""
    message = str(observed.get("msg") or "the module returned nothing")
    details = [str(observed[name]).strip() for name in ("module_stderr", "module_stdout") if observed.get(name)]
    return f"{message.strip()} {details[0].splitlines()[-1]}" if details else message.strip()
