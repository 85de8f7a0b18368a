# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Functions called in a new process, if wanted in new network and mount namespaces: `python -m bench.process MODULE FUNCTION JSON`."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).resolve().parents[2]
IPV4 = Path("/proc/sys/net/ipv4")
_ERROR_CHARACTERS = 2000


def namespace(*hidden: str) -> list[str]:
    """The start of a command that runs in a network and mount namespace of its own, with loopback up.

    hidden: folders that are empty there. Raises PermissionError without root.
    """
    if os.geteuid() != 0:
        raise PermissionError("a network namespace of its own needs root")
    steps = ["ip link set lo up", *(f"mount -t tmpfs -o mode=755 tmpfs {folder}" for folder in hidden)]
    return ["unshare", "-n", "-m", "sh", "-c", " && ".join([*steps, 'exec "$@"']), "sh"]


def run(command: Sequence[str], **environment: str) -> str:
    """The output of a command. Raises CalledProcessError after printing the end of what the command said."""
    path = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "playbooks" / "collections")])
    environment = {**os.environ, "PYTHONPATH": path, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), **environment}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout[-_ERROR_CHARACTERS:], done.stderr[-_ERROR_CHARACTERS:], file=sys.stderr)
        done.check_returncode()
    return done.stdout


def call(function: Callable[..., Any], *arguments: object, prefix: Sequence[str] = ()) -> Any:
    """What the function of a benchmark returns in a new process. Arguments and result must fit in JSON; prefix: as of namespace()."""
    module = function.__module__
    return json.loads(run([*prefix, sys.executable, "-m", "bench.process", module, function.__name__, json.dumps(arguments)]))


def only_in_own_namespace() -> None:
    """Raises RuntimeError in the machine's own network namespace, whose settings no benchmark may change."""
    # This key exists in the first namespace only.
    if (IPV4 / "tcp_max_orphans").exists():
        raise RuntimeError("this is the machine's own network namespace; nothing was changed")


def main(module: str, function: str, arguments: str) -> None:
    json.dump(getattr(importlib.import_module(module), function)(*json.loads(arguments)), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
