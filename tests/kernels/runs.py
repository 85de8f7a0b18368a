# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible against a guest: playbooks of the collection and single modules, over ssh."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

from support.playbook_runs import run_playbook

if t.TYPE_CHECKING:
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Snapshot
    from kernels.guest import Guest

HERE = Path(__file__).resolve().parent


class Run(t.NamedTuple):
    """results: what the tasks returned, by their action, in their order. audits: the report's, if there is one."""

    code: int
    output: str
    changed: int
    results: list[tuple[str, dict[str, t.Any]]]
    audits: list[dict[str, t.Any]]

    def last(self, action: str) -> dict[str, t.Any]:
        """What the last task with this action returned; nothing if there was none."""
        return next((result for name, result in reversed(self.results) if name.rpartition(".")[2] == action), {})


class Ansible:
    """pipelining: whether modules go through the connection's standard input, and not by files."""

    def __init__(self, guest: Guest, pipelining: bool = True) -> None:
        self.guest, self.pipelining = guest, pipelining

    def playbook(self, name: str | Path, *arguments: str, **variables: t.Any) -> Run:
        kept = self.guest.folder / "results.jsonl"
        kept.unlink(missing_ok=True)
        report = self.guest.folder / "reports" / "tcp-audit.json"
        report.unlink(missing_ok=True)
        environment = {
            "ANSIBLE_PIPELINING": str(self.pipelining),
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
            "ANSIBLE_CALLBACKS_ENABLED": "task_results",
            "ANSIBLE_TIMEOUT": "60",
            "TASK_RESULTS": str(kept),
        }
        done = run_playbook(
            self.guest.folder, *arguments, playbook=name, inventory=self.guest.inventory(), environment=environment, **variables
        )
        lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
        audits = json.loads(report.read_text(encoding="utf-8"))["audits"] if report.exists() else []
        changed = re.findall(r"^\S+ +: ok=\d+ +changed=(\d+)", done.output, re.MULTILINE)
        results = [(entry["action"], entry["result"]) for entry in map(json.loads, lines)]
        return Run(done.code, done.output, int(changed[-1]) if changed else -1, results, audits)

    def facts(self) -> Snapshot:
        run = self.playbook(HERE / "facts.yml")
        returned = run.last("tcp_facts")
        assert "ansible_facts" in returned, run.output[-600:]
        snapshot: Snapshot = returned["ansible_facts"]["linux_tcp"]
        return snapshot

    def audit(self, profile: str) -> dict[str, t.Any]:
        """The audit of the guest under a profile, as the report has it."""
        run = self.playbook("audit_tcp.yml", tcp_profile=profile, tcp_fail_on="never")
        assert len(run.audits) == 1, run.output[-600:]
        return run.audits[0]
