# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_harden_table: show what a hardening run, or a rollback, did on every host of the play."""

from __future__ import annotations

import typing as t

from ansible.utils.display import Display

from ..plugin_utils import _harden_table, _rollback_table
from ..plugin_utils._action import ControllerAction

if t.TYPE_CHECKING:
    from ..plugin_utils._action import Arguments, Result, TaskVars

display = Display()


class ActionModule(ControllerAction):
    """Runs on the controller and reaches no host."""

    ARGUMENTS: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        "hosts": {"type": "dict", "required": True},
        "rollback": {"type": "bool", "default": False},
        "show": {"type": "bool", "default": True},
    }

    def act(self, arguments: Arguments, task_vars: TaskVars) -> Result:
        """Returns summary and hosts (see RETURN of tcp_harden_table)."""
        made = _harden_table.outcomes(arguments["hosts"])
        render = _rollback_table.render if arguments["rollback"] else _harden_table.render
        summary = render(made, check_mode=bool(self._task.check_mode))
        if arguments["show"]:
            display.display(summary)
        return {"changed": False, "summary": summary, "hosts": {outcome.name: outcome.status for outcome in made}}
