# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report for Prometheus, read again by its own library."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import _prometheus
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._prometheus import label, render
from prometheus_client.parser import text_string_to_metric_families
from support.audits import audit, build, hostile_audits, result, sample_audits

NAMESPACE = {"name": "pod shop/cart", "passed": 3, "results": [result("x", "critical"), result("y", "low")]}


def samples(audits: list[dict[str, Any]]) -> dict[tuple[str, ...], float]:
    """Name and label values to the value."""
    found: dict[tuple[str, ...], float] = {}
    for family in text_string_to_metric_families(render(build(audits, "t"))):
        assert (family.type, bool(family.documentation)) == ("gauge", True)
        for sample in family.samples:
            key = (sample.name.removeprefix("linux_tcp_audit_"), *sample.labels.values())
            assert key not in found
            found[key] = sample.value
    return found


def test_what_is_in_it() -> None:
    found = samples(
        [
            audit("a", result("x", "high"), result("y", "low"), result("y", "low", subject="two"), result("z", "low", "unknown")),
            audit("b", result("y", "low"), collected_at=None),
            audit("c", result("x", "low", "pass")),
            {"host": "d", "msg": "no route"},
        ]
    )
    assert {key[1]: value for key, value in found.items() if key[0] == "hosts"} == {"not_audited": 1, "failed": 2, "unknown": 0, "clean": 1}
    assert {key[1:]: value for key, value in found.items() if key[0] == "rule_failed_hosts"} == {("x", "high"): 1, ("y", "low"): 2}
    assert {key[1]: value for key, value in found.items() if key[0] == "up"} == {"a": 1, "b": 1, "c": 1, "d": 0}
    assert {key[1:]: value for key, value in found.items() if key[0] == "failed_results" and value} == {
        ("a", "high"): 1,
        ("a", "low"): 2,
        ("b", "low"): 1,
    }
    assert {key[1]: value for key, value in found.items() if key[0] == "unknown_results"} == {"a": 1, "b": 0, "c": 0}
    assert {key[1]: value for key, value in found.items() if key[0] == "timestamp_seconds"} == {"a": 1769860800, "c": 1769860800}


def test_the_namespaces_of_a_host_count_with_it() -> None:
    found = samples([audit("node", result("x", "low", "pass"), namespaces=[NAMESPACE]), audit("other", result("x", "high"))])
    assert found["failed_results", "node", "critical"] == 1
    assert found["failed_results", "node", "low"] == 1
    assert found["failed_results", "node", "high"] == 0
    assert found["failed_results", "other", "critical"] == 0
    assert ("up", "node / pod shop/cart") not in found


def test_a_namespace_with_nothing_but_a_waived_result_hides_no_other() -> None:
    waived = {"name": "pod shop/a", "passed": 3, "results": [result("x", "high", "waived")]}
    found = samples([audit("node", result("x", "low", "pass"), namespaces=[waived, NAMESPACE])])
    assert found["failed_results", "node", "critical"] == 1


@pytest.mark.parametrize("audits", [sample_audits(), hostile_audits()], ids=["sample", "hostile"])
def test_each_host_is_there_whatever_its_name(audits: list[dict[str, Any]]) -> None:
    names = {key[1] for key in samples(audits) if key[0] == "up"}
    assert names == {host.name for host in build(audits, "t").hosts}


def test_of_too_many_hosts_only_the_counts_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_prometheus, "MOST_HOSTS", 2)
    found = samples([audit(name, result("x", "low")) for name in ("a", "b", "c")])
    assert {key[0] for key in found} == {"hosts", "rule_failed_hosts"}
    assert found["rule_failed_hosts", "x", "low"] == 3


def test_a_name_that_no_encoding_holds_is_written_out() -> None:
    assert label("web\ud800") == "web\\\\ud800"
