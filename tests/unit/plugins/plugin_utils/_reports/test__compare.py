# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What changed since an earlier report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _reports
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import format_of, text_summary
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._compare import Comparison, RuleChange
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._json import render
from support.audits import audit, build, result


def compared(folder: Path, before: list[dict[str, Any]], now: list[dict[str, Any]]) -> _reports.Report:
    path = folder / "before.json"
    path.write_text(render(build(before, "t")), "utf-8")
    return _reports.build(now, "t", earlier=[str(path)])


def comparison(folder: Path, before: list[dict[str, Any]], now: list[dict[str, Any]]) -> Comparison:
    found = compared(folder, before, now).comparison
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("before", "now", "where"),
    [
        (result("x", "low", "pass"), result("x", "low"), "new"),
        (result("x", "low", "unknown"), result("x", "low"), "new"),
        (result("x", "low"), result("x", "low"), "stays"),
        (result("x", "low"), result("x", "low", "pass"), "cured"),
        (result("x", "low"), result("x", "low", "waived"), "cured"),
        (result("x", "low"), result("x", "low", "not_applicable"), "cured"),
        (result("x", "low"), result("x", "low", "unknown"), "not_known"),
        (result("x", "low"), result("y", "low", "pass"), "not_known"),
    ],
)
def test_a_rule_on_a_host(tmp_path: Path, before: dict[str, Any], now: dict[str, Any], where: str) -> None:
    found = comparison(tmp_path, [audit("web1", before)], [audit("web1", now)])
    lists = {name: ["web1"] if name == where else [] for name in ("new", "cured", "stays", "not_known")}
    assert found == Comparison([RuleChange("x", "low", **lists)], [], [], [])
    assert found.counts == {name: len(names) for name, names in lists.items()}


def test_what_did_not_fail_and_does_not_fail_is_no_news(tmp_path: Path) -> None:
    found = comparison(tmp_path, [audit("a", result("x", "low", "pass"))], [audit("a", result("x", "low", "unknown"))])
    assert found.rules == []


def test_hosts_that_only_one_report_has_or_that_are_audited_no_longer(tmp_path: Path) -> None:
    before = [audit("a", result("x", "low")), audit("b", result("x", "low")), {"host": "c", "msg": "no route"}]
    now = [{"host": "b", "msg": "no route"}, audit("c", result("x", "low")), audit("d", result("x", "low"))]
    found = comparison(tmp_path, before, now)
    assert (found.added, found.gone, found.lost) == (["d"], ["a"], ["b"])
    # What was not audited before may have failed then, too: its failures are told as new rather than not at all.
    assert [rule.new for rule in found.rules] == [["c", "d"]]


def test_the_gravest_rule_comes_first_with_the_gravest_it_was(tmp_path: Path) -> None:
    before = [audit("a", result("x", "critical"), result("y", "low"))]
    now = [audit("a", result("x", "low"), result("z", "medium"), result("y", "low", "pass"))]
    found = [(rule.rule, rule.severity) for rule in comparison(tmp_path, before, now).rules]
    assert found == [("x", "critical"), ("z", "medium"), ("y", "low")]


@pytest.mark.parametrize("host", ["x" * 150, "web\x1b[2J", "two  blanks"])
def test_a_host_is_found_again_whatever_its_name(tmp_path: Path, host: str) -> None:
    found = comparison(tmp_path, [audit(host, result("x", "low"))], [audit(host, result("x", "low"))])
    assert (found.counts["stays"], found.added, found.gone) == (1, [], [])


def test_every_report_says_it(tmp_path: Path) -> None:
    before = [audit("a", result("x", "low")), audit("b", result("y", "high"))]
    report = compared(tmp_path, before, [audit("a", result("z", "high"), result("x", "low", "pass"))])
    text = text_summary(report)
    assert "SINCE THE EARLIER REPORT: 1 new, 1 cured, 0 as before, 0 not known now\n" in text
    assert "  HIGH      z: new on a\n" in text
    assert "  LOW       x: cured on a\n" in text
    assert "  no longer in the report: b\n" in text
    assert "**Since the earlier report:** 1 new, 1 cured" in format_of("markdown").render(report)
    assert "Since the earlier report" in format_of("html").render(report)
    assert '"comparison": {"rules":[{"rule":"z","severity":"high","new":["a"]' in format_of("json").render(report)
    assert "SINCE" not in text_summary(build([audit("a", result("x", "low"))], "t"))
