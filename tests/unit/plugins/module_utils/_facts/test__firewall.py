# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import subprocess

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._firewall import (
    MAX_RULES,
    NatRules,
    has_iptables_rules,
    of_iptables,
    of_nft,
    of_nft_text,
)
from hypothesis import given
from hypothesis import strategies as st
from support.namespaces import Unavailable, own_namespaces

Pool = tuple[object, ...]
MASQUERADE: Pool = (None, None, None, None, None)


def pools(rules: NatRules | None) -> list[Pool]:
    assert rules is not None
    return [(one["protocol"], one["low"], one["high"], one["first_port"], one["last_port"]) for one in rules.pools]


def dnat(rules: NatRules | None) -> list[Pool]:
    assert rules is not None
    return [(one["protocol"], one["first_port"], one["last_port"]) for one in rules.dnat]


@pytest.mark.parametrize(
    ("rule", "pool"),
    [
        ("-j MASQUERADE", MASQUERADE),
        ("-p tcp -j MASQUERADE --to-ports 1000-2000", ("tcp", None, None, 1000, 2000)),
        ("-p udp -j SNAT --to-source 192.0.2.1", ("udp", "192.0.2.1", "192.0.2.1", None, None)),
        ("-j SNAT --to-source 192.0.2.1-192.0.2.9:30000-30199 --random", (None, "192.0.2.1", "192.0.2.9", 30000, 30199)),
        ("-j SNAT --to-source 2001:db8::1:5", (None, "2001:db8::1:5", "2001:db8::1:5", None, None)),
        ("-j SNAT --to-source 2001:db8::1-2001:db8::9", (None, "2001:db8::1", "2001:db8::9", None, None)),
        ("-j SNAT --to-source [2001:db8::1]:5-6", (None, "2001:db8::1", "2001:db8::1", 5, 6)),
        ("-j SNAT --to-source [2001:db8::1-2001:db8::9]:5-6", (None, "2001:db8::1", "2001:db8::9", 5, 6)),
        ('-m comment --comment "to -j SNAT" -p tcp -j MASQUERADE', ("tcp", None, None, None, None)),
    ],
)
def test_pools_of_iptables(rule: str, pool: Pool) -> None:
    assert pools(of_iptables(f"*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING {rule}\nCOMMIT\n")) == [pool]


@pytest.mark.parametrize(
    ("rule", "ports"),
    [
        ("PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 80", [("tcp", 8080, 8080)]),
        ("PREROUTING -p udp -m multiport --dports 53,90:95 -j DNAT --to-destination 192.0.2.1", [("udp", 53, 53), ("udp", 90, 95)]),
        ("PREROUTING -p tcp -m tcp ! --dport 22 -j DNAT --to-destination 192.0.2.1", []),
        ("PREROUTING -p tcp --dport 70000 -j DNAT --to-destination 192.0.2.1", []),
        ('KUBE-NODEPORTS -p tcp -m comment --comment "a/b" -m tcp --dport 31000 -j KUBE-EXT-X', [("tcp", 31000, 31000)]),
        ("PREROUTING -p tcp --dport 22 -j ACCEPT", []),
    ],
)
def test_local_ports_that_iptables_sends_elsewhere(rule: str, ports: list[Pool]) -> None:
    assert dnat(of_iptables(f"*nat\n-A {rule}\nCOMMIT\n")) == ports


def test_other_tables_of_iptables_count_for_nothing() -> None:
    rules = of_iptables("*mangle\n:KUBE-SERVICES - [0:0]\n-A POSTROUTING -j MASQUERADE\nCOMMIT\n")
    assert (pools(rules), rules.kubernetes) == ([], False)


@pytest.mark.parametrize(
    ("line", "kubernetes"), [(":KUBE-SERVICES - [0:0]", True), (":KUBE-NODEPORTS - [0:0]", True), (":DOCKER - [0:0]", False)]
)
def test_chains_of_kube_proxy(line: str, kubernetes: bool) -> None:
    assert of_iptables(f"*nat\n{line}\nCOMMIT\n").kubernetes is kubernetes
    name = line[1:].split()[0]
    assert of_nft_text(f"table ip nat {{\n\tchain {name} {{\n\t}}\n}}\n").kubernetes is kubernetes
    assert getattr(of_nft(json.dumps({"nftables": [{"chain": {"name": name}}]})), "kubernetes", None) is kubernetes


RULES = """\
table ip n {
  chain post {
    type nat hook postrouting priority srcnat
    ip daddr 127.0.0.9 udp dport != 0 snat to 127.0.0.5:30000-30199
    ip daddr 127.0.0.10 tcp dport {80,443} snat to 127.0.0.5-127.0.0.7:1000-2000
    meta l4proto tcp masquerade to :1024-65535
    ip protocol udp masquerade to :1024-2047 comment "tcp dport 7 dnat to 192.0.2.7"
    meta l4proto {tcp, udp} masquerade to :1024-2048
    masquerade random
  }
  chain pre {
    type nat hook prerouting priority dstnat
    tcp dport {80,8000-8010} redirect to :8080
    udp dport 53 dnat to 10.0.0.1:53
    tcp dport != 22 dnat to 10.0.0.2
    th dport 1234 dnat to 10.0.0.1
    tcp dport 7777 accept
  }
}
table ip6 n {
  chain post {
    type nat hook postrouting priority srcnat
    tcp dport 1 snat to [2001:db8::1]:5-6
    snat to 2001:db8::1-2001:db8::9
  }
}
"""
RULES_POOLS = [
    ("udp", "127.0.0.5", "127.0.0.5", 30000, 30199),
    ("tcp", "127.0.0.5", "127.0.0.7", 1000, 2000),
    ("tcp", None, None, 1024, 65535),
    ("udp", None, None, 1024, 2047),
    (None, None, None, 1024, 2048),
    MASQUERADE,
    ("tcp", "2001:db8::1", "2001:db8::1", 5, 6),
    (None, "2001:db8::1", "2001:db8::9", None, None),
]
RULES_DNAT = [("tcp", 80, 80), ("tcp", 8000, 8010), ("udp", 53, 53), ("tcp", 1234, 1234), ("udp", 1234, 1234)]


def run(*command: str, given: str = "") -> str:
    try:
        return subprocess.run(command, input=given, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(f"needs {command[0]}: {getattr(error, 'stderr', error)}") from None


@own_namespaces
def test_both_listings_of_nft_tell_the_same() -> None:
    run("nft", "-f", "-", given=RULES)
    for rules in (of_nft(run("nft", "-j", "list", "ruleset")), of_nft_text(run("nft", "list", "ruleset"))):
        assert pools(rules) == RULES_POOLS
        assert dnat(rules) == RULES_DNAT


@own_namespaces
def test_rules_of_iptables_are_seen_in_the_listing_of_nft() -> None:
    run("iptables-nft", "-t", "nat", "-A", "POSTROUTING", "-p", "tcp", "-j", "SNAT", "--to-source", "192.0.2.1:30000-30199")
    assert has_iptables_rules(run("nft", "-j", "list", "ruleset"))
    assert pools(of_iptables(run("iptables-nft-save", "-t", "nat"))) == [("tcp", "192.0.2.1", "192.0.2.1", 30000, 30199)]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"nftables": 1}', "[" * 100_000, "Operation not permitted"])
def test_what_is_no_listing_of_nft(text: str) -> None:
    assert of_nft(text) is None


def test_a_pool_has_addresses_that_are_some() -> None:
    odd = [{"rule": {"expr": [{"snat": {"addr": address, "port": 5}}]}} for address in ("\ud800", "x" * 60, {"range": ["x", "y"]})]
    assert set(pools(of_nft(json.dumps({"nftables": odd})))) == {(None, None, None, 5, 5)}


def test_rules_are_bounded() -> None:
    lines = "\n".join(
        f"-A PREROUTING -p tcp --dport {port} -j REDIRECT\n-A POSTROUTING -j MASQUERADE --to-ports {port}" for port in range(1, 2000)
    )
    rules = of_iptables(f"*nat\n{lines}\n")
    rules.add(of_iptables(f"*nat\n{lines}\n"))
    assert (len(rules.pools), len(rules.dnat)) == (MAX_RULES, MAX_RULES)


WORDS = st.sampled_from(
    [
        "*nat\n",
        "-A X ",
        "-j SNAT ",
        "--to-source ",
        "1.2.3.4:5-6 ",
        "\n",
        '"',
        "snat ip to ",
        "tcp dport { 1, 2-3 } ",
        "redirect ",
        "[::1]:",
        "! ",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["tcp", "dport", "==", "1.2.3.4"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["match", "left", "payload", "meta", "field", "op", "right", "snat", "dnat", "addr", "port", "set", "range"]),
            inner,
        )
    ),
)


@given(st.text() | st.lists(WORDS).map("".join))
def test_any_text_is_read(text: str) -> None:
    for rules in (of_iptables(text), of_nft_text(text)):
        assert all(0 < first <= last <= 65535 for _protocol, first, last in dnat(rules))  # type: ignore[operator]


@given(st.lists(JSON, max_size=4))
def test_any_json_is_read(parts: list[object]) -> None:
    assert of_nft(json.dumps({"nftables": [{"rule": {"expr": parts}}]})) is not None
