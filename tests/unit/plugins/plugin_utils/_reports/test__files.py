# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files are there whole or not at all, and a failure leaves the earlier ones."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import ReportError
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._files import differs, make_folder, replace_all


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_new_files_can_be_read_by_all_and_old_ones_keep_their_permissions(tmp_path: Path) -> None:
    private, new = tmp_path / "private", tmp_path / "new"
    private.write_text("old")
    private.chmod(0o600)
    replace_all({str(private): b"one", str(new): b"two"})
    assert (private.read_bytes(), new.read_bytes()) == (b"one", b"two")
    assert (mode(private), mode(new)) == (0o600, 0o644)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "private"]


def test_a_failure_leaves_all_earlier_files_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("old")
    synced = iter([None, OSError(28, "No space left on device")])

    def fsync(_descriptor: int) -> None:
        error = next(synced)
        if error:
            raise error

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(ReportError, match=r"cannot write .*/b: No space left on device"):
        replace_all({str(tmp_path / name): b"new" for name in ("a", "b")})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "old", "b": "old"}


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"is a folder, so the report cannot be written there"):
        differs(str(tmp_path), b"")


@pytest.mark.parametrize(
    ("kind", "words"), [("fifo", "not a plain file"), ("link", "a link"), ("dangling", "a link"), ("device", "a link")]
)
def test_what_is_no_plain_file_is_named_and_left_alone(tmp_path: Path, kind: str, words: str) -> None:
    place = tmp_path / "report"
    (tmp_path / "target").write_bytes(b"same")
    if kind == "fifo":
        os.mkfifo(place)
    else:
        place.symlink_to({"link": "target", "dangling": "nowhere", "device": "/dev/zero"}[kind])
    with pytest.raises(ReportError, match=f"report is {words}, so the report cannot be written there"):
        differs(str(place), b"same")
    assert (tmp_path / "target").read_bytes() == b"same"


@pytest.mark.parametrize(("content", "expected"), [(b"same", False), (b"sam", True), (b"same again", True), (b"", True)])
def test_differs(tmp_path: Path, content: bytes, expected: bool) -> None:
    (tmp_path / "file").write_bytes(b"same")
    assert differs(str(tmp_path / "file"), content) is expected
    assert differs(str(tmp_path / "missing"), content)


def test_the_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        make_folder(str(tmp_path / "a" / "b"))
    finally:
        os.umask(old)
    assert mode(tmp_path / "a" / "b") == 0o755


@pytest.mark.parametrize("name", ["file", "dangling", "file/below"])
def test_what_is_no_folder_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(ReportError, match=f"{name}"):
        make_folder(str(tmp_path / name))
