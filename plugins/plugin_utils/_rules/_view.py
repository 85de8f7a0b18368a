# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""How rules look at a snapshot: every question has an answer, or raises what makes the result unknown or not applicable."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from .. import _capacity
from .._addresses import is_loopback
from ._base import CannotApplyError, MissingFactError
from ._view_boot import BootView
from ._view_keys import PORT_RANGE, RESERVED_PORTS, TIMESTAMPS, TW_RECYCLE, TW_REUSE, TW_REUSE_DELAY, TW_TIMEOUT

if t.TYPE_CHECKING:
    from .._nat_types import Nat
    from .._probe_types import Probe
    from .._snapshot_types import OpenChange
    from .._socket_types import PortUse, Sockets

Reuse = t.Literal["proven", "no", "unknown"]
"""Whether ports in TIME_WAIT are reused: seen to be, known not to be, or allowed by the settings and not seen."""

# With fewer new connections than this nobody can tell whether they took reused ports.
_FEW_OPENS = 5
# Growth since boot that is older than this, and rarer than one an hour, says nothing of today.
_LONG_SECONDS = 7 * 86400
_RARE_SECONDS = 3600
_HIGHEST_PORT = 65535


def in_state(group: PortUse, state: str) -> int:
    """How many of a group's ports are in a state, by its name in Sockets.states."""
    return group["states"].get(state, 0)


@dataclasses.dataclass(frozen=True)
class Growth:
    """How far a counter moved: between two samples (seconds is set), or since boot, uptime_seconds ago where that is known."""

    counter: str
    amount: int
    seconds: float | None
    uptime_seconds: int | None = None

    @property
    def since_boot(self) -> bool:
        return self.seconds is None

    @property
    def long_ago(self) -> bool:
        """Whether it is counted since a boot so long ago, and so rare, that it says nothing of today."""
        uptime = self.uptime_seconds
        return self.since_boot and uptime is not None and uptime > _LONG_SECONDS and self.amount * _RARE_SECONDS < uptime

    def __str__(self) -> str:
        if self.seconds is not None:
            return f"{self.counter} +{self.amount} in {self.seconds:g} s"
        return f"{self.counter} +{self.amount} since boot{_ago(self.uptime_seconds)}"


def _ago(seconds: int | None) -> str:
    if seconds is None:
        return ""
    for name, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f", {seconds // length} {name} ago"
    return f", {seconds} seconds ago"


class _NotShownError(MissingFactError):
    """A counter that the host may have, and that the excerpt does not show."""


class View(BootView):
    """One host's snapshot, asked by rules: its keys, its boot files, and what its ports, sockets and counters do.

    asked_for_sockets: whether a rule has looked at sockets since this was last set to False.
    """

    asked_for_sockets = False

    # --- ports -----------------------------------------------------------------------------------------------------

    def port_range(self) -> tuple[int, int]:
        """Lowest and highest ephemeral port."""
        value = self.sysctl(PORT_RANGE).get("value")
        if isinstance(value, list) and len(value) == 2:
            low, high = value
            if isinstance(low, int) and isinstance(high, int) and 0 <= low <= high <= _HIGHEST_PORT:
                return low, high
        raise MissingFactError(f"{PORT_RANGE} holds {self.raw(PORT_RANGE)!r}, which is not a range")

    def reserved_ports(self) -> list[tuple[int, int]]:
        """Ranges of ip_local_reserved_ports; none where the kernel does not have the key."""
        try:
            value = self.sysctl(RESERVED_PORTS).get("value")
        except CannotApplyError:
            return []
        if not isinstance(value, list):
            raise MissingFactError(f"{RESERVED_PORTS} holds {self.raw(RESERVED_PORTS)!r}, which is not a port list")
        return [(int(pair[0]), int(pair[1])) for pair in value if isinstance(pair, list) and len(pair) == 2]

    def is_reserved(self, port: int) -> bool:
        return any(low <= port <= high for low, high in self.reserved_ports())

    @functools.cached_property
    def usable_ports(self) -> int:
        """Ports of the range that are not reserved: how many connections one (source, destination, port) can hold at once."""
        return _capacity.usable_ports(*self.port_range(), self.reserved_ports())

    @functools.cached_property
    def busiest(self) -> PortUse | None:
        """The (source, destination, destination port) that holds most local ports; None where nothing connects out."""
        groups = self.sockets["ports_in_use"]
        return max(groups, key=lambda group: group["ports"]) if groups else None

    def taken_ports(self, group: PortUse) -> int:
        """Ports of a group that a new connection cannot have: all of them, without those in TIME_WAIT that are proven to be reused."""
        return group["ports"] - (in_state(group, "time_wait") if self.reuse_of(group) == "proven" else 0)

    def port_share_percent(self, group: PortUse) -> float:
        """Share of the usable ports that a group takes, in percent; 100 where there are none at all."""
        return 100.0 * self.taken_ports(group) / self.usable_ports if self.usable_ports else 100.0

    def under_port_pressure(self, percent: int) -> bool | None:
        """Whether some destination takes at least this share of the usable ports; None where that is not known."""
        # For a rule whose result does not depend on sockets, but on keys: those that are missing make its severity unknown, no more.
        other = View(self.snapshot)
        try:
            found = any(other.port_share_percent(group) >= percent for group in other.sockets["ports_in_use"])
        except (MissingFactError, CannotApplyError):
            return None
        return found or (None if self.sockets_missing else False)

    # --- reuse of TIME_WAIT ----------------------------------------------------------------------------------------

    def reuses(self, destination: str) -> bool | None:
        """Whether tcp_tw_reuse and tcp_timestamps of this host let connect() reuse TIME_WAIT ports towards an address; None: not known."""
        try:
            reuse = self.number(TW_REUSE)
            return self.number(TIMESTAMPS) != 0 and (reuse == 1 or (reuse == 2 and is_loopback(destination)))
        except CannotApplyError:
            return False
        except MissingFactError:
            return None

    def reuse_of(self, group: PortUse) -> Reuse:
        """Whether this group's ports in TIME_WAIT are reused.

        The proof: an open connection, or a probe, negotiated timestamps; or about as many new connections took a port in TIME_WAIT
        (TWRecycled against ActiveOpens) as there are ports in TIME_WAIT in the range, and no other group can be the one that did.
        """
        allowed = self.reuses(group["destination"])
        negotiates = self.negotiates_timestamps(group["destination"], group["destination_port"])
        if allowed is False or negotiates is False:
            return "no"
        if allowed and (negotiates or (self.holds_most_time_wait(group) and self._recycles(group))):
            return "proven"
        return "unknown"

    def holds_most_time_wait(self, group: PortUse) -> bool:
        """Whether what counters say of TIME_WAIT ports is about this group: no other one has as many, or half of the range."""
        mine, others = in_state(group, "time_wait"), [one for one in self.sockets["ports_in_use"] if one is not group]
        crowded = any(2 * in_state(one, "time_wait") >= self.usable_ports for one in others)
        return not crowded and 2 * mine > self.sockets["time_wait_outgoing"]

    def _recycles(self, group: PortUse) -> bool:
        seen = self.opened_and_recycled()
        return seen is not None and seen[0] >= _FEW_OPENS and self._as_often_as_expected(group, *seen[:2])

    def recycled_since_boot(self, group: PortUse) -> bool:
        """Whether, since boot, new connections took ports in TIME_WAIT as often as where reuse works. It may be long ago."""
        opened, recycled = self.counter("Tcp", "ActiveOpens"), self.counter("TcpExt", "TWRecycled")
        if not opened or not recycled or not self.reuses(group["destination"]) or not self.holds_most_time_wait(group):
            return False
        # The first ones found ports that were free.
        later = opened - in_state(group, "time_wait")
        return later >= _FEW_OPENS and self._as_often_as_expected(group, later, recycled)

    def _as_often_as_expected(self, group: PortUse, opened: int, recycled: int) -> bool:
        return recycled > 0 and 2 * recycled * self.usable_ports >= in_state(group, "time_wait") * opened

    def opened_and_recycled(self) -> tuple[int, int, float] | None:
        """New outgoing connections, those of them that took a port in TIME_WAIT, and the seconds of the look; None: no two looks."""
        sample = self.snapshot["sample"]
        if sample is not None:
            opened = sample["deltas"].get("Tcp", {}).get("ActiveOpens")
            recycled = sample["deltas"].get("TcpExt", {}).get("TWRecycled")
            return None if opened is None or recycled is None or sample["seconds"] <= 0 else (opened, recycled, sample["seconds"])
        glance = self.sockets["reuse_sample"]
        return glance and (glance["opened"], glance["recycled"], glance["seconds"])

    @property
    def time_wait_seconds(self) -> int:
        """How long TIME_WAIT lasts: 60 s, or what tcp_tw_timeout says where a vendor's kernel has it."""
        try:
            return min(max(self.number(TW_TIMEOUT), 1), _capacity.TIME_WAIT_SECONDS * 10)
        except (MissingFactError, CannotApplyError):
            return _capacity.TIME_WAIT_SECONDS

    @property
    def reuse_delay(self) -> float:
        """Seconds after which a port in TIME_WAIT may be reused; the default where the kernel has no key for it."""
        try:
            # The kernel allows no other delays, and the model takes no others: a damaged snapshot may hold any number.
            return min(max(self.number(TW_REUSE_DELAY), 1), _capacity.TIME_WAIT_SECONDS * 1000) / 1000
        except (MissingFactError, CannotApplyError):
            return _capacity.REUSE_DELAY_SECONDS_OLD if self.has(TW_RECYCLE) else _capacity.REUSE_DELAY_SECONDS

    @property
    def open_changes(self) -> list[OpenChange]:
        """Changes of tcp_profile that are not finished."""
        if "open_changes" not in self.snapshot:
            raise MissingFactError("whether a change of this collection is open was not observed")
        return self.snapshot["open_changes"]

    @property
    def probes(self) -> list[Probe]:
        """What the probes of peers found; empty where nothing was probed."""
        return self.snapshot.get("probes", [])

    def negotiates_timestamps(self, destination: str, port: int) -> bool | None:
        """Whether connections to a destination negotiate timestamps, by its open connections or else by a probe; None: not known.

        Several hosts may share one address, some with timestamps and some without: the more frequent answer counts.
        """
        sockets = self.snapshot["sockets"]
        for use in sockets["timestamps"] if sockets else ():
            if (use["destination"], use["destination_port"]) == (destination, port) and use["negotiated"] != use["not_negotiated"]:
                return use["negotiated"] > use["not_negotiated"]
        for probe in self.probes:
            if (probe["address"], probe["port"]) == (destination, port) and probe["timestamps"] is not None:
                return probe["timestamps"]
        return None

    # --- sockets and counters --------------------------------------------------------------------------------------

    @property
    def sockets(self) -> Sockets:
        self.asked_for_sockets = True
        if self.snapshot["sockets"] is None:
            raise MissingFactError("sockets were not observed")
        return self.snapshot["sockets"]

    @property
    def sockets_missing(self) -> str | None:
        """Why the sockets are not all of the host's; None where they are."""
        return self.snapshot["excerpt"]["sockets"] if "excerpt" in self.snapshot else None

    @property
    def nat(self) -> Nat:
        if self.snapshot["nat"] is None:
            raise MissingFactError("connection tracking and the firewall's NAT rules were not observed")
        return self.snapshot["nat"]

    def in_state(self, state: str) -> int:
        """Sockets in a state, both families."""
        return sum(states.get(state, 0) for states in self.sockets["states"].values())

    def time_wait(self) -> int:
        """TIME_WAIT sockets of this network namespace, both families. Not sockstat's tw, which counts orphaned FIN_WAIT2 sockets, too."""
        return self.in_state("time_wait")

    def bucket_use(self) -> int:
        """Sockets that count against tcp_max_tw_buckets: TIME_WAIT and orphaned FIN_WAIT2, both families."""
        try:
            return (self.snapshot["sockstat"] or {})["TCP"]["tw"]
        except KeyError:
            return self.time_wait() + (self.sockets["fin_wait2_orphans"] or 0)

    def growth(self, group: str, counter: str) -> Growth:
        """How far a counter grew, between two samples where there are two."""
        counters = self.snapshot["counters"]
        if counters is None or group not in counters:
            raise MissingFactError(f"the {group} counters were not observed")
        if counter not in counters[group]:
            if group in self._excerpt_counters:
                raise _NotShownError(f"{counter} is not among the counters that are shown")
            raise CannotApplyError(f"this kernel has no counter {counter}")
        sample = self.snapshot["sample"]
        if sample is None:
            return Growth(counter, counters[group][counter], None, self.snapshot["host"]["uptime_seconds"])
        delta = sample["deltas"].get(group, {}).get(counter)
        if delta is None:
            raise MissingFactError(f"{counter} became smaller between the two samples, or was missing in one")
        return Growth(counter, delta, sample["seconds"])

    def growths(self, group: str, counters: t.Iterable[str]) -> tuple[list[Growth], list[str]]:
        """How far those counters grew that the kernel has, and the names of those that an excerpt does not show."""
        found, hidden = [], []
        for counter in counters:
            try:
                found.append(self.growth(group, counter))
            except CannotApplyError:
                continue
            except _NotShownError:
                hidden.append(counter)
        return found, hidden

    @property
    def _excerpt_counters(self) -> list[str]:
        """The groups of which only some counters are shown."""
        return self.snapshot["excerpt"]["counters"] if "excerpt" in self.snapshot else []

    def logged(self, trouble: str) -> int:
        """How many lines of the kernel's log tell of a trouble, by its name in Excerpt.kernel_log; 0 where nobody showed the log."""
        return self.snapshot["excerpt"]["kernel_log"].get(trouble, 0) if "excerpt" in self.snapshot else 0

    def counter(self, group: str, counter: str) -> int | None:
        """A counter's value since boot, for evidence."""
        return (self.snapshot["counters"] or {}).get(group, {}).get(counter)
