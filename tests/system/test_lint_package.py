# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The package tcp-sysctl-lint: installed by pip where nothing else is, and by pre-commit into a repository of somebody else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.repositories import write

from scripts.tree import ROOT, project_files

ID = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "init.defaultBranch=main")
BAD = {"deploy/a.sh": "sysctl -w net.ipv4.tcp_timestamps=0 net.ipv4.tcp_tw_reuse=1\n"}
GOOD = {"deploy/a.sh": "sysctl -w net.ipv4.tcp_timestamps=1 net.ipv4.tcp_tw_reuse=1\n"}

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is missing")


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GIT_", "PRE_COMMIT"))}
    return subprocess.run([*command], cwd=cwd, env={**outside, **environment}, check=False, capture_output=True, text=True, timeout=300)


@pytest.fixture(name="tools", scope="module")
def _tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment with the package and pre-commit."""
    folder = tmp_path_factory.mktemp("tools")
    source = project(folder / "source")
    made = run(sys.executable, "-m", "venv", folder / "venv", cwd=folder)
    if made.returncode:
        pytest.skip(f"no virtual environment can be made: {made.stderr[-300:]}")
    installed = run(folder / "venv/bin/pip", "install", "--quiet", source, "pre-commit", cwd=folder)
    if installed.returncode:
        pytest.skip(f"pip cannot install pre-commit: {installed.stderr[-300:]}")
    return folder / "venv" / "bin"


def project(folder: Path) -> Path:
    """A copy of this project as a repository with one commit."""
    for path in project_files():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, target, follow_symlinks=False)
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "x")):
        assert run("git", *ID, *words, cwd=folder).returncode == 0


def test_the_command_needs_no_ansible(tools: Path, tmp_path: Path) -> None:
    write(tmp_path, BAD)
    found = run(tools / "tcp-sysctl-lint", cwd=tmp_path)
    assert found.returncode == 2
    assert found.stdout.startswith("deploy/a.sh:1: high: reuse-without-timestamps")
    assert run(tools / "python", "-c", "import ansible", cwd=tmp_path).returncode == 1
    assert run(tools / "python", "-c", "import jinja2", cwd=tmp_path).returncode == 1
    for form in ("sarif", "junit", "github", "gitlab"):
        assert "deploy/a.sh" in run(tools / "tcp-sysctl-lint", "--format", form, cwd=tmp_path).stdout
    write(tmp_path, GOOD)
    assert run(tools / "tcp-sysctl-lint", cwd=tmp_path).returncode == 0


def test_the_package_has_each_file_of_the_audit(tools: Path, tmp_path: Path) -> None:
    source = project(tmp_path / "source")
    built = run(tools / "pip", "wheel", "--quiet", "--no-deps", "-w", tmp_path, source, cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name.partition("/")[2] for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".py")}
    folders = (ROOT / "plugins" / name for name in ("module_utils", "plugin_utils"))
    assert packed == {str(path.relative_to(ROOT / "plugins")) for folder in folders for path in folder.rglob("*.py")}


@pytest.mark.parametrize("hook", ["tcp-sysctl-lint", "tcp-sysctl-lint-all"])
def test_pre_commit_runs_it_in_another_repository(tools: Path, tmp_path: Path, hook: str) -> None:
    source = project(tmp_path / "source")
    version = run("git", "rev-parse", "HEAD", cwd=source).stdout.strip()
    config = f"repos:\n  - repo: {source}\n    rev: {version}\n    hooks:\n      - id: {hook}\n"
    other = write(tmp_path / "other", {".pre-commit-config.yaml": config, **BAD})
    commit(other)
    home = str(tmp_path / "cache")
    failed = run(tools / "pre-commit", "run", "--all-files", cwd=other, PRE_COMMIT_HOME=home)
    assert failed.returncode == 1, failed.stdout + failed.stderr
    assert "deploy/a.sh:1: high: reuse-without-timestamps" in failed.stdout
    commit(write(other, GOOD))
    passed = run(tools / "pre-commit", "run", "--all-files", cwd=other, PRE_COMMIT_HOME=home)
    assert passed.returncode == 0, passed.stdout + passed.stderr
