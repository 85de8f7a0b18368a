# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_facts, the controller's half: run the module, and take from the host's answer what the module documents."""

from __future__ import annotations

import typing as t

from ..plugin_utils._action import HardeningAction
from ..plugin_utils._target_module import run_on_target, with_interpreter

if t.TYPE_CHECKING:
    from ..plugin_utils._action import Arguments, Result, TaskVars


class ActionModule(HardeningAction):
    """One run of the module, which checks the arguments itself."""

    def act(self, arguments: Arguments, task_vars: TaskVars) -> Result:
        """Returns what the module returned (see RETURN of tcp_facts)."""
        return with_interpreter(self, run_on_target(self, "tcp_facts", arguments, task_vars))
