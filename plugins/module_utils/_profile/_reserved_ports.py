# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.
"""Which ports ip_local_reserved_ports is to hold: those of before the profile, and those of the services of now. Pure: reads nothing."""

from __future__ import annotations

from typing import Collection, Mapping, NamedTuple, Optional, Tuple

from .._sysctl._keys import Accepted, kernel_reads, sysctl_key
from ._steps import Original

RANGE = "net.ipv4.ip_local_port_range"
RESERVED = "net.ipv4.ip_local_reserved_ports"
UNPRIVILEGED = "net.ipv4.ip_unprivileged_port_start"
# Outgoing connections share what is left of the range.
_MOST_PART = 20


class Question(NamedTuple):
    """Who listens between low and high? ours: ports that earlier runs reserved for listeners. theirs: what else is reserved."""

    low: int
    high: int
    ours: frozenset[int]
    theirs: frozenset[int]

    @property
    def most(self) -> int:
        """So many ports may be reserved for listeners: a twentieth of the range."""
        return (self.high - self.low + 1) // _MOST_PART


class Listening(NamedTuple):
    """services: ports in the range that are to be kept for their listeners. crowd: where they are too many, who listens, else "".

    udp_listed: whether the kernel could tell who listens to UDP.
    """

    services: frozenset[int]
    crowd: str
    udp_listed: bool


class Reservation(NamedTuple):
    """before: the raw value without the profile. after: with it. added: ports. reason: what people should know, or "" """

    before: str
    after: str
    added: list[int]
    reason: str


def ask(settings: Mapping[str, Optional[str]], keys: Mapping[str, Optional[str]], original: Optional[Original]) -> Optional[Question]:
    """What has to be known of the listeners, or None where no port can be reserved.

    settings: texts of the profile, by key. keys: raw values now. original: what is remembered of ip_local_reserved_ports.
    """
    now = keys.get(RESERVED)
    span = _span(settings.get(RANGE)) or _span(keys.get(RANGE))
    if now is None or not span:
        return None
    given = settings.get(RESERVED)
    ours = _ports(original.ours) - (_ports(original.before) if given is None else _ports(given)) if original else frozenset()
    return Question(*span, ours, _ports(now) - ours if given is None else _ports(given))


def reserve(question: Question, listening: Listening, now: str) -> Reservation:
    """What the key is to hold. now: its raw value."""
    before, held = question.theirs, _ports(now)
    after = before | listening.services
    notes = []
    released = (held & question.ours) - after
    if released:
        notes.append(f"released, as no service listens there now: {ports_text(released)}")
    if not listening.udp_listed:
        notes.append("this kernel does not list UDP sockets (the module udp_diag is missing), so only TCP listeners were looked for")
    return Reservation(ports_text(before), ports_text(after), sorted(listening.services - held), "; ".join(notes))


def ports_text(ports: Collection[int]) -> str:
    """Ports as the kernel writes them: 8080,9000-9010."""
    answer = kernel_reads(sysctl_key(RESERVED), ",".join(map(str, sorted(ports))))
    return (answer.raw or "") if isinstance(answer, Accepted) else ""


def _span(text: Optional[str]) -> Optional[Tuple[int, int]]:
    answer = kernel_reads(sysctl_key(RANGE), text or "", None, {UNPRIVILEGED: "0"})
    if not isinstance(answer, Accepted) or not answer.raw:
        return None
    low, high = map(int, answer.raw.split())
    return low, high


def _ports(raw: str) -> frozenset[int]:
    answer = kernel_reads(sysctl_key(RESERVED), raw)
    items = (answer.raw or "").split(",") if isinstance(answer, Accepted) else []
    ends = [item.partition("-") for item in items if item]
    return frozenset(port for low, _dash, high in ends for port in range(int(low), int(high or low) + 1))
