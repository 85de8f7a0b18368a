# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The shape of results and audits, and the order of severities."""

from __future__ import annotations

from typing import Literal, TypedDict, Union

Severity = Literal["critical", "high", "medium", "low", "info"]
Status = Literal["fail", "pass", "waived", "not_applicable", "unknown"]
Profile = Literal["client_host", "fullnat_lb", "backend"]

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")
STATUSES: tuple[Status, ...] = ("fail", "unknown", "waived", "not_applicable", "pass")
PROFILES: tuple[Profile, ...] = ("client_host", "fullnat_lb", "backend")

EvidenceValue = Union[str, int, float, bool, None]


class WaiverNote(TypedDict):
    """Why a result was accepted, and until when (ISO 8601 date)."""

    reason: str
    expires: str


class Result(TypedDict):
    """One rule on one subject of one host.

    severity: the severity that this result has here (profile, port pressure and missing second samples may move it).
    profiles: the audited profiles under which the result counts. subject: what was judged, a key, a file, a destination.
    observed, expected: for people. evidence: numbers and facts by name. path, line: the boot file to blame.
    reason: why the status is unknown, not_applicable or waived; empty otherwise.
    """

    id: str
    title: str
    severity: Severity
    status: Status
    profiles: list[Profile]
    subject: str
    observed: str
    expected: str
    evidence: dict[str, EvidenceValue]
    path: str | None
    line: int | None
    claims: list[str]
    rationale: str
    remedy: str
    reason: str
    waiver: WaiverNote | None


class Summary(TypedDict):
    """status: status to number of results. severity: severity to number of failed ones. worst: the highest of those, or None."""

    status: dict[Status, int]
    severity: dict[Severity, int]
    worst: Severity | None


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
    """

    time_wait: int | None
    bucket_limit: int | None
    usable_ports: int | None
    busiest: BusiestDestination | None
    connections_per_second: float | None
    binds: str | None


class AdviceGain(TypedDict):
    """Short connections per second towards one destination without and with the cure, by the model of _capacity.py.

    None where it is not known. A cure after which no TIME_WAIT limits the rate has no to_per_second and no factor.
    """

    from_per_second: float | None
    to_per_second: float | None
    factor: float | None


class Advice(TypedDict):
    """One cure, weighed for one host.

    applies: it would help here, now. severity: of the trouble that it cures; None where it does not apply.
    wrong: it would do nothing or harm here; a cure may be neither, where there is nothing to cure.
    reason: the evidence, in figures. how: what to do, one step each. claims: D1 … of the two documents.
    """

    id: str
    title: str
    applies: bool
    severity: Severity | None
    wrong: bool
    reason: str
    gain: AdviceGain
    cost: str
    risk: str
    how: list[str]
    claims: list[str]


class AuditSource(TypedDict):
    kind: str
    path: str | None


class Audit(TypedDict):
    """What tcp_audit returns for one host, next to Ansible's own keys.

    profile: the audited profile or "any". fail_on: the severity from which a failed result fails the audit, or "never".
    advice: every cure, best first: those that apply, those that nothing calls for, those that would be wrong here.
    not_seen: what could not be read and why, one sentence each.
    """

    host: str
    profile: str
    fail_on: str
    kernel_release: str | None
    collected_at: str | None
    source: AuditSource
    advice: list[Advice]
    results: list[Result]
    summary: Summary
    capacity: Capacity
    not_seen: list[str]
