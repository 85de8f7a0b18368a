# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The schemas in docs/schema: they are those of the code, and what the collection makes keeps to them."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._json import render
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._saved import saved
from jsonschema import Draft202012Validator
from support.audits import build, hostile_audits, sample_audits
from support.fleets import fleet, report
from support.snapshots import namespace, snapshot

from scripts import schemas


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((schemas.FOLDER / name).read_text("utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def problems(name: str, data: Any) -> list[str]:
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}" for error in validator(name).iter_errors(data)]


@pytest.mark.parametrize("name", schemas.SHAPES)
def test_the_files_are_those_of_the_code(name: str) -> None:
    assert (schemas.FOLDER / name).read_text("utf-8") == schemas.document(name), "run: make docs"


@pytest.mark.parametrize("seen", [snapshot(), snapshot(namespaces=[namespace()]), snapshot(sysctl=None, counters=None, sockets=None)])
def test_snapshots_and_their_audits(seen: Any) -> None:
    assert problems("snapshot-3.json", json.loads(json.dumps(seen))) == []
    audited = saved(audit(seen, "web1", AuditOptions("any", datetime.date(2026, 11, 21))))
    assert problems("audit-2.json", json.loads(json.dumps({**audited, "changed": False}))) == []


@pytest.mark.parametrize("audits", [sample_audits(), hostile_audits()], ids=["sample", "hostile"])
def test_reports(audits: list[dict[str, Any]], tmp_path: Path) -> None:
    assert problems("report-2.json", json.loads(render(build(audits, "t")))) == []


def test_the_report_of_a_fleet() -> None:
    assert problems("report-2.json", json.loads(report(fleet(100)))) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(schema="linux_tcp.report/1"),
        lambda data: data["audits"][0].update(results=7),
        lambda data: data["audits"][0]["results"][0].pop("id"),
        lambda data: data["audits"][0]["results"][0].update(severity="grave"),
        lambda data: data.pop("rules"),
    ],
)
def test_what_is_no_report_is_refused(change: Any) -> None:
    data = json.loads(render(build(sample_audits(), "t")))
    change(data)
    assert problems("report-2.json", data) != []
