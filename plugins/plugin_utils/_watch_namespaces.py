# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What two looks say of the other network namespaces of a host. Those nearest to a limit come first, and all is bounded. Pure."""

from __future__ import annotations

import typing as t

from ._escape import one_line
from ._namespace_views import view_of
from ._shapes import ShapeError, check
from ._watch import Look, WatchError, first_limit, measure, observation, paws_rate, peak
from ._watch_types import Others

if t.TYPE_CHECKING:
    from ._watch_types import Measure, NamespaceMeasure, NamespacePeak, Namespaces, Observation

MOST_MEASURED = 200
"""How many of a host the state holds; Ansible copies all of it in each round."""
MOST_PEAKS = 10
NOTABLE = 0.1
"""Nearness from which on a namespace is worth a line."""
_SOON = 600.0
"""Seconds: a limit that is reached within them counts as reached."""
_LONGEST_NAME = 320
_MOST_TOLD = 10


def after_look(before: Namespaces, look: Look, others: object) -> Namespaces:
    """What a look adds to the state. One namespace whose figures cannot be costs no other one; not_seen names it.

    others: what the module sent of shape Others. Raises WatchError where it is of another shape.
    """
    try:
        known = check(Others, {} if others is None else others)
    except ShapeError as error:
        raise WatchError(f"what the host sent about other network namespaces cannot be used: {error}") from error
    if "namespaces" not in look.snapshot:
        return _state(before, _Seen(None, {}, {}, 0, []), known["not_seen"], [])
    seen = _observed(look, known)
    measures: list[NamespaceMeasure] = []
    for identity, now in seen.sample.items():
        try:
            measured = measure(before["sample"].get(identity), now)
        except WatchError as error:
            seen.not_seen.append(f"{seen.names[identity]}: it has no rates: {error}")
            measured = measure(None, now)
        measures.append({"identity": identity, "name": seen.names[identity], "measure": measured})
    measures.sort(key=lambda one: _rank(one["measure"]))
    return _state(before, seen, [*known["not_seen"], *_bounded(seen.not_seen)], measures)


def without_look(before: Namespaces) -> Namespaces:
    """The state where the host was not seen."""
    return {**before, "seen": None, "unknown": 0, "measures": [], "news": []}


class _Seen(t.NamedTuple):
    """total: of all, None where nobody asked. names, sample: by identity. unknown: how many have figures that are missing."""

    total: int | None
    names: dict[str, str]
    sample: dict[str, Observation]
    unknown: int
    not_seen: list[str]


def _state(before: Namespaces, seen: _Seen, not_seen: list[str], measures: list[NamespaceMeasure]) -> Namespaces:
    return {
        "seen": seen.total,
        "unknown": seen.unknown,
        "measures": measures,
        "not_seen": not_seen,
        "news": [sentence for sentence in not_seen if sentence not in before["not_seen"]],
        "sample": seen.sample,
        "peaks": _peaks(before["peaks"], measures),
    }


def _observed(look: Look, others: Others) -> _Seen:
    """Of those nearest to a limit, what this look alone says."""
    names: dict[str, str] = {}
    found: list[tuple[float, str, Observation]] = []
    not_seen, known, unknown = [], set(), 0
    namespaces = look.snapshot["namespaces"]
    for namespace in namespaces:
        moment, name = others["moments"].get(namespace["name"]), one_line(namespace["name"], _LONGEST_NAME)
        # Names are distinct where the module gave them; whoever sends the same twice would spoil the whole text file.
        if moment is None or moment["identity"] in names or name in known:
            unknown += 1
            not_seen.append(f"{name}: the host sent it twice, or without its identity")
            continue
        try:
            now = observation(Look(moment["clock"], look.boot_id, others["top"], view_of(namespace, look.snapshot)))
            measured = measure(None, now)
        except WatchError as error:
            unknown += 1
            not_seen.append(f"{name}: {error}")
            continue
        if not is_known(measured):
            unknown += 1
            why = " ".join(one_line(sentence) for sentence in measured["not_seen"])
            not_seen.append(f"{name}: {why or 'its ports and sockets are not known'}")
        names[moment["identity"]] = name
        known.add(name)
        found.append((-fill(measured), moment["identity"], now))
    found.sort(key=lambda one: one[:2])
    return _Seen(len(namespaces), names, {identity: now for _fullest, identity, now in found[:MOST_MEASURED]}, unknown, not_seen)


def is_known(measured: Measure) -> bool:
    """Whether a low fill() says anything."""
    return measured["time_wait"] is not None and measured["usable_ports"] is not None


def _bounded(sentences: list[str]) -> list[str]:
    more = len(sentences) - _MOST_TOLD
    return sentences if more <= 0 else [*sentences[:_MOST_TOLD], f"and {more:,} more sentences about other network namespaces"]


def fill(measured: Measure) -> float:
    """How full the fullest limit is, from 0 to 1: the ports of one destination, TIME_WAIT, connection tracking."""
    pairs = ((measured["time_wait"], measured["bucket_limit"]), (measured["tracked"], measured["tracked_limit"]))
    shares = [used / limit for used, limit in pairs if used is not None and limit]
    if measured["busiest"] is not None:
        shares.append(measured["busiest"]["share"])
    return min(1.0, max(shares, default=0.0))


def nearness(measured: Measure) -> float:
    """As fill(), or more where a limit comes near: 1 where it is reached within 10 minutes at this rate, 0.1 within 100 minutes."""
    if measured["rates"].get("TCPTimeWaitOverflow"):
        return 1.0
    first = first_limit(measured)
    return fill(measured) if first is None else max(fill(measured), nearness_in_time(first[1]))


def nearness_in_time(seconds: float) -> float:
    """As nearness(), of a limit that is reached in so many seconds at this rate."""
    return _SOON / max(_SOON, seconds)


def is_notable(measured: Measure) -> bool:
    return nearness(measured) >= NOTABLE or bool(paws_rate(measured))


def _rank(measured: Measure) -> tuple[float, float, float]:
    """The lowest is nearest to a limit."""
    return -nearness(measured), -fill(measured), -(paws_rate(measured) or 0.0)


def _peaks(before: list[NamespacePeak], measures: list[NamespaceMeasure]) -> list[NamespacePeak]:
    highest = {one["identity"]: one for one in before}
    for one in measures:
        identity = one["identity"]
        old = highest.get(identity)
        if old is None and not is_notable(one["measure"]):
            continue
        near = max(nearness(one["measure"]), old["nearness"] if old else 0.0)
        try:
            made = peak(old["peak"] if old else None, one["measure"])
        except WatchError:
            continue
        highest[identity] = {"identity": identity, "name": one["name"], "nearness": near, "peak": made}
    return sorted(highest.values(), key=lambda one: -one["nearness"])[:MOST_PEAKS]
