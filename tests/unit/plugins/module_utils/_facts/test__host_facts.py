# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._host_facts import host_facts
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._reader import Reader
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("MemTotal: 2048 kB\n", 2 << 20),
        ("MemTotal: x kB\n", None),
        ("MemFree: 1 kB\n", None),
        (f"MemTotal: {'9' * 16} kB\n", None),
    ],
)
def test_the_memory_of_a_host(tmp_path: Path, text: str, size: int | None) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "meminfo").write_text(text)
    assert host_facts(Reader(HostTree(str(tmp_path))))["memory_bytes"] == size


@pytest.mark.parametrize(("key", "namespace"), [("tcp_max_orphans", "initial"), ("ip_forward", "own"), (None, None)])
def test_the_namespace_is_told_by_its_keys(tmp_path: Path, key: str | None, namespace: str | None) -> None:
    folder = tmp_path / "proc" / "sys" / "net" / "ipv4"
    folder.mkdir(parents=True)
    if key:
        (folder / key).write_text("0\n")
    assert host_facts(Reader(HostTree(str(tmp_path))))["network_namespace"] == namespace
