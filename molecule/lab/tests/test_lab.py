# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every failure happened, the audit named it, and it was gone (or honestly still there) afterwards."""

from __future__ import annotations

import functools
import typing as t

import pytest
from containers.hosts import host
from lab.report import last_run

TW_REUSE, TIMESTAMPS, RFC1337 = "net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_timestamps", "net.ipv4.tcp_rfc1337"


@functools.lru_cache(maxsize=None)
def experiments() -> dict[str, t.Any]:
    told: dict[str, t.Any] = last_run()["experiments"]
    return told


def numbers(name: str) -> dict[str, t.Any]:
    told: dict[str, t.Any] = experiments()[name]["numbers"]
    return told


def named(name: str, host_name: str) -> set[str]:
    """The rules that failed before the role."""
    return set(experiments()[name]["named"][host_name])


def still_named(name: str, host_name: str) -> set[str]:
    return set(experiments()[name]["still_named"][host_name])


def test_a_client_that_closes_first_runs_out_of_ports() -> None:
    told = numbers("ports")
    assert told["before_ok"] == told["ports"]
    assert told["before_failed"] == told["connections"] - told["ports"]
    assert told["before_time_wait"] == told["ports"] - told["held"]
    assert told["before_recycled"] == 0


def test_the_audit_names_the_destination_that_took_the_ports() -> None:
    told = numbers("ports")
    assert {"ports-pressure", "reuse-loopback-only", "closes-first-as-client"} <= named("ports", "client1")
    assert (told["pressure_subject"], told["pressure_severity"]) == ("10.77.1.2 to 192.0.2.130:80", "critical")


def test_with_its_role_the_same_load_passes_by_reuse_alone() -> None:
    told = numbers("ports")
    assert told["changed"][TW_REUSE] == ["2", "1"]
    assert "net.ipv4.ip_local_port_range" not in told["changed"]
    assert (told["after_ok"], told["after_failed"]) == (told["connections"], 0)
    assert told["after_recycled"] >= told["connections"] - told["ports"]
    assert not {"ports-pressure", "reuse-loopback-only"} & still_named("ports", "client1")


def test_the_sustained_rate_is_what_the_model_expects() -> None:
    told = numbers("ports")
    if told["reuse_delay_ms"] is None:
        pytest.skip("before Linux 6.14 a port comes back after any part of a second")
    # Less where the machine is busy, never more.
    assert told["sustained_per_second"] <= 1.05 * told["model_after"]
    assert told["sustained_per_second"] > 10 * told["model_before"]


def test_ports_are_counted_for_each_destination_and_grow_with_the_range() -> None:
    told = numbers("ports")
    assert told["one_destination_ok"] == told["other_destination_ok"] == told["ports"]
    assert told["wider_ok"] == 2 * told["ports"]


def test_reuse_does_nothing_against_a_balancer_without_timestamps() -> None:
    told = numbers("balancer")
    assert (told["reuse"], told["client_timestamps"], told["balancer_timestamps"]) == ("1", "1", "0")
    assert (told["first_ok"], told["first_failed"]) == (told["ports"], told["connections"] - told["ports"])
    assert (told["again_ok"], told["again_failed"]) == (0, told["connections"])
    assert told["recycled"] == 0


def test_the_role_has_nothing_left_to_change_there_and_the_audit_says_what_is_wrong() -> None:
    told = numbers("balancer")
    assert told["changed"] == 0
    assert {"ports-pressure", "peer-without-timestamps"} <= named("balancer", "client1")
    assert "peer-without-timestamps" in still_named("balancer", "client1")
    assert (told["pressure_subject"], told["pressure_severity"]) == ("10.77.1.2 to 192.0.2.10:8002", "critical")


def test_where_the_balancer_closes_first_it_has_the_time_wait_sockets() -> None:
    told = numbers("balancer")
    assert (told["peer_ok"], told["peer_failed"], told["peer_client_time_wait"]) == (told["many"], 0, 0)
    assert told["peer_balancer_entered"] == told["many"]


def test_kept_connections_need_few_ports() -> None:
    told = numbers("balancer")
    assert (told["keep_alive_requests"], told["keep_alive_failed"]) == (told["many"], 0)
    assert told["keep_alive_client_time_wait"] == told["keep_alive_ok"]
    assert told["keep_alive_balancer_entered"] == 0


def test_a_reset_leaves_no_time_wait_on_either_side_and_is_counted() -> None:
    told = numbers("balancer")
    assert (told["reset_ok"], told["reset_failed"]) == (told["many"], 0)
    assert (told["reset_client_time_wait"], told["reset_balancer_entered"]) == (0, 0)
    assert told["reset_client_aborts"] == told["many"]


def test_with_timestamps_at_the_balancer_reuse_works() -> None:
    told = numbers("balancer")
    assert (told["timestamps_ok"], told["timestamps_failed"]) == (told["connections"], 0)
    assert told["timestamps_recycled"] >= told["connections"] - told["ports"]


def test_a_short_fin_timeout_shortens_no_time_wait() -> None:
    told = numbers("balancer")
    assert told["fin_timeout_left"] == told["fin_timeout_closed"]
    assert told["fin_timeout_seconds"] > 1


@pytest.mark.parametrize("case", ["healed", "role"])
def test_a_refused_syn_is_healed_by_the_clients_reset(case: str) -> None:
    told = numbers("nat")
    assert (told[f"{case}_ok"], told[f"{case}_failed"]) == (told["tuples"], 0)
    assert told[f"{case}_syn_again"] > 0


def test_timestamps_refuse_syns_and_are_counted() -> None:
    told = numbers("nat")
    assert told["timestamps_before"] == "1"
    assert told["healed_refused"] > 0


def test_with_rfc1337_it_does_not_heal() -> None:
    told = numbers("nat")
    assert told["not_healed_ok"] + told["not_healed_failed"] == told["tuples"]
    assert told["not_healed_failed"] > 0
    assert told["not_healed_refused"] > told["not_healed_failed"]
    assert told["not_healed_skipped"] > 0


def test_the_audit_names_the_collision_and_both_of_its_makers() -> None:
    assert {"rfc1337-on", "syn-rejected-in-time-wait", "timestamps-on-at-l7"} <= named("nat", "balancer")
    assert "conntrack-forgets-early" in named("nat", "gateway")
    assert not {"rfc1337-on", "timestamps-on-at-l7"} & still_named("nat", "balancer")
    assert "conntrack-forgets-early" not in still_named("nat", "gateway")


def test_a_gateway_that_remembers_lets_no_tuple_come_back() -> None:
    told = numbers("nat")
    assert told["conntrack_after"] >= 60
    assert (told["gateway_ok"], told["gateway_syn_again"], told["gateway_refused"]) == (told["tuples"], 0, 0)
    assert told["gateway_time_wait"] >= told["tuples"]


def test_a_tiny_limit_destroys_time_wait_sockets_and_logs_nothing() -> None:
    told = numbers("buckets")
    assert told["before_ok"] == told["connections"]
    assert told["before_time_wait"] == told["limit"]
    assert told["before_overflow"] == told["connections"] - told["limit"]
    assert told["log_lines"] in (0, None)
    assert {"buckets-too-small", "buckets-overflow", "buckets-nearly-full"} <= named("buckets", "client2")


def test_with_the_role_none_is_destroyed_and_the_file_is_out_of_the_way() -> None:
    told = numbers("buckets")
    assert told["limit_after"] >= 65536
    assert (told["after_overflow"], told["after_time_wait"]) == (0, told["connections"])
    assert not {"buckets-too-small", "buckets-nearly-full"} & still_named("buckets", "client2")


def test_who_closes_first_has_the_time_wait_sockets_and_is_named() -> None:
    told = numbers("closing")
    assert (told["server_time_wait"], told["server_client_time_wait"]) == (told["by_server"], 0)
    assert (told["client_time_wait"], told["client_server_time_wait"]) == (told["connections"], 0)
    assert "closes-first-as-server" in named("closing", "backend")
    assert "closes-first-as-client" in named("closing", "client2")


def test_no_role_changes_who_closes_first() -> None:
    told = numbers("closing")
    assert (told["still_entered"], told["still_client_entered"]) == (told["connections"], 0)


def test_a_server_that_lets_its_clients_close_has_none() -> None:
    told = numbers("closing")
    assert (told["let_entered"], told["let_client_entered"]) == (0, told["connections"])
    assert told["keep_alive_entered"] == 0
    assert 0 < told["keep_alive_client_entered"] < told["connections"] / 10


def test_linger_0_on_a_server_breaks_answers() -> None:
    told = numbers("closing")
    assert told["gentle_whole"] == told["downloads"]
    assert told["hurried_whole"] < told["downloads"]
    assert told["hurried_resets"] > 0


def records() -> list[t.Any]:
    return [
        pytest.param(record, id=f"{name}-{record['host']}-{record['moment']}")
        for name, one in experiments().items()
        for record in one["records"]
    ]


@pytest.mark.parametrize("record", records())
def test_the_first_advice_is_the_cure_that_worked(record: dict[str, t.Any]) -> None:
    applying = [advice["id"] for advice in record["audit"]["advice"] if advice["applies"]]
    assert applying[:1] == record["cures"][:1]
    assert set(record["cures"]) <= set(applying)


@pytest.mark.parametrize("record", records())
def test_advice_against_what_did_not_work(record: dict[str, t.Any]) -> None:
    told = {advice["id"]: advice["applies"] for advice in record["audit"]["advice"]}
    assert {name: told[name] for name in record["not_cures"]} == dict.fromkeys(record["not_cures"], False)


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("client1", TW_REUSE, "1"),
        ("client2", TW_REUSE, "1"),
        ("balancer", TIMESTAMPS, "0"),
        ("balancer", RFC1337, "0"),
        ("backend", TIMESTAMPS, "1"),
    ],
)
def test_the_hosts_are_left_as_their_roles_want_them(name: str, key: str, value: str) -> None:
    assert host(name).live(key) == [value]
    assert host(name).boot_values()[key] == value


@pytest.mark.parametrize(("name", "service"), [("balancer", "haproxy"), ("backend", "nginx")])
def test_it_was_real_software(name: str, service: str) -> None:
    assert host(name).infra.run_test(f"systemctl is-active --quiet {service}").succeeded
