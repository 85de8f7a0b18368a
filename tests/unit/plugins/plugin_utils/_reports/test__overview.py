# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all hosts of a report have in it together."""

from __future__ import annotations

from support.audits import audit, build, cure, result


def test_the_span_of_moments_leaves_out_what_is_no_moment() -> None:
    moments = ["2026-01-31T12:00:00Z", "yesterday", None, "2026-01-30T12:00:00Z"]
    report = build([audit(f"h{n}", result("a", "low"), collected_at=moment) for n, moment in enumerate(moments)], "t")
    assert report.overview.collected == ("2026-01-30T12:00:00Z", "2026-01-31T12:00:00Z")
    assert build([{"host": "a"}], "t").overview.collected is None


def test_each_rule_has_the_highest_severity_of_its_results() -> None:
    hosts = [audit("a", result("y", "low"), result("x", "low", "unknown")), audit("b", result("y", "high", "unknown")), {"host": "c"}]
    assert list(build(hosts, "t").overview.rules.items()) == [("x", "low"), ("y", "high")]


def test_each_cure_is_there_whether_it_applies_or_not() -> None:
    hosts = [
        audit("a", result("y", "low"), advice=[cure("b", True), cure("a")]),
        audit("b", result("y", "low"), advice=[cure("c", wrong=True)]),
    ]
    assert build(hosts, "t").overview.cures == ["a", "b", "c"]


def test_hosts_without_a_profile_are_no_repositories_and_no_namespaces() -> None:
    ours = [audit(name, result("y", "low"), profile=profile) for name, profile in (("b", "any"), ("a", "any"), ("c", "backend"))]
    repository = audit("repository", result("y", "low"), source={"kind": "repository", "path": "."})
    assert build([*ours, repository, {"host": "gone"}], "t").overview.without_profile == ["a", "b"]


def test_the_most_urgent_hosts_come_first_in_each_group() -> None:
    hosts = [audit("a", result("y", "low")), audit("b", result("y", "low"), result("z", "high"))]
    (_z, group) = build(hosts, "t").overview.failed_rules
    assert [host.name for host in group.findings[0].hosts] == ["b", "a"]
