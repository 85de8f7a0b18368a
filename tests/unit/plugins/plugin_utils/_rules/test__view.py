# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How rules look at a snapshot: absent, unreadable, not observed and 0 are different things."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules._base import CannotApplyError, MissingFactError
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules._view import View
from support.snapshots import negotiated, probe, snapshot, sockets, towards

TS = "net.ipv4.tcp_timestamps"
REUSE = "net.ipv4.tcp_tw_reuse"
DELAY = "net.ipv4.tcp_tw_reuse_delay"
RECYCLE = "net.ipv4.tcp_tw_recycle"
RANGE = "net.ipv4.ip_local_port_range"
RESERVED = "net.ipv4.ip_local_reserved_ports"
UNPRIVILEGED = "net.ipv4.ip_unprivileged_port_start"
CONF = "/etc/sysctl.d/50-x.conf"
LATER = "/etc/sysctl.d/60-x.conf"


def view(keys: dict[str, str | None] | None = None, **parts: t.Any) -> View:
    return View(snapshot(keys, **parts))


def unreadable(key: str) -> View:
    made = snapshot()
    assert made["sysctl"] is not None
    made["sysctl"][key] = {"state": "unreadable", "reason": "EACCES"}
    return View(made)


# --- ports ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "usable"),
    [
        ({RANGE: "40000 40019"}, 20),
        ({RANGE: "40000 40019", RESERVED: "40000-40009,40010,50000"}, 9),
        ({RANGE: "40000 40019", RESERVED: None}, 20),
        ({RANGE: "40000 40001", RESERVED: "40000-40001"}, 0),
    ],
)
def test_usable_ports(keys: dict[str, str | None], usable: int) -> None:
    assert view(keys).usable_ports == usable


@pytest.mark.parametrize(("port", "reserved"), [(79, False), (80, True), (82, True), (83, False), (90, True)])
def test_reserved_ports_include_both_ends(port: int, reserved: bool) -> None:
    assert view({RESERVED: "80-82,90"}).is_reserved(port) == reserved


def test_the_busiest_destination_holds_most_ports() -> None:
    groups = [towards(3), towards(7, destination="192.0.2.81"), towards(5, destination="192.0.2.82")]
    assert view(sockets=sockets(ports_in_use=groups)).busiest == groups[1]
    assert view().busiest is None


@pytest.mark.parametrize(
    ("keys", "uses", "taken"),
    [
        ({REUSE: "1"}, [negotiated(1)], 4),
        ({REUSE: "1"}, [negotiated(0, 1)], 10),
        ({REUSE: "1"}, [], 10),
        ({REUSE: "1", TS: "0"}, [negotiated(1)], 10),
        ({REUSE: "2"}, [negotiated(1)], 10),
        ({REUSE: "0"}, [negotiated(1)], 10),
        ({REUSE: None}, [negotiated(1)], 10),
    ],
)
def test_ports_in_time_wait_are_free_only_where_reuse_is_sure(keys: dict[str, str | None], uses: list[t.Any], taken: int) -> None:
    assert view(keys, sockets=sockets(timestamps=uses)).taken_ports(towards(10, 6)) == taken


@pytest.mark.parametrize(("destination", "reuses"), [("127.0.0.1", True), ("::1", True), ("192.0.2.80", False)])
def test_the_default_reuses_on_loopback_only(destination: str, reuses: bool) -> None:
    assert view({REUSE: "2"}).reuses(destination) == reuses


def test_without_a_usable_port_all_are_taken() -> None:
    assert view({RANGE: "40000 40000", RESERVED: "40000"}).port_share_percent(towards(0)) == 100.0


@pytest.mark.parametrize(("ports", "pressure"), [(12, True), (11, False)])
def test_pressure_begins_at_the_percentage(ports: int, pressure: bool) -> None:
    assert view({RANGE: "40000 40019"}, sockets=sockets(ports_in_use=[towards(1), towards(ports)])).under_port_pressure(60) == pressure


@pytest.mark.parametrize("host", [view(sockets=None), view({RANGE: None}, sockets=sockets(ports_in_use=[towards(9)]))])
def test_pressure_may_be_not_known(host: View) -> None:
    assert host.under_port_pressure(60) is None


# --- reuse of TIME_WAIT ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "seconds"),
    [
        ({DELAY: "100"}, 0.1),
        ({DELAY: "60000"}, 60.0),
        # No kernel takes these; a damaged snapshot may hold them.
        ({DELAY: "0"}, 0.001),
        ({DELAY: "70000"}, 60.0),
        ({DELAY: None}, 1.0),
        ({DELAY: None, RECYCLE: "0"}, 2.0),
    ],
)
def test_the_delay_until_a_port_may_be_reused(keys: dict[str, str | None], seconds: float) -> None:
    assert view(keys).reuse_delay == seconds


@pytest.mark.parametrize(
    ("uses", "probes", "negotiates"),
    [
        ([negotiated(2, 1)], [], True),
        ([negotiated(1, 2)], [probe(True)], False),
        ([negotiated(1, 1)], [], None),
        ([negotiated(1, 1)], [probe(False)], False),
        ([negotiated(3, port=443)], [probe(True)], True),
        ([], [probe(None)], None),
        ([], [probe(True, destination="192.0.2.81")], None),
        ([], [], None),
    ],
)
def test_open_connections_tell_more_than_a_probe(uses: list[t.Any], probes: list[t.Any], negotiates: bool | None) -> None:
    assert view(sockets=sockets(timestamps=uses), probes=probes).negotiates_timestamps("192.0.2.80", 80) is negotiates


# --- sockets and counters -------------------------------------------------------------------------------------------


STATES = {"ipv4": {"time_wait": 3}, "ipv6": {"time_wait": 4, "listen": 1}}


def test_time_wait_is_the_sum_of_both_families_and_never_what_sockstat_calls_tw() -> None:
    assert view(sockstat={"TCP": {"tw": 9}}, sockets=sockets(states=STATES)).time_wait() == 7
    with pytest.raises(MissingFactError):
        view(sockstat={"TCP": {"tw": 9}}, sockets=None).time_wait()


def test_the_limit_counts_orphaned_fin_wait2_sockets_too() -> None:
    assert view(sockstat={"TCP": {"tw": 9}}, sockets=None).bucket_use() == 9
    assert view(sockstat=None, sockets=sockets(states=STATES, fin_wait2_orphans=2)).bucket_use() == 9
    assert view(sockstat=None, sockets=sockets(states=STATES, fin_wait2_orphans=None)).bucket_use() == 7
    with pytest.raises(MissingFactError):
        view(sockstat=None, sockets=None).bucket_use()


def test_growth_since_boot_and_between_samples() -> None:
    since_boot = view(counted={"TCPTimeWaitOverflow": 5}).growth("TcpExt", "TCPTimeWaitOverflow")
    assert (since_boot.amount, since_boot.since_boot, str(since_boot)) == (5, True, "TCPTimeWaitOverflow +5 since boot, 24 hours ago")
    grown = view(counted={"TCPTimeWaitOverflow": 5}, grown={"TCPTimeWaitOverflow": 2}).growth("TcpExt", "TCPTimeWaitOverflow")
    assert (grown.amount, grown.since_boot, str(grown)) == (2, False, "TCPTimeWaitOverflow +2 in 5 s")


@pytest.mark.parametrize(
    ("host", "error", "message"),
    [
        (view(counters=None), MissingFactError, "the TcpExt counters were not observed"),
        (view(counted={"TW": None}), CannotApplyError, "this kernel has no counter TW"),
        (view(grown={"TW": None}), MissingFactError, "TW became smaller between the two samples"),
    ],
)
def test_a_counter_without_growth(host: View, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        host.growth("TcpExt", "TW")
