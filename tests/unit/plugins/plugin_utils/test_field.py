# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Public settings of the field, as people keep them, each with what an audit must find in it and what it must not."""

from __future__ import annotations

import datetime
import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import load
from support.corpus import CORPUS
from support.own_cases import OWN_CASES, OwnCase
from support.own_checks import MORE_CASES

FIELD = CORPUS / "field"
CASES: list[t.Any] = json.loads((FIELD / "expected.json").read_text(encoding="utf-8")) if FIELD.is_dir() else []


# Words that the failed results of a case must have.
SAYS = {
    "c26": "PAWSPassive +387158 since boot",
    "c48": "27000 of 28232 usable ports taken",
    "c28b": "The table is full (65536 of 65536): raise nf_conntrack_max first. A longer timeout alone makes it worse",
    "c29": "50000 to 65000",
    "c07": "tcp_tw_timeout = 10, a key that exists in vendors' kernels only",
    "c12": "/etc/ufw/sysctl.conf:",
    "c18": "roles/node/tasks/main.yml:8",
}
NEVER_SAYS = {"c03": "'kernel has the key': 'yes'"}


@pytest.mark.skipif(not CASES, reason="the collected cases of the field are not there: ../shared/corpus/field")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_case_of_the_field(case: t.Any) -> None:
    snapshot = load(str(FIELD / case["source"]), case["source_kind"])
    judged = audit(snapshot, "field", AuditOptions(case["profile"], datetime.date(2026, 11, 27)))
    failed = [result for result in judged["results"] if result["status"] == "fail"]
    rules = {result["id"] for result in failed}
    assert set(case["must"]) <= rules
    assert not set(case["must_not"]) & rules
    said = "\n".join(f"{result['observed']} {result['evidence']} {result['path']}:{result['line']}" for result in failed)
    assert SAYS.get(case["name"], "") in said
    assert NEVER_SAYS.get(case["name"], "\0") not in said


@pytest.mark.skipif(not CASES, reason="the collected cases of the field are not there: ../shared/corpus/field")
def test_each_failure_in_a_repository_has_a_file_and_a_line() -> None:
    for case in CASES:
        if case["source_kind"] != "repository":
            continue
        judged = audit(load(str(FIELD / case["source"]), "repository"), "field", AuditOptions("any", datetime.date(2026, 11, 27)))
        for result in judged["results"]:
            if result["status"] == "fail":
                assert result["path"]
                assert result["line"]


def failed_rules(path: str, case: OwnCase) -> set[str]:
    judged = audit(load(path, case.source_kind), "field", AuditOptions(case.profile, datetime.date(2026, 11, 27)))
    return {f"{result['id']}:{result['line']}" for result in judged["results"] if result["status"] == "fail"}


@pytest.mark.parametrize("line_end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("case", [*OWN_CASES, *MORE_CASES], ids=lambda case: case.name)
def test_a_case_of_our_own(tmp_path: Path, case: OwnCase, line_end: str) -> None:
    for name, text in case.files.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.replace("\n", line_end).encode())
    source = tmp_path if len(case.files) > 1 else tmp_path / next(iter(case.files))
    assert failed_rules(str(source), case) == case.fails
