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
    measured: dict[str, t.Any] = last_run()["experiments"]
    return measured


def numbers(name: str) -> dict[str, t.Any]:
    measured: dict[str, t.Any] = experiments()[name]["numbers"]
    return measured


def named(name: str, host_name: str) -> set[str]:
    """The rules that failed before the role."""
    return set(experiments()[name]["named"][host_name])


def still_named(name: str, host_name: str) -> set[str]:
    return set(experiments()[name]["still_named"][host_name])


def test_a_client_that_closes_first_runs_out_of_ports() -> None:
    measured = numbers("ports")
    assert measured["before_ok"] == measured["ports"]
    assert measured["before_failed"] == measured["connections"] - measured["ports"]
    assert measured["before_time_wait"] == measured["ports"] - measured["held"]
    assert measured["before_recycled"] == 0


def test_the_audit_names_the_destination_that_took_the_ports() -> None:
    measured = numbers("ports")
    assert {"ports-pressure", "reuse-loopback-only", "closes-first-as-client"} <= named("ports", "client1")
    assert (measured["pressure_subject"], measured["pressure_severity"]) == ("10.77.1.2 to 192.0.2.130:80", "critical")


def test_with_its_role_the_same_load_passes_by_reuse_alone() -> None:
    measured = numbers("ports")
    assert measured["changed"][TW_REUSE] == ["2", "1"]
    assert "net.ipv4.ip_local_port_range" not in measured["changed"]
    assert (measured["after_ok"], measured["after_failed"]) == (measured["connections"], 0)
    assert measured["after_recycled"] >= measured["connections"] - measured["ports"]
    assert not {"ports-pressure", "reuse-loopback-only"} & still_named("ports", "client1")


def test_the_sustained_rate_is_what_the_model_expects() -> None:
    measured = numbers("ports")
    if measured["reuse_delay_ms"] is None:
        pytest.skip("before Linux 6.14 a port comes back after any part of a second")
    # Less where the machine is busy, never more.
    assert measured["sustained_per_second"] <= 1.05 * measured["model_after"]
    assert measured["sustained_per_second"] > 10 * measured["model_before"]


def test_ports_are_counted_for_each_destination_and_grow_with_the_range() -> None:
    measured = numbers("ports")
    assert measured["one_destination_ok"] == measured["other_destination_ok"] == measured["ports"]
    assert measured["wider_ok"] == 2 * measured["ports"]


def test_reuse_does_nothing_against_a_balancer_without_timestamps() -> None:
    measured = numbers("balancer")
    assert (measured["reuse"], measured["client_timestamps"], measured["balancer_timestamps"]) == ("1", "1", "0")
    assert (measured["first_ok"], measured["first_failed"]) == (measured["ports"], measured["connections"] - measured["ports"])
    assert (measured["again_ok"], measured["again_failed"]) == (0, measured["connections"])
    assert measured["recycled"] == 0


def test_the_role_has_nothing_left_to_change_there_and_the_audit_says_what_is_wrong() -> None:
    measured = numbers("balancer")
    assert measured["changed"] == 0
    assert {"ports-pressure", "peer-without-timestamps"} <= named("balancer", "client1")
    assert "peer-without-timestamps" in still_named("balancer", "client1")
    assert (measured["pressure_subject"], measured["pressure_severity"]) == ("10.77.1.2 to 192.0.2.10:8002", "critical")


def test_where_the_balancer_closes_first_it_has_the_time_wait_sockets() -> None:
    measured = numbers("balancer")
    assert (measured["peer_ok"], measured["peer_failed"], measured["peer_client_time_wait"]) == (measured["many"], 0, 0)
    assert measured["peer_balancer_entered"] == measured["many"]


def test_kept_connections_need_few_ports() -> None:
    measured = numbers("balancer")
    assert (measured["keep_alive_requests"], measured["keep_alive_failed"]) == (measured["many"], 0)
    assert measured["keep_alive_client_time_wait"] == measured["keep_alive_ok"]
    assert measured["keep_alive_balancer_entered"] == 0


def test_a_reset_leaves_no_time_wait_on_either_side_and_is_counted() -> None:
    measured = numbers("balancer")
    assert (measured["reset_ok"], measured["reset_failed"]) == (measured["many"], 0)
    assert (measured["reset_client_time_wait"], measured["reset_balancer_entered"]) == (0, 0)
    assert measured["reset_client_aborts"] == measured["many"]


def test_with_timestamps_at_the_balancer_reuse_works() -> None:
    measured = numbers("balancer")
    assert (measured["timestamps_ok"], measured["timestamps_failed"]) == (measured["connections"], 0)
    assert measured["timestamps_recycled"] >= measured["connections"] - measured["ports"]


def test_a_short_fin_timeout_shortens_no_time_wait() -> None:
    measured = numbers("balancer")
    assert measured["fin_timeout_left"] == measured["fin_timeout_closed"]
    assert measured["fin_timeout_seconds"] > 1


@pytest.mark.parametrize("case", ["healed", "role"])
def test_a_refused_syn_is_healed_by_the_clients_reset(case: str) -> None:
    measured = numbers("nat")
    assert (measured[f"{case}_ok"], measured[f"{case}_failed"]) == (measured["tuples"], 0)
    assert measured[f"{case}_syn_again"] > 0


def test_timestamps_refuse_syns_and_are_counted() -> None:
    measured = numbers("nat")
    assert measured["timestamps_before"] == "1"
    assert measured["healed_refused"] > 0


def test_with_rfc1337_it_does_not_heal() -> None:
    measured = numbers("nat")
    assert measured["not_healed_ok"] + measured["not_healed_failed"] == measured["tuples"]
    assert measured["not_healed_failed"] > 0
    assert measured["not_healed_refused"] > measured["not_healed_failed"]
    assert measured["not_healed_skipped"] > 0


def test_the_audit_names_the_collision_and_both_of_its_makers() -> None:
    assert {"rfc1337-on", "syn-rejected-in-time-wait", "timestamps-on-at-l7"} <= named("nat", "balancer")
    assert "conntrack-forgets-early" in named("nat", "gateway")
    assert not {"rfc1337-on", "timestamps-on-at-l7"} & still_named("nat", "balancer")
    assert "conntrack-forgets-early" not in still_named("nat", "gateway")


def test_a_gateway_that_remembers_lets_no_tuple_come_back() -> None:
    measured = numbers("nat")
    assert measured["conntrack_after"] >= 60
    assert (measured["gateway_ok"], measured["gateway_syn_again"], measured["gateway_refused"]) == (measured["tuples"], 0, 0)
    assert measured["gateway_time_wait"] >= measured["tuples"]


def test_a_tiny_limit_destroys_time_wait_sockets_and_logs_nothing() -> None:
    measured = numbers("buckets")
    assert measured["before_ok"] == measured["connections"]
    assert measured["before_time_wait"] == measured["limit"]
    assert measured["before_overflow"] == measured["connections"] - measured["limit"]
    assert measured["log_lines"] in (0, None)
    assert {"buckets-too-small", "buckets-overflow", "buckets-nearly-full"} <= named("buckets", "client2")


def test_with_the_role_none_is_destroyed_and_the_file_is_out_of_the_way() -> None:
    measured = numbers("buckets")
    assert measured["limit_after"] >= 65536
    assert (measured["after_overflow"], measured["after_time_wait"]) == (0, measured["connections"])
    assert not {"buckets-too-small", "buckets-nearly-full"} & still_named("buckets", "client2")


def test_who_closes_first_has_the_time_wait_sockets_and_is_named() -> None:
    measured = numbers("closing")
    assert (measured["server_time_wait"], measured["server_client_time_wait"]) == (measured["by_server"], 0)
    assert (measured["client_time_wait"], measured["client_server_time_wait"]) == (measured["connections"], 0)
    assert "closes-first-as-server" in named("closing", "backend")
    assert "closes-first-as-client" in named("closing", "client2")


def test_no_role_changes_who_closes_first() -> None:
    measured = numbers("closing")
    assert (measured["still_entered"], measured["still_client_entered"]) == (measured["connections"], 0)


def test_a_server_that_lets_its_clients_close_has_none() -> None:
    measured = numbers("closing")
    assert (measured["let_entered"], measured["let_client_entered"]) == (0, measured["connections"])
    assert measured["keep_alive_entered"] == 0
    assert 0 < measured["keep_alive_client_entered"] < measured["connections"] / 10


def test_linger_0_on_a_server_breaks_answers() -> None:
    measured = numbers("closing")
    assert measured["gentle_whole"] == measured["downloads"]
    assert measured["hurried_whole"] < measured["downloads"]
    assert measured["hurried_resets"] > 0


def test_a_source_nat_without_free_ports_drops_connections_and_is_named() -> None:
    measured = numbers("snat")
    assert (measured["before_ok"], measured["before_failed"]) == (measured["ports"], measured["connections"] - measured["ports"])
    assert measured["before_drop"] >= measured["before_failed"]
    assert {"snat-pressure", "conntrack-drops"} <= named("snat", "gateway")
    assert (measured["pressure_subject"], measured["pressure_severity"]) == ("192.0.2.1 to 192.0.2.10:8011 (tcp)", "critical")
    assert measured["changed"] == 0


def test_more_addresses_help_one_client_only_in_turn() -> None:
    measured = numbers("snat")
    assert measured["range_ok"] == measured["ports"]
    assert (measured["turn_ok"], measured["turn_failed"], measured["turn_drop"]) == (measured["connections"], 0, 0)


def test_ports_that_are_bound_first_are_taken_towards_every_destination() -> None:
    measured = numbers("bound")
    assert measured["one_ok"] == measured["connections"]
    assert measured["one_ok"] + measured["other_ok"] == measured["ports"]
    assert measured["other_failed"] == 2 * measured["connections"] - measured["ports"]
    assert (measured["fresh_ok"], measured["fresh_failed"]) == (0, measured["plain"])
    assert "ports-bound-first" in named("bound", "client2")
    assert (measured["bound_subject"], measured["bound_severity"]) == ("10.77.2.2", "critical")


def test_bind_without_a_port_leaves_the_choice_to_connect() -> None:
    measured = numbers("bound")
    assert measured["range_after"].split() == ["40000", "40199"]
    assert measured["cured_one_ok"] == measured["cured_other_ok"] == measured["connections"]
    assert measured["cured_fresh_ok"] == measured["plain"]


def test_without_timestamps_a_balancer_cannot_reuse_ports_towards_its_backend() -> None:
    measured = numbers("front")
    assert (measured["off_timestamps"], measured["off_recycled"]) == ("0", 0)
    assert (measured["off_ok"], measured["off_failed"]) == (measured["ports"], measured["connections"] - measured["ports"])
    assert "ports-pressure" in named("front", "balancer")


def test_timestamps_taken_out_in_front_leave_them_towards_the_backend() -> None:
    measured = numbers("front")
    assert measured["on_timestamps"] == "1"
    assert measured["on_ok"] == measured["on_negotiated"] == measured["connections"]
    assert measured["on_recycled"] >= measured["connections"] - measured["ports"]
    assert (measured["client_ok"], measured["client_negotiated"]) == (measured["clients"], 0)


def test_behind_such_a_front_no_syn_is_refused_by_its_timestamp() -> None:
    measured = numbers("front")
    assert (measured["front_ok"], measured["front_failed"], measured["front_refused"]) == (measured["tuples"], 0, 0)


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
    measured = {advice["id"]: advice["applies"] for advice in record["audit"]["advice"]}
    assert {name: measured[name] for name in record["not_cures"]} == dict.fromkeys(record["not_cures"], False)


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
