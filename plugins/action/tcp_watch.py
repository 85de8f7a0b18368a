# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_watch: look at a host once more, and say what changed since the last look. One run of the module on the host."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

from ..plugin_utils._escape import one_line
from ..plugin_utils._shapes import ShapeError, check
from ..plugin_utils._target_module import run_on_target, trouble_of
from ..plugin_utils._watch import WatchError, measure, peak, sample
from ..plugin_utils._watch_state import WatchState

ARGUMENTS: dict[str, dict[str, t.Any]] = {
    "previous": {"type": "dict", "default": {}},
    "finished": {"type": "bool", "default": False},
}

REST_ROUNDS = 5
"""How many calls leave a host alone that could not be reached: each attempt may take as long as the connection's time limit."""


class ActionModule(ActionBase):
    """Runs on the controller; the host is reached by one run of the module."""

    _supports_check_mode = True
    _supports_async = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Returns the state that the next call takes (see RETURN of tcp_watch); never fails for what the host does."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)  # type: ignore[no-untyped-call]
        previous = arguments["previous"] or {}
        if arguments["finished"]:
            return {**previous, "changed": False, "skipped": True, "skip_reason": "The watch is over."}
        try:
            state: dict[str, t.Any] = {"changed": False, **check(WatchState, previous), "measure": None, "failure": {}}
        except ShapeError as error:
            return {"changed": False, "failed": True, "msg": one_line(f"tcp_watch: previous is not a result of tcp_watch: {error}")}
        if state["rest"]:
            return _missed(state, state["last_failure"], state["rest"] - 1)
        try:
            observed = run_on_target(self, "tcp_watch", {}, task_vars)
        except AnsibleConnectionFailure as error:
            return _missed(state, {"unreachable": True, "msg": one_line(str(error))}, REST_ROUNDS)
        except AnsibleError as error:
            return _missed(state, {"failed": True, "msg": one_line(str(error))})
        if observed.get("failed") or "observed" not in observed:
            return _missed(state, {"failed": True, "msg": one_line(trouble_of(observed))})
        try:
            now = sample(observed["observed"])
            measured = measure(state["sample"], now)
            state.update(measure=measured, peak=peak(state["peak"], measured), sample=now)
        except WatchError as error:
            return _missed(state, {"failed": True, "msg": one_line(str(error))})
        # The Python that ansible-core has found on the host, which it would else look for in every round.
        return {**state, **{name: observed[name] for name in ("ansible_facts",) if name in observed}}


def _missed(state: dict[str, t.Any], failure: dict[str, t.Any], rest: int = 0) -> dict[str, t.Any]:
    return {**state, "failure": failure, "last_failure": failure, "missed": state["missed"] + 1, "rest": rest}
