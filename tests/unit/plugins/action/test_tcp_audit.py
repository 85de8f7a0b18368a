# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.linux_tcp.hardening.plugins.action import tcp_audit, tcp_audit_assert
from support.actions import action_for
from support.snapshots import probe, snapshot, sockets, towards

INERT_REUSE = {"net.ipv4.tcp_tw_reuse": "1", "net.ipv4.tcp_timestamps": "0"}
HOSTILE = "boom \x1b[2J\x07\u202e"


class Target:
    """Stands for the target: answers each module run with what a test says, and remembers the runs."""

    def __init__(self, answer: dict[str, t.Any], probed: dict[str, t.Any] | None = None) -> None:
        self.answer = answer
        self.probed = probed
        self.runs: list[tuple[str, dict[str, t.Any]]] = []

    def __call__(self, module_name: str, module_args: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        self.runs.append((module_name, module_args))
        if module_name.endswith("tcp_probe"):
            assert self.probed is not None
            return copy.deepcopy(self.probed)
        return copy.deepcopy(self.answer)


def observed(**changes: t.Any) -> Target:
    return Target({"ansible_facts": {"linux_tcp": snapshot(**changes)}, "changed": False})


def run(action: t.Any, target: Target | None = None, **options: t.Any) -> dict[str, t.Any]:
    made = action_for(action.ActionModule, options)
    made._execute_module = target
    return t.cast("dict[str, t.Any]", made.run(task_vars={"inventory_hostname": "web1"}))


def test_a_live_host_costs_one_task() -> None:
    target = observed()
    result = run(tcp_audit, target, profile="backend", sample_seconds=2)
    assert target.runs == [("linux_tcp.hardening.tcp_facts", {"sample_seconds": 2.0, "namespaces": ["host"]})]
    assert (result["host"], result["profile"], result["changed"]) == ("web1", "backend", False)
    assert "failed" not in result
    assert "ansible_facts" not in result


ENDPOINTS = [{"host": "lb.example.org", "port": 80, "http": True}]
PRESSED = snapshot({"net.ipv4.tcp_tw_reuse": "1"}, sockets=sockets(ports_in_use=[towards(28000, 28000)]))


def test_what_the_peers_answer_joins_the_audit() -> None:
    target = Target({"ansible_facts": {"linux_tcp": PRESSED}}, probed={"endpoints": [probe(False, closes="peer")], "changed": False})
    result = run(tcp_audit, target, profile="client_host", fail_on="never", probe_endpoints=ENDPOINTS)
    assert target.runs[1:] == [("linux_tcp.hardening.tcp_probe", {"endpoints": ENDPOINTS})]
    assert {"peer-without-timestamps", "ports-pressure"} <= {one["id"] for one in result["results"] if one["status"] == "fail"}
    assert result["advice"][0]["id"] == "peer-closes-first"
    assert "asked with `Connection: close`, 192.0.2.80:80 closed first" in result["advice"][0]["reason"]


@pytest.mark.parametrize(
    ("probed", "message"),
    [
        ({"failed": True, "msg": "endpoints: missing port"}, "web1 could not probe probe_endpoints: endpoints: missing port"),
        ({}, "web1 could not probe probe_endpoints: the module returned nothing"),
        ({"endpoints": [{"host": HOSTILE}]}, "could not be audited: probes[0].port is missing"),
        ({"endpoints": [{**probe(), "timestamps": HOSTILE}]}, "could not be audited: probes[0].timestamps must be"),
    ],
)
def test_a_probe_that_fails_fails_the_audit_with_the_reason(probed: dict[str, t.Any], message: str) -> None:
    result = run(tcp_audit, Target({"ansible_facts": {"linux_tcp": snapshot()}}, probed), profile="any", probe_endpoints=ENDPOINTS)
    assert (result["failed"], result["host"]) == (True, "web1")
    assert message in result["msg"]
    assert result["msg"].isprintable()


@pytest.mark.parametrize(("fail_on", "failed"), [(None, True), ("high", True), ("critical", False), ("never", False)])
def test_fail_on(fail_on: str | None, failed: bool) -> None:
    options = {"fail_on": fail_on} if fail_on else {}
    result = run(tcp_audit, observed(keys=INERT_REUSE), profile="client_host", **options)
    assert result.get("failed", False) == failed
    assert ("web1: 1 failed result" in result.get("msg", "")) == failed
    assert result["results"][0]["id"] == "reuse-without-timestamps"


def delegated(target: Target, **options: t.Any) -> dict[str, t.Any]:
    made = action_for(tcp_audit.ActionModule, {"profile": "any", "fail_on": "never", **options}, delegate_to="lb1")
    made._execute_module = target
    return dict(made.run(task_vars={"inventory_hostname": "web1"}))


def test_a_delegated_audit_names_the_host_that_was_looked_at() -> None:
    assert delegated(observed())["host"] == "lb1"
    failed = delegated(Target({"failed": True, "msg": "no python"}))
    assert (failed["host"], failed["msg"]) == ("lb1", "lb1 could not be audited: no python")
    assert run(tcp_audit_assert, audit=delegated(observed()))["msg"].startswith("lb1:")


def test_a_source_keeps_the_name_of_the_host_wherever_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "saved.json").write_text(json.dumps(snapshot()))
    assert delegated(observed(), source=str(tmp_path / "saved.json"))["host"] == "web1"


def test_an_unreachable_host_is_named() -> None:
    def refuse(**_asked: t.Any) -> dict[str, t.Any]:
        raise AnsibleConnectionFailure("no route\x1b[2J")

    result = delegated(t.cast("t.Any", refuse))
    assert (result["unreachable"], result["host"]) == (True, "lb1")
    assert result["msg"].startswith("no route")
    assert result["msg"].isprintable()


def test_a_source_reaches_no_host(tmp_path: Path) -> None:
    target = observed()
    (tmp_path / "saved.json").write_text(json.dumps(snapshot(INERT_REUSE)))
    result = run(tcp_audit, target, profile="client_host", source=str(tmp_path / "saved.json"))
    assert target.runs == []
    assert result["failed"]
    assert result["source"] == {"kind": "snapshot", "path": str(tmp_path / "saved.json")}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"failed": True, "msg": "no python", "module_stderr": "a\nsh: python: not found\n"}, "no python sh: python: not found"),
        ({"failed": True}, "the module returned nothing"),
        ({"ansible_facts": {}}, "the module returned nothing"),
        ({"ansible_facts": {"linux_tcp": {"schema": "linux_tcp.snapshot/9"}}}, "linux_tcp.snapshot/9"),
        ({"ansible_facts": {"linux_tcp": "nothing"}}, "could not be audited"),
    ],
)
def test_a_host_that_gives_no_snapshot_fails_with_the_reason(answer: dict[str, t.Any], message: str) -> None:
    result = run(tcp_audit, Target(answer), profile="backend")
    assert (result["failed"], result["host"], result["changed"]) == (True, "web1", False)
    assert message in result["msg"]
    assert "results" not in result


@pytest.mark.parametrize(
    "answer",
    [
        {"failed": True, "results": []},
        {"failed": True, "results": "x"},
        {"failed": True, "results": [], "summary": {}, "ansible_facts": {"ansible_host": "elsewhere"}, "host": "web2", "profile": "any"},
        {"results": [], "ansible_facts": {"linux_tcp": None}},
        {"results": [], "ansible_facts": "x"},
        {"results": []},
    ],
)
def test_a_host_cannot_say_that_it_was_audited(answer: dict[str, t.Any]) -> None:
    audited = run(tcp_audit, Target(answer), profile="backend")
    assert set(audited) <= {"changed", "failed", "host", "msg"}
    assert (audited["failed"], audited["host"], audited["changed"]) == (True, "web1", False)
    assert run(tcp_audit_assert, audit=audited)["failed"] is True
    probed = run(tcp_audit, Target({"ansible_facts": {"linux_tcp": snapshot()}}, answer), profile="any", probe_endpoints=ENDPOINTS)
    assert set(probed) <= {"changed", "failed", "host", "msg"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "profile"),
        ({"profile": "server"}, "server"),
        ({"profile": "any", "fail_on": "bad"}, "bad"),
        ({"profile": "any", "source": "x", "source_kind": "zip"}, "zip"),
        ({"profile": "any", "thresholds": {"ports_many": 1}}, "ports_many"),
        ({"profile": "any", "unknown": 1}, "unknown"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, t.Any], message: str) -> None:
    target = observed()
    with pytest.raises(AnsibleActionFail, match=message):
        run(tcp_audit, target, **options)
    assert target.runs == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"waivers": [{"rule": "timestamps-off", "reason": "x"}]}, "no last day"),
        ({"thresholds": {"ports_few": 0}}, "ports_few must be between"),
        ({"source": "/no/such/file"}, "/no/such/file"),
        ({"source": "/etc/hostname", "sample_seconds": 1}, "sample_seconds needs a live host"),
        ({"source": "/etc/hostname", "probe_endpoints": [{"host": "x", "port": 1}]}, "probe_endpoints needs a live host"),
    ],
)
def test_wrong_values_are_reported_before_any_host_is_reached(options: dict[str, t.Any], message: str) -> None:
    target = observed()
    result = run(tcp_audit, target, profile="any", **options)
    assert (result["failed"], target.runs) == (True, [])
    assert message in result["msg"]


def test_a_clean_host_passes() -> None:
    clean = run(tcp_audit, observed(), profile="backend")
    assert run(tcp_audit_assert, audit=clean) == {"changed": False, "msg": "web1: no result of severity high or above"}


@pytest.mark.parametrize(("fail_on", "failed"), [("high", True), ("critical", False), ("never", False)])
def test_the_assertion_has_a_fail_on_of_its_own(fail_on: str, failed: bool) -> None:
    audited = run(tcp_audit, observed(keys=INERT_REUSE), profile="client_host", fail_on="never")
    assert run(tcp_audit_assert, audit=audited, fail_on=fail_on).get("failed", False) == failed


@pytest.mark.parametrize(
    ("audited", "state", "message"),
    [
        ({"unreachable": True, "msg": "no route"}, "unreachable", "web1 could not be reached: no route"),
        ({"failed": True, "msg": "no python"}, "failed", "no python"),
        ({}, "failed", "web1 was not audited"),
        ({"results": "none"}, "failed", "web1 was not audited: The audit has an unexpected form: audit.results must be a list"),
        ({"failed": True, "msg": "no python", "results": []}, "failed", "web1 was not audited: The audit has no results at all."),
        ({"results": [{}]}, "failed", "results[0].id is missing"),
    ],
)
def test_a_host_without_an_audit_never_passes(audited: dict[str, t.Any], state: str, message: str) -> None:
    result = run(tcp_audit_assert, audit=audited)
    assert result[state] is True
    assert message in result["msg"]


@pytest.mark.parametrize("audited", [{"msg": HOSTILE}, {"unreachable": True, "msg": HOSTILE}])
def test_no_message_of_the_assertion_steers_a_terminal(audited: dict[str, t.Any]) -> None:
    message = run(tcp_audit_assert, audit=audited)["msg"]
    assert message.isprintable()
    assert "boom" in message


def test_no_message_of_the_audit_steers_a_terminal() -> None:
    hostile = observed(files={"/etc/sysctl.d/a.conf": f"net.ipv4.tcp_max_tw_buckets = 12 {HOSTILE}\n"})
    audited = run(tcp_audit, hostile, profile="backend")
    assert "tcp_max_tw_buckets = 12 boom" in audited["msg"]
    broken = run(tcp_audit, Target({"failed": True, "msg": HOSTILE, "module_stderr": HOSTILE}), profile="backend")
    assert "could not be audited: boom" in broken["msg"]
    for message in (audited["msg"], broken["msg"], run(tcp_audit_assert, audit=audited)["msg"]):
        assert message.isprintable()
