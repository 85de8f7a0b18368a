# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""How many short connections per second a host can open for ever, what stops it first, and what each cure adds. Pure arithmetic.

A connection takes one combination of local port, source address and destination (address and port) while it lives, and on for
as long as its TIME_WAIT keeps it: 60 s where this host closed first (claim D2; what tcp_tw_timeout says on a vendor's kernel that has
it), the reuse delay where tcp_tw_reuse may reuse it (D5), nothing where the peer closed first (D9) or the connection was reset (D10).
Combinations divided by that time is the highest rate that never meets EADDRNOTAVAIL (D1, D16, D18). A program that binds before it
connects has its port towards every destination, so one range does for all of them. A gateway that source-NATs is the same sum: its
pool's addresses are the sources, its pool's ports the usable ones. Apart from that every TIME_WAIT socket of this host lives for 60 s,
or until its port is reused, and takes one of tcp_max_tw_buckets and 256 bytes (D13, D20). docs/advice.md has a worked example.
"""

from __future__ import annotations

import dataclasses
import math
import typing as t

from ..module_utils._sysctl._keys import MAX_TW_BUCKETS_DEFAULT_MAX, MEMORY_SHARE

if t.TYPE_CHECKING:
    from collections.abc import Iterable

Holder = t.Literal["client", "server", "nobody"]
Bound = t.Literal["ports", "buckets", "memory"]

# Linux TCP_TIMEWAIT_LEN, a constant in include/net/tcp.h; tcp_fin_timeout does not change it (D2).
TIME_WAIT_SECONDS = 60
# One slot of the slab tw_sock_TCP (measured on 6.18).
TIME_WAIT_BYTES = 256
# tcp_tw_reuse_delay by default (6.14 and later); before that the next full second (4.19 and later).
REUSE_DELAY_SECONDS = 1.0
# Up to 4.11, where tcp_tw_recycle exists, and on to 4.18, more than one full second had to pass.
REUSE_DELAY_SECONDS_OLD = 2.0
# What the roles client_host and fullnat_lb set.
WIDE_RANGE = (16384, 65535)
# The kernel's highest own value of tcp_max_tw_buckets, and what the roles ask for at least.
GENEROUS_BUCKETS = MAX_TW_BUCKETS_DEFAULT_MAX

_COUNTS = {"usable_ports": (0, 65535), "destinations": (1, 2**31), "sources": (1, 2**31), "hosts": (1, 2**31)}
_HOLDERS = ("client", "server", "nobody")


class CapacityError(ValueError):
    """An argument is of the wrong kind or out of its bounds; the message names it."""


@dataclasses.dataclass(frozen=True)
class Load:
    """What connections are opened with. Raises CapacityError naming the field that makes no sense.

    usable_ports: ephemeral ports that are not reserved. reuse_delay: seconds after which connect() may reuse a port in
    TIME_WAIT, None where it may not. holder: who keeps the TIME_WAIT, the side that closes first ("client" is the host that opens
    the connections), or "nobody" where they are reset. destinations: addresses times ports that the load spreads over.
    sources, hosts: source addresses of each host, and hosts. connection_seconds: how long a connection itself lives.
    bucket_limit: tcp_max_tw_buckets of each host, None for no limit. memory_bytes: what each host may spend on TIME_WAIT sockets,
    None for no limit. target_rate: wanted connections per second. bound_first: programs bind() before they connect(), so that all
    destinations share one range. time_wait_seconds: how long TIME_WAIT lasts, where the kernel has tcp_tw_timeout.
    """

    usable_ports: int
    reuse_delay: float | None = None
    holder: Holder = "client"
    destinations: int = 1
    sources: int = 1
    hosts: int = 1
    connection_seconds: float = 0.0
    bucket_limit: int | None = None
    memory_bytes: int | None = None
    target_rate: float | None = None
    bound_first: bool = False
    time_wait_seconds: float = TIME_WAIT_SECONDS

    def __post_init__(self) -> None:
        for name, (low, high) in _COUNTS.items():
            _whole(name, getattr(self, name), low, high)
        for name in ("bucket_limit", "memory_bytes"):
            if getattr(self, name) is not None:
                _whole(name, getattr(self, name), 0, 2**63)
        if self.reuse_delay is not None:
            _number("reuse_delay", self.reuse_delay, 0.001, TIME_WAIT_SECONDS)
        _number("time_wait_seconds", self.time_wait_seconds, 0.001, 86400)
        _number("connection_seconds", self.connection_seconds, 0, 86400 * 365)
        if self.target_rate is not None:
            _number("target_rate", self.target_rate, 0, 1e9)
        if self.holder not in _HOLDERS:
            raise CapacityError(f"holder must be one of {', '.join(_HOLDERS)}, not {str(self.holder)[:80]!r}")

    @property
    def combinations(self) -> int:
        """Connections that can hold a port at once, TIME_WAIT included."""
        return self.usable_ports * self.sources * (1 if self.bound_first else self.destinations) * self.hosts

    @property
    def port_seconds(self) -> float:
        """How long one connection keeps its port from the next."""
        if self.holder != "client":
            return self.connection_seconds
        return self.connection_seconds + (self.time_wait_seconds if self.reuse_delay is None else self.reuse_delay)


class Estimate(t.NamedTuple):
    """rate: the highest sustainable connections per second, None where nothing here limits it. binds: what limits it, None likewise.

    limits: the rate that each bound allows alone, None where it sets no limit. time_wait: TIME_WAIT sockets of all hosts at the lower
    of that rate and the target (None without either), and memory_bytes what they take. target_met: None without a target.
    exhausted_after: seconds at the target rate until the ports are gone, starting with none taken; None where they last.
    """

    rate: float | None
    binds: Bound | None
    limits: dict[Bound, float | None]
    time_wait: int | None
    memory_bytes: int | None
    target_met: bool | None
    exhausted_after: float | None


class Gain(t.NamedTuple):
    """What a cure makes of a rate. rate: connections per second with it, None for no limit. factor: against the rate without it.

    needed: how many destinations, sources, hosts, or requests in each connection the target rate needs; None where that is no question.
    """

    rate: float | None
    factor: float | None
    needed: int | None = None


def usable_ports(low: int, high: int, reserved: Iterable[tuple[int, int]] = ()) -> int:
    """Ports from low to high, both included, that no reserved range covers (D16)."""
    taken: set[int] = set()
    for first, last in reserved:
        taken.update(range(max(first, low), min(last, high) + 1))
    return max(0, high - low + 1 - len(taken))


def knee_ports(usable: int) -> int:
    """Ports of one destination from which each connect() costs more and more CPU time: half of those that are usable.

    The kernel tries every port of the low end's parity before the others (__inet_hash_connect(); measured on 6.18: 51 µs with 48.1 %
    of the default range taken, 16 to 22 ms with 50.6 %).
    """
    return usable // 2


def time_wait_memory(memory_bytes: int | None) -> int | None:
    """Bytes that TIME_WAIT sockets may take of a host's memory, as much as the roles let them; None where it is not known."""
    return None if memory_bytes is None else max(0, memory_bytes) // MEMORY_SHARE


def capacity(load: Load) -> Estimate:
    """The highest rate of connections that never meets EADDRNOTAVAIL and never has a TIME_WAIT socket destroyed."""
    sockets = None if load.memory_bytes is None else load.memory_bytes // TIME_WAIT_BYTES
    ports = load.combinations / load.port_seconds if load.port_seconds else None
    limits: dict[Bound, float | None] = {
        "ports": ports if load.usable_ports else 0.0,
        "buckets": _kept(load, load.bucket_limit),
        "memory": _kept(load, sockets),
    }
    rate, binds = None, None
    for bound, limit in limits.items():
        if limit is not None and (rate is None or limit < rate):
            rate, binds = limit, bound
    driven = min((value for value in (rate, load.target_rate) if value is not None), default=None)
    time_wait = None if driven is None else _time_wait(load, driven)
    exhausted = None
    if load.target_rate and limits["ports"] is not None and load.target_rate > limits["ports"]:
        exhausted = load.combinations / load.target_rate
    return Estimate(
        rate=rate,
        binds=binds,
        limits=limits,
        time_wait=time_wait,
        memory_bytes=None if time_wait is None else time_wait * TIME_WAIT_BYTES,
        target_met=None if load.target_rate is None else rate is None or load.target_rate <= rate,
        exhausted_after=exhausted,
    )


def _kept(load: Load, sockets: int | None) -> float | None:
    """The rate at which so many TIME_WAIT sockets a host are just enough; None where they always are.

    A reused port never has a second TIME_WAIT socket, so with reuse there are never more of them than combinations.
    """
    if sockets is None or load.holder != "client":
        return None
    if load.reuse_delay is not None and load.combinations <= sockets * load.hosts:
        return None
    return sockets * load.hosts / load.time_wait_seconds


def _time_wait(load: Load, rate: float) -> int:
    if load.holder != "client":
        return 0
    return math.ceil(min(rate * load.time_wait_seconds, load.combinations))


def gain(load: Load, **changes: t.Any) -> Gain:
    """What changing these fields of the load makes of its rate, each destination, source or host counted once more as asked."""
    before, after = capacity(load).rate, capacity(dataclasses.replace(load, **changes)).rate
    return Gain(after, after / before if before and after is not None else None)


def gains(load: Load, reuse_delay: float = REUSE_DELAY_SECONDS) -> dict[str, Gain]:
    """What each cure would make of the load's rate, by the cure's id; one destination, source address or host more each.

    reuse_delay: seconds after which tcp_tw_reuse would reuse a port.
    """
    wide = max(load.usable_ports, usable_ports(*WIDE_RANGE))
    buckets = None if load.bucket_limit is None else max(load.bucket_limit, GENEROUS_BUCKETS)
    needed = _needed(load)
    return {
        "reuse": gain(load, reuse_delay=reuse_delay),
        "peer-closes-first": gain(load, holder="server"),
        "keep-alive": Gain(None, None, needed),
        "linger-reset": gain(load, holder="nobody"),
        "wider-range": gain(load, usable_ports=wide),
        "more-destinations": gain(load, destinations=load.destinations + 1)._replace(needed=_times(needed, load.destinations)),
        "more-sources": gain(load, sources=load.sources + 1)._replace(needed=_times(needed, load.sources)),
        "more-hosts": gain(load, hosts=load.hosts + 1)._replace(needed=_times(needed, load.hosts)),
        "raise-buckets": gain(load, bucket_limit=buckets),
    }


def _needed(load: Load) -> int | None:
    """How many times the ports of this load the target rate takes."""
    ports = capacity(load).limits["ports"]
    if not load.target_rate or not ports:
        return None
    return max(1, math.ceil(load.target_rate / ports))


def _times(needed: int | None, held: int) -> int | None:
    return None if needed is None else needed * held


def _whole(name: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise CapacityError(f"{name} must be a whole number, not {str(value)[:80]!r}")
    if not low <= value <= high:
        raise CapacityError(f"{name} must be between {low} and {high}, not {str(value)[:80]}")


def _number(name: str, value: object, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise CapacityError(f"{name} must be a number, not {str(value)[:80]!r}")
    if not low <= value <= high:
        raise CapacityError(f"{name} must be between {low:g} and {high:g}, not {str(value)[:80]}")
