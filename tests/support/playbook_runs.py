# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks as people run them: from a folder of their own, with no settings but the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import entry_of

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"


class Run(t.NamedTuple):
    code: int
    output: str
    reports: Path

    def audits(self) -> dict[str, t.Any]:
        """What the JSON report has of each host, with all that it leaves out."""
        audits = json.loads((self.reports / "tcp-audit.json").read_text())["audits"]
        return {audit["host"]: entry_of(audit["host"], audit, "audits") for audit in audits}


def run_playbook(
    folder: Path,
    *arguments: str,
    playbook: str | Path = "audit_tcp.yml",
    inventory: object = None,
    namespace: str = "",
    environment: t.Mapping[str, str] | None = None,
    **variables: object,
) -> Run:
    """Run a playbook of the collection, or one of the test's own by its path; reports go to a folder in `folder`.

    inventory: the path of one, or what is to be in one. namespace: a shell command that sets up a network namespace for the run.
    """
    reports = folder / "reports"
    command = [sys.executable, "-m", "ansible", "playbook", str(PLAYBOOKS / playbook), *arguments]
    command += ["--extra-vars", json.dumps({"tcp_report_dest": str(reports), **variables})]
    if inventory is not None:
        path = inventory if isinstance(inventory, Path) else folder / "inventory.json"
        if path is not inventory:
            path.write_text(json.dumps(inventory))
        command += ["--inventory", str(path)]
    if namespace:
        command = ["unshare", "-n", "sh", "-c", namespace + ' && exec "$@"', "sh", *command]
    settings = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "HOME": str(folder),
        "ANSIBLE_COLLECTIONS_PATH": str(PLAYBOOKS / "collections"),
        "ANSIBLE_NOCOLOR": "1",
        "LC_ALL": "C.UTF-8",
        **(environment or {}),
    }
    done = subprocess.run(
        command, cwd=folder, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=600
    )
    output = done.stdout + done.stderr
    assert "Traceback" not in output
    return Run(done.returncode, output, reports)
