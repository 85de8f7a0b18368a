# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JSON report holds everything and can be read again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _reports
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._json import render
from support.audits import HOSTILE, audit, build, cure, hostile_audits, result, sample_audits


@pytest.mark.parametrize("audits", [sample_audits(), hostile_audits()], ids=["sample", "hostile"])
def test_a_report_of_the_report_is_the_same(audits: list[dict[str, Any]]) -> None:
    report = build(audits, "Title")
    data = json.loads(render(report))
    assert data["schema"] == "linux_tcp.report/2"
    assert render(_reports.build(data["audits"], data["title"], report.texts)) == render(report)


def test_each_text_stands_once_and_each_host_on_a_line_of_its_own() -> None:
    hosts = [audit(name, result("a", "high", title="The title", remedy="The remedy."), advice=[cure("c", True)]) for name in ("x", "y")]
    text = render(build(hosts, "t"))
    assert [text.count(part) for part in ("The title", "The remedy.", "Invented title of c")] == [1, 1, 1]
    lines = [json.loads(line.rstrip(",")) for line in text.splitlines() if line.startswith('{"')]
    assert [line["host"] for line in lines] == ["x", "y"]
    assert json.loads(text)["rules"]["a"] == {
        "title": "The title",
        "profiles": ["fullnat_lb"],
        "claims": [],
        "rationale": "An invented reason that explains why this matters to whoever reads the report.",
        "remedy": "The remedy.",
    }


def test_nothing_is_cut_or_changed() -> None:
    everything = next(entry for entry in json.loads(render(build(hostile_audits(), "t")))["audits"] if entry["host"] == "everything")
    observed = {result["observed"] for result in everything["results"]}
    assert {text.replace("\ud800", "\ufffd") for text in HOSTILE.values()} <= observed
