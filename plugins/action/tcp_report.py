# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_report: write reports about the audits of many hosts to the controller, and show them in the terminal."""

from __future__ import annotations

import os
import shutil
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.color import stringc
from ansible.utils.display import Display

from ..plugin_utils._reports import FORMATS, OUTCOMES, Report, ReportError, build, text_summary, write

if t.TYPE_CHECKING:
    from ..plugin_utils._results import Severity

ARGUMENTS: dict[str, dict[str, t.Any]] = {
    "audits": {"type": "raw", "required": True},
    "dest": {"type": "path"},
    "formats": {"type": "list", "elements": "str", "choices": list(FORMATS)},
    "basename": {"type": "str", "default": "tcp-audit"},
    "title": {"type": "str", "default": "TCP audit"},
    "show": {"type": "bool", "default": False},
}

_COLOURS: dict[Severity, str] = {"critical": "bright red", "high": "red", "medium": "yellow", "low": "cyan", "info": "bright gray"}

display = Display()


class ActionModule(ActionBase):
    """Runs on the controller and reaches no host."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Returns files, hosts, summary and changed (see RETURN of tcp_report)."""
        super().run(tmp, task_vars)
        _result, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)  # type: ignore[no-untyped-call]
        try:
            report = build(arguments["audits"], arguments["title"])
            written = []
            if arguments["dest"]:
                folder = os.path.abspath(arguments["dest"])
                written = write(report, folder, arguments["formats"], arguments["basename"], dry_run=self._task.check_mode)
        except ReportError as error:
            raise AnsibleActionFail(f"tcp_report: {error}") from error  # type: ignore[no-untyped-call]
        if arguments["show"]:
            display.display(_for_terminal(report))
        return {
            "changed": any(file.changed for file in written),
            "files": [{"path": file.path, "format": file.format, "changed": file.changed} for file in written],
            "hosts": {outcome: report.count(outcome) for outcome in OUTCOMES},
            "summary": text_summary(report),
        }


def _for_terminal(report: Report) -> str:
    """The summary as wide as the terminal allows, in colour where Ansible uses colour."""
    width = min(100, max(80, shutil.get_terminal_size().columns))
    return text_summary(report, width, paint=_paint)


def _paint(text: str, severity: Severity) -> str:
    return str(stringc(text, _COLOURS[severity]))  # type: ignore[no-untyped-call]
