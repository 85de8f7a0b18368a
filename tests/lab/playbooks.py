# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection at work on the lab's hosts: real playbooks over the podman connection, and what their tasks returned."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import entry_of
from lab.network import HERE, HOSTS, PREFIX, LabError

ROOT = HERE.parents[1]
GROUPS = {"client_hosts": ["client1", "client2"], "fullnat_lbs": ["gateway", "balancer"], "backends": ["backend"]}
PROFILES = {"client_hosts": "client_host", "fullnat_lbs": "fullnat_lb", "backends": "backend"}
PATIENCE_SECONDS = 120


@dataclasses.dataclass
class Treated:
    """One host before, during and after its role.

    snapshot_after: None unless it was asked for (lab_once_more). changed: the keys whose running value the role changed, with both values.
    """

    profile: str
    snapshot: dict[str, t.Any]
    before: dict[str, t.Any]
    after: dict[str, t.Any]
    snapshot_after: dict[str, t.Any] | None
    changed: dict[str, tuple[str, str]]

    def failed(self) -> dict[str, dict[str, t.Any]]:
        """The failed results of the audit before, by rule; where a rule failed more than once, its gravest."""
        return failed(self.before)

    def failed_after(self) -> dict[str, dict[str, t.Any]]:
        return failed(self.after)


def failed(audit: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    return {result["id"]: result for result in reversed(audit["results"]) if result["status"] == "fail"}


def inventory() -> dict[str, t.Any]:
    """The lab's hosts in the groups of their profiles. The gateway is a part of the NATed path, as a FullNAT balancer is."""
    groups = {group: {"hosts": {name: {"ansible_host": PREFIX + name} for name in names}} for group, names in GROUPS.items()}
    connection = {"ansible_connection": "containers.podman.podman", "ansible_python_interpreter": "/usr/bin/python3"}
    return {"all": {"children": groups, "vars": connection}}


def treat(*names: str, **variables: t.Any) -> dict[str, Treated]:
    """Snapshot, audit, harden by the role of its group, and audit again, on some hosts in one run."""
    tasks = _play("observe.yml", names, variables)
    treated = {}
    for name in names:
        profile = next(PROFILES[group] for group, members in GROUPS.items() if name in members)
        change = tasks[f"Apply the profile {profile}"][name]
        treated[name] = Treated(
            profile=profile,
            snapshot=tasks["Take the snapshot"][name]["ansible_facts"]["linux_tcp"],
            before=dict(entry_of(name, tasks["Audit before"][name], "audit")),
            after=dict(entry_of(name, tasks["Audit after"][name], "audit")),
            snapshot_after=tasks["Take the snapshot after the role"][name].get("ansible_facts", {}).get("linux_tcp"),
            changed=_changed(change),
        )
    return treated


def _changed(change: dict[str, t.Any]) -> dict[str, tuple[str, str]]:
    return {one["key"]: (one["before"], one["after"]) for one in change["settings"] if one["before"] != one["after"]}


def _play(playbook: str, names: tuple[str, ...], variables: dict[str, t.Any]) -> dict[str, dict[str, t.Any]]:
    """Run a playbook on some of the lab's hosts. Returns task name to host to result. Raises LabError with the first failure."""
    unknown = set(names) - set(HOSTS)
    if unknown:
        raise LabError(f"no such hosts in the lab: {', '.join(sorted(unknown))}")
    with tempfile.TemporaryDirectory(prefix="tcp-lab-") as folder:
        path = Path(folder, "inventory.json")
        path.write_text(json.dumps(inventory()), encoding="utf-8")
        command = [sys.executable, "-m", "ansible", "playbook", "-i", str(path), "--limit", ",".join(names)]
        command += ["--extra-vars", json.dumps(variables), str(HERE / playbook)]
        env = {"ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json", "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}, **env},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    try:
        plays = json.loads(done.stdout[done.stdout.index("{") :])["plays"]
    except ValueError:
        raise LabError(f"{playbook} gave no JSON: {done.stdout[-800:]} {done.stderr[-800:]}") from None
    tasks: dict[str, dict[str, t.Any]] = {}
    for play in plays:
        for task in play["tasks"]:
            tasks.setdefault(task["task"]["name"].rpartition(" : ")[2], {}).update(task["hosts"])
    if done.returncode:
        reasons = [f"{host}: {one.get('msg')}" for results in tasks.values() for host, one in results.items() if one.get("failed")]
        raise LabError(f"{playbook} failed: {'; '.join(reasons) or done.stderr[-800:]}")
    return tasks
