# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All formats together: the same audits, the same files; and no host without an audit looks clean anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import (
    FORMATS,
    OUTCOMES,
    Report,
    ReportError,
    build,
    format_of,
    text_summary,
    write,
)
from support.audits import audit, hostile_audits, result, sample_audits

NAMES = {name: f"tcp-audit{format_of(name).ENDING}" for name in FORMATS}


def rendered(report: Report, format_: str, folder: Path) -> str:
    if format_ == "text":
        return text_summary(report)
    # As bytes: reading it as text would hide a carriage return.
    return Path(write(report, str(folder), [format_])[0].path).read_bytes().decode("utf-8")


def test_every_format_has_a_file(tmp_path: Path) -> None:
    written = write(build(sample_audits(), "t"), str(tmp_path))
    assert {file.format: Path(file.path).name for file in written} == NAMES
    assert {file.name for file in tmp_path.iterdir()} == set(NAMES.values())
    assert all(file.changed for file in written)


def test_the_same_audits_in_another_order_change_nothing(tmp_path: Path) -> None:
    write(build(sample_audits(), "t"), str(tmp_path))
    before = {file: file.stat().st_ino for file in tmp_path.iterdir()}
    written = write(build(list(reversed(sample_audits())), "t"), str(tmp_path))
    assert not any(file.changed for file in written)
    assert {file: file.stat().st_ino for file in tmp_path.iterdir()} == before


def test_other_audits_change_every_file(tmp_path: Path) -> None:
    write(build(sample_audits(), "t"), str(tmp_path))
    assert all(file.changed for file in write(build(sample_audits()[1:], "t"), str(tmp_path)))


def test_a_dry_run_tells_the_same_and_writes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    would_write = write(build(sample_audits(), "t"), str(folder), dry_run=True)
    assert not folder.exists()
    assert would_write == write(build(sample_audits(), "t"), str(folder))


def test_only_the_asked_formats_are_written_once(tmp_path: Path) -> None:
    written = write(build(sample_audits(), "t"), str(tmp_path), ["html", "json", "html"], "fleet")
    assert [Path(file.path).name for file in written] == ["fleet.html", "fleet.json"]


@pytest.mark.parametrize(
    ("formats", "basename", "message"),
    [
        (["pdf"], "x", "unknown report format 'pdf'"),
        (["json"], "", "basename ''"),
        (["json"], "a/b", "basename 'a/b'"),
        (["json"], "..", "basename '..'"),
        (["json"], "a\nb", "basename"),
        (["json"], "x" * 201, "at most 200 bytes"),
    ],
)
def test_bad_names_are_refused_before_anything_is_written(tmp_path: Path, formats: list[str], basename: str, message: str) -> None:
    with pytest.raises(ReportError, match=message):
        write(build(sample_audits(), "t"), str(tmp_path / "new"), formats, basename)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path, dry_run: bool) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="file is not a folder"):
        write(build(sample_audits(), "t"), str(tmp_path / "file"), dry_run=dry_run)


@pytest.mark.parametrize("format_", FORMATS)
def test_one_report_that_cannot_be_written_stops_all(tmp_path: Path, format_: str) -> None:
    (tmp_path / NAMES[format_]).mkdir()
    with pytest.raises(ReportError, match=f"{NAMES[format_]} is a folder, so"):
        write(build(sample_audits(), "t"), str(tmp_path))
    assert [file.name for file in tmp_path.iterdir()] == [NAMES[format_]]


@pytest.mark.parametrize("format_", [*FORMATS, "text"])
def test_every_report_says_who_was_not_audited_and_why(tmp_path: Path, format_: str) -> None:
    report = build(sample_audits(), "t")
    text = rendered(report, format_, tmp_path)
    for host, reason in (("web2.example", "Connection timed out"), ("db1.example", "/usr/bin/python3: not found")):
        assert host in text
        # A metric says that there is no audit; why is no number.
        assert reason in text or format_ == "prometheus"


def test_hosts_are_counted_by_what_is_known_of_them() -> None:
    report = build(sample_audits(), "t")
    assert {outcome: report.count(outcome) for outcome in OUTCOMES} == {
        "failed": 2,
        "not_audited": 2,
        "unknown": 1,
        "clean": 1,
    }


def test_the_most_urgent_host_comes_first() -> None:
    hosts = [
        audit("one-high", result("a", "high")),
        audit("clean", result("a", "low", "pass")),
        audit("dark", result("a", "low", "unknown")),
        audit("two-high", result("a", "high"), result("b", "high")),
        audit("critical", result("a", "critical")),
        audit("low", *(result(name, "low") for name in "abcdef")),
        {"host": "gone", "failed": True, "msg": "x"},
    ]
    assert [host.name for host in build(hosts, "t").urgent_first] == ["gone", "critical", "two-high", "one-high", "low", "dark", "clean"]


@pytest.mark.parametrize("format_", [*FORMATS, "text"])
def test_no_report_holds_a_character_that_steers_a_terminal(tmp_path: Path, format_: str) -> None:
    report = build(hostile_audits(), "t\x1b\u202e")
    text = rendered(report, format_, tmp_path)
    assert {character for character in text if not character.isprintable()} <= {"\n"}
