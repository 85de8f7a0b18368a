# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What tcp-sysctl-lint prints: for people, for GitHub and GitLab, and the SARIF and JUnit reports of the collection."""

from __future__ import annotations

import hashlib
import json
import typing as t

from ._escape import one_line
from ._reports import build, format_of
from ._reports._host import HostReport, ShownResult
from ._reports._model import settings_text
from ._results import SEVERITIES

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ._results import Audit, Severity

_GITHUB: dict[Severity, str] = {"critical": "error", "high": "error", "medium": "warning", "low": "notice", "info": "notice"}
_GITLAB: dict[Severity, str] = {"critical": "blocker", "high": "critical", "medium": "major", "low": "minor", "info": "info"}
_TITLE = "TCP settings"


def _text(judged: Audit) -> str:
    """One block for each failure, by file, and at the end what was looked at."""
    host = _host(judged)
    lines = []
    for result in _failures(host):
        lines.append(f"{_where(result)}: {result['severity']}: {result['id']}: {_said(result)}")
        if len(result["settings"]) > 1:
            lines.append(f"    set in: {one_line(settings_text(result), 500)}")
        lines.append(f"    do: {one_line(result['remedy'], 500)}")
    if lines:
        lines.append("")
    severities = host.summary["severity"]
    counted = ", ".join(f"{severities[name]} {name}" for name in SEVERITIES if severities[name])
    apart = host.summary["told_apart"]
    lines.append(
        f"Failed: {counted or 'none'}." + (f" For hosts of one profile only: {apart}. Give --profile to judge them." if apart else "")
    )
    lines += map(one_line, judged["not_seen"])
    return "\n".join(lines) + "\n"


def _github(judged: Audit) -> str:
    """Workflow commands, which GitHub shows beside the lines of a change."""
    lines = []
    for result in _failures(_host(judged)):
        level = _GITHUB[result["severity"]] if result["decides"] else "notice"
        place = f"file={_property(result['path'] or '')},line={result['line'] or 1},title={_property(result['id'])}"
        message = f"{_said(result)}. {result['remedy']}"
        lines.append(f"::{level} {place}::{_data(message)}\n")
    return "".join(lines)


def _data(text: str) -> str:
    return one_line(text, 1000).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _gitlab(judged: Audit) -> str:
    """A code quality report."""
    issues = []
    for result in _failures(_host(judged)):
        parts = (result["id"], result["path"] or "", result["subject"], str(result["evidence"].get("place", "")), result["observed"])
        issues.append(
            {
                "description": one_line(f"{_said(result)}. {result['remedy']}", 1000),
                "check_name": result["id"],
                "fingerprint": hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest(),
                "severity": _GITLAB[result["severity"]] if result["decides"] else "info",
                "location": {"path": result["path"] or ".", "lines": {"begin": result["line"] or 1}},
            }
        )
    return json.dumps(issues, indent=1) + "\n"


def _sarif(judged: Audit) -> str:
    return format_of("sarif").render(build([judged], _TITLE))


def _junit(judged: Audit) -> str:
    return format_of("junit").render(build([judged], _TITLE))


FORMATS: dict[str, Callable[[Audit], str]] = {"text": _text, "sarif": _sarif, "junit": _junit, "github": _github, "gitlab": _gitlab}


def _host(judged: Audit) -> HostReport:
    return build([judged], _TITLE).hosts[0]


def _failures(host: HostReport) -> list[ShownResult]:
    """The failed results by file and line; those of one profile only stand among them."""
    return sorted(host.having("fail"), key=lambda result: (result["path"] or "", result["line"] or 0, SEVERITIES.index(result["severity"])))


def _where(result: ShownResult) -> str:
    return f"{result['path']}:{result['line']}" if result["path"] else "repository"


def _said(result: ShownResult) -> str:
    only = "" if result["decides"] else f" (only for {' or '.join(result['profiles'])})"
    return one_line(f"{result['title']}: {result['observed']}{only}", 500)
