# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What a cure is made of: its texts, its assessment on one host, and the evidence that it looks at."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from .. import _capacity
from .._addresses import endpoint, is_loopback
from .._programs import programs_towards
from .._results import SEVERITIES, STATUSES, Advice
from .._rules import CannotApplyError, MissingFactError
from .._rules._view import in_state
from .._rules._view_keys import MAX_TW_BUCKETS, TIMESTAMPS, TW_REUSE
from .._rules.pressure import states_of

if t.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .._probe_types import Probe, ProbeHttp
    from .._results import Result, Severity
    from .._rules import Thresholds, View
    from .._rules._view import Reuse
    from .._socket_types import PortUse

    AssessFailure = Callable[["Case", Result], "Assessment"]


# States in which sockets stay until a program or a peer does something.
STUCK = ("close_wait", "fin_wait2", "syn_sent")


class Assessment(t.NamedTuple):
    """What one cure would do on one host.

    reason: the evidence, in figures. severity: of the failure that it cures, set where it applies. wrong: it would do nothing or
    harm. last: it applies, but other cures of the same failure come first. how: steps in place of the cure's own.
    """

    reason: str
    severity: Severity | None = None
    wrong: bool = False
    last: bool = False
    gain: _capacity.Gain | None = None
    before: float | None = None
    how: tuple[str, ...] | None = None


class Cure(t.NamedTuple):
    """One row of the catalogue of cures.

    file: the name of the file that holds it. needs: the rules of which one must fail, none for a cure that is wrong on every host.
    cost, risk: what it takes, and what may go wrong. how: steps. assess: the pure function.
    """

    id: str
    file: str
    needs: tuple[str, ...]
    title: str
    cost: str
    risk: str
    how: tuple[str, ...]
    claims: tuple[str, ...]
    assess: Callable[[Case], Assessment]


CURES: dict[str, Cure] = {}


def cure(
    cure_id: str,
    *,
    needs: tuple[str, ...],
    title: str,
    cost: str,
    risk: str,
    claims: tuple[str, ...],
    how: tuple[str, ...] = (),
    wrong: Callable[[Case], str] | None = None,
    frees_time_wait_only: bool = False,
) -> Callable[[AssessFailure], AssessFailure]:
    """Register the decorated function as a cure; among cures of the same failure, those registered first come first.

    The function is called where one of the rules `needs` fails, with the most severe of those results. Where none fails, the cure
    is not needed, and the first of `needs` says why.

    :param wrong: why the cure would do nothing or harm on this host, as a sentence; "" where it would not. Asked before all else.
    :param frees_time_wait_only: the cure does not apply where most ports of the busiest destination are in other states.
    """

    def register(assess_failure: AssessFailure) -> AssessFailure:
        def assess(case: Case) -> Assessment:
            why_wrong = wrong(case) if wrong else ""
            if why_wrong:
                return Assessment(why_wrong, wrong=True)
            failure = case.failed(*needs)
            if failure is None:
                return case.not_needed(needs[0])
            if frees_time_wait_only and case.busiest is not None and not case.time_wait_holds_the_ports:
                return Assessment(f"{case.pressure}. This cure frees only ports in TIME_WAIT")
            return assess_failure(case, failure)

        _add(Cure(cure_id, _file(assess_failure), needs, title, cost, risk, how, claims, assess))
        return assess_failure

    return register


def wrong_cure(
    cure_id: str, *, title: str, cost: str, risk: str, claims: tuple[str, ...], how: tuple[str, ...]
) -> Callable[[Callable[[Case], str]], Callable[[Case], str]]:
    """Register a cure that is wrong on every host; the decorated function says why, with the figures of one host."""

    def register(why: Callable[[Case], str]) -> Callable[[Case], str]:
        _add(Cure(cure_id, _file(why), (), title, cost, risk, how, claims, lambda case: Assessment(why(case), wrong=True)))
        return why

    return register


def _file(function: Callable[..., object]) -> str:
    return function.__module__.rsplit(".", 1)[-1]


def _add(new: Cure) -> None:
    if new.id in CURES:
        raise ValueError(f"cure {new.id} is registered twice")
    CURES[new.id] = new


class Case:
    """The evidence about one host: its snapshot, what the rules made of it under a profile, and the model of its busiest destination."""

    def __init__(self, host: View, results: Sequence[Result], profile: str, limits: Thresholds) -> None:
        self.host = host
        self.profile = profile
        self.limits = limits
        self._results = results

    # --- what the rules say ----------------------------------------------------------------------------------------

    def failed(self, *rules: str) -> Result | None:
        """The most severe failed result of these rules; of equally severe ones that of the rule named first."""
        failed = [result for result in self._results if result["id"] in rules and result["status"] == "fail"]
        return min(failed, key=lambda result: (SEVERITIES.index(result["severity"]), rules.index(result["id"])), default=None)

    def gravest(self, *rules: str) -> Result:
        """The same, where at least one of them is known to fail."""
        found = self.failed(*rules)
        if found is None:
            raise ValueError(f"none of these rules fails: {', '.join(rules)}")
        return found

    def not_needed(self, rule: str) -> Assessment:
        """What to say of a cure where this rule does not fail."""
        results = [result for result in self._results if result["id"] == rule]
        worst = min(results, key=lambda result: STATUSES.index(result["status"]))
        if worst["status"] == "pass":
            return Assessment(f"not needed: {worst['observed']}")
        if worst["status"] == "waived":
            return Assessment(f"accepted by a waiver: {worst['reason']}")
        return Assessment(f"{'not known' if worst['status'] == 'unknown' else 'not checked'}: {worst['reason']}")

    # --- the busiest destination -----------------------------------------------------------------------------------

    @functools.cached_property
    def busiest(self) -> PortUse | None:
        """The group that keeps most ports from new connections; None where there is none, or where it is not known."""
        sockets = self.host.snapshot["sockets"]
        if self.usable_ports is None:
            return max(sockets["ports_in_use"] if sockets else (), key=lambda group: group["ports"], default=None)
        return max(sockets["ports_in_use"] if sockets else (), key=self.host.taken_ports, default=None)

    @functools.cached_property
    def reuse_of_busiest(self) -> Reuse | None:
        """Whether ports in TIME_WAIT are reused towards the busiest destination; None where there is none."""
        return None if self.busiest is None or self.usable_ports is None else self.host.reuse_of(self.busiest)

    @property
    def where(self) -> str:
        """The busiest destination, for people."""
        return endpoint(self.busiest["destination"], self.busiest["destination_port"]) if self.busiest else "the destination"

    @property
    def share_percent(self) -> float:
        """Share of the usable ports that the busiest destination takes, in percent; 0 where that is not known."""
        return 0.0 if self.busiest is None or self.usable_ports is None else self.host.port_share_percent(self.busiest)

    @property
    def time_wait_holds_the_ports(self) -> bool:
        """Whether at least half of the ports towards the busiest destination are in TIME_WAIT, and not in other states."""
        return self.held_by("time_wait")

    def held_by(self, state: str) -> bool:
        """Whether at least half of the ports towards the busiest destination are in a state."""
        return self.busiest is not None and 2 * in_state(self.busiest, state) >= self.busiest["ports"]

    @property
    def is_stuck(self) -> bool:
        """Whether a program or a peer that does not do its part holds the ports: more of them only take longer to fill."""
        return any(self.held_by(state) for state in STUCK)

    @property
    def to_itself(self) -> bool:
        """Whether the busiest destination is an address of the host's own loopback interface."""
        return self.busiest is not None and is_loopback(self.busiest["destination"])

    @functools.cached_property
    def pressure(self) -> str:
        """The figures of the busiest destination, as the beginning of a reason."""
        if self.busiest is None or self.usable_ports is None:
            return "ports are running out"
        group, opened = self.busiest, self.opened_per_second
        held = f"{self.where} holds {group['ports']} of {self.usable_ports} usable ports: {states_of(group['states'])}"
        return held if opened is None else f"{held}, and {opened:,.0f} connections are opened per second"

    @functools.cached_property
    def programs(self) -> str:
        """Which programs connect to the busiest destination, and how; "" where that was not seen."""
        group, sockets = self.busiest, self.host.snapshot["sockets"]
        return programs_towards(sockets, group["destination"], group["destination_port"]) if group and sockets else ""

    @property
    def peer_timestamps(self) -> bool | None:
        """Whether connections to the busiest destination negotiate timestamps; None: not known."""
        if self.busiest is None:
            return None
        return self.host.negotiates_timestamps(self.busiest["destination"], self.busiest["destination_port"])

    @functools.cached_property
    def probe(self) -> Probe | None:
        """The probe of the busiest destination; None where it was not probed."""
        if self.busiest is None:
            return None
        place = (self.busiest["destination"], self.busiest["destination_port"])
        return next((probe for probe in self.host.probes if (probe["address"], probe["port"]) == place), None)

    @property
    def http(self) -> ProbeHttp | None:
        """What HTTP requests to the busiest destination showed."""
        return self.probe["http"] if self.probe else None

    # --- numbers; None where the snapshot does not know them -------------------------------------------------------

    @functools.cached_property
    def usable_ports(self) -> int | None:
        return self._known(lambda: self.host.usable_ports)

    @functools.cached_property
    def timestamps(self) -> int | None:
        return self._known(lambda: self.host.number(TIMESTAMPS))

    @functools.cached_property
    def reuse(self) -> int | None:
        return self._known(lambda: self.host.number(TW_REUSE))

    @functools.cached_property
    def bucket_limit(self) -> int | None:
        return self._known(lambda: self.host.number(MAX_TW_BUCKETS))

    def known_number(self, key: str) -> int | None:
        """A key's number."""
        return self._known(lambda: self.host.number(key))

    @functools.cached_property
    def time_wait(self) -> int | None:
        return self._known(self.host.time_wait)

    @functools.cached_property
    def opened_per_second(self) -> float | None:
        """Outgoing connections per second between the two samples; None where there is one sample only."""
        growth = self._known(lambda: self.host.growth("Tcp", "ActiveOpens"))
        return growth.amount / growth.seconds if growth is not None and growth.seconds else None

    @staticmethod
    def _known(ask: Callable[[], T]) -> T | None:
        try:
            return ask()
        except (CannotApplyError, MissingFactError):
            return None

    # --- the model -------------------------------------------------------------------------------------------------

    @functools.cached_property
    def load(self) -> _capacity.Load | None:
        """Short connections from one address to the busiest destination, closed first by this host, limited by ports alone."""
        if self.usable_ports is None:
            return None
        return _capacity.Load(
            self.usable_ports,
            reuse_delay=self.host.reuse_delay if self.reuse_of_busiest == "proven" else None,
            bound_first=self.failed("ports-bound-first") is not None,
            time_wait_seconds=self.host.time_wait_seconds,
        )

    @functools.cached_property
    def whole_load(self) -> _capacity.Load | None:
        """The same, limited by tcp_max_tw_buckets and by memory, too."""
        return self.load and dataclasses.replace(
            self.load,
            bucket_limit=self.bucket_limit if self.bucket_limit is not None and self.bucket_limit >= 0 else None,
            memory_bytes=_capacity.time_wait_memory(self.host.snapshot["host"]["memory_bytes"]),
        )

    def helps(self, failure: Result, reason: str, *, of: _capacity.Load | None = None, last: bool = False, **changes: t.Any) -> Assessment:
        """The assessment of a cure that applies. changes: what it changes about the load `of`, which is `self.load` without it."""
        load = of or self.load
        gained = _capacity.gain(load, **changes) if load and changes else None
        before = _capacity.capacity(load).rate if load and changes else None
        return Assessment(reason, severity=failure["severity"], gain=gained, before=before, last=last)


T = t.TypeVar("T")


def advice(made: Cure, assessment: Assessment) -> Advice:
    """A cure and its assessment as the audit returns them."""
    gained = assessment.gain
    return {
        "id": made.id,
        "applies": assessment.severity is not None,
        "severity": assessment.severity,
        "wrong": assessment.wrong,
        "reason": assessment.reason,
        "gain": {
            "from_per_second": _rounded(assessment.before),
            "to_per_second": _rounded(gained.rate if gained else None),
            "factor": _rounded(gained.factor if gained else None),
        },
        "how": None if assessment.how is None else list(assessment.how),
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)
