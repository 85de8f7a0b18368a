# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Patterns of .gitignore, compared with git itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._repository._ignored import Ignored, fits
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._repository._walk import Walk
from hypothesis import given, settings
from hypothesis import strategies as st
from support.repositories import write

LINE = "net.ipv4.tcp_tw_reuse = 1\n"
PATHS = (
    "a.conf",
    "b.log",
    "build/a.conf",
    "build/keep.conf",
    "src/a.conf",
    "src/build/a.conf",
    "src/deep/er/a.conf",
    "x y.conf",
    "[z].conf",
)

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is missing")


def looked_at(root: Path) -> set[str]:
    return {path for path, _data in Walk(str(root)).interesting()} - {".gitignore", "src/.gitignore"}


def not_ignored_by_git(root: Path) -> set[str]:
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    listed = subprocess.run(
        ["git", "-C", str(root), "-c", "core.excludesFile=/dev/null", "-c", "core.quotePath=off", "ls-files", "-o", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    )
    return set(listed.stdout.splitlines()) - {".gitignore", "src/.gitignore"}


@needs_git
@pytest.mark.parametrize(
    "patterns",
    [
        "*.log", "build", "build/", "/build", "/build/", "src/build", "**/build", "src/**", "src/**/a.conf", "**/er", "*.conf\n!a.conf",
        "build/*\n!build/keep.conf", "build\n!build/keep.conf", "a.conf\n#b.log\n\\#x", "[ab].conf", "[!a]*.conf", "?.conf", "x\\ y.conf",
        "x y.conf", "\\[z\\].conf", "*", "*\n!*/", "*\n!*/\n!*.conf", "!a.conf\na.conf", "src/*/a.conf", "/a.conf  ", "*er", "deep/er",
        "a.conf/",
        "**", "/**", "src/", "/src/deep/**/a.conf", "[a-c].*", "***.conf", "a\\.conf",
    ],
)  # fmt: skip
def test_git_ignores_the_same(tmp_path: Path, patterns: str) -> None:
    root = write(tmp_path, {**dict.fromkeys(PATHS, LINE), ".gitignore": patterns + "\n"})
    assert looked_at(root) == not_ignored_by_git(root)


@needs_git
@pytest.mark.parametrize(
    ("outer", "inner"), [("*.conf", "!a.conf"), ("a.conf", "!/a.conf"), ("!a.conf", "a.conf"), ("src", "!a.conf"), ("", "/build")]
)
def test_a_deeper_file_decides(tmp_path: Path, outer: str, inner: str) -> None:
    root = write(tmp_path, {**dict.fromkeys(PATHS, LINE), ".gitignore": outer + "\n", "src/.gitignore": inner + "\n"})
    assert looked_at(root) == not_ignored_by_git(root)


@needs_git
def test_what_only_this_checkout_ignores(tmp_path: Path) -> None:
    root = write(tmp_path, dict.fromkeys(PATHS, LINE))
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    write(root, {".git/info/exclude": "src\n"})
    assert looked_at(root) == not_ignored_by_git(root)


def test_many_stars_take_no_long_time() -> None:
    assert not fits("*a" * 150 + "b", "a" * 255)


@given(st.text(alphabet="a*?[]!^-\\/b.\n #"), st.text(alphabet="ab/.", min_size=1))
@settings(max_examples=300)
def test_any_pattern_is_read(patterns: str, path: str) -> None:
    assert Ignored(patterns).says(path, False) in (True, False, None)
