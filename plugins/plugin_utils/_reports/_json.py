# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The JSON report: every audit for other programs, and what rules and cures say of themselves once. tcp_report takes its audits again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._model import Report

ENDING = ".json"
SCHEMA = "linux_tcp.report/2"
# The line before the first host.
AUDITS = '"audits": [\n'


def render(report: Report) -> str:
    """Return the report as JSON, a line for each host; ASCII only, so that printing the file cannot steer a terminal."""
    rules = {rule: report.texts.rule(rule) for rule in report.overview.rules}
    cures = {cure: report.texts.cure(cure) for cure in report.overview.cures}
    head: dict[str, Any] = {"schema": SCHEMA, "title": report.title, "rules": rules, "cures": cures}
    if report.overview.outliers:
        head["outliers"] = [one._asdict() for one in report.overview.outliers]
    if report.comparison:
        head["comparison"] = {**report.comparison._asdict(), "rules": [one._asdict() for one in report.comparison.rules]}
    lines = [f"{json.dumps(name)}: {_line(value)}," for name, value in head.items()]
    audits = ",\n".join(host.entry for host in report.machines)
    return "\n".join(["{", *lines, AUDITS + audits, "]", "}", ""])


def _line(value: Any) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))
