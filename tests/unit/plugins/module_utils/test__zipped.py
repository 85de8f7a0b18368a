# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
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
    compiled[name.rpartition("/")[2]] += 1
    return compile_itself(source, name, *more, **options)
builtins.compile = counting
from {package}._zipped import compile_once
if {once}:
    compile_once()
from {package} import _machine, _transaction
print(json.dumps([compiled, _transaction.__file__, _transaction.__spec__.origin]))
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """The module_utils as ansible-core packs them for a target."""
    path = tmp_path / "payload.zip"
    folders = PACKAGE.split(".")
    with zipfile.ZipFile(path, "w") as made:
        for depth in range(1, len(folders) + 1):
            made.writestr("/".join([*folders[:depth], "__init__.py"]), "")
        for source in SOURCES.glob("*.py"):
            made.write(source, "/".join([*folders, source.name]))
    return path


@pytest.mark.parametrize(("once", "times"), [(True, 1), (False, 2)])
def test_each_file_is_compiled_once(archive: Path, once: bool, times: int) -> None:
    code = IMPORT.format(package=PACKAGE, once=once)
    done = subprocess.run([sys.executable, "-c", code, str(archive)], capture_output=True, text=True, check=True)
    compiled, file, origin = json.loads(done.stdout)
    assert {name: compiled[name] for name in ("_machine.py", "_transaction.py", "_journal.py", "_knobs.py")} == dict.fromkeys(
        ("_machine.py", "_transaction.py", "_journal.py", "_knobs.py"), times
    )
    assert file == origin == f"{archive}/{PACKAGE.replace('.', '/')}/_transaction.py"


def test_nothing_happens_outside_an_archive() -> None:
    code = f"from {PACKAGE}._zipped import compile_once; compile_once(); from {PACKAGE} import _knobs; print(_knobs.__file__)"
    environment = {"PYTHONPATH": str(SOURCES.parents[1] / "playbooks" / "collections"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("plugins/module_utils/_knobs.py")
