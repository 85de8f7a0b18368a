# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Counts TCP sockets while the kernel's dump streams, in memory that does not grow with their number, and names the busiest groups."""

from __future__ import annotations

import heapq
import socket
import sys
from collections import Counter
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, Mapping

from .._tree import errno_name
from ._sock_diag import INET_DIAG_INFO, DumpParser, MessageBatch, kernel_dump
from ._socket_tally import CLOSE, CONNECTED, LISTEN, STATES, SocketTally, SourcePorts, plain

if TYPE_CHECKING:
    from ...plugin_utils._socket_types import AcceptedUse, Listener, PortUse, Sockets, TimestampUse
    from ...plugin_utils._socket_types import SourcePorts as SourcePortUse
    from ._heavy_hitters import HeavyHitters
    from ._socket_tally import Family

    Dump = Callable[[int, int, int], Iterable[bytes]]

_FAMILIES: dict[Family, int] = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
# Sockets pile up in these where a program or a peer is stuck.
STUCK = ("syn_sent", "fin_wait2", "close_wait")


def count_sockets(ephemeral: tuple[int, int] | None = None, top: int = 20, dump: Dump = kernel_dump) -> tuple[Sockets | None, list[str]]:
    """The host's TCP sockets, IPv4 and IPv6 (None if they cannot be listed), and sentences about what could not be seen.

    ephemeral: first and last port that the kernel gives to outgoing connections; only those count as ports in use, all of
    them without it. top: how many groups and destinations to name. dump: as kernel_dump. No content of a dump makes it raise.
    udp is left None: see _udp.
    """
    for _attempt in range(2):
        tally = SocketTally(ephemeral)
        parsers: list[DumpParser] = []
        try:
            # Listeners come first: whether a port has one decides what the other sockets count as.
            # All other states come in one dump, because each dump walks the whole table of sockets.
            for family, batch in _batches(1 << LISTEN, 0, parsers, dump):
                tally.add(family, batch)
            for family, batch in _batches(CONNECTED, 1 << (INET_DIAG_INFO - 1), parsers, dump):
                tally.add(family, batch)
        except OSError as error:
            return None, [f"Sockets were not counted: the kernel's socket list (sock_diag) answered {errno_name(error)}."]
        if not any(parser.interrupted for parser in parsers):
            break
    return _result(tally, top), _not_seen(tally, parsers)


def count_stuck(dump: Dump = kernel_dump) -> dict[str, int] | None:
    """How many sockets are in each of the states STUCK, both families; None if they cannot be listed."""
    numbers = {STATES.index(name): name for name in STUCK}
    counts = dict.fromkeys(STUCK, 0)
    try:
        for _family, batch in _batches(sum(1 << number for number in numbers), 0, [], dump):
            if batch.state in numbers:
                counts[numbers[batch.state]] += batch.size
    except OSError:
        return None
    return counts


def _batches(states: int, extensions: int, parsers: list[DumpParser], dump: Dump) -> Iterator[tuple[Family, MessageBatch]]:
    for family, number in _FAMILIES.items():
        parser = DumpParser()
        parsers.append(parser)
        for data in dump(number, states, extensions):
            for batch in parser.batches(data):
                yield family, batch
            if parser.done:
                break


def _not_seen(tally: SocketTally, parsers: list[DumpParser]) -> list[str]:
    sentences = []
    if any(parser.interrupted for parser in parsers):
        sentences.append("The socket table changed twice while the kernel listed it, so socket counts may be a little wrong.")
    if any(parser.damaged or not parser.done for parser in parsers):
        sentences.append("The kernel's socket list was damaged or incomplete, so socket counts may be too low.")
    if tally.timestamps.error_bound:
        sentences.append(
            f"There are too many destinations to count all: timestamp counts may be too low, by {tally.timestamps.error_bound} at most."
        )
    return sentences


def _result(tally: SocketTally, top: int) -> Sockets:
    sources, more_sources = _source_ports(tally, top)
    return {
        "states": {
            family: {STATES[state]: count for state, count in sorted(counts.items()) if 0 < state < len(STATES)}
            for family, counts in tally.states.items()
        },
        "listeners": sorted(
            (_listener(listener, *queues) for listener, queues in tally.listeners.items()),
            key=lambda it: (it["port"], it["family"], it["address"]),
        ),
        "listeners_left_out": tally.listeners_left_out,
        "time_wait_listening": tally.time_wait_listening,
        "time_wait_outgoing": tally.time_wait_outgoing,
        "outgoing": tally.outgoing,
        "ports_in_use": _ports_in_use(tally, top),
        "error_bound": tally.error_bound,
        "timestamps": _timestamp_use(tally, top),
        "source_ports": sources,
        "source_ports_left_out": more_sources,
        "accepted": _accepted(tally, top),
        "fin_wait2_orphans": tally.fin_wait2_orphans,
        "udp": None,
        "reuse_sample": None,
        "programs": None,
    }


def _ports_in_use(tally: SocketTally, top: int) -> list[PortUse]:
    numbers = sorted({number for by_state in tally.groups.values() for number in by_state})
    states = {number: _merged({family: by_state.get(number) for family, by_state in tally.groups.items()}) for number in numbers}
    ports: Counter[bytes] = Counter()
    for counts in states.values():
        ports.update(counts)
    begun, bound = _merged(tally.begun), _merged(tally.bound)
    return [
        {
            "device": _device(group[-4:]),
            "source": _address(group[2 : len(group) // 2 - 1]),
            "destination": _address(group[len(group) // 2 - 1 : -4]),
            "destination_port": int.from_bytes(group[:2], "big"),
            "ports": count,
            "states": {STATES[state]: counts[group] for state, counts in states.items() if counts[group] and state < len(STATES)},
            "begun": begun[group],
            "bind_parity": bound[group],
        }
        for group, count in _top(ports, top)
    ]


def _merged(by_family: Mapping[Family, HeavyHitters | None]) -> Counter[bytes]:
    """The counts of both families, a mapped IPv4 address as IPv4."""
    counts: Counter[bytes] = Counter()
    for family, heavy_hitters in by_family.items():
        for whole, count in heavy_hitters.counts.items() if heavy_hitters else ():
            counts[plain(family, whole)] += count
    return counts


def _source_ports(tally: SocketTally, top: int) -> tuple[list[SourcePortUse], int]:
    """The sources that hold most ports, and how many others there were."""
    merged: dict[bytes, SourcePorts] = {}
    for family, sources in tally.sources.items():
        for source, one in sources.items():
            # Of a group only the source and the device are asked for.
            group = plain(family, b"\0\0" + source[:16] + source[:16] + source[16:])
            merged.setdefault(group[len(group) // 2 - 1 :], SourcePorts()).merge(one)
    held = Counter({source: sum(one.held) for source, one in merged.items()})
    found: list[SourcePortUse] = [
        {
            "device": _device(source[-4:]),
            "source": _address(source[:-4]),
            "connections": merged[source].connections,
            "ports": ports,
            "bind_parity": sum(merged[source].held[tally.low + 1 :: 2]),
        }
        for source, ports in _top(held, top)
    ]
    return found, len(held) - len(found) + len(tally.sources_left_out)


def _accepted(tally: SocketTally, top: int) -> list[AcceptedUse]:
    by_port: Counter[int] = Counter()
    for (port, _state), count in tally.accepted.items():
        by_port[port] += count
    return [
        {
            "port": port,
            "states": {
                name: tally.accepted[port, state] for state, name in enumerate(STATES) if state != CLOSE and tally.accepted[port, state]
            },
        }
        for port, _count in heapq.nsmallest(top, by_port.items(), key=lambda item: (-item[1], item[0]))
    ]


def _timestamp_use(tally: SocketTally, top: int) -> list[TimestampUse]:
    counts = tally.timestamps.counts
    destinations: Counter[bytes] = Counter()
    for key, count in counts.items():
        destinations[key[1:]] += count
    return [
        {
            "destination": _address(key[2:]),
            "destination_port": int.from_bytes(key[:2], "big"),
            "negotiated": counts[b"\1" + key],
            "not_negotiated": counts[b"\0" + key],
        }
        for key, _count in _top(destinations, top)
    ]


def _device(number: bytes) -> str | None:
    """The interface that a socket is bound to, None for none; one that is gone is named by its number, such as "if7"."""
    index = int.from_bytes(number, sys.byteorder)
    if not index:
        return None
    try:
        return socket.if_indextoname(index)
    except (OSError, OverflowError):
        return f"if{index}"


def _address(packed: bytes) -> str:
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def _top(counts: Counter[bytes], top: int) -> list[tuple[bytes, int]]:
    return heapq.nsmallest(top, counts.items(), key=lambda item: (-item[1], item[0]))


def _listener(listener: tuple[Family, bytes, int], queue: int, backlog: int) -> Listener:
    family, address, port = listener
    return {
        "family": family,
        "address": _address(address[:4] if family == "ipv4" else address),
        "port": port,
        "queue": queue,
        "backlog": backlog,
    }
