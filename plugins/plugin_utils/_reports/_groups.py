# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What many hosts have in common: the cure that comes first on them, and the same finding of a rule."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from functools import cached_property

from .._results import SEVERITIES, Severity
from ._host import HostReport, ShownAdvice, ShownResult


@dataclasses.dataclass
class CureGroup:
    """A cure and the hosts where it comes first, in the given order. cure: as the first of them has it.

    severity: of the gravest problem that the cure solves on one of them.
    """

    cure: ShownAdvice
    severity: Severity | None
    hosts: list[HostReport]


@dataclasses.dataclass(frozen=True)
class Finding:
    """A failed result that hosts have word for word in common, and these hosts in the given order."""

    result: ShownResult
    hosts: list[HostReport]


@dataclasses.dataclass(frozen=True)
class RuleGroup:
    """A rule with what failed of it. findings: the gravest first, then the one that most hosts have."""

    rule: str
    findings: list[Finding]

    @cached_property
    def severity(self) -> Severity:
        return self.findings[0].result["severity"]

    @cached_property
    def hosts(self) -> int:
        """How many hosts and namespaces; each counts once."""
        return len({host.number for finding in self.findings for host in finding.hosts})


class CureGroups:
    """The hosts with something to do, by the cure that comes first on them."""

    def __init__(self) -> None:
        self._found: dict[str, CureGroup] = {}

    def add(self, host: HostReport) -> None:
        for first in host.advice[:1]:
            group = self._found.setdefault(first["id"], CureGroup(first, first["severity"], []))
            group.hosts.append(host)
            group.severity = min(group.severity, first["severity"], key=_rank)

    def sorted(self) -> list[CureGroup]:
        """The gravest cure first, then the one of most hosts."""
        return sorted(self._found.values(), key=lambda group: (_rank(group.severity), -len(group.hosts), group.cure["id"]))


class RuleGroups:
    """The failed results that decide, by rule and finding."""

    def __init__(self) -> None:
        self._found: dict[str, dict[tuple[object, ...], Finding]] = {}

    def add(self, host: HostReport) -> None:
        for result in host.failed:
            same = (result["severity"], result["subject"], result["observed"], result["expected"], result["path"], result["line"])
            self._found.setdefault(result["id"], {}).setdefault(same, Finding(result, [])).hosts.append(host)

    def sorted(self) -> list[RuleGroup]:
        """The gravest rule first, then the one of most hosts."""
        groups = [RuleGroup(rule, sorted(findings.values(), key=_first_shown)) for rule, findings in self._found.items()]
        return sorted(groups, key=lambda group: (_rank(group.severity), -group.hosts, group.rule))


def by_reason(hosts: Iterable[HostReport]) -> list[tuple[str, list[str]]]:
    """Why hosts were not audited, and their names; the reason of most hosts first."""
    found: dict[str, list[str]] = {}
    for host in hosts:
        if not host.is_audited:
            found.setdefault(host.not_audited_because, []).append(host.name)
    return sorted(found.items(), key=lambda item: -len(item[1]))


def _first_shown(finding: Finding) -> tuple[int, int]:
    return (_rank(finding.result["severity"]), -len(finding.hosts))


def _rank(severity: Severity | None) -> int:
    return SEVERITIES.index(severity) if severity else len(SEVERITIES)
