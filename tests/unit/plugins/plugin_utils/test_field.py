# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Public settings of the field, as people keep them, each with what an audit must find in it and what it must not."""

from __future__ import annotations

import datetime
import json
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import SourceError, load
from support.corpus import CORPUS

FIELD = CORPUS / "field"
CASES: list[t.Any] = json.loads((FIELD / "expected.json").read_text(encoding="utf-8")) if FIELD.is_dir() else []
# Each leaves this list with the change that makes it hold.
NOT_YET = {"c12", "c26", "c48"}


@pytest.mark.skipif(not CASES, reason="the collected cases of the field are not there: ../shared/corpus/field")
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case, marks=pytest.mark.xfail(raises=(AssertionError, SourceError)) if case["name"] in NOT_YET else (), id=case["name"]
        )
        for case in CASES
    ],
)
def test_a_case_of_the_field(case: t.Any) -> None:
    snapshot = load(str(FIELD / case["source"]), case["source_kind"])
    judged = audit(snapshot, "field", AuditOptions(case["profile"], datetime.date(2026, 11, 27)))
    failed = {result["id"] for result in judged["results"] if result["status"] == "fail"}
    assert set(case["must"]) <= failed
    assert not set(case["must_not"]) & failed


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
