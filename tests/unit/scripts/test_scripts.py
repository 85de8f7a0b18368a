# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scripts behind the Makefile, with stand-ins for what they would install."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from scripts import audit, tree

ROOT = tree.ROOT
VARIABLES = {"PROFILE": "", "FAIL_ON": "high"}


def stub(folder: Path, name: str, body: str) -> None:
    """A shell command of that name."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False, capture_output=True, text=True)


@pytest.fixture
def stubs(tmp_path: Path) -> Path:
    folder = tmp_path / "stubs"
    folder.mkdir()
    return folder


def path_with(stubs: Path) -> str:
    return f"{stubs}:/usr/bin:/bin"


# --- scripts/need


def test_need_says_nothing_when_all_is_there(stubs: Path) -> None:
    stub(stubs, "some-tool", "")

    done = run("scripts/need", "some-tool", PATH=path_with(stubs))

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("option", "code"), [([], 1), (["--optional"], 0)])
def test_need_names_what_is_missing(stubs: Path, option: list[str], code: int) -> None:
    stub(stubs, "id", "echo 1000")

    done = run("scripts/need", *option, "no-such-tool", "sh", PATH=path_with(stubs))

    assert done.returncode == code
    assert done.stderr.count("\n") == 1
    assert "Missing: no-such-tool." in done.stderr
    assert "apt-get install no-such-tool\n" in done.stderr


def test_need_installs_for_root_after_fetching_the_package_lists(stubs: Path) -> None:
    stub(stubs, "id", "echo 0")
    stub(
        stubs,
        "apt-get",
        f"""
        echo "$@" >>{stubs}/log
        case $1 in
            update) touch {stubs}/updated ;;
            install) [ -e {stubs}/updated ] && printf '#!/bin/sh' >{stubs}/no-such-tool && chmod +x {stubs}/no-such-tool ;;
        esac""",
    )

    done = run("scripts/need", "no-such-tool", PATH=path_with(stubs))

    assert done.returncode == 0
    assert [line.split()[0] for line in (stubs / "log").read_text().splitlines()] == ["install", "update", "install"]


def test_need_tells_why_root_got_nothing(stubs: Path) -> None:
    stub(stubs, "id", "echo 0")
    stub(stubs, "apt-get", "echo no network; exit 100")

    done = run("scripts/need", "no-such-tool", PATH=path_with(stubs))

    assert done.returncode == 1
    assert "no network" in done.stderr
    assert "Missing: no-such-tool." in done.stderr


# --- scripts/venv


def test_venv_refuses_an_old_python_in_one_line(tmp_path: Path, stubs: Path) -> None:
    stub(stubs, "old", "exit 1")

    done = run("scripts/venv", "run", PYTHON=str(stubs / "old"), VENV=str(tmp_path / "venv"))

    assert done.returncode == 1
    assert done.stderr.startswith("Missing: Python 3.11")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "venv").exists()


def test_venv_refuses_a_folder_it_cannot_make(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    done = run("scripts/venv", "run", PYTHON=["/usr/bin/env", "python3"][-1], VENV=str(tmp_path / "file" / "venv"))

    assert done.returncode == 1
    assert done.stderr.startswith("Cannot write the folder")
    assert done.stderr.count("\n") == 1


# --- scripts/tree.py


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "odd name"
    for name in (
        "README.md",
        "plugins/a.py",
        "plugins/a.pyc",
        "plugins/__pycache__/a.pyc",
        ".venv/bin/python",
        "linux-1.tar.gz",
        "reports/r.json",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    (root / ".gitignore").write_text((ROOT / ".gitignore").read_text(encoding="utf-8"), encoding="utf-8")
    (root / "playbooks").mkdir()
    (root / "playbooks" / "link").symlink_to("..")
    return root


@pytest.mark.parametrize("has_git", [True, False])
def test_project_files_are_those_that_git_would_track(project: Path, has_git: bool) -> None:
    if has_git:
        subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)

    assert list(map(str, tree.project_files(project))) == [".gitignore", "README.md", "playbooks/link", "plugins/a.py"]


def test_copy_keeps_links_and_leaves_out_deleted_files(project: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=project, check=True)
    subprocess.run(["git", "add", "."], cwd=project, check=True)
    (project / "README.md").unlink()

    copy = tree.copy_project(tmp_path / "copy", project)

    assert os.readlink(copy / "playbooks" / "link") == ".."
    assert not (copy / "README.md").exists()
    assert copy == tmp_path / "copy" / "ansible_collections" / "linux_tcp" / "hardening"


# --- scripts/audit.py


def test_audit_without_inventory_is_of_this_machine_alone() -> None:
    command = audit.command(VARIABLES, Path("/some where/reports"))

    assert command[command.index("--inventory") + 1] == os.devnull
    assert json.loads(command[command.index("--extra-vars") + 1]) == {
        "tcp_fail_on": "high",
        "tcp_report_dest": "/some where/reports",
    }


def test_audit_hands_on_inventory_and_arguments() -> None:
    command = audit.command(
        {"FAIL_ON": "never", "PROFILE": "backend", "INVENTORY": "my hosts.yml", "ARGS": "--limit 'a b'", "SAMPLE_SECONDS": "2"}, Path("/r")
    )

    assert command[command.index("--inventory") + 1] == "my hosts.yml"
    assert command[command.index("--limit") + 1] == "a b"
    assert json.loads(command[command.index("--extra-vars") + 1]) == {
        "tcp_fail_on": "never",
        "tcp_profile": "backend",
        "tcp_report_dest": "/r",
        "tcp_sample_seconds": "2",
    }


def test_audit_without_a_home_uses_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/nonexistent")

    environment = audit.environment("/other", elsewhere=False)

    assert environment["HOME"] == environment["ANSIBLE_HOME"] == "/other"
    assert environment["ANSIBLE_REMOTE_TEMP"] == "/other/tmp"


def test_audit_leaves_a_good_home_and_a_chosen_configuration_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ANSIBLE_CONFIG", "mine.cfg")

    environment = audit.environment("/other", elsewhere=True)

    assert environment["HOME"] == str(tmp_path)
    assert environment["ANSIBLE_CONFIG"] == "mine.cfg"
    assert "ANSIBLE_REMOTE_TEMP" not in environment


@pytest.mark.parametrize(("code", "part"), [(0, ""), (2, "reached FAIL_ON=high"), (4, "unreachable"), (1, "failed with exit code 1")])
def test_audit_explains_its_exit_code(code: int, part: str) -> None:
    line = audit.explain_exit_code(code, "high", Path("/r"))

    assert part in line
    assert bool(line) == bool(code)


# --- Makefile


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        (["PROFILE=backend", "ARGS=-e x=1"], 0, ""),
        (["PROFIL=backend"], 2, "There is no variable PROFIL. The variables are: PROFILE FAIL_ON "),
    ],
)
def test_make_refuses_a_variable_that_it_does_not_know(given: list[str], code: int, says: str) -> None:
    done = run("make", "--dry-run", "audit", *given)
    assert (done.returncode, says in done.stderr) == (code, True)
