# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Sockets from text: /proc/net/tcp and tcp6, `ss`, `netstat`. Gives the same figures as the live host's own count."""

from __future__ import annotations

import functools
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from ...module_utils._facts._socket_tally import AFTER_HANDSHAKE, MAX_LISTENERS, STATES
from ...module_utils._facts._udp import address_of
from .._addresses import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .._socket_types import AcceptedUse, Listener, PortUse, Sockets, SourcePorts, TimestampUse

    # Device, source, destination, destination port. A device is "" where a socket is bound to none.
    Group = tuple[str, str, str, int]

# By number in /proc/net/tcp (net/tcp_states.h). 12 is a connection request, which sock_diag calls syn_recv, too.
_BY_NUMBER = {**dict(enumerate(STATES[1:], 1)), 12: "syn_recv"}
# As ss and netstat print them, with a hyphen for an underscore.
STATE_WORDS = {
    "ESTAB": "established",
    "ESTABLISHED": "established",
    "SYN-SENT": "syn_sent",
    "SYN-RECV": "syn_recv",
    "FIN-WAIT-1": "fin_wait1",
    "FIN-WAIT1": "fin_wait1",
    "FIN-WAIT-2": "fin_wait2",
    "FIN-WAIT2": "fin_wait2",
    "TIME-WAIT": "time_wait",
    "UNCONN": "close",
    "CLOSE": "close",
    "CLOSE-WAIT": "close_wait",
    "LAST-ACK": "last_ack",
    "LISTEN": "listen",
    "CLOSING": "closing",
}
_AFTER_HANDSHAKE = {STATES[number] for number in AFTER_HANDSHAKE}

_PROC_ROW = re.compile(
    r"^ *[0-9]+: ([0-9A-F]{8}(?:[0-9A-F]{24})?):([0-9A-F]{4}) ([0-9A-F]{8}(?:[0-9A-F]{24})?):([0-9A-F]{4}) ([0-9A-F]{2}) "
    # Queues, timer, retransmissions, user, probes, inode.
    r"(?:[0-9A-F]{8}:([0-9A-F]{8}) [0-9A-F]{2}:[0-9A-F]{8} [0-9A-F]{8} +[0-9]{1,10} +[0-9]{1,10} ([0-9]{1,20}))?",
    re.MULTILINE,
)
_ADDRESS = re.compile(r"[0-9a-fA-F:.]+\Z")
_TOP = 20
_NUMBER_DIGITS = 10
# IFNAMSIZ of linux/if.h, without the byte at its end.
_DEVICE_CHARACTERS = 15

PROC_HEADER = "local_address"
_HEADERS = (PROC_HEADER, "Local Address")


class SocketRow(NamedTuple):
    """One socket. port is 0 where it was given by name; local and remote are "" then.

    device: what it is bound to, "" for nothing. queue, backlog: of a listener. orphan: whether no program has it open.
    timestamps: whether they were negotiated. None where the table does not tell.
    """

    family: str
    state: str
    local: str
    port: int
    remote: str
    remote_port: int
    device: str = ""
    queue: int | None = None
    backlog: int | None = None
    orphan: bool | None = None
    timestamps: bool | None = None


def is_socket_table(text: str) -> bool:
    """Whether a text starts like one of the tables."""
    return any(header in text[:400] for header in _HEADERS)


def count(texts: Iterable[str], ephemeral: tuple[int, int] | None = None, top: int = _TOP) -> Sockets:
    """The figures of some tables together; lines that are no TCP socket count for nothing.

    :param ephemeral: first and last port of outgoing connections; only those count as ports in use, all of them without it.
    """
    sockets = [row for text in texts for row in socket_rows(text)]
    tally = _RowTally({row.port for row in sockets if row.state == "listen"}, ephemeral or (1, 65535))
    for row in sockets:
        tally.add(row)
    return tally.result(top)


class _RowTally:
    """What the rows add up to. A group is an outgoing connection without its local port."""

    def __init__(self, listening: set[int], ephemeral: tuple[int, int]) -> None:
        self.listening = listening
        self.ephemeral = ephemeral
        self.states: dict[str, Counter[str]] = {"ipv4": Counter(), "ipv6": Counter()}
        self.listeners: dict[tuple[int, str, str], tuple[int | None, int | None]] = {}
        self.groups: Counter[Group] = Counter()
        self.group_states: dict[Group, Counter[str]] = {}
        self.held: dict[tuple[str, str], Counter[int]] = {}
        self.accepted: dict[int, Counter[str]] = {}
        self.timestamps: Counter[tuple[str, int, bool]] = Counter()
        self.time_wait_listening = 0
        self.time_wait_outgoing = 0
        self.outgoing = 0
        self.orphans: int | None = 0

    def add(self, row: SocketRow) -> None:
        self.states[row.family][row.state] += 1
        if row.state == "listen":
            self._add_listener(row)
        elif row.state == "close":
            return
        elif row.port in self.listening:
            self.accepted.setdefault(row.port, Counter())[row.state] += 1
            self.time_wait_listening += row.state == "time_wait"
        else:
            self._add_outgoing(row)
        if row.state == "fin_wait2" and self.orphans is not None:
            self.orphans = None if row.orphan is None else self.orphans + row.orphan

    def _add_listener(self, row: SocketRow) -> None:
        if row.port and row.local:
            # Sockets of one address and port have a queue each: the longest is the one to worry about.
            known = self.listeners.get((row.port, row.family, row.local))
            if known is None or (row.queue or 0) > (known[0] or 0):
                self.listeners[row.port, row.family, row.local] = (row.queue, row.backlog)

    def _add_outgoing(self, row: SocketRow) -> None:
        waits = row.state == "time_wait"
        low, high = self.ephemeral
        ephemeral = low <= row.port <= high
        # A proxy that takes connections to any address (TPROXY) has no listener on the local port. The peer's port tells.
        if not waits and (ephemeral or not low <= row.remote_port <= high):
            self.outgoing += bool(row.remote) and not is_loopback(row.remote)
            if row.timestamps is not None and row.state in _AFTER_HANDSHAKE and row.remote:
                self.timestamps[row.remote, row.remote_port, row.timestamps] += 1
        if not ephemeral:
            return
        self.time_wait_outgoing += waits
        if row.local and row.remote:
            group = (row.device, row.local, row.remote, row.remote_port)
            self.groups[group] += 1
            self.group_states.setdefault(group, Counter())[row.state] += 1
            self.held.setdefault((row.device, row.local), Counter())[row.port] += 1

    def result(self, top: int) -> Sockets:
        listeners = sorted(self.listeners.items())
        sources = Counter({source: len(held) for source, held in self.held.items()})
        accepted = Counter({port: sum(states.values()) for port, states in self.accepted.items()})
        return {
            "states": {family: dict(sorted(counts.items())) for family, counts in self.states.items()},
            "listeners": [_listener(one, *queues) for one, queues in listeners[:MAX_LISTENERS]],
            "listeners_left_out": max(0, len(listeners) - MAX_LISTENERS),
            "time_wait_listening": self.time_wait_listening,
            "time_wait_outgoing": self.time_wait_outgoing,
            "outgoing": self.outgoing,
            "ports_in_use": [self._port_use(group) for group in _most_frequent(self.groups, top)],
            "error_bound": 0,
            "timestamps": self._timestamp_use(top),
            "source_ports": [self._source_ports(*source) for source in _most_frequent(sources, top)],
            "source_ports_left_out": max(0, len(sources) - top),
            "accepted": [self._accepted(port) for port in _most_frequent(accepted, top)],
            "fin_wait2_orphans": self.orphans,
            "udp": None,
            "reuse_sample": None,
            "programs": None,
        }

    def _port_use(self, group: Group) -> PortUse:
        device, source, destination, port = group
        return {
            "device": device or None,
            "source": source,
            "destination": destination,
            "destination_port": port,
            "ports": self.groups[group],
            "states": dict(sorted(self.group_states[group].items())),
            "begun": None,
            "bind_parity": None,
        }

    def _source_ports(self, device: str, source: str) -> SourcePorts:
        held = self.held[device, source]
        return {
            "device": device or None,
            "source": source,
            "connections": sum(held.values()),
            "ports": len(held),
            "bind_parity": sum((port - self.ephemeral[0]) % 2 for port in held),
        }

    def _accepted(self, port: int) -> AcceptedUse:
        return {"port": port, "states": dict(sorted(self.accepted[port].items()))}

    def _timestamp_use(self, top: int) -> list[TimestampUse]:
        destinations: Counter[tuple[str, int]] = Counter()
        for (destination, port, _negotiated), count in self.timestamps.items():
            destinations[destination, port] += count
        return [
            {
                "destination": destination,
                "destination_port": port,
                "negotiated": self.timestamps[destination, port, True],
                "not_negotiated": self.timestamps[destination, port, False],
            }
            for destination, port in _most_frequent(destinations, top)
        ]


def _most_frequent(counts: Counter[Any], top: int) -> list[Any]:
    return [key for key, _count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:top]]


def _listener(one: tuple[int, str, str], queue: int | None, backlog: int | None) -> Listener:
    port, family, address = one
    return {"family": "ipv4" if family == "ipv4" else "ipv6", "address": address, "port": port, "queue": queue, "backlog": backlog}


def socket_rows(text: str) -> Iterator[SocketRow]:
    """The TCP sockets of one table, of whichever kind it is."""
    return _proc_rows(text) if PROC_HEADER in text[:400] else _word_rows(text)


def _proc_rows(text: str) -> Iterator[SocketRow]:
    for local, port, remote, remote_port, state, waiting, inode in _PROC_ROW.findall(text):
        name = _BY_NUMBER.get(int(state, 16))
        if name:
            yield SocketRow(
                "ipv4" if len(local) == 8 else "ipv6",
                name,
                _from_hex(local),
                int(port, 16),
                _from_hex(remote),
                int(remote_port, 16),
                queue=int(waiting, 16) if waiting and name == "listen" else None,
                # A socket that no program has open any more has no inode.
                orphan=int(inode) == 0 if inode else None,
            )


@functools.lru_cache(maxsize=4096)
def _from_hex(digits: str) -> str:
    """An address as /proc/net prints it, a mapped IPv4 address as IPv4."""
    return _plain(address_of(digits))


def _word_rows(text: str) -> Iterator[SocketRow]:
    """Rows of ss and netstat. Lines that start with a blank are ss's details of the row before."""
    row: SocketRow | None = None
    details: list[str] = []
    for line in text.splitlines():
        if line[:1] in (" ", "\t"):
            details += line.split()
            continue
        if row:
            yield _with_details(row, details)
        words = line.split()
        row = row_of(words)
        # In newer versions of ss the details follow in the same line.
        details = words[5:]
    if row:
        yield _with_details(row, details)


def _with_details(row: SocketRow, details: list[str]) -> SocketRow:
    # Every connection that was ever set up has a retransmission timeout: without it, these are no details of TCP.
    if not any(word.startswith("rto:") for word in details):
        return row
    return row._replace(timestamps="ts" in details)


def row_of(words: list[str]) -> SocketRow | None:
    """The TCP socket of one line of ss or netstat, given as its words; None for any other line."""
    queues: list[str] = []
    if words[:1] in (["tcp"], ["tcp6"]) and len(words) >= 6 and words[1].isdigit():
        # netstat: protocol, queues, local, foreign, state
        state, local, remote = words[5], words[3], words[4]
    else:
        # ss: perhaps a protocol, state, queues, local, peer
        if words[:1] == ["tcp"]:
            words = words[1:]
        if len(words) < 5 or not words[1].isdigit():
            return None
        state, queues, local, remote = words[0], words[1:3], words[3], words[4]
    name = STATE_WORDS.get(state.replace("_", "-"))
    if name is None:
        return None
    family, address, port, device = _endpoint(local)
    _family, remote_address, remote_port, _device = _endpoint(remote)
    queue, backlog = (_number(one) for one in queues) if queues and name == "listen" else (None, None)
    return SocketRow(family, name, address, port, remote_address, remote_port, device, queue, backlog)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS else None


@functools.lru_cache(maxsize=4096)
def _endpoint(text: str) -> tuple[str, str, int, str]:
    """Family, address, port and device of "192.0.2.1:80", "[::1]:80", ":::80", "*:80", "127.0.0.53%lo:53"; "" and 0 for names."""
    address, _colon, port = text.rpartition(":")
    address, _percent, device = address.replace("[", "").replace("]", "").partition("%")
    device = device if len(device) <= _DEVICE_CHARACTERS else ""
    number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else 0
    if address == "*":
        return "ipv6", "::", number, device
    family = "ipv6" if ":" in address else "ipv4"
    if not _ADDRESS.match(address) or len(address) > 45 or not 0 < number <= 65535:
        return family, "", number if 0 < number <= 65535 else 0, device
    return family, _plain(address), number, device


def _plain(address: str) -> str:
    """A mapped IPv4 address (::ffff:192.0.2.1) as IPv4."""
    return address[7:] if address.startswith("::ffff:") and "." in address else address
