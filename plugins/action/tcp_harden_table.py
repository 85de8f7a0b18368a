# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_harden_table: show what a hardening run did on every host of the play."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils._harden_table import outcomes, render

ARGUMENTS: dict[str, dict[str, t.Any]] = {"hosts": {"type": "dict", "required": True}, "show": {"type": "bool", "default": True}}

display = Display()


class ActionModule(ActionBase):
    """Runs on the controller and reaches no host."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Returns summary and hosts (see RETURN of tcp_harden_table)."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)  # type: ignore[no-untyped-call]
        made = outcomes(arguments["hosts"])
        summary = render(made, check_mode=bool(self._task.check_mode))
        if arguments["show"]:
            display.display(summary)
        return {"changed": False, "summary": summary, "hosts": {outcome.name: outcome.status for outcome in made}}
