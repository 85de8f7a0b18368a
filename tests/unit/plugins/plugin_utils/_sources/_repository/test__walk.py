# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files are looked at, and what is counted as left out."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._repository._walk import MAX_FILE_BYTES, Walk
from support.repositories import write

LINE = "net.ipv4.tcp_tw_reuse = 1\n"


def walked(root: Path) -> tuple[list[str], Walk]:
    walk = Walk(str(root))
    return [path for path, _data in walk.interesting()], walk


def test_files_come_in_order_and_others_are_counted(tmp_path: Path) -> None:
    write(tmp_path, {"b.conf": LINE, "a/z.conf": LINE, "a/a.conf": LINE, "c.txt": "nothing\n"})
    found, walk = walked(tmp_path)
    assert found == ["b.conf", "a/a.conf", "a/z.conf"]
    assert (walk.files, walk.left_out) == (4, {})


def test_what_nobody_wrote_here_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, {f"{folder}/x.conf": LINE for folder in (".git", "node_modules", "a/vendor", ".terraform")})
    (tmp_path / "x.bin").write_bytes(LINE.encode() + b"\0")
    (tmp_path / "large.conf").write_bytes(LINE.encode() * (MAX_FILE_BYTES // len(LINE) + 1))
    found, walk = walked(tmp_path)
    assert found == []
    assert walk.left_out == {"folders of other people's code or of tools": 3, "binary files": 1, "files larger than 1024 KiB": 1}


def test_no_link_is_followed(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", {"secret.conf": LINE})
    root = write(tmp_path / "repo", {"x.conf": LINE})
    (root / "folder").symlink_to(outside)
    (root / "file.conf").symlink_to(outside / "secret.conf")
    (root / "self").symlink_to(root)
    found, walk = walked(root)
    assert found == ["x.conf"]
    assert walk.left_out == {"links": 3}


def test_a_pipe_does_not_stop_the_run(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.conf")
    found, walk = walked(tmp_path)
    assert found == []
    assert walk.left_out == {"special files": 1}


def test_a_gitignore_that_is_a_link_or_huge_is_no_gitignore(tmp_path: Path) -> None:
    write(tmp_path, {"x.conf": LINE, "a/y.conf": LINE, "a/.gitignore": "y.conf\n" * 50_000})
    (tmp_path / ".gitignore").symlink_to(tmp_path / "x.conf")
    assert walked(tmp_path)[0] == ["x.conf", "a/y.conf"]


def test_deep_folders_need_no_recursion(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["d"] * 500)
    folder.mkdir(parents=True)
    (folder / "x.conf").write_text(LINE)
    assert len(walked(tmp_path)[0]) == 1


def test_the_root_may_end_with_a_slash_and_a_missing_one_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"x.conf": LINE})
    assert [path for path, _data in Walk(f"{tmp_path}/").interesting()] == ["x.conf"]
    walk = Walk(str(tmp_path / "gone"))
    assert list(walk.interesting()) == []
    assert walk.unreadable == [""]
