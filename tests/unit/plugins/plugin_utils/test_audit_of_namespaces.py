# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with other network namespaces: what is judged there, and what becomes of it in the verdict, the task and the reports."""

from __future__ import annotations

import datetime
import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit, reason_to_fail
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import build, text_summary, write
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._waivers import parse_waivers
from support.snapshots import namespace, snapshot, sockets, sysctl, towards

if t.TYPE_CHECKING:
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import Audit, NamespaceAudit
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Namespace

TODAY = datetime.date(2026, 11, 21)
RANGE, TIMESTAMPS = "net.ipv4.ip_local_port_range", "net.ipv4.tcp_timestamps"
FULL = {"sysctl": sysctl({RANGE: "40000\t40999"}), "sockets": sockets(ports_in_use=[towards(1000)])}
WAIVER = {"rule": "ports-pressure", "reason": "known", "expires": "2026-12-31"}


def judged(*namespaces: Namespace, **options: t.Any) -> Audit:
    host: t.Any = {**snapshot(), "namespaces": list(namespaces)}
    return audit(host, "node1", AuditOptions(**{"profile": "backend", "today": TODAY, **options}))


def failed(one: NamespaceAudit) -> dict[str, str]:
    return {result["id"]: result["severity"] for result in one["results"] if result["status"] == "fail"}


def test_a_pod_out_of_ports_is_critical_in_the_audit_of_its_node() -> None:
    node = judged(namespace(**FULL), namespace(name="unit x.service", kind="other"))
    pod, unit = node["namespaces"]
    assert (pod["name"], pod["profile"], failed(pod)["ports-pressure"]) == ("pod shop/cart", "client_host", "critical")
    assert (unit["name"], unit["profile"], "ports-pressure" in failed(unit)) == ("unit x.service", "any", False)
    assert "ports-pressure" not in {result["id"] for result in node["results"] if result["status"] == "fail"}
    assert "1 of 2 other network namespaces has failed results of severity medium or above. pod shop/cart: " in node["verdict"]["sentence"]
    assert reason_to_fail(node).startswith("node1: 1 failed result of severity high or above. pod shop/cart: critical ports-pressure: ")


def test_the_gravest_is_told_first_wherever_it_is() -> None:
    inert = sysctl({TIMESTAMPS: "0", "net.ipv4.tcp_tw_reuse": "1"})
    node = judged(namespace(name="pod a/inert", sysctl=inert), namespace(**FULL))
    assert "2 of 2 other network namespaces have failed results" in node["verdict"]["sentence"]
    assert "pod shop/cart: One destination holds most" in node["verdict"]["sentence"]
    assert "The first: pod shop/cart: critical ports-pressure: " in reason_to_fail(node)


def test_what_passed_there_is_counted_and_rules_of_the_host_are_left_out() -> None:
    (pod,) = judged(namespace(**FULL))["namespaces"]
    assert {result["status"] for result in pod["results"]} <= {"fail", "unknown", "waived"}
    assert pod["passed"] > 10
    assert not [result["id"] for result in pod["results"] if result["id"].startswith("boot-")]
    assert {cure["applies"] for cure in pod["advice"]} == {True}


def test_a_cure_of_a_pod_is_no_role_on_its_node() -> None:
    (pod,) = judged(namespace(**FULL))["namespaces"]
    how = {cure["id"]: cure["how"] or [] for cure in pod["advice"]}
    line = 'in the pod: securityContext: {sysctls: [{name: net.ipv4.ip_local_port_range, value: "16384 65535"}]} (a safe sysctl)'
    assert how["wider-range"][0] == line
    assert "role linux_tcp" not in str(how)
    assert pod["verdict"]["next_step"] == f"Use more ephemeral ports: {line}"


def test_healthy_ones_are_counted() -> None:
    node = judged(namespace(), namespace(name="pod shop/ledger"))
    assert node["verdict"]["fine"][-1] == "network namespaces: 2 other network namespaces, nothing of severity medium or above"
    assert reason_to_fail(node) == ""
    report = build([node], "t")
    assert [host.name for host in report.hosts] == ["node1"]
    assert report.count("clean") == 1
    assert text_summary(report, 100).startswith("t: 1 host: 1 without failed results\n")


def test_without_namespaces_nothing_is_said_of_them() -> None:
    assert "network namespaces" not in str(judged()["verdict"])


@pytest.mark.parametrize(
    ("waiver", "waived"),
    [
        ({}, False),
        ({"namespaces": ["pod shop/*"]}, True),
        ({"namespaces": "pod shop/cart", "hosts": ["node*"]}, True),
        ({"namespaces": ["pod other/*"]}, False),
        ({"namespaces": ["*"], "hosts": ["node2"]}, False),
    ],
)
def test_a_waiver_is_for_the_host_or_for_namespaces(waiver: dict[str, t.Any], waived: bool) -> None:
    waivers = parse_waivers([{**WAIVER, **waiver}])
    full_host = audit(snapshot({RANGE: "40000 40999"}, sockets=FULL["sockets"]), "node1", AuditOptions("backend", TODAY, waivers=waivers))
    of_host = {result["status"] for result in full_host["results"] if result["id"] == "ports-pressure"}
    assert of_host == {"waived" if not waiver else "fail"}
    (pod,) = judged(namespace(**FULL), waivers=waivers)["namespaces"]
    assert ("ports-pressure" not in failed(pod)) is waived


def test_a_profile_for_some_of_them() -> None:
    off = namespace(sysctl=sysctl({TIMESTAMPS: "0"}))
    assert "timestamps-off" in failed(judged(off)["namespaces"][0])
    assert "timestamps-off" not in failed(judged(off, namespace_profiles={"pod shop/*": "fullnat_lb"})["namespaces"][0])
    with pytest.raises(ValueError, match="unknown profile 'balancer'"):
        AuditOptions("backend", TODAY, namespace_profiles={"*": "balancer"})


def test_every_report_names_the_pod(tmp_path: Path) -> None:
    (tmp_path / "hosts").write_text("node1\n")
    audits = [judged(namespace(**FULL), namespace(name="pod shop/fine"))]
    report = build(audits, "t", inventories=[str(tmp_path / "hosts")])
    assert [host.name for host in report.hosts] == ["node1", "node1 / pod shop/cart"]
    assert "node1 / pod shop/cart" in text_summary(report, 100)
    # The node has failed with its pod; a pod is no host.
    assert (report.count("failed"), report.count("clean"), len(report.machines)) == (1, 0, 1)
    assert text_summary(report, 100).startswith("t: 1 host: 1 with failed results; 1 other network namespace with failed results\n")
    write(report, str(tmp_path / "reports"), None, "audit")
    texts = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "reports").iterdir()}
    # Metrics count a pod with its node.
    for name, text in texts.items():
        assert "pod shop/cart" in text or name.endswith(".prom"), name
        assert "pod shop/fine" not in text or name.endswith(".json"), name
    # What was written can be read again.
    again = build(json.loads(next(text for name, text in texts.items() if name.endswith(".json")))["audits"], "t")
    assert [(host.name, host.worst) for host in again.hosts] == [(host.name, host.worst) for host in report.hosts]
