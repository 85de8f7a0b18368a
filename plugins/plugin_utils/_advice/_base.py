# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What a cure is made of: its texts, its verdict on one host, and the evidence that it looks at."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from .. import _capacity
from .._results import SEVERITIES, STATUSES, Advice
from .._rules import CannotApplyError, MissingFactError
from .._rules._text import endpoint
from .._rules._view import MAX_TW_BUCKETS, TIMESTAMPS, TW_REUSE

if t.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .._results import Result, Severity
    from .._rules import Thresholds, View
    from .._snapshot_types import PortUse, Probe, ProbeHttp

    Weigh = Callable[["Case"], "Verdict"]

# A role never lets TIME_WAIT sockets take more of the RAM than this share; neither does the model.
_MEMORY_SHARE = 64


class Verdict(t.NamedTuple):
    """What one cure would do on one host.

    reason: the evidence, in figures. severity: of the trouble that it cures, set where it applies. wrong: it would do nothing or
    harm. last: it applies, but other cures of the same trouble come first. how: steps in place of the cure's own.
    """

    reason: str
    severity: Severity | None = None
    wrong: bool = False
    last: bool = False
    gain: _capacity.Gain | None = None
    before: float | None = None
    how: tuple[str, ...] | None = None


class Cure(t.NamedTuple):
    """One row of the catalogue of cures. cost, risk: what it takes, and what may go wrong. how: steps. weigh: the pure function."""

    id: str
    title: str
    cost: str
    risk: str
    how: tuple[str, ...]
    claims: tuple[str, ...]
    weigh: Weigh


CURES: dict[str, Cure] = {}


def cure(cure_id: str, *, title: str, cost: str, risk: str, claims: tuple[str, ...], how: tuple[str, ...] = ()) -> Callable[[Weigh], Weigh]:
    """Register the decorated function as a cure; among cures of the same trouble, those registered first come first."""

    def register(weigh: Weigh) -> Weigh:
        if cure_id in CURES:
            raise ValueError(f"cure {cure_id} is registered twice")
        CURES[cure_id] = Cure(cure_id, title, cost, risk, how, claims, weigh)
        return weigh

    return register


class Case:
    """The evidence about one host: its snapshot, what the rules made of it under a profile, and the model of its busiest destination."""

    def __init__(self, host: View, results: Sequence[Result], profile: str, limits: Thresholds) -> None:
        self.host = host
        self.profile = profile
        self.limits = limits
        self._results = results

    # --- what the rules say ----------------------------------------------------------------------------------------

    def failed(self, *rules: str) -> Result | None:
        """The most severe failed result of these rules."""
        failed = [result for result in self._results if result["id"] in rules and result["status"] == "fail"]
        return min(failed, key=lambda result: SEVERITIES.index(result["severity"]), default=None)

    def nothing(self, *rules: str) -> Verdict:
        """The verdict where none of these rules fails: there is nothing to cure, and why one can tell."""
        results = [result for result in self._results if result["id"] in rules]
        worst = min(results, key=lambda result: STATUSES.index(result["status"]))
        if worst["status"] == "pass":
            return Verdict(f"not called for: {worst['observed']}")
        if worst["status"] == "waived":
            return Verdict(f"accepted: {worst['reason']}")
        return Verdict(f"{'not known' if worst['status'] == 'unknown' else 'not asked'}: {worst['reason']}")

    # --- the busiest destination -----------------------------------------------------------------------------------

    @functools.cached_property
    def busiest(self) -> PortUse | None:
        """The group that keeps most ports from new connections; None where there is none, or where nobody knows."""
        sockets = self.host.snapshot["sockets"]
        return max(sockets["ports_in_use"] if sockets else (), key=self.host.taken_ports, default=None)

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
        """Whether at least half of the ports towards the busiest destination are in TIME_WAIT, and not of living connections."""
        return self.busiest is not None and 2 * self.busiest["time_wait"] >= self.busiest["ports"]

    @functools.cached_property
    def pressure(self) -> str:
        """The figures of the busiest destination, as the beginning of a reason."""
        if self.busiest is None or self.usable_ports is None:
            return "ports run short"
        group, opened = self.busiest, self.opened_per_second
        held = f"{self.where} holds {group['ports']} of {self.usable_ports} usable ports, {group['time_wait']} of them in TIME_WAIT"
        return held if opened is None else f"{held}, and {opened:,.0f} connections are opened per second"

    @property
    def peer_timestamps(self) -> bool | None:
        """Whether connections to the busiest destination negotiate timestamps; None: not known."""
        if self.busiest is None:
            return None
        return self.host.negotiates_timestamps(self.busiest["destination"], self.busiest["destination_port"])

    @functools.cached_property
    def probe(self) -> Probe | None:
        """The probe of the busiest destination; None where nobody asked it."""
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
        reused = self.busiest is not None and self.host.reuses(self.busiest["destination"]) and self.peer_timestamps
        return _capacity.Load(self.usable_ports, reuse_delay=self.host.reuse_delay if reused else None)

    @functools.cached_property
    def whole_load(self) -> _capacity.Load | None:
        """The same, limited by tcp_max_tw_buckets and by memory, too."""
        memory = self.host.snapshot["host"]["memory_bytes"]
        return self.load and dataclasses.replace(
            self.load,
            bucket_limit=self.bucket_limit if self.bucket_limit is not None and self.bucket_limit >= 0 else None,
            memory_bytes=max(0, memory) // _MEMORY_SHARE if memory is not None else None,
        )

    def helps(self, trouble: Result, reason: str, *, of: _capacity.Load | None = None, last: bool = False, **changes: t.Any) -> Verdict:
        """The verdict of a cure that applies; changes: what it changes about the load `of`, which is that of the ports unless told."""
        load = of or self.load
        gained = _capacity.gain(load, **changes) if load and changes else None
        before = _capacity.capacity(load).rate if load and changes else None
        return Verdict(reason, severity=trouble["severity"], gain=gained, before=before, last=last)


T = t.TypeVar("T")


def advice(made: Cure, verdict: Verdict) -> Advice:
    """A cure and its verdict as the audit returns them."""
    gained = verdict.gain
    return {
        "id": made.id,
        "title": made.title,
        "applies": verdict.severity is not None,
        "severity": verdict.severity,
        "wrong": verdict.wrong,
        "reason": verdict.reason,
        "gain": {
            "from_per_second": _rounded(verdict.before),
            "to_per_second": _rounded(gained.rate if gained else None),
            "factor": _rounded(gained.factor if gained else None),
        },
        "cost": made.cost,
        "risk": made.risk,
        "how": list(made.how if verdict.how is None else verdict.how),
        "claims": list(made.claims),
    }


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 2)
