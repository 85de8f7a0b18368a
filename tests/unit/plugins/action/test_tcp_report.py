# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tcp_report as a task: its options, check mode, what it returns, and a real play."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible_collections.linux_tcp.hardening.plugins.action import tcp_report
from ansible_collections.linux_tcp.hardening.plugins.modules import tcp_report as documentation
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import FORMATS
from support.actions import action_for
from support.audits import audit, hostile_audits, result, sample_audits

ROOT = Path(__file__).parents[4]


def run(check_mode: bool = False, **options: Any) -> dict[str, Any]:
    return dict(action_for(tcp_report.ActionModule, options, check_mode=check_mode).run(task_vars={}))


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What went to the terminal."""
    texts: list[str] = []
    monkeypatch.setattr(tcp_report.display, "display", texts.append)
    return texts


def test_the_options_are_those_of_the_documentation() -> None:
    documented = yaml.safe_load(documentation.DOCUMENTATION)["options"]
    facts = ("type", "required", "elements", "choices", "default")
    assert {
        name: {fact: option[fact] for fact in facts if fact in option} for name, option in documented.items()
    } == tcp_report.ActionModule.ARGUMENTS


def test_reports_are_written_and_counted(tmp_path: Path, shown: list[str]) -> None:
    returned = run(audits=sample_audits(), dest=str(tmp_path / "new"))
    assert returned["changed"]
    assert {file["format"]: Path(file["path"]).exists() for file in returned["files"]} == dict.fromkeys(FORMATS, True)
    assert returned["hosts"] == {"failed": 2, "not_audited": 2, "unknown": 1, "clean": 1}
    assert returned["summary"].startswith("TCP audit: 6 hosts: 2 with failed results, 2 NOT AUDITED")
    assert shown == []
    again = run(audits=sample_audits(), dest=str(tmp_path / "new"))
    assert not again["changed"]


def test_what_is_returned_is_documented(tmp_path: Path) -> None:
    assert set(run(audits=sample_audits(), dest=str(tmp_path))) == {"changed", *yaml.safe_load(documentation.RETURN)}


def test_reports_of_other_runs_are_merged_and_compared(tmp_path: Path) -> None:
    now, before = sample_audits(), sample_audits()[:2]
    for number, audits in enumerate((now[:3], now[3:])):
        run(audits=audits, dest=str(tmp_path / "slices"), formats=["json"], basename=f"slice-{number}")
    run(audits=before, dest=str(tmp_path / "before"), formats=["json"])
    returned = run(merge=[str(tmp_path / "slices")], compare=[str(tmp_path / "before" / "*.json")], dest=str(tmp_path), formats=["json"])
    assert returned["hosts"] == {"failed": 2, "not_audited": 2, "unknown": 1, "clean": 1}
    assert returned["comparison"] == {"new": 0, "cured": 0, "stays": 9, "not_known": 0}
    assert "new in the report: archive.example, db1.example" in returned["summary"]


@pytest.mark.parametrize(
    ("fail_on", "hosts", "message"),
    [
        ("never", slice(0, 6), None),
        ("critical", slice(0, 4), "4 hosts: 1 with failed results of severity critical or above. See the report."),
        ("medium", slice(0, 6), "6 hosts: 2 with failed results of severity medium or above, 2 not audited. See the report."),
        ("critical", slice(2, 4), None),
        ("critical", slice(4, 6), "2 hosts: 2 not audited. See the report."),
    ],
)
def test_it_fails_once_the_reports_are_written(tmp_path: Path, fail_on: str, hosts: slice, message: str | None) -> None:
    returned = run(audits=sample_audits()[hosts], dest=str(tmp_path), fail_on=fail_on)
    assert (returned.get("failed", False), returned.get("msg")) == (message is not None, message)
    assert (tmp_path / "tcp-audit.html").exists()


def test_a_host_counts_once_with_all_its_namespaces(tmp_path: Path) -> None:
    pods = [{"name": f"pod {name}", "results": [result("x", "high")]} for name in ("a", "b")]
    returned = run(audits=[audit("node", result("x", "low", "pass"), namespaces=pods)], fail_on="high")
    assert returned["msg"] == "1 host: 1 with failed results of severity high or above. See the report."


def test_check_mode_writes_nothing_and_says_what_would_change(tmp_path: Path) -> None:
    returned = run(check_mode=True, audits=sample_audits(), dest=str(tmp_path / "new"), formats=["html"])
    assert returned["changed"]
    assert returned["files"] == [{"path": str(tmp_path / "new" / "tcp-audit.html"), "format": "html", "changed": True}]
    assert not (tmp_path / "new").exists()


def test_without_a_folder_or_formats_nothing_is_written(tmp_path: Path, shown: list[str]) -> None:
    assert run(audits=sample_audits(), show=True)["files"] == []
    assert run(audits=sample_audits(), dest=str(tmp_path / "new"), formats=[])["changed"] is False
    assert "lb1.example" in shown[0]


def test_a_relative_folder_starts_at_the_current_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(audits=sample_audits(), dest="a", formats=["json"])["files"][0]["path"] == str(tmp_path / "a" / "tcp-audit.json")


def test_what_is_shown_cannot_steer_the_terminal(shown: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible.utils.color.ANSIBLE_COLOR", False)
    run(audits=hostile_audits(), show=True)
    (text,) = shown
    assert all(line.isprintable() for line in text.split("\n"))
    monkeypatch.setattr("ansible.utils.color.ANSIBLE_COLOR", True)
    run(audits=sample_audits(), show=True)
    assert "\x1b[" in shown[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give audits, merge, or both"),
        ({"audits": [{"host": "a"}], "formats": ["pdf"]}, "value of formats must be one or more of"),
        ({"audits": [{"host": "a"}], "colour": True}, "colour"),
        ({"audits": "web1"}, "tcp_report: audits must be a dictionary or a list"),
        ({"audits": [{"host": "a"}, {"host": "a"}]}, "more than one entry for host 'a'"),
        ({"audits": [{"host": "a"}], "dest": "/proc/no/such"}, "cannot create the folder /proc/no/such"),
        ({"audits": [{"host": "a"}], "dest": __file__}, f"{__file__} is not a folder"),
        ({"audits": [{"host": "a"}], "dest": "x", "basename": "../x"}, "basename '../x' cannot be used"),
    ],
)
def test_bad_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises((AnsibleActionFail, AnsibleError)) as caught:
        run(**options)
    assert message in str(caught.value)


PLAY = """
- hosts: all
  gather_facts: false
  vars:
    audits: "{{ (lookup('ansible.builtin.file', playbook_dir ~ '/audits.json') | from_json) }}"
  tasks:
    - name: Reach a host that is not there
      ansible.builtin.ping:
      when: inventory_hostname == 'gone'
      ignore_unreachable: true
      register: observed
    - name: Take the others' audits from a file
      ansible.builtin.set_fact:
        observed: "{{ audits[inventory_hostname] }}"
      when: inventory_hostname != 'gone'
    - name: Report
      linux_tcp.hardening.tcp_report:
        audits: "{{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, 'observed'))) }}"
        dest: reports
        show: true
      run_once: true
      delegate_to: localhost
      register: report
    - name: Report again
      linux_tcp.hardening.tcp_report:
        audits: "{{ (lookup('ansible.builtin.file', report.files[0].path) | from_json).audits }}"
        dest: reports
      run_once: true
      delegate_to: localhost
      register: again
    - name: Nothing changed
      ansible.builtin.assert:
        that: report is changed and again is not changed
      run_once: true
"""


def test_a_real_play(tmp_path: Path) -> None:
    # Ansible itself refuses a lone surrogate before the action sees it.
    everything = json.loads(json.dumps(hostile_audits()[-2]).replace("\\ud800", "?"))
    audits = {"web1": {**everything, "host": "web1"}, "lb1": {**sample_audits()[1], "host": "lb1"}}
    (tmp_path / "play.yml").write_text(PLAY)
    (tmp_path / "audits.json").write_text(json.dumps(audits))
    (tmp_path / "hosts").write_text(
        f"web1 ansible_connection=local\nlb1 ansible_connection=local\n"
        f"gone ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1\n"
        f"[all:vars]\nansible_python_interpreter={sys.executable}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", "hosts", "play.yml"],
        cwd=tmp_path,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks" / "collections"),
            "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
        },
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "TCP audit: 3 hosts: 2 with failed results, 1 NOT AUDITED" in done.stdout
    assert "\nCRITICAL  recycle-on: net.ipv4.tcp_tw_recycle\n" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    report = json.loads((tmp_path / "reports" / "tcp-audit.json").read_text())
    gone, _lb1, web1 = report["audits"]
    assert gone["unreachable"]
    assert web1["results"][0]["observed"] == audits["web1"]["results"][0]["observed"]
    assert any("{{ 7 * 7 }}" in result["observed"] for result in web1["results"])
