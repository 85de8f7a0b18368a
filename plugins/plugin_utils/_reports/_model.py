# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What every report starts from: the audits of many hosts, checked, completed and counted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from .._audit import NAMED_FROM, reaches, summarise
from .._escape import escape_unprintable
from .._results import SEVERITIES, STATUSES, AdviceGain, Result, Summary
from .._texts import Texts, own_texts
from ._compare import Comparison, Earlier, compare, read_earlier
from ._host import OUTCOMES, HostReport, Outcome, may_need_escape, shown_name
from ._input import Entry, kept_line, read_audit, read_audits, read_line
from ._inventory import places_of
from ._merge import merged, paths_of
from ._overview import Overview, look_over

if TYPE_CHECKING:
    from .._results import Audit


@dataclasses.dataclass(frozen=True)
class Report:
    """hosts: by name, each with its namespaces after it. texts: what their rules and cures say of themselves.

    earlier: the hosts of an earlier report, by name, where one is compared with.
    inventory: host name to the file of the inventory that names it, and the line there.
    """

    title: str
    hosts: list[HostReport]
    texts: Texts
    earlier: Mapping[str, Earlier] | None = None
    inventory: Mapping[str, tuple[str, int]] = dataclasses.field(default_factory=dict)

    @cached_property
    def urgent_first(self) -> list[HostReport]:
        """By outcome as OUTCOMES has them, then by the worst failed result and how many there are of it, then by name."""

        def urgency(host: HostReport) -> tuple[int, list[int]]:
            return (OUTCOMES.index(host.outcome), [-host.summary["severity"][severity] for severity in SEVERITIES])

        return sorted(self.hosts, key=urgency)

    @cached_property
    def machines(self) -> list[HostReport]:
        """The hosts without their other network namespaces."""
        return [host for host in self.hosts if not host.is_namespace]

    @cached_property
    def failed_namespaces(self) -> int:
        return sum(host.failed_namespaces for host in self.machines)

    def count(self, outcome: Outcome) -> int:
        """How many hosts; one with a failed result in a network namespace has failed."""
        return sum(host.outcome == outcome for host in self.machines)

    @cached_property
    def summary(self) -> Summary:
        return added(host.summary for host in self.hosts)

    @cached_property
    def overview(self) -> Overview:
        return look_over(self.urgent_first)

    @cached_property
    def comparison(self) -> Comparison | None:
        """What changed since the earlier report; None without one."""
        return None if self.earlier is None else compare(self.machines, self.earlier)


def settings_text(result: Result) -> str:
    """The settings of a repository that cause the result: "net.ipv4.tcp_tw_reuse = 1 (a.conf:3), …"; empty where there are none."""
    return ", ".join(f"{one['key']} = {one['value']} ({one['path']}:{one['line']})" for one in result["settings"])


def location(result: Result) -> str:
    """The boot file that causes the result, with its line where that is known: "/etc/sysctl.conf:3"; empty where there is none."""
    if not result["path"]:
        return ""
    return result["path"] if result["line"] is None else f"{result['path']}:{result['line']}"


def gain_text(gain: AdviceGain) -> str:
    """What a cure gains, for people: "0.3 to 20 connections per second (60 times)"; empty where that is not known."""
    before, after, factor = gain["from_per_second"], gain["to_per_second"], gain["factor"]
    if before is None:
        return ""
    if after is None:
        return f"from {before:,.1f} short connections per second to no limit from TIME_WAIT"
    times = "" if factor is None else f" ({factor:,.1f} times)"
    return f"from {before:,.1f} to {after:,.1f} short connections per second{times}"


def build(
    audits: object,
    title: str,
    texts: Texts | None = None,
    *,
    merge: Sequence[str] = (),
    earlier: Sequence[str] = (),
    inventories: Sequence[str] = (),
) -> Report:
    """Make the report of audits; raises ReportError where they are not what tcp_report takes.

    texts: of rules and cures; by default those of this version. merge: JSON reports of other runs, paths or globs; audits may be None then.
    earlier: JSON reports to compare with, likewise. inventories: the files and folders of Ansible's inventory.
    """
    entries: Iterable[Entry] = [] if audits is None and merge else read_audits(audits)
    texts = texts or own_texts()
    if merge:
        lines, others = merged(paths_of(merge), entries)
        entries = map(read_line, lines)
        texts = Texts({**others.rules, **texts.rules}, {**others.cures, **texts.cures})
    shown = [one for entry in entries for one in _with_namespaces(entry, texts)]
    hosts = [dataclasses.replace(host, number=number) for number, host in enumerate(shown)]
    before = read_earlier(earlier) if earlier else None
    named = places_of({host.machine for host in hosts}, inventories)
    return Report(escape_unprintable(title, 200), hosts, texts, before, named)


def build_host(host: str, audit: Mapping[Any, Any]) -> HostReport:
    """Make the report of one host's audit. Raises ShapeError naming the place in the audit that has another shape."""
    return _host(read_audit(host, audit, ""), own_texts())


def added(summaries: Iterable[Summary]) -> Summary:
    """The sum of several summaries."""
    status, severity = dict.fromkeys(STATUSES, 0), dict.fromkeys(SEVERITIES, 0)
    told_apart = 0
    for one in summaries:
        for word in STATUSES:
            status[word] += one["status"][word]
        for name in SEVERITIES:
            severity[name] += one["severity"][name]
        told_apart += one["told_apart"]
    return {
        "status": status,
        "severity": severity,
        "worst": next((name for name in SEVERITIES if severity[name]), None),
        "told_apart": told_apart,
    }


def _with_namespaces(entry: Entry, texts: Texts) -> list[HostReport]:
    """A host, and those of its namespaces that a person must see, each as if it were a host; the verdict counts the others."""
    found = []
    for namespace in cast("Audit", entry)["namespaces"] if "results" in entry else ():
        summary = summarise(namespace["results"])
        if reaches(namespace["results"], NAMED_FROM) or summary["status"]["waived"]:
            parts = {name: value for name, value in namespace.items() if name not in ("name", "passed")}
            host = f"{entry['host']} / {namespace['name']}"
            audit = cast("Audit", {**parts, "host": host, "summary": summary, "namespaces": []})
            found.append(dataclasses.replace(_host(audit, texts), namespace_of=shown_name(entry["host"])))
    failed = sum(bool(one.worst) for one in found)
    return [dataclasses.replace(_host(entry, texts), failed_namespaces=failed), *found]


def _host(entry: Entry, texts: Texts) -> HostReport:
    summary = cast("Audit", entry)["summary"] if "results" in entry else summarise([])
    line = kept_line(entry)
    return HostReport(0, shown_name(entry["host"]), line, summary, texts, may_need_escape(line))
