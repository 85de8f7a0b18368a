# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module, started inside of a host by whoever is to be its session or service."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import tempfile
import typing as t
from pathlib import Path

import ansible
from ansible.release import __version__

from . import engine
from .hosts import Host

if t.TYPE_CHECKING:
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Snapshot

_FOLDER = "/opt/tcp_modules"
# All of it is the module's own; only its arguments come another way.
_START = """
import importlib, sys
from ansible.module_utils import basic
basic._ANSIBLE_ARGS = sys.stdin.buffer.read()
basic._ANSIBLE_PROFILE = "legacy"
importlib.import_module("ansible_collections.linux_tcp.hardening.plugins.modules." + sys.argv[1]).main()
"""


def container(host: Host) -> str:
    return f"{os.environ['CONTAINER_PREFIX']}{host.name}"


def install(*hosts: Host) -> None:
    """Bring the modules, and what they need of ansible-core, into the hosts."""
    core = Path(ansible.__file__).parent
    without = shutil.ignore_patterns("__pycache__", "*.ps1", "*.psm1", "*.cs")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made, "tcp_modules")
        shutil.copytree(core / "module_utils", folder / "ansible" / "module_utils", ignore=without)
        # As ansible-core sends it.
        (folder / "ansible" / "__init__.py").write_text(f"__version__ = {__version__!r}\n__author__ = 'Ansible, Inc.'\n", encoding="utf-8")
        plugins = Path("ansible_collections", "linux_tcp", "hardening", "plugins")
        for name in ("modules", "module_utils"):
            shutil.copytree(engine.ROOT / "plugins" / name, folder / plugins / name, ignore=without)
        (folder / "start.py").write_text(_START, encoding="utf-8")
        for host in hosts:
            engine.podman("cp", str(folder), f"{container(host)}:/opt")


def run_module(host: Host, starter: str = "", **arguments: object) -> dict[str, t.Any]:
    """What tcp_profile returned. starter: the command that starts the command it is given, with its standard input; "" for none."""
    return _run(host, "tcp_profile", starter, arguments)


def facts(host: Host) -> Snapshot:
    """What tcp_facts sees on a host."""
    snapshot: Snapshot = _run(host, "tcp_facts", "", {})["ansible_facts"]["linux_tcp"]
    return snapshot


def _run(host: Host, module: str, starter: str, arguments: dict[str, object]) -> dict[str, t.Any]:
    text = json.dumps({"ANSIBLE_MODULE_ARGS": arguments})
    start = f"python3 {_FOLDER}/start.py {module}"
    # A process beside it that only the end of the session or service ends.
    started = f"sh -c '{BESIDE} & exec {start}'" if starter else start
    done = host.infra.run(f"printf %s {shlex.quote(text)} | {starter} {shlex.quote(started) if starter.startswith('ssh ') else started}")
    assert done.stdout, done.stderr
    returned: dict[str, t.Any] = json.loads(done.stdout)
    return returned


BESIDE = "setsid sleep 54321 >/dev/null 2>&1 </dev/null"
