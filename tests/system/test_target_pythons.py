# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every module as ansible-core sends it, on every Python that a target may have and that is on this machine."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from support.playbook_runs import run_playbook
from support.pythons import TOO_OLD, VERSIONS, found, python

ROOT = Path(__file__).resolve().parents[2]
FOUND = found()
# What each module is given, and which key of its answer shows that it did its work.
MODULES: dict[str, tuple[dict[str, object], str]] = {
    "tcp_facts": ({}, "ansible_facts"),
    "tcp_probe": ({"endpoints": [{"host": "127.0.0.1", "port": 1, "timeout": 1}]}, "endpoints"),
    "tcp_profile": ({"name": "tried", "settings": {"net.ipv4.tcp_timestamps": 1}, "scope": "runtime"}, "settings"),
    "tcp_watch": ({}, "measure"),
}
# Counts what is compiled of our files while a module runs, and writes the counts where COUNTS says.
SITE = """
import atexit, builtins, json, os
compile_itself, compiled = compile, {}
def counting(source, name, *more, **options):
    name = os.fsdecode(name) if isinstance(name, (str, bytes)) else ""
    if "linux_tcp" in name:
        compiled[name.split("/plugins/")[-1]] = compiled.get(name.split("/plugins/")[-1], 0) + 1
    return compile_itself(source, name, *more, **options)
builtins.compile = counting
atexit.register(lambda: open(os.environ["COUNTS"], "w").write(json.dumps(compiled)))
"""


def test_all_of_them_are_named() -> None:
    """A module that runs on targets and is not tried here would be a gap."""
    sent = {path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if "def main(" in path.read_text(encoding="utf-8")}
    assert sent == set(MODULES)


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, t.Any]]:
    """Python version to module to what it returned, from one playbook with one host a Python, in check mode."""
    folder = tmp_path_factory.mktemp("pythons")
    hosts = {
        f"python{version}": {"ansible_connection": "local", "ansible_python_interpreter": path, "ansible_remote_tmp": f"{folder}/tmp"}
        for version, path in FOUND.items()
    }
    (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    tasks = [
        {f"linux_tcp.hardening.{name}": arguments, "name": name, "register": name, "ignore_errors": True}
        for name, (arguments, _key) in MODULES.items()
    ]
    play = {"hosts": "all", "gather_facts": False, "tasks": tasks}
    (folder / "play.json").write_text(json.dumps([play]), encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")},
        "ANSIBLE_CALLBACKS_ENABLED": "ansible.builtin.json",
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks" / "collections"),
        # The actions of the same names would do more than run the module.
        "ANSIBLE_FORKS": "2",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
    }
    command = [sys.executable, "-m", "ansible", "playbook", "--check", "--inventory", "inventory.json", "play.json"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    played = json.loads(done.stdout[done.stdout.index("{") :])["plays"][0]["tasks"]
    return {
        version: {task["task"]["name"]: task["hosts"][f"python{version}"] for task in played if f"python{version}" in task["hosts"]}
        for version in FOUND
    }


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("module", MODULES)
def test_it_runs(answers: dict[str, dict[str, t.Any]], module: str, version: str) -> None:
    if version not in FOUND:
        pytest.skip(f"there is no Python {version} here; found: {', '.join(FOUND)}")
    answer = answers[version][module]
    assert not answer.get("failed"), answer
    assert MODULES[module][1] in answer


@pytest.mark.parametrize("version", TOO_OLD)
def test_a_python_that_is_too_old_is_named(tmp_path: Path, version: str) -> None:
    interpreter = python(version)
    if interpreter is None:
        pytest.skip(f"there is no Python {version} here")
    old = {"ansible_connection": "local", "ansible_python_interpreter": interpreter}
    run = run_playbook(tmp_path, inventory={"all": {"hosts": {"old1": old}}})
    assert run.code == 2
    assert run.audits()["old1"]["msg"].startswith(f"old1 could not be audited: {interpreter} is Python {version}.")
    assert "SyntaxError" not in run.output


@pytest.fixture(scope="module")
def payload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ansible-core made of tcp_profile for a target: the file, as it was run."""
    folder = tmp_path_factory.mktemp("payload")
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks" / "collections"),
        "ANSIBLE_KEEP_REMOTE_FILES": "1",
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_REMOTE_TEMP": str(folder / "tmp"),
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
    }
    arguments = json.dumps(MODULES["tcp_profile"][0])
    command = [sys.executable, "-m", "ansible", "adhoc", "--check", "localhost", "-m", "linux_tcp.hardening.tcp_profile", "-a", arguments]
    subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
    (made,) = (folder / "tmp").glob("*/AnsiballZ_tcp_profile.py")
    return made


@pytest.mark.parametrize("version", VERSIONS)
def test_each_file_is_compiled_once(payload: Path, tmp_path: Path, version: str) -> None:
    interpreter = python(version)
    if interpreter is None:
        pytest.skip(f"there is no Python {version} here; found: {', '.join(FOUND)}")
    (tmp_path / "usercustomize.py").write_text(SITE, encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text(SITE, encoding="utf-8")
    counts = tmp_path / "counts.json"
    environment = {**os.environ, "COUNTS": str(counts), "PYTHONPATH": str(tmp_path), "LC_ALL": "C.UTF-8"}
    done = subprocess.run([interpreter, str(payload)], env=environment, capture_output=True, text=True, check=False)
    assert '"settings"' in done.stdout, done.stdout + done.stderr

    compiled: dict[str, int] = json.loads(counts.read_text(encoding="utf-8"))
    ours = {name: times for name, times in compiled.items() if name.startswith("module_utils/_")}
    # The one that sees to it, and its package, are compiled in the ordinary way.
    assert {name for name, times in ours.items() if times != 1} <= {"module_utils/_compile_once.py", "module_utils/__init__.py"}
    assert {"module_utils/_tree.py", "module_utils/_sysctl/_keys.py", "module_utils/_profile/_transaction.py"} <= set(ours)


def test_the_payload_has_the_packages(payload: Path, tmp_path: Path) -> None:
    """So that the tests above say something about packages in a zip archive."""
    encoded = re.search(r"UEsD[A-Za-z0-9+/=]+", payload.read_text(encoding="utf-8"))
    assert encoded is not None
    archive = tmp_path / "payload.zip"
    archive.write_bytes(base64.b64decode(encoded[0]))
    listed = subprocess.run([sys.executable, "-m", "zipfile", "-l", str(archive)], capture_output=True, text=True, check=True).stdout
    assert "module_utils/_profile/__init__.py" in listed
    assert "module_utils/_facts/_gather.py" not in listed
    assert "_snapshot_types" not in listed
