# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_watch: look at a host once more, and say what changed since the last look. One run of the module on the host."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ..plugin_utils._action import HardeningAction, failure
from ..plugin_utils._escape import one_line
from ..plugin_utils._shapes import ShapeError, check
from ..plugin_utils._target_module import failure_message, run_on_target, with_interpreter
from ..plugin_utils._watch import WatchError, measure, observation, peak, taken
from ..plugin_utils._watch_namespaces import after_look, without_look
from ..plugin_utils._watch_state import WatchState

if t.TYPE_CHECKING:
    from ..plugin_utils._action import Arguments, Result, TaskVars

LOOKS_TO_SKIP = 5
"""How many looks skip a host that could not be reached: each attempt may take as long as the connection's time limit."""
HOST = "host"


class ActionModule(HardeningAction):
    """Runs on the controller; the host is reached by one run of the module."""

    CHECKS_VARIABLES = True
    ARGUMENTS: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        "namespaces": {"type": "list", "elements": "str", "default": [HOST]},
        "previous": {"type": "dict", "default": {}},
        "finished": {"type": "bool", "default": False},
    }

    def act(self, arguments: Arguments, task_vars: TaskVars) -> Result:
        """Returns the state that the next call takes (see RETURN of tcp_watch); never fails for what the host does."""
        previous = arguments["previous"] or {}
        if arguments["finished"]:
            return {**previous, "changed": False, "skipped": True, "skip_reason": "The watch is over."}
        try:
            before = check(WatchState, previous)
        except ShapeError as error:
            return failure(f"tcp_watch: previous must be the registered result of the last tcp_watch for this host: {error}")
        state: Result = {"changed": False, **before, "measure": None, "failure": {}, "namespaces": without_look(before["namespaces"])}
        if state["skip_looks"]:
            return _failed_look(state, state["last_failure"], state["skip_looks"] - 1)
        patterns = arguments["namespaces"]
        if before["sample"] and patterns == [HOST]:
            # How many others there are is told once.
            patterns = []
        try:
            observed = run_on_target(self, "tcp_watch", {"namespaces": patterns}, task_vars)
            if observed.get("failed") or "observed" not in observed:
                raise WatchError(failure_message(observed))
            look = taken(observed["observed"])
            now = observation(look)
        except AnsibleConnectionFailure as error:
            return _failed_look(state, {"unreachable": True, "msg": one_line(str(error))}, LOOKS_TO_SKIP)
        except (AnsibleError, WatchError) as error:
            return _failed_look(state, {"failed": True, "msg": one_line(str(error))})
        try:
            measured = measure(before["sample"], now)
            namespaces = after_look(before["namespaces"], look, observed["observed"].get("others"))
            state.update(measure=measured, peak=peak(before["peak"], measured), sample=now, namespaces=namespaces)
        except WatchError as error:
            return _failed_look(state, {"failed": True, "msg": one_line(str(error))})
        return with_interpreter(self, state)


def _failed_look(state: Result, why: dict[str, t.Any], skip_looks: int = 0) -> Result:
    return {**state, "failure": why, "last_failure": why, "failed_looks": state["failed_looks"] + 1, "skip_looks": skip_looks}
