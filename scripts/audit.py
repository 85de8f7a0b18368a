# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make audit` runs once its virtual environment is there: the playbook audit_tcp.yml, with the Makefile's knobs.

Without INVENTORY only this machine is audited, whatever inventory Ansible is configured with.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def command(knobs: dict[str, str], reports: Path) -> list[str]:
    """The ansible-playbook command for the Makefile's knobs, all of which but FAIL_ON may be missing or empty."""
    variables = {"tcp_fail_on": knobs["FAIL_ON"], "tcp_report_dest": str(reports)}
    # Unset, these must not override what an inventory says.
    for knob, variable in (("PROFILE", "tcp_profile"), ("SAMPLE_SECONDS", "tcp_sample_seconds")):
        if knobs.get(knob):
            variables[variable] = knobs[knob]
    return [
        sys.executable,
        "-m",
        "ansible",
        "playbook",
        "--inventory",
        # An empty inventory leaves just the implicit localhost.
        knobs.get("INVENTORY") or os.devnull,
        "--extra-vars",
        json.dumps(variables),
        *shlex.split(knobs.get("ARGS", "")),
        str(ROOT / "playbooks" / "audit_tcp.yml"),
    ]


def environment(home: str, elsewhere: bool) -> dict[str, str]:
    """The caller's environment, less what would make Ansible complain or look elsewhere.

    home: a folder that may be written to. elsewhere: other hosts than this one may be audited.
    """
    added = {
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
    }
    # Named like this, Ansible takes it even from a folder that everybody may write to.
    if "ANSIBLE_CONFIG" not in os.environ:
        added["ANSIBLE_CONFIG"] = str(ROOT / "ansible.cfg")
    # Service accounts often have no home, and Ansible wants one.
    if not os.access(os.path.expanduser("~"), os.W_OK):
        added.update(HOME=home, ANSIBLE_HOME=home)
    # It also trips over a home with a blank in its name, but only for this.
    if not elsewhere:
        added["ANSIBLE_REMOTE_TEMP"] = f"{home}/tmp"
    return {**os.environ, **added}


def verdict(code: int, fail_on: str, reports: Path) -> str:
    """One line on the exit code of ansible-playbook, empty for 0."""
    if code == 0:
        return ""
    if code == 2:
        return f"make audit: a result reached FAIL_ON={fail_on}, or a host could not be audited, see above. Reports go to {reports}"
    if code == 4:
        return f"make audit: a host was unreachable, or the playbook could not start (4; make turns it into 2). Reports go to {reports}"
    return f"make audit: ansible-playbook failed with {code}, see above (make turns it into 2)."


def main() -> int:
    knobs = dict(os.environ)
    reports = Path(knobs["REPORTS"]).expanduser().absolute()
    with tempfile.TemporaryDirectory(prefix="tcp-audit-") as home:
        code = subprocess.run(command(knobs, reports), env=environment(home, bool(knobs.get("INVENTORY"))), check=False).returncode
    line = verdict(code, knobs["FAIL_ON"], reports)
    if line:
        print(line, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
