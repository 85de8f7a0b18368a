# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries for the files of programs that set keys at boot."""

from __future__ import annotations

from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_order import unseen
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._writer import file_of, unknown_file
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _shapes
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import BootFile, BootFiles


def test_a_file_whose_settings_are_not_known_is_unseen() -> None:
    both = [unknown_file("/etc/a", "ufw", "why"), file_of("/etc/b", "ufw", [])]
    files: BootFiles = {"files": both, "order": {}, "writers": [], "applied_by": None, "why_not_applied": None}
    assert unseen(files, "ufw") == ["/etc/a"]
    for file in files["files"]:
        _shapes.check(BootFile, file, strict=True)
