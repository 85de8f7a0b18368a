# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import subprocess
import threading
from typing import Any, Callable

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe import _endpoints as _probe
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._endpoints import MAX_ADDRESSES, MAX_AT_A_TIME, probe_all
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._options import MAX_ENDPOINTS, read_endpoints
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._peer import probe_peer
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._probe_types import Probe
from support.namespaces import own_namespaces
from support.peers import answering, close, serving, wait_for_close

GetAddrInfo = Callable[..., list[Any]]


def run(*endpoints: dict[str, Any], bound: float = 0.2, seconds: float = 60.0) -> list[Probe]:
    probes, warnings = probe_all(read_endpoints([{"timeout": 5.0, "port": 9, **one} for one in endpoints]), bound, seconds)
    assert warnings == []
    return probes


def outcomes(probes: list[Probe]) -> list[tuple[str, str | None, str | None]]:
    return [(one["host"], one["address"], one["error"]) for one in probes]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Names and their addresses, to be filled by the test; whatever is not in there is left to the real resolver."""
    table: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def answer(host: str, port: int, family: int = 0, *more: int) -> list[Any]:
        if host not in table:
            return real(host, port, family, *more)
        found = [one for address in table[host] for one in real(address, port, family and 0, *more)]
        return [one for one in found if family in (0, one[0])]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return table


def test_each_address_of_a_name(names: dict[str, list[str]]) -> None:
    names["several.example"] = ["127.0.0.2", "::1", "127.0.0.1", "127.0.0.2"]
    with serving(answering(then=close), "127.0.0.1") as peer:
        probes = run({"host": "several.example", "port": peer.port, "http": True})
    assert outcomes(probes) == [
        ("several.example", "127.0.0.2", "ECONNREFUSED"),
        ("several.example", "::1", "ECONNREFUSED"),
        ("several.example", "127.0.0.1", None),
    ]
    assert [one["family"] for one in probes] == ["ipv4", "ipv6", "ipv4"]
    assert peer.connections == 3


def test_a_source_chooses_the_family(names: dict[str, list[str]]) -> None:
    names["both.example"] = ["127.0.0.1", "::1"]
    names["other.example"] = ["127.0.0.1"]
    probes = run(
        {"host": "both.example", "source": "[::1]"},
        {"host": "both.example", "source": "127.0.0.1"},
        {"host": "other.example", "source": "::1"},
    )
    assert outcomes(probes) == [
        ("both.example", "::1", "ECONNREFUSED"),
        ("both.example", "127.0.0.1", "ECONNREFUSED"),
        ("other.example", None, "NAME_NOT_RESOLVED"),
    ]
    assert [one["source"] for one in probes] == ["::1", "127.0.0.1", "::1"]


def test_more_addresses_than_are_probed(names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def note(target: Any, limits: Any) -> Probe:
        tried.append(target.name)
        return probe_peer(target, limits)

    monkeypatch.setattr(_probe, "probe_peer", note)
    names["many.example"] = [f"127.0.1.{number}" for number in range(1, MAX_ADDRESSES + 4)]
    probes, warnings = probe_all(read_endpoints([{"host": "many.example", "port": 9, "timeout": 5.0}]), 0.2, 60.0)
    assert [one["address"] for one in probes] == names["many.example"][:MAX_ADDRESSES]
    assert sorted(tried) == sorted(names["many.example"][:MAX_ADDRESSES])
    assert warnings == ["many.example has 19 addresses. Only the first 16 were probed."]


@pytest.mark.parametrize(
    ("host", "error", "message"),
    [
        ("no-such-name.invalid", "NAME_NOT_RESOLVED", "The name was not resolved: "),
        ("x" * 64 + ".example", "NAME_NOT_RESOLVED", "The name was not resolved: "),
        ("a..b", "NAME_NOT_RESOLVED", "The name was not resolved: "),
        ("\u00fc" * 100, "NAME_NOT_RESOLVED", "The name was not resolved: it is not a name."),
        ("-option", "NAME_NOT_RESOLVED", "The name was not resolved: "),
        ("[fe80::1%no-such-interface]", "NAME_NOT_RESOLVED", "The name was not resolved: "),
        ("[not an address]", "INVALID", "The host must be a name or an address, not '[not an address]'."),
        ("2001:db8:::1", "NAME_NOT_RESOLVED", "The name was not resolved: "),
    ],
)
@own_namespaces
def test_hosts_without_an_address(host: str, error: str, message: str) -> None:
    (probe,) = run({"host": host})
    assert (probe["reached"], probe["address"], probe["family"], probe["error"]) == (False, None, None, error)
    assert probe["message"].startswith(message)
    assert probe["message"].isprintable()


@own_namespaces
def test_a_source_with_an_unknown_zone() -> None:
    (probe,) = run({"host": "::1", "source": "fe80::1%no-such-interface"})
    assert probe["error"] == "INVALID"
    assert probe["message"].startswith("The source address cannot be used: ")


@own_namespaces
def test_link_local_addresses_have_a_zone() -> None:
    subprocess.run(["ip", "link", "add", "probe0", "type", "veth", "peer", "name", "probe1"], check=True)
    for command in ("address add fe80::1/64 dev probe0 nodad", "link set probe0 up", "link set probe1 up"):
        subprocess.run(["ip", *command.split()], check=True)
    with serving(wait_for_close, "::") as peer:
        probes = run(*({"host": host, "port": peer.port, "source": host} for host in ("fe80::1%probe0", "[fe80::1%probe0]")))
    (probe,) = probes
    assert (probe["host"], probe["address"], probe["reached"]) == ("fe80::1%probe0", "fe80::1%probe0", True)


def test_good_and_bad_ones_side_by_side_and_in_order() -> None:
    with serving(answering(then=close)) as good, serving(lambda connection: connection.sendall(b"220 mail\r\n")) as bad:
        probes = run(
            {"host": "127.0.0.1", "port": 0},
            {"host": "127.0.0.1", "port": good.port, "http": True},
            {"host": "no name"},
            {"host": "127.0.0.1", "port": bad.port, "http": True},
            {"host": "127.0.0.1", "port": 9},
            {"host": "127.0.0.1", "port": good.port, "http": True},
        )
    assert [one["error"] for one in probes] == ["INVALID", None, "INVALID", "GARBAGE", "ECONNREFUSED"]
    assert (good.connections, bad.connections) == (3, 1)


def test_many_filtered_endpoints_share_their_time() -> None:
    """One after the other they would need 25 s, and most would be told that no time was left."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        fillers = [socket.socket() for _each in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        endpoints = [{"host": "127.0.0.1", "port": full.getsockname()[1], "source": f"127.0.2.{n}", "timeout": 0.5} for n in range(1, 51)]
        probes = run(*endpoints, seconds=20)
        for filler in fillers:
            filler.close()
    assert {(one["error"], one["message"]) for one in probes} == {("TIMEOUT", "Connecting took longer than the timeout.")}
    assert len(probes) == 50


def test_no_more_at_a_time_than_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    lock, all_here = threading.Lock(), threading.Event()
    now, most = 0, 0

    def count(target: Any, limits: Any) -> Probe:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
            if now == MAX_AT_A_TIME:
                all_here.set()
        assert all_here.wait(30)
        probe = probe_peer(target, limits)
        with lock:
            now -= 1
        return probe

    monkeypatch.setattr(_probe, "probe_peer", count)
    probes = run(*({"host": "127.0.0.1", "port": port} for port in range(1, 81)))
    assert {one["error"] for one in probes} == {"ECONNREFUSED"}
    assert most == MAX_AT_A_TIME


def test_a_resolver_that_hangs_holds_nobody_else_up(monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = threading.Event()
    real = socket.getaddrinfo

    def resolve(host: str, *more: Any) -> Any:
        if host == "slow.example":
            hanging.wait(30)
        return real(host, *more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(_probe, "_GRACE_SECONDS", 0.1)
    try:
        probes = run({"host": "slow.example", "timeout": 0.1}, {"host": "127.0.0.1", "timeout": 0.1}, seconds=3)
    finally:
        hanging.set()
    assert outcomes(probes) == [("slow.example", None, "NAME_NOT_RESOLVED"), ("127.0.0.1", "127.0.0.1", "ECONNREFUSED")]
    assert probes[0]["message"] == "The name was not resolved within max_seconds."


def test_a_mistake_of_the_probe_itself_is_one_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(target: Any, limits: Any) -> Probe:
        if target.endpoint.port == 7:
            raise RuntimeError("\x1b oh")
        return probe_peer(target, limits)

    monkeypatch.setattr(_probe, "probe_peer", broken)
    probes = run({"host": "127.0.0.1", "port": 7}, {"host": "127.0.0.1"})
    assert [one["error"] for one in probes] == ["INTERNAL", "ECONNREFUSED"]
    assert probes[0]["address"] == "127.0.0.1"
    assert probes[0]["message"] == "This is a bug in tcp_probe: RuntimeError: ? oh."


def test_as_many_endpoints_as_are_allowed() -> None:
    assert [one["error"] for one in run(*({"host": "127.0.0.1", "port": port} for port in range(1, MAX_ENDPOINTS + 1)))][:6] == [
        "ECONNREFUSED"
    ] * 6


def test_nothing_to_do() -> None:
    assert run() == []
