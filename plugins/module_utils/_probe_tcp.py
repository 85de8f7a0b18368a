# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""One TCP connection to a peer, with or without TLS: every step bounded in time, and what the kernel knows of it."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import select
import socket
import struct
import time
from typing import TYPE_CHECKING, NamedTuple, Tuple, Union

from ._host import errno_name
from ._probe_options import printable

if TYPE_CHECKING:
    from ssl import SSLContext
    from typing import Literal

    from ._probe_options import Tls
    from ._snapshot_types import ProbeTls

Address = Union[Tuple[str, int], Tuple[str, int, int, int]]

# struct tcp_info of linux/tcp.h: the state, the options agreed on, snd_mss and rtt.
_TCP_INFO = struct.Struct("=B4xB10xI48xI")
# Of net/tcp_states.h: closed on both sides, or never open.
_CLOSE = 7
_TIMESTAMPS, _SACK, _WINDOW_SCALING, _ECN = 1, 2, 4, 8
_POLLRDHUP = 0x2000
# linux/in.h: the port is then chosen by connect(), which shares ports between destinations.
_IP_BIND_ADDRESS_NO_PORT = 24
_CHUNK = 8192
_LAST_READS = 8


class ProbeError(Exception):
    """What ended a probe. code: an errno name, or another word that Probe.error knows; message: a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class TcpInfo(NamedTuple):
    """timestamps to ecn: agreed on in the handshake. mss: bytes in a segment that is sent. rtt_us: microseconds."""

    timestamps: bool
    sack: bool
    window_scaling: bool
    ecn: bool
    mss: int
    rtt_us: int


class Connection:
    """A connection after its handshake. Every step raises ProbeError.

    deadline: the moment of time.monotonic() by which an answer must have come; only who_ends_it has one of its own.
    """

    def __init__(self, family: int, address: Address, source: Address | None, deadline: float) -> None:
        self._deadline = deadline
        try:
            self._socket = socket.socket(family, socket.SOCK_STREAM)
            self._secure = False
            self._ended: Literal["peer", "reset"] | None = None
        except OSError as error:
            raise _told(error, "Making a socket") from None
        try:
            if source is not None:
                self._bind(source)
            self._patience()
            self._socket.connect(address)
        except ConnectionResetError:
            # Only after the handshake; before it the kernel says ECONNREFUSED. There is still something to be learnt.
            self._ended = "reset"
        except OSError as error:
            self._socket.close()
            raise _told(error, "Connecting") from None

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        # For data that nobody has read, such as the farewell of TLS, the kernel would send a reset in place of a FIN.
        with contextlib.suppress(OSError):
            self._socket.setblocking(False)
            for _each in range(_LAST_READS):
                if not socket.socket.recv(self._socket, _CHUNK):
                    break
        self._socket.close()

    def local_address(self) -> str:
        return str(self._socket.getsockname()[0])

    def tcp_info(self) -> TcpInfo | None:
        """None where the kernel tells too little."""
        try:
            data = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO.size)
            _state, options, mss, rtt = _TCP_INFO.unpack(data)
        except (OSError, struct.error):
            return None
        return TcpInfo(bool(options & _TIMESTAMPS), bool(options & _SACK), bool(options & _WINDOW_SCALING), bool(options & _ECN), mss, rtt)

    def start_tls(self, tls: Tls, speaks_http: bool) -> ProbeTls:
        """Shake hands; code "TLS" where that fails or the certificate is not accepted."""
        if self._ended:
            raise _told(_reset(), "The TLS handshake")
        try:
            context = _context(tls.validate_certs, tls.ca_path, speaks_http)
        except OSError as error:
            raise ProbeError("INVALID", f"The file of ca_path could not be used: {printable(str(error.strerror), 80)}.") from None
        try:
            secure = context.wrap_socket(self._socket, server_hostname=tls.server_name, do_handshake_on_connect=False)
            self._socket, self._secure = secure, True
            self._patience()
            secure.do_handshake()
        except OSError as error:
            raise _told(error, "The TLS handshake") from None
        except ValueError:
            raise ProbeError("INVALID", f"TLS knows no server name like '{printable(tls.server_name, 80)}'.") from None
        cipher = secure.cipher()
        return {"version": printable(secure.version() or "", 40), "cipher": printable(cipher[0] if cipher else "", 80)}

    def send(self, data: bytes) -> None:
        """Send it all. A peer that has closed is no error here: reading tells how it did so."""
        try:
            self._patience()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._socket.sendall(data)
        except OSError as error:
            raise _told(error, "Sending the request") from None

    def receive(self) -> bytes:
        """Some bytes; none where the peer will send no more."""
        try:
            if self._ended == "reset":
                raise _reset()
            self._patience()
            data = self._socket.recv(_CHUNK)
            if not data:
                self._note_end()
        except OSError as error:
            raise _told(error, "Reading the answer") from None
        return data

    def who_ends_it(self, deadline: float, most_bytes: int) -> Literal["peer", "us", "reset"]:
        """Wait until the peer ends the connection, at most until the deadline: "us" is then left with closing it.

        Looks beneath TLS, whose farewell is no FIN. Raises ProbeError where more than most_bytes come, and for other ends (ETIMEDOUT).
        """
        if self._ended:
            return self._ended
        poll = select.poll()
        poll.register(self._socket, select.POLLIN | _POLLRDHUP)
        self._socket.setblocking(False)
        while True:
            happened = poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
            if not happened:
                return "us"
            if happened[0][1] & (select.POLLERR | select.POLLHUP):
                return self._broken_off()
            if happened[0][1] & _POLLRDHUP:
                return "peer"
            try:
                data = socket.socket.recv(self._socket, _CHUNK)
            except OSError:
                # It is told again, by the next poll.
                continue
            if not data:
                return "peer"
            most_bytes -= len(data)
            if most_bytes < 0:
                raise ProbeError("TOO_MUCH_DATA", "The peer goes on sending after its answer.")
            if time.monotonic() >= deadline:
                return "us"

    def _note_end(self) -> None:
        """After an end of the data: remember a FIN, raise ECONNRESET for a reset. What is neither is the farewell of TLS."""
        if not self._secure:
            self._ended = "peer"
        elif self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _CLOSE:
            # The ssl module of some Pythons shows a reset as an end.
            self._ended = self._broken_off()
            if self._ended == "reset":
                raise _reset()

    def _broken_off(self) -> Literal["peer", "reset"]:
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        # How the kernel tells of a reset that followed the peer's FIN.
        if error == errno.EPIPE:
            return "peer"
        if error in (0, errno.ECONNRESET):
            return "reset"
        raise _told(OSError(error, os.strerror(error)), "Waiting for the end")

    def _bind(self, source: Address) -> None:
        # Before Linux 4.2 there is no such option, and the port is chosen here and now.
        with contextlib.suppress(OSError):
            self._socket.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
        self._socket.bind(source)

    def _patience(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise socket.timeout
        self._socket.settimeout(left)


@functools.lru_cache(maxsize=None)
def _context(validate_certs: bool, ca_path: str | None, speaks_http: bool) -> SSLContext:
    """Reading the system's certificates takes long, so all connections share what they can."""
    # Takes 5 ms, which a probe without TLS need not spend.
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


def _reset() -> OSError:
    return OSError(errno.ECONNRESET, "")


def _told(error: OSError, doing: str) -> ProbeError:
    # Only errors of the ssl module have a reason; their errno is none of the kernel's.
    reason = getattr(error, "verify_message", None) or getattr(error, "reason", None)
    if hasattr(error, "library") or reason:
        return ProbeError("TLS", f"{doing} failed: {printable(str(reason or error), 120).replace('_', ' ').lower()}.")
    if error.errno is None:
        return ProbeError("TIMEOUT", f"{doing} was not done within the timeout.")
    # Not connected any more: the reset was seen before.
    number = errno.ECONNRESET if error.errno == errno.ENOTCONN else error.errno
    return ProbeError(errno_name(OSError(number, "")), f"{doing} failed: {os.strerror(number)}.")
