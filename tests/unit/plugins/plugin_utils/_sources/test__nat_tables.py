# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._common import empty_snapshot
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._nat_tables import fill_in
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._snapshot import validate
from hypothesis import given
from hypothesis import strategies as st
from support.namespaces import Unavailable, own_namespaces

if t.TYPE_CHECKING:
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Snapshot

NATED = (
    "ipv4     2 tcp      6 117 TIME_WAIT src=10.0.0.1 dst=192.0.2.1 sport=40000 dport=443"
    " src=192.0.2.1 dst=198.51.100.1 sport=443 dport=30001 [ASSURED] mark=0 zone=0 use=2\n"
)
LISTED = NATED.replace("ipv4     2 ", "")
SAME_PORT = LISTED.replace("30001", "40000")
ONLY_PORT = LISTED.replace("198.51.100.1", "10.0.0.1")
PLAIN = ONLY_PORT.replace("30001", "40000")
ICMP = "icmp     1 29 src=10.0.0.1 dst=192.0.2.1 type=8 code=0 id=1 src=192.0.2.1 dst=198.51.100.1 type=0 code=0 id=1 use=1\n"
SAVED = "*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -j MASQUERADE --to-ports 1000-1999\nCOMMIT\n"
NFT = "table ip t {\n\tchain c {\n\t\tmasquerade to :2000-2999\n\t}\n}\n"
POOL = """\
table ip t {
  chain c {
    type nat hook postrouting priority srcnat
    ip daddr 127.0.0.9 udp dport 99 snat to 127.0.0.5:30000-30199
  }
}
"""
HIDDEN = NFT.replace("masquerade to :2000-2999", 'xt target "MASQUERADE"')


def made(
    entries: t.Sequence[str] = (), rules: dict[str, str] | None = None, ipvs: str = "", complete: bool = True, count: str | None = None
) -> Snapshot:
    snapshot = empty_snapshot("capture", "x")
    if count is not None:
        snapshot["sysctl"] = {"net.netfilter.nf_conntrack_count": {"state": "present", "raw": count, "value": int(count)}}
    fill_in(snapshot, entries, rules or {}, ipvs, complete)
    assert validate(snapshot)["nat"] == snapshot["nat"]
    return snapshot


def uses(*entries: str) -> list[tuple[str, str, str, int, int]]:
    nat = made(entries)["nat"]
    assert nat is not None
    assert nat["snat"] is not None
    return [(one["protocol"], one["address"], one["destination"], one["destination_port"], one["ports"]) for one in nat["snat"]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (NATED + LISTED, [("tcp", "198.51.100.1", "192.0.2.1", 443, 2)]),
        (SAME_PORT, [("tcp", "198.51.100.1", "192.0.2.1", 443, 1)]),
        (ONLY_PORT, [("tcp", "10.0.0.1", "192.0.2.1", 443, 1)]),
        (PLAIN + ICMP, []),
        (LISTED.replace("dport=443", "dport=x"), []),
        (LISTED.replace("198.51.100.1", "\x1b[31m"), []),
        ("", []),
    ],
)
def test_entries(text: str, expected: list[tuple[str, str, str, int, int]]) -> None:
    assert uses(text) == expected


def test_ports_are_counted_for_each_range_of_the_rules() -> None:
    ports = [NATED.replace("30001", str(port)) for port in (1000, 1999, 2000, 30001)]
    nat = made(ports, {"iptables-save -t nat": SAVED})["nat"]
    assert nat is not None
    assert [one["in_ranges"] for one in nat["snat"] or ()] == [[{"first_port": 1000, "last_port": 1999, "ports": 2}]]


def test_what_is_not_in_the_source_is_not_known() -> None:
    assert made()["nat"] is None
    snapshot = made(rules={"iptables-save -t nat": SAVED})
    assert snapshot["nat"] is not None
    assert snapshot["nat"]["snat"] is None
    assert snapshot["not_seen"] == ["Source NAT was not looked at: the entries of connection tracking are not in this source."]


def test_where_nothing_is_tracked_nothing_is_nated() -> None:
    nat = made(count="0")["nat"]
    assert nat is not None
    assert (nat["snat"], nat["pools"]) == ([], None)
    assert made(count="7")["nat"] is None


@pytest.mark.parametrize(
    ("rules", "first_ports"),
    [
        ({"nft list ruleset": NFT}, [2000]),
        ({"nft list ruleset": NFT, "iptables-save": SAVED}, [2000, 1000]),
        ({"nft list ruleset": HIDDEN, "iptables-nft-save": SAVED}, [1000]),
        # Rules that nobody can read are not the same as no rules.
        ({"nft list ruleset": HIDDEN}, None),
        ({"nft list ruleset": "Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed\n"}, None),
        ({"iptables-save": "bash: iptables-save: command not found\n"}, None),
        ({"nft list ruleset": ""}, []),
    ],
)
def test_rules(rules: dict[str, str], first_ports: list[int] | None) -> None:
    nat = made([LISTED], rules)["nat"]
    assert nat is not None
    assert (None if nat["pools"] is None else [one["first_port"] for one in nat["pools"]]) == first_ports


def test_ipvs_and_what_was_cut() -> None:
    nat = made([LISTED], ipvs="IP Virtual Server version 1.2.1\nTCP  0A000001:0050 rr\n", complete=False)["nat"]
    assert nat is not None
    assert (nat["kubernetes"], nat["complete"]) == (True, False)


@given(st.text(), st.lists(st.sampled_from([*LISTED.split(), "\n", "src=", "udp"])).map(" ".join))
def test_any_text_gives_a_valid_snapshot(text: str, words: str) -> None:
    made([text, words], {"nft list ruleset": text, "iptables-save": words}, text)


@own_namespaces
def test_both_listings_of_the_kernel_are_read() -> None:
    try:
        subprocess.run(["nft", "-f", "-"], input=POOL, text=True, check=True, capture_output=True)
        for _each in range(3):
            subprocess.run(["bash", "-c", "echo x > /dev/udp/127.0.0.9/99"], check=True, capture_output=True)
        listed = subprocess.run(["conntrack", "-L"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(f"needs nft, conntrack and bash: {error}") from None
    assert uses(listed) == [("udp", "127.0.0.5", "127.0.0.9", 99, 3)]
    with open("/proc/net/nf_conntrack") as entries:
        assert uses(entries.read()) == uses(listed)
