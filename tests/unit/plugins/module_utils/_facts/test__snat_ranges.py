# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import subprocess
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts import _snat_ranges
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._conntrack import SnatTally, snat_uses
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._nat import look
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._snat_ranges import count, ranges_of
from hypothesis import given
from hypothesis import strategies as st
from support.conntrack import ICMP, SEEN_REPLY, SNAT, UDP, entry
from support.namespaces import Unavailable, own_namespaces
from support.netlink import done, refused

if t.TYPE_CHECKING:
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._nat_types import SnatPool, SnatUse

PEER, OTHER = ("192.0.2.1", 443), ("192.0.2.2", 443)
ADDRESS = "198.51.100.1"


def pool(first: int | None, last: int | None) -> SnatPool:
    return {"protocol": None, "low": ADDRESS, "high": ADDRESS, "first_port": first, "last_port": last}


def counted(messages: list[bytes], *pools: SnatPool) -> tuple[dict[tuple[str, str], list[int]], list[str]]:
    """Protocol and destination to the ports in each range."""
    dump = [b"".join([*messages, done()])]
    tally, uses = tallied(dump)
    not_seen = count(tally, uses, pools, lambda: dump)
    return {(use["protocol"], use["destination"]): [one["ports"] for one in use["in_ranges"]] for use in uses}, not_seen


def tallied(dump: list[bytes]) -> tuple[SnatTally, list[SnatUse]]:
    tally, _not_seen = snat_uses(20, lambda: dump)
    assert tally is not None
    return tally, tally.result(20)


def test_whoever_gave_it_a_port_counts_where_it_is() -> None:
    messages = [
        *(entry(PEER, (ADDRESS, port)) for port in (999, 1000, 1009, 1010, 1019, 40000)),
        entry(PEER, (ADDRESS, 1005), zone=True),
        entry(PEER, (ADDRESS, 1006), status=SEEN_REPLY),
        entry(PEER, (ADDRESS, 0), protocol=ICMP),
        entry(PEER, (ADDRESS, 1011), protocol=UDP),
        entry(OTHER, (ADDRESS, 1001)),
    ]
    assert counted(messages, pool(1000, 1009), pool(1010, 1029), pool(1000, 1009), pool(None, None)) == (
        {("tcp", PEER[0]): [3, 2], ("tcp", OTHER[0]): [1, 0], ("udp", PEER[0]): [0, 1]},
        [],
    )


@given(st.lists(st.tuples(st.sampled_from([PEER, OTHER, ("2001:db8::1", 80)]), st.integers(0, 30), st.booleans()), max_size=30))
def test_the_count_is_that_of_the_entries(entries: list[tuple[tuple[str, int], int, bool]]) -> None:
    messages = [entry(peer, ("2001:db8::9" if ":" in peer[0] else ADDRESS, port), status=SNAT if nat else 0) for peer, port, nat in entries]
    found, not_seen = counted(messages, pool(10, 19))
    expected = {("tcp", peer[0]): [0] for peer, _port, nat in entries if nat}
    for peer, port, nat in entries:
        expected.get(("tcp", peer[0]), [0])[0] += nat and 10 <= port <= 19
    assert (found, not_seen) == (expected, [])


def test_few_ports_are_far_from_the_limit_and_need_no_second_dump() -> None:
    tally, uses = tallied([entry(PEER, (ADDRESS, 1000)), done()])

    def dump() -> list[bytes]:
        raise AssertionError

    assert count(tally, uses, [pool(1000, 1999), pool(None, None)], dump) == []
    assert uses[0]["in_ranges"] == []


@pytest.mark.parametrize(
    ("seconds", "dump", "why"), [(10.0, [refused(1)], "ctnetlink answered EPERM"), (-1.0, [b"", done()], "after -1 s")]
)
def test_what_was_not_counted_is_told(monkeypatch: pytest.MonkeyPatch, seconds: float, dump: list[bytes], why: str) -> None:
    tally, uses = tallied([entry(PEER, (ADDRESS, 1000)), done()])
    monkeypatch.setattr(_snat_ranges, "MAX_SECONDS", seconds)
    assert count(tally, uses, [pool(1000, 1009)], lambda: dump) == [
        f"The ports of source NAT were not counted for each range of the firewall's rules: {why}."
    ]
    assert uses[0]["in_ranges"] == []


def test_ranges_that_cannot_be_are_none_and_many_are_bounded() -> None:
    assert ranges_of([pool(5, 4), pool(None, 9), pool(7, 9), pool(1, 2), pool(1, 2)]) == [(1, 2), (7, 9)]
    assert len(ranges_of([pool(1, last) for last in range(1, 100)])) == _snat_ranges.MAX_RANGES


RULES = """\
table ip t {
  chain c {
    type nat hook postrouting priority srcnat
    udp sport 20000-20149 snat to 127.0.0.5:30000-30199
    udp dport 99 snat to 127.0.0.5
  }
}
"""


@own_namespaces
def test_two_rules_of_a_real_gateway_give_one_address() -> None:
    try:
        subprocess.run(["nft", RULES], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(f"needs nft: {error}") from None
    for port in (*range(20000, 20150), *range(25000, 25100)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind(("127.0.0.1", port))
            one.sendto(b"x", ("127.0.0.9", 99))
    nat, not_seen = look(1, False, 5)
    assert not_seen == []
    uses = [(use["ports"], use["in_ranges"]) for use in nat["snat"] or ()]
    assert uses == [(250, [{"first_port": 30000, "last_port": 30199, "ports": 150}])]
