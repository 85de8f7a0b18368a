# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports of other runs, put together: job slices, hosts that pull, whole fleets, and files that are none of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _reports
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import Report, ReportError
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._json import render
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._merge import paths_of
from support.audits import audit, build, cure, hostile_audits, result, sample_audits

OLD, NEW = "2026-01-30T12:00:00Z", "2026-01-31T12:00:00Z"


def saved(path: Path, *audits: dict[str, Any]) -> str:
    """A JSON report at path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(build(list(audits), "t")), "utf-8")
    return str(path)


def merged(*patterns: str, audits: object = None) -> Report:
    return _reports.build(audits, "t", merge=patterns)


def told(report: Report) -> dict[str, str]:
    """Of each host the one thing that was observed, or why there is none."""
    return {host.name: host.results[0]["observed"] if host.audit else host.not_audited_because for host in report.hosts}


@pytest.mark.parametrize("audits", [sample_audits(), hostile_audits()], ids=["sample", "hostile"])
def test_slices_together_are_the_report_of_the_whole_fleet(tmp_path: Path, audits: list[dict[str, Any]]) -> None:
    whole = build(audits, "t")
    slices = [saved(tmp_path / f"{number}.json", *audits[number::3]) for number in range(3)]
    one = merged(*slices)
    assert [host.entry for host in one.hosts] == [host.entry for host in whole.hosts]
    assert {rule: one.texts.rule(rule)["title"] for rule in one.overview.rules if rule.startswith("unknown-")} == {
        rule: whole.texts.rule(rule)["title"] for rule in whole.overview.rules if rule.startswith("unknown-")
    }


@pytest.mark.parametrize("order", [("old", "new"), ("new", "old")])
def test_of_a_host_in_several_files_the_newest_audit_counts_and_says_so(tmp_path: Path, order: tuple[str, str]) -> None:
    saved(tmp_path / "old.json", audit("web1", result("a", "low", observed="old"), collected_at=OLD))
    saved(tmp_path / "new.json", audit("web1", result("a", "low", observed="new"), collected_at=NEW))
    report = merged(*(str(tmp_path / f"{name}.json") for name in order))
    assert told(report) == {"web1": "new"}
    audited = report.hosts[0].audit
    assert audited is not None
    assert "Older reports of this host were left out: " in audited["not_seen"][0]
    assert str(tmp_path / "old.json") in audited["not_seen"][0]


def test_an_audit_is_worth_more_than_none_and_one_of_this_run_takes_part(tmp_path: Path) -> None:
    saved(tmp_path / "a.json", audit("web1", result("a", "low", observed="seen"), collected_at=OLD), {"host": "web2", "msg": "no route"})
    now = [{"host": "web1", "msg": "no route"}, audit("web2", result("a", "low", observed="seen now"))]
    assert told(merged(str(tmp_path / "a.json"), audits=now)) == {"web1": "seen", "web2": "seen now"}


def test_hosts_that_look_at_themselves_have_the_name_that_they_call_themselves(tmp_path: Path) -> None:
    for name in ("web1", "web2"):
        saved(tmp_path / "pulled" / f"{name}.json", audit("localhost", result("a", "low"), hostname=name))
    saved(tmp_path / "pulled" / "old-one.json", audit("localhost", result("a", "low")))
    assert [host.name for host in merged(str(tmp_path / "pulled")).hosts] == ["old-one.json", "web1", "web2"]


def test_what_tcp_audit_returned_for_one_host_is_taken(tmp_path: Path) -> None:
    (tmp_path / "web1.json").write_text(json.dumps({**audit("web1", result("recycle-on", "low")), "changed": False}), "utf-8")
    (tmp_path / "web2.json").write_text(json.dumps({"host": "web2", "unreachable": True, "msg": "no route"}), "utf-8")
    assert told(merged(str(tmp_path))) == {"web1": "1", "web2": "no route"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is no JSON report"),
        ("{", "it is no JSON report"),
        ("[]", "must be a report or one audit, not a list"),
        ("7", "must be a report or one audit, not the number 7"),
        ('{"audits": 7}', "audits must be a list, not the number 7"),
        ('{"audits": [7]}', "it has an entry without a host"),
        ('{"audits": [{"host": ""}]}', "it has an entry without a host"),
        ('{"rules": 7, "audits": []}', "rules must be a dictionary, not the number 7"),
        ('{"rules": {"x": {}}, "audits": []}', "rules['x'].title is missing"),
        (
            '{\n"schema": "linux_tcp.report/2",\n"title": "t",\n"audits": [\n{"host": "a", "msg": "m"},\n',
            "it ends in the middle of its audits",
        ),
        ('{\n"schema": "linux_tcp.report/2",\n"title": "t"\n', "it ends before its audits"),
        ("[" * 100_000, "it is no JSON report"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_costs_no_other_its_hosts(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "bad.json").write_text(text, "utf-8")
    saved(tmp_path / "good.json", audit("web1", result("a", "low")))
    report = merged(str(tmp_path / "*.json"))
    found = told(report)
    assert found["web1"] == "1"
    assert found["file bad.json"] == f"{tmp_path / 'bad.json'} could not be read: {reason}."
    assert report.count("not_audited") == 1 + ('"host": "a"' in text)


def test_bytes_that_are_no_text_and_folders_without_rights_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "b.json").mkdir()
    (tmp_path / "b.json" / "a.json").symlink_to(tmp_path / "nothing")
    assert told(merged(str(tmp_path))) == {
        "file a.json": f"{tmp_path}/a.json could not be read: it is no JSON report.",
        "file b.json": f"{tmp_path}/b.json could not be read: Is a directory.",
        f"file {tmp_path}/b.json/a.json": f"{tmp_path}/b.json/a.json could not be read: No such file or directory.",
    }


def test_one_bad_entry_of_a_file_costs_no_other_host_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(
        json.dumps({"audits": [audit("web1", result("a", "bad")), audit("web2", result("a", "low"))]}), "utf-8"
    )
    found = told(merged(str(tmp_path)))
    assert found["web2"] == "1"
    assert "severity must be one of" in found["web1"]


def test_texts_of_another_version_are_shown_for_ids_that_this_one_does_not_know(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.json", audit("web1", result("new-rule", "low", title="A \x1b title"), advice=[cure("new-cure", True)]))
    (host,) = merged(path).hosts
    assert host.results[0]["title"] == "A \\x1b title"
    assert host.advice[0]["title"] == "Invented title of new-cure"


def test_paths_folders_and_patterns(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", "x/c.json", "x/d.txt", "[e].json"):
        saved(tmp_path / name, audit("web1", result("a", "low")))
    found = paths_of([str(tmp_path / "a.json"), str(tmp_path / "x"), str(tmp_path / "**" / "c.json"), str(tmp_path / "[e].json")])
    assert [Path(path).name for path in found] == ["a.json", "c.json", "[e].json"]
    with pytest.raises(ReportError, match=r"there is no file .*nothing"):
        paths_of([str(tmp_path / "nothing*")])
