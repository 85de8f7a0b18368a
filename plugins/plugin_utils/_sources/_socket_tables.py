# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Sockets from text: /proc/net/tcp and tcp6, `ss`, `netstat`. Gives the same figures as the live host's own count."""

from __future__ import annotations

import functools
import re
import socket
import struct
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .._snapshot_types import Listener, Sockets

# By number in /proc/net/tcp (net/tcp_states.h).
_BY_NUMBER = {
    1: "established",
    2: "syn_sent",
    3: "syn_recv",
    4: "fin_wait1",
    5: "fin_wait2",
    6: "time_wait",
    7: "close",
    8: "close_wait",
    9: "last_ack",
    10: "listen",
    11: "closing",
    12: "syn_recv",
}
_BY_WORD = {
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
_AGREED = {"established", "fin_wait1", "fin_wait2", "close_wait", "last_ack", "closing"}

_PROC_ROW = re.compile(
    r"^ *[0-9]+: ([0-9A-F]{8}(?:[0-9A-F]{24})?):([0-9A-F]{4}) ([0-9A-F]{8}(?:[0-9A-F]{24})?):([0-9A-F]{4}) ([0-9A-F]{2}) ", re.MULTILINE
)
_ADDRESS = re.compile(r"[0-9a-fA-F:.]+\Z")
_MAX_LISTENERS = 500
_TOP = 20

_PROC_HEADER = "local_address"
_HEADERS = (_PROC_HEADER, "Local Address")


class Connection(NamedTuple):
    """One socket. port is 0 where it was given by name; local and remote are "" then. timestamps: None where it is not told."""

    family: str
    state: str
    local: str
    port: int
    remote: str
    remote_port: int
    timestamps: bool | None = None


def is_socket_table(text: str) -> bool:
    """Whether a text starts like one of the tables."""
    return any(header in text[:400] for header in _HEADERS)


def count(texts: Iterable[str], ephemeral: tuple[int, int] | None = None, top: int = _TOP) -> Sockets:
    """The figures of some tables together; lines that are no TCP socket count for nothing.

    :param ephemeral: first and last port of outgoing connections; only those count as ports in use, all of them without it.
    """
    sockets = [found for text in texts for found in connections(text)]
    listening = {one.port for one in sockets if one.state == "listen"}
    low, high = ephemeral or (1, 65535)
    states: dict[str, Counter[str]] = {"ipv4": Counter(), "ipv6": Counter()}
    ports: Counter[tuple[str, str, int]] = Counter()
    waiting: Counter[tuple[str, str, int]] = Counter()
    agreed: Counter[tuple[str, int, bool]] = Counter()
    time_wait_listening = time_wait_outgoing = outgoing = 0
    for one in sockets:
        states[one.family][one.state] += 1
        if one.state in ("listen", "close"):
            continue
        if one.port in listening:
            time_wait_listening += one.state == "time_wait"
            continue
        if one.state != "time_wait":
            outgoing += bool(one.remote) and not _is_loopback(one.remote)
            if one.timestamps is not None and one.state in _AGREED and one.remote:
                agreed[one.remote, one.remote_port, one.timestamps] += 1
        if not low <= one.port <= high:
            continue
        time_wait_outgoing += one.state == "time_wait"
        if one.local and one.remote:
            group = (one.local, one.remote, one.remote_port)
            ports[group] += 1
            waiting[group] += one.state == "time_wait"
    listeners = sorted({(one.port, one.family, one.local) for one in sockets if one.state == "listen" and one.port and one.local})
    destinations = Counter[tuple[str, int]]()
    for (remote, port, _ts), number in agreed.items():
        destinations[remote, port] += number
    return {
        "states": {family: dict(sorted(counts.items())) for family, counts in states.items()},
        "listeners": [_listener(one) for one in listeners[:_MAX_LISTENERS]],
        "listeners_left_out": max(0, len(listeners) - _MAX_LISTENERS),
        "time_wait_listening": time_wait_listening,
        "time_wait_outgoing": time_wait_outgoing,
        "outgoing": outgoing,
        "ports_in_use": [
            {"source": local, "destination": remote, "destination_port": port, "ports": number, "time_wait": waiting[local, remote, port]}
            for (local, remote, port), number in sorted(ports.items(), key=lambda item: (-item[1], item[0]))[:top]
        ],
        "error_bound": 0,
        "timestamps": [
            {
                "destination": remote,
                "destination_port": port,
                "negotiated": agreed[remote, port, True],
                "not_negotiated": agreed[remote, port, False],
            }
            for (remote, port), _number in sorted(destinations.items(), key=lambda item: (-item[1], item[0]))[:top]
        ],
    }


def _listener(one: tuple[int, str, str]) -> Listener:
    port, family, address = one
    return {"family": "ipv4" if family == "ipv4" else "ipv6", "address": address, "port": port}


def connections(text: str) -> Iterator[Connection]:
    """The TCP sockets of one table, of whichever kind it is."""
    return _proc_rows(text) if _PROC_HEADER in text[:400] else _word_rows(text)


def _proc_rows(text: str) -> Iterator[Connection]:
    for local, port, remote, remote_port, state in _PROC_ROW.findall(text):
        name = _BY_NUMBER.get(int(state, 16))
        if name:
            family = "ipv4" if len(local) == 8 else "ipv6"
            yield Connection(family, name, _from_hex(local), int(port, 16), _from_hex(remote), int(remote_port, 16))


@functools.lru_cache(maxsize=4096)
def _from_hex(digits: str) -> str:
    """An address as the kernel prints it: words of 32 bits in the byte order of a little-endian machine."""
    words = [int(digits[place : place + 8], 16) for place in range(0, len(digits), 8)]
    packed = struct.pack(f"<{len(words)}I", *words)
    if len(packed) == 4:
        return socket.inet_ntop(socket.AF_INET, packed)
    return _plain(socket.inet_ntop(socket.AF_INET6, packed))


def _word_rows(text: str) -> Iterator[Connection]:
    """Rows of ss and netstat. Lines that start with a blank are ss's details of the row before."""
    row: Connection | None = None
    details: list[str] = []
    for line in text.splitlines():
        if line[:1] in (" ", "\t"):
            details += line.split()
            continue
        if row:
            yield _with_details(row, details)
        words = line.split()
        row = _row(words)
        # In newer versions of ss the details follow in the same line.
        details = words[5:]
    if row:
        yield _with_details(row, details)


def _with_details(row: Connection, details: list[str]) -> Connection:
    # Every connection that was ever set up has a retransmission timeout: without it, these are no details of TCP.
    if not any(word.startswith("rto:") for word in details):
        return row
    return row._replace(timestamps="ts" in details)


def _row(words: list[str]) -> Connection | None:
    if words[:1] in (["tcp"], ["tcp6"]) and len(words) >= 6 and words[1].isdigit():
        # netstat: protocol, queues, local, foreign, state
        state, local, remote = words[5], words[3], words[4]
    else:
        # ss: perhaps a protocol, state, queues, local, peer
        if words[:1] == ["tcp"]:
            words = words[1:]
        if len(words) < 5 or not words[1].isdigit():
            return None
        state, local, remote = words[0], words[3], words[4]
    name = _BY_WORD.get(state.replace("_", "-"))
    if name is None:
        return None
    family, address, port = _endpoint(local)
    _family, remote_address, remote_port = _endpoint(remote)
    return Connection(family, name, address, port, remote_address, remote_port)


@functools.lru_cache(maxsize=4096)
def _endpoint(text: str) -> tuple[str, str, int]:
    """Family, address and port of "192.0.2.1:80", "[::1]:80", ":::80", "*:80", "127.0.0.53%lo:53"; "" and 0 for names."""
    address, _colon, port = text.rpartition(":")
    address = address.strip("[]").partition("%")[0]
    number = int(port) if port.isascii() and port.isdigit() and len(port) <= 5 else 0
    if address == "*":
        return "ipv6", "::", number
    family = "ipv6" if ":" in address else "ipv4"
    if not _ADDRESS.match(address) or len(address) > 45 or not 0 < number <= 65535:
        return family, "", number if 0 < number <= 65535 else 0
    return family, _plain(address), number


def _plain(address: str) -> str:
    """A mapped IPv4 address (::ffff:192.0.2.1) as IPv4."""
    return address[7:] if address.startswith("::ffff:") and "." in address else address


def _is_loopback(address: str) -> bool:
    return address.startswith("127.") or address == "::1"
