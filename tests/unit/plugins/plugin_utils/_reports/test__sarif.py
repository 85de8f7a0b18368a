# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The SARIF report: what it says by itself, and what the standard's own validator says about it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _reports
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import _sarif
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._sarif import render
from support.audits import audit, build, hostile_audits, result, sample_audits
from support.report_forms import Unavailable, assert_sarif_form, sarif_complaints, sarif_validator

CONF = "/etc/x.conf"


def run_of(audits: list[dict[str, Any]]) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(render(build(audits, "t")))
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    return dict(run)


def only(*results: dict[str, Any]) -> dict[str, Any]:
    (found,) = run_of([audit("web1", *results)])["results"]
    return dict(found)


@pytest.mark.parametrize(
    ("severity", "status", "kind", "level"),
    [
        ("critical", "fail", "fail", "error"),
        ("high", "fail", "fail", "error"),
        ("medium", "fail", "fail", "warning"),
        ("low", "fail", "fail", "note"),
        ("info", "fail", "fail", "note"),
        ("high", "waived", "fail", "error"),
    ],
)
def test_kind_and_level(severity: str, status: str, kind: str, level: str) -> None:
    found = only(result("a", severity, status, path=CONF))
    assert (found["kind"], found["level"]) == (kind, level)
    assert ("suppressions" in found) is (status == "waived")


def test_a_waiver_suppresses_with_its_reason() -> None:
    found = only(result("a", "high", "waived", path=CONF, waiver={"reason": "moves in spring", "expires": "2026-05-01"}))
    assert found["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "moves in spring. Accepted until 2026-05-01."}
    ]


@pytest.mark.parametrize("path", ["/etc/sysctl.conf", "/etc/sysctl.d/a b%20#?<c>.conf", "/etc/sysctl.d/größe.conf"])
def test_the_location_is_the_boot_file_on_its_host(path: str) -> None:
    place = only(result("a", "low", subject="net.core.x", path=path, line=7))["locations"][0]
    artifact = place["physicalLocation"]["artifactLocation"]
    assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", artifact["uri"])
    assert "/" + unquote(artifact["uri"]) == path
    assert artifact["uriBaseId"] in run_of([audit("web1", result("a", "low", path=path))])["originalUriBaseIds"]
    assert place["physicalLocation"]["region"] == {"startLine": 7}
    assert [logical["fullyQualifiedName"] for logical in place["logicalLocations"]] == ["web1", "web1/net.core.x"]


@pytest.mark.parametrize("status", ["unknown", "not_applicable", "pass"])
def test_what_neither_failed_nor_is_waived_is_left_to_the_other_reports(status: str) -> None:
    assert run_of([audit("web1", result("a", "high", status, path=CONF))])["results"] == []


def test_a_result_without_a_file_is_left_to_the_other_reports_and_counted() -> None:
    run = run_of([audit("web1", result("a", "low"), result("b", "low"), result("c", "low", path=CONF)), {"host": "gone"}])
    assert [found["ruleId"] for found in run["results"]] == ["c"]
    notices = [notice["message"]["text"] for notice in run["invocations"][0]["toolExecutionNotifications"]]
    assert notices[-1] == "3 results have no file that a viewer could show. They are in the other reports."


def test_a_live_host_stands_in_the_line_of_the_inventory_that_names_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hosts").write_text("[backends]\nweb10\nweb1 ansible_port=22\n")
    audits = [audit("web1", result("a", "low"), result("b", "low", path=CONF, line=3)), {"host": "web10"}, {"host": "other"}]
    log = json.loads(render(_reports.build(audits, "t", inventories=[str(tmp_path / "hosts")])))
    places = [(found["ruleId"], found["locations"][0]["physicalLocation"]) for found in log["runs"][0]["results"]]
    assert places == [
        ("host-not-audited", {"artifactLocation": {"uri": "hosts"}, "region": {"startLine": 2}}),
        ("a", {"artifactLocation": {"uri": "hosts"}, "region": {"startLine": 3}}),
        ("b", {"artifactLocation": {"uri": "etc/x.conf", "uriBaseId": "ROOT:web1"}, "region": {"startLine": 3}}),
    ]


def test_what_came_from_a_source_stands_in_it() -> None:
    run = run_of([audit("web1", result("a", "low"), source={"kind": "capture", "path": "captures/web1.capture"})])
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "captures/web1.capture"}


def test_a_file_of_the_controller_elsewhere_is_a_whole_address() -> None:
    run = run_of([audit("web1", result("a", "low"), source={"kind": "capture", "path": "/srv/a b.capture"})])
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///srv/a%20b.capture"}


def test_of_too_many_results_the_most_severe_are_there_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sarif, "MOST_RESULTS", 3)
    severities = ("low", "critical", "info", "high", "medium")
    run = run_of([audit(f"web{n}", result("a", severity, path=CONF)) for n, severity in enumerate(severities)])
    assert [found["properties"]["severity"] for found in run["results"]] == ["critical", "high", "medium"]
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notice["message"]["text"].startswith("2 results did not fit; the most severe ones are here.")


def test_a_rule_has_its_help_once() -> None:
    run = run_of([audit(host, result("recycle-on", "low", path=CONF), result("other", "high", path=CONF)) for host in ("a", "b")])
    rules = run["tool"]["driver"]["rules"]
    assert [(rule["id"], rule["name"]) for rule in rules] == [("other", "TcpOther"), ("recycle-on", "TcpRecycleOn")]
    assert all(rules[found["ruleIndex"]]["id"] == found["ruleId"] for found in run["results"])
    assert "What to do: Set the key to 0" in rules[0]["help"]["text"]
    assert "**What to do:** Set the key to 0" in rules[0]["help"]["markdown"]


def test_a_failed_result_explains_its_rule() -> None:
    hosts = [audit("a", result("x", "low", "pass", remedy="This.")), audit("b", result("x", "low"))]
    assert "What to do: This." in run_of(hosts)["tool"]["driver"]["rules"][0]["help"]["text"]


def test_a_host_without_an_audit_makes_the_run_unsuccessful() -> None:
    run = run_of(sample_audits())
    (invocation,) = run["invocations"]
    errors = [notice["message"]["text"] for notice in invocation["toolExecutionNotifications"] if notice["level"] == "error"]
    assert not invocation["executionSuccessful"]
    assert errors == [
        "Host 'db1.example' was not audited: '/usr/bin/python3: not found'.",
        "Host 'web2.example' was not audited: 'Failed to connect to the host via ssh: Connection timed out'.",
    ]


def test_a_run_with_all_hosts_audited_is_successful() -> None:
    assert run_of([audit("web1", result("a", "high"))])["invocations"][0]["executionSuccessful"]


def test_what_was_not_seen_is_a_notification() -> None:
    (notice,) = run_of([audit("web1", result("a", "low", path=CONF), not_seen=["No counters."])])["invocations"][0][
        "toolExecutionNotifications"
    ]
    assert notice["message"]["text"] == "On host 'web1', something could not be read: 'No counters'."


def test_a_result_keeps_its_fingerprint_when_its_numbers_change() -> None:
    first, second = result("a", "low", observed="1", path=CONF), result("a", "high", observed="2", path=CONF)
    before, after = (only(one)["partialFingerprints"] for one in (first, second))
    assert before == after
    prints = [json.dumps(found["partialFingerprints"]) for found in run_of(sample_audits())["results"]]
    others = [json.dumps(found["partialFingerprints"]) for found in run_of([audit("web9", result("a", "low", path=CONF))])["results"]]
    assert not set(prints) & set(others)


def test_a_host_cannot_put_a_link_or_a_placeholder_into_a_message() -> None:
    text = only(result("a", "low", path=CONF, observed="[x](https://example.invalid) {0}"))["message"]["text"]
    assert "](" not in text
    assert "{{0}}" in text


@pytest.fixture(scope="module")
def validator() -> Path:
    try:
        return sarif_validator()
    except Unavailable as why:
        pytest.skip(str(why))


@pytest.mark.parametrize(
    "audits",
    [sample_audits(), hostile_audits(), [audit("web1", result("fine", "low", "pass"))], [{"host": "gone", "failed": True}]],
    ids=["sample", "hostile", "clean", "not audited"],
)
def test_the_validator_has_nothing_to_complain_about(validator: Path, tmp_path: Path, audits: list[dict[str, Any]]) -> None:
    log, hosts = tmp_path / "log.sarif", tmp_path / "hosts"
    hosts.write_text("".join(f"{one['host']}\n" for one in audits), "utf-8", "replace")
    log.write_text(render(_reports.build(audits, "t", inventories=[str(hosts)])), "utf-8")
    assert_sarif_form(validator, log)


def test_the_validator_does_complain(validator: Path, tmp_path: Path) -> None:
    data = json.loads(render(build(sample_audits(), "t")))
    del data["runs"][0]["tool"]["driver"]["informationUri"]
    log = tmp_path / "log.sarif"
    log.write_text(json.dumps(data), "utf-8")
    assert "SARIF2005" in {complaint["ruleId"] for complaint in sarif_complaints(validator, log)}
