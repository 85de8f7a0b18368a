# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The shapes of what the collection's tasks return, and the order of severities.

_shapes checks against these declarations what comes back from Ansible or from a saved report. A default is for an audit that was saved
by an earlier version, or written by hand. The same fields are documented in RETURN of tcp_audit and tcp_profile.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict, Union, get_args

from ._shapes import AtLeast, Default, Label, OddNumbersAsText

Severity = Literal["critical", "high", "medium", "low", "info"]
Status = Literal["fail", "unknown", "waived", "not_applicable", "pass"]
Profile = Literal["client_host", "fullnat_lb", "backend"]
AuditedProfile = Literal[Profile, "any"]
FailOn = Literal["never", "info", "low", "medium", "high", "critical"]

Text = Annotated[str, Default("")]
Texts = Annotated[list[str], Default([])]

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
STATUSES: tuple[Status, ...] = ("fail", "unknown", "waived", "not_applicable", "pass")
PROFILES: tuple[Profile, ...] = get_args(Profile)
# In place of a profile where none was chosen.
ANY_PROFILE = "any"

EvidenceValue = Annotated[Union[str, int, float, bool, None], OddNumbersAsText()]
"""What a host made up must not cost the other hosts their reports."""


class WaiverNote(TypedDict):
    """Why a result was accepted, and until when (ISO 8601 date)."""

    reason: str
    expires: str


class SettingPlace(TypedDict):
    """A setting in a file of a repository. path: relative to the repository."""

    key: Annotated[str, Label()]
    value: Text
    path: Text
    line: Annotated[int, AtLeast(1)]


class Result(TypedDict):
    """One rule on one subject of one host: what differs from host to host. What the rule says of itself stands in RuleTexts.

    severity: that of this result (the profile, port pressure and a missing second sample may change it).
    subject: what was checked, a key, a file, a destination.
    observed, expected: for people. evidence: numbers and facts by name. path, line: the boot file that causes the result.
    settings: in a repository, the settings that cause it.
    reason: why the status is unknown, not_applicable or waived; empty otherwise.
    decides: False where no profile is known and the rule is one of some profiles only: then it is told apart ("if this is a balancer"),
    and decides neither the worst severity nor whether the audit fails.
    """

    id: Annotated[str, Label()]
    severity: Severity
    status: Status
    decides: Annotated[bool, Default(True)]
    subject: Text
    observed: Text
    expected: Text
    evidence: Annotated[dict[str, EvidenceValue], Default({})]
    path: str | None
    line: Annotated[int, AtLeast(1)] | None
    settings: Annotated[list[SettingPlace], Default([])]
    reason: Text
    waiver: WaiverNote | None


class RuleTexts(TypedDict):
    """What a rule says of itself, the same for every host.

    title: what a failure means, in one line. profiles: those for which it counts. claims: D1 … of the two documents.
    rationale: why it matters. remedy: what to do.
    """

    title: str
    profiles: Annotated[list[Profile], Default([])]
    claims: Texts
    rationale: Text
    remedy: Text


class Summary(TypedDict):
    """status: status to number of results. severity: severity to number of failed ones that decide. worst: the highest of those, or None.

    told_apart: number of failed results that do not decide.
    """

    status: dict[Status, int]
    severity: dict[Severity, int]
    worst: Severity | None
    told_apart: int


class Verdict(TypedDict):
    """What a person reads first.

    sentence: what is wrong, where, since when, with the figure; or that nothing was found. next_step: what to do about it, "" for nothing.
    fine: what was looked at and is in order, with figures, one short text each.
    profile: a proposal for the profile, with the figures that speak for it; "" where one was given or no figures speak for one.
    """

    sentence: Text
    next_step: Text
    fine: Texts
    profile: Text


class BusiestDestination(TypedDict):
    source: str
    destination: str
    destination_port: int
    ports: int


class Capacity(TypedDict):
    """Figures for people; None where they could not be seen.

    time_wait: TIME_WAIT sockets now. bucket_limit: tcp_max_tw_buckets. usable_ports: the ephemeral range less reserved ports.
    connections_per_second: the highest sustainable rate of short connections from one address to one destination (the busiest, where
    there is one) that this host closes first, with its settings as they are. binds: what limits it, "ports", "buckets" or "memory".
    reuse: whether ports in TIME_WAIT are reused towards it: "proven", "no", or "unknown" (settings allow it, nothing shows it); with
    "unknown" connections_per_second counts without reuse, and connections_per_second_with_reuse says what it would be with it.
    knee_ports: ports towards one destination from which each connect() costs more and more CPU time (half the range).
    """

    time_wait: int | None
    bucket_limit: int | None
    usable_ports: int | None
    busiest: BusiestDestination | None
    connections_per_second: float | None
    binds: str | None
    reuse: Literal["proven", "no", "unknown"] | None
    connections_per_second_with_reuse: float | None
    knee_ports: int | None


class AdviceGain(TypedDict):
    """Short connections per second towards one destination without and with the cure, by the model of _capacity.py.

    None where it is not known. A cure after which no TIME_WAIT limits the rate has no to_per_second and no factor.
    """

    from_per_second: float | None
    to_per_second: float | None
    factor: float | None


class Advice(TypedDict):
    """One cure, weighed for one host. What the cure says of itself stands in CureTexts.

    applies: it would help here, now. severity: of the problem that it solves; None where it does not apply.
    wrong: it would do nothing or harm here; a cure may be neither, where there is nothing to cure.
    reason: the evidence, in figures. how: what to do here, one step each; None where that is what the cure says for every host.
    """

    id: Annotated[str, Label()]
    applies: Annotated[bool, Default(False)]
    severity: Severity | None
    wrong: Annotated[bool, Default(False)]
    reason: Text
    gain: Annotated[AdviceGain, Default({})]
    how: list[str] | None


class CureTexts(TypedDict):
    """What a cure says of itself, the same for every host.

    title: what to do, in one line. cost, risk: what it takes and what can go wrong. how: what to do, one step each.
    claims: D1 … of the two documents.
    """

    title: str
    cost: Text
    risk: Text
    how: Texts
    claims: Texts


class AuditSource(TypedDict):
    kind: Annotated[str, Default("live")]
    path: str | None


class AuditParts(TypedDict):
    """What an audit says of one network namespace.

    hostname: as the host calls itself.
    profile: the audited profile or "any". fail_on: the severity from which a failed result fails the audit, or "never".
    advice: every cure, best first: those that apply, those that nothing calls for, those that would be wrong here.
    not_seen: what could not be read and why, one sentence each.
    """

    profile: Annotated[AuditedProfile, Default("any")]
    fail_on: Annotated[FailOn, Default("never")]
    hostname: str | None
    kernel_release: str | None
    collected_at: str | None
    source: Annotated[AuditSource, Default({})]
    advice: Annotated[list[Advice], Default([])]
    results: list[Result]
    capacity: Annotated[Capacity, Default({})]
    verdict: Annotated[Verdict, Default({})]
    not_seen: Texts


class NamespaceAudit(AuditParts):
    """Another network namespace of a host. name: what its owner calls it. passed: results that passed, which are not among results.

    results: those that failed, are unknown or waived. advice: the cures that apply.
    """

    name: Annotated[str, Label()]
    passed: Annotated[int, Default(0)]


class AuditBody(AuditParts):
    """An audit, but for what is known better where it is read: see Audit.

    namespaces: the other network namespaces of the host, if they were asked for.
    """

    namespaces: Annotated[list[NamespaceAudit], Default([])]


class SavedAudit(AuditBody):
    """An audit as tcp_audit returns it and as reports keep it; _saved makes it, and the whole one of it again.

    results: those that failed, are unknown or waived. passed: rule id to what was observed, a text for each subject.
    not_applicable: rule id to the reasons. advice: the cures that apply, and those that would be wrong here.
    not_needed: cure id to the reason why nothing calls for it.
    """

    passed: Annotated[dict[str, list[str]], Default({})]
    not_applicable: Annotated[dict[str, list[str]], Default({})]
    not_needed: Annotated[dict[str, str], Default({})]


class Audit(AuditBody):
    """What tcp_audit returns for one host, next to Ansible's own keys. host: its inventory name. summary: counted from the results."""

    host: str
    summary: Summary


KeyStatus = Literal["changed", "ok", "absent", "left_alone", "read_only", "refused", "not_verified"]


class KeyChange(TypedDict):
    """One sysctl key of a profile. before and after: in the running kernel. boot_before, boot_after: in the boot file. None: no value."""

    key: Annotated[str, Label()]
    wanted: str | None
    before: str | None
    after: str | None
    boot_before: str | None
    boot_after: str | None
    status: KeyStatus
    reason: Text


class BootFileChange(TypedDict):
    path: str | None
    changed: Annotated[bool, Default(False)]


class Conflict(TypedDict):
    """A line of another boot file that takes the place of one of the profile. line: None where the whole boot file is hidden."""

    key: Annotated[str, Label()]
    reader: Text
    path: Text
    line: Annotated[int, AtLeast(1)] | None
    value: str | None
    ours: str | None
    dealt_with: Annotated[bool, Default(False)]


class GuardNote(TypedDict):
    """What undoes the change unless token confirms it. seconds: the time that is left for this.

    outlives_session: false where the end of the session that made it may end the guard, too.
    """

    token: str
    seconds: float
    outlives_session: Annotated[bool, Default(False)]


class ProfileChange(TypedDict):
    """What tcp_profile returns for one host, with Ansible's own keys about it.

    changed: None where the module never ran. msg: why it failed. A module that failed early returns nothing but msg.
    backup: the copy that was kept of a boot file that somebody had edited, None where none was made.
    """

    changed: bool | None
    failed: Annotated[bool, Default(False)]
    unreachable: Annotated[bool, Default(False)]
    msg: Text
    settings: Annotated[list[KeyChange], Default([])]
    boot_file: Annotated[BootFileChange, Default({})]
    backup: str | None
    conflicts: Annotated[list[Conflict], Default([])]
    reserved_ports: Annotated[list[int], Default([])]
    guard: GuardNote | None
    recovered: str | None
