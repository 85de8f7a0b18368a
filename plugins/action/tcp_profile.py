# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_profile, the controller's half: run the module, and where it armed a guard, come back over a new connection to confirm."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.plugins.connection import ConnectionBase

from ..plugin_utils._target_module import run_on_target


class ActionModule(ActionBase):
    """One run of the module where nothing changes, two where a guard waits for the confirmation."""

    _supports_check_mode = True
    _supports_async = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Returns what the module returned; unreachable where the host did not answer again (then it undoes the change by itself)."""
        super().run(tmp, task_vars)
        result = self._module(self._task.args, task_vars)
        guard = result.get("guard")
        if result.get("failed") or not guard or self._task.check_mode:
            return result
        try:
            self._new_connection()
            confirmed = self._module({"name": self._task.args.get("name"), "confirm": guard["token"]}, task_vars)
        except AnsibleConnectionFailure as error:
            return {
                **result,
                "unreachable": True,
                "msg": "The host does not answer over a new connection and puts everything back "
                f"{guard['seconds']} s after the change: {error}",
            }
        if confirmed.get("failed"):
            return {**result, "failed": True, "msg": f"The change could not be confirmed: {confirmed.get('msg', 'no reason given')}"}
        return result

    def _module(self, arguments: dict[str, t.Any], task_vars: dict[str, t.Any] | None) -> dict[str, t.Any]:
        return run_on_target(self, "tcp_profile", arguments, task_vars)

    def _new_connection(self) -> None:
        """Give up the connection, shared ones too, so that the next use opens a new one. Local connections have none to give up."""
        if type(self._connection).reset is not ConnectionBase.reset:
            self._connection.reset()
