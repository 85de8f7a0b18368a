# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import ipaddress
import json
import shutil
import socket
import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Iterable, NamedTuple

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._socket_tally import STATES
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._sockets import count_sockets
from hypothesis import given
from hypothesis import strategies as st
from support.netlink import Kernel, connection, done, refused, tcp_info

RANGE = (32768, 60999)
CLIENT = "192.0.2.1"
WEB = ("192.0.2.80", 443)


def counted(sockets: Iterable[bytes], ephemeral: tuple[int, int] | None = RANGE, top: int = 20) -> Any:
    found, not_seen = count_sockets(ephemeral, top, Kernel(sockets))
    assert not_seen == []
    return found


def test_no_sockets() -> None:
    assert counted([]) == {
        "states": {"ipv4": {}, "ipv6": {}},
        "listeners": [],
        "listeners_left_out": 0,
        "time_wait_listening": 0,
        "time_wait_outgoing": 0,
        "outgoing": 0,
        "ports_in_use": [],
        "error_bound": 0,
        "timestamps": [],
        "source_ports": [],
        "source_ports_left_out": 0,
        "accepted": [],
        "fin_wait2_orphans": 0,
        "udp": None,
        "reuse_sample": None,
        "programs": None,
    }


def test_states_by_family() -> None:
    found = counted(
        [connection("listen", ("0.0.0.0", 22)), connection("listen", ("::", 22))]
        + [connection(number, ("192.0.2.1", 22), WEB) for number in range(1, 12) if number != 10]
        + [connection("time_wait", ("2001:db8::1", 22), ("2001:db8::2", 5))] * 7
    )
    names = set(STATES) - {""}
    assert len(names) == 11
    assert found["states"] == {"ipv4": dict.fromkeys(names, 1), "ipv6": {"listen": 1, "time_wait": 7}}


def test_a_listener_is_named_once_however_many_sockets_share_it() -> None:
    found = counted(
        [connection("listen", ("0.0.0.0", 80))] * 4 + [connection("listen", ("::1", 53)), connection("listen", ("127.0.0.1", 53))]
    )
    assert [(one["family"], one["address"], one["port"]) for one in found["listeners"]] == [
        ("ipv4", "127.0.0.1", 53),
        ("ipv6", "::1", 53),
        ("ipv4", "0.0.0.0", 80),
    ]


def test_of_listeners_that_share_an_address_the_longest_queue_counts() -> None:
    found = counted([connection("listen", ("0.0.0.0", 80), queues=queues) for queues in ((1, 128), (6, 5), (0, 4096))])
    assert [(one["queue"], one["backlog"]) for one in found["listeners"]] == [(6, 5)]


def test_a_listener_that_is_named_is_not_also_left_out() -> None:
    found = counted([connection("listen", ("0.0.0.0", port)) for port in range(1, 501)] + [connection("listen", ("0.0.0.0", 1))])
    assert found["listeners_left_out"] == 0


def test_of_very_many_listeners_some_are_only_counted() -> None:
    found = counted([connection("listen", ("0.0.0.0", port)) for port in range(1, 601)] + [connection("time_wait", (CLIENT, 600), WEB)])
    assert (len(found["listeners"]), found["listeners_left_out"]) == (500, 100)
    assert found["time_wait_listening"] == 1


@pytest.mark.parametrize(
    ("local_port", "ephemeral", "listening", "outgoing"),
    [(80, RANGE, 3, 0), (80, None, 3, 0), (40000, RANGE, 0, 3), (8080, RANGE, 0, 0), (8080, None, 0, 3)],
)
def test_a_time_wait_belongs_to_a_listener_or_to_an_outgoing_connection_or_to_a_server_that_is_gone(
    local_port: int, ephemeral: tuple[int, int] | None, listening: int, outgoing: int
) -> None:
    time_waits = [connection("time_wait", (CLIENT, local_port), ("192.0.2.9", port)) for port in (1, 2, 3)]
    found = counted([connection("listen", ("::", 80)), *time_waits], ephemeral)
    assert (found["time_wait_listening"], found["time_wait_outgoing"]) == (listening, outgoing)


def test_ports_in_use_are_grouped_by_source_destination_and_port_busiest_first() -> None:
    found = counted(
        [connection("time_wait", (CLIENT, 40000 + n), WEB) for n in range(5)]
        + [connection("established", (CLIENT, 41000 + n), WEB, tcp_info(True)) for n in range(2)]
        + [connection("syn_sent", (CLIENT, 42000), WEB)]
        + [connection("time_wait", (CLIENT, 40000 + n), (WEB[0], 80)) for n in range(3)]
        + [connection("close_wait", ("192.0.2.2", 40000), WEB, tcp_info(True))]
    )
    assert found["ports_in_use"] == [
        {**group(443, 8), "states": {"established": 2, "syn_sent": 1, "time_wait": 5}, "bind_parity": 3},
        {**group(80, 3), "states": {"time_wait": 3}, "bind_parity": 1},
        {**group(443, 1), "source": "192.0.2.2", "states": {"close_wait": 1}, "bind_parity": 0},
    ]
    assert found["error_bound"] == 0


def group(port: int, ports: int) -> dict[str, Any]:
    return {"device": None, "source": CLIENT, "destination": WEB[0], "destination_port": port, "ports": ports, "begun": 0}


def test_a_time_wait_of_the_last_five_seconds_has_begun_just_now() -> None:
    left = (60_000, 58_000, 55_001, 55_000, 54_000, 3_000, 0, 60_001, 4_000_000_000)
    sockets = [connection("time_wait", (CLIENT, 40000 + n), WEB, expires=milliseconds) for n, milliseconds in enumerate(left)]
    # The same group but for the port, which a program chose.
    listening = [connection("time_wait", (CLIENT, 80), WEB, expires=60_000)]
    assert [one["begun"] for one in counted(listening + sockets)["ports_in_use"]] == [3]
    mapped = [connection("time_wait", (f"::ffff:{CLIENT}", 41000), (f"::ffff:{WEB[0]}", WEB[1]), expires=59_999)]
    assert [one["begun"] for one in counted(sockets + mapped)["ports_in_use"]] == [4]


@pytest.mark.parametrize("low", [32768, 32769])
def test_of_a_group_the_ports_that_bind_takes_first_are_counted(low: int) -> None:
    sockets = [connection("time_wait", (CLIENT, low + n), WEB) for n in (0, 1, 2, 3, 5)]
    sockets += [connection("established", (CLIENT, low + 7), WEB, tcp_info(True))]
    assert [one["bind_parity"] for one in counted(sockets, (low, 60999))["ports_in_use"]] == [4]


def test_sockets_that_are_bound_to_two_devices_share_no_ports() -> None:
    loopback, gone = 1, 0x7FFFFFFF
    found = counted(
        [connection("time_wait", (CLIENT, 40000 + n), WEB, identity=(loopback, 0, 0, 0)) for n in range(3)]
        + [connection("established", (CLIENT, 40000 + n), WEB, tcp_info(True), identity=(gone, 0, 0, 0)) for n in range(2)]
    )
    assert [(one["device"], one["ports"]) for one in found["ports_in_use"]] == [("lo", 3), (f"if{gone}", 2)]
    assert [(one["device"], one["ports"], one["connections"]) for one in found["source_ports"]] == [("lo", 3, 3), (f"if{gone}", 2, 2)]


def test_a_source_holds_each_port_once_for_all_destinations() -> None:
    found = counted(
        [connection("established", (CLIENT, port), ("192.0.2.80", to), tcp_info(True)) for port in (32769, 32770, 40001) for to in (1, 2)]
        + [connection("time_wait", ("::ffff:" + CLIENT, 40003), ("::ffff:192.0.2.80", 1))]
        + [connection("time_wait", ("192.0.2.2", 50000 + 2 * n), WEB) for n in range(2)]
        + [connection("time_wait", (CLIENT, 22), WEB), connection("listen", (CLIENT, 22))]
    )
    assert found["source_ports"] == [
        {"device": None, "source": CLIENT, "connections": 7, "ports": 4, "bind_parity": 3},
        {"device": None, "source": "192.0.2.2", "connections": 2, "ports": 2, "bind_parity": 0},
    ]
    assert found["source_ports_left_out"] == 0


def test_very_many_sources_are_told_apart_up_to_a_bound() -> None:
    found = counted([connection("time_wait", (f"192.0.3.{n}", 40000), WEB) for n in range(200)], top=10)
    assert (len(found["source_ports"]), found["source_ports_left_out"]) == (10, 190)


def test_accepted_connections_are_counted_by_port_and_state() -> None:
    peers = [("192.0.2.9", port) for port in range(50000, 50005)]
    found = counted(
        [connection("listen", ("0.0.0.0", 80)), connection("listen", ("0.0.0.0", 443))]
        + [connection("close_wait", (CLIENT, 80), peer, tcp_info(True)) for peer in peers]
        + [connection("time_wait", (CLIENT, 80), peer) for peer in peers[:2]]
        + [connection("established", (CLIENT, 443), peer, tcp_info(True)) for peer in peers[:1]]
    )
    assert found["accepted"] == [
        {"port": 80, "states": {"time_wait": 2, "close_wait": 5}},
        {"port": 443, "states": {"established": 1}},
    ]


def test_an_orphan_is_a_socket_in_fin_wait2_that_no_program_has_open() -> None:
    found = counted(
        [connection("fin_wait2", (CLIENT, 40000 + n), WEB) for n in range(3)]
        + [connection("fin_wait2", (CLIENT, 41000), WEB, tcp_info(True), identity=(0, 0, 0, 4711))]
        + [connection("time_wait", (CLIENT, 42000), WEB)]
    )
    assert found["fin_wait2_orphans"] == 3
    assert found["ports_in_use"][0]["states"] == {"fin_wait2": 4, "time_wait": 1}


def test_a_connection_that_a_proxy_took_for_another_address_is_not_outgoing() -> None:
    """TPROXY: the local port is the service's and has no listener; the peer's is an ephemeral one."""
    taken = connection("established", ("198.51.100.7", 443), ("192.0.2.9", 50000), tcp_info(True))
    own = connection("established", (CLIENT, 700), ("192.0.2.80", 2049), tcp_info(True))
    assert (counted([taken])["outgoing"], counted([own])["outgoing"]) == (0, 1)
    assert counted([taken])["timestamps"] == []


@pytest.mark.parametrize(
    ("ephemeral", "ports"),
    [
        (RANGE, {32768, 60999}),
        (None, {1, 32767, 32768, 60999, 61000, 65535}),
        ((1, 65535), {1, 32767, 32768, 60999, 61000, 65535}),
        ((32767, 32767), {32767}),
        ((60000, 99999), {60999, 61000, 65535}),
    ],
)
@pytest.mark.parametrize("state", ["time_wait", "established"])
def test_only_ports_of_the_ephemeral_range_count_as_in_use(state: str, ephemeral: tuple[int, int] | None, ports: set[int]) -> None:
    sockets = [connection(state, (CLIENT, port), WEB) for port in (1, 32767, 32768, 60999, 61000, 65535)]
    assert sum(group["ports"] for group in counted(sockets, ephemeral)["ports_in_use"]) == len(ports)


def test_a_port_with_a_listener_is_not_in_use_by_outgoing_connections() -> None:
    sockets = [connection("listen", ("0.0.0.0", 40000))] + [
        connection(state, (CLIENT, 40000), (WEB[0], port)) for port, state in enumerate(("time_wait", "established"))
    ]
    found = counted(sockets)
    assert (found["ports_in_use"], found["outgoing"]) == ([], 0)


def test_an_ipv4_address_inside_ipv6_joins_the_ipv4_group() -> None:
    mapped = [f"::ffff:{address}" for address in (CLIENT, WEB[0])]
    found = counted(
        [
            connection("time_wait", (CLIENT, 40000), WEB),
            connection("time_wait", (mapped[0], 40001), (mapped[1], 443)),
            connection("established", (mapped[0], 40002), (mapped[1], 443), tcp_info(True)),
            connection("established", (mapped[0], 40003), ("::ffff:127.0.0.1", 443), tcp_info(True)),
        ]
    )
    assert [(one["destination"], one["ports"], one["states"]) for one in found["ports_in_use"]] == [
        (WEB[0], 3, {"established": 1, "time_wait": 2}),
        ("127.0.0.1", 1, {"established": 1}),
    ]
    assert {one["destination"] for one in found["timestamps"]} == {WEB[0], "127.0.0.1"}
    assert (found["outgoing"], found["states"]["ipv6"]) == (1, {"established": 2, "time_wait": 1})


@pytest.mark.parametrize(
    ("remote", "outgoing"),
    [("127.0.0.1", 0), ("127.255.1.2", 0), ("::1", 0), ("126.255.255.255", 1), ("128.0.0.1", 1), ("::2", 1), ("7f00::1", 1)],
)
def test_connections_to_loopback_are_not_outgoing(remote: str, outgoing: int) -> None:
    local = "::3" if ":" in remote else CLIENT
    assert counted([connection("established", (local, 40000), (remote, 80))])["outgoing"] == outgoing


def test_neither_time_wait_nor_close_is_a_live_connection() -> None:
    found = counted([connection("time_wait", (CLIENT, 40000), WEB), connection("close", (CLIENT, 40001), WEB)])
    assert found["outgoing"] == 0
    assert [group["ports"] for group in found["ports_in_use"]] == [1]


def test_timestamps_are_counted_by_destination_after_the_handshake() -> None:
    found = counted(
        [connection("established", (CLIENT, 40000 + n), WEB, tcp_info(n < 3)) for n in range(4)]
        + [connection("close_wait", (CLIENT, 40010), ("192.0.2.81", 80), tcp_info(True))]
        + [connection("syn_sent", (CLIENT, 40011), ("192.0.2.82", 80), tcp_info(False))]
        + [connection("fin_wait2", (CLIENT, 40012), ("192.0.2.83", 80))]
        + [connection("listen", (CLIENT, 22)), connection("established", (CLIENT, 22), ("192.0.2.84", 40000), tcp_info(True))]
    )
    assert found["timestamps"] == [
        {"destination": WEB[0], "destination_port": 443, "negotiated": 3, "not_negotiated": 1},
        {"destination": "192.0.2.81", "destination_port": 80, "negotiated": 1, "not_negotiated": 0},
    ]


@pytest.mark.parametrize("top", [0, 1, 3])
def test_no_more_than_the_top_are_named(top: int) -> None:
    sockets = [connection("established", (CLIENT, 40000 + n), ("192.0.2.80", n), tcp_info(True)) for n in range(1, 6)]
    found = counted(sockets, top=top)
    assert [group["destination_port"] for group in found["ports_in_use"]] == [1, 2, 3][:top]
    assert len(found["timestamps"]) == top


def test_very_many_groups_are_counted_short_and_say_by_how_much() -> None:
    def sockets() -> Iterable[bytes]:
        for n in range(12000):
            yield connection("established", (CLIENT, 40000), (f"10.0.{n // 250}.{n % 250}", 80), tcp_info(True))
            if n % 3 == 0:
                yield connection("time_wait", (CLIENT, 33000 + n // 3), WEB)

    found, not_seen = count_sockets(RANGE, 1, Kernel(sockets()))
    assert found is not None
    busiest = found["ports_in_use"][0]
    assert busiest["destination"] == WEB[0]
    assert busiest["ports"] <= 4000 <= busiest["ports"] + found["error_bound"]
    assert 0 < found["error_bound"] < 100
    assert found["states"]["ipv4"] == {"established": 12000, "time_wait": 4000}
    assert "destinations" in not_seen[0]


@pytest.mark.parametrize(("interruptions", "dumps", "sentences"), [(0, 4, 0), (1, 8, 0), (5, 8, 1)])
def test_an_interrupted_dump_is_taken_once_more(interruptions: int, dumps: int, sentences: int) -> None:
    kernel = Kernel([connection("time_wait", (CLIENT, 40000), WEB)], interruptions=interruptions)
    found, not_seen = count_sockets(RANGE, 20, kernel)
    assert found is not None
    assert found["time_wait_outgoing"] == 1
    assert (kernel.dumps, len(not_seen)) == (dumps, sentences)
    assert all("changed twice while" in sentence for sentence in not_seen)


@pytest.mark.parametrize("ending", [b"", b"\0" * 40, done()[:-6]])
def test_a_dump_without_its_end_is_reported(ending: bytes) -> None:
    one = connection("time_wait", (CLIENT, 40000), WEB)
    found, not_seen = count_sockets(RANGE, 20, lambda family, states, extensions: [one + ending])
    assert found is not None
    assert "incomplete" in not_seen[0]


def test_a_damaged_message_before_the_end_is_reported() -> None:
    found, not_seen = count_sockets(RANGE, 20, lambda family, states, extensions: [b"\0" * 40, done()])
    assert found is not None
    assert "damaged" in not_seen[0]


def test_a_refused_dump_gives_no_sockets_and_the_reason() -> None:
    found, not_seen = count_sockets(RANGE, 20, lambda family, states, extensions: [refused(errno.ENOENT)])
    assert found is None
    assert "ENOENT" in not_seen[0]


@pytest.mark.parametrize("number", [errno.EPERM, errno.EPROTONOSUPPORT, errno.EAFNOSUPPORT])
def test_a_refused_netlink_socket_gives_no_sockets_and_the_reason(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def refuse(*_arguments: object) -> socket.socket:
        raise OSError(number, "refused")

    monkeypatch.setattr(socket, "socket", refuse)
    found, not_seen = count_sockets(RANGE)
    assert found is None
    assert errno.errorcode[number] in not_seen[0]


_PIECES = st.sampled_from(
    [connection("time_wait", (CLIENT, 40000), WEB), connection("established", ("::1", 40000), ("::1", 1), tcp_info(True))]
)


@given(st.lists(st.lists(_PIECES | st.binary(max_size=150), max_size=6).map(b"".join), max_size=4))
def test_garbage_from_the_kernel_never_raises(buffers: list[bytes]) -> None:
    found, not_seen = count_sockets(RANGE, 20, lambda family, states, extensions: buffers)
    assert found is None or isinstance(json.dumps(found), str)
    assert not_seen or buffers


# What follows asks the real kernel, in a network namespace that the scenario has to itself.

_SS_STATES = {
    "ESTAB": "established",
    "SYN-SENT": "syn_sent",
    "FIN-WAIT-2": "fin_wait2",
    "TIME-WAIT": "time_wait",
    "CLOSE-WAIT": "close_wait",
    "LISTEN": "listen",
}
_PROC_STATES = {1: "established", 2: "syn_sent", 5: "fin_wait2", 6: "time_wait", 8: "close_wait", 10: "listen"}


class Seen(NamedTuple):
    """One socket as another tool tells it; timestamps is None where that tool does not tell."""

    family: str
    state: str
    source: str
    port: int
    destination: str
    destination_port: int
    timestamps: bool | None


def of_ss(line: str) -> Seen:
    state, _received, _sent, local, remote, *words = line.split()
    (source, port), (destination, destination_port) = (end.rsplit(":", 1) for end in (local, remote))
    return Seen(
        "ipv6" if "[" in local or local.startswith("*") else "ipv4",
        _SS_STATES[state],
        plain(source.strip("[]").replace("*", "::")),
        int(port),
        plain(destination.strip("[]").replace("*", "::")),
        int(destination_port.replace("*", "0")),
        "ts" in words if any(word.startswith("rto:") for word in words) else None,
    )


def of_proc(line: str) -> Seen:
    local, remote, state = line.split()[1:4]
    ends = []
    for address, port in (end.split(":") for end in (local, remote)):
        words = [int(address[start : start + 8], 16) for start in range(0, len(address), 8)]
        packed = struct.pack(f"={len(words)}I", *words)
        ends.append((plain(str(ipaddress.ip_address(packed))), int(port, 16)))
    family = "ipv4" if len(local) < 20 else "ipv6"
    return Seen(family, _PROC_STATES[int(state, 16)], *ends[0], *ends[1], None)


def plain(address: str) -> str:
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)


@pytest.fixture(scope="module")
def scenario() -> Any:
    for tool in ("unshare", "ip", "ss"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    if subprocess.run(["unshare", "-r", "-n", "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs a network namespace of its own, which this machine does not allow")
    script = Path(__file__).resolve().parents[4] / "support/socket_scenario.py"
    ran = subprocess.run(["unshare", "-r", "-n", sys.executable, str(script)], check=False, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.fixture(params=["ss", "proc"])
def seen(request: pytest.FixtureRequest, scenario: Any) -> list[Seen]:
    if request.param == "ss":
        return [of_ss(line) for line in scenario["ss"].splitlines()]
    return [of_proc(line) for name in ("tcp", "tcp6") for line in scenario[name].splitlines()[1:]]


def outgoing(seen: list[Seen]) -> list[Seen]:
    listening = {one.port for one in seen if one.state == "listen"}
    return [one for one in seen if one.port not in listening]


def test_states_are_those_that_others_see(scenario: Any, seen: list[Seen]) -> None:
    states: dict[str, Counter[str]] = {"ipv4": Counter(), "ipv6": Counter()}
    for one in seen:
        states[one.family][one.state] += 1
    assert scenario["ours"]["states"] == states
    assert scenario["not_seen"] == []


def test_listeners_are_those_that_others_see(scenario: Any, seen: list[Seen]) -> None:
    assert {(one["family"], one["address"], one["port"]) for one in scenario["ours"]["listeners"]} == {
        (one.family, one.source, one.port) for one in seen if one.state == "listen"
    }


def test_ports_in_use_are_those_that_others_see(scenario: Any, seen: list[Seen]) -> None:
    groups: dict[tuple[str, str, int], list[str]] = {}
    for one in outgoing(seen):
        if 20000 <= one.port <= 29999:
            groups.setdefault((one.source, one.destination, one.destination_port), []).append(one.state)
    assert {
        (one["source"], one["destination"], one["destination_port"]): (one["ports"], one["states"])
        for one in scenario["ours"]["ports_in_use"]
    } == {group: (len(states), Counter(states)) for group, states in groups.items()}
    assert len(groups) >= 8
    assert {state for states in groups.values() for state in states} == {"established", "time_wait", "syn_sent", "fin_wait2"}


def test_source_ports_are_those_that_others_see(scenario: Any, seen: list[Seen]) -> None:
    held: dict[str, list[int]] = {}
    for one in outgoing(seen):
        if 20000 <= one.port <= 29999:
            held.setdefault(one.source, []).append(one.port)
    assert {one["source"]: (one["connections"], one["ports"], one["bind_parity"]) for one in scenario["ours"]["source_ports"]} == {
        source: (len(ports), len(set(ports)), sum(port % 2 for port in set(ports))) for source, ports in held.items()
    }
    assert len(held) >= 3


def test_accepted_connections_are_those_that_others_see(scenario: Any, seen: list[Seen]) -> None:
    listening = {one.port for one in seen if one.state == "listen"}
    states: dict[int, Counter[str]] = {}
    for one in seen:
        if one.port in listening and one.state != "listen":
            states.setdefault(one.port, Counter())[one.state] += 1
    assert {one["port"]: one["states"] for one in scenario["ours"]["accepted"]} == states


def test_queues_are_those_that_ss_sees(scenario: Any) -> None:
    queues = {}
    for line in scenario["ss"].splitlines():
        if line.startswith("LISTEN"):
            _state, queue, backlog, local = line.split()[:4]
            queues[plain(local.rsplit(":", 1)[0].strip("[]").replace("*", "::")), int(local.rsplit(":", 1)[1])] = (int(queue), int(backlog))
    assert {(one["address"], one["port"]): (one["queue"], one["backlog"]) for one in scenario["ours"]["listeners"]} == queues
    assert any(queue > backlog for queue, backlog in queues.values())


def test_an_orphan_is_one_that_ss_sees_without_an_inode(scenario: Any) -> None:
    """The peer's end of the connection that a program closed is still open; the other one is half closed by its program."""
    assert scenario["ours"]["fin_wait2_orphans"] == 1
    assert scenario["ours"]["states"]["ipv4"]["fin_wait2"] == 2


def test_time_waits_are_on_the_side_that_others_see(scenario: Any, seen: list[Seen]) -> None:
    waiting = sum(one.state == "time_wait" for one in seen)
    of_clients = sum(one.state == "time_wait" for one in outgoing(seen))
    assert (scenario["ours"]["time_wait_outgoing"], scenario["ours"]["time_wait_listening"]) == (of_clients, waiting - of_clients)
    assert of_clients == 12


def test_outgoing_connections_are_those_that_others_see(scenario: Any, seen: list[Seen]) -> None:
    live = [one for one in outgoing(seen) if one.state != "time_wait" and not ipaddress.ip_address(one.destination).is_loopback]
    assert scenario["ours"]["outgoing"] == len(live) == 2


def test_timestamps_are_those_that_ss_sees(scenario: Any) -> None:
    agreed: dict[tuple[str, int], list[bool]] = {}
    for one in outgoing([of_ss(line) for line in scenario["ss"].splitlines()]):
        if one.timestamps is not None and one.state != "syn_sent":
            agreed.setdefault((one.destination, one.destination_port), []).append(one.timestamps)
    assert {
        (one["destination"], one["destination_port"]): (one["negotiated"], one["not_negotiated"]) for one in scenario["ours"]["timestamps"]
    } == {to: (each.count(True), each.count(False)) for to, each in agreed.items()}
    assert any(False in each for each in agreed.values())
