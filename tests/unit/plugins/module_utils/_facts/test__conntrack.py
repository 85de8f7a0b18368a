# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterable

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts import _conntrack
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._conntrack import SnatTally, snat_uses
from hypothesis import given
from hypothesis import strategies as st
from support.conntrack import ICMP, SEEN_REPLY, SNAT, TCP, UDP, entry
from support.namespaces import Unavailable, own_namespaces
from support.netlink import done, refused


def found(*messages: bytes, top: int = 20) -> tuple[SnatTally, list[tuple[str, str, str, int, int]]]:
    tally, not_seen = snat_uses(top, lambda: [b"".join(messages)])
    assert tally is not None
    assert not_seen == []
    uses = tally.result(top)
    return tally, [(one["protocol"], one["address"], one["destination"], one["destination_port"], one["ports"]) for one in uses]


def test_groups_are_by_protocol_address_and_peer() -> None:
    tally, groups = found(
        *(entry(("192.0.2.1", 443), ("198.51.100.1", 30000 + number)) for number in range(3)),
        entry(("192.0.2.1", 443), ("198.51.100.2", 30000)),
        entry(("192.0.2.1", 53), ("198.51.100.1", 1), protocol=UDP),
        entry(("2001:db8::1", 443), ("2001:db8::2", 5)),
        entry(("192.0.2.1", 443), ("198.51.100.1", 30009), zone=True),
        done(),
    )
    assert groups[0][-1] == 4
    assert sorted(groups) == [
        ("tcp", "198.51.100.1", "192.0.2.1", 443, 4),
        ("tcp", "198.51.100.2", "192.0.2.1", 443, 1),
        ("tcp", "2001:db8::2", "2001:db8::1", 443, 1),
        ("udp", "198.51.100.1", "192.0.2.1", 53, 1),
    ]
    assert (tally.entries, tally.read, tally.damaged, tally.error_bound) == (7, 7, False, 0)


def test_entries_without_source_nat_or_ports_do_not_count() -> None:
    plain = entry(("192.0.2.1", 443), ("198.51.100.1", 1), status=SEEN_REPLY)
    ping = entry(("192.0.2.1", 0), ("198.51.100.1", 0), protocol=ICMP)
    tally, groups = found(plain, entry(("192.0.2.1", 443), ("198.51.100.1", 2)), plain, ping, done())
    assert groups == [("tcp", "198.51.100.1", "192.0.2.1", 443, 1)]
    assert (tally.entries, tally.read) == (1, 4)


@pytest.mark.parametrize("error", [1, 11])
def test_a_refused_dump_is_no_empty_table(error: int) -> None:
    tally, not_seen = snat_uses(dump=lambda: [refused(error)])
    assert tally is None
    assert not_seen == [f"Source NAT was not looked at: connection tracking (ctnetlink) answered {'EPERM' if error == 1 else 'EAGAIN'}."]


def test_a_dump_that_stops_early_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_conntrack, "MAX_ENTRIES", 2)
    buffers = [entry(("192.0.2.1", 443), ("198.51.100.1", port)) for port in range(5)]
    tally, not_seen = snat_uses(dump=lambda: [*buffers, done()])
    assert tally is not None
    assert (tally.entries, tally.done) == (2, False)
    assert not_seen == ["Only the first 2 entries of connection tracking were read, so counts of source NAT may be too low."]


def test_a_damaged_dump_says_so() -> None:
    good = entry(("192.0.2.1", 443), ("198.51.100.1", 1))
    tally, not_seen = snat_uses(dump=lambda: [good + good[:30], done()])
    assert tally is not None
    assert tally.entries == 1
    assert tally.damaged
    assert not_seen == ["Some entries of connection tracking could not be understood, so counts of source NAT may be too low."]


POOL = """\
table ip t {
  chain c {
    type nat hook postrouting priority srcnat
    ip daddr 127.0.0.9 udp dport 99 snat to 127.0.0.5:30000-30199
  }
}
"""
GROUPS = st.tuples(
    st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1"]), st.integers(1, 3), st.sampled_from([TCP, UDP]), st.booleans()
)


@given(st.lists(st.tuples(GROUPS, st.booleans())), st.integers(1, 7))
def test_entries_in_any_order_and_in_any_buffers_are_all_counted(entries: list[tuple[tuple[str, int, int, bool], bool]], size: int) -> None:
    messages = [
        entry((peer, port), ("2001:db8::9" if ":" in peer else "198.51.100.1", 9), protocol=protocol, zone=zone, status=SNAT if nat else 0)
        for (peer, port, protocol, zone), nat in entries
    ] + [done()]
    tally, _not_seen = snat_uses(1000, lambda: [b"".join(messages[at : at + size]) for at in range(0, len(messages), size)])
    assert tally is not None
    counted = {(one["destination"], one["destination_port"], one["protocol"]): one["ports"] for one in tally.result(1000)}
    expected: dict[tuple[str, int, str], int] = {}
    for (peer, port, protocol, _zone), nat in entries:
        if nat:
            key = (peer, port, "tcp" if protocol == TCP else "udp")
            expected[key] = expected.get(key, 0) + 1
    assert counted == expected
    assert tally.read == len(entries)


@given(st.binary(max_size=40), st.integers(0, 200), st.integers(0, 200))
def test_no_content_makes_it_raise(noise: bytes, start: int, length: int) -> None:
    whole = entry(("192.0.2.1", 443), ("198.51.100.1", 1)) + entry(("2001:db8::1", 443), ("2001:db8::2", 1), protocol=UDP)
    tally, _not_seen = snat_uses(dump=lambda: [whole[:start] + noise + whole[start + length :], done()])
    if tally is not None:
        assert sum(one["ports"] for one in tally.result(20)) == tally.entries <= 3


def of_conntrack(words: Iterable[str]) -> int:
    return sum(1 for line in words if "dst=127.0.0.5 " in line)


@own_namespaces
def test_a_pool_that_is_made_is_counted_as_conntrack_lists_it() -> None:
    try:
        subprocess.run(["nft", POOL], check=True, capture_output=True)
        subprocess.run(["conntrack", "-C"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(f"needs nft and conntrack: {error}") from None
    sent = 0
    for number in range(230):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind(("127.0.0.1", 20000 + number))
            try:
                one.sendto(b"x", ("127.0.0.9", 99))
                sent += 1
            except PermissionError:
                # The pool is empty: the kernel drops the packet.
                continue
    tally, not_seen = snat_uses()
    assert not_seen == []
    assert tally is not None
    listed = subprocess.run(["conntrack", "-L"], check=True, capture_output=True, text=True).stdout.splitlines()
    (use,) = tally.result(5)
    assert (use["protocol"], use["address"], use["destination"], use["destination_port"]) == ("udp", "127.0.0.5", "127.0.0.9", 99)
    assert use["ports"] == of_conntrack(listed)
    assert (sent, of_conntrack(listed), tally.done) == (200, 200, True)
