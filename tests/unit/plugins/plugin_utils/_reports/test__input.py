# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes into a report is checked, completed and made plain; what is wrong is named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import ReportError
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._input import read_audits
from support.audits import audit, cure, hostile_audits, result, sample_audits


class Tagged(str):
    """As Ansible's own subclasses of str, which carry more than their text."""


def test_the_audits_of_a_mapping_are_named_by_its_keys() -> None:
    named = {entry.pop("host"): entry for entry in sample_audits()}
    assert read_audits(named) == read_audits(sample_audits())


def test_a_delegated_audit_has_the_name_of_the_host_that_was_looked_at() -> None:
    delegated, own = audit("lb1", result("a", "low")), audit("web2", result("a", "low"))
    assert [entry["host"] for entry in read_audits({"web1": delegated, "web2": own})] == ["lb1", "web2"]


def test_where_two_audits_name_one_host_the_keys_stay() -> None:
    audits = {"web1": audit("lb1", result("a", "low")), "lb1": audit("lb1", result("a", "low"))}
    assert [entry["host"] for entry in read_audits(audits)] == ["lb1", "web1"]


def test_hosts_come_in_order_of_their_names() -> None:
    assert [entry["host"] for entry in read_audits(sample_audits())] == sorted(entry["host"] for entry in sample_audits())


@pytest.mark.parametrize("audits", [sample_audits(), hostile_audits()], ids=["sample", "hostile"])
def test_what_was_checked_can_be_checked_again(audits: list[dict[str, Any]]) -> None:
    once = read_audits(audits)
    assert read_audits(once) == once
    assert read_audits(json.loads(json.dumps(once))) == once


def test_everything_becomes_plain_data() -> None:
    entry: Any = read_audits([audit(Tagged("web1"), result("a", Tagged("low"), evidence={Tagged("x"): Tagged("y")}))])[0]
    found = entry["results"][0]
    (name, value) = next(iter(found["evidence"].items()))
    assert {type(text) for text in (entry["host"], found["severity"], name, value)} == {str}


def test_what_json_and_utf_8_cannot_hold_is_replaced() -> None:
    entry: Any = read_audits([audit("web1", result("a", "low", observed="a\udc80b", evidence={"x": float("nan"), "y": float("inf")}))])[0]
    assert entry["results"][0]["observed"] == "a\ufffdb"
    assert entry["results"][0]["evidence"] == {"x": "nan", "y": "inf"}


def test_the_summary_is_counted_and_not_believed() -> None:
    entry: Any = read_audits([audit("web1", result("a", "high"), summary={"status": {"fail": 0}})])[0]
    assert entry["summary"]["status"]["fail"] == 1
    assert entry["summary"]["worst"] == "high"


@pytest.mark.parametrize(
    ("registered", "reason"),
    [
        ({"failed": True, "msg": "no python"}, "no python"),
        ({"unreachable": True, "msg": "timed out"}, "timed out"),
        ({"unreachable": True}, "The host was unreachable."),
        ({"skipped": True}, "The audit was skipped."),
        ({}, "The audit returned no results and gave no reason."),
        ({"msg": ""}, "The audit returned no results and gave no reason."),
        ({"msg": ["a", "b"]}, "['a', 'b']"),
        ({"results": []}, "The audit has no results at all."),
    ],
)
def test_an_entry_without_results_is_a_host_that_was_not_audited(registered: dict[str, Any], reason: str) -> None:
    (entry,) = read_audits({"web1": registered})
    assert entry == {"host": "web1", "failed": True, "unreachable": registered.get("unreachable", False), "msg": reason}


@pytest.mark.parametrize(
    ("audits", "message"),
    [
        ("web1", "audits must be a dictionary or a list with one entry for each host, not the string 'web1'"),
        (None, "audits must be a dictionary or a list with one entry for each host, not null"),
        (7, "not the number 7"),
        ([], "audits is empty: there is no host to report on"),
        ({}, "audits is empty"),
        (["web1"], "audits[0] must be a dictionary, not the string 'web1'"),
        ([{}], "the host name in audits[0] must be a string, not null"),
        ([{"host": " "}], "audits[0] has an entry without a host name"),
        ({1: {}}, "the host name in audits must be a string, not the number 1"),
        ([{"host": "web1"}, {"host": "web1"}], "audits has more than one entry for host 'web1'. Give one entry for each host."),
    ],
)
def test_bad_input_is_named(audits: object, message: str) -> None:
    with pytest.raises(ReportError) as caught:
        read_audits(audits)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("audits", "message"),
    [
        ({"web1": None}, "audits (host web1) must be a dictionary, not null"),
        ({"web1": {"results": "x"}}, "audits (host web1).results must be a list, not the string 'x'"),
        ([audit("web1", results={})], "audits[0] (host web1).results must be a list, not a dictionary"),
        ([audit("web1", results=[1])], "audits[0] (host web1).results[0] must be a dictionary, not the number 1"),
        ([audit("web1", {"severity": "low"})], "results[0].id is missing"),
        ([audit("web1", passed={"a": "x"})], "(host web1).passed['a'] must be a list, not the string 'x'"),
        ([audit("web1", not_applicable={"a": [1]})], "(host web1).not_applicable['a'][0] must be a string, not the number 1"),
        ([audit("web1", not_needed=["a"])], "(host web1).not_needed must be a dictionary, not a list"),
        (
            [audit("web1", result("a", "fatal"))],
            "results[0] (a).severity must be one of critical, high, medium, low, info, not the string 'fatal'",
        ),
        (
            [audit("web1", result("a", "low", "failed"))],
            "(a).status must be one of fail, unknown, waived, not_applicable, pass, not the string 'failed'",
        ),
        ([audit("web1", result("a", "low", subject=1))], "(a).subject must be a string, not the number 1"),
        ([audit("web1", result("a", "low", evidence=[]))], "(a).evidence must be a dictionary, not a list"),
        ([audit("web1", result("a", "low", evidence={"x": [1]}))], "(a).evidence['x'] must be a string or a whole number or"),
        ([audit("web1", result("a", "low", line="7"))], "(a).line must be a whole number, not the string '7'"),
        ([audit("web1", result("a", "low", line=True))], "(a).line must be a whole number, not true"),
        ([audit("web1", result("a", "low", line=0))], "(a).line must be 1 or more, not the number 0"),
        ([audit("web1", result("a", "low", waiver={"reason": "x"}))], "(a).waiver.expires is missing"),
        ([audit("web1", result("a", "low"), profile="router")], "(host web1).profile must be one of"),
        ([audit("web1", result("a", "low"), fail_on="always")], "(host web1).fail_on must be one of"),
        ([audit("web1", result("a", "low"), not_seen=[None])], "(host web1).not_seen[0] must be a string, not null"),
        ([audit("web1", result("a", "low"), source="live")], "(host web1).source must be a dictionary, not the string 'live'"),
        ([audit("web1", result("a", "low"), capacity={"time_wait": "5"})], "capacity.time_wait must be a whole number, not the string '5'"),
        ([audit("web1", result("a", "low"), capacity={"busiest": {"source": "a"}})], "capacity.busiest.destination is missing"),
        (
            [audit("web1", result("a", "low"), capacity={"connections_per_second": "9"})],
            "connections_per_second must be a number, not the string '9'",
        ),
        ([audit("web1", result("a", "low"), advice={})], "(host web1).advice must be a list, not a dictionary"),
        ([audit("web1", result("a", "low"), advice=[{}])], "advice[0].id is missing"),
        (
            [audit("web1", result("a", "low"), advice=[{**cure("x"), "applies": "yes"}])],
            "advice[0] (x).applies must be true or false, not the string 'yes'",
        ),
        ([audit("web1", result("a", "low"), advice=[cure("x", severity="bad")])], "advice[0] (x).severity must be one of"),
        ([audit("web1", result("a", "low"), advice=[cure("x", gain=5)])], "advice[0] (x).gain must be a dictionary, not the number 5"),
        ([audit("web1", result("a", "low"), advice=[cure("x", gain={"factor": float("nan")})])], "(x).gain.factor must be a number that"),
        ([audit("web1", result("a", "low"), advice=[cure("x", how="now")])], "advice[0] (x).how must be a list, not the string 'now'"),
        ([audit("\x1b[2J", result("a", "low"), profile="\x07")], "(host \\x1b[2J).profile must be one of"),
    ],
)
def test_an_audit_of_another_shape_is_named_and_costs_no_other_host_its_report(audits: Any, message: str) -> None:
    good = audit("zz", result("a", "high"))
    given = {**audits, "zz": good} if isinstance(audits, dict) else [*audits, good]
    bad, other = sorted(read_audits(given), key=lambda entry: entry["host"] == "zz")
    assert other == read_audits([good])[0]
    assert (bad["failed"], bad["unreachable"], "results" in bad) == (True, False, False)  # type: ignore[typeddict-item]
    assert message in bad["msg"]  # type: ignore[typeddict-item]
    assert bad["msg"].isprintable()  # type: ignore[typeddict-item]


def test_an_audit_that_was_saved_with_fewer_fields_is_completed() -> None:
    bare = {"id": "a", "severity": "low", "status": "pass"}
    entry: Any = read_audits({"web1": {"results": [bare], "source": None, "capacity": None, "ansible_facts": {}}})[0]
    assert (entry["profile"], entry["fail_on"], entry["advice"], entry["not_seen"]) == ("any", "never", [], [])
    assert entry["source"] == {"kind": "live", "path": None}
    assert set(entry["capacity"].values()) == {None}
    assert (entry["results"][0]["evidence"], entry["results"][0]["line"], entry["results"][0]["reason"]) == ({}, None, "")
    assert "ansible_facts" not in entry


def test_a_number_that_no_report_can_hold_becomes_a_text() -> None:
    entry: Any = read_audits([audit("web1", result("a", "low", evidence={"x": 2**64, "y": 2**64 - 1}))])[0]
    assert entry["results"][0]["evidence"] == {"x": "more than 64 bits can hold", "y": 2**64 - 1}
