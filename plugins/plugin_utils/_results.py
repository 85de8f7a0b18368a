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
    """

    time_wait: int | None
    bucket_limit: int | None
    usable_ports: int | None
    busiest: BusiestDestination | None


class AuditSource(TypedDict):
    kind: str
    path: str | None


class Audit(TypedDict):
    """What tcp_audit returns for one host, next to Ansible's own keys.

    profile: the audited profile or "any". fail_on: the severity from which a failed result fails the audit, or "never".
    not_seen: what could not be read and why, one sentence each.
    """

    host: str
    profile: str
    fail_on: str
    kernel_release: str | None
    collected_at: str | None
    source: AuditSource
    results: list[Result]
    summary: Summary
    capacity: Capacity
    not_seen: list[str]
