# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""One TCP connection to a peer, with or without TLS. Every step has a time limit. The kernel says what was negotiated."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import struct
import time
from functools import lru_cache, partial
from typing import TYPE_CHECKING, NamedTuple, Tuple, TypeVar, Union

from .._text import printable
from .._tree import errno_name

if TYPE_CHECKING:
    from ssl import SSLContext
    from typing import Callable, Literal

    from ...plugin_utils._probe_types import ProbeTls
    from ._options import Tls

Result = TypeVar("Result")
Address = Union[Tuple[str, int], Tuple[str, int, int, int]]

# struct tcp_info of linux/tcp.h: the options that were negotiated, snd_mss and rtt.
_TCP_INFO = struct.Struct("=5xB10xI48xI")
_TIMESTAMPS, _SACK, _WINDOW_SCALING, _ECN = 1, 2, 4, 8
# linux/in.h: the port is then chosen by connect(), which shares ports between destinations.
_IP_BIND_ADDRESS_NO_PORT = 24
_CHUNK = 8192


class ProbeError(Exception):
    """What ended a probe. code: an errno name, or another word of Probe.error. message: a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class TcpInfo(NamedTuple):
    """timestamps to ecn: negotiated in the handshake. mss: bytes in a segment that is sent. rtt_us: microseconds."""

    timestamps: bool
    sack: bool
    window_scaling: bool
    ecn: bool
    mss: int
    rtt_us: int


class Connection:
    """A connection after its handshake. Every step raises ProbeError.

    deadline: when the answer must be complete (time.monotonic()). Only who_ends_it has a deadline of its own.
    """

    def __init__(self, family: int, address: Address, source: Address | None, deadline: float) -> None:
        self._deadline = deadline
        self._was_reset = False
        self._tls: _TlsSession | None = None
        try:
            self._socket = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:
            raise _probe_error(error, "Creating a socket") from None
        try:
            if source is not None:
                self._bind(source)
            self._set_timeout()
            self._socket.connect(address)
        except ConnectionResetError:
            # Only after the handshake; before it the kernel says ECONNREFUSED. TCP_INFO still has what was negotiated.
            self._was_reset = True
        except OSError as error:
            self._socket.close()
            raise _probe_error(error, "Connecting") from None

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        self._socket.close()

    def local_address(self) -> str:
        return str(self._socket.getsockname()[0])

    def tcp_info(self) -> TcpInfo | None:
        """None if the kernel's answer is too short."""
        try:
            data = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
            options, mss, rtt = _TCP_INFO.unpack(data)
        except (OSError, struct.error):
            return None
        return TcpInfo(bool(options & _TIMESTAMPS), bool(options & _SACK), bool(options & _WINDOW_SCALING), bool(options & _ECN), mss, rtt)

    def start_tls(self, tls: Tls, speaks_http: bool) -> ProbeTls:
        """Do the TLS handshake. The code is "TLS" if it fails or the certificate is not accepted."""
        try:
            context = _context(tls.validate_certs, tls.ca_path, speaks_http)
        except OSError as error:
            raise ProbeError("INVALID", f"ca_path: the file could not be read: {printable(str(error.strerror), 80)}.") from None
        try:
            self._tls = _TlsSession(context, tls.server_name)
            if self._through(self._tls, self._tls.handshake) is None:
                raise ProbeError("TLS", "The TLS handshake failed: the peer closed the connection.")
        except OSError as error:
            raise _probe_error(error, "The TLS handshake") from None
        except ValueError:
            raise ProbeError("INVALID", f"tls.server_name is not a valid name: '{printable(tls.server_name, 80)}'.") from None
        return self._tls.agreed()

    def send(self, data: bytes) -> None:
        """Send all of it. If the peer has closed, that is not an error here: the next receive shows how it closed."""
        try:
            if self._tls is None:
                self._send_plain(data)
            else:
                self._through(self._tls, partial(self._tls.write, data))
        except OSError as error:
            raise _probe_error(error, "Sending the request") from None

    def receive(self) -> bytes:
        """Some bytes. Empty if the peer will send no more."""
        try:
            if self._tls is None:
                return self._receive_plain()
            return self._through(self._tls, self._tls.read) or b""
        except OSError as error:
            raise _probe_error(error, "Reading the answer") from None

    def who_ends_it(self, deadline: float, most_bytes: int) -> Literal["peer", "local", "reset"]:
        """Wait until the peer ends the connection, at most until the deadline. "local" if it did not.

        Looks at TCP itself, because TLS close_notify does not close the TCP connection. Raises ProbeError if more than most_bytes come,
        and for other ends (ETIMEDOUT).
        """
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        self._socket.setblocking(False)
        while True:
            happened = poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
            if not happened:
                return "local"
            if happened[0][1] & (select.POLLERR | select.POLLHUP):
                return self._broken_off()
            try:
                data = self._socket.recv(_CHUNK)
            except OSError as error:
                raise _probe_error(error, "Waiting for the peer to close") from None
            if not data:
                return "peer"
            most_bytes -= len(data)
            if most_bytes < 0:
                raise ProbeError("TOO_MUCH_DATA", "The peer did not stop sending after its answer.")

    def _through(self, tls: _TlsSession, step: Callable[[], Result]) -> Result | None:
        """Repeat a step of TLS, with more data from the peer, until it is done. None if the peer closes before."""
        while True:
            try:
                return step()
            except tls.wants_more:
                pass
            finally:
                self._send_plain(tls.outgoing.read())
            data = self._receive_plain()
            if not data:
                return None
            tls.incoming.write(data)

    def _send_plain(self, data: bytes) -> None:
        # Even an empty send would fetch the socket's error, and hide it from who_ends_it.
        if not data:
            return
        self._set_timeout()
        try:
            self._socket.sendall(data)
        except ConnectionResetError:
            # The kernel reports a reset only once.
            self._was_reset = True
        except BrokenPipeError:
            pass

    def _receive_plain(self) -> bytes:
        if self._was_reset:
            raise OSError(errno.ECONNRESET, "")
        self._set_timeout()
        return self._socket.recv(_CHUNK)

    def _broken_off(self) -> Literal["peer", "reset"]:
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        # EPIPE means that the reset came after the peer's FIN.
        if error == errno.EPIPE:
            return "peer"
        if error == errno.ECONNRESET:
            return "reset"
        raise _probe_error(OSError(error, os.strerror(error)), "Waiting for the peer to close")

    def _bind(self, source: Address) -> None:
        # Linux before 4.2 does not have this option, and bind() chooses the port.
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
        self._socket.bind(source)

    def _set_timeout(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise socket.timeout
        self._socket.settimeout(left)


class _TlsSession:
    """TLS between two buffers; the probe itself reads and sends.

    The ssl module's own sockets send close_notify, hide resets, and send alerts to a peer that is gone.
    """

    def __init__(self, context: SSLContext, server_name: str) -> None:
        import ssl

        self.wants_more = ssl.SSLWantReadError
        self.incoming = ssl.MemoryBIO()
        self.outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self.incoming, self.outgoing, server_hostname=server_name)

    def handshake(self) -> bool:
        self._object.do_handshake()
        return True

    def read(self) -> bytes:
        return self._object.read(_CHUNK)

    def write(self, data: bytes) -> int:
        return self._object.write(data)

    def agreed(self) -> ProbeTls:
        cipher = self._object.cipher()
        return {"version": printable(self._object.version() or "", 40), "cipher": printable(cipher[0] if cipher else "", 80)}


@lru_cache(maxsize=None)
def _context(validate_certs: bool, ca_path: str | None, speaks_http: bool) -> SSLContext:
    """The TLS settings, shared between connections, because reading the system's certificates takes long."""
    # The import takes 5 ms, which a probe without TLS does not need to spend.
    import ssl

    if validate_certs:
        context = ssl.create_default_context(cafile=ca_path)
    else:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if speaks_http:
        context.set_alpn_protocols(["http/1.1"])
    return context


def _probe_error(error: OSError, doing: str) -> ProbeError:
    # Only errors of the ssl module have a reason; their errno is not the kernel's.
    reason = getattr(error, "verify_message", None) or getattr(error, "reason", None)
    if hasattr(error, "library") or reason:
        return ProbeError("TLS", f"{doing} failed: {printable(str(reason or error), 120).replace('_', ' ').lower()}.")
    if error.errno is None:
        return ProbeError("TIMEOUT", f"{doing} took longer than the timeout.")
    return ProbeError(errno_name(error), f"{doing} failed: {os.strerror(error.errno)}.")
