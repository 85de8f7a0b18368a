# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The model against the documents' figures, against a host that counts its ports one by one, and against nonsense."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._capacity import (
    TIME_WAIT_BYTES,
    TIME_WAIT_SECONDS,
    CapacityError,
    Load,
    capacity,
    gain,
    gains,
    usable_ports,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("load", "rate", "binds"),
    [
        (Load(28232), 28232 / 60, "ports"),
        (Load(28232, reuse_delay=1.0), 28232.0, "ports"),
        (Load(28232, reuse_delay=0.1), 282320.0, "ports"),
        (Load(20, destinations=3, sources=2, hosts=5), 10.0, "ports"),
        (Load(60, connection_seconds=60), 0.5, "ports"),
        (Load(600, holder="server"), None, None),
        (Load(600, holder="nobody"), None, None),
        (Load(600, holder="server", connection_seconds=2), 300.0, "ports"),
        (Load(0, holder="server"), 0.0, "ports"),
        (Load(0), 0.0, "ports"),
        (Load(60000, bucket_limit=30000), 500.0, "buckets"),
        (Load(60000, bucket_limit=30000, hosts=2), 1000.0, "buckets"),
        (Load(60000, bucket_limit=0), 0.0, "buckets"),
        # A reused port has one TIME_WAIT socket at most.
        (Load(20000, reuse_delay=1.0, bucket_limit=30000), 20000.0, "ports"),
        (Load(60000, reuse_delay=1.0, bucket_limit=30000), 500.0, "buckets"),
        (Load(60000, memory_bytes=1 << 20), 4096 / 60, "memory"),
        # The server keeps what the client does not.
        (Load(60000, holder="server", bucket_limit=5, connection_seconds=1), 60000.0, "ports"),
    ],
)
def test_rate(load: Load, rate: float | None, binds: str | None) -> None:
    found = capacity(load)
    assert (found.rate, found.binds) == (rate if rate is None else pytest.approx(rate), binds)


def test_what_time_wait_costs() -> None:
    found = capacity(Load(60000, bucket_limit=262144, target_rate=100))
    assert (found.time_wait, found.memory_bytes, found.target_met, found.exhausted_after) == (6000, 6000 * 256, True, None)


def test_a_target_above_the_limit_says_when_the_ports_are_gone() -> None:
    found = capacity(Load(6000, target_rate=400))
    assert (found.target_met, found.exhausted_after, found.time_wait) == (False, 15.0, 6000)


@pytest.mark.parametrize(
    ("reserved", "ports"),
    [((), 20), (((40000, 40009),), 10), (((1, 39999), (40020, 50000)), 20), (((40000, 40005), (40003, 40009)), 10), (((1, 65535),), 0)],
)
def test_reserved_ports_are_taken_off_once(reserved: tuple[tuple[int, int], ...], ports: int) -> None:
    assert usable_ports(40000, 40019, reserved) == ports


class CountingHost:
    """A host that keeps each port for as long as the model says and gives out the one that is free longest."""

    def __init__(self, load: Load) -> None:
        self.free_at = [0.0] * load.combinations
        self.hold = load.port_seconds

    def connect(self, now: float) -> bool:
        port = min(range(len(self.free_at)), key=self.free_at.__getitem__)
        if self.free_at[port] > now + 1e-9:
            return False
        self.free_at[port] = now + self.hold
        return True


@given(
    ports=st.integers(1, 12),
    destinations=st.integers(1, 3),
    reuse=st.sampled_from([None, 0.5, 1.0, 2.0]),
    alive=st.sampled_from([0.0, 0.25, 3.0]),
)
def test_just_under_the_limit_nothing_fails_and_just_above_something_does(
    ports: int, destinations: int, reuse: float | None, alive: float
) -> None:
    load = Load(ports, reuse_delay=reuse, destinations=destinations, connection_seconds=alive)
    rate = capacity(load).rate
    assert rate is not None
    for factor, all_good in ((0.99, True), (1.0, True), (1.05, False)):
        host = CountingHost(load)
        tries = load.combinations * 3 + 2
        assert all(host.connect(number / (rate * factor)) for number in range(tries)) == all_good


LOADS = st.builds(
    Load,
    usable_ports=st.integers(0, 65535),
    reuse_delay=st.none() | st.floats(0.001, 60),
    holder=st.sampled_from(["client", "server", "nobody"]),
    destinations=st.integers(1, 1000),
    sources=st.integers(1, 100),
    hosts=st.integers(1, 100),
    connection_seconds=st.floats(0, 3600),
    bucket_limit=st.none() | st.integers(0, 2**31),
    memory_bytes=st.none() | st.integers(0, 2**40),
    target_rate=st.none() | st.floats(0, 1e6),
)


@given(LOADS)
def test_the_limit_is_the_lowest_of_all(load: Load) -> None:
    found = capacity(load)
    known = [limit for limit in found.limits.values() if limit is not None]
    assert found.rate == min(known, default=None)
    assert (found.binds is None) == (found.rate is None)
    if found.time_wait is not None:
        assert found.memory_bytes == found.time_wait * TIME_WAIT_BYTES
        assert found.time_wait <= load.combinations


@given(LOADS)
def test_no_cure_lowers_what_the_ports_allow(load: Load) -> None:
    # More ports may well mean more TIME_WAIT sockets, and so meet the other two bounds sooner.
    load = dataclasses.replace(load, bucket_limit=None, memory_bytes=None)
    rate = capacity(load).rate
    for cure, gained in gains(load, reuse_delay=load.reuse_delay or TIME_WAIT_SECONDS).items():
        assert gained.rate is None or (rate is not None and gained.rate >= rate * (1 - 1e-9)), cure


@given(LOADS)
def test_what_a_target_needs_is_enough(load: Load) -> None:
    found = gains(load)["more-destinations"].needed
    if found is not None and load.target_rate:
        ports = capacity(dataclasses.replace(load, destinations=found)).limits["ports"]
        assert ports is not None
        assert ports >= load.target_rate * (1 - 1e-9)


def test_what_each_cure_adds() -> None:
    computed = {cure: (gained.rate, gained.factor, gained.needed) for cure, gained in gains(Load(6000, target_rate=950)).items()}
    assert computed == {
        "reuse": (6000.0, 60.0, None),
        "peer-closes-first": (None, None, None),
        "keep-alive": (None, None, 10),
        "linger-reset": (None, None, None),
        "wider-range": (49152 / 60, pytest.approx(8.192), None),
        "more-destinations": (200.0, 2.0, 10),
        "more-sources": (200.0, 2.0, 10),
        "more-hosts": (200.0, 2.0, 10),
        "raise-buckets": (100.0, 1.0, None),
    }


def test_a_gain_from_nothing_has_no_factor() -> None:
    assert gain(Load(0), usable_ports=60).factor is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"usable_ports": "many"}, "usable_ports must be a whole number, not 'many'"),
        ({"usable_ports": True}, "usable_ports must be a whole number"),
        ({"usable_ports": 65536}, "usable_ports must be between 0 and 65535"),
        ({"destinations": 0}, "destinations must be between 1"),
        ({"sources": 1.5}, "sources must be a whole number"),
        ({"hosts": -1}, "hosts must be between 1"),
        ({"bucket_limit": -1}, "bucket_limit must be between 0"),
        ({"memory_bytes": "1G"}, "memory_bytes must be a whole number"),
        ({"reuse_delay": 0}, "reuse_delay must be between 0.001 and 60"),
        ({"reuse_delay": 61}, "reuse_delay must be between 0.001 and 60"),
        ({"reuse_delay": float("nan")}, "reuse_delay must be a number"),
        ({"connection_seconds": -1}, "connection_seconds must be"),
        ({"target_rate": float("inf")}, "target_rate must be a number"),
        ({"holder": "peer"}, "holder must be one of client, server, nobody, not 'peer'"),
    ],
)
def test_nonsense_is_named(fields: dict[str, t.Any], message: str) -> None:
    with pytest.raises(CapacityError, match=message):
        Load(**{"usable_ports": 100, **fields})
