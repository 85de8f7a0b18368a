# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What every report starts from: the audits of many hosts, checked, completed and counted."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from functools import cached_property
from itertools import groupby
from typing import Any, Literal, cast

from .._audit import NAMED_FROM, reaches, summarise
from .._escape import escape_unprintable, one_line
from .._results import SEVERITIES, STATUSES, Advice, AdviceGain, Audit, Result, Severity, Status, Summary, Verdict
from ._input import Entry, read_audit, read_audits

MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(\.\d+)?)?Z")
"""A moment as an audit's collected_at has it; what does not look like one is shown as it is and not sorted by."""

Outcome = Literal["not_audited", "failed", "unknown", "clean"]
OUTCOMES: tuple[Outcome, ...] = ("not_audited", "failed", "unknown", "clean")


@dataclasses.dataclass(frozen=True)
class HostReport:
    """One host as people are to see it: every text in it is safe to show (see _escape).

    number counts the hosts by name. audit is None for a host that could not be audited; not_audited_because then says why.
    is_namespace: it is another network namespace of the host before it. failed_namespaces: how many of its own are in the report.
    """

    number: int
    name: str
    audit: Audit | None
    not_audited_because: str
    is_namespace: bool = False
    failed_namespaces: int = 0

    @cached_property
    def results(self) -> list[Result]:
        """All results, failed ones first, then by severity, id and subject."""
        return sorted(self.audit["results"], key=_urgency) if self.audit else []

    def having(self, status: Status) -> list[Result]:
        """The results of one status, most severe first."""
        return [result for result in self.results if result["status"] == status]

    @cached_property
    def failed(self) -> list[Result]:
        """The failed results that decide."""
        return [result for result in self.having("fail") if result["decides"]]

    @property
    def is_repository(self) -> bool:
        """Whether it is no host but the files of a repository."""
        return self.audit is not None and self.audit["source"]["kind"] == "repository"

    @cached_property
    def failed_by_file(self) -> dict[str, list[Result]]:
        """The failed results that decide, of a repository by the file, the file with the gravest one first. Of a host all are under ""."""
        if not self.is_repository:
            return {"": self.failed} if self.failed else {}
        found: dict[str, list[Result]] = {}
        for result in self.failed:
            found.setdefault(result["path"] or "", []).append(result)
        return found

    @cached_property
    def told_apart(self) -> dict[str, list[Result]]:
        """The failed results that count only if the host has one of some profiles, by these profiles ("client_host or fullnat_lb")."""
        apart = [result for result in self.having("fail") if not result["decides"]]
        found: dict[str, list[Result]] = {}
        for result in apart:
            found.setdefault(" or ".join(result["profiles"]), []).append(result)
        return found

    @property
    def verdict(self) -> Verdict | None:
        """None for a host that could not be audited, and for an audit that has none."""
        found = self.audit["verdict"] if self.audit else None
        return found if found and found["sentence"] else None

    @cached_property
    def summary(self) -> Summary:
        return summarise(self.results)

    @cached_property
    def advice(self) -> list[Advice]:
        """The cures that apply, best first."""
        return [cure for cure in (self.audit["advice"] if self.audit else ()) if cure["applies"]]

    @cached_property
    def advised_against(self) -> list[Advice]:
        """The cures that are wrong here, or not needed."""
        return [cure for cure in (self.audit["advice"] if self.audit else ()) if not cure["applies"]]

    @property
    def worst(self) -> Severity | None:
        return self.summary["worst"]

    @cached_property
    def outcome(self) -> Outcome:
        """unknown: there was an audit, but all its results are unknown or not applicable. That is no good news."""
        if self.audit is None:
            return "not_audited"
        count = self.summary["status"]
        if self.failed or self.failed_namespaces:
            return "failed"
        return "clean" if count["pass"] or count["waived"] or count["fail"] else "unknown"


@dataclasses.dataclass(frozen=True)
class Report:
    """entries: the checked input, whole, by host name. hosts: the same for people, in the same order, each with its namespaces after it."""

    title: str
    entries: list[Entry]
    hosts: list[HostReport]

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
        return summarise([result for host in self.hosts for result in host.results])

    @cached_property
    def by_rule(self) -> dict[str, list[Result]]:
        """The results of each rule on all hosts, in order of the rules' ids; failed ones first, for they explain a rule best."""
        results = sorted((result for host in self.hosts for result in host.results), key=lambda r: (r["id"], r["status"] != "fail"))
        return {rule: list(same) for rule, same in groupby(results, key=lambda r: r["id"])}

    @cached_property
    def collected(self) -> tuple[str, str] | None:
        """The first and the last moment at which hosts were observed, in UTC; None where no audit says it."""
        known = (host.audit["collected_at"] or "" for host in self.hosts if host.audit)
        moments = sorted(moment for moment in known if MOMENT.fullmatch(moment))
        return (moments[0], moments[-1]) if moments else None


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


def _urgency(result: Result) -> tuple[int, int, str, str]:
    return (STATUSES.index(result["status"]), SEVERITIES.index(result["severity"]), result["id"], result["subject"])


def build(audits: object, title: str) -> Report:
    """Make the report of audits; raises ReportError where they are not what tcp_report takes."""
    entries = read_audits(audits)
    shown = [one for entry in entries for one in _with_namespaces(entry)]
    hosts = [dataclasses.replace(host, number=number) for number, host in enumerate(shown)]
    return Report(title=escape_unprintable(title, 200), entries=entries, hosts=hosts)


def build_host(host: str, audit: Mapping[Any, Any]) -> HostReport:
    """Make the report of one host's audit. Raises ShapeError naming the place in the audit that has another shape."""
    return _host(0, read_audit(host, audit, ""))


def _with_namespaces(entry: Entry) -> list[HostReport]:
    """A host, and those of its namespaces that a person must see, each as if it were a host; the verdict counts the others."""
    found = []
    for namespace in cast("Audit", entry)["namespaces"] if "results" in entry else ():
        summary = summarise(namespace["results"])
        if reaches(namespace["results"], NAMED_FROM) or summary["status"]["waived"]:
            parts = {name: value for name, value in namespace.items() if name not in ("name", "passed")}
            host = f"{entry['host']} / {namespace['name']}"
            audit = cast("Audit", {**parts, "host": host, "summary": summary, "namespaces": []})
            found.append(dataclasses.replace(_host(0, audit), is_namespace=True))
    failed = sum(bool(one.failed) for one in found)
    return [dataclasses.replace(_host(0, entry), failed_namespaces=failed), *found]


def _host(number: int, entry: Entry) -> HostReport:
    name = one_line(entry["host"], 100)
    entry = _shown(entry)
    if "results" in entry:
        return HostReport(number, name, cast("Audit", entry), "")
    return HostReport(number, name, None, entry["msg"])


def _shown(value: Any) -> Any:
    """The same data with every text safe to show."""
    if isinstance(value, str):
        return escape_unprintable(value)
    if isinstance(value, list):
        return [_shown(item) for item in value]
    if isinstance(value, dict):
        return {escape_unprintable(key, 200): _shown(item) for key, item in value.items()}
    return value
