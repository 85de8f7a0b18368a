# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The shape of what tcp_probe found out about peers, as plain data. It is a part of a snapshot (see _snapshot_types)."""

from __future__ import annotations

from typing import Literal, TypedDict


class ProbeTls(TypedDict):
    """What the TLS handshake agreed on, in OpenSSL's words: version "TLSv1.3", cipher "TLS_AES_256_GCM_SHA384"."""

    version: str
    cipher: str


Closer = Literal["peer", "local", "reset", "error"]


class ProbeCloses(TypedDict):
    """Who ended the connection after one complete answer, for each kind of request; None: not asked.

    "peer": it sent the first FIN, so that TIME_WAIT is the peer's. "local": it left closing to us until the bound.
    "reset": it reset the connection. "error": there was no complete HTTP answer.
    """

    connection_close: Closer | None
    http_1_0: Closer | None
    keep_alive: Closer | None


class ProbeHttp(TypedDict):
    """status: of the first answer, None where there was none.

    keep_alive_seconds: how long the peer kept the idle connection. None where it outlived keep_alive_bound (seconds), and where
    there was no answer.
    """

    status: int | None
    closes: ProbeCloses
    keep_alive_seconds: float | None
    keep_alive_bound: float


class Probe(TypedDict):
    """One address of one endpoint, as tcp_probe saw it from the host.

    address and family: None where there is no address to connect to. address has the zone of a link-local one ("fe80::1%eth0").
    source: the local address of the connection; where there was none, the one asked for or None.
    reached: the TCP handshake was completed.
    error: None where all that was asked for could be done, else an errno name ("ECONNREFUSED"), or "TIMEOUT", "NAME_NOT_RESOLVED",
    "INVALID" (the endpoint itself), "TLS", "GARBAGE", "NO_ANSWER", "TOO_MUCH_DATA", "INTERNAL"; message says it in a sentence.
    timestamps, sack, window_scaling, ecn: what both ends agreed on in the handshake; None where the kernel did not tell.
    mss: bytes that this host may send in one segment. rtt_us: of the handshake, in microseconds.
    tls and http: None where not asked for, or where the probe did not get that far.
    """

    host: str
    port: int
    address: str | None
    family: Literal["ipv4", "ipv6"] | None
    source: str | None
    reached: bool
    error: str | None
    message: str
    timestamps: bool | None
    sack: bool | None
    window_scaling: bool | None
    ecn: bool | None
    mss: int | None
    rtt_us: int | None
    tls: ProbeTls | None
    http: ProbeHttp | None
