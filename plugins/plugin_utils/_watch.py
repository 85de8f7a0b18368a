# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What two looks at a host say: how fast its counters grew, and how long ports and TIME_WAIT sockets last at this rate. Pure."""

from __future__ import annotations

import math
import typing as t

from ..module_utils._facts._proc import deltas
from ._capacity import TIME_WAIT_SECONDS, knee_ports
from ._rules import CannotApplyError, MissingFactError, View
from ._rules._view import in_state
from ._rules._view_keys import CONNTRACK_COUNT, CONNTRACK_MAX, MAX_TW_BUCKETS, TW_REUSE
from ._shapes import ShapeError, check
from ._sources import SourceError, validate
from ._watch_types import Busiest, Measure, Observation, Peak, PortsLeft

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ._snapshot_types import Snapshot
    from ._socket_types import PortUse
    from ._watch_types import Limit

    Group = tuple[str | None, str, str, int]
    T = t.TypeVar("T")

FULL_SHARE = 0.99
"""Share of a limit that counts as all of it: sockets come and go while they are counted, so what is full looks a little less so."""

PAWS = ("PAWSPassive", "PAWSActive", "PAWSEstab", "PAWSTimewait")
COUNTERS = {
    "ActiveOpens": "Tcp",
    "PassiveOpens": "Tcp",
    "TCPTimeWaitOverflow": "TcpExt",
    **dict.fromkeys(PAWS, "TcpExt"),
}
"""The counters that are watched, and their group."""

MAX_BOOT_ID = 64


class WatchError(Exception):
    """Something given to the watch is not of the expected type; the message names it."""


class Look(t.NamedTuple):
    """What the module took, checked. clock: seconds since boot. top: how many groups of connections the snapshot names at most."""

    clock: float
    boot_id: str
    top: int
    snapshot: Snapshot


def taken(observed: object) -> Look:
    """The look that the module took. Raises WatchError saying what is wrong with what the host sent."""
    if not isinstance(observed, dict):
        raise WatchError("the host sent no observation")
    clock, boot_id, top = observed.get("clock"), observed.get("boot_id"), observed.get("top")
    if not isinstance(clock, (int, float)) or isinstance(clock, bool) or not math.isfinite(clock) or clock < 0:
        raise WatchError("the host sent a clock that is not a number of seconds")
    if not isinstance(boot_id, str) or len(boot_id) > MAX_BOOT_ID or not isinstance(top, int):
        raise WatchError("the host sent a boot_id or top that is not valid")
    try:
        return Look(float(clock), boot_id, top, validate(observed.get("snapshot")))
    except SourceError as error:
        raise WatchError(f"the snapshot that the host sent cannot be used: {error}") from error


def sample(observed: object) -> Observation:
    """What the next look needs of the host's own network namespace. Raises WatchError as taken() does."""
    return observation(taken(observed))


def observation(look: Look) -> Observation:
    """What the next look needs of one network namespace. Raises WatchError where its figures cannot be."""
    snapshot = look.snapshot
    view = View(snapshot)
    counters = snapshot["counters"] or {}
    sockets = snapshot["sockets"]
    groups = sockets["ports_in_use"] if sockets else None
    made: Observation = {
        "clock": look.clock,
        "boot_id": look.boot_id,
        "counters": {
            group: {name: counters[group][name] for name, its in COUNTERS.items() if its == group and name in counters[group]}
            for group in dict.fromkeys(COUNTERS.values())
            if group in counters
        },
        "established": counters.get("Tcp", {}).get("CurrEstab"),
        "time_wait": _known(view.time_wait),
        "buckets_used": _known(view.bucket_use),
        "tracked": _known(lambda: view.number(CONNTRACK_COUNT)),
        "tracked_limit": _known(lambda: view.number(CONNTRACK_MAX)),
        "bucket_limit": _known(lambda: view.number(MAX_TW_BUCKETS)),
        "usable_ports": _known(lambda: view.usable_ports),
        "reuse": _known(lambda: view.number(TW_REUSE)) == 1,
        "groups": groups,
        "all_groups": bool(sockets) and len(groups or ()) < look.top and not (sockets and sockets["error_bound"]),
        "not_seen": [],
    }
    if (
        groups is None
        or len(made["counters"]) < len(set(COUNTERS.values()))
        or made["usable_ports"] is None
        or made["bucket_limit"] is None
    ):
        made["not_seen"] = list(snapshot["not_seen"])
    return _possible(Observation, made)


def _possible(kind: type[T], figures: T) -> T:
    """The figures, which the next look and the tables are to take back. Raises WatchError where they would not."""
    try:
        return check(kind, figures)
    except ShapeError as error:
        raise WatchError(f"what the host sent gives figures that cannot be: {error}") from error


def _known(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except (CannotApplyError, MissingFactError):
        return None


def measure(before: Observation | None, now: Observation) -> Measure:
    """What changed since the look before; without one, or after a restart, there are no rates.

    Raises WatchError where the looks give figures that cannot be: a clock that stood nearly still, more ports than there are numbers.
    """
    changes = deltas(before["counters"], now["counters"]) if before else {}
    grown = {name: delta for group in changes.values() for name, delta in group.items()}
    restarted = before is not None and (
        now["boot_id"] != before["boot_id"] or now["clock"] <= before["clock"] or any(delta is None for delta in grown.values())
    )
    if restarted:
        before = None
    seconds = now["clock"] - before["clock"] if before else None
    rates = {name: delta / seconds for name, delta in grown.items() if delta is not None} if seconds else {}
    measured: Measure = {
        "seconds": seconds,
        "restarted": restarted,
        "time_wait": now["time_wait"],
        "bucket_limit": now["bucket_limit"],
        "tracked": now["tracked"],
        "tracked_limit": now["tracked_limit"],
        "usable_ports": now["usable_ports"],
        "busiest": _busiest(now),
        "counters": {name: count for group in now["counters"].values() for name, count in group.items()},
        "absent": [name for name, group in COUNTERS.items() if group in now["counters"] and name not in now["counters"][group]],
        "rates": rates,
        "ports_left": _ports_left(before, now, rates, now["usable_ports"]),
        "knee_left": _ports_left(before, now, rates, None if now["usable_ports"] is None else knee_ports(now["usable_ports"])),
        "buckets_left": _buckets_left(before, now, rates),
        "reuse": now["reuse"],
        "not_seen": now["not_seen"],
    }
    return _possible(Measure, measured)


def _busiest(now: Observation) -> Busiest | None:
    if not now["groups"] or now["usable_ports"] is None:
        return None
    group = max(now["groups"], key=lambda group: group["ports"])
    return {
        "source": group["source"],
        "destination": group["destination"],
        "destination_port": group["destination_port"],
        "ports": group["ports"],
        "share": group["ports"] / now["usable_ports"] if now["usable_ports"] else 1.0,
        "states": dict(group["states"]),
    }


def seconds_left(limit: int, held: int, live: int, growth: float, live_growth: float, opens: float) -> float | None:
    """Seconds until `held` fills `limit` while everything goes on as now; None where it does not.

    held: sockets that count, TIME_WAITs among them; live: the others. growth and live_growth: of both, per second. opens: connections
    that are opened, per second (infinity where that is not known).

    A TIME_WAIT lasts 60 seconds (claim D2). So the rate of now settles at what is live plus what opens in 60 seconds, whatever the
    growth of now is, and only live connections that pile up carry it further. More than that is there only where an earlier
    minute opened faster; then the straight line counts until those are gone.
    """
    full = FULL_SHARE * limit
    if held >= full:
        return 0.0
    if growth <= 0:
        return None
    straight = (full - held) / growth
    settled = live + TIME_WAIT_SECONDS * opens
    if settled >= full or (held > settled and straight <= TIME_WAIT_SECONDS):
        return straight
    return TIME_WAIT_SECONDS + (full - settled) / live_growth if live_growth > 0 else None


def _ports_left(before: Observation | None, now: Observation, rates: Mapping[str, float], limit: int | None) -> PortsLeft | None:
    """The group that is the first to hold so many ports."""
    if limit is None:
        return None
    found: PortsLeft | None = None
    opens = rates.get("ActiveOpens", math.inf)
    for group, growth, live_growth in _group_growth(before, now):
        live = group["ports"] - in_state(group, "time_wait")
        left = seconds_left(limit, group["ports"], live, growth, live_growth, opens)
        if left is not None and (found is None or left < found["seconds"]):
            found = {
                "device": group["device"],
                "source": group["source"],
                "destination": group["destination"],
                "destination_port": group["destination_port"],
                "seconds": left,
            }
    return found


def _group_growth(before: Observation | None, now: Observation) -> Iterator[tuple[PortUse, float, float]]:
    """Each group of now, and how much its ports and its live connections grew per second; 0 where that is not known."""
    earlier = {_group(group): group for group in (before["groups"] or ())} if before else {}
    for group in now["groups"] or ():
        old = earlier.get(_group(group))
        if before is None or before["groups"] is None or (old is None and not before["all_groups"]):
            yield group, 0.0, 0.0
            continue
        seconds = now["clock"] - before["clock"]
        grown = group["ports"] - (old["ports"] if old else 0)
        grown_time_wait = in_state(group, "time_wait") - (in_state(old, "time_wait") if old else 0)
        yield group, grown / seconds, (grown - grown_time_wait) / seconds


def _group(group: PortUse) -> Group:
    return group["device"], group["source"], group["destination"], group["destination_port"]


def _buckets_left(before: Observation | None, now: Observation, rates: Mapping[str, float]) -> float | None:
    used, limit = now["buckets_used"], now["bucket_limit"]
    if used is None or limit is None:
        return None
    growth = live_growth = 0.0
    if before and before["buckets_used"] is not None:
        seconds = now["clock"] - before["clock"]
        growth = (used - before["buckets_used"]) / seconds
        live_growth = ((now["established"] or 0) - (before["established"] or 0)) / seconds
    # Connections of both directions end in TIME_WAIT, on the side that closes first.
    opens = rates.get("ActiveOpens", math.inf) + rates.get("PassiveOpens", math.inf)
    return seconds_left(limit, used, now["established"] or 0, growth, live_growth, opens)


def first_limit(measured: Measure) -> tuple[Limit, float] | None:
    """The limit that is reached first, "ports" or "buckets", and the seconds until then; None where neither is."""
    left: list[tuple[Limit, float]] = []
    if measured["ports_left"] is not None:
        left.append(("ports", measured["ports_left"]["seconds"]))
    if measured["buckets_left"] is not None:
        left.append(("buckets", measured["buckets_left"]))
    return min(left, key=lambda limit: limit[1]) if left else None


def paws_rate(measured: Measure) -> float | None:
    """All PAWS counters together, per second; None where there are no rates."""
    known = [measured["rates"][name] for name in PAWS if name in measured["rates"]]
    return sum(known) if known else None


def peak(before: Peak | None, measured: Measure) -> Peak:
    """The highest of each figure, this look included. Raises WatchError as measure() does."""
    busiest, soonest = measured["busiest"], first_limit(measured)
    rates = measured["rates"]
    if before is None:
        first: Peak = {
            "seen": 1,
            "time_wait": measured["time_wait"],
            "rates": dict(rates),
            "paws": paws_rate(measured),
            "busiest": busiest,
            "soonest": soonest,
            "last": measured,
        }
        return _possible(Peak, first)
    known = before["rates"]
    higher: Peak = {
        "seen": before["seen"] + 1,
        "time_wait": _higher(before["time_wait"], measured["time_wait"]),
        "rates": {name: max(known.get(name, 0.0), rates.get(name, 0.0)) for name in COUNTERS if name in known or name in rates},
        "paws": _higher(before["paws"], paws_rate(measured)),
        "busiest": max(filter(None, (before["busiest"], busiest)), key=lambda one: one["share"], default=None),
        "soonest": min(filter(None, (before["soonest"], soonest)), key=lambda limit: limit[1], default=None),
        "last": measured,
    }
    return _possible(Peak, higher)


def _higher(one: T | None, other: T | None) -> T | None:
    known: list[t.Any] = [value for value in (one, other) if value is not None]
    return max(known) if known else None
