# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The JUnit report, in the form that Jenkins and GitLab take: a suite a host, a test case a rule."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from itertools import groupby

from .._escape import one_line
from .._results import STATUSES, Audit
from ._host import HostReport, ShownResult
from ._model import Report, location, settings_text
from ._overview import MOMENT

ENDING = ".junit.xml"
MANY_HOSTS = 200


def render(report: Report) -> str:
    """Return the report as XML. A host that could not be audited is a suite with one test case in error.

    Beyond MANY_HOSTS only the cases that failed are written, and a suite that counts the others by rule: CI systems keep each case.
    """
    root = ET.Element("testsuites", name=report.title)
    many = len(report.hosts) > MANY_HOSTS
    statuses: dict[str, Counter[str]] = {}
    suites = []
    for host in report.hosts:
        suite = _suite(report, host, many)
        if many:
            _count(host, statuses)
        if len(suite):
            suites.append(suite)
    if many:
        suites.insert(0, _counted(statuses))
    total = {"tests": 0, "failures": 0, "errors": 0}
    for suite in suites:
        for count in total:
            total[count] += int(suite.get(count, 0))
        root.append(suite)
    # The schema of Jenkins' plugin xunit has no other counts here.
    root.attrib.update({count: str(number) for count, number in total.items()}, time="0")
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _count(host: HostReport, statuses: dict[str, Counter[str]]) -> None:
    """Add the worst status of each rule on a host to those of the other hosts."""
    worst = {result["id"]: result["status"] for result in reversed(host.results)}
    for rule, status in worst.items():
        statuses.setdefault(rule, Counter())[status] += 1


def _counted(statuses: dict[str, Counter[str]]) -> ET.Element:
    """Of a fleet a case for each rule, with the number of hosts by status; they pass, because what failed stands in its host's suite."""
    suite = ET.Element("testsuite", name="summary", tests="0", failures="0", errors="0", skipped="0", hostname="summary", time="0")
    for rule, counts in sorted(statuses.items()):
        case = ET.SubElement(suite, "testcase", name=rule, classname="summary", time="0")
        told = ", ".join(f"{status.replace('_', ' ')} on {counts[status]:,} hosts" for status in STATUSES if counts[status])
        ET.SubElement(case, "system-out").text = told
    suite.set("tests", str(len(suite)))
    return suite


def _suite(report: Report, host: HostReport, only_failed: bool) -> ET.Element:
    suite = ET.Element("testsuite", name=host.name, tests="0", failures="0", errors="0", skipped="0", hostname=host.name, time="0")
    if host.audit is None:
        case = ET.SubElement(suite, "testcase", name="audit", classname=host.name, time="0")
        error = ET.SubElement(case, "error", type="not_audited", message=one_line(host.not_audited_because, 300))
        error.text = f"{host.name} was not audited.\n\n{host.not_audited_because}"
        suite.attrib.update(tests="1", errors="1")
        return suite
    if MOMENT.fullmatch(host.audit["collected_at"] or ""):
        # The form's time stamps are ISO 8601 without a zone.
        suite.set("timestamp", str(host.audit["collected_at"]).removesuffix("Z"))
    cases = [
        _case(report, host, list(results)) for _place, results in groupby(sorted(host.results, key=_case_of(host)), key=_case_of(host))
    ]
    if only_failed:
        cases = [case for case in cases if case.find("failure") is not None]
    if cases or not only_failed:
        suite.append(_properties(host.audit))
    suite.extend(cases)
    suite.attrib.update(
        tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)),
    )
    return suite


def _case_of(host: HostReport) -> Callable[[ShownResult], tuple[str, str]]:
    """What tells one test case from another: the rule, and in a repository first the file with a failure."""
    return lambda result: (result["path"] or "" if host.is_repository and result["status"] == "fail" else "", result["id"])


def _properties(audit: Audit) -> ET.Element:
    properties = ET.Element("properties")
    facts = {
        "profile": audit["profile"],
        "fail_on": audit["fail_on"],
        "kernel_release": audit["kernel_release"],
        "source": audit["source"]["kind"],
        "verdict": one_line(audit["verdict"]["sentence"], 500) if audit["verdict"] else "",
    }
    for name, value in facts.items():
        if value:
            ET.SubElement(properties, "property", name=name, value=value)
    return properties


def _case(report: Report, host: HostReport, results: list[ShownResult]) -> ET.Element:
    """One rule. Its results on several subjects share the case: any failed one fails it, any missing one keeps it from passing."""
    case = ET.Element("testcase", name=results[0]["id"], classname=host.name, time="0")
    path, line = results[0]["path"], results[0]["line"]
    # GitLab and others link to a file: the one of the repository, or that of the inventory which names the host.
    if host.is_repository and path and line:
        case.attrib.update(classname=path, file=path, line=str(line))
    elif host.machine in report.inventory:
        file, number = report.inventory[host.machine]
        case.attrib.update(file=file, line=str(number))
    if not any(result["decides"] for result in results if result["status"] == "fail"):
        apart = [result for result in results if result["status"] == "fail"]
        if apart:
            why = f"counts only for {' or '.join(apart[0]['profiles'])}: {_headline(apart)}"
            ET.SubElement(case, "skipped", message=one_line(why, 500))
            return case
    status = min((result["status"] for result in results), key=STATUSES.index)
    relevant = [result for result in results if result["status"] == status]
    if status == "fail":
        failure = ET.SubElement(case, "failure", type=relevant[0]["severity"], message=one_line(_headline(relevant), 300))
        failure.text = "\n\n".join(_failure(result) for result in relevant)
    elif status != "pass":
        reasons = [f"{result['subject']}: {result['reason']}" if result["subject"] else result["reason"] for result in relevant]
        ET.SubElement(case, "skipped", message=one_line(f"{status.replace('_', ' ')}: {'; '.join(reasons)}", 500))
    return case


def _headline(failed: list[ShownResult]) -> str:
    first = failed[0]
    more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
    return f"{first['title']}: {first['subject']}: {first['observed']}{more}"


def _failure(result: ShownResult) -> str:
    facts = {
        "observed": result["observed"],
        "expected": result["expected"],
        "where": location(result),
        "set in": settings_text(result),
        "evidence": ", ".join(f"{name}={value}" for name, value in result["evidence"].items()),
        "claims": " ".join(result["claims"]),
        "why": result["rationale"],
        "remedy": result["remedy"],
    }
    lines = [f"[{result['severity']}] {result['subject'] or result['title']}"]
    return "\n".join(lines + [f"  {name}: {value}" for name, value in facts.items() if value])
