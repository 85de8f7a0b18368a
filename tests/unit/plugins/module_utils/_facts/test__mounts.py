# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._mounts import LONGEST_MOUNTS, MOUNTS, mount_lines
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"30 1 0:6 / /proc rw shared:9 master:1 - proc proc rw,hidepid=2", [("/", "/proc", b"proc", "rw,hidepid=2")]),
        (b"30 1 0:6 /a\\040b /c\\134 rw - tmpfs none rw", [("/a b", "/c\\", b"tmpfs", "rw")]),
        (b"30 1 0:6 / /proc rw proc proc rw", []),
        (b"30 1 0:6 / /proc - proc proc rw", []),
        (b"", []),
    ],
)
def test_a_line_of_another_form_counts_for_nothing(line: bytes, found: list[object]) -> None:
    assert list(mount_lines(line)) == found


def test_the_mounts_of_this_machine() -> None:
    mounts = list(mount_lines(HostTree().read(MOUNTS, LONGEST_MOUNTS)))
    assert len(mounts) == len(Path(MOUNTS).read_text(encoding="utf-8").splitlines())
    assert "/proc" in {path for _root, path, kind, _options in mounts if kind == b"proc"}
