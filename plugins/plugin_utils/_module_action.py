# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The base of actions that only run the module of their own name on the target."""

from __future__ import annotations

import typing as t

from ._action import HardeningAction
from ._target_module import run_on_target, with_interpreter

if t.TYPE_CHECKING:
    from ._action import Arguments, Result, TaskVars


class ModuleAction(HardeningAction):
    """One run of the module; it checks the arguments itself."""

    def act(self, arguments: Arguments, task_vars: TaskVars) -> Result:
        """Returns what the module returned (see its RETURN)."""
        return with_interpreter(self, run_on_target(self, self._name(), arguments, task_vars))
