# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command tcp-sysctl-lint: its exit codes, what it takes, and what it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._lint import main
from support.repositories import write

BAD = {"a/x.conf": "net.ipv4.tcp_tw_reuse = 1\nnet.ipv4.tcp_timestamps = 0\n"}
GOOD = {"a/x.conf": "net.ipv4.tcp_tw_reuse = 1\n"}
ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(name="folder", autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("files", "arguments", "code"),
    [
        (BAD, [], 2),
        (GOOD, [], 0),
        ({}, [], 0),
        (BAD, ["--fail-on", "critical"], 0),
        (BAD, ["--fail-on", "never"], 0),
        (BAD, ["a"], 2),
        (BAD, ["a/x.conf"], 2),
        (BAD, ["--profile", "fullnat_lb"], 0),
        (BAD, ["--profile", "fullnat_lb", "--fail-on", "medium"], 2),
        (BAD, ["gone"], 2),
        (BAD, ["a/x.conf", "gone"], 2),
    ],
)
def test_exit_codes(folder: Path, files: dict[str, str], arguments: list[str], code: int) -> None:
    write(folder, files)
    assert main(arguments) == code


def test_paths_are_those_from_the_current_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, {**BAD, "b/y.conf": "net.ipv4.tcp_fin_timeout = 2\n"})
    for arguments in (["a", "b/y.conf"], [str(folder / "a"), "b"], []):
        main(arguments)
        out = capsys.readouterr().out
        assert "a/x.conf:1: high: reuse-without-timestamps" in out
        assert "\nb/y.conf:1: medium: fin-timeout-mistaken" in out


def test_a_file_alone_finds_the_variables_of_its_role(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        "roles/a/tasks/main.yml": "- sysctl: {name: net.ipv4.tcp_fin_timeout, value: '{{ fin }}'}\n",
        "roles/a/defaults/main.yml": "fin: 3\n",
    }
    write(folder, files)
    main(["roles/a/tasks/main.yml"])
    assert "tcp_fin_timeout = 3" in capsys.readouterr().out


def test_a_waiver_is_for_files(folder: Path) -> None:
    waiver = "- {rule: reuse-without-timestamps, paths: [a/*], reason: being replaced, expires: 2999-01-01}\n"
    write(folder, {**BAD, "w.yml": waiver})
    assert main(["--waivers", "w.yml"]) == 0
    write(folder, {"b/y.conf": BAD["a/x.conf"]})
    assert main(["--waivers", "w.yml"]) == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "w.yml: no such file"),
        ("a: [", "w.yml: is no YAML"),
        ("a: 1", "w.yml: must be a list of waivers"),
        ("- 1", "w.yml: must be a list of waivers"),
        ("- {rule: gone}", "there is no rule 'gone'"),
    ],
)
def test_waivers_that_cannot_be_used(folder: Path, capsys: pytest.CaptureFixture[str], content: str | None, words: str) -> None:
    write(folder, GOOD if content is None else {**GOOD, "w.yml": content})
    assert main(["--waivers", "w.yml"]) == 2
    assert words.lower() in capsys.readouterr().err.lower()


def test_a_report_goes_into_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, BAD)
    assert main(["--format", "sarif", "--output", "r.sarif"]) == 2
    assert capsys.readouterr().out == ""
    assert json.loads((folder / "r.sarif").read_text())["version"] == "2.1.0"
    assert main(["--output", "gone/r"]) == 2
    assert "gone/r" in capsys.readouterr().err


def test_junit_is_xml(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder, BAD)
    main(["--format", "junit"])
    assert ET.fromstring(capsys.readouterr().out.partition("\n")[2]).tag == "testsuites"


def test_it_runs_from_a_checkout(folder: Path) -> None:
    write(folder, BAD)
    command = [str(ROOT / "scripts" / "tcp-sysctl-lint"), "--fail-on", "never"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "PYTHON": sys.executable})
    assert (done.returncode, "reuse-without-timestamps" in done.stdout) == (0, True), done.stderr


def test_it_imports_no_ansible(folder: Path) -> None:
    write(folder, BAD)
    script = f"""
import sys
sys.path.insert(0, {str(ROOT / "playbooks" / "collections")!r})
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._lint import main
main(["--fail-on", "never"])
print([name for name in ("ansible", "jinja2", "importlib.metadata") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "[]"), done.stderr
