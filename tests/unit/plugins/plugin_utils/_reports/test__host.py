# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One host as people are to see it."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import build_host
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import CATALOGUE
from support.audits import audit, build, cure, result


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        (["pass", "fail"], "failed"),
        (["pass", "unknown"], "clean"),
        (["waived", "not_applicable"], "clean"),
        (["unknown", "not_applicable"], "unknown"),
        (["not_applicable"], "unknown"),
        ([], "not_audited"),
    ],
)
def test_the_outcome_of_a_host(statuses: list[str], outcome: str) -> None:
    host = build_host("web1", audit("web1", *(result("a", "low", status) for status in statuses)))
    assert host.outcome == outcome


def test_a_host_without_an_audit_says_why_and_has_no_results() -> None:
    host = build_host("web1", {"unreachable": True, "msg": "no route\x1b[2J"})
    assert (host.audit, host.not_audited_because, host.results, host.advice) == (None, "no route\\x1b[2J", [], [])


def test_results_come_failed_first_then_the_most_severe() -> None:
    host = build_host(
        "web1", audit("web1", result("c", "low", "pass"), result("b", "low"), result("a", "high", "unknown"), result("d", "high"))
    )
    assert [one["id"] for one in host.results] == ["d", "b", "a", "c"]
    assert [one["id"] for one in host.failed] == ["d", "b"]
    assert host.worst == "high"


def test_cures_that_apply_are_not_confused_with_the_others() -> None:
    host = build_host("web1", audit("web1", result("a", "low"), advice=[cure("x", True), cure("y"), cure("z", True)]))
    assert [one["id"] for one in host.advice] == ["x", "z"]
    assert [one["id"] for one in host.advised_against] == ["y"]


def test_a_result_has_the_texts_of_its_rule() -> None:
    (one,) = build_host("web1", audit("web1", result("recycle-on", "high"))).results
    assert (one["title"], one["remedy"]) == (CATALOGUE["recycle-on"].title, CATALOGUE["recycle-on"].remedy)


def test_a_cure_has_the_steps_for_this_host_or_else_its_own() -> None:
    advice = [cure("x", True, how=["here"]), cure("y", True, how=None)]
    (host,) = build([audit("web1", result("a", "low"), advice=advice)], "t").hosts
    assert [one["how"] for one in host.advice] == [["here"], []]


def test_every_text_is_safe_to_show() -> None:
    given = audit("web1", result("a", "low", observed="\x1b[2J", evidence={"\x07": "x" * 3000}), not_seen=["\u202e"])
    (host,) = build([given], "t").hosts
    assert host.audit is not None
    assert host.results[0]["observed"] == "\\x1b[2J"
    assert host.results[0]["evidence"] == {"\\x07": "x" * 2000 + "… (1,000 more characters)"}
    assert host.audit["not_seen"] == ["\\u202e"]
