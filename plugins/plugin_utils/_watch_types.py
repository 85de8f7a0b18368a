# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The shapes of a watch: what one look keeps of a host, what two looks say, and the highest of all."""

from __future__ import annotations

import typing as t

from ._shapes import AtLeast, Default, Label
from ._socket_types import PortUse

Limit = t.Literal["ports", "buckets"]


class Observation(t.TypedDict):
    """One look at a host, as much of it as the next look needs.

    clock: seconds since the host booted. established: connections of CurrEstab. buckets_used: sockets that count against
    tcp_max_tw_buckets. tracked, tracked_limit: entries of connection tracking, None where it is not loaded. groups: the busiest ones,
    None where sockets could not be counted; all_groups: no others exist.
    """

    clock: float
    boot_id: str
    counters: dict[str, dict[str, int]]
    established: int | None
    time_wait: int | None
    buckets_used: t.Annotated[int | None, Default(None)]
    bucket_limit: int | None
    tracked: t.Annotated[int | None, Default(None)]
    tracked_limit: t.Annotated[int | None, Default(None)]
    usable_ports: int | None
    reuse: bool
    groups: list[PortUse] | None
    all_groups: bool
    not_seen: list[str]


class Busiest(t.TypedDict):
    """The group that holds most ports; share: of the usable ports, from 0 to 1; states: how many are in each state."""

    source: str
    destination: str
    destination_port: int
    ports: int
    share: float
    states: t.Annotated[dict[str, int], Default({})]


class PortsLeft(t.TypedDict):
    """The group that is the first to run out of ports, or to reach half of them, and the seconds until then. device: as in PortUse."""

    device: t.Annotated[str | None, Default(None)]
    source: str
    destination: str
    destination_port: int
    seconds: float


class Measure(t.TypedDict):
    """What one look, together with the one before, says. Documented as RV(measure) of tcp_watch.

    knee_left: until one destination holds half of the usable ports, from where on each connect() costs more and more CPU time.
    """

    seconds: float | None
    restarted: bool
    time_wait: int | None
    bucket_limit: int | None
    tracked: t.Annotated[int | None, Default(None)]
    tracked_limit: t.Annotated[int | None, Default(None)]
    usable_ports: int | None
    busiest: Busiest | None
    counters: dict[str, int]
    absent: list[str]
    rates: dict[str, float]
    ports_left: PortsLeft | None
    knee_left: t.Annotated[PortsLeft | None, Default(None)]
    buckets_left: float | None
    reuse: bool
    not_seen: list[str]


class Peak(t.TypedDict):
    """The highest of each figure over all looks; soonest: the first limit and the fewest seconds that were left until it."""

    seen: int
    time_wait: int | None
    rates: dict[str, float]
    paws: float | None
    busiest: Busiest | None
    soonest: tuple[Limit, float] | None
    last: Measure


class Moment(t.TypedDict):
    """When the module looked at another network namespace, see watch_others() of tcp_watch; identity: which one it was."""

    identity: str
    clock: float


class Others(t.TypedDict):
    """What the module says of other network namespaces beside their facts: moments by name, top: how many groups each names at most."""

    not_seen: t.Annotated[list[str], Default([])]
    moments: t.Annotated[dict[str, Moment], Default({})]
    top: t.Annotated[int, AtLeast(1), Default(1)]


class NamespaceMeasure(t.TypedDict):
    """identity: the key of the namespace in Namespaces.sample."""

    identity: t.Annotated[str, Default("")]
    name: t.Annotated[str, Label()]
    measure: Measure


class NamespacePeak(t.TypedDict):
    """nearness: the highest so far, see nearness() of _watch_namespaces. name: the last one."""

    identity: str
    name: t.Annotated[str, Label()]
    nearness: float
    peak: Peak


class Namespaces(t.TypedDict):
    """The other network namespaces of a host, after a look. Documented as RV(namespaces) of tcp_watch.

    seen: how many, None where nobody asked for them. unknown: how many of them have ports or TIME_WAITs that are not known.
    measures: those nearest to a limit, nearest first. news: what of not_seen is new.
    sample: by identity, what the next look compares with. peaks: those that came nearest to a limit so far, also where they have ended.
    """

    seen: t.Annotated[int, AtLeast(0)] | None
    unknown: t.Annotated[int, AtLeast(0), Default(0)]
    measures: t.Annotated[list[NamespaceMeasure], Default([])]
    not_seen: t.Annotated[list[str], Default([])]
    news: t.Annotated[list[str], Default([])]
    sample: t.Annotated[dict[str, Observation], Default({})]
    peaks: t.Annotated[list[NamespacePeak], Default([])]
