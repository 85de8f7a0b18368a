# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Peers for tcp_probe: small servers, good and bad, each on a port of its own for the length of a test."""

from __future__ import annotations

import datetime
import ipaddress
import re
import socket
import ssl
import struct
import threading
import typing as t
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
NAME = "peer.example"

Handler = t.Callable[[socket.socket], None]


class Peer:
    """port: where it listens. connections: how many there were, complete at the end of serving()."""

    def __init__(self, listener: socket.socket, handler: Handler) -> None:
        self.port: int = listener.getsockname()[1]
        self.connections = 0
        self._listener = listener
        self._handler = handler
        self._threads: list[threading.Thread] = []
        # The last connection of all, which says that nothing more comes.
        self._goodbye = socket.socket(listener.family)
        self._goodbye.bind((listener.getsockname()[0], 0))
        self._last: int = self._goodbye.getsockname()[1]

    def take(self) -> None:
        """Each connection has a thread, which ends when the probe has closed it."""
        while True:
            connection, address = self._listener.accept()
            if address[1] == self._last:
                connection.close()
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self, connection: socket.socket) -> None:
        # Whatever a test does, no thread waits for ever.
        connection.settimeout(30)
        with connection, suppress(OSError):
            self._handler(connection)

    def finish(self, accepting: threading.Thread) -> None:
        with self._goodbye:
            self._goodbye.connect(self._listener.getsockname())
            accepting.join(30)
            for thread in self._threads:
                thread.join(30)
            assert not any(thread.is_alive() for thread in (accepting, *self._threads))


@contextmanager
def serving(handler: Handler, address: str = "127.0.0.1", port: int = 0) -> t.Iterator[Peer]:
    """A peer that handles each connection like this."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, port), family=family, backlog=64) as listener:
        peer = Peer(listener, handler)
        accepting = threading.Thread(target=peer.take, daemon=True)
        accepting.start()
        try:
            yield peer
        finally:
            peer.finish(accepting)


def read_request(connection: socket.socket) -> bytes:
    """Up to the end of a request's head."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        more = connection.recv(65536)
        if not more:
            break
        data += more
    return data


def wait_for_close(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def reset(connection: socket.socket) -> None:
    """Close with a reset instead of a FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def answering(answer: bytes = OK, then: Handler = wait_for_close) -> Handler:
    """Read a request, send the answer, and then do this; closing is what comes after."""

    def handle(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer)
        then(connection)

    return handle


def close(connection: socket.socket) -> None:
    """To be said in answering(): the peer closes first."""


def well_behaved(connection: socket.socket) -> None:
    """Do what HTTP says: close first after "Connection: close" and for HTTP/1.0, else leave it to the client."""
    asked = read_request(connection)
    connection.sendall(OK)
    if b" HTTP/1.1\r\n" in asked and not re.search(rb"(?i)\r\nconnection: *close\r\n", asked):
        wait_for_close(connection)


class Certificate(t.NamedTuple):
    """Files of a self-signed certificate for NAME, 127.0.0.1 and ::1, and of its key."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


def make_certificate(folder: Path, addresses: t.Sequence[str] = ("127.0.0.1", "::1")) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.timezone.utc)
    subjects = [x509.DNSName(NAME), *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses)]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(subjects), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    made.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return made


def secured(certificate: Certificate, handler: Handler) -> Handler:
    """The same handler behind TLS."""
    context = certificate.context()

    def handle(connection: socket.socket) -> None:
        # An answer must not wait for the acknowledgement of what TLS sent before: a reset would swallow it.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(connection, server_side=True) as secure:
            handler(secure)

    return handle
