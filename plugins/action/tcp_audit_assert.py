# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_audit_assert: end an audit with the state that its result calls for, after the reports have been written."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..plugin_utils._audit import FAIL_ON, NEVER, verdict
from ..plugin_utils._escape import one_line

ARGUMENTS: dict[str, dict[str, t.Any]] = {
    "audit": {"type": "dict", "required": True},
    "fail_on": {"type": "str", "choices": list(FAIL_ON), "default": "high"},
}


class ActionModule(ActionBase):
    """Runs on the controller and reaches no host."""

    _supports_check_mode = True
    _supports_async = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Returns msg; failed or unreachable as the audit was, or as its results and fail_on say."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)  # type: ignore[no-untyped-call]
        host = str((task_vars or {}).get("inventory_hostname", "localhost"))
        state, message = _verdict(arguments["audit"], host, arguments["fail_on"])
        result: dict[str, t.Any] = {"changed": False, "msg": one_line(message)}
        return {**result, state: True} if state else result


def _verdict(audited: dict[str, t.Any], host: str, fail_on: str) -> tuple[str, str]:
    """What the task's result is to be ("failed", "unreachable", or "" for neither), and why."""
    if audited.get("unreachable"):
        return "unreachable", f"{host} could not be reached: {audited.get('msg', 'no reason given')}"
    if "results" not in audited:
        return "failed", str(audited.get("msg", f"{host} was not audited"))
    try:
        why = verdict(t.cast("t.Any", {**audited, "host": host, "fail_on": fail_on}))
    except (KeyError, TypeError, AttributeError):
        return "failed", f"tcp_audit_assert: audit is not a result of tcp_audit for {host}"
    if why:
        return "failed", why
    return "", f"{host}: nothing reached {fail_on}" if fail_on != NEVER else f"{host}: audited"
