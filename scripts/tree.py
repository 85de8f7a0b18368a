# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files that belong to the project, and clean copies of them."""

from __future__ import annotations

import fnmatch
import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COLLECTION = Path("ansible_collections", "linux_tcp", "hardening")


def _by_git(root: Path) -> list[str] | None:
    """What git tracks or would track under root; None where root is not a repository of its own, or git does not say."""
    if not (root / ".git").exists():
        return None
    try:
        done = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=root, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return [os.fsdecode(name) for name in done.stdout.split(b"\0") if name]


def _by_walk(root: Path) -> list[str]:
    """The same for an unpacked archive: everything that .gitignore does not name (it has only simple lines)."""
    ignored = [line.strip("/") for line in (root / ".gitignore").read_text(encoding="utf-8").splitlines()] + [".git"]
    found = []
    for folder, folders, names in os.walk(root):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        folders[:] = [name for name in folders if name not in links and not _matches(name, ignored)]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in (*names, *links) if not _matches(name, ignored)]
    return found


def _matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def project_files(root: Path = ROOT) -> list[Path]:
    """The project's files and links under root, tracked or new but not ignored, relative to root and sorted."""
    names = _by_git(root)
    if names is None:
        names = _by_walk(root)
    return sorted({Path(name) for name in names if (root / name).is_file() or (root / name).is_symlink()})


def copy_project(parent: Path, root: Path = ROOT) -> Path:
    """Copy the project's files to where Ansible expects a collection below parent, and return that folder."""
    target = parent / COLLECTION
    for name in project_files(root):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target / name, follow_symlinks=False)
    return target
