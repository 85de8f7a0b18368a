# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What many hosts have in common."""

from __future__ import annotations

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import HostReport
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._groups import (
    CureGroup,
    CureGroups,
    RuleGroup,
    RuleGroups,
    by_reason,
)
from support.audits import audit, build, cure, result


def hosts_of(*audits: dict[str, object]) -> list[HostReport]:
    return build(list(audits), "t").hosts


def by_first_cure(hosts: list[HostReport]) -> list[CureGroup]:
    groups = CureGroups()
    for host in hosts:
        groups.add(host)
    return groups.sorted()


def by_rule(hosts: list[HostReport]) -> list[RuleGroup]:
    groups = RuleGroups()
    for host in hosts:
        groups.add(host)
    return groups.sorted()


def names(hosts: list[HostReport]) -> list[str]:
    return [host.name for host in hosts]


def test_hosts_stand_under_the_cure_that_comes_first_on_them() -> None:
    groups = by_first_cure(
        hosts_of(
            audit("a", result("x", "low"), advice=[cure("few", True, severity="low"), cure("many", True)]),
            audit("b", result("x", "low"), advice=[cure("many", True, severity="low")]),
            audit("c", result("x", "low"), advice=[cure("many", True, severity="low")]),
            audit("d", result("x", "low"), advice=[cure("grave", True, severity="critical"), cure("many", True)]),
            audit("e", result("x", "low"), advice=[cure("few")]),
            {"host": "f"},
        )
    )
    assert [(group.cure["id"], group.severity, names(group.hosts)) for group in groups] == [
        ("grave", "critical", ["d"]),
        ("many", "low", ["b", "c"]),
        ("few", "low", ["a"]),
    ]


def test_the_gravest_of_its_hosts_says_how_grave_a_cure_is() -> None:
    (group,) = by_first_cure(
        hosts_of(
            audit("a", result("x", "low"), advice=[cure("one", True, severity=None)]),
            audit("b", result("x", "low"), advice=[cure("one", True, severity="medium")]),
            audit("c", result("x", "low"), advice=[cure("one", True, severity="info")]),
        )
    )
    assert group.severity == "medium"


def test_a_rule_has_each_finding_once_with_its_hosts() -> None:
    (group,) = by_rule(
        hosts_of(
            audit("a", result("x", "low", observed="1")),
            audit("b", result("x", "low", observed="2")),
            audit("c", result("x", "low", observed="2"), result("x", "high", observed="3"), result("x", "low", "pass", observed="2")),
            audit("d", result("x", "low", "unknown")),
        )
    )
    assert group.rule == "x"
    assert (group.severity, group.hosts) == ("high", 3)
    found = [(finding.result["observed"], names(finding.hosts)) for finding in group.findings]
    assert found == [("3", ["c"]), ("2", ["b", "c"]), ("1", ["a"])]


def test_what_differs_in_its_place_is_another_finding() -> None:
    (group,) = by_rule(hosts_of(audit("a", result("x", "low", path="/a", line=1)), audit("b", result("x", "low", path="/a", line=2))))
    assert len(group.findings) == 2


def test_the_gravest_rule_comes_first_then_the_one_of_most_hosts() -> None:
    both = (result("one", "low"), result("two", "low"))
    groups = by_rule(hosts_of(audit("a", *both), audit("b", result("two", "low"), result("bad", "critical"))))
    assert [(group.rule, group.hosts) for group in groups] == [("bad", 1), ("two", 2), ("one", 1)]


def test_what_does_not_decide_is_not_counted() -> None:
    assert by_rule(hosts_of(audit("a", result("x", "low", decides=False)))) == []


def test_the_reason_of_most_hosts_without_an_audit_comes_first() -> None:
    hosts = hosts_of(
        {"host": "a", "msg": "no python"},
        {"host": "b", "msg": "no route"},
        {"host": "c", "msg": "no route"},
        audit("d", result("x", "low", "pass")),
    )
    assert by_reason(hosts) == [("no route", ["b", "c"]), ("no python", ["a"])]
