# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_audit_assert: end an audit with the state that its result calls for, after the reports have been written."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import ControllerAction, host_name
from ..plugin_utils._audit import FAIL_ON, NEVER, reason_to_fail
from ..plugin_utils._escape import one_line
from ..plugin_utils._reports import entry_of

if t.TYPE_CHECKING:
    from ..plugin_utils._action import Arguments, Result, TaskVars
    from ..plugin_utils._reports import NotAudited
    from ..plugin_utils._results import Audit, FailOn


class ActionModule(ControllerAction):
    """Runs on the controller and reaches no host."""

    ARGUMENTS: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        "audit": {"type": "dict", "required": True},
        "fail_on": {"type": "str", "choices": list(FAIL_ON), "default": "high"},
    }

    def act(self, arguments: Arguments, task_vars: TaskVars) -> Result:
        """Returns msg; failed or unreachable as the audit was, or as its results and fail_on say."""
        state, message = _state(arguments["audit"], _audited_host(arguments["audit"], task_vars), arguments["fail_on"])
        result: Result = {"changed": False, "msg": one_line(message)}
        return {**result, state: True} if state else result


def _audited_host(audited: dict[str, t.Any], task_vars: TaskVars) -> str:
    """The host that was looked at; it is another one than the task's where the audit was delegated."""
    named = audited.get("host")
    return named if isinstance(named, str) and named else host_name(task_vars)


def _state(audited: dict[str, t.Any], host: str, fail_on: str) -> tuple[str, str]:
    """The state that the task is to end in ("failed", "unreachable", or "" for neither), and why."""
    entry = entry_of(host, audited, "audit")
    if entry.get("failed"):
        entry = t.cast("NotAudited", entry)
        not_audited = f"{host} could not be reached" if entry["unreachable"] else f"{host} was not audited"
        message = entry["msg"] if host in entry["msg"] else f"{not_audited}: {entry['msg']}"
        return "unreachable" if entry["unreachable"] else "failed", message
    why = reason_to_fail({**t.cast("Audit", entry), "fail_on": t.cast("FailOn", fail_on)})
    if why:
        return "failed", why
    return "", f"{host}: no result of severity {fail_on} or above" if fail_on != NEVER else f"{host}: audited"
