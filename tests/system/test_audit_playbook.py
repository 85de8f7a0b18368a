# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook audit_tcp.yml as people run it: exit codes, reports, inventories, bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import FORMATS, format_of
from junitparser import Error, Failure, JUnitXml
from support.full_namespace import full_namespace
from support.playbook_runs import Run, run_playbook

ROOT = Path(__file__).resolve().parents[2]
INERT_REUSE = "echo 0 > /proc/sys/net/ipv4/tcp_timestamps && echo 1 > /proc/sys/net/ipv4/tcp_tw_reuse"

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
NO_PYTHON = {**LOCAL, "ansible_python_interpreter": "/no/such/python"}
# Nothing listens on port 1 of the loopback interface, so ssh is refused at once.
UNREACHABLE = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One host of each kind that a fleet has, in one run."""
    hosts = {
        "backends": {"hosts": {"backend1": LOCAL, "broken1": NO_PYTHON}},
        "fullnat_lbs": {"hosts": {"lb1": LOCAL}},
        "client_hosts": {"hosts": {"client1": LOCAL, "gone1": UNREACHABLE}},
    }
    return run_playbook(tmp_path_factory.mktemp("fleet"), inventory={"all": {"children": hosts}}, namespace="ip link set lo up")


def needs_namespaces() -> None:
    tried = subprocess.run(["unshare", "-n", "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"needs a network namespace of its own: {tried.stderr.strip()}")


@pytest.fixture(autouse=True)
def _namespaces() -> None:
    needs_namespaces()


def test_without_an_inventory_this_machine_is_audited(tmp_path: Path) -> None:
    run = run_playbook(tmp_path, namespace="ip link set lo up", tcp_profile="backend")
    assert run.code == 0, run.output
    assert set(run.audits()) == {"localhost"}
    assert run.audits()["localhost"]["profile"] == "backend"
    assert {path.name for path in run.reports.iterdir()} == {f"tcp-audit{format_of(name).ENDING}" for name in FORMATS}
    assert "TCP audit: 1 host" in run.output


@pytest.mark.parametrize("name", ["!odd", "a&;<u>|`c`", "we]b*\x1b"])
def test_a_host_is_audited_whatever_its_name_is(tmp_path: Path, name: str) -> None:
    source = tmp_path / "50-tcp.conf"
    source.write_text("net.ipv4.tcp_fin_timeout = 60\n")
    inventory = {"all": {"hosts": {name: LOCAL}}}
    run = run_playbook(tmp_path, inventory=inventory, tcp_profile="backend", tcp_source=str(source))
    assert run.code == 0, run.output
    assert set(run.audits()) == {name}
    for ending in ("html", "junit.xml", "md"):
        text = (run.reports / f"tcp-audit.{ending}").read_text()
        assert "\x1b" not in text
        assert "<u>" not in text


def test_a_fault_ends_with_2_and_is_named(tmp_path: Path) -> None:
    run = run_playbook(
        tmp_path,
        namespace=INERT_REUSE,
        tcp_profile="client_host",
    )
    assert run.code == 2
    assert "reuse-without-timestamps: tcp_tw_reuse is 1, tcp_timestamps is 0" in run.output
    (suite,) = JUnitXml.fromfile(str(run.reports / "tcp-audit.junit.xml"))
    broken = [case.name for case in suite if any(isinstance(result, Failure) for result in case.result)]
    assert "reuse-without-timestamps" in broken


def test_a_container_out_of_ports_fails_the_audit_of_its_node(tmp_path: Path) -> None:
    with full_namespace(f"cart-{os.getpid()}"):
        run = run_playbook(tmp_path, namespace="ip link set lo up", tcp_profile="backend", tcp_namespaces=f"cart-{os.getpid()}")
    assert run.code == 2, run.output
    (found,) = run.audits()["localhost"]["namespaces"]
    assert f"(cart-{os.getpid()})" in found["name"]
    assert f"localhost / {found['name']}" in run.output
    for ending in ("html", "junit.xml", "md"):
        assert found["name"] in (run.reports / f"tcp-audit.{ending}").read_text(), ending
    # Without an inventory there is no file that a viewer of code could show.
    assert "results have no file that a viewer could show" in (run.reports / "tcp-audit.sarif").read_text()


def test_a_peer_that_refuses_is_told_and_does_not_stop_the_audit(tmp_path: Path) -> None:
    endpoints = [{"host": "127.0.0.1", "port": 1}]
    run = run_playbook(tmp_path, namespace="ip link set lo up", tcp_profile="client_host", tcp_probe_endpoints=endpoints)
    assert run.code == 0, run.output
    audited = run.audits()["localhost"]
    status = {result["id"]: result["status"] for result in audited["results"]}
    assert (status["probe-failed"], status["peer-closes-never"]) == ("fail", "unknown")
    assert [sentence for sentence in audited["not_seen"] if "127.0.0.1:1" in sentence]
    assert "The probe of 127.0.0.1:1 failed" in run.output


@pytest.mark.parametrize("endpoints", [[{"host": "127.0.0.1"}], '[{"host": "127.0.0.1"}]'], ids=["list", "text"])
def test_endpoints_that_make_no_sense_fail_the_host_and_are_named(tmp_path: Path, endpoints: object) -> None:
    run = run_playbook(tmp_path, namespace="ip link set lo up", tcp_profile="client_host", tcp_probe_endpoints=endpoints)
    assert run.code == 2
    assert "could not probe probe_endpoints" in run.output
    assert "port" in run.audits()["localhost"]["msg"]


def test_a_profile_that_there_is_not_is_named_in_the_reports(tmp_path: Path) -> None:
    run = run_playbook(tmp_path, namespace="ip link set lo up", tcp_profile="webserver")
    assert run.code == 2
    assert "argument_spec" not in run.output
    message = "value of profile must be one of: client_host, fullnat_lb, backend, any, got: webserver"
    assert run.audits()["localhost"]["msg"] == message


def test_a_severity_that_there_is_not_is_no_gate_that_lets_everything_pass(tmp_path: Path) -> None:
    run = run_playbook(tmp_path, namespace="ip link set lo up", tcp_profile="backend", tcp_fail_on="hihg")
    assert run.code == 2
    assert "value of fail_on must be one of: never, info, low, medium, high, critical, got: hihg" in run.output


def test_a_misspelt_variable_ends_the_run_and_is_named_in_the_report(tmp_path: Path) -> None:
    run = run_playbook(tmp_path, namespace="ip link set lo up", tcp_failon="low")
    assert run.code == 2
    assert run.audits()["localhost"]["msg"] == "There is no variable tcp_failon. Did you mean tcp_fail_on? Nothing was done."


def test_a_variable_of_the_inventory_that_differs_by_a_letter_ends_the_audit_of_its_host(tmp_path: Path) -> None:
    hosts = {"good": LOCAL, "bad": {**LOCAL, "client_host_setings": {}, "tcp_port": 5}}
    run = run_playbook(tmp_path, namespace="ip link set lo up", inventory={"all": {"hosts": hosts}}, tcp_profile="backend")
    assert run.code == 2
    assert "client_host_setings. Did you mean client_host_settings?" in run.audits()["bad"]["msg"]
    assert run.audits()["good"]["profile"] == "backend"


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("critical", 0), ("high", 2)])
def test_fail_on_decides(tmp_path: Path, fail_on: str, code: int) -> None:
    assert run_playbook(tmp_path, namespace=INERT_REUSE, tcp_profile="client_host", tcp_fail_on=fail_on).code == code


def test_a_fleet_with_an_unreachable_host_ends_with_4_and_all_reports(fleet: Run) -> None:
    assert fleet.code == 4, fleet.output
    assert {path.name for path in fleet.reports.iterdir()} == {f"tcp-audit{format_of(name).ENDING}" for name in FORMATS}


def test_groups_choose_the_profile(fleet: Run) -> None:
    profiles = {host: audit.get("profile") for host, audit in fleet.audits().items()}
    assert profiles == {"backend1": "backend", "lb1": "fullnat_lb", "client1": "client_host", "broken1": None, "gone1": None}


@pytest.mark.parametrize("host", ["broken1", "gone1"])
def test_a_host_that_was_not_audited_is_clean_in_no_report(fleet: Run, host: str) -> None:
    assert "results" not in fleet.audits()[host]
    suite = next(suite for suite in JUnitXml.fromfile(str(fleet.reports / "tcp-audit.junit.xml")) if suite.name == host)
    assert suite.errors == 1
    assert any(isinstance(result, Error) for case in suite for result in case.result)
    for ending in ("html", "md", "sarif"):
        assert host in (fleet.reports / f"tcp-audit.{ending}").read_text()
    assert f"{host}" in fleet.output
    assert "2 NOT AUDITED" in fleet.output


def test_a_broken_host_alone_ends_with_2(tmp_path: Path) -> None:
    run = run_playbook(tmp_path, inventory={"all": {"hosts": {"broken1": NO_PYTHON}}})
    assert run.code == 2
    assert "broken1 could not be audited: The module interpreter '/no/such/python' was not found" in run.output
    assert "results" not in run.audits()["broken1"]


FORGED_ANSWERS = {
    "empty": {"failed": True, "results": []},
    "text": {"failed": True, "results": "x"},
    "facts": {"ansible_facts": {"linux_tcp": "x", "ansible_connection": "y"}, "results": []},
    "whole": {"results": [], "host": "good", "profile": "backend", "fail_on": "never", "summary": {}, "warnings": "x", "diff": 7},
    "list": [1],
}


def test_a_host_that_answers_as_it_likes_costs_nobody_a_report_and_never_passes(tmp_path: Path) -> None:
    hosts = {"good": LOCAL}
    for name, answer in FORGED_ANSWERS.items():
        # Stands for the host's Python: whatever it is to run, it prints the same.
        python = tmp_path / f"python_{name}"
        python.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(answer)}\nEND\n")
        python.chmod(0o755)
        hosts[name] = {**LOCAL, "ansible_python_interpreter": str(python)}
    run = run_playbook(tmp_path, inventory={"all": {"hosts": hosts}}, namespace="ip link set lo up", tcp_profile="backend")
    assert run.code == 2, run.output
    assert {host: "results" in audit for host, audit in run.audits().items()} == {name: name == "good" for name in hosts}
    assert "5 NOT AUDITED" in run.output
    for name in FORGED_ANSWERS:
        assert f"{name:<27}: ok=" in run.output.replace("\t", " ")
        recap = next(line for line in run.output.splitlines() if line.startswith(name) and "failed=" in line)
        assert "failed=1" in recap


@pytest.mark.parametrize("named", ["-i", "ANSIBLE_INVENTORY"])
def test_an_inventory_without_hosts_fails_instead_of_auditing_this_machine(tmp_path: Path, named: str) -> None:
    missing = str(tmp_path / "missing.yml")
    arguments, environment = (["-i", missing], {}) if named == "-i" else ([], {named: missing})
    run = run_playbook(tmp_path, *arguments, environment=environment)
    assert run.code != 0
    assert f"The inventory {missing} has no hosts. Nothing was done." in run.output
    assert not run.reports.exists()


def test_the_inventory_dev_null_leaves_this_machine(tmp_path: Path) -> None:
    # As `make audit` does.
    run = run_playbook(tmp_path, "-i", os.devnull, tcp_fail_on="never")
    assert run.code == 0, run.output
    assert "results" in run.audits()["localhost"]


@pytest.mark.parametrize("strategy", ["free", "host_pinned"])
def test_hosts_stay_in_step_whatever_strategy_is_configured(tmp_path: Path, strategy: str) -> None:
    inventory = {"all": {"hosts": {"one": LOCAL, "two": LOCAL, "three": LOCAL}}}
    run = run_playbook(tmp_path, inventory=inventory, environment={"ANSIBLE_STRATEGY": strategy}, tcp_fail_on="never")
    assert run.code == 0, run.output
    assert run.output.count("TCP audit: 3 hosts") == 1
    assert "NOT AUDITED" not in run.output


def own_play(folder: Path, **play: object) -> Path:
    path = folder / "own.yml"
    path.write_text(json.dumps([{"hosts": "all", "gather_facts": False, **play}]))
    return path


def test_the_role_refuses_a_strategy_that_keeps_hosts_out_of_step(tmp_path: Path) -> None:
    reports = str(tmp_path / "reports")
    play = own_play(tmp_path, roles=[{"role": "linux_tcp.hardening.audit", "audit_report_dest": reports}], strategy="free")
    run = run_playbook(tmp_path, playbook=play, inventory={"all": {"hosts": {"one": LOCAL, "two": LOCAL}}})
    assert run.code == 2
    assert "tcp_report: with the strategy free this task runs for each host" in run.output
    assert "'strategy: linear'" in run.output
    assert not run.reports.exists()


def test_a_delegated_audit_is_reported_for_the_host_that_was_looked_at(tmp_path: Path) -> None:
    audit = {"linux_tcp.hardening.tcp_audit": {"profile": "any", "fail_on": "never"}, "register": "audited"}
    report = {
        "audits": "{{ dict(['web1', 'web2'] | zip([hostvars.web1.audited, hostvars.web2.audited])) }}",
        "dest": str(tmp_path / "reports"),
    }
    tasks = [
        {**audit, "delegate_to": "{{ looked_at }}", "ignore_unreachable": True},
        {"linux_tcp.hardening.tcp_report": report, "run_once": True},
    ]
    hosts = {"web1": {**LOCAL, "looked_at": "lb1"}, "web2": {**LOCAL, "looked_at": "gone1"}, "lb1": LOCAL, "gone1": UNREACHABLE}
    play = own_play(tmp_path, hosts="web1,web2", tasks=tasks)
    run = run_playbook(tmp_path, playbook=play, inventory={"all": {"hosts": hosts}})
    assert {host: "results" in audit for host, audit in run.audits().items()} == {"lb1": True, "gone1": False}, run.output


def test_check_mode_judges_the_same_and_writes_nothing(tmp_path: Path) -> None:
    run = run_playbook(tmp_path, "--check", namespace=INERT_REUSE, tcp_profile="client_host")
    assert run.code == 2
    assert "reuse-without-timestamps" in run.output
    assert not run.reports.exists()


def test_a_folder_of_sysctl_files_is_judged_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "sysctl.d").mkdir()
    (tmp_path / "sysctl.d" / "tcp.conf").write_text("# tuning\nnet.ipv4.tcp_max_tw_buckets = 5000\n")
    run = run_playbook(tmp_path, tcp_profile="backend", tcp_source="sysctl.d", tcp_source_kind="sysctl_d")
    assert run.code == 2
    result = next(result for result in run.audits()["localhost"]["results"] if result["id"] == "buckets-too-small")
    assert (result["path"], result["line"]) == ("sysctl.d/tcp.conf", 2)


def test_serial_keeps_every_batch_in_the_reports(tmp_path: Path) -> None:
    play = [
        {
            "hosts": "all",
            "gather_facts": False,
            "serial": 1,
            "roles": [{"role": "linux_tcp.hardening.audit", "audit_profile": "backend", "audit_report_dest": str(tmp_path / "reports")}],
        }
    ]
    (tmp_path / "serial.yml").write_text(json.dumps(play))
    (tmp_path / "inventory.json").write_text(json.dumps({"all": {"hosts": {"one": LOCAL, "two": LOCAL}}}))
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks" / "collections")}
    command = [sys.executable, "-m", "ansible", "playbook", "-i", str(tmp_path / "inventory.json"), str(tmp_path / "serial.yml")]
    done = subprocess.run(
        ["unshare", "-n", *command], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    audits = json.loads((tmp_path / "reports" / "tcp-audit.json").read_text())["audits"]
    assert {audit["host"]: "results" in audit for audit in audits} == {"one": True, "two": True}


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"tcp_profile": "server"}, "value of profile must be one of"),
        ({"tcp_waivers": [{"rule": "no-such-rule"}]}, "there is no rule 'no-such-rule'"),
        ({"tcp_waivers": [{"rule": "timestamps-off", "reason": "x"}]}, "has no last day"),
        ({"tcp_waivers": [{"rule": "timestamps-off", "expires": "2030-01-01"}]}, "has no reason"),
        ({"tcp_thresholds": {"ports_many": 1}}, "ports_many"),
        ({"tcp_thresholds": {"ports_few": 0}}, "ports_few must be between"),
        ({"tcp_source": "no/such/file"}, "no/such/file"),
    ],
)
def test_bad_input_is_named_and_never_clean(tmp_path: Path, variables: dict[str, t.Any], message: str) -> None:
    run = run_playbook(tmp_path, **{"tcp_profile": "backend", **variables})
    assert run.code == 2, run.output
    assert message in run.output
    if (run.reports / "tcp-audit.json").exists():
        assert "results" not in run.audits()["localhost"]
