# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What a rule is made of: its metadata, its findings, its thresholds, and the catalogue it registers in."""

from __future__ import annotations

import dataclasses
import typing as t

from .._results import PROFILES, SEVERITIES, EvidenceValue, Profile, SettingPlace, Severity, Status

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ._view import View

    Check = Callable[["View", "Thresholds"], Iterator["Finding"]]


class MissingFactError(Exception):
    """The snapshot does not hold a fact that the rule needs: the result is "unknown". The message says which and why."""


class CannotApplyError(Exception):
    """The rule cannot apply to this host: the result is "not_applicable". The message says why."""


class ThresholdError(ValueError):
    """A threshold has an unknown name or a value that it cannot have."""


def _about(low: int, high: int, text: str) -> dict[str, t.Any]:
    """What from_options() and the documentation need to know of a threshold."""
    return {"low": low, "high": high, "text": text}


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """The numbers that rules compare with. Every one can be set by the option `thresholds` of tcp_audit."""

    buckets_small: int = dataclasses.field(
        default=32768, metadata=_about(1, 2**31 - 1, "A `tcp_max_tw_buckets` below this is small (`buckets-too-small`, medium).")
    )
    buckets_very_small: int = dataclasses.field(
        default=8192, metadata=_about(0, 2**31 - 1, "A `tcp_max_tw_buckets` of this or less is very small (`buckets-too-small`, high).")
    )
    buckets_nearly_full_percent: int = dataclasses.field(
        default=80, metadata=_about(1, 100, "`buckets-nearly-full` fails when TIME_WAIT sockets reach this many percent of the limit.")
    )
    ports_few: int = dataclasses.field(
        default=28232,
        metadata=_about(1, 65535, "`ports-few` fails with fewer usable ports than this. The kernel's default range has 28232."),
    )
    ports_pressure_medium_percent: int = dataclasses.field(
        default=50,
        metadata=_about(1, 100, "`ports-pressure` fails (medium) when one destination holds this many percent of the usable ports."),
    )
    ports_pressure_high_percent: int = dataclasses.field(
        default=85, metadata=_about(1, 100, "`ports-pressure` is high when one destination holds this many percent of the usable ports.")
    )
    ports_bound_first_percent: int = dataclasses.field(
        default=25,
        metadata=_about(1, 100, "`ports-bound-first` fails when programs bound this many percent of the usable ports before connect()."),
    )
    ports_bound_first_sockets: int = dataclasses.field(
        default=20, metadata=_about(1, 65535, "`ports-bound-first` passes with fewer such ports than this.")
    )
    stuck_percent: int = dataclasses.field(
        default=10,
        metadata=_about(
            1,
            100,
            "`close-wait-leak` and `fin-wait2-orphans` fail when such sockets hold this many percent of the usable ports.",
        ),
    )
    stuck_sockets: int = dataclasses.field(
        default=20, metadata=_about(1, 2**31 - 1, "Fewer such sockets than this towards one destination do not count.")
    )
    close_wait_sockets: int = dataclasses.field(
        default=100, metadata=_about(1, 2**31 - 1, "`close-wait-leak` fails with this many CLOSE_WAIT sockets of one destination or port.")
    )
    fin_wait2_sockets: int = dataclasses.field(
        default=1000,
        metadata=_about(
            1, 2**31 - 1, "`fin-wait2-orphans` fails with this many orphaned FIN_WAIT2 sockets if they are a tenth of tcp_max_tw_buckets."
        ),
    )
    conntrack_high_percent: int = dataclasses.field(
        default=80, metadata=_about(1, 100, "`conntrack-nearly-full` is high when the table is this many percent full.")
    )
    conntrack_critical_percent: int = dataclasses.field(
        default=95, metadata=_about(1, 100, "`conntrack-nearly-full` is critical when the table is this many percent full.")
    )
    closes_first_client_sockets: int = dataclasses.field(
        default=10, metadata=_about(1, 2**31 - 1, "`closes-first-as-client` passes with fewer outgoing TIME_WAIT sockets than this.")
    )
    closes_first_server_percent: int = dataclasses.field(
        default=1,
        metadata=_about(
            0,
            100,
            "`closes-first-as-server` fails when TIME_WAIT sockets on listening ports are more than this many percent of the limit.",
        ),
    )
    fin_timeout_seconds: int = dataclasses.field(
        default=60, metadata=_about(1, 86400, "A `tcp_fin_timeout` below this fails `fin-timeout-mistaken` (info).")
    )
    fin_timeout_low_seconds: int = dataclasses.field(
        default=5, metadata=_about(0, 86400, "A `tcp_fin_timeout` of this or less fails `fin-timeout-mistaken` (medium).")
    )
    resets_percent: int = dataclasses.field(
        default=10,
        metadata=_about(
            0,
            100,
            "`resets-on-close` fails when more than this many percent of closed connections ended with a reset (`TCPAbortOnData`).",
        ),
    )
    conntrack_time_wait_seconds: int = dataclasses.field(
        default=60, metadata=_about(1, 86400, "A `nf_conntrack_tcp_timeout_time_wait` below this fails `conntrack-forgets-early`.")
    )
    counter_growth: int = dataclasses.field(
        default=0,
        metadata=_about(
            0,
            2**31 - 1,
            "A rule about a counter (`*-seen`, `*-overflow`, `syn-rejected-*`) fails when it grows by more than this between two samples.",
        ),
    )

    @classmethod
    def from_options(cls, options: Mapping[str, object]) -> Thresholds:
        """Thresholds with these values replaced.

        Raises ThresholdError, which names the threshold that is unknown, no whole number, out of its bounds or in conflict with another.
        """
        known = {field.name: field for field in dataclasses.fields(cls)}
        chosen: dict[str, int] = {}
        for name, value in options.items():
            if name not in known:
                raise ThresholdError(f"unknown threshold {name!r}, known are: {', '.join(known)}")
            if isinstance(value, bool) or not isinstance(value, int):
                raise ThresholdError(f"threshold {name} must be a whole number, not {value!r}")
            low, high = known[name].metadata["low"], known[name].metadata["high"]
            if not low <= value <= high:
                raise ThresholdError(f"threshold {name} must be between {low} and {high}, not {value}")
            chosen[name] = int(value)
        thresholds = cls(**chosen)
        for lower, upper in (
            ("buckets_very_small", "buckets_small"),
            ("ports_pressure_medium_percent", "ports_pressure_high_percent"),
            ("conntrack_high_percent", "conntrack_critical_percent"),
            ("fin_timeout_low_seconds", "fin_timeout_seconds"),
        ):
            if getattr(thresholds, lower) > getattr(thresholds, upper):
                raise ThresholdError(f"threshold {lower} must not be greater than {upper}")
        return thresholds


@dataclasses.dataclass(frozen=True)
class Finding:
    """What a rule says of one subject.

    status: as in a result; reason says why where it is neither "fail" nor "pass".
    severity: replaces the rule's own severity where the circumstances decide it.
    since_boot: there was one sample only, so the severity is lowered by one step.
    settings: in a repository, those that cause it.
    long_ago: and the host started so long ago that the count says nothing of today, so the severity is low at most.
    """

    status: Status
    subject: str
    observed: str
    expected: str = ""
    evidence: Mapping[str, EvidenceValue] = dataclasses.field(default_factory=dict)
    path: str | None = None
    line: int | None = None
    severity: Severity | None = None
    since_boot: bool = False
    long_ago: bool = False
    settings: tuple[SettingPlace, ...] = ()
    reason: str = ""


def judge(failed: bool, subject: str, observed: str, expected: str, **more: t.Any) -> Finding:
    """A finding that fails or passes; `more` are the other fields of Finding."""
    return Finding("fail" if failed else "pass", subject, observed, expected, **more)


@dataclasses.dataclass(frozen=True)
class Rule:
    """One row of the catalogue.

    severities: audited profile to severity; the rule is not checked for a profile that is missing.
    rationale: why it matters. measured: what was seen on real kernels, empty where nothing was measured.
    remedy: what to do. waiver_advice: what to weigh before accepting a failure. claims: D1 … of the two documents.
    check: the pure function; None for waiver-expired, which the audit itself answers once all other rules have spoken.
    """

    id: str
    title: str
    severities: Mapping[Profile, Severity]
    claims: tuple[str, ...]
    rationale: str
    measured: str
    remedy: str
    waiver_advice: str
    references: tuple[str, ...]
    check: Check | None

    @property
    def theme(self) -> str:
        """The theme's name: that of the file which holds the rule."""
        return "waivers" if self.check is None else self.check.__module__.rsplit(".", 1)[-1]

    def profiles(self, audited: str) -> list[Profile]:
        """The profiles for which this rule is checked when `audited` ("any" or one of PROFILES) is asked for."""
        return [profile for profile in PROFILES if profile in self.severities and audited in ("any", profile)]

    def severity(self, audited: str) -> Severity:
        """The severity under the audited profile; for "any", and where the rule is not checked, the highest of all."""
        if audited in self.severities:
            return self.severities[t.cast("Profile", audited)]
        return min(self.severities.values(), key=SEVERITIES.index)


REGISTERED: dict[str, Rule] = {}


def everywhere(severity: Severity) -> dict[Profile, Severity]:
    """The same severity under every profile."""
    return dict.fromkeys(PROFILES, severity)


def rule(
    rule_id: str,
    *,
    title: str,
    severities: Mapping[Profile, Severity],
    rationale: str,
    remedy: str,
    waiver_advice: str,
    claims: tuple[str, ...] = (),
    measured: str = "",
    references: tuple[str, ...] = (),
) -> Callable[[Check], Check]:
    """Register the decorated function as a rule of the catalogue."""

    def register(check: Check) -> Check:
        add(
            Rule(
                id=rule_id,
                title=title,
                severities=severities,
                claims=claims,
                rationale=rationale,
                measured=measured,
                remedy=remedy,
                waiver_advice=waiver_advice,
                references=references,
                check=check,
            )
        )
        return check

    return register


def add(new: Rule) -> None:
    """Put a rule into the catalogue; raises ValueError when its id is taken."""
    if new.id in REGISTERED:
        raise ValueError(f"rule {new.id} is registered twice")
    REGISTERED[new.id] = new


def lowered(severity: Severity) -> Severity:
    """One severity lower; info stays info."""
    return SEVERITIES[min(SEVERITIES.index(severity) + 1, len(SEVERITIES) - 1)]
