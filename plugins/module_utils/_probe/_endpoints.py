# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Asks many endpoints at the same time what they negotiate and who closes first. One result for each address."""

from __future__ import annotations

import queue
import socket
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Tuple, Union, cast

from .._text import printable
from ._options import Endpoint, Invalid
from ._peer import Limits, Target, probe_peer, unreached, unreached_peer
from ._tcp import ProbeError

if TYPE_CHECKING:
    from ...plugin_utils._probe_types import Probe
    from ._tcp import Address

MAX_ADDRESSES = 16
MAX_AT_A_TIME = 32
_FAMILIES = (socket.AF_INET, socket.AF_INET6)
# Probes end in time by themselves; this is the time to collect the last results.
_GRACE_SECONDS = 1

# The number of an endpoint and of its address; _LOOK_UP while its name is looked up.
Place = Tuple[int, int]
_LOOK_UP = -1


def probe_all(endpoints: List[Union[Endpoint, Invalid]], keep_alive_bound: float, max_seconds: float) -> Tuple[List[Probe], List[str]]:
    """Probe each address of each endpoint. Returns the results in the order of the endpoints, and warnings.

    keep_alive_bound: seconds to wait for a peer to close. max_seconds: for all together.
    Errors are in the results.
    """
    limits = Limits(time.monotonic() + max_seconds, keep_alive_bound)
    workers = _Workers()
    for number, endpoint in enumerate(endpoints):
        if isinstance(endpoint, Endpoint):
            workers.give((number, _LOOK_UP), partial(look_up, endpoint))
    targets: Dict[int, Union[List[Target], ProbeError]] = {}
    probes: Dict[Place, Union[Probe, ProbeError]] = {}
    for (number, index), outcome in workers.outcomes(limits.end + _GRACE_SECONDS):
        if index != _LOOK_UP:
            probes[number, index] = outcome
            continue
        targets[number] = outcome
        if not isinstance(outcome, ProbeError):
            for index, target in enumerate(outcome[:MAX_ADDRESSES]):
                workers.give((number, index), partial(probe_peer, target, limits))
    workers.dismiss()

    results: List[Probe] = []
    warnings = []
    no_name = ProbeError("NAME_NOT_RESOLVED", "The name was not resolved within max_seconds.")
    late = ProbeError("TIMEOUT", "The probe was not finished within max_seconds.")
    for number, endpoint in enumerate(endpoints):
        if isinstance(endpoint, Invalid):
            results.append(unreached(endpoint.host, endpoint.port, endpoint.source, "INVALID", endpoint.reason))
            continue
        found = targets.get(number, no_name)
        if isinstance(found, ProbeError):
            results.append(unreached(endpoint.host, endpoint.port, endpoint.source, found.code, found.message))
            continue
        if len(found) > MAX_ADDRESSES:
            warnings.append(f"{printable(endpoint.host, 80)} has {len(found)} addresses. Only the first {MAX_ADDRESSES} were probed.")
        for index, target in enumerate(found[:MAX_ADDRESSES]):
            probe = probes.get((number, index), late)
            results.append(unreached_peer(target, probe) if isinstance(probe, ProbeError) else probe)
    return results, warnings


def look_up(endpoint: Endpoint) -> List[Target]:
    """Every address of an endpoint once, in the resolver's order. Raises ProbeError "NAME_NOT_RESOLVED", "INVALID"."""
    family = 0 if endpoint.source is None else socket.AF_INET6 if ":" in endpoint.source else socket.AF_INET
    try:
        source = _addresses(endpoint.source, 0, family, socket.AI_NUMERICHOST)[0][1] if endpoint.source else None
    except OSError as error:
        raise ProbeError("INVALID", f"The source address cannot be used: {_resolver_says(error)}.") from None
    try:
        found = _addresses(endpoint.host, endpoint.port, family, 0)
    except (OSError, UnicodeError) as error:
        raise ProbeError("NAME_NOT_RESOLVED", f"The name was not resolved: {_resolver_says(error)}.") from None
    if not found:
        raise ProbeError("NAME_NOT_RESOLVED", "The name has no address.")
    return [Target(endpoint, number, address, _as_text(address), source) for number, address in found]


def _addresses(host: str, port: int, family: int, flags: int) -> List[Tuple[int, Address]]:
    found = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, socket.IPPROTO_TCP, flags)
    # A dictionary drops what a hosts file names twice, and keeps the order.
    return list({(int(one[0]), cast("Address", one[4])): None for one in found if one[0] in _FAMILIES})


def _as_text(address: Address) -> str:
    if len(address) < 4 or not address[3]:
        return address[0]
    try:
        zone = socket.if_indextoname(address[3])
    except OSError:
        zone = str(address[3])
    return f"{address[0].partition('%')[0]}%{zone}"


def _resolver_says(error: Exception) -> str:
    return printable(getattr(error, "strerror", None) or "it is not a name", 120)


class _Workers:
    """At most MAX_AT_A_TIME threads that do jobs. They end with the process, because a resolver may take longer than all limits."""

    def __init__(self) -> None:
        self._jobs: queue.Queue[tuple[Place, Callable[[], Any]] | None] = queue.Queue()
        self._done: queue.Queue[tuple[Place, Any]] = queue.Queue()
        self._given = 0
        self._size = 0

    def give(self, place: Place, job: Callable[[], Any]) -> None:
        """Queue a job. May be called while outcomes are read."""
        self._given += 1
        self._jobs.put((place, job))
        if self._size < MAX_AT_A_TIME:
            threading.Thread(target=self._work, daemon=True).start()
            self._size += 1

    def outcomes(self, end: float) -> Iterator[tuple[Place, Any]]:
        """What each job returned, or the ProbeError that it raised, as jobs finish. Ends when all are finished, or at this time."""
        while self._given:
            try:
                yield self._done.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                return
            self._given -= 1

    def dismiss(self) -> None:
        """Let each thread end after its current job."""
        for _each in range(self._size):
            self._jobs.put(None)

    def _work(self) -> None:
        for place, job in iter(self._jobs.get, None):
            try:
                outcome = job()
            except ProbeError as error:
                outcome = error
            except Exception as error:
                outcome = ProbeError("INTERNAL", f"This is a bug in tcp_probe: {type(error).__name__}: {printable(str(error), 200)}.")
            self._done.put((place, outcome))
