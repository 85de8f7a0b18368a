# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._reader import PROC_LIMIT, Reader
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree


def test_a_file_that_is_wanted_and_missing_is_named(tmp_path: Path) -> None:
    reader = Reader(HostTree(str(tmp_path)))
    assert reader.text("/proc/uptime") is None
    assert reader.not_seen == []
    assert reader.text("/proc/uptime", wanted=True) is None
    assert reader.not_seen == ["/proc/uptime could not be read (ENOENT)."]


def test_any_bytes_are_text_and_a_long_file_is_cut(tmp_path: Path) -> None:
    (tmp_path / "name").write_bytes(b"\xff" + b"a" * PROC_LIMIT)
    assert Reader(HostTree(str(tmp_path))).text("/name") == "\ufffd" + "a" * (PROC_LIMIT - 1)
