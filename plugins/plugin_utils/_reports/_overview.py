# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What all hosts of a report have in it together, found in one look at each of them: a fleet's audits are objects only while one looks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from .._results import ANY_PROFILE, SEVERITIES, Severity
from ._groups import CureGroup, CureGroups, RuleGroup, RuleGroups
from ._host import HostReport
from ._outliers import Outlier, Outliers

MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(\.\d+)?)?Z")
"""A moment as an audit's collected_at has it; what does not look like one is shown as it is and not sorted by."""


class Overview(NamedTuple):
    """rules: the ids of all rules that have a result, in order, each with the highest severity of its results. cures: likewise the ids.

    collected: the first and the last moment at which hosts were observed, in UTC; None where no audit says it.
    first_cures, failed_rules: by what hosts have in common. outliers: what few hosts of a profile have.
    without_profile: the hosts (no repositories, no namespaces) that were checked without a profile.
    """

    rules: dict[str, Severity]
    cures: list[str]
    collected: tuple[str, str] | None
    first_cures: list[CureGroup]
    failed_rules: list[RuleGroup]
    outliers: list[Outlier]
    without_profile: list[str]


def look_over(hosts: Iterable[HostReport]) -> Overview:
    """hosts: the most urgent first, which is the order of the hosts in each group."""
    rules: dict[str, Severity] = {}
    cures: set[str] = set()
    moments: list[str] = []
    without_profile = []
    first_cures, failed_rules, outliers = CureGroups(), RuleGroups(), Outliers()
    for host in hosts:
        audit = host.audit
        if audit is None:
            continue
        for result in host.results:
            worst = rules.get(result["id"])
            if worst is None or SEVERITIES.index(result["severity"]) < SEVERITIES.index(worst):
                rules[result["id"]] = result["severity"]
        cures.update(cure["id"] for cure in (*host.advice, *host.advised_against))
        if MOMENT.fullmatch(audit["collected_at"] or ""):
            moments.append(str(audit["collected_at"]))
        if audit["profile"] == ANY_PROFILE and not host.is_namespace and not host.is_repository:
            without_profile.append(host.name)
        first_cures.add(host)
        failed_rules.add(host)
        if not host.is_namespace:
            outliers.add(host)
    return Overview(
        rules=dict(sorted(rules.items())),
        cures=sorted(cures),
        collected=(min(moments), max(moments)) if moments else None,
        first_cures=first_cures.sorted(),
        failed_rules=failed_rules.sorted(),
        outliers=outliers.sorted(),
        without_profile=sorted(without_profile),
    )
