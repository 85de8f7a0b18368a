# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit, reaches, reason_to_fail
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import PROFILES, SEVERITIES
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import CATALOGUE
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._waivers import parse_waivers
from support.snapshots import negotiated, probe, snapshot, sockets, towards

TODAY = datetime.date(2026, 11, 21)
INERT_REUSE = {"net.ipv4.tcp_tw_reuse": "1", "net.ipv4.tcp_timestamps": "0"}
SAVED = {"/etc/sysctl.d/50-x.conf": "".join(f"{key} = {value}\n" for key, value in INERT_REUSE.items())}
FIRST, LAST = "/etc/sysctl.d/1.conf", "/etc/sysctl.d/2.conf"
WAIVER = {"rule": "reuse-without-timestamps", "hosts": ["web*"], "reason": "being replaced", "expires": "2026-11-21"}


def options(profile: str = "client_host", **more: t.Any) -> AuditOptions:
    return AuditOptions(profile=profile, today=TODAY, **more)


def statuses(judged: t.Any, rule: str) -> set[str]:
    return {result["status"] for result in judged["results"] if result["id"] == rule}


@pytest.mark.parametrize("profile", [*PROFILES, "any"])
def test_every_rule_answers_under_every_profile(profile: str) -> None:
    judged = audit(snapshot(), "web1", options(profile))
    assert {result["id"] for result in judged["results"]} == set(CATALOGUE)
    for result in judged["results"]:
        assert result["status"] == "not_applicable" or CATALOGUE[result["id"]].profiles(profile)


def test_any_takes_the_highest_severity() -> None:
    judged = audit(snapshot(INERT_REUSE, files=SAVED), "web1", options("any"))
    (result,) = [result for result in judged["results"] if result["id"] == "reuse-without-timestamps"]
    assert result["severity"] == "high"


def test_failed_results_come_first_and_the_most_severe_of_them() -> None:
    keys = {**INERT_REUSE, "net.ipv4.tcp_max_tw_buckets": "0", "net.ipv4.ip_local_port_range": "40000 40018"}
    results = audit(snapshot(keys), "web1", options())["results"]
    failed = [result["severity"] for result in results if result["status"] == "fail"]
    assert failed == sorted(failed, key=SEVERITIES.index)
    assert len(failed) >= 4
    assert all(result["status"] == "fail" for result in results[: len(failed)])


def test_the_summary_counts_what_the_results_say() -> None:
    judged = audit(snapshot(INERT_REUSE, files=SAVED), "web1", options())
    assert judged["summary"]["severity"] == {"critical": 0, "high": 1, "medium": 1, "low": 0, "info": 0}
    assert judged["summary"]["worst"] == "high"
    assert sum(judged["summary"]["status"].values()) == len(judged["results"])


@pytest.mark.parametrize(
    ("fail_on", "reaching"),
    [("never", 0), ("critical", 0), ("high", 1), ("medium", 2), ("low", 2), ("info", 2)],
)
def test_fail_on(fail_on: str, reaching: int) -> None:
    judged = audit(snapshot(INERT_REUSE, files=SAVED), "web1", options(fail_on=fail_on))
    assert len(reaches(judged["results"], fail_on)) == reaching
    assert bool(reason_to_fail(judged)) == bool(reaching)


def test_the_reason_to_fail_names_host_rule_and_place() -> None:
    files = {"/etc/sysctl.d/9.conf": "net.ipv4.tcp_max_tw_buckets = 5000\n"}
    reason = reason_to_fail(audit(snapshot(files=files), "web1", options()))
    assert "web1" in reason
    assert "high buckets-too-small" in reason
    assert "/etc/sysctl.d/9.conf:1" in reason


@pytest.mark.parametrize(
    ("fail_on", "start", "end"),
    [
        ("high", "web1: 1 failed result of severity high or above. high reuse-without", ""),
        (
            "medium",
            "web1: 2 failed results of severity medium or above. The first: high reuse-without",
            " All of them: reuse-without-timestamps, timestamps-off.",
        ),
    ],
)
def test_the_reason_to_fail_counts_what_fails_and_says_what_to_do(fail_on: str, start: str, end: str) -> None:
    remedy = CATALOGUE["reuse-without-timestamps"].remedy
    message = reason_to_fail(audit(snapshot(INERT_REUSE, files=SAVED), "web1", options(fail_on=fail_on)))
    assert message == f"{start}-timestamps: tcp_tw_reuse is 1, tcp_timestamps is 0 (/etc/sysctl.d/50-x.conf:1). What to do: {remedy}{end}"


@pytest.mark.parametrize(
    ("files", "line"),
    [
        # The line that gives the key the value that it has is the one to edit; one that gives it another value is not to blame.
        ({FIRST: "net.ipv4.tcp_tw_reuse=2\n", LAST: "\nnet.ipv4.tcp_tw_reuse = 1\n"}, (LAST, 2)),
        ({FIRST: "net.ipv4.tcp_tw_reuse=1\n", LAST: "net.ipv4.tcp_tw_reuse = 2\n"}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_a_failure_about_a_key_names_the_boot_line_that_sets_it(files: dict[str, str], line: tuple[str | None, int | None]) -> None:
    judged = audit(snapshot(INERT_REUSE, files=files), "web1", options())
    (found,) = [result for result in judged["results"] if result["id"] == "reuse-without-timestamps"]
    assert (found["status"], found["path"], found["line"]) == ("fail", *line)


def test_where_nothing_reaches_fail_on_there_is_no_reason_to_fail() -> None:
    assert reason_to_fail(audit(snapshot(INERT_REUSE, files=SAVED), "web1", options(fail_on="critical"))) == ""


def test_figures_for_people() -> None:
    judged = audit(
        snapshot(
            sockets=sockets(
                ports_in_use=[towards(3), towards(7, destination="2001:db8::1", port=443)],
                states={"ipv4": {"time_wait": 9}, "ipv6": {}},
            )
        ),
        "web1",
        options(),
    )
    assert judged["capacity"] == {
        "time_wait": 9,
        "bucket_limit": 262144,
        "usable_ports": 28232,
        "connections_per_second": 470.53,
        "binds": "ports",
        "reuse": "no",
        "connections_per_second_with_reuse": None,
        "knee_ports": 14116,
        "busiest": {"source": "192.0.2.10", "destination": "2001:db8::1", "destination_port": 443, "ports": 7},
    }


@pytest.mark.parametrize(
    ("reuse", "timestamps", "figures"),
    [
        ("1", [], ("unknown", 470.53, 28232.0)),
        ("1", [negotiated(3)], ("proven", 28232.0, None)),
        ("1", [negotiated(0, 3)], ("no", 470.53, None)),
        ("2", [negotiated(3)], ("no", 470.53, None)),
    ],
)
def test_the_rate_follows_whether_reuse_is_proven(reuse: str, timestamps: list[t.Any], figures: tuple[t.Any, ...]) -> None:
    observed = snapshot({"net.ipv4.tcp_tw_reuse": reuse}, sockets=sockets(ports_in_use=[towards(7, 7)], timestamps=timestamps))
    found = audit(observed, "web1", options())["capacity"]
    assert (found["reuse"], found["connections_per_second"], found["connections_per_second_with_reuse"]) == figures


def test_a_vendors_time_wait_counts_in_the_rate() -> None:
    found = audit(snapshot({"net.ipv4.tcp_tw_timeout": "5"}), "web1", options())["capacity"]
    assert found["connections_per_second"] == 5646.4


def test_an_endpoint_that_does_not_answer_is_told_once() -> None:
    gone = [
        {**probe(None), "host": "gone", "address": address, "reached": False, "message": "refused"}
        for address in ("192.0.2.1", "192.0.2.2")
    ]
    judged = audit(snapshot(probes=[*gone, probe(True)]), "web1", options("client_host"))
    (sentence,) = [one for one in judged["not_seen"] if "probe" in one]
    assert sentence == "The probe of gone:80 failed: 192.0.2.1: refused; 192.0.2.2: refused."
    assert statuses(judged, "probe-failed") == {"fail"}
    assert statuses(judged, "peer-closes-never") == {"unknown"}


def test_under_any_a_rule_of_some_profiles_is_told_apart() -> None:
    judged = audit(
        snapshot({"net.ipv4.tcp_tw_reuse": "1", "net.ipv4.ip_local_port_range": "40000 40099"}), "web1", options("any", fail_on="info")
    )
    apart = {one["id"] for one in judged["results"] if one["status"] == "fail" and not one["decides"]}
    assert "ports-few" in apart
    assert judged["summary"]["told_apart"] == len([one for one in judged["results"] if one["status"] == "fail" and not one["decides"]])
    assert {one["id"] for one in reaches(judged["results"], "info")} == {"boot-unsaved"}
    assert judged["summary"]["worst"] == "medium"
    known = audit(snapshot({"net.ipv4.ip_local_port_range": "40000 40099"}), "web1", options("client_host", fail_on="info"))
    assert "ports-few" in {one["id"] for one in reaches(known["results"], "info")}


def test_figures_that_nobody_could_see_are_none() -> None:
    judged = audit(snapshot(sysctl=None, sockets=None, sockstat=None), "web1", options())
    assert set(judged["capacity"].values()) == {None}


@pytest.mark.parametrize(("profile", "fail_on"), [("client", "high"), ("backend", "bad")])
def test_unknown_profile_or_severity_is_named(profile: str, fail_on: str) -> None:
    with pytest.raises(ValueError, match="client" if profile == "client" else "bad"):
        options(profile, fail_on=fail_on)


def test_a_waiver_holds_on_its_last_day() -> None:
    judged = audit(snapshot(INERT_REUSE, files=SAVED), "web1", options(waivers=parse_waivers([WAIVER])))
    (result,) = [result for result in judged["results"] if result["id"] == "reuse-without-timestamps"]
    assert result["status"] == "waived"
    assert result["waiver"] == {"reason": "being replaced", "expires": "2026-11-21"}
    assert "being replaced" in result["reason"]
    assert statuses(judged, "waiver-expired") == {"pass"}
    assert not reaches(judged["results"], "high")


def test_an_expired_waiver_is_a_result_and_no_waiver() -> None:
    judged = audit(snapshot(INERT_REUSE, files=SAVED), "web1", options(waivers=parse_waivers([{**WAIVER, "expires": "2026-11-20"}])))
    assert statuses(judged, "reuse-without-timestamps") == {"fail"}
    (result,) = [result for result in judged["results"] if result["id"] == "waiver-expired"]
    assert (result["status"], result["severity"], result["subject"]) == ("fail", "medium", "reuse-without-timestamps")


def test_an_expired_waiver_is_silent_where_its_rule_passes_or_a_newer_one_holds() -> None:
    expired = {**WAIVER, "expires": "2026-11-20"}
    passing = audit(snapshot(), "web1", options(waivers=parse_waivers([expired])))
    renewed = audit(snapshot(INERT_REUSE, files=SAVED), "web1", options(waivers=parse_waivers([expired, WAIVER])))
    assert statuses(passing, "waiver-expired") == statuses(renewed, "waiver-expired") == {"pass"}
    assert statuses(renewed, "reuse-without-timestamps") == {"waived"}


@pytest.mark.parametrize(("hosts", "status"), [(["db1"], "fail"), (["db1", "web?"], "waived"), ("web1", "waived"), (None, "waived")])
def test_a_waiver_concerns_its_hosts(hosts: object, status: str) -> None:
    judged = audit(snapshot(INERT_REUSE, files=SAVED), "web1", options(waivers=parse_waivers([{**WAIVER, "hosts": hosts}])))
    assert statuses(judged, "reuse-without-timestamps") == {status}


def test_a_waiver_makes_no_pass_of_what_did_not_fail() -> None:
    judged = audit(snapshot(without=["net.ipv4.tcp_timestamps"]), "web1", options(waivers=parse_waivers([WAIVER])))
    assert statuses(judged, "reuse-without-timestamps") == {"unknown"}
