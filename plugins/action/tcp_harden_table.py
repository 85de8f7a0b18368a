# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_harden_table: show what a hardening run did on every host of the play."""

from __future__ import annotations

import typing as t

from ansible.utils.display import Display

from ..plugin_utils._action import ControllerAction
from ..plugin_utils._harden_table import outcomes, render

if t.TYPE_CHECKING:
    from ..plugin_utils._action import Arguments, Result, TaskVars

display = Display()


class ActionModule(ControllerAction):
    """Runs on the controller and reaches no host."""

    ARGUMENTS: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        "hosts": {"type": "dict", "required": True},
        "show": {"type": "bool", "default": True},
    }

    def act(self, arguments: Arguments, task_vars: TaskVars) -> Result:
        """Returns summary and hosts (see RETURN of tcp_harden_table)."""
        made = outcomes(arguments["hosts"])
        summary = render(made, check_mode=bool(self._task.check_mode))
        if arguments["show"]:
            display.display(summary)
        return {"changed": False, "summary": summary, "hosts": {outcome.name: outcome.status for outcome in made}}
