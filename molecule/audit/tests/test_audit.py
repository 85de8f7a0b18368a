# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts with planted faults, audited by audit_tcp.yml as people run it: every planted fault is reported, and nothing else."""

from __future__ import annotations

import json
import os
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from containers import engine
from containers.hosts import host
from junitparser import Error, Failure, JUnitXml
from support import faults
from support.audit_scenario import BARE, BARE_COMMANDS, BARE_PROFILE, BARE_RESULTS, HOSTS, WAIVERS, Expected
from support.playbook_runs import Run, run_playbook
from support.report_forms import Unavailable, assert_junit_form, assert_sarif_form, sarif_validator

INVENTORY = Path(os.environ["MOLECULE_INVENTORY_FILE"])
# Nothing listens on port 1 of the loopback interface, so ssh is refused at once.
GONE = {"all": {"hosts": {"gone": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}}}}
SETTINGS = "sysctl -a -r '^net[.]ipv4[.]' && find /etc/sysctl.d /etc/sysctl.conf -type f -exec sha256sum {} + | sort"


def as_expected(audit: dict[str, t.Any]) -> list[Expected]:
    """What an audit says that is neither passed nor not applicable."""
    return sorted(
        Expected(
            result["id"],
            result["severity"],
            result["subject"],
            f"{result['path']}:{result['line']}" if result["path"] else "",
            result["status"],
        )
        for result in audit["results"]
        if result["status"] not in ("pass", "not_applicable")
    )


class Fleet(t.NamedTuple):
    """The audit of all hosts, and their settings and boot files before and after it."""

    run: Run
    before: list[str]
    after: list[str]


def settings(name: str) -> str:
    return str(host(name).infra.check_output(SETTINGS))


def plant(name: str) -> str:
    """Plant a host's faults, the ones of a run before again; its settings then."""
    if name in HOSTS and HOSTS[name].faults:
        infra = host(name).infra
        infra.run("systemctl stop planted")
        engine.podman("cp", faults.__file__, f"{os.environ['CONTAINER_PREFIX']}{name}:/opt/faults.py")
        service = "systemd-run --quiet --collect --unit=planted --service-type=notify python3 /opt/faults.py"
        infra.check_output(f"{service} {' '.join(HOSTS[name].faults)}")
    return settings(name)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """Planted here and not when the hosts are made, because a TIME_WAIT lives for a minute only."""
    names = [*HOSTS, BARE]
    with ThreadPoolExecutor(len(names)) as pool:
        before = list(pool.map(plant, names))
        run = run_playbook(tmp_path_factory.mktemp("fleet"), "--forks", "10", inventory=INVENTORY, tcp_waivers=WAIVERS)
        return Fleet(run, before, list(pool.map(settings, names)))


@pytest.mark.parametrize("name", HOSTS)
def test_a_host_gives_the_results_of_its_faults_and_no_others(fleet: Fleet, name: str) -> None:
    audit = fleet.run.audits()[name]
    assert audit["profile"] == HOSTS[name].profile
    assert as_expected(audit) == sorted(HOSTS[name].results)


def test_planted_faults_end_with_2(fleet: Fleet) -> None:
    assert fleet.run.code == 2, fleet.run.output


def test_an_audit_changes_nothing(fleet: Fleet) -> None:
    assert fleet.before == fleet.after


def test_a_waiver_shows_its_reason_and_an_expired_one_its_date(fleet: Fleet) -> None:
    audits = fleet.run.audits()
    (waived,) = [result for result in audits["balancer"]["results"] if result["status"] == "waived"]
    assert waived["reason"] == "It balances on layer 4. (until 9999-12-31)"
    (expired,) = [result for result in audits["server"]["results"] if result["id"] == "waiver-expired"]
    assert "expired on 2001-01-01" in expired["observed"]


def test_the_junit_report_has_the_form_and_each_host_s_failures(fleet: Fleet) -> None:
    path = fleet.run.reports / "tcp-audit.junit.xml"
    assert_junit_form(path.read_text("utf-8"))
    failures = {
        suite.name: {case.name for case in suite if any(isinstance(result, Failure) for result in case.result)}
        for suite in JUnitXml.fromfile(str(path))
    }
    expected = {name: {result.id for result in planted.results if result.status == "fail"} for name, planted in HOSTS.items()}
    assert failures == {**expected, BARE: set()}


def test_a_sarif_viewer_sees_each_failure_and_each_waiver(fleet: Fleet) -> None:
    (log,) = json.loads((fleet.run.reports / "tcp-audit.sarif").read_text("utf-8"))["runs"]
    found = sorted(
        (result["properties"]["host"], result["ruleId"], "waived" if "suppressions" in result else "fail")
        for result in log["results"]
        if result["kind"] == "fail" and result["ruleId"] != "host-not-audited"
    )
    assert found == sorted((name, result.id, result.status) for name, planted in HOSTS.items() for result in planted.results)


def test_the_sarif_report_has_the_standard_s_form(fleet: Fleet) -> None:
    try:
        validator = sarif_validator()
    except Unavailable as why:
        pytest.skip(str(why))
    assert_sarif_form(validator, fleet.run.reports / "tcp-audit.sarif")


def test_a_clean_host_ends_with_0_whatever_reaches_fail_on(tmp_path: Path) -> None:
    run = run_playbook(tmp_path, "--limit", "clean", inventory=INVENTORY, tcp_fail_on="info")
    assert run.code == 0, run.output
    assert as_expected(run.audits()["clean"]) == []


def test_an_unreachable_host_ends_with_4_and_the_others_are_judged(tmp_path: Path) -> None:
    (tmp_path / "gone.json").write_text(json.dumps(GONE))
    run = run_playbook(tmp_path, "--inventory", str(tmp_path / "gone.json"), "--limit", "clean,gone", inventory=INVENTORY)
    assert run.code == 4, run.output
    assert "results" not in run.audits()["gone"]
    assert as_expected(run.audits()["clean"]) == []


def test_a_host_without_python_is_an_error_and_never_clean(fleet: Fleet) -> None:
    assert not host(BARE).infra.exists("python3")
    assert "results" not in fleet.run.audits()[BARE]
    suite = next(suite for suite in JUnitXml.fromfile(str(fleet.run.reports / "tcp-audit.junit.xml")) if suite.name == BARE)
    assert any(isinstance(result, Error) for case in suite for result in case.result)


def test_a_host_without_python_is_captured_and_judged_here(tmp_path: Path) -> None:
    host(BARE).infra.check_output(" && ".join(BARE_COMMANDS))
    captured = run_playbook(tmp_path, "--limit", BARE, playbook="capture_tcp.yml", inventory=INVENTORY)
    assert captured.code == 0, captured.output
    run = run_playbook(tmp_path, "--limit", BARE, inventory=INVENTORY, tcp_source=f"captures/{BARE}.capture")
    assert run.code == 2, run.output
    audit = run.audits()[BARE]
    assert (audit["source"]["kind"], audit["profile"]) == ("capture", BARE_PROFILE)
    assert as_expected(audit) == sorted(BARE_RESULTS)
