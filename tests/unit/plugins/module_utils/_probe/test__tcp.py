# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._options import Tls
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._tcp import Connection, ProbeError, TcpInfo
from support.namespaces import own_namespaces, until
from support.peers import Handler, answering, close, make_certificate, reset, secured, serving, wait_for_close

LOOPBACK = {"127.0.0.1": 20, "::1": 40}
TCP_HEADER, TIMESTAMP_OPTION = 20, 12


def connect(address: str, port: int, seconds: float = 5.0) -> Connection:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return Connection(family, (address, port), None, time.monotonic() + seconds)


def sysctl(name: str, value: int) -> None:
    Path("/proc/sys/net/ipv4", name).write_text(str(value), encoding="ascii")


def info(address: str = "127.0.0.1") -> TcpInfo:
    with serving(wait_for_close, address) as peer, connect(address, peer.port) as connection:
        found = connection.tcp_info()
    assert found is not None
    return found


@pytest.mark.parametrize("address", LOOPBACK)
@pytest.mark.parametrize(
    ("key", "value", "field", "expected"),
    [
        ("tcp_timestamps", 1, "timestamps", True),
        ("tcp_timestamps", 0, "timestamps", False),
        ("tcp_sack", 1, "sack", True),
        ("tcp_sack", 0, "sack", False),
        ("tcp_window_scaling", 1, "window_scaling", True),
        ("tcp_window_scaling", 0, "window_scaling", False),
        ("tcp_ecn", 1, "ecn", True),
        ("tcp_ecn", 2, "ecn", False),
        ("tcp_ecn", 0, "ecn", False),
    ],
)
@own_namespaces
def test_what_both_ends_agreed_on(address: str, key: str, value: int, field: str, expected: bool) -> None:
    usual = {"timestamps": True, "sack": True, "window_scaling": True, "ecn": False}
    sysctl(key, value)
    agreed = info(address)._asdict()
    assert {name: agreed[name] for name in usual} == {**usual, field: expected}


@pytest.mark.parametrize("address", LOOPBACK)
@pytest.mark.parametrize("timestamps", [0, 1])
@own_namespaces
def test_segment_size_and_round_trip(address: str, timestamps: int) -> None:
    subprocess.run(["ip", "link", "set", "lo", "mtu", "1500"], check=True)
    sysctl("tcp_timestamps", timestamps)
    found = info(address)
    assert found.mss == 1500 - LOOPBACK[address] - TCP_HEADER - TIMESTAMP_OPTION * timestamps
    assert 0 < found.rtt_us < 1_000_000


def time_waits(port: int) -> tuple[int, int]:
    """TIME_WAITs of this network namespace that the peer holds, and those that the probe holds; port is the peer's."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()[1:]]
    waiting = [[int(end.rpartition(":")[2], 16) for end in row[1:3]] for row in rows if row[3] == "06"]
    return sum(local == port for local, _remote in waiting), sum(remote == port for _local, remote in waiting)


@pytest.mark.parametrize("address", LOOPBACK)
@pytest.mark.parametrize(
    ("then", "closes", "held"),
    [(close, "peer", (1, 0)), (wait_for_close, "local", (0, 1)), (reset, "reset", (0, 0))],
)
@own_namespaces
def test_the_kernel_keeps_time_wait_where_the_probe_says(address: str, then: Handler, closes: str, held: tuple[int, int]) -> None:
    def handle(connection: socket.socket) -> None:
        connection.recv(1)
        then(connection)

    with serving(handle, address) as peer:
        with connect(address, peer.port) as connection:
            connection.send(b"x")
            assert connection.who_ends_it(time.monotonic() + (0.2 if closes == "local" else 10), 0) == closes
        # The last FIN and its acknowledgement are on their way.
        until(lambda: time_waits(peer.port) == held)


@own_namespaces
def test_what_the_peer_sent_last_is_read_before_closing() -> None:
    """For data that nobody reads the kernel would send a reset in place of the probe's FIN."""
    ends: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        connection.sendall(b"farewell")
        connection.shutdown(socket.SHUT_WR)
        ends.append(connection.recv(1))

    with serving(handle) as peer, connect("127.0.0.1", peer.port) as connection:
        until(lambda: " 08 " in Path("/proc/net/tcp").read_text())
        assert connection.who_ends_it(time.monotonic() + 10, 100) == "peer"
        connection.close()
    assert ends == [b""]


def test_the_farewell_of_tls_is_no_end(tmp_path: Path) -> None:
    answered = threading.Event()

    def handle(connection: socket.socket) -> None:
        connection.sendall(b"answer")
        assert answered.wait(30)
        # Says farewell, and waits for the other side to say it too.
        assert isinstance(connection, ssl.SSLSocket)
        connection.unwrap()

    with serving(secured(make_certificate(tmp_path), handle)) as peer, connect("127.0.0.1", peer.port) as connection:
        connection.start_tls(Tls("127.0.0.1", False, None), False)
        assert connection.receive() == b"answer"
        answered.set()
        assert connection.who_ends_it(time.monotonic() + 0.3, 1000) == "local"


@own_namespaces
def test_a_reset_before_the_request_is_not_lost() -> None:
    with serving(reset) as peer, connect("127.0.0.1", peer.port) as connection:
        until(lambda: f":{peer.port:04X} 01" not in Path("/proc/net/tcp").read_text())
        connection.send(b"x")
        with pytest.raises(ProbeError) as caught:
            connection.receive()
    assert caught.value.code == "ECONNRESET"


@own_namespaces
def test_names_of_errors() -> None:
    subprocess.run(["ip", "route", "add", "unreachable", "198.51.100.0/24"], check=True)
    subprocess.run(["ip", "route", "add", "prohibit", "203.0.113.0/24"], check=True)
    for address, code in [
        ("127.0.0.1", "ECONNREFUSED"),
        ("::1", "ECONNREFUSED"),
        ("192.0.2.1", "ENETUNREACH"),
        ("2001:db8::1", "ENETUNREACH"),
        ("198.51.100.1", "EHOSTUNREACH"),
        ("203.0.113.1", "EACCES"),
    ]:
        with pytest.raises(ProbeError) as caught:
            connect(address, 9)
        assert caught.value.code == code
        assert caught.value.message.startswith("Connecting failed: ")


@own_namespaces
def test_a_filtered_address_takes_no_longer_than_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        # A full queue drops handshakes, as a filter does.
        fillers = [socket.socket() for _each in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        with pytest.raises(ProbeError) as caught:
            connect("127.0.0.1", full.getsockname()[1], 0.2)
    assert (caught.value.code, caught.value.message) == ("TIMEOUT", "Connecting took longer than the timeout.")


@own_namespaces
def test_the_source_address() -> None:
    with serving(answering(), "127.0.0.1") as peer:
        for source in ("127.0.0.7", "127.0.0.1"):
            with Connection(socket.AF_INET, ("127.0.0.1", peer.port), (source, 0), time.monotonic() + 5) as connection:
                assert connection.local_address() == source
        with pytest.raises(ProbeError) as caught:
            Connection(socket.AF_INET, ("127.0.0.1", peer.port), ("192.0.2.1", 0), time.monotonic() + 5)
    assert caught.value.code == "EADDRNOTAVAIL"


@own_namespaces
def test_no_port_is_left() -> None:
    """The source's ports are chosen by connect(), so that those of other destinations do not count."""
    Path("/proc/sys/net/ipv4/ip_local_port_range").write_text("20000 20001", encoding="ascii")
    listeners = [socket.create_server(("127.0.0.1", 1000 + number)) for number in range(2)]
    kept = [Connection(socket.AF_INET, one.getsockname(), ("127.0.0.1", 0), time.monotonic() + 5) for one in listeners * 2]
    with pytest.raises(ProbeError) as caught:
        Connection(socket.AF_INET, listeners[0].getsockname(), ("127.0.0.1", 0), time.monotonic() + 5)
    assert caught.value.code == "EADDRNOTAVAIL"
    for connection in kept:
        connection.close()
    for listener in listeners:
        listener.close()


def test_what_comes_after_the_answer_is_bounded() -> None:
    def flood(connection: socket.socket) -> None:
        while True:
            connection.sendall(b"x" * 65536)

    with serving(flood) as peer, connect("127.0.0.1", peer.port) as connection, pytest.raises(ProbeError) as caught:
        connection.who_ends_it(time.monotonic() + 10, 100_000)
    assert caught.value.code == "TOO_MUCH_DATA"
