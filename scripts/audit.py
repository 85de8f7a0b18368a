# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `make audit` runs once its virtual environment is there: the playbook audit_tcp.yml, with the Makefile's variables.

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


def command(variables: dict[str, str], reports: Path) -> list[str]:
    """The ansible-playbook command for the Makefile's variables. All but FAIL_ON may be missing or empty."""
    extra_vars = {"tcp_fail_on": variables["FAIL_ON"], "tcp_report_dest": str(reports)}
    # If these are not set, the inventory decides.
    for variable, extra_var in (("PROFILE", "tcp_profile"), ("SAMPLE_SECONDS", "tcp_sample_seconds")):
        if variables.get(variable):
            extra_vars[extra_var] = variables[variable]
    return [
        sys.executable,
        "-m",
        "ansible",
        "playbook",
        "--inventory",
        # An empty inventory leaves just the implicit localhost.
        variables.get("INVENTORY") or os.devnull,
        "--extra-vars",
        json.dumps(extra_vars),
        *shlex.split(variables.get("ARGS", "")),
        str(ROOT / "playbooks" / "audit_tcp.yml"),
    ]


def environment(home: str, elsewhere: bool) -> dict[str, str]:
    """The caller's environment, with what Ansible needs to use this project's configuration and not to complain.

    home: a folder that this user may write to. elsewhere: whether other hosts than this one may be audited.
    """
    added = {
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "False",
    }
    # Named in the environment, Ansible reads it even from a folder that all users may write to.
    if "ANSIBLE_CONFIG" not in os.environ:
        added["ANSIBLE_CONFIG"] = str(ROOT / "ansible.cfg")
    # Ansible needs a home folder, and service accounts often have none.
    if not os.access(os.path.expanduser("~"), os.W_OK):
        added.update(HOME=home, ANSIBLE_HOME=home)
    # Ansible cannot use a folder with a blank in its name here, and a home may have one.
    if not elsewhere:
        added["ANSIBLE_REMOTE_TEMP"] = f"{home}/tmp"
    return {**os.environ, **added}


def explain_exit_code(code: int, fail_on: str, reports: Path) -> str:
    """One line about the exit code of ansible-playbook. Empty for 0."""
    if code == 0:
        return ""
    if code == 2:
        return f"make audit: a result reached FAIL_ON={fail_on}, or a host could not be audited; see above. The reports are in {reports}"
    if code == 4:
        return (
            f"make audit: a host was unreachable, or the playbook could not start (exit code 4; make turns it into 2). Reports: {reports}"
        )
    return f"make audit: ansible-playbook failed with exit code {code}; see above (make turns it into 2)."


def main() -> int:
    variables = dict(os.environ)
    reports = Path(variables["REPORTS"]).expanduser().absolute()
    with tempfile.TemporaryDirectory(prefix="tcp-audit-") as home:
        code = subprocess.run(command(variables, reports), env=environment(home, bool(variables.get("INVENTORY"))), check=False).returncode
    line = explain_exit_code(code, variables["FAIL_ON"], reports)
    if line:
        print(line, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
