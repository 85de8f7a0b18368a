# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports of a repository: by file in every format."""

from __future__ import annotations

import json
import re
import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import build, format_of, text_summary
from support.repositories import judged

FILES = {
    "deploy/a.sh": "sysctl -w net.ipv4.tcp_timestamps=0\nsysctl -w net.ipv4.tcp_tw_reuse=1\n",
    "web/compose.yml": "services:\n  a:\n    sysctls:\n      net.ipv4.tcp_fin_timeout: 4\n      net.ipv4.tcp_timestamps: 0\n",
}


@pytest.fixture(name="report")
def _report(tmp_path: Path) -> t.Any:
    return build([judged(tmp_path, FILES)], "TCP audit")


@pytest.mark.parametrize("form", ["text", "html", "markdown"])
def test_a_person_reads_it_by_file(report: t.Any, form: str) -> None:
    text = text_summary(report) if form == "text" else format_of(form).render(report)
    marks = {"text": r"^FILE (.*)", "html": r"<h3>([a-z].*)</h3>", "markdown": r"^#### (.*)"}
    assert re.findall(marks[form], text, re.MULTILINE) == ["deploy/a.sh", "web/compose.yml"]
    assert "net.ipv4.tcp_timestamps = 0 (deploy/a.sh:1)" in text.replace("\n                    ", " ") or form == "markdown"


def test_junit_has_a_case_for_each_rule_of_a_file(report: t.Any) -> None:
    cases = ET.fromstring(format_of("junit").render(report).partition("\n")[2]).iter("testcase")
    failed = {(case.get("file"), case.get("line"), case.get("name")) for case in cases if case.find("failure") is not None}
    assert failed == {
        ("deploy/a.sh", "2", "reuse-without-timestamps"),
        ("deploy/a.sh", "1", "timestamps-off"),
        ("web/compose.yml", "5", "timestamps-off"),
        ("web/compose.yml", "4", "fin-timeout-mistaken"),
    }


def test_sarif_has_a_line_for_each_result(report: t.Any) -> None:
    (run,) = json.loads(format_of("sarif").render(report))["runs"]
    found = set()
    for result in run["results"]:
        (location,) = result["locations"]
        physical = location["physicalLocation"]
        assert physical["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
        found.add((result["ruleId"], physical["artifactLocation"]["uri"], physical["region"]["startLine"]))
    assert ("reuse-without-timestamps", "deploy/a.sh", 2) in found
    assert len(found) == 4
    reuse = next(result for result in run["results"] if result["ruleId"] == "reuse-without-timestamps")
    assert [one["physicalLocation"]["region"]["startLine"] for one in reuse["relatedLocations"]] == [2, 1]
    assert len({json.dumps(result["partialFingerprints"]) for result in run["results"]}) == 4


def test_the_first_sentence_names_the_file(report: t.Any) -> None:
    (host,) = report.hosts
    assert "deploy/a.sh:2: net.ipv4.tcp_tw_reuse" in host.verdict["sentence"]


def test_json_has_each_setting(report: t.Any) -> None:
    assert '"path":"deploy/a.sh"' in format_of("json").render(report)


def test_nothing_found_is_no_good_news(tmp_path: Path) -> None:
    report = build([judged(tmp_path, {"a.txt": "x"})], "TCP audit")
    assert "Nothing is known about this repository" in text_summary(report)
