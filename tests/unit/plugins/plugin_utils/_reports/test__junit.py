# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JUnit report: in the form that CI systems take, and right in what it counts."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _reports
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._junit import render
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from support.audits import audit, build, hostile_audits, result, sample_audits
from support.report_forms import assert_junit_form


def suites(audits: list[dict[str, Any]]) -> dict[str, TestSuite]:
    return {suite.name: suite for suite in JUnitXml.fromstring(render(build(audits, "t")).encode())}


def case(*results: dict[str, Any]) -> TestCase:
    (only,) = suites([audit("web1", *results)])["web1"]
    return only


@pytest.mark.parametrize("audits", [sample_audits(), hostile_audits()], ids=["sample", "hostile"])
def test_the_form(audits: list[dict[str, Any]]) -> None:
    assert_junit_form(render(build(audits, "t")))


def test_a_suite_a_host() -> None:
    found = suites(sample_audits())
    assert {name: (suite.tests, suite.failures, suite.errors, suite.skipped) for name, suite in found.items()} == {
        "archive.example": (2, 0, 0, 2),
        "client1.example": (8, 2, 0, 1),
        "db1.example": (1, 0, 1, 0),
        "lb1.example": (18, 7, 0, 4),
        "web1.example": (5, 0, 0, 0),
        "web2.example": (1, 0, 1, 0),
    }
    assert (found["lb1.example"].hostname, found["lb1.example"].timestamp) == ("lb1.example", "2026-01-31T12:00:00")


def test_a_host_without_an_audit_is_an_error() -> None:
    (only,) = suites(sample_audits())["web2.example"]
    (error,) = only.result
    assert isinstance(error, Error)
    assert error.message == "Failed to connect to the host via ssh: Connection timed out"


def test_a_failure_has_all_that_is_needed_to_act() -> None:
    (failure,) = case(
        result("a", "high", subject="key", observed="8", expected="9", path="/etc/x.conf", line=4, claims=["D1"], evidence={"n": 3})
    ).result
    assert isinstance(failure, Failure)
    assert failure.type == "high"
    for text in (
        "key",
        "observed: 8",
        "expected: 9",
        "where: /etc/x.conf:4",
        "claims: D1",
        "evidence: n=3",
        "why: An invented",
        "remedy: Set",
    ):
        assert text in failure.text


def test_all_failed_subjects_of_a_rule_are_in_one_failure_under_the_worst_severity() -> None:
    (failure,) = case(
        result("a", "low", subject="first"), result("a", "high", subject="second"), result("a", "low", "pass", subject="third")
    ).result
    assert failure.type == "high"
    assert "(and 1 more)" in failure.message
    assert "first" in failure.text
    assert "second" in failure.text
    assert "third" not in failure.text


@pytest.mark.parametrize(
    ("statuses", "message"),
    [
        (["waived"], "waived: key: An invented reason for waived."),
        (["not_applicable"], "not applicable: key: An invented reason for not_applicable."),
        (["unknown"], "unknown: key: An invented reason for unknown."),
        (["pass", "unknown", "waived"], "unknown: key: An invented reason for unknown."),
        (["pass", "not_applicable"], "not applicable: key: An invented reason for not_applicable."),
    ],
)
def test_what_is_no_pass_is_skipped_with_its_reason(statuses: list[str], message: str) -> None:
    (skipped,) = case(*(result("a", "high", status, subject="key") for status in statuses)).result
    assert isinstance(skipped, Skipped)
    assert skipped.message == message


def test_only_passes_are_a_pass() -> None:
    assert case(result("a", "high", "pass"), result("a", "high", "pass")).is_passed


def test_a_moment_that_is_none_is_left_out() -> None:
    assert suites([audit("web1", result("a", "low"), collected_at="now")])["web1"].timestamp is None


def test_a_case_stands_in_the_line_of_the_inventory_that_names_its_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hosts").write_text("web2\nweb1\n")
    report = _reports.build([audit("web1", result("a", "low"))], "t", inventories=["hosts"])
    (element,) = ET.fromstring(render(report)).iter("testcase")
    assert (element.get("file"), element.get("line")) == ("hosts", "2")


def test_of_a_fleet_what_failed_is_a_case_and_the_rest_is_counted() -> None:
    clean = [audit(f"web{n:03}", result("a", "low", "pass"), result("b", "low", "unknown")) for n in range(200)]
    bad = audit("bad", result("a", "low", subject="x"), result("a", "low", "pass"), result("b", "low", "pass"))
    text = render(build([*clean, bad, {"host": "gone"}], "t"))
    assert_junit_form(text)
    root = ET.fromstring(text)
    assert [suite.get("name") for suite in root] == ["summary", "bad", "gone"]
    counted = {case.get("name"): case.findtext("system-out") for case in root[0]}
    assert counted == {
        "a": "fail on 1 hosts, pass on 200 hosts",
        "b": "unknown on 200 hosts, pass on 1 hosts",
    }
    assert [case.get("name") for case in root[1].iter("testcase")] == ["a"]
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "1", "1")
