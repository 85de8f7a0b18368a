# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_report: write reports about the audits of many hosts to the controller, and show them in the terminal."""

from __future__ import annotations

import os
import shutil
import typing as t

from ansible.utils.color import stringc
from ansible.utils.display import Display

from ..plugin_utils._action import ControllerAction
from ..plugin_utils._audit import FAIL_ON, NEVER, failing
from ..plugin_utils._reports import FORMATS, OUTCOMES, Report, ReportError, build, text_summary, write

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from ..plugin_utils._action import Arguments, Result, TaskVars
    from ..plugin_utils._reports import Written
    from ..plugin_utils._results import Severity

_COLOURS: dict[Severity, str] = {"critical": "bright red", "high": "red", "medium": "yellow", "low": "cyan", "info": "bright gray"}

display = Display()


class ActionModule(ControllerAction):
    """Runs on the controller and reaches no host."""

    ARGUMENTS: t.ClassVar[dict[str, dict[str, t.Any]]] = {
        "audits": {"type": "raw"},
        "merge": {"type": "list", "elements": "str", "default": []},
        "compare": {"type": "list", "elements": "str", "default": []},
        "dest": {"type": "path"},
        "formats": {"type": "list", "elements": "str", "choices": list(FORMATS)},
        "basename": {"type": "str", "default": "tcp-audit"},
        "title": {"type": "str", "default": "TCP audit"},
        "show": {"type": "bool", "default": False},
        "fail_on": {"type": "str", "choices": list(FAIL_ON), "default": NEVER},
    }
    ERRORS = (ReportError,)

    def act(self, arguments: Arguments, task_vars: TaskVars) -> Result:
        """Returns files, hosts, summary, comparison and changed (see RETURN of tcp_report); failed and msg where fail_on is reached."""
        if arguments["merge"]:
            # No audit before it did so.
            self._check_variables(task_vars)
        if arguments["audits"] is None and not arguments["merge"]:
            raise ReportError("give audits, merge, or both: there is nothing to report on")
        report = build(
            arguments["audits"],
            arguments["title"],
            merge=arguments["merge"],
            earlier=arguments["compare"],
            inventories=_inventories(task_vars),
        )
        written = []
        if arguments["dest"]:
            folder = os.path.abspath(arguments["dest"])
            written = write(report, folder, arguments["formats"], arguments["basename"], dry_run=self._task.check_mode)
        if arguments["show"]:
            display.display(_for_terminal(report, written))
        result: Result = {
            "changed": any(file.changed for file in written),
            "files": [{"path": file.path, "format": file.format, "changed": file.changed} for file in written],
            "hosts": {outcome: report.count(outcome) for outcome in OUTCOMES},
            "summary": text_summary(report),
            "comparison": report.comparison.counts if report.comparison else None,
        }
        why = _reason_to_fail(report, arguments["fail_on"])
        return {**result, "failed": True, "msg": why} if why else result


def _inventories(task_vars: TaskVars) -> list[str]:
    """The sources of the inventory, as far as Ansible says them."""
    sources = task_vars.get("ansible_inventory_sources")
    return [str(source) for source in sources] if isinstance(sources, (list, tuple)) else []


def _reason_to_fail(report: Report, fail_on: str) -> str:
    """Why the task fails once the reports are written; "" where it does not."""
    if fail_on == NEVER:
        return ""
    failed = len({host.machine for host in report.hosts if any(host.summary["severity"][name] for name in failing(fail_on))})
    not_audited = report.count("not_audited")
    parts = [f"{failed:,} with failed results of severity {fail_on} or above"] if failed else []
    parts += [f"{not_audited:,} not audited"] if not_audited else []
    hosts = len(report.machines)
    return f"{hosts:,} host{'' if hosts == 1 else 's'}: {', '.join(parts)}. See the report." if parts else ""


def _for_terminal(report: Report, written: Sequence[Written]) -> str:
    """The summary as wide as the terminal allows, in colour where Ansible uses colour, and the report to open for the rest."""
    width = min(100, max(80, shutil.get_terminal_size().columns))
    shown = text_summary(report, width, paint=_paint)
    # Stable sort: the page comes first, for it is made to be read.
    paths = [file.path for file in sorted(written, key=lambda file: file.format != "html")]
    return f"{shown}\nREPORT: {paths[0]}\n" if paths else shown


def _paint(text: str, severity: Severity) -> str:
    return str(stringc(text, _COLOURS[severity]))  # type: ignore[no-untyped-call]
