# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Rules x snapshot x waivers -> results. Pure: no host, no clock and no file is touched here."""

from __future__ import annotations

import dataclasses
import typing as t
from collections import Counter

from ..module_utils._sysctl._keys import SYSCTL_KEYS, parse
from ._advice import Case, advise, of_namespace
from ._capacity import Estimate, capacity, knee_ports
from ._namespace_views import is_about_the_host, profile_of, view_of
from ._place_views import PlacesAudit
from ._results import ANY_PROFILE, PROFILES, SEVERITIES, STATUSES, Audit, AuditParts, Capacity, NamespaceAudit, Result, Severity, Summary
from ._rules import CATALOGUE, WAIVER_EXPIRED, CannotApplyError, Finding, MissingFactError, Rule, Thresholds, View, lowered
from ._rules.probes import failed_probes
from ._verdict import verdict, with_namespaces
from ._waivers import Waiver

if t.TYPE_CHECKING:
    import datetime
    from collections.abc import Iterator, Mapping, Sequence

    from ._results import AuditedProfile, FailOn
    from ._snapshot_types import Namespace, Snapshot

NEVER = "never"
# The severity from which a person is told of another network namespace by its name.
NAMED_FROM: Severity = "medium"
# What fail_on may be, from the most lenient on.
FAIL_ON = (NEVER, *reversed(SEVERITIES))


@dataclasses.dataclass(frozen=True)
class AuditOptions:
    """How to audit.

    profile: one of PROFILES, or "any". fail_on: a severity, or "never". today: the day on which waivers are looked at.
    namespace_profiles: pattern of a namespace's name to its profile.
    Raises ValueError naming the profile or the severity that is unknown.
    """

    profile: str
    today: datetime.date
    fail_on: str = "high"
    waivers: Sequence[Waiver] = ()
    thresholds: Thresholds = dataclasses.field(default_factory=Thresholds)
    namespace_profiles: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        for profile in (self.profile, *self.namespace_profiles.values()):
            if profile != ANY_PROFILE and profile not in PROFILES:
                raise ValueError(f"unknown profile {profile!r}, known are: {', '.join((*PROFILES, ANY_PROFILE))}")
        if self.fail_on != NEVER and self.fail_on not in SEVERITIES:
            raise ValueError(f"unknown severity {self.fail_on!r} in fail_on, known are: {', '.join((NEVER, *SEVERITIES))}")


def audit(snapshot: Snapshot, host: str, options: AuditOptions) -> Audit:
    """Check one host's snapshot, and those of its other network namespaces, against every rule of the catalogue.

    Every rule gives at least one result. Results are sorted: failed ones first, the most severe first, then in the catalogue's order.
    """
    parts = _judged(snapshot, host, options, None)
    namespaces = [_namespace(one, snapshot, host, options) for one in snapshot.get("namespaces", [])]
    parts["not_seen"] = [*parts["not_seen"], *_not_probed(snapshot)]
    # The results are sorted, so the first one is the gravest.
    grave = [(one["name"], reaching[0]) for one in namespaces for reaching in [reaches(one["results"], NAMED_FROM)] if reaching]
    parts["verdict"] = with_namespaces(parts["verdict"], len(namespaces), grave)
    return Audit(**parts, host=host, summary=summarise(parts["results"]), namespaces=namespaces)


def _namespace(namespace: Namespace, snapshot: Snapshot, host: str, options: AuditOptions) -> NamespaceAudit:
    profile = profile_of(namespace, options.namespace_profiles)
    its_options = dataclasses.replace(options, profile=profile)
    parts = _judged(view_of(namespace, snapshot), host, its_options, namespace)
    results = parts["results"]
    # A node may have hundreds of namespaces: what is in order there is counted.
    parts["results"] = [result for result in results if result["status"] in ("fail", "unknown", "waived")]
    return NamespaceAudit(**parts, name=namespace["name"], passed=sum(result["status"] == "pass" for result in results))


def _judged(snapshot: Snapshot, host: str, options: AuditOptions, namespace: Namespace | None) -> AuditParts:
    """The parts of an audit, with all its results. namespace: None for the host itself."""
    view = View(snapshot)
    results = _results(view, host, options, namespace["name"] if namespace else "")
    case = Case(view, results, options.profile, options.thresholds)
    # Cures are about what a host does.
    advice = [] if "places" in snapshot else advise(case)
    if namespace:
        advice = [of_namespace(cure, namespace["runtime"]) for cure in advice if cure["applies"]]
    return AuditParts(
        profile=t.cast("AuditedProfile", options.profile),
        fail_on=t.cast("FailOn", options.fail_on),
        hostname=snapshot["host"]["hostname"],
        kernel_release=snapshot["host"]["kernel_release"],
        collected_at=snapshot["collected_at"],
        source={"kind": snapshot["source"]["kind"], "path": snapshot["source"]["path"]},
        advice=advice,
        results=results,
        capacity=_figures(case),
        verdict=verdict(view, results, advice, options.profile == ANY_PROFILE),
        not_seen=snapshot["not_seen"],
    )


def _results(view: View, host: str, options: AuditOptions, namespace: str) -> list[Result]:
    """namespace: its name, empty for the host itself."""
    results: list[Result] = []
    expired: list[tuple[Waiver, int]] = []
    places = PlacesAudit(view.snapshot, options.thresholds, options.profile) if "places" in view.snapshot else None
    for rule in CATALOGUE.values():
        if rule.id == WAIVER_EXPIRED or (namespace and is_about_the_host(rule.id)):
            continue
        of_rule = [_result(rule, finding, options) for finding in _findings(rule, view, options, places)]
        covering = [waiver for waiver in options.waivers if waiver.covers(rule.id, host, namespace)]
        if covering:
            expired += _waive(of_rule, covering, options.today).items()
        results += of_rule
    results += _expired_waivers(expired, options)
    order = {rule_id: number for number, rule_id in enumerate(CATALOGUE)}
    results.sort(key=lambda result: (STATUSES.index(result["status"]), SEVERITIES.index(result["severity"]), order[result["id"]]))
    return results


def _waive(results: Sequence[Result], waivers: Sequence[Waiver], today: datetime.date) -> Counter[Waiver]:
    """Waives the failed ones of a rule's results that a valid waiver covers. Returns how many others each expired one covers."""
    expired: Counter[Waiver] = Counter()
    for result in results:
        if result["status"] != "fail":
            continue
        covering = [waiver for waiver in waivers if waiver.covers_file(result["path"])]
        valid = next((waiver for waiver in covering if not waiver.expired(today)), None)
        if valid is None:
            expired.update(covering)
            continue
        result["status"], result["waiver"] = "waived", valid.note
        result["reason"] = f"{valid.reason} (until {valid.expires.isoformat()})"
    return expired


def _not_probed(snapshot: Snapshot) -> list[str]:
    """One sentence for each endpoint that did not answer its probe."""
    failures = failed_probes(snapshot.get("probes", []))
    return [f"The probe of {name}:{port} failed: {'; '.join(messages)}." for (name, port), messages in failures.items()]


def _findings(rule: Rule, view: View, options: AuditOptions, places: PlacesAudit | None) -> Iterator[Finding]:
    if not rule.profiles(options.profile):
        yield _not_applicable(f"only for the profiles {', '.join(rule.severities)}")
        return
    if rule.check is None:
        return
    if places is not None:
        yield from places.findings(rule)
        return
    view.asked_for_sockets = False
    try:
        for finding in rule.check(view, options.thresholds):
            yield _with_its_line(_unless_partial(finding, view), view)
    except CannotApplyError as reason:
        yield _not_applicable(str(reason))
    except MissingFactError as reason:
        yield Finding("unknown", "", "", reason=str(reason))


def _unless_partial(finding: Finding, view: View) -> Finding:
    """A rule that found nothing in some of the sockets has not passed: the others may show it."""
    if finding.status != "pass" or not view.asked_for_sockets or view.sockets_missing is None:
        return finding
    return Finding("unknown", "", "", reason=f"{view.sockets_missing}, and in these nothing was found ({finding.observed})")


def _with_its_line(finding: Finding, view: View) -> Finding:
    """A failure about a key, with the boot line that gives the key the value that it has."""
    key = finding.subject
    if finding.status != "fail" or finding.path is not None or key not in SYSCTL_KEYS:
        return finding
    try:
        end = view.boot_end.get(key)
        if end is None or parse(SYSCTL_KEYS[key], end.raw) != parse(SYSCTL_KEYS[key], view.raw(key)):
            return finding
    except (CannotApplyError, MissingFactError):
        return finding
    return dataclasses.replace(finding, path=end.setting.real_path, line=end.setting.line)


def _not_applicable(reason: str) -> Finding:
    return Finding("not_applicable", "", "", reason=reason)


def _result(rule: Rule, finding: Finding, options: AuditOptions) -> Result:
    severity = finding.severity or rule.severity(options.profile)
    evidence = dict(finding.evidence)
    if finding.since_boot:
        severity = lowered(severity)
        evidence["one sample only"] = "counted since boot, so the severity is one step lower"
        if finding.long_ago:
            severity = max(severity, "low", key=SEVERITIES.index)
            evidence["one sample only"] = "counted since a boot that is long ago, and rare since then, so the severity is low"
    return Result(
        id=rule.id,
        severity=severity,
        status=finding.status,
        decides=options.profile != ANY_PROFILE or len(rule.severities) == len(PROFILES),
        subject=finding.subject,
        observed=finding.observed,
        expected=finding.expected,
        evidence=evidence,
        path=finding.path,
        line=finding.line,
        settings=list(finding.settings),
        reason=finding.reason,
        waiver=None,
    )


def _expired_waivers(expired: Sequence[tuple[Waiver, int]], options: AuditOptions) -> list[Result]:
    rule = CATALOGUE[WAIVER_EXPIRED]
    findings = [
        Finding(
            "fail",
            waiver.rule,
            f"the waiver for {waiver.rule} expired on {waiver.expires.isoformat()}; failures that count again: {failed}",
            "a fixed host, or a renewed waiver",
            evidence={"reason of the waiver": waiver.reason},
        )
        for waiver, failed in expired
    ]
    if not findings:
        findings = [Finding("pass", "waivers", "no expired waiver matches a failed result")]
        if not options.waivers:
            findings = [_not_applicable("no waivers were given")]
    return [_result(rule, finding, options) for finding in findings]


def summarise(results: Sequence[Result]) -> Summary:
    """How many results have each status, how many failed ones each severity, and the worst severity that failed."""
    status = {name: sum(result["status"] == name for result in results) for name in STATUSES}
    failed = [result for result in results if result["status"] == "fail"]
    severity = {name: sum(result["decides"] and result["severity"] == name for result in failed) for name in SEVERITIES}
    worst: Severity | None = next((name for name in SEVERITIES if severity[name]), None)
    return {"status": status, "severity": severity, "worst": worst, "told_apart": sum(not result["decides"] for result in failed)}


def failing(fail_on: str) -> tuple[Severity, ...]:
    """The severities that fail an audit: fail_on and those above it."""
    return () if fail_on == NEVER else SEVERITIES[: SEVERITIES.index(t.cast("Severity", fail_on)) + 1]


def reaches(results: Sequence[Result], fail_on: str) -> list[Result]:
    """The failed results that decide, at or above the severity that fails the audit."""
    severities = failing(fail_on)
    return [result for result in results if result["status"] == "fail" and result["decides"] and result["severity"] in severities]


def reason_to_fail(audit_of_host: Audit) -> str:
    """Why the audit fails and what to do first, in words for a person; empty when it does not."""
    fail_on = audit_of_host["fail_on"]
    reaching = [("", result) for result in reaches(audit_of_host["results"], fail_on)]
    for namespace in audit_of_host["namespaces"]:
        reaching += [(f"{namespace['name']}: ", result) for result in reaches(namespace["results"], fail_on)]
    if not reaching:
        return ""
    name, first = min(reaching, key=lambda one: SEVERITIES.index(one[1]["severity"]))
    where = f" ({first['path']}:{first['line']})" if first["path"] else ""
    results = "1 failed result" if len(reaching) == 1 else f"{len(reaching)} failed results"
    first_is = "" if len(reaching) == 1 else "The first: "
    said = [
        f"{audit_of_host['host']}: {results} of severity {fail_on} or above.",
        f"{first_is}{name}{first['severity']} {first['id']}: {first['observed']}{where}.",
    ]
    if first["id"] in CATALOGUE:
        said.append(f"What to do: {CATALOGUE[first['id']].remedy}")
    if len(reaching) > 1:
        said.append(f"All of them: {', '.join(dict.fromkeys(result['id'] for _name, result in reaching))}.")
    return " ".join(said)


def _figures(case: Case) -> Capacity:
    busiest = case.busiest
    sustainable = capacity(case.whole_load) if case.whole_load else None
    reused = capacity(dataclasses.replace(case.whole_load, reuse_delay=case.host.reuse_delay)) if case.whole_load else None
    return {
        "time_wait": case.time_wait,
        "bucket_limit": case.bucket_limit,
        "usable_ports": case.usable_ports,
        "connections_per_second": _rounded(sustainable),
        "binds": sustainable.binds if sustainable else None,
        "reuse": case.reuse_of_busiest,
        "connections_per_second_with_reuse": _rounded(reused) if case.reuse_of_busiest == "unknown" else None,
        "knee_ports": None if case.usable_ports is None else knee_ports(case.usable_ports),
        "busiest": busiest
        and {
            "source": busiest["source"],
            "destination": busiest["destination"],
            "destination_port": busiest["destination_port"],
            "ports": busiest["ports"],
        },
    }


def _rounded(estimate: Estimate | None) -> float | None:
    return None if estimate is None or estimate.rate is None else round(estimate.rate, 2)
