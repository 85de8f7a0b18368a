# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Source-NATed connections out of ctnetlink's messages: made-up ones, damaged ones, and the real kernel's against conntrack -L."""

from __future__ import annotations

import errno
import ipaddress
import json
import re
import shutil
import struct
import subprocess
import sys
import typing as t
from collections import Counter
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts import _conntrack
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._conntrack import SnatTally, snat_uses
from hypothesis import given
from hypothesis import strategies as st
from support.netlink import attribute, done, message, refused

TCP, UDP, ICMP = 6, 17, 1
NEW = 0x100
SRC_NAT, CONFIRMED = 1 << 4, 1 << 3


def nested(kind: int, *parts: bytes) -> bytes:
    return attribute(kind | 0x8000, b"".join(parts))


def tuple_of(kind: int, source: str, destination: str, protocol: int, ports: tuple[int, int]) -> bytes:
    first, second = (ipaddress.ip_address(one) for one in (source, destination))
    numbers = (1, 2) if first.version == 4 else (3, 4)
    addresses = nested(1, *(attribute(number, one.packed) for number, one in zip(numbers, (first, second))))
    proto = attribute(1, bytes((protocol,)))
    if protocol != ICMP:
        proto += b"".join(attribute(number, struct.pack(">H", port)) for number, port in zip((2, 3), ports))
    return nested(kind, addresses, nested(2, proto))


def entry(
    client: str,
    server: str,
    snat: str,
    ports: tuple[int, int, int],
    protocol: int = TCP,
    status: int = SRC_NAT | CONFIRMED,
    more: bytes = b"",
) -> bytes:
    """A connection from client to server, which sees it from the address snat. ports: the client's, the server's, the one at snat."""
    source, destination, given = ports
    parts = tuple_of(1, client, server, protocol, (source, destination)) + tuple_of(2, server, snat, protocol, (destination, given))
    return message(NEW, bytes((2, 0, 0, 0)) + parts + attribute(3, struct.pack(">I", status)) + more)


def uses(*buffers: bytes) -> list[tuple[t.Any, ...]]:
    tally, not_seen = snat_uses(20, lambda: [*buffers, done()])
    assert tally is not None
    assert (not_seen, tally.damaged) == ([], False)
    return [tuple(one.values()) for one in tally.result(20)]


def test_connections_are_counted_by_what_the_peer_sees() -> None:
    many = b"".join(entry(f"10.0.0.{n}", "192.0.2.80", "198.51.100.1", (40000, 443, 30000 + n)) for n in range(1, 6))
    other = entry("10.0.0.1", "192.0.2.80", "198.51.100.2", (40001, 443, 40001)) + entry(
        "10.0.0.1", "192.0.2.81", "198.51.100.1", (1, 80, 1)
    )
    assert uses(many, other) == [
        ("tcp", "198.51.100.1", "192.0.2.80", 443, 5),
        ("tcp", "198.51.100.1", "192.0.2.81", 80, 1),
        ("tcp", "198.51.100.2", "192.0.2.80", 443, 1),
    ]


def test_entries_of_all_kinds_in_one_buffer() -> None:
    kinds = [
        entry("10.0.0.1", "192.0.2.80", "198.51.100.1", (1, 443, 1)),
        entry("10.0.0.1", "192.0.2.80", "198.51.100.1", (2, 443, 2), more=attribute(7, b"\0\0\0\1")),
        entry("10.0.0.1", "192.0.2.53", "198.51.100.1", (3, 53, 3), UDP),
        entry("10.0.0.1", "192.0.2.80", "198.51.100.1", (0, 0, 0), ICMP),
        entry("2001:db8::1", "2001:db8::80", "2001:db8::2", (4, 443, 4)),
        entry("10.0.0.1", "192.0.2.80", "198.51.100.1", (5, 443, 5), status=CONFIRMED),
    ]
    expected = [
        ("tcp", "198.51.100.1", "192.0.2.80", 443, 2),
        ("tcp", "2001:db8::2", "2001:db8::80", 443, 1),
        ("udp", "198.51.100.1", "192.0.2.53", 53, 1),
    ]
    assert uses(b"".join(kinds)) == expected
    assert uses(*kinds) == expected
    assert uses(b"".join(reversed(kinds))) == expected


def test_a_refused_dump_is_no_empty_table() -> None:
    assert snat_uses(20, lambda: [refused(errno.EPERM)]) == (
        None,
        ["Source NAT was not looked at: connection tracking (ctnetlink) answered EPERM."],
    )


def test_a_bound_that_was_reached_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_conntrack, "MAX_ENTRIES", 3)
    one = entry("10.0.0.1", "192.0.2.80", "198.51.100.1", (1, 443, 1))
    tally, not_seen = snat_uses(20, lambda: [one * 2] * 9)
    assert tally is not None
    assert (tally.entries, tally.done) == (4, False)
    assert not_seen == ["Only the first 4 entries of connection tracking were read, so counts of source NAT may be too low."]


def test_a_cut_message_is_damage() -> None:
    tally = SnatTally()
    tally.add(entry("10.0.0.1", "192.0.2.80", "198.51.100.1", (1, 443, 1))[:-8])
    assert (tally.damaged, tally.entries) == (True, 0)


_PIECES = st.sampled_from(
    [
        entry("10.0.0.1", "192.0.2.80", "198.51.100.1", (1, 443, 1)),
        entry("10.0.0.1", "192.0.2.80", "198.51.100.1", (1, 53, 1), UDP),
        entry("2001:db8::1", "2001:db8::80", "2001:db8::2", (4, 443, 4)),
        entry("10.0.0.1", "192.0.2.80", "198.51.100.1", (0, 0, 0), ICMP),
    ]
)


@given(st.lists(_PIECES, min_size=1, max_size=12), st.data())
def test_any_damage_is_counted_or_told_and_never_raises(pieces: list[bytes], data: st.DataObject) -> None:
    buffer = bytearray(b"".join(pieces))
    for _each in range(data.draw(st.integers(0, 4))):
        buffer[data.draw(st.integers(0, len(buffer) - 1))] = data.draw(st.integers(0, 255))
    tally, _not_seen = snat_uses(20, lambda: [bytes(buffer)])
    assert tally is None or sum(one["ports"] for one in tally.result(100)) == tally.entries <= len(pieces)


@given(st.lists(_PIECES, min_size=1, max_size=12))
def test_the_way_through_columns_and_the_way_one_by_one_agree(pieces: list[bytes]) -> None:
    assert uses(b"".join(pieces)) == uses(*pieces)


SCENARIO = """
import json, socket, subprocess, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._nat import look
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
subprocess.run(["nft", "-f", "-"], input=sys.argv[2], text=True, check=True)
kept = []
for server, port, count in (("127.0.0.9", 8080, 50), ("127.0.0.10", 8080, 7), ("127.0.0.11", 80, 3)):
    listener = socket.create_server((server, port), backlog=128)
    for _each in range(count):
        client = socket.create_connection((server, port))
        kept += [listener, client, listener.accept()[0]]
for port in range(1, 12):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.sendto(b"x", ("127.0.0.12", port))
    kept.append(one)
nat, not_seen = look(1, False, 100)
listed = subprocess.run(["conntrack", "-L"], capture_output=True, text=True, check=True).stdout
print(json.dumps({"nat": nat, "not_seen": not_seen, "listed": listed}))
"""
RULES = """table ip t {
  chain out {
    type nat hook postrouting priority srcnat
    ip daddr { 127.0.0.9, 127.0.0.10 } tcp dport 8080 snat to 127.0.0.5:30000-30199
    ip daddr 127.0.0.12 udp dport != 0 snat to 127.0.0.6
  }
  chain in {
    type nat hook prerouting priority dstnat
    tcp dport { 31000, 31005-31010 } dnat to 127.0.0.9:8080
  }
}
"""


def test_it_is_what_conntrack_lists(tmp_path: Path) -> None:
    for tool in ("unshare", "ip", "nft", "conntrack"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    if subprocess.run(["unshare", "-r", "-n", "true"], check=False, capture_output=True).returncode:
        pytest.skip("needs a network namespace of its own, which this machine does not allow")
    script = tmp_path / "scenario.py"
    script.write_text(SCENARIO)
    root = Path(__file__).resolve().parents[5] / "playbooks/collections"
    command = ["unshare", "-r", "-n", sys.executable, str(script), str(root), RULES]
    ran = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    expected: Counter[tuple[str, str, str, int]] = Counter()
    for line in told["listed"].splitlines():
        ends = re.findall(r"(src|dst|sport|dport)=(\S+)", line)
        first, reply = dict(ends[:4]), dict(ends[4:8])
        if reply["dst"] != first["src"]:
            expected[line.split()[0], reply["dst"], reply["src"], int(reply["sport"])] += 1
    nat = told["nat"]
    found = {(one["protocol"], one["address"], one["destination"], one["destination_port"]): one["ports"] for one in nat["snat"]}
    assert found == expected
    assert (len(expected), sum(expected.values()), nat["snat_entries"]) == (13, 68, 68)
    assert (told["not_seen"], nat["complete"], nat["rules_from"], nat["kubernetes"]) == ([], True, "nft", False)
    assert [(one["low"], one["first_port"], one["last_port"]) for one in nat["pools"]] == [
        ("127.0.0.5", 30000, 30199),
        ("127.0.0.6", None, None),
    ]
    assert [(one["first_port"], one["last_port"]) for one in nat["dnat"]] == [(31000, 31000), (31005, 31010)]
