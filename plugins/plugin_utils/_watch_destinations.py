# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The destinations that use most ephemeral ports, as metrics: few of each host, so that a server keeps few series. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ..module_utils._facts._sockets import STUCK
from ._addresses import is_address
from ._escape import one_line
from ._reports._prometheus import label, metric
from ._watch_namespaces import nearness_in_time

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ._socket_types import PortUse
    from ._watch_table import Watched
    from ._watch_types import Measure

MOST = 100
DEFAULT = 10
STATES = ("established", "time_wait", *STUCK)
NO_ADDRESS = "invalid"
OTHER = "other"
"""The label for all states that are not in STATES."""
_LONGEST = 64
"""More than any address or name of an interface has."""

PORTS = "linux_tcp_destination_ports"
PORTS_HELP = "Ephemeral ports that connections from this source to this destination and port hold."
USABLE = "linux_tcp_destination_ports_usable"
USABLE_HELP = "Ephemeral ports that are not reserved, for this source, destination and port."
SOCKETS = "linux_tcp_destination_sockets"
SOCKETS_HELP = "The sockets that hold these ports, by state."
SECONDS = "linux_tcp_destination_ports_exhaustion_seconds"
SECONDS_HELP = "Time until this destination has no free port left at this rate. Only for the one of the host that is the first to run out."
FAMILIES = {PORTS: PORTS_HELP, USABLE: USABLE_HELP, SOCKETS: SOCKETS_HELP, SECONDS: SECONDS_HELP}


@dataclasses.dataclass(frozen=True)
class Destination:
    """One source, destination and port. usable: None where it is not known. seconds: None where it does not run out first."""

    labels: str
    group: PortUse
    usable: int | None
    seconds: float | None

    @property
    def nearness(self) -> tuple[float, int]:
        """The highest is nearest to its last port: 1 where all are taken, or will be within 10 minutes at this rate."""
        share = 0.0 if self.usable is None else self.group["ports"] / max(1, self.usable)
        soon = 0.0 if self.seconds is None else nearness_in_time(self.seconds)
        return max(min(1.0, share), soon), self.group["ports"]

    @property
    def states(self) -> Iterator[tuple[str, int]]:
        """Every state, so that one which nobody is in any more is 0 and not missing."""
        counted = self.group["states"]
        yield from ((state, counted.get(state, 0)) for state in STATES)
        yield OTHER, sum(count for state, count in counted.items() if state not in STATES)


def lines(hosts: Sequence[Watched], most: int) -> list[str]:
    """HELP, TYPE and a line for each of the destinations nearest to their last port: of each host, with its namespaces, this many.

    A host that the last round did not see has none: what an earlier one saw is no news.
    """
    found = [one for host in hosts for one in _nearest(host, most)]
    values: dict[str, Iterable[tuple[str, float]]] = {
        PORTS: ((one.labels, one.group["ports"]) for one in found),
        USABLE: ((one.labels, one.usable) for one in found if one.usable is not None),
        SOCKETS: ((f'{one.labels},state="{state}"', count) for one in found for state, count in one.states),
        SECONDS: ((one.labels, one.seconds) for one in found if one.seconds is not None),
    }
    return [line for name, help_text in FAMILIES.items() for line in metric(name, "gauge", help_text, values[name])]


def _nearest(host: Watched, most: int) -> list[Destination]:
    named: dict[str, Destination] = {}
    for one in _all(host):
        # What is alike once it is cut: the collector refuses a whole file that has the same line twice.
        named.setdefault(one.labels, one)
    return sorted(named.values(), key=lambda one: one.nearness, reverse=True)[:most]


def _all(host: Watched) -> Iterator[Destination]:
    if host.measure is None:
        return
    if host.sample is not None:
        yield from _of(host.name, "", host.measure, host.sample["groups"])
    if host.namespaces is None:
        return
    for one in host.namespaces["measures"]:
        looked = host.namespaces["sample"].get(one["identity"])
        # An empty name would stand for the host's own.
        if looked is not None and one["name"]:
            yield from _of(host.name, one["name"], one["measure"], looked["groups"])


def _of(host: str, namespace: str, measured: Measure, groups: list[PortUse] | None) -> Iterator[Destination]:
    first = measured["ports_left"]
    for group in groups or ():
        runs_out = first is not None and all(first[key] == group[key] for key in ("device", "source", "destination", "destination_port"))
        seconds = first["seconds"] if first is not None and runs_out else None
        yield Destination(_labels(host, namespace, group), group, measured["usable_ports"], seconds)


def _address(text: str) -> str:
    """People paste it from an alert into a shell: what a host sent instead of an address does not get there."""
    return text if is_address(text) else NO_ADDRESS


def _labels(host: str, namespace: str, group: PortUse) -> str:
    texts = {
        "host": host,
        "namespace": namespace,
        "source": _address(group["source"]),
        "destination": _address(group["destination"]),
        "destination_port": str(group["destination_port"]),
        "device": one_line(group["device"] or "", _LONGEST),
    }
    return ",".join(f'{name}="{label(text)}"' for name, text in texts.items())
