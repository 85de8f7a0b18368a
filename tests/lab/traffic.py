# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's load generator, which runs inside the lab's hosts: traffic.py COMMAND JSON, and JSON comes back.

Every command is bounded in connections and in time. Nothing but the standard library, since it is copied into the containers.
"""

from __future__ import annotations

import errno
import json
import select
import socket
import struct
import sys
import time
from pathlib import Path
from typing import Any, Callable

MOST_CONNECTIONS = 20000
CONNECT_SECONDS = 5.0
# How long to wait before asking again for a port that is not there.
RETRY_SECONDS = 0.005
TIME_WAIT = "06"
# The module socket of Python knows it from 3.12 on.
IP_BIND_ADDRESS_NO_PORT = 24
# Of tcpi_options in struct tcp_info of linux/tcp.h: both sides have sent timestamps.
TCPI_OPTIONS, TIMESTAMPS = 5, 1
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Web:
    """One HTTP connection."""

    def __init__(self, address: tuple[str, int], source: tuple[str, int] | None = None, no_port: bool = False) -> None:
        """source: bind() to it. no_port: to its address alone, and let connect() choose the port."""
        self.socket = socket.socket()
        self.socket.settimeout(CONNECT_SECONDS)
        try:
            if source is not None:
                if source[1]:
                    self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if no_port:
                    self.socket.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
                self.socket.bind(source)
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise

    def get(self, last: bool = False, path: str = "/", version: str = "1.1") -> None:
        """One request and its whole answer; last: ask the peer to close. version: of HTTP; 1.0 asks for that, too."""
        ending = "Connection: close\r\n" if last else ""
        self.socket.sendall(f"GET {path} HTTP/{version}\r\nHost: lab\r\n{ending}\r\n".encode())
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._more()
        head, _blank, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").lower().split("\r\n")
        if " 200 " not in lines[0] + " ":
            raise ValueError(f"the answer is {lines[0]!r}")
        length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
        while len(body) < length:
            body += self._more()

    def _more(self) -> bytes:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the peer closed before its answer was complete")
        return data

    def has_timestamps(self) -> bool:
        """Whether both sides have agreed on TCP timestamps."""
        return bool(self.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCPI_OPTIONS + 1)[TCPI_OPTIONS] & TIMESTAMPS)

    def close(self, how: str) -> None:
        """client: send the first FIN. peer, wait: wait for the peer's. reset: send a RST and be done."""
        if how == "reset":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        elif how == "client":
            self.socket.shutdown(socket.SHUT_WR)
        if how != "reset":
            while self.socket.recv(65536):
                pass
        self.socket.close()


def load(
    to: list[Any],
    count: int,
    close: str,
    per_second: float = 0,
    requests: int = 1,
    hold: int = 0,
    source: str | None = None,
    no_port: bool = False,
    path: str = "/",
    version: str = "1.1",
) -> dict[str, Any]:
    """Open connections one after the other, ask, close. With per_second they are paced. The first `hold` stay open until the end.

    close: as for Web.close(); with "peer" the last request asks for it, with "wait" none does.
    source: bind() to this address before connect(); no_port: with IP_BIND_ADDRESS_NO_PORT.
    Returns ok (connections), requests (answered), timestamps (connections that have them), errors (by name) and seconds.
    """
    address = (str(to[0]), int(to[1]))
    errors: dict[str, int] = {}
    held: list[Web] = []
    ok = answered = timestamps = 0
    start = time.monotonic()
    for number in range(min(count, MOST_CONNECTIONS)):
        if per_second:
            time.sleep(max(0.0, start + number / per_second - time.monotonic()))
        try:
            web = Web(address, (source, 0) if source else None, no_port)
            timestamps += web.has_timestamps()
            for request in range(requests):
                web.get(close == "peer" and request == requests - 1 and len(held) >= hold, path, version)
                answered += 1
            if len(held) < hold:
                held.append(web)
            else:
                web.close(close)
            ok += 1
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, type(error).__name__)
            errors[name] = errors.get(name, 0) + 1
    done = {"ok": ok, "requests": answered, "timestamps": timestamps, "errors": errors, "seconds": round(time.monotonic() - start, 3)}
    if held:
        print(json.dumps(done), flush=True)
        sys.stdin.read()
        for web in held:
            web.close("reset")
    return done


def sustain(to: list[Any], rounds: int, ports: int, seconds: float) -> dict[str, Any]:
    """Short connections as fast as ports come back, closed by this side: how many a second does the range carry?

    The first round takes ports that were free, so counting begins when it has run into EADDRNOTAVAIL. Ends after `rounds` times
    `ports` further connections, or after `seconds`.
    """
    address = (str(to[0]), int(to[1]))
    start = time.monotonic()
    first_full = last = 0.0
    ok = waits = 0
    while ok < rounds * ports and time.monotonic() - start < seconds:
        try:
            web = Web(address)
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise
            first_full = first_full or time.monotonic()
            waits += 1
            time.sleep(RETRY_SECONDS)
            continue
        web.get()
        web.close("client")
        last = time.monotonic()
        ok += bool(first_full)
    measured = last - first_full
    return {"ok": ok, "seconds": round(measured, 3), "per_second": round(ok / measured, 1) if ok and measured > 0 else 0.0, "waits": waits}


def download(to: list[Any], count: int, path: str) -> dict[str, Any]:
    """Fetch something large with a small receive buffer, as over a slow path. Returns how many arrived whole, how many not, and why."""
    whole = 0
    errors: dict[str, int] = {}
    for _number in range(count):
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
            one.settimeout(CONNECT_SECONDS)
            one.connect((str(to[0]), int(to[1])))
            one.sendall(f"GET {path} HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n".encode())
            length, got = -1, b""
            try:
                while chunk := one.recv(4096):
                    got += chunk
            except OSError as error:
                name = errno.errorcode.get(error.errno or 0, type(error).__name__)
                errors[name] = errors.get(name, 0) + 1
            head, _blank, body = got.partition(b"\r\n\r\n")
            for line in head.decode("latin-1").lower().split("\r\n"):
                if line.startswith("content-length:"):
                    length = int(line.split(":")[1])
            whole += len(body) == length
    return {"whole": whole, "broken": count - whole, "errors": errors}


def occupy(to: list[Any], first_port: int, count: int, source: str) -> dict[str, Any]:
    """Connections from given source ports, closed first by the peer: it keeps the TIME_WAIT."""
    for port in range(first_port, first_port + count):
        web = Web((str(to[0]), int(to[1])), (source, port))
        web.get(last=True)
        web.close("peer")
    return {"ok": count}


def collide(to: list[Any], first_port: int, count: int, source: str, seconds: float) -> dict[str, Any]:
    """Connect from given source ports, all at once, and reset. Returns what crowd() does."""
    return _at_once(to, [(source, port) for port in range(first_port, first_port + count)], "reset", seconds)


def crowd(to: list[Any], count: int, seconds: float, hold: bool = False) -> dict[str, Any]:
    """Connect many times at once, and close first; with hold only when the input ends.

    Returns ok and failed (not connected after `seconds`), errors (by name) and slowest_ms, that of the slowest success.
    """
    return _at_once(to, [None] * count, "client", seconds, hold)


def _at_once(to: list[Any], sources: list[tuple[str, int] | None], close: str, seconds: float, hold: bool = False) -> dict[str, Any]:
    start = time.monotonic()
    poller = select.poll()
    waiting: dict[int, socket.socket] = {}
    connected: list[socket.socket] = []
    errors: dict[str, int] = {}
    for source in sources:
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.setblocking(False)
        if source:
            one.bind(source)
        one.connect_ex((str(to[0]), int(to[1])))
        waiting[one.fileno()] = one
        poller.register(one, select.POLLOUT)
    slowest = 0.0
    while waiting and time.monotonic() - start < seconds:
        for number, _events in poller.poll(50):
            one = waiting.pop(number)
            poller.unregister(number)
            code = one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                errors[errno.errorcode[code]] = errors.get(errno.errorcode[code], 0) + 1
                one.close()
            else:
                connected.append(one)
                slowest = time.monotonic() - start
    for one in waiting.values():
        one.close()
    ok = len(connected)
    done = {"ok": ok, "failed": len(sources) - ok, "errors": errors, "slowest_ms": round(slowest * 1000, 1)}
    if hold:
        print(json.dumps(done), flush=True)
        sys.stdin.read()
    for one in connected:
        if close == "client":
            one.settimeout(CONNECT_SECONDS)
            one.shutdown(socket.SHUT_WR)
            while one.recv(4096):
                pass
        else:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        one.close()
    return done


def state() -> dict[str, Any]:
    """TIME_WAIT sockets by local and by remote port, and all TCP counters."""
    local: dict[str, int] = {}
    remote: dict[str, int] = {}
    for name in ("tcp", "tcp6"):
        for line in Path("/proc/net", name).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == TIME_WAIT:
                for ports, field in ((local, fields[1]), (remote, fields[2])):
                    port = str(int(field.rpartition(":")[2], 16))
                    ports[port] = ports.get(port, 0) + 1
    counters: dict[str, int] = {}
    for name in ("netstat", "snmp"):
        lines = Path("/proc/net", name).read_text().splitlines()
        for names, values in zip(lines[::2], lines[1::2]):
            if names.startswith(("Tcp:", "TcpExt:")):
                counters.update((key, int(value)) for key, value in zip(names.split()[1:], values.split()[1:]))
    return {"time_wait": sum(local.values()), "local": local, "remote": remote, "counters": counters}


COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "load": load,
    "sustain": sustain,
    "download": download,
    "occupy": occupy,
    "collide": collide,
    "crowd": crowd,
    "state": state,
}


if __name__ == "__main__":
    arguments = json.loads(sys.argv[2]) if len(sys.argv) > 2 else {}
    print(json.dumps(COMMANDS[sys.argv[1]](**arguments)), flush=True)
