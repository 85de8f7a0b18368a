# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines that cures offer: real programs take them, and the side closes first that the cure names."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._advice import CURES
from containers import engine
from support.container_image import image
from support.cure_lines import CHECK, START, configuration, web_server
from support.namespaces import Unavailable, own_namespaces

REPOSITORY = Path(__file__).resolve().parents[2]
TRAFFIC = REPOSITORY / "tests" / "lab" / "traffic.py"
PATIENCE_SECONDS = 10
COUNT = 10
POOLED = 'proxy_http_version 1.1; proxy_set_header Connection "";'


class Line(t.NamedTuple):
    """words: what stands between backticks in the cure. place: of the template. text: with values, where words are a name alone."""

    cure: str
    program: str
    place: str
    words: str
    text: str = ""


LINES = [
    Line("peer-closes-first", "haproxy", "frontend", "http-after-response set-header connection close"),
    Line("peer-closes-first", "nginx", "web", "keepalive_timeout 0;"),
    Line("peer-closes-first", "apache", "web", "KeepAlive Off"),
    Line("keep-alive", "nginx", "upstream", "keepalive 64;"),
    Line("keep-alive", "nginx", "location", "proxy_http_version 1.1;"),
    Line("keep-alive", "nginx", "location", 'proxy_set_header Connection "";'),
    Line("keep-alive", "haproxy", "backend", "http-reuse safe"),
    Line("keep-alive", "haproxy", "backend", "always", "http-reuse always"),
    Line("keep-alive", "haproxy", "server", "pool-purge-delay 60s"),
    Line("keep-alive", "apache", "web", "max=64 ttl=60", "ProxyPass /pages http://127.0.0.1:1/ max=64 ttl=60"),
    Line("let-client-close", "nginx", "web", "keepalive_timeout", "keepalive_timeout 80s;"),
    Line("let-client-close", "nginx", "web", "keepalive_requests", "keepalive_requests 10000;"),
    Line("let-client-close", "nginx", "upstream", "keepalive 64;"),
    Line("let-client-close", "nginx", "location", "proxy_http_version 1.1;"),
    Line("let-client-close", "nginx", "location", 'proxy_set_header Connection "";'),
    Line("let-client-close", "haproxy", "defaults", "timeout http-keep-alive", "timeout http-keep-alive 80s"),
    Line("let-client-close", "haproxy", "defaults", "timeout client", "timeout client 80s"),
    Line("let-client-close", "apache", "web", "KeepAlive On"),
    Line("let-client-close", "apache", "web", "KeepAliveTimeout", "KeepAliveTimeout 80"),
    Line("dead-peer", "haproxy", "defaults", "timeout connect 5s"),
    Line("dead-peer", "nginx", "location", "proxy_connect_timeout 5s;"),
    Line("accept-faster", "nginx", "listen", "listen 80 backlog=4096;"),
    Line("accept-faster", "haproxy", "frontend", "backlog 4096"),
    Line("accept-faster", "apache", "web", "ListenBacklog 4096"),
    Line("bind-no-port", "nginx", "location", "proxy_bind", "proxy_bind 127.0.0.2;"),
    Line("bind-no-port", "haproxy", "server", "source", "source 127.0.0.2"),
    Line("more-sources", "haproxy", "server", "source", "source 127.0.0.2"),
    Line("more-sources", "nginx", "location", "proxy_bind", "proxy_bind $remote_addr;"),
    Line("more-sources", "nginx", "http", "split_clients", 'split_clients "$remote_port" $from { 50% 127.0.0.2; * 127.0.0.3; }'),
]


class Behaviour(t.NamedTuple):
    """Connections to a server with the lines, and who holds TIME_WAIT afterwards.

    how: "wait" for the server to close, or "client" closes first. path: "/pages" comes from a web server behind it. server: TIME_WAITs
    on this server's port; the rest of COUNT is the client's. behind: whether connections to that web server were closed, too.
    """

    name: str
    program: str
    places: dict[str, str]
    how: str
    path: str
    server: int
    behind: bool = False


CLOSES = "http-after-response set-header connection close"
BEHAVIOURS = [
    Behaviour("haproxy closes first, and keeps its connection to the backend", "haproxy", {"frontend": CLOSES}, "wait", "/", COUNT),
    Behaviour("httpclose ends that, too", "haproxy", {"frontend": "option httpclose"}, "wait", "/", COUNT, True),
    Behaviour("nginx closes first", "nginx", {"web": "keepalive_timeout 0;"}, "wait", "/", COUNT),
    Behaviour("apache closes first", "apache", {"web": "KeepAlive Off"}, "wait", "/", COUNT),
    Behaviour("nginx lets the client close", "nginx", {"web": "keepalive_timeout 80s;"}, "client", "/", 0),
    Behaviour("apache lets the client close", "apache", {"web": "KeepAlive On\nKeepAliveTimeout 80"}, "client", "/", 0),
    Behaviour("haproxy lets the client close", "haproxy", {"defaults": "timeout http-keep-alive 80s"}, "client", "/", 0),
    Behaviour("nginx as it comes opens a connection for each request", "nginx", {}, "client", "/pages", 0, True),
    Behaviour("nginx with a pool", "nginx", {"upstream": "keepalive 64;", "location": POOLED}, "client", "/pages", 0),
    Behaviour("haproxy, http-reuse safe", "haproxy", {"backend": "http-reuse safe"}, "client", "/", 0),
    Behaviour("haproxy, http-reuse always", "haproxy", {"backend": "http-reuse always"}, "client", "/", 0),
    Behaviour("http-server-close ends reuse", "haproxy", {"backend": "option http-server-close"}, "client", "/", 0, True),
    Behaviour("apache with a pool", "apache", {"web": "ProxyPass /pages http://127.0.0.1:{behind}/ max=64 ttl=60"}, "client", "/pages", 0),
]
FRONT, BEHIND = 8100, 8200


class Servers:
    """A container without a network but loopback."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, command: str, text: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["podman", "exec", "--interactive", self.name, "sh", "-c", command],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def must(self, command: str, text: str = "") -> str:
        done = self.run(command, text)
        assert done.returncode == 0, done.stderr or done.stdout
        return done.stdout

    def takes(self, program: str, text: str) -> subprocess.CompletedProcess[str]:
        return self.run(f"cat > /tmp/checked && {CHECK[program]} /tmp/checked", text)

    def start(self, program: str, text: str, port: int) -> None:
        self.must(f"cat > /tmp/{port}.conf && {START[program]} /tmp/{port}.conf", text)
        self.must(f"for _ in $(seq 100); do ss -Hltn 'sport = :{port}' | grep -q . && exit 0; sleep 0.1; done; exit 1")

    def traffic(self, command: str, **arguments: object) -> dict[str, t.Any]:
        answer: dict[str, t.Any] = json.loads(self.must(f'python3 /traffic.py {command} "$(cat)"', json.dumps(arguments)))
        return answer


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    name = f"tcp-test-{os.getpid()}-cures"
    servers = Servers(name)
    try:
        engine.start(image(), name, "net_admin", "--network=none")
        engine.podman("cp", str(TRAFFIC), f"{name}:/traffic.py")
        if servers.run("command -v apache2").returncode:
            pytest.skip("needs an image with apache2: the next run of the scenarios builds it")
        servers.must("mkdir -p /var/log/nginx /srv/cures && echo page > /srv/cures/index.html")
        servers.start("nginx", web_server(range(BEHIND, BEHIND + len(BEHAVIOURS))), BEHIND)
        yield servers
    except engine.Problem as problem:
        pytest.skip(f"needs containers: {problem}")
    finally:
        engine.podman("rm", "--force", "--time=0", name, check=False)


def offered(cure: str) -> set[str]:
    """What stands between backticks in a cure."""
    return set(re.findall(r"`([^`]+)`", "\n".join(CURES[cure].how)))


@pytest.mark.parametrize("line", LINES, ids=lambda one: f"{one.cure}: {one.program}: {one.words}")
def test_a_program_takes_the_line(servers: Servers, line: Line) -> None:
    assert line.words in offered(line.cure)
    text = line.text or line.words
    done = servers.takes(line.program, configuration(line.program, 1, 1, **{line.place: text}))
    assert done.returncode == 0, done.stderr
    wrong = servers.takes(line.program, configuration(line.program, 1, 1, **{line.place: "x" + text}))
    assert wrong.returncode != 0


def test_every_line_for_a_server_is_tried() -> None:
    """Commands, sysctl keys and what a cure warns of are no lines of a configuration."""
    tried = {(line.cure, line.words) for line in LINES}
    other = re.compile(r"Connection: close|option http|ProxyPass|disablereuse|http_protocol_options|snat|-j SNAT|--to-source|server\Z")
    for name, cure in CURES.items():
        for sentence in cure.how:
            if re.search(r"haproxy|nginx|apache", sentence):
                assert {words for words in re.findall(r"`([^`]+)`", sentence) if not other.search(words)} <= {
                    words for cure_id, words in tried if cure_id == name
                }, name


@pytest.mark.parametrize("number", range(len(BEHAVIOURS)), ids=[one.name for one in BEHAVIOURS])
def test_who_closes_first(servers: Servers, number: int) -> None:
    one = BEHAVIOURS[number]
    front, behind = FRONT + number, BEHIND + number
    places = {place: text.replace("{behind}", str(behind)) for place, text in one.places.items()}
    servers.start(one.program, configuration(one.program, front, behind, **places), front)
    done = servers.traffic("load", to=["127.0.0.1", front], count=COUNT, close=one.how, path=one.path)
    assert (done["ok"], done["errors"]) == (COUNT, {})
    expected = {"server": one.server, "client": COUNT - one.server, "behind": one.behind}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while held(servers, front, behind) != expected and time.monotonic() < deadline:
        time.sleep(0.1)
    assert held(servers, front, behind) == expected


def held(servers: Servers, front: int, behind: int) -> dict[str, int | bool]:
    state = servers.traffic("state")
    return {
        "server": state["local"].get(str(front), 0),
        "client": state["remote"].get(str(front), 0),
        "behind": bool(state["local"].get(str(behind)) or state["remote"].get(str(behind))),
    }


def lines_of_the_role() -> str:
    readme = (REPOSITORY / "roles" / "fullnat_lb" / "README.md").read_text(encoding="utf-8")
    blocks: list[str] = re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)
    return next(block for block in blocks if "nft" in block)


COMMANDS = {
    "strip-timestamps-in-front": "\n".join(
        one.partition(", with the interface")[0] for one in CURES["strip-timestamps-in-front"].how if one.startswith("nft ")
    ),
    "role fullnat_lb": lines_of_the_role(),
}


@own_namespaces
@pytest.mark.parametrize("name", COMMANDS)
def test_the_rule_that_takes_timestamps_out(name: str, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("set -eu\n" + COMMANDS[name], encoding="utf-8")
    listed = listing(script, "nft", "list", "ruleset")
    assert "type filter hook prerouting priority raw" in listed
    assert re.search(r'iifname "OUTER" tcp flags (syn / syn,ack|& \(syn \| ack\) == syn) reset tcp option timestamp', listed), listed


SNAT = {
    "nftables": ("nft", ["numgen inc mod 2 0 snat to 192.0.2.1", "snat to 192.0.2.2"], "nft list ruleset"),
    "iptables": (
        "iptables",
        ["-m statistic --mode nth --every 2 --packet 0 -j SNAT --to-source 192.0.2.1", "-j SNAT --to-source 192.0.2.2"],
        "iptables-save -t nat",
    ),
}


@own_namespaces
@pytest.mark.parametrize("name", SNAT)
def test_source_nat_to_two_addresses_in_turn(name: str, tmp_path: Path) -> None:
    program, lines, listing_command = SNAT[name]
    assert set(lines) <= offered("more-snat-addresses")
    before = ["nft add table ip t", "nft add chain ip t c '{ type nat hook postrouting priority srcnat; }'"] if program == "nft" else []
    add = "nft add rule ip t c" if program == "nft" else "iptables -t nat -A POSTROUTING"
    script = tmp_path / "script"
    script.write_text("\n".join(["set -eu", *before, *(f"{add} {line}" for line in lines)]), encoding="utf-8")
    listed = listing(script, *listing_command.split())
    assert [listed.index("192.0.2.1") < listed.index("192.0.2.2"), "packet 0" in listed or "mod 2 0" in listed] == [True, True]


def listing(script: Path, *command: str) -> str:
    """Run the commands of a file, and list what they made."""
    try:
        subprocess.run([command[0], "--version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(f"needs {command[0]}: {error}") from None
    done = subprocess.run(["sh", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
