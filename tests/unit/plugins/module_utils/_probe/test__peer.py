# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._options import Endpoint, read_endpoints
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._peer import Limits, Target, probe_peer
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._probe_types import Probe
from support.peers import (
    NAME,
    OK,
    Certificate,
    Handler,
    Peer,
    answering,
    close,
    make_certificate,
    read_request,
    reset,
    secured,
    serving,
    wait_for_close,
    well_behaved,
)

BOUND = 0.2
UNTIL_THE_END = b"HTTP/1.0 200 OK\r\n\r\nhello"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def probe(peer: Peer, address: str = "127.0.0.1", bound: float = BOUND, left: float = 60.0, **options: Any) -> Probe:
    given = {"host": address, "port": peer.port, "timeout": 5.0, "source": None, "tls": False, "http": True, **options}
    (endpoint,) = read_endpoints([given])
    assert isinstance(endpoint, Endpoint)
    if ":" in address:
        target = Target(endpoint, socket.AF_INET6, (address, peer.port, 0, 0), address, None)
    else:
        target = Target(endpoint, socket.AF_INET, (address, peer.port), address, None)
    return probe_peer(target, Limits(time.monotonic() + left, bound))


def bound_for(expected: Sequence[str]) -> float:
    """Long where each connection ends by itself, short where each has to outlive it, and in between where both is expected."""
    ends = {one in ("peer", "reset") for one in expected}
    return 2.0 if len(ends) == 2 else 30.0 if True in ends else BOUND


def closes(result: Probe) -> tuple[str | None, str | None, str | None]:
    assert result["http"]
    seen = result["http"]["closes"]
    return seen["connection_close"], seen["http_1_0"], seen["keep_alive"]


def fin_then_reset(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)
    reset(connection)


def shut_and_wait(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)
    wait_for_close(connection)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (well_behaved, ("peer", "peer", "local")),
        (answering(), ("local", "local", "local")),
        (answering(then=close), ("peer", "peer", "peer")),
        (answering(UNTIL_THE_END, then=close), ("peer", "peer", "peer")),
        (answering(UNTIL_THE_END, then=fin_then_reset), ("peer", "peer", "peer")),
        (answering(then=shut_and_wait), ("peer", "peer", "peer")),
        (answering(then=reset), ("reset", "reset", "reset")),
        (answering(then=fin_then_reset), ("peer", "peer", "peer")),
        (answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), ("local", "local", "local")),
        (answering(OK + b"more than was announced"), ("local", "local", "local")),
    ],
)
def test_who_closes_first(address: str, handler: Handler, expected: tuple[str, str, str]) -> None:
    with serving(handler, address) as peer:
        result = probe(peer, address, bound_for(expected))
    assert closes(result) == expected
    assert (result["reached"], result["error"], result["message"]) == (True, None, "")
    assert result["http"] is not None
    assert result["http"]["status"] == 200
    assert result["http"]["keep_alive_bound"] == bound_for(expected)
    assert peer.connections == 3


def test_what_it_sends() -> None:
    seen: list[bytes] = []

    def note(connection: socket.socket) -> None:
        seen.append(read_request(connection))
        connection.sendall(OK)

    with serving(note) as peer:
        probe(peer, http={"path": "/x?y=1", "host": "shop.example"})
    lines = [request.decode().split("\r\n") for request in seen]
    assert [one[0] for one in lines] == ["GET /x?y=1 HTTP/1.1", "GET /x?y=1 HTTP/1.0", "GET /x?y=1 HTTP/1.1"]
    assert [one[1] for one in lines] == ["Host: shop.example"] * 3
    assert [[line for line in one if line.startswith("Connection")] for one in lines] == [
        ["Connection: close"],
        [],
        ["Connection: keep-alive"],
    ]


def closing_after(seconds: float) -> Handler:
    def handle(connection: socket.socket) -> None:
        asked = read_request(connection)
        connection.sendall(OK)
        if b"keep-alive" in asked:
            # Until then the other side must not send or close.
            connection.settimeout(seconds)
            with pytest.raises(TimeoutError):
                connection.recv(1)

    return handle


def test_how_long_an_idle_connection_is_kept() -> None:
    with serving(closing_after(1.0)) as peer:
        result = probe(peer, bound=10)
    assert closes(result) == ("peer", "peer", "peer")
    assert result["http"] is not None
    assert result["http"]["keep_alive_seconds"] is not None
    assert 0.1 < result["http"]["keep_alive_seconds"] < 10


def test_a_connection_that_outlives_the_bound() -> None:
    with serving(well_behaved) as peer:
        result = probe(peer)
    assert result["http"] is not None
    assert result["http"]["keep_alive_seconds"] is None


def endless(piece: bytes) -> Handler:
    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(piece)

    return handle


def drip(connection: socket.socket) -> None:
    read_request(connection)
    stop = threading.Event()
    for letter in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 10000:
        connection.sendall(bytes([letter]))
        stop.wait(0.01)


def after_answer_endless(connection: socket.socket) -> None:
    read_request(connection)
    connection.sendall(OK)
    while True:
        connection.sendall(b"x" * 65536)


def silent(connection: socket.socket) -> None:
    wait_for_close(connection)


def hang_up(connection: socket.socket) -> None:
    read_request(connection)


CUT_SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"


@pytest.mark.parametrize(
    ("handler", "error", "message", "first", "status", "connections"),
    [
        (silent, "TIMEOUT", "Reading the answer took longer than the timeout.", "error", None, 1),
        (drip, "TIMEOUT", "Reading the answer took longer than the timeout.", "error", None, 1),
        (hang_up, "NO_ANSWER", "The peer closed the connection without an answer.", "error", None, 1),
        (shut_and_wait, "NO_ANSWER", "The peer closed the connection without an answer.", "error", None, 1),
        (
            answering(b"\x1b[2J220 mail\r\n", then=wait_for_close),
            "GARBAGE",
            "The peer does not answer in HTTP/1: '?[2J220 mail??'.",
            "error",
            None,
            1,
        ),
        (
            lambda connection: connection.sendall(b"SSH-2.0-x\r\n"),
            "GARBAGE",
            "The peer does not answer in HTTP/1: 'SSH-2.0-x??'.",
            "error",
            None,
            1,
        ),
        (answering(CUT_SHORT, then=close), "GARBAGE", "The answer is incomplete.", "error", 200, 3),
        (
            endless(b"x" * 65536),
            "TOO_MUCH_DATA",
            "The answer is longer than 1048576 bytes. Set http.path to a path with a smaller answer.",
            "error",
            200,
            3,
        ),
        (after_answer_endless, "TOO_MUCH_DATA", "The peer did not stop sending after its answer.", "error", 200, 3),
        (answering(b"", then=reset), "ECONNRESET", "Reading the answer failed: Connection reset by peer.", "reset", None, 1),
        (answering(CUT_SHORT, then=reset), "ECONNRESET", "Reading the answer failed: Connection reset by peer.", "reset", 200, 3),
        (reset, "ECONNRESET", "Reading the answer failed: Connection reset by peer.", "reset", None, 1),
    ],
)
def test_bad_answers(handler: Handler, error: str, message: str, first: str, status: int | None, connections: int) -> None:
    with serving(handler) as peer:
        result = probe(peer, bound=20, timeout=1.0 if error == "TIMEOUT" else 30.0)
    assert (result["reached"], result["error"]) == (True, error)
    assert result["message"] == f'With "Connection: close": {message}'
    assert result["timestamps"] is not None
    assert closes(result) == (first, *[first if connections == 3 else None] * 2)
    assert result["http"] is not None
    assert result["http"]["status"] == status
    assert result["http"]["keep_alive_seconds"] is None
    assert peer.connections == connections


def test_only_one_of_the_requests_fails() -> None:
    def no_old_http(connection: socket.socket) -> None:
        asked = read_request(connection)
        if b"HTTP/1.0" in asked:
            reset(connection)
        else:
            connection.sendall(OK)

    with serving(no_old_http) as peer:
        result = probe(peer, bound=20)
    assert closes(result) == ("peer", "reset", "peer")
    assert result["error"] == "ECONNRESET"
    assert result["message"] == "With HTTP/1.0: Reading the answer failed: Connection reset by peer."


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"http": False}, None, ""),
        ({"http": True}, "ECONNRESET", 'With "Connection: close": Reading the answer failed: Connection reset by peer.'),
        ({"http": True, "tls": True}, "ECONNRESET", "The TLS handshake failed: Connection reset by peer."),
        ({"http": False, "tls": True}, "ECONNRESET", "The TLS handshake failed: Connection reset by peer."),
    ],
)
def test_a_reset_that_is_there_before_connect_returns(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], error: str | None, message: str
) -> None:
    class Late(socket.socket):
        def connect(self, address: Any) -> None:
            super().connect(address)
            poll = select.poll()
            poll.register(self, 0)
            poll.poll()
            raise ConnectionResetError(self.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), "")

    with serving(reset) as peer:
        monkeypatch.setattr(socket, "socket", Late)
        result = probe(peer, **options)
        monkeypatch.undo()
    assert (result["reached"], result["error"], result["message"]) == (True, error, message)
    assert result["timestamps"] is not None
    assert peer.connections == 1


def test_nothing_listens() -> None:
    with serving(close) as peer:
        pass
    result = probe(peer)
    assert (result["reached"], result["error"], result["message"]) == (False, "ECONNREFUSED", "Connecting failed: Connection refused.")
    assert (result["http"], result["tls"], result["timestamps"], result["mss"], result["rtt_us"]) == (None, None, None, None, None)


def test_no_connection_is_begun_that_might_end_too_late() -> None:
    with serving(well_behaved) as peer:
        result = probe(peer, left=5.1, timeout=5.0)
    assert (result["reached"], result["error"]) == (False, "TIMEOUT")
    assert result["message"] == "Not tried: max_seconds was too short."
    assert peer.connections == 0


def test_without_http_one_connection_and_not_a_byte() -> None:
    got: list[bytes] = []
    with serving(lambda connection: got.append(connection.recv(1))) as peer:
        result = probe(peer, http=False)
    assert (result["reached"], result["error"], result["http"]) == (True, None, None)
    assert (result["source"], result["address"], result["family"]) == ("127.0.0.1", "127.0.0.1", "ipv4")
    assert (peer.connections, got) == (1, [b""])


def farewell_without_fin(connection: socket.socket) -> None:
    assert isinstance(connection, ssl.SSLSocket)
    wait_for_close(connection.unwrap())


def farewell_and_close(connection: socket.socket) -> None:
    assert isinstance(connection, ssl.SSLSocket)
    connection.settimeout(0.01)
    # Sends the farewell; the probe gives none back.
    with pytest.raises(TimeoutError):
        connection.unwrap()


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (well_behaved, ("peer", "peer", "local")),
        (answering(then=close), ("peer", "peer", "peer")),
        (answering(then=farewell_and_close), ("peer", "peer", "peer")),
        (answering(then=farewell_without_fin), ("local", "local", "local")),
        (answering(UNTIL_THE_END, then=close), ("peer", "peer", "peer")),
        (answering(UNTIL_THE_END, then=fin_then_reset), ("peer", "peer", "peer")),
        (answering(then=reset), ("reset", "reset", "reset")),
    ],
)
def test_who_closes_first_under_tls(certificate: Certificate, address: str, handler: Handler, expected: tuple[str, str, str]) -> None:
    with serving(secured(certificate, handler), address) as peer:
        result = probe(peer, address, bound_for(expected), tls={"ca_path": str(certificate.certificate)})
    assert (result["error"], result["message"]) == (None, "")
    assert closes(result) == expected
    assert result["tls"] is not None
    assert result["tls"]["version"] == "TLSv1.3"
    assert result["tls"]["cipher"].startswith("TLS_")
    assert peer.connections == 3


@pytest.mark.parametrize(
    ("tls", "error", "message"),
    [
        ({}, "TLS", "The TLS handshake failed: self-signed certificate."),
        (
            {"ca_path": "{certificate}", "server_name": "other.example"},
            "TLS",
            "The TLS handshake failed: hostname mismatch, certificate is not",
        ),
        ({"ca_path": "{certificate}", "server_name": NAME}, None, ""),
        ({"validate_certs": False, "server_name": "other.example"}, None, ""),
        ({"ca_path": "/nowhere"}, "INVALID", "ca_path: the file could not be read: No such file or directory."),
        ({"ca_path": "{key}"}, "INVALID", "ca_path: the file could not be read: "),
        ({"server_name": "x" * 64}, "INVALID", "tls.server_name is not a valid name:"),
    ],
)
def test_certificates(certificate: Certificate, tls: dict[str, Any], error: str | None, message: str) -> None:
    for name, value in tls.items():
        if isinstance(value, str):
            tls[name] = value.format(certificate=certificate.certificate, key=certificate.key)
    with serving(secured(certificate, close)) as peer:
        result = probe(peer, tls=tls, http=False)
    assert (result["reached"], result["error"]) == (True, error)
    assert result["message"].startswith(message)
    assert (result["tls"] is None) == (error is not None)
    assert result["timestamps"] is not None


@pytest.mark.parametrize(("http", "protocol"), [(True, "http/1.1"), (False, None)])
def test_what_it_tells_a_server_before_the_handshake(certificate: Certificate, http: bool, protocol: str | None) -> None:
    seen: list[str | None] = []
    context = certificate.context()
    context.set_alpn_protocols(["http/1.1", "other"])
    context.sni_callback = lambda _socket, name, _context: seen.append(name)

    def handle(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            seen.append(secure.selected_alpn_protocol())

    with serving(handle) as peer:
        probe(peer, tls={"server_name": "shop.example", "validate_certs": False}, http=http)
    assert seen == ["shop.example", protocol]


def in_plain_text(data: bytes, then: Handler = close) -> Handler:
    """To a greeting of TLS this answer, without TLS."""

    def handle(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(data)
        then(connection)

    return handle


@pytest.mark.parametrize(
    ("handler", "error", "message"),
    [
        (in_plain_text(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "TLS", "The TLS handshake failed: wrong version number."),
        (in_plain_text(b"\x16\x03\x01" + b"\xff" * 500), "TLS", "The TLS handshake failed: "),
        (in_plain_text(b""), "TLS", "The TLS handshake failed: the peer closed the connection."),
        (in_plain_text(b"\x15\x03\x03\x00\x02\x02\x28"), "TLS", "The TLS handshake failed: "),
        (in_plain_text(b"", then=reset), "ECONNRESET", "The TLS handshake failed: Connection reset by peer."),
        (silent, "TIMEOUT", "The TLS handshake took longer than the timeout."),
    ],
)
@pytest.mark.parametrize("http", [True, False])
def test_bad_handshakes(handler: Handler, error: str, message: str, http: bool) -> None:
    with serving(handler) as peer:
        result = probe(peer, tls=True, http=http, timeout=1.0 if error == "TIMEOUT" else 30.0)
    assert (result["reached"], result["error"]) == (True, error)
    assert result["message"].startswith(message)
    assert (result["tls"], result["http"]) == (None, None)
    assert peer.connections == 1
