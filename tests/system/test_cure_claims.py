# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the lines of cures do in real programs: who closes first, what is used again, how many may wait, which port is taken."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Iterator

import pytest
from support.cure_lines import Request, Servers, configuration, container, offered

PATIENCE_SECONDS = 10
COUNT = 10
# Ports: of the servers in question, and of the web server behind them.
FRONT, BEHIND = 8100, 8200
WEB_PORTS = range(BEHIND, BEHIND + 60)
BOUND, SOURCES, CONTROL = 8250, 8252, 8254

CLOSES = "http-after-response set-header connection close"
HTTPCLOSE, SERVER_CLOSE = "option httpclose", "option http-server-close"
SAFE, ALWAYS = "http-reuse safe", "http-reuse always"
POOL = "keepalive 64;"
POOLED = ["proxy_http_version 1.1;", 'proxy_set_header Connection "";']
PROXY_PASS = "ProxyPass /pages http://127.0.0.1:{behind}/ max=64 ttl=60"
# For let-client-close: the place, and the lines in it.
LONG = {
    "nginx": ("web", ["keepalive_timeout 80s;", "keepalive_requests 10000;"]),
    "haproxy": ("defaults", ["timeout http-keep-alive 80s", "timeout client 80s"]),
    "apache": ("web", ["KeepAlive On", "KeepAliveTimeout 80"]),
}


class Behaviour(t.NamedTuple):
    """COUNT connections to a server with lines of a cure, and who holds TIME_WAIT afterwards.

    quotes: what the cure says of it. how: "wait" until the server closes, unasked; "peer": ask for it; "client" closes first.
    server: TIME_WAITs of the server; the rest is the client's. opened: the most connections to the web server behind it; COUNT is one
    for each request, and with 0 it has no part in it.
    """

    name: str
    cure: str
    quotes: list[str]
    program: str
    places: dict[str, str]
    how: str
    server: int
    opened: int = 0
    version: str = "1.1"


def closes(program: str, places: dict[str, str], quote: str, opened: int = 0) -> Behaviour:
    return Behaviour(f"{program}, {quote}: it closes first", "peer-closes-first", [quote], program, places, "wait", COUNT, opened)


def lets(program: str, *quotes: str) -> list[Behaviour]:
    """The client closes first, unless it asks for closing."""
    cure, (place, lines) = "let-client-close", LONG[program]
    places, asks = {place: "\n".join(lines)}, ["Connection: close"]
    return [
        Behaviour(f"{program} lets the client close", cure, list(quotes), program, places, "client", 0),
        Behaviour(f"{program} closes when asked to", cure, asks, program, places, "peer", COUNT),
        Behaviour(f"{program} closes under HTTP/1.0", cure, asks, program, places, "wait", COUNT, version="1.0"),
    ]


def too_short(program: str, quote: str, value: str) -> Behaviour:
    """One of the lines is no longer than the client's use, and so the server closes first."""
    place, lines = LONG[program]
    changed = [f"{quote} {value}" if line.startswith(f"{quote} ") else line for line in lines]
    assert changed != lines
    return Behaviour(f"{program}, short {quote}", "let-client-close", [quote], program, {place: "\n".join(changed)}, "wait", COUNT)


def keeps(name: str, program: str, places: dict[str, str], quotes: list[str], opened: int) -> Behaviour:
    return Behaviour(name, "keep-alive", quotes, program, places, "client", 0, opened)


BEHAVIOURS = [
    closes("haproxy", {"frontend": CLOSES, "backend": ALWAYS}, CLOSES, 1),
    closes("haproxy", {"frontend": HTTPCLOSE, "backend": ALWAYS}, HTTPCLOSE, COUNT),
    closes("nginx", {"web": "keepalive_timeout 0;"}, "keepalive_timeout 0;"),
    closes("apache", {"web": "KeepAlive Off"}, "KeepAlive Off"),
    *lets("nginx", "keepalive_timeout", "keepalive_requests"),
    *lets("haproxy", "timeout http-keep-alive", "timeout client"),
    *lets("apache", "KeepAlive On", "KeepAliveTimeout"),
    too_short("nginx", "keepalive_timeout", "200ms;"),
    too_short("nginx", "keepalive_requests", "1;"),
    too_short("haproxy", "timeout http-keep-alive", "200ms"),
    too_short("haproxy", "timeout client", "200ms"),
    too_short("apache", "KeepAliveTimeout", "200ms"),
    keeps("nginx as it comes opens a connection for each request", "nginx", {}, [], COUNT),
    keeps("nginx with a pool", "nginx", {"upstream": POOL, "location": " ".join(POOLED)}, [POOL, *POOLED], 1),
    keeps("haproxy as it comes opens a connection for each client", "haproxy", {}, [], COUNT),
    keeps("haproxy, http-reuse safe: the same", "haproxy", {"backend": SAFE}, [SAFE], COUNT),
    keeps("haproxy, http-reuse always", "haproxy", {"backend": ALWAYS}, [ALWAYS], 1),
    keeps("httpclose ends reuse", "haproxy", {"backend": f"{ALWAYS}\n{HTTPCLOSE}"}, [HTTPCLOSE], COUNT),
    keeps("http-server-close ends reuse", "haproxy", {"backend": f"{ALWAYS}\n{SERVER_CLOSE}"}, [SERVER_CLOSE], COUNT),
    # Each of its processes has a pool of its own.
    keeps("apache with a pool", "apache", {"web": PROXY_PASS}, ["ProxyPass", "max=64 ttl=60"], 4),
    keeps("apache, disablereuse=On ends reuse", "apache", {"web": PROXY_PASS + " disablereuse=On"}, ["disablereuse=On"], COUNT),
]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    yield from container("claims", WEB_PORTS)


def start(servers: Servers, program: str, front: int, behind: int, **places: str) -> None:
    filled = {place: text.replace("{behind}", str(behind)) for place, text in places.items()}
    servers.start(program, configuration(program, front, behind, **filled), front)


def load(servers: Servers, port: int, count: int = COUNT, **more: object) -> None:
    done = servers.traffic("load", to=["127.0.0.1", port], count=count, **more)
    assert (done["ok"], done["errors"]) == (count, {})


def path_to_behind(program: str) -> str:
    return "/" if program == "haproxy" else "/pages"


def asked(servers: Servers, port: int, count: int = COUNT) -> list[Request]:
    """What the web server was asked on a port; it writes that down just after its answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(found := servers.asked(port)) < count and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(found) == count
    return found


def held(servers: Servers, port: int) -> dict[str, int]:
    """How many TIME_WAIT sockets each side of a port has."""
    state = servers.traffic("state")
    return {"server": state["local"].get(str(port), 0), "client": state["remote"].get(str(port), 0)}


@pytest.mark.parametrize("number", range(len(BEHAVIOURS)), ids=[one.name for one in BEHAVIOURS])
def test_who_closes_first_and_what_is_used_again(servers: Servers, number: int) -> None:
    one = BEHAVIOURS[number]
    assert set(one.quotes) <= offered(one.cure)
    front, behind = FRONT + number, BEHIND + number
    start(servers, one.program, front, behind, **one.places)
    load(servers, front, close=one.how, path=path_to_behind(one.program) if one.opened else "/", version=one.version)
    expected = {"server": one.server, "client": COUNT - one.server}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while held(servers, front) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert held(servers, front) == expected
    if one.opened:
        opened = len({request.connection for request in asked(servers, behind)})
        assert opened == COUNT if one.opened == COUNT else opened <= one.opened


# --- how many connections may wait -----------------------------------------------------------------------------------------------

WANTED = 4096
# The program, its lines without and with the cure's, and the port.
BACKLOGS = {
    "nginx": ({}, {"listen": "listen 80 backlog=4096;"}, 80),
    "apache": ({}, {"web": "ListenBacklog 4096"}, 8182),
    "haproxy": ({"frontend": "maxconn 1000"}, {"frontend": "maxconn 1000\nbacklog 4096"}, 8184),
}


def backlog(servers: Servers, port: int) -> int:
    return int(servers.must(f"ss -Hltn 'sport = :{port}'").split()[2])


def allow(servers: Servers, waiting: int) -> None:
    """In the container's own network namespace."""
    servers.must(f"echo {waiting} > /proc/sys/net/core/somaxconn")


@pytest.mark.parametrize("program", BACKLOGS)
def test_a_larger_backlog(servers: Servers, program: str) -> None:
    without, lines, port = BACKLOGS[program]
    (line,) = (text.splitlines()[-1] for text in lines.values())
    assert line in offered("accept-faster")
    allow(servers, 2 * WANTED)
    start(servers, program, port + 1, BEHIND, **without)
    start(servers, program, port, BEHIND, **lines)
    assert backlog(servers, port + 1) < WANTED == backlog(servers, port)


def test_haproxy_without_a_backlog_line_takes_its_maxconn(servers: Servers) -> None:
    """So the line would lower it where maxconn is high."""
    assert "maxconn" in offered("accept-faster")
    allow(servers, 2 * WANTED)
    start(servers, "haproxy", 8186, BEHIND, frontend="maxconn 6000")
    assert backlog(servers, 8186) == 6000


def test_a_higher_somaxconn_counts_after_a_restart(servers: Servers) -> None:
    allow(servers, 1000)
    start(servers, "nginx", 8188, BEHIND, listen="listen 8188 backlog=4096;")
    allow(servers, 2 * WANTED)
    assert backlog(servers, 8188) == 1000
    servers.must("kill $(cat /run/nginx-8188.pid); for _ in $(seq 100); do [ -e /run/nginx-8188.pid ] || exit 0; sleep 0.1; done; exit 1")
    start(servers, "nginx", 8188, BEHIND, listen="listen 8188 backlog=4096;")
    assert backlog(servers, 8188) == WANTED


# --- source addresses ------------------------------------------------------------------------------------------------------------


def parities(requests: list[Request]) -> set[int]:
    """Of the ports, from the first of the range on. connect() takes even ones while there are any, and bind() odd ones."""
    return {(request.port - 32768) % 2 for request in requests}


@pytest.mark.parametrize("no_port", [False, True])
def test_bind_takes_other_ports_than_connect(servers: Servers, no_port: bool) -> None:
    port = CONTROL + no_port
    load(servers, port, close="client", source="127.0.0.2", no_port=no_port)
    assert parities(asked(servers, port)) == {int(not no_port)}


SOURCE = {
    "haproxy": ("source", {"server": "source 127.0.0.2", "backend": "http-reuse never"}),
    "nginx": ("proxy_bind", {"location": "proxy_bind 127.0.0.2;"}),
}


@pytest.mark.parametrize("program", SOURCE)
def test_a_source_address_leaves_the_port_to_connect(servers: Servers, program: str) -> None:
    words, places = SOURCE[program]
    assert words in offered("bind-no-port")
    behind = BOUND + list(SOURCE).index(program)
    start(servers, program, FRONT + behind - BEHIND, behind, **places)
    load(servers, FRONT + behind - BEHIND, close="client", path=path_to_behind(program))
    requests = asked(servers, behind)
    assert ({request.address for request in requests}, parities(requests)) == ({"127.0.0.2"}, {0})


SPREAD = {
    "haproxy": (["server", "source"], {"server": "source 127.0.0.2", "backend": "server two 127.0.0.1:{behind} source 127.0.0.3"}),
    "nginx": (
        ["proxy_bind", "split_clients"],
        {"http": 'split_clients "$remote_port" $from { 50% 127.0.0.2; * 127.0.0.3; }', "location": "proxy_bind $from;"},
    ),
}


@pytest.mark.parametrize("program", SPREAD)
def test_more_source_addresses(servers: Servers, program: str) -> None:
    words, places = SPREAD[program]
    assert set(words) <= offered("more-sources")
    behind, many = SOURCES + list(SPREAD).index(program), 8 * COUNT
    start(servers, program, FRONT + behind - BEHIND, behind, **places)
    load(servers, FRONT + behind - BEHIND, many, close="client", path=path_to_behind(program))
    assert {request.address for request in asked(servers, behind, many)} == {"127.0.0.2", "127.0.0.3"}
