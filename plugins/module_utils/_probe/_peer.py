# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Probes one address of an endpoint: one connection, or three with HTTP."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, Optional

from ._http import MAX_ANSWER_BYTES, Answer, request
from ._options import Endpoint
from ._tcp import Address, Connection, ProbeError

if TYPE_CHECKING:
    from typing import Literal

    from ...plugin_utils._probe_types import Probe, ProbeHttp
    from ._options import Http

    Case = Literal["connection_close", "http_1_0", "keep_alive"]

# For each HTTP connection: the version, the header Connection, and words for messages.
_CASES: dict[Case, tuple[str, str | None, str]] = {
    "connection_close": ("1.1", "close", '"Connection: close"'),
    "http_1_0": ("1.0", None, "HTTP/1.0"),
    "keep_alive": ("1.1", "keep-alive", '"Connection: keep-alive"'),
}


class Target(NamedTuple):
    """address, source: as sockets take them. name: the address as text. family: socket.AF_INET or AF_INET6."""

    endpoint: Endpoint
    family: int
    address: Address
    name: str
    source: Optional[Address]


class Limits(NamedTuple):
    """end: when the whole task must be done (time.monotonic()). keep_alive_bound: seconds to wait for a peer to close."""

    end: float
    keep_alive_bound: float


def unreached(host: str, port: int, source: str | None, error: str | None, message: str) -> Probe:
    """The result if nothing is known of a peer."""
    return {
        "host": host,
        "port": port,
        "address": None,
        "family": None,
        "source": source,
        "reached": False,
        "error": error,
        "message": message,
        "timestamps": None,
        "sack": None,
        "window_scaling": None,
        "ecn": None,
        "mss": None,
        "rtt_us": None,
        "tls": None,
        "http": None,
    }


def unreached_peer(target: Target, error: ProbeError | None = None) -> Probe:
    """The same, with the address."""
    endpoint = target.endpoint
    code, message = (error.code, error.message) if error else (None, "")
    probe = unreached(endpoint.host, endpoint.port, endpoint.source, code, message)
    probe["address"] = target.name
    probe["family"] = "ipv6" if ":" in target.name else "ipv4"
    return probe


def probe_peer(target: Target, limits: Limits) -> Probe:
    """Connect and ask. A ProbeError becomes the error of the result."""
    probe = unreached_peer(target)
    try:
        if target.endpoint.http is None:
            _connect(target, limits, probe).close()
        else:
            _ask_all(target, target.endpoint.http, limits, probe)
    except ProbeError as error:
        _note(probe, error)
    return probe


def _note(probe: Probe, error: ProbeError, case: str = "") -> None:
    """Keep the first error; later ones are often only its consequence."""
    if probe["error"] is None:
        probe["error"] = error.code
        probe["message"] = f"With {case}: {error.message}" if case else error.message


def _connect(target: Target, limits: Limits, probe: Probe) -> Connection:
    """A connection that is ready for a request. The first one fills in what was negotiated."""
    endpoint = target.endpoint
    now = time.monotonic()
    # A connection that is opened gets all of its time, so that "local" never means that max_seconds was over.
    if now + endpoint.timeout + limits.keep_alive_bound * (endpoint.http is not None) > limits.end:
        raise ProbeError("TIMEOUT", "Not tried: max_seconds was too short.")
    connection = Connection(target.family, target.address, target.source, now + endpoint.timeout)
    try:
        if not probe["reached"]:
            probe["reached"] = True
            probe["source"] = connection.local_address()
            info = connection.tcp_info()
            if info is not None:
                probe["timestamps"], probe["sack"], probe["window_scaling"], probe["ecn"], probe["mss"], probe["rtt_us"] = info
        if endpoint.tls is not None:
            probe["tls"] = connection.start_tls(endpoint.tls, endpoint.http is not None)
    except BaseException:
        connection.close()
        raise
    return connection


def _ask_all(target: Target, http: Http, limits: Limits, probe: Probe) -> None:
    found: ProbeHttp = {
        "status": None,
        "closes": {"connection_close": None, "http_1_0": None, "keep_alive": None},
        "keep_alive_seconds": None,
        "keep_alive_bound": limits.keep_alive_bound,
    }
    for case, (version, header, words) in _CASES.items():
        try:
            with _connect(target, limits, probe) as connection:
                probe["http"] = found
                _ask(connection, request(http, version, header), case, found)
        except ProbeError as error:
            if probe["http"] is None:
                raise
            _note(probe, error, words)
            found["closes"][case] = "reset" if error.code == "ECONNRESET" else "error"
        # If the first request gets no answer, the peer is not asked again.
        if found["status"] is None:
            return


def _ask(connection: Connection, wanted: bytes, case: Case, found: ProbeHttp) -> None:
    answer = Answer()
    connection.send(wanted)
    try:
        while not answer.complete:
            data = connection.receive()
            if data:
                answer.feed(data)
            else:
                answer.end()
    finally:
        if found["status"] is None:
            found["status"] = answer.status
    answered = time.monotonic()
    found["closes"][case] = closer = connection.who_ends_it(answered + found["keep_alive_bound"], MAX_ANSWER_BYTES)
    if case == "keep_alive" and closer != "local":
        found["keep_alive_seconds"] = round(time.monotonic() - answered, 3)
