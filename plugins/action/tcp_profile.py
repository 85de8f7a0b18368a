# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_profile, the controller's half: run the module, and where it armed a guard, come back over a new connection to confirm."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

from ..plugin_utils._action import HardeningAction
from ..plugin_utils._escape import one_line
from ..plugin_utils._target_module import run_on_target, with_interpreter

if t.TYPE_CHECKING:
    from ..plugin_utils._action import Arguments, Result, TaskVars


class ActionModule(HardeningAction):
    """One run of the module where nothing changes, two where a guard waits for the confirmation. The module checks the arguments."""

    CHECKS_VARIABLES = True

    def act(self, arguments: Arguments, task_vars: TaskVars) -> Result:
        """Returns what the module returned; unreachable, with a message on the state of the host, where it did not answer."""
        try:
            result = with_interpreter(self, run_on_target(self, "tcp_profile", arguments, task_vars))
        except AnsibleConnectionFailure as error:
            return _unreachable(f"{self._state_after_loss(arguments)} The error: {error}")
        guard = result.get("guard")
        if result.get("failed") or not guard or self._task.check_mode:
            return result
        try:
            self._new_connection()
            confirmed = run_on_target(self, "tcp_profile", {"name": arguments.get("name"), "confirm": guard["token"]}, task_vars)
        except AnsibleConnectionFailure as error:
            return _unreachable(f"The host does not answer over a new connection. {_what_becomes_of_it(guard)} The error: {error}")
        if confirmed.get("failed"):
            return {**result, "failed": True, "msg": f"The change could not be confirmed: {confirmed.get('msg', 'no reason given')}"}
        return result

    def _state_after_loss(self, arguments: Arguments) -> str:
        """What is known of a host that could not be reached, or was lost while the module ran there."""
        if self._task.check_mode:
            return "The host did not answer."
        seconds = str(arguments.get("confirm_seconds") or 0)
        if not seconds.isdigit() or not int(seconds):
            return "The host did not answer. Its state is unknown; the next run settles it."
        return (
            f"The host did not answer. Its state is unknown: if the change had begun, the host undoes it by itself after {seconds} s."
            " The next run settles it."
        )

    def _new_connection(self) -> None:
        """Give up the connection, shared ones too, so that the next use opens a new one. Local connections have none to give up."""
        if type(self._connection).reset is not ConnectionBase.reset:
            self._connection.reset()


def _unreachable(message: str) -> Result:
    """Short, because Ansible prints it whole: what the module said before tells no more what holds on the host."""
    return {"unreachable": True, "changed": False, "msg": one_line(message)}


def _what_becomes_of_it(guard: t.Mapping[str, t.Any]) -> str:
    """What the host does with a change that cannot be confirmed."""
    promise = f"Unless the confirmation still reached it, it undoes the change by itself {guard['seconds']:g} s after it was made."
    if guard.get("outlives_session"):
        return promise
    return f"{promise} If the end of the session has ended its guard, a restart or the next run undoes the change."
