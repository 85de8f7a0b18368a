# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a report must look like for the programs that read it: the form of JUnit files, and the SARIF standard's own validator."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

# The form that CI systems take, that of Jenkins' plugin xunit (junit-10.xsd) and GitLab among them: for each element the attributes
# that it needs, those that it may have, and the elements inside.
JUNIT_FORM: dict[str, tuple[set[str], set[str], set[str]]] = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, set(), {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "hostname", "time"}, {"timestamp"}, {"properties", "testcase"}),
    "properties": (set(), set(), {"property"}),
    "property": ({"name", "value"}, set(), set()),
    "testcase": ({"name", "classname", "time"}, {"file", "line"}, {"failure", "error", "skipped", "system-out"}),
    "system-out": (set(), set(), set()),
    "failure": ({"type", "message"}, set(), set()),
    "error": ({"type", "message"}, set(), set()),
    "skipped": ({"message"}, set(), set()),
}

VALIDATOR = "@microsoft/sarif-multitool"
VALIDATOR_VERSION = "5.7.0"

# Advice that the validator gives at its lowest level, which is off by default, and why it is not followed.
SARIF_ADVICE = {
    "SARIF2003": "the hosts' boot files are under no version control that an audit knows",
    "SARIF2006": "it asks the network for the schema's address",
    "SARIF2009": "rule ids are words, stable and the same in waivers and in every report",
    "SARIF2010": "a boot file's lines may hold secrets and stay on the host",
    "SARIF2011": "a boot file's lines may hold secrets and stay on the host",
    "SARIF2016": "an inventory or a source outside of the current folder has no relative address",
}

# What the task of Azure Pipelines adds by itself when it publishes a log.
SARIF_OF_AZURE = {"GHAzDO1019", "GHAzDO1020"}


class Unavailable(Exception):
    """Why the validator cannot be had here."""


def assert_junit_form(text: str) -> None:
    """The elements, their attributes, and the counts, which are those of what is inside."""
    root = ET.fromstring(text)
    for element in root.iter():
        needed, allowed, children = JUNIT_FORM[element.tag]
        assert needed <= set(element.attrib) <= needed | allowed
        assert {child.tag for child in element} <= children
    for suite in root:
        cases = suite.findall("testcase")
        assert len({(case.get("classname"), case.get("name")) for case in cases}) == len(cases)
        assert suite.get("tests") == str(len(cases))
        for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(count) == str(sum(case.find(tag) is not None for case in cases))
    for count in ("tests", "failures", "errors"):
        assert root.get(count) == str(sum(int(suite.get(count, "")) for suite in root))


def sarif_validator() -> Path:
    """The standard's validator, installed once into a cache of the user's; a test run with another process waits for it.

    Raises Unavailable saying what is missing.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable(f"npm is missing, which {VALIDATOR} is installed with")
    base = os.environ.get("LINUX_TCP_HARDENING_CACHE") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "linux_tcp_hardening"
    )
    cache = Path(base, "npm", VALIDATOR_VERSION)
    cache.mkdir(parents=True, exist_ok=True)
    program = cache / "node_modules" / "@microsoft" / "sarif-multitool-linux" / "Sarif.Multitool"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            package = f"{VALIDATOR}@{VALIDATOR_VERSION}"
            command = [npm, "install", "--prefix", str(cache), "--ignore-scripts", "--no-audit", "--no-fund", package]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode or not program.exists():
                raise Unavailable(f"npm could not install {package}: {done.stderr.strip()[-300:]}")
        program.chmod(0o755)
    return program


def sarif_complaints(validator: Path, log: Path) -> list[dict[str, Any]]:
    """All that the validator says of a log, notes included; it writes its own log beside that one."""
    found = log.with_suffix(".found.sarif")
    done = subprocess.run(
        [str(validator), "validate", str(log), "--output", str(found), "--level", "Error;Warning;Note", "--rule-kind", "Sarif;Ghas;GHAzDO"],
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (run,) = json.loads(found.read_text("utf-8-sig"))["runs"]
    assert run["invocations"][0]["executionSuccessful"]
    return list(run["results"])


def assert_sarif_form(validator: Path, log: Path) -> None:
    """Nothing but advice that is left aside with a reason."""
    complaints = [complaint for complaint in sarif_complaints(validator, log) if complaint["ruleId"] not in SARIF_OF_AZURE]
    assert [complaint for complaint in complaints if complaint.get("level", "warning") != "note"] == []
    assert {complaint["ruleId"] for complaint in complaints} <= set(SARIF_ADVICE)
