# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The report for Prometheus: a file for the textfile collector of node_exporter, so that findings of the last audit can be alerted on."""

from __future__ import annotations

import datetime
from collections import Counter
from typing import TYPE_CHECKING

from .._results import SEVERITIES
from ._host import OUTCOMES
from ._overview import MOMENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._host import HostReport
    from ._model import Report

ENDING = ".prom"
"""The collector reads files of this name only."""
MOST_HOSTS = 1000
"""How many hosts have metrics of their own: a server keeps each of them as a series. Of more hosts only the counts are written."""


def render(report: Report) -> str:
    """The text of the file. What is not known has no line: it does not count as 0."""
    lines = _family(
        "linux_tcp_audit_hosts",
        "Hosts of the last audit by outcome. not_audited: nothing is known about the host.",
        ((f'outcome="{outcome}"', report.count(outcome)) for outcome in OUTCOMES),
    )
    lines += _family(
        "linux_tcp_audit_rule_failed_hosts",
        "Hosts and network namespaces on which a rule failed in the last audit.",
        ((f'rule="{label(group.rule)}",severity="{group.severity}"', group.hosts) for group in report.overview.failed_rules),
    )
    if len(report.machines) > MOST_HOSTS:
        return text_of(lines)
    lines += _family(
        "linux_tcp_audit_up",
        "Whether the host could be audited.",
        ((_host(host), int(host.is_audited)) for host in report.machines),
    )
    failed: Counter[tuple[str, str]] = Counter()
    for host in report.hosts:
        failed.update({(host.machine, severity): count for severity, count in host.summary["severity"].items()})
    lines += _family(
        "linux_tcp_audit_failed_results",
        "Failed results of the host and its network namespaces, by severity.",
        (
            (f'{_host(host)},severity="{severity}"', failed[host.name, severity])
            for host in report.machines
            if host.is_audited
            for severity in SEVERITIES
        ),
    )
    lines += _family(
        "linux_tcp_audit_unknown_results",
        "Results that are unknown, because a fact is missing.",
        ((_host(host), host.summary["status"]["unknown"]) for host in report.machines if host.is_audited),
    )
    lines += _family(
        "linux_tcp_audit_timestamp_seconds",
        "When the facts of the host were read, in Unix time.",
        ((_host(host), seconds) for host in report.machines if (seconds := _observed(host)) is not None),
    )
    return text_of(lines)


def label(text: str) -> str:
    """Text as the value of a label, quoted by the rules of the format. What UTF-8 cannot hold becomes an escape."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _host(host: HostReport) -> str:
    return f'host="{label(host.name)}"'


def _observed(host: HostReport) -> float | None:
    moment = (host.audit["collected_at"] or "") if host.audit else ""
    if not MOMENT.fullmatch(moment):
        return None
    try:
        return datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None


def _family(name: str, help_text: str, values: Iterable[tuple[str, float]]) -> list[str]:
    return metric(name, "gauge", help_text, values)


def metric(name: str, kind: str, help_text: str, values: Iterable[tuple[str, float]]) -> list[str]:
    """The lines of a metric: its labels, as text, each with its value. One that has no value is left out, with its HELP and TYPE."""
    lines = [f"{name}{{{labels}}} {value!r}" for labels, value in values]
    return [f"# HELP {name} {help_text}", f"# TYPE {name} {kind}", *lines] if lines else []


def text_of(lines: Iterable[str]) -> str:
    """The file of these lines."""
    return "".join(f"{line}\n" for line in lines)
