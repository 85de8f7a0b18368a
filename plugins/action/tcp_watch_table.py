# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_watch_table: show one round of a watch, write it for Prometheus, and wait for the next round."""

from __future__ import annotations

import math
import time
import typing as t

from ansible.utils.display import Display

from ..plugin_utils import _watch_textfile as textfile
from ..plugin_utils._action import ControllerAction
from ..plugin_utils._watch import WatchError
from ..plugin_utils._watch_destinations import DEFAULT, MOST
from ..plugin_utils._watch_table import round_table, summary_table, watched

if t.TYPE_CHECKING:
    from ..plugin_utils._action import Arguments, Result, TaskVars

BOUNDS = {"rounds": (0, 86400), "interval": (0.1, 3600), "textfile_destinations": (0, MOST)}

display = Display()


class ActionModule(ControllerAction):
    """Runs on the controller and reaches no host."""

    ARGUMENTS: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        "hosts": {"type": "dict", "required": True},
        "rounds": {"type": "int", "default": 0},
        "interval": {"type": "float", "default": 5.0},
        "previous": {"type": "dict", "default": {}},
        "textfile": {"type": "path"},
        "textfile_destinations": {"type": "int", "default": DEFAULT},
        "summary": {"type": "bool", "default": False},
    }
    ERRORS = (WatchError,)

    def act(self, arguments: Arguments, task_vars: TaskVars) -> Result:
        """Returns table, and for a round, once the next one is due, started, next_round and finished (see RETURN of tcp_watch_table)."""
        return self._summary(arguments) if arguments["summary"] else self._round(arguments)

    def _summary(self, arguments: Arguments) -> Result:
        table = summary_table(watched(arguments["hosts"]), "The last figures, and the highest in brackets")
        display.display(f"{table}\n")
        return {"changed": False, "table": table}

    def _round(self, arguments: Arguments) -> Result:
        for name, (low, high) in BOUNDS.items():
            if not low <= arguments[name] <= high:
                raise WatchError(f"{name} must be between {low} and {high}, not {arguments[name]}")
        if arguments["previous"].get("finished"):
            return {**arguments["previous"], "skipped": True, "skip_reason": "The watch is over."}
        # A clock that all processes of the controller share and nobody sets: rounds keep to it, so that they do not drift.
        now = time.monotonic()
        started, number = _started(arguments["previous"], now)
        rounds, interval = arguments["rounds"], arguments["interval"]
        hosts = watched(arguments["hosts"])

        following = max(number + 1, math.ceil((now - started) / interval))
        title = f"{time.strftime('%H:%M:%S')}  round {number} of {rounds}" if number else f"{time.strftime('%H:%M:%S')}  first look"
        if following > number + 1:
            title += f" (took {now - started - number * interval:.1f} s, longer than the {interval:g} s between rounds)"
        table = round_table(hosts, title)
        display.display(f"{table}\n")
        if arguments["textfile"] and not self._task.check_mode:
            text = textfile.render(hosts, time.time(), arguments["textfile_destinations"])
            self._write(arguments["textfile"], text, number)

        finished = following > rounds
        if not finished:
            time.sleep(max(0.0, started + following * interval - time.monotonic()))
        return {"changed": False, "started": started, "next_round": following, "finished": finished, "table": table}

    @staticmethod
    def _write(path: str, text: str, number: int) -> None:
        """Refused at once where it cannot go there; a disk that fills up later does not end the watch."""
        try:
            textfile.write(textfile.file_path(path), text)
        except WatchError as error:
            if not number:
                raise
            display.warning(f"tcp_watch_table: {error}")


def _started(previous: dict[str, t.Any], now: float) -> tuple[float, int]:
    """When the watch began, and the number of this round; the first look is round 0."""
    if not previous:
        return now, 0
    started, number = previous.get("started"), previous.get("next_round")
    if not isinstance(started, (int, float)) or not isinstance(number, int) or not started <= now:
        raise WatchError("previous must be the registered result of the last tcp_watch_table")
    return float(started), number
