# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who writes at boot, one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_writers import boot_sequence
from support.boot_trees import boot_tree

UFW = {
    "/etc/ufw/ufw.conf": "ENABLED=yes\n",
    "/etc/default/ufw": "IPT_SYSCTL=/etc/ufw/sysctl.conf\n",
    "/etc/ufw/sysctl.conf": "net/ipv4/tcp_sack=0\n",
    "/etc/inittab": "si::sysinit:/etc/init.d/rcS\n",
}


@pytest.mark.parametrize(
    ("links", "sequence"),
    [
        (("S01procps", "S02ufw"), ["procps", "ufw"]),
        (("S02procps", "S01ufw"), ["ufw", "procps"]),
        (("S01procps", "S01ufw"), ["procps", "ufw"]),
        (("S01procps",), ["procps"]),
    ],
)
def test_sequence(tmp_path: Path, links: tuple[str, ...], sequence: list[str]) -> None:
    assert boot_sequence(boot_tree(tmp_path, {**UFW, **{f"/etc/rcS.d/{link}": "" for link in links}}), "procps") == sequence


def test_who_has_an_unknown_turn_is_in_no_sequence(tmp_path: Path) -> None:
    files = boot_tree(tmp_path, {})
    files["writers"] = [{"name": "x", "order": "unknown", "path": "/etc/x", "detail": None}]
    assert boot_sequence(files, "systemd") == ["systemd"]
