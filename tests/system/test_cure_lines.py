# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines that cures offer: real programs take them. test_cure_claims.py has what they do."""

from __future__ import annotations

import re
import subprocess
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._advice import CURES
from support.cure_lines import Servers, configuration, container, offered, quoted
from support.namespaces import Unavailable, own_namespaces

REPOSITORY = Path(__file__).resolve().parents[2]
POOL = "ProxyPass /pages http://127.0.0.1:1/ "


class Line(t.NamedTuple):
    """words: what stands between backticks in the cure. place: of the template. text: with values, where words are a name alone."""

    cure: str
    program: str
    place: str
    words: str
    text: str = ""


LINES = [
    Line("peer-closes-first", "haproxy", "frontend", "http-after-response set-header connection close"),
    Line("peer-closes-first", "haproxy", "frontend", "option httpclose"),
    Line("peer-closes-first", "nginx", "web", "keepalive_timeout 0;"),
    Line("peer-closes-first", "apache", "web", "KeepAlive Off"),
    Line("keep-alive", "nginx", "upstream", "keepalive 64;"),
    Line("keep-alive", "nginx", "location", "proxy_http_version 1.1;"),
    Line("keep-alive", "nginx", "location", 'proxy_set_header Connection "";'),
    Line("keep-alive", "haproxy", "backend", "http-reuse always"),
    Line("keep-alive", "haproxy", "backend", "http-reuse safe"),
    Line("keep-alive", "haproxy", "backend", "option httpclose"),
    Line("keep-alive", "haproxy", "backend", "option http-server-close"),
    Line("keep-alive", "haproxy", "server", "pool-purge-delay 60s"),
    Line("keep-alive", "apache", "web", "ProxyPass", POOL),
    Line("keep-alive", "apache", "web", "max=64 ttl=60", POOL + "max=64 ttl=60"),
    Line("keep-alive", "apache", "web", "disablereuse=On", POOL + "disablereuse=On"),
    Line("let-client-close", "nginx", "web", "keepalive_timeout", "keepalive_timeout 80s;"),
    Line("let-client-close", "nginx", "web", "keepalive_requests", "keepalive_requests 10000;"),
    Line("let-client-close", "nginx", "upstream", "keepalive 64;"),
    Line("let-client-close", "nginx", "location", "proxy_http_version 1.1;"),
    Line("let-client-close", "nginx", "location", 'proxy_set_header Connection "";'),
    Line("let-client-close", "haproxy", "frontend", "option httpclose"),
    Line("let-client-close", "haproxy", "defaults", "timeout http-keep-alive", "timeout http-keep-alive 80s"),
    Line("let-client-close", "haproxy", "defaults", "timeout client", "timeout client 80s"),
    Line("let-client-close", "apache", "web", "KeepAlive On"),
    Line("let-client-close", "apache", "web", "KeepAliveTimeout", "KeepAliveTimeout 80"),
    Line("dead-peer", "haproxy", "defaults", "timeout connect 5s"),
    Line("dead-peer", "nginx", "location", "proxy_connect_timeout 5s;"),
    Line("accept-faster", "nginx", "listen", "listen 80 backlog=4096;"),
    Line("accept-faster", "haproxy", "frontend", "backlog 4096"),
    Line("accept-faster", "haproxy", "frontend", "maxconn", "maxconn 1000"),
    Line("accept-faster", "apache", "web", "ListenBacklog 4096"),
    Line("bind-no-port", "nginx", "location", "proxy_bind", "proxy_bind 127.0.0.2;"),
    Line("bind-no-port", "haproxy", "server", "source", "source 127.0.0.2"),
    Line("more-sources", "haproxy", "server", "source", "source 127.0.0.2"),
    Line("more-sources", "haproxy", "backend", "server", "server two 127.0.0.1:1 source 127.0.0.3"),
    Line("more-sources", "nginx", "location", "proxy_bind", "proxy_bind $remote_addr;"),
    Line("more-sources", "nginx", "http", "split_clients", 'split_clients "$remote_port" $from { 50% 127.0.0.2; * 127.0.0.3; }'),
]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    yield from container("lines")


@pytest.mark.parametrize("line", LINES, ids=lambda one: f"{one.cure}: {one.program}: {one.words}")
def test_a_program_takes_the_line(servers: Servers, line: Line) -> None:
    assert line.words in offered(line.cure)
    text = line.text or line.words
    done = servers.takes(line.program, configuration(line.program, 1, 1, **{line.place: text}))
    assert (done.returncode, "warn" in done.stderr.lower()) == (0, False), done.stderr
    misspelt = text.replace(line.words, "x" + line.words, 1)
    wrong = servers.takes(line.program, configuration(line.program, 1, 1, **{line.place: misspelt}))
    assert wrong.returncode != 0, misspelt


def test_every_line_for_a_server_is_tried() -> None:
    """What a client sends and what only envoy reads are no lines of theirs."""
    for name, cure in CURES.items():
        of_servers = "\n".join(sentence for sentence in cure.how if re.search(r"haproxy|nginx|apache", sentence))
        tried = {line.words for line in LINES if line.cure == name}
        assert quoted(of_servers) - {"Connection: close"} == tried, name


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


def source_nat(script: Path, program: str, lines: list[str], listing_command: str) -> str:
    before = ["nft add table ip t", "nft add chain ip t c '{ type nat hook postrouting priority srcnat; }'"] if program == "nft" else []
    add = "nft add rule ip t c" if program == "nft" else "iptables -t nat -A POSTROUTING"
    script.write_text("\n".join(["set -eu", *before, *(f"{add} {line}" for line in lines)]), encoding="utf-8")
    return listing(script, *listing_command.split())


@own_namespaces
@pytest.mark.parametrize("name", SNAT)
def test_source_nat_to_two_addresses_in_turn(name: str, tmp_path: Path) -> None:
    program, lines, listing_command = SNAT[name]
    assert set(lines) <= offered("more-snat-addresses")
    listed = source_nat(tmp_path / "script", program, lines, listing_command)
    assert [listed.index("192.0.2.1") < listed.index("192.0.2.2"), "packet 0" in listed or "mod 2 0" in listed] == [True, True]


@own_namespaces
def test_source_nat_to_a_range(tmp_path: Path) -> None:
    (line,) = [words for words in offered("more-snat-addresses") if re.search(r"snat to [0-9.]+-", words)]
    assert line in source_nat(tmp_path / "script", "nft", [line], "nft list ruleset")


def test_every_rule_for_a_firewall_is_tried() -> None:
    tried = {line for _program, lines, _listing in SNAT.values() for line in lines}
    assert {words for words in offered("more-snat-addresses") if words not in tried} == {"snat to 192.0.2.1-192.0.2.4"}


def listing(script: Path, *command: str) -> str:
    """Run the commands of a file, and list what they made."""
    try:
        subprocess.run([command[0], "--version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(f"needs {command[0]}: {error}") from None
    done = subprocess.run(["sh", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
