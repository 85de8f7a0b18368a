# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook that puts the reports of other runs together, as people run it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import fleets
from support.playbook_runs import run_playbook


@pytest.mark.parametrize(("fail_on", "code"), [("never", 0), ("high", 2)])
def test_the_slices_of_a_fleet(tmp_path: Path, fail_on: str, code: int) -> None:
    (tmp_path / "slices").mkdir()
    fleets.write(300, tmp_path / "slices", 3)
    (tmp_path / "slices" / "broken.json").write_text('{"audits": [')
    run = run_playbook(tmp_path, playbook="report_tcp.yml", tcp_report_merge=str(tmp_path / "slices"), tcp_fail_on=fail_on)
    assert run.code == code, run.output
    assert "TCP audit: 301 hosts: " in run.output
    assert "broken.json" in run.output
    assert f"REPORT: {run.reports / 'tcp-audit.html'}" in run.output
    assert len(json.loads((run.reports / "tcp-audit.json").read_text())["audits"]) == 301


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"tcp_report_merge": "nothing/*.json"}, "there is no file nothing/*.json"),
        ({"tcp_report_merg": "x", "tcp_report_merge": "x"}, "There is no variable tcp_report_merg. Did you mean tcp_report_merge?"),
        ({}, "tcp_report_merge"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, variables: dict[str, Any], message: str) -> None:
    run = run_playbook(tmp_path, playbook="report_tcp.yml", **variables)
    assert run.code == 2, run.output
    assert message in run.output
    assert "Traceback" not in run.output
