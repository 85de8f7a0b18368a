# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults planted in a real kernel's namespaces are found by the rule that is named after them; a clean one is left in peace."""

from __future__ import annotations

import datetime
import functools
import json
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import SEVERITIES
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import CATALOGUE
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import validate
from support.audit_scenario import NOT_SHOWN
from support.faults import FAULTS

if t.TYPE_CHECKING:
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import Result

SCRIPT = Path(__file__).resolve().parents[1] / "support" / "planted.py"
NAMESPACE = ("unshare", "-n", "-m", "-p", "--fork", "--mount-proc")

# An audit asks only the peers that it is given; the scenario "audit" of molecule does.
ASKED_FOR = {"peer-closes-never", "probe-failed"}
# What an untuned host always gives under the profile "any".
UNTUNED = {"timestamps-on-at-l7", "reuse-loopback-only"}


@functools.lru_cache(maxsize=None)
def why_not() -> str:
    """Why no namespace can be made here; empty where one can."""
    for program in ("unshare", "ip", "mount"):
        if shutil.which(program) is None:
            return f"needs {program}"
    tried = subprocess.run([*NAMESPACE, "true"], capture_output=True, text=True, check=False)
    return f"needs namespaces of its own: {tried.stderr.strip()}" if tried.returncode else ""


def results(fault: str, profile: str = "any", sample_seconds: float = 0) -> list[Result]:
    if why_not():
        pytest.skip(why_not())
    run = subprocess.run(
        [*NAMESPACE, sys.executable, str(SCRIPT), fault, str(sample_seconds)], capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stderr
    observed = validate(json.loads(run.stdout))
    return audit(observed, "planted", AuditOptions(profile=profile, today=datetime.date(2026, 11, 21)))["results"]


def failed(judged: list[Result]) -> dict[str, Result]:
    return {result["id"]: result for result in reversed(judged) if result["status"] == "fail"}


def test_every_rule_that_this_kernel_can_show_has_a_fault() -> None:
    # test_catalogue.py and the recorded host of the corpus cover the others.
    assert set(FAULTS) == (set(CATALOGUE) - set(NOT_SHOWN) - {"waiver-expired", "probe-failed"}) | {
        "ports-bound-first",
        "fin-wait2-orphans",
    }


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - ASKED_FOR))
def test_a_planted_fault_is_found(fault: str) -> None:
    assert fault in failed(results(fault))


def test_a_clean_host_is_left_in_peace() -> None:
    judged = results("clean")
    assert set(failed(judged)) == UNTUNED
    assert not [result for result in judged if result["status"] == "unknown"]


def test_a_clean_backend_has_nothing_at_all() -> None:
    assert failed(results("clean", "backend")) == {}


@pytest.mark.parametrize(
    ("fault", "severity"),
    [("buckets-overflow", "high"), ("syn-rejected-in-time-wait", "medium"), ("resets-on-close", "low")],
)
def test_what_happens_between_two_samples_counts_in_full(fault: str, severity: str) -> None:
    result = failed(results(fault, sample_seconds=0.8))[fault]
    assert result["severity"] == severity
    assert "since boot" not in result["observed"]


def test_full_ports_are_critical_and_named() -> None:
    result = failed(results("ports-pressure"))["ports-pressure"]
    assert (result["severity"], result["subject"]) == ("critical", "192.0.2.1 to 192.0.2.1:8080")
    assert result["evidence"]["ports"] == 20


def test_pressure_raises_what_depends_on_it() -> None:
    assert failed(results("ports-pressure"))["reuse-loopback-only"]["severity"] == "medium"
    assert SEVERITIES.index(failed(results("clean"))["reuse-loopback-only"]["severity"]) > SEVERITIES.index("medium")
