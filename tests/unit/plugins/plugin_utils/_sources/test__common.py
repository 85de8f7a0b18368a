# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that sources read: their limits, and what the refusal says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import KINDS, load, validate
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._common import (
    SourceError,
    cannot_read,
    empty_snapshot,
    present,
    read_bytes,
    read_text,
    shown,
)
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._kinds import kind_of


def refusal(call: Any, *arguments: Any) -> str:
    with pytest.raises(SourceError) as caught:
        call(*arguments)
    return str(caught.value)


def test_bytes_up_to_the_limit(tmp_path: Path) -> None:
    path = str(tmp_path / "x")
    Path(path).write_bytes(b"abc")
    assert read_bytes(path, 3) == b"abc"
    assert refusal(read_bytes, path, 2) == f"{path}: too large (3 bytes). The limit is 2 bytes."


def test_a_file_that_says_it_is_empty_and_is_not() -> None:
    # Files of /proc have no size.
    assert b"MemTotal" in read_bytes("/proc/meminfo")
    assert refusal(read_bytes, "/proc/meminfo", 10) == "/proc/meminfo: too large. The limit is 10 bytes."


@pytest.mark.parametrize("content", [b"", b" \n\t"])
def test_an_empty_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    assert refusal(read_bytes, str(tmp_path / "x")) == f"{tmp_path}/x: the file is empty"


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(read_bytes, str(tmp_path / "pipe")) == f"{tmp_path}/pipe: is not a regular file"
    assert refusal(read_bytes, str(tmp_path)) == f"{tmp_path}: is a folder. Give a file."
    assert refusal(read_bytes, str(tmp_path / "none")) == f"{tmp_path}/none: no such file or directory"


def test_text_of_any_encoding(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xef\xbb\xbfa\xffb")
    assert read_text(str(tmp_path / "x")) == "a\ufffdb"
    (tmp_path / "x").write_bytes(b"a\0b")
    assert refusal(read_text, str(tmp_path / "x")) == f"{tmp_path}/x: is a binary file. Give a text file."


def test_an_error_without_words() -> None:
    assert str(cannot_read("/x", OSError())) == "/x: cannot be read"


@pytest.mark.parametrize(("text", "safe"), [("a b", "'a b'"), ("\x1b[2J", "'\\x1b[2J'"), ("x" * 100, "'" + "x" * 60 + "'")])
def test_what_a_message_shows(text: str, safe: str) -> None:
    assert shown(text) == safe


def test_a_snapshot_with_nothing_in_it_is_valid() -> None:
    assert validate(empty_snapshot("sos", "/x"))["source"] == {"kind": "sos", "path": "/x"}


def test_a_key_that_was_seen() -> None:
    assert present("net.ipv4.tcp_tw_reuse", " 2\n") == {"state": "present", "raw": "2", "value": 2}
    assert present("net.ipv4.tcp_tw_reuse", "x", "listing") == {"state": "present", "raw": "x", "value": None, "origin": "listing"}


@pytest.mark.parametrize(
    ("error", "words"),
    [(MemoryError(), "cannot be read with the memory that there is"), (RecursionError(), "nested too deeply")],
)
@pytest.mark.parametrize("kind", KINDS)
def test_what_no_kind_expects_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, error: Exception, words: str
) -> None:
    def failing(path: str) -> None:
        raise error

    monkeypatch.setattr(kind_of(kind), "load", failing)
    assert refusal(load, str(tmp_path), kind) == f"{tmp_path}: {words}"
