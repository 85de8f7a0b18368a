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


# --- sysctl keys ----------------------------------------------------------------------------------------------------


def test_a_key_that_is_there() -> None:
    host = view({TS: "0"})
    assert (host.number(TS), host.raw(TS), host.shown(TS), host.has(TS)) == (0, "0", "0", True)


def test_an_absent_key_does_not_apply() -> None:
    host = view({TS: None})
    with pytest.raises(CannotApplyError, match=f"has no {TS}"):
        host.number(TS)
    assert (host.shown(TS), host.has(TS)) == ("absent", False)


@pytest.mark.parametrize("host", [view(without=[TS]), view(sysctl=None)])
def test_a_key_that_was_not_observed_is_missing(host: View) -> None:
    with pytest.raises(MissingFactError, match=f"{TS} was not observed"):
        host.number(TS)
    assert (host.shown(TS), host.has(TS)) == ("unknown", None)


def test_a_key_that_could_not_be_read_is_there_and_missing() -> None:
    host = unreadable(TS)
    with pytest.raises(MissingFactError, match=r"could not be read \(EACCES\)"):
        host.number(TS)
    assert (host.shown(TS), host.has(TS)) == ("unknown", True)


def test_a_value_of_another_kind_is_missing() -> None:
    with pytest.raises(MissingFactError, match="holds 'many', which is not a number"):
        view({TS: "many"}).number(TS)
    with pytest.raises(MissingFactError, match="which is not a range"):
        view({RANGE: "40000"}).port_range()
    with pytest.raises(MissingFactError, match="which is not a port list"):
        view({RESERVED: "a-b"}).reserved_ports()


@pytest.mark.parametrize("value", [[40000, [1, 2]], [[1, 2], 40000], [40000], [1, 2, 3], 40000])
def test_a_range_is_two_numbers(value: t.Any) -> None:
    made = snapshot()
    assert made["sysctl"] is not None
    made["sysctl"][RANGE] = {"state": "present", "raw": "40000", "value": value}
    with pytest.raises(MissingFactError, match="which is not a range"):
        View(made).port_range()


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
    assert (since_boot.amount, since_boot.since_boot, str(since_boot)) == (5, True, "TCPTimeWaitOverflow +5 since boot")
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


# --- boot files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("init", "reader"), [("systemd", "systemd"), ("other", "procps"), (None, "systemd")])
def test_who_sets_the_keys_at_boot(init: str | None, reader: str) -> None:
    assert view(host={"init": init}).boot_reader == reader


@pytest.mark.parametrize(
    ("reader", "last", "values"),
    [
        ("systemd", "0x0", [("0", LATER, 1)]),
        ("procps", "0x0", [("0", LATER, 1)]),
        # systemd-sysctl writes the last text alone; sysctl --system writes one after the other.
        ("systemd", "9", []),
        ("procps", "9", [("1", CONF, 1)]),
    ],
)
def test_the_last_text_that_the_kernel_takes_is_the_value_at_boot(reader: str, last: str, values: list[tuple[str, str, int]]) -> None:
    found = view(files={CONF: f"{REUSE} = 1\n", LATER: f"{REUSE} = {last}\n"}).boot_values(reader)
    assert [(value.raw, value.setting.path, value.setting.line) for value in found.values()] == values


def test_keys_outside_the_catalogue_have_no_value_at_boot() -> None:
    assert view(files={CONF: "net.ipv4.tcp_made_up = 1\n"}).boot_values("systemd") == {}


@pytest.mark.parametrize(
    ("keys", "bounds"),
    [
        ({}, {UNPRIVILEGED: "1024", RANGE: "32768 60999"}),
        # Kernels without the key protect no port from this bound.
        ({UNPRIVILEGED: None}, {UNPRIVILEGED: "1", RANGE: "32768 60999"}),
        ({RANGE: None}, {UNPRIVILEGED: "1024"}),
    ],
)
def test_keys_that_bound_one_another(keys: dict[str, str | None], bounds: dict[str, str]) -> None:
    assert view(keys).bounding_values() == bounds


def test_settings_of_a_pattern_name_each_key_that_it_matches() -> None:
    host = view(files={CONF: "net.ipv4.tcp_t*s = 1\nkernel.x = 1\n", "/etc/sysctl.d/notes": f"{TS} = 1\n"})
    assert [(one.key, one.text, one.path, one.line) for one in host.boot_settings()] == [(TS, "1", CONF, 1)]


def test_a_file_behind_a_link_is_read_once_and_named_by_its_real_path() -> None:
    files = {"/etc/sysctl.d/99-sysctl.conf": "-> ../sysctl.conf", "/etc/sysctl.conf": f"{TS} = 1\n"}
    assert [one.path for one in view(files=files).boot_settings(TS)] == ["/etc/sysctl.conf"]


def test_only_lines_that_win_for_a_reader_are_the_last_ones() -> None:
    files = {CONF: f"{TS} = 1\n", LATER: f"{TS} = 0\n", "/etc/sysctl.conf": f"{TS} = 2\n"}
    assert {(one.path, one.text) for one in view(files=files).last_boot_settings(TS)} == {(LATER, "0"), ("/etc/sysctl.conf", "2")}


def test_boot_files_that_were_not_observed_are_missing() -> None:
    with pytest.raises(MissingFactError, match="boot files were not observed"):
        list(view(boot_files=None).boot_settings())


def test_files_that_could_not_be_read_are_named() -> None:
    assert view(files={CONF: b"\0", LATER: f"{TS} = 1\n"}).unread_boot_files() == [CONF]
