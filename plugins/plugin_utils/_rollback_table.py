# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What a rollback did, as text: what went back on each host, what stays, and where an edited boot file is kept."""

from __future__ import annotations

import typing as t

from ._escape import one_line
from ._harden_table import backup_lines, counted, keys, problem_lines, under_title, wrapped

if t.TYPE_CHECKING:
    from ._harden_table import Outcome
    from ._results import ProfileChange


def render(made: list[Outcome], check_mode: bool = False) -> str:
    """The table and, below it, each host on which something went back, stays, failed or cannot be read."""
    words = {
        "changed": "would be undone" if check_mode else "undone",
        "unchanged": "had nothing to undo",
        "failed": "FAILED",
        "unreachable": "UNREACHABLE",
        "not_run": "NOT RUN",
        "unreadable": "UNREADABLE (unexpected answer)",
    }
    names = max([4, *(len(outcome.name) for outcome in made)])
    lines = [f"TCP rollback: {counted(made, words)}", "", f"{'HOST':<{names}}  {'UNDONE':<11}  LEFT ALONE"]
    for outcome in made:
        left = len(_left_alone(outcome.change))
        lines.append(f"{outcome.name:<{names}}  {outcome.change_count:<11}  {keys(left) if left else '-'}")
    for outcome in made:
        details = problem_lines(outcome)
        if outcome.change:
            details += _change_lines(outcome, outcome.change, check_mode)
        lines += under_title(outcome.name, details)
    return "\n".join(lines) + "\n"


def _left_alone(change: ProfileChange | None) -> list[tuple[str, str]]:
    """Key and reason of the keys that stay as they are. Where the task failed, all do, for that one reason."""
    if change is None or change["failed"]:
        return []
    return [(one_line(one["key"], 60), one_line(one["reason"])) for one in change["settings"] if one["status"] == "left_alone"]


def _change_lines(outcome: Outcome, change: ProfileChange, check_mode: bool) -> list[str]:
    lines = [f"  {key}: {before} -> {after}" for key, before, after in outcome.changes]
    if change["boot_file"]["changed"]:
        lines.append(f"  {one_line(str(change['boot_file']['path']), 80)}: {'would be undone' if check_mode else 'undone'}")
    lines += backup_lines(change, check_mode)
    for key, reason in _left_alone(change):
        lines += wrapped(f"  left alone: {key}: {reason}")
    if change["recovered"]:
        lines += wrapped(f"  recovered: {one_line(change['recovered'])}")
    return lines
