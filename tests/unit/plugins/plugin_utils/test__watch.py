# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import collections
import copy
import math
import re
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._capacity import TIME_WAIT_SECONDS
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch import (
    FULL_SHARE,
    WatchError,
    first_limit,
    measure,
    paws_rate,
    peak,
    sample,
    seconds_left,
)
from hypothesis import given
from hypothesis import strategies as st
from support.snapshots import towards
from support.watched import grown, observed, two_looks

USABLE = 28232


def test_the_first_look_has_no_rates() -> None:
    first = measure(None, sample(observed(time_wait=12)))
    assert (first["seconds"], first["rates"], first["restarted"]) == (None, {}, False)
    assert (first["time_wait"], first["bucket_limit"], first["usable_ports"]) == (12, 262144, USABLE)
    assert first["counters"]["ActiveOpens"] == 500


def test_rates_are_per_second_of_the_hosts_own_clock() -> None:
    later = grown(ActiveOpens=50, PassiveOpens=5, TCPTimeWaitOverflow=10, PAWSEstab=1)
    measured = two_looks(observed(), observed(2.5, counted=later))
    assert measured["seconds"] == 2.5
    assert {name: rate for name, rate in measured["rates"].items() if rate} == {
        "ActiveOpens": 20.0,
        "PassiveOpens": 2.0,
        "TCPTimeWaitOverflow": 4.0,
        "PAWSEstab": 0.4,
    }
    assert paws_rate(measured) == 0.4


def test_a_counter_that_the_kernel_lacks_is_absent_and_not_0() -> None:
    lacking: dict[str, t.Any] = {"PAWSTimewait": None}
    measured = two_looks(observed(counted=lacking), observed(5, counted=lacking))
    assert measured["absent"] == ["PAWSPassive", "PAWSTimewait"]
    assert "PAWSTimewait" not in measured["rates"]
    assert "PAWSTimewait" not in measured["counters"]
    assert measured["rates"]["PAWSEstab"] == 0.0


def test_counters_that_could_not_be_read_are_neither_absent_nor_0() -> None:
    measured = two_looks(observed(counters=None), observed(5, counters=None, not_seen=["/proc/net/snmp could not be read (EACCES)."]))
    assert (measured["absent"], measured["rates"], measured["counters"], paws_rate(measured)) == ([], {}, {}, None)
    assert measured["not_seen"] == ["/proc/net/snmp could not be read (EACCES)."]


def test_what_the_watch_does_not_need_is_not_missed() -> None:
    assert (
        measure(None, sample(observed(not_seen=["These boot files could not be read: /etc/sysctl.d/a.conf (EACCES)."])))["not_seen"] == []
    )


@pytest.mark.parametrize(
    "later",
    [
        observed(5, counted=grown(ActiveOpens=-1)),
        observed(5, boot_id="second"),
        observed(-900, counted=grown(ActiveOpens=5)),
        observed(0),
    ],
    ids=["a counter shrank", "another boot", "the clock began anew", "no time went by"],
)
def test_there_are_no_rates_over_a_restart(later: dict[str, t.Any]) -> None:
    later["snapshot"]["sockets"]["ports_in_use"] = [towards(100)]
    measured = two_looks(observed(), later)
    assert (measured["restarted"], measured["seconds"], measured["rates"]) == (True, None, {})
    assert (measured["ports_left"], measured["buckets_left"]) == (None, None)


def test_a_look_that_was_missed_makes_the_time_longer_and_no_rate_wrong() -> None:
    assert two_looks(observed(), observed(10, counted=grown(ActiveOpens=50)))["rates"]["ActiveOpens"] == 5.0


# limit, held, live, growth, live growth, opens: seconds
LEFT: dict[str, tuple[tuple[float, ...], float | None]] = {
    "full": ((100, 100, 0, 0, 0, 0), 0.0),
    "over the limit": ((100, 120, 0, -5, 0, 0), 0.0),
    "as good as full, seen between two sockets": ((8000, 7998, 2, -0.2, 0, 77), 0.0),
    "no ports at all": ((0, 0, 0, 0, 0, 0), 0.0),
    "does not grow": ((100, 50, 0, 0, 0, 10), None),
    "shrinks": ((100, 50, 0, -1, 0, 10), None),
    "a minute of opens does not fit": ((10000, 0, 0, 100, 0, 170), 99.0),
    "settles before": ((28232, 1000, 0, 100, 0, 100), None),
    "settles before, although the straight line would not": ((28232, 13500, 0, 300, 0, 300), None),
    "left by a faster minute": ((30000, 20000, 0, 300, 0, 300), 9700 / 300),
    "left by a faster minute, gone in time": ((30000, 20000, 0, 100, 0, 100), None),
    "settles, and live connections pile up on top": ((30000, 1000, 0, 100, 23.7, 100), 1060.0),
    "live connections alone": ((30000, 9700, 9700, 10, 10, 10), 2000.0),
    "opens not known": ((30000, 1000, 0, 100, 0, math.inf), 287.0),
}


@pytest.mark.parametrize(("figures", "expected"), LEFT.values(), ids=list(LEFT))
def test_seconds_left(figures: tuple[t.Any, ...], expected: float | None) -> None:
    assert seconds_left(*figures) == (None if expected is None else pytest.approx(expected))


@given(limit=st.integers(1, 5000), opens=st.integers(1, 200), kept=st.integers(0, 200), age=st.integers(1, 90))
def test_the_forecast_is_what_a_constant_rate_comes_to(limit: int, opens: int, kept: int, age: int) -> None:
    """A host that was idle, and then opens so many connections a second, closes most of them at once and keeps the others."""
    kept = min(kept, opens)

    def held(second: int) -> int:
        return kept * second + (opens - kept) * min(second, TIME_WAIT_SECONDS)

    last = age + TIME_WAIT_SECONDS + (limit // kept if kept else 0)
    truth = next((second - age for second in range(age, last + 1) if held(second) >= FULL_SHARE * limit), None)

    predicted = seconds_left(limit, held(age), kept * age, held(age) - held(age - 1), kept, opens)

    assert (predicted is None) is (truth is None)
    if predicted is not None and truth is not None:
        assert abs(predicted - truth) < (TIME_WAIT_SECONDS if kept else 1)


def busy(ports: int, time_wait: int, port: int = 80) -> t.Any:
    return towards(ports, time_wait, port=port)


def test_ports_run_out_first_where_they_grow_fastest() -> None:
    first = observed(ports_in_use=[busy(19000, 19000), busy(8000, 8000, 81), busy(0, 0, 82)])
    later = observed(10, ports_in_use=[busy(20000, 20000), busy(16000, 16000, 81), busy(100, 100, 82)], counted=grown(ActiveOpens=9100))
    measured = two_looks(first, later)
    assert measured["busiest"] is not None
    assert (measured["busiest"]["destination_port"], measured["busiest"]["ports"]) == (80, 20000)
    assert measured["busiest"]["share"] == pytest.approx(20000 / USABLE)
    assert measured["ports_left"] is not None
    assert measured["ports_left"]["destination_port"] == 81
    assert measured["ports_left"]["seconds"] == pytest.approx((FULL_SHARE * USABLE - 16000) / 800)
    assert first_limit(measured) == ("ports", measured["ports_left"]["seconds"])


@pytest.mark.parametrize(("error_bound", "forecast"), [(0, True), (3, False)])
def test_a_new_destination_began_at_0_where_all_were_counted(error_bound: int, forecast: bool) -> None:
    first = observed(ports_in_use=[], error_bound=error_bound)
    measured = two_looks(first, observed(10, ports_in_use=[busy(20000, 20000)], counted=grown(ActiveOpens=20000)))
    assert (measured["ports_left"] is not None) is forecast


def test_a_new_destination_says_nothing_where_the_list_was_cut() -> None:
    first = observed(ports_in_use=[busy(5, 5, port) for port in range(20)])
    measured = two_looks(first, observed(10, ports_in_use=[busy(20000, 20000, 99)], counted=grown(ActiveOpens=20000)))
    assert measured["ports_left"] is None


def test_a_full_destination_is_reported_at_the_first_look() -> None:
    first = measure(None, sample(observed(ports_in_use=[busy(USABLE, 5)])))
    assert first_limit(first) == ("ports", 0.0)


def test_buckets_are_first_where_they_are() -> None:
    limit = {"net.ipv4.tcp_max_tw_buckets": "6000"}
    first = observed(keys=limit, ports_in_use=[busy(100, 100)])
    later = observed(10, 1000, keys=limit, ports_in_use=[busy(1100, 1100)], counted=grown(ActiveOpens=1000, PassiveOpens=0))
    measured = two_looks(first, later)
    assert measured["buckets_left"] == pytest.approx((FULL_SHARE * 6000 - 1000) / 100)
    assert measured["ports_left"] is None
    assert first_limit(measured) == ("buckets", measured["buckets_left"])
    ports_too = observed(10, 1000, keys=limit, ports_in_use=[busy(28000, 28000)], counted=grown(ActiveOpens=1000, PassiveOpens=0))
    assert first_limit(two_looks(first, ports_too)) == ("ports", 0.0)


@pytest.mark.parametrize(("active", "passive"), [(400, 400), (800, 0), (0, 800)])
def test_connections_of_both_directions_fill_the_buckets(active: int, passive: int) -> None:
    limit = {"net.ipv4.tcp_max_tw_buckets": "4000"}
    later = observed(10, 800, keys=limit, counted=grown(ActiveOpens=active, PassiveOpens=passive))
    # 80 a second for 60 seconds are more than 4000, half as many are not.
    assert two_looks(observed(keys=limit), later)["buckets_left"] == pytest.approx((FULL_SHARE * 4000 - 800) / 80)
    settling = observed(10, 400, keys=limit, counted=grown(ActiveOpens=active // 2, PassiveOpens=passive // 2))
    assert two_looks(observed(keys=limit), settling)["buckets_left"] is None


@pytest.mark.parametrize(("raw", "reuse"), [("0", False), ("1", True), ("2", False), (None, False)])
def test_reuse_is_reported(raw: str | None, reuse: bool) -> None:
    assert measure(None, sample(observed(keys={"net.ipv4.tcp_tw_reuse": raw})))["reuse"] is reuse


@pytest.mark.parametrize(
    "changes",
    [{"sockets": None}, {"sysctl": None}, {"sockets": None, "sysctl": None, "sockstat": None, "counters": None}],
    ids=["no sockets", "no keys", "nothing"],
)
def test_what_is_not_known_stays_unknown(changes: dict[str, t.Any]) -> None:
    first, second = observed(), observed(5)
    for one in (first, second):
        one["snapshot"].update(changes)
    measured = two_looks(first, second)
    assert (measured["busiest"], measured["ports_left"], measured["buckets_left"]) == (None, None, None)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda it: None, "no observation"),
        (lambda it: [], "no observation"),
        (lambda it: {**it, "clock": "now"}, "clock"),
        (lambda it: {**it, "clock": math.nan}, "clock"),
        (lambda it: {**it, "clock": -1}, "clock"),
        (lambda it: {**it, "clock": 1e20}, "clock"),
        (lambda it: {**it, "clock": True}, "clock"),
        (lambda it: {**it, "boot_id": "x" * 65}, "a boot_id or top that is not valid"),
        (lambda it: {**it, "boot_id": None}, "a boot_id or top that is not valid"),
        (lambda it: {**it, "top": "20"}, "a boot_id or top that is not valid"),
        (lambda it: {**it, "snapshot": {}}, "snapshot"),
        (lambda it: {**it, "snapshot": {**it["snapshot"], "counters": {"Tcp": {"ActiveOpens": "5"}}}}, "ActiveOpens"),
    ],
)
def test_what_a_host_sends_is_not_trusted(damage: t.Callable[[t.Any], object], message: str) -> None:
    with pytest.raises(WatchError, match=message):
        sample(damage(copy.deepcopy(observed())))


@pytest.mark.parametrize(
    ("later", "figure"),
    [
        ({"clock": 1000.0 + 1e-9, "counters": {"Tcp": {"ActiveOpens": 2**40}}}, "rates['ActiveOpens']"),
        ({"clock": 1e15, "usable_ports": 2**64 - 1}, "ports_left.seconds"),
    ],
)
def test_figures_that_cannot_be_are_refused(later: dict[str, t.Any], figure: str) -> None:
    """A host may send any numbers; what is made of them is given to the next look, and to the tables."""
    now: t.Any = {**sample(observed(ports_in_use=[towards(11)])), **later}
    with pytest.raises(WatchError, match=re.escape(f"what the host sent gives figures that cannot be: {figure} must")):
        measure(sample(observed(ports_in_use=[towards(10)])), now)


def test_peaks() -> None:
    looks = collections.deque(
        [
            observed(0, 10, ports_in_use=[busy(10, 0)]),
            observed(10, 50, ports_in_use=[busy(20000, 0, 81)], counted=grown(ActiveOpens=500, PAWSEstab=5)),
            observed(20, 30, ports_in_use=[busy(30, 0)], counted=grown(ActiveOpens=600, PAWSEstab=5)),
        ]
    )
    before = sample(looks.popleft())
    highest = peak(None, measure(None, before))
    assert (highest["seen"], highest["rates"], highest["soonest"]) == (1, {}, None)
    for look in looks:
        now = sample(look)
        highest = peak(highest, measure(before, now))
        before = now
    assert (highest["seen"], highest["time_wait"], highest["rates"]["ActiveOpens"], highest["paws"]) == (3, 50, 50.0, 0.5)
    assert highest["busiest"] is not None
    assert highest["busiest"]["destination_port"] == 81
    assert highest["soonest"] is not None
    assert highest["soonest"][0] == "ports"
    assert highest["last"]["time_wait"] == 30
