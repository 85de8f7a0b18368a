# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What changed since an earlier report: what is new, what is cured, what stays, rule by rule and host by host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

from .._results import SEVERITIES, Audit, Severity
from ._host import HostReport, shown_name
from ._input import read_line
from ._merge import merged, paths_of


class RuleChange(NamedTuple):
    """A rule, and the names of the hosts where it fails only now, failed only before, or failed in both.

    not_known: it failed before, and what it asks about was not seen now. severity: the gravest there is or was.
    """

    rule: str
    severity: Severity
    new: list[str]
    cured: list[str]
    stays: list[str]
    not_known: list[str]


class Comparison(NamedTuple):
    """rules: the gravest first, and only those that failed in one of both. added, gone: hosts that only one of both reports has.

    lost: hosts that were audited before and are not now.
    """

    rules: list[RuleChange]
    added: list[str]
    gone: list[str]
    lost: list[str]

    @property
    def counts(self) -> dict[str, int]:
        """How many pairs of a rule and a host are new, are cured, stay, and are not known."""
        return {name: sum(len(getattr(rule, name)) for rule in self.rules) for name in ("new", "cured", "stays", "not_known")}

    @property
    def sentence(self) -> str:
        """The counts, for people."""
        counts = self.counts
        return f"{counts['new']:,} new, {counts['cured']:,} cured, {counts['stays']:,} as before, {counts['not_known']:,} not known now"

    @property
    def changed(self) -> list[RuleChange]:
        """The rules that are not on all hosts as before."""
        return [rule for rule in self.rules if rule.new or rule.cured or rule.not_known]


class Earlier(NamedTuple):
    """What is kept of a host of the earlier report: its failed rules with their severities; None where it was not audited."""

    failed: dict[str, Severity] | None


def read_earlier(patterns: Sequence[str]) -> dict[str, Earlier]:
    """The hosts of earlier reports (paths or globs), by their shown names. Raises ReportError for a pattern that names no file."""
    found = {}
    for line in merged(paths_of(patterns)).entries:
        entry = read_line(line)
        found[shown_name(entry["host"])] = Earlier(_failed(cast("Audit", entry)) if "results" in entry else None)
    return found


def compare(hosts: Iterable[HostReport], earlier: Mapping[str, Earlier]) -> Comparison:
    """hosts: those of the report now, without their namespaces."""
    rules: dict[str, RuleChange] = {}
    added, lost = [], []
    seen = set()
    for host in hosts:
        seen.add(host.name)
        before = earlier.get(host.name)
        if before is None:
            added.append(host.name)
        elif before.failed is not None and host.audit is None:
            lost.append(host.name)
        if host.audit is not None:
            _add(rules, host, (before and before.failed) or {})
    gone = [name for name in earlier if name not in seen]
    order = sorted(rules.values(), key=lambda rule: (SEVERITIES.index(rule.severity), -len(rule.new), rule.rule))
    return Comparison(order, added, gone, lost)


def _add(rules: dict[str, RuleChange], host: HostReport, before: Mapping[str, Severity]) -> None:
    now = _failed(cast("Audit", host.audit))
    known = {result["id"] for result in host.results if result["status"] != "unknown"}
    for rule in {**before, **now}:
        severities = [severity for severity in (now.get(rule), before.get(rule)) if severity]
        worst = min(severities, key=SEVERITIES.index)
        change = rules.get(rule) or RuleChange(rule, worst, [], [], [], [])
        rules[rule] = change = change._replace(severity=min(change.severity, worst, key=SEVERITIES.index))
        if rule in now:
            (change.stays if rule in before else change.new).append(host.name)
        else:
            (change.cured if rule in known else change.not_known).append(host.name)


def _failed(audit: Audit) -> dict[str, Severity]:
    """The failed rules that decide, each with its gravest severity."""
    found: dict[str, Severity] = {}
    for result in audit["results"]:
        if result["status"] == "fail" and result["decides"]:
            found[result["id"]] = min(result["severity"], found.get(result["id"], result["severity"]), key=SEVERITIES.index)
    return found
