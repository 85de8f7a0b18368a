# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In an archive; tests/system/test_target_pythons.py does it with the one that ansible-core makes, on every Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

PACKAGE = "ansible_collections.linux_tcp.hardening.plugins.module_utils"
SOURCES = Path(__file__).resolve().parents[4] / "plugins" / "module_utils"
IMPORT = """
import builtins, collections, json, sys
sys.path.insert(0, sys.argv[1])
compiled, compile_itself = collections.Counter(), compile
def counting(source, name, *more, **options):
    compiled[name.rpartition("module_utils/")[2]] += 1
    return compile_itself(source, name, *more, **options)
builtins.compile = counting
if {once}:
    from {package} import _compile_once
from {package}._profile import _machine, _transaction
from {package} import _profile
print(json.dumps([compiled, _transaction.__file__, _transaction.__spec__.origin, list(_profile.__path__), len(sys.path_hooks)]))
"""
NAMES = ("_tree.py", "_profile/_machine.py", "_profile/_transaction.py", "_profile/__init__.py", "_sysctl/_keys.py", "_sysctl/__init__.py")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "payload.zip"
    folders = PACKAGE.split(".")
    with zipfile.ZipFile(path, "w") as made:
        for depth in range(1, len(folders) + 1):
            made.writestr("/".join([*folders[:depth], "__init__.py"]), "")
        for source in SOURCES.rglob("*.py"):
            made.write(source, "/".join([*folders, source.relative_to(SOURCES).as_posix()]))
    return path


@pytest.mark.parametrize(("once", "times"), [(True, 1), (False, 2)])
def test_each_file_is_compiled_once(archive: Path, once: bool, times: int) -> None:
    code = IMPORT.format(package=PACKAGE, once=once)
    done = subprocess.run([sys.executable, "-c", code, str(archive)], capture_output=True, text=True, check=True)
    compiled, file, origin, package_path, _hooks = json.loads(done.stdout)
    assert {name: compiled[name] for name in NAMES} == dict.fromkeys(NAMES, times)
    folder = f"{archive}/{PACKAGE.replace('.', '/')}/_profile"
    assert file == origin == f"{folder}/_transaction.py"
    assert package_path == [folder]


def test_nothing_happens_outside_an_archive() -> None:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    collections = str(SOURCES.parents[1] / "playbooks" / "collections")
    answers = []
    for once in (True, False):
        code = IMPORT.format(package=PACKAGE, once=once)
        done = subprocess.run([sys.executable, "-c", code, collections], env=environment, capture_output=True, text=True, check=True)
        _compiled, file, _origin, _path, hooks = json.loads(done.stdout)
        answers.append((file.endswith("plugins/module_utils/_profile/_transaction.py"), hooks))
    assert answers[0] == answers[1]
    assert answers[0][0]
