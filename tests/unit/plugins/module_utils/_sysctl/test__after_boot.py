# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A boot, write by write. What the real readers and the kernel make of it is in the differential test."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._after_boot import (
    AT_START,
    PORT_RANGE,
    UNPRIVILEGED_PORT_START,
    boot,
    last_words,
)
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import Refused
from support.boot_trees import boot_tree

ETC = "/etc/sysctl.d"
SACK = "net.ipv4.tcp_sack"


def test_a_key_that_another_file_raised_refuses_the_range(tmp_path: Path) -> None:
    files = {f"{ETC}/10.conf": f"{UNPRIVILEGED_PORT_START} = 20000\n", f"{ETC}/20.conf": f"{PORT_RANGE} = 16384 65535\n"}
    writes = list(boot(boot_tree(tmp_path, files), ["systemd"], [], AT_START))
    assert [(write.key, write.raw, isinstance(write.answer, Refused)) for write in writes] == [
        (UNPRIVILEGED_PORT_START, "20000", False),
        (PORT_RANGE, "32768\t60999", True),
    ]
    assert list(last_words(writes)) == [UNPRIVILEGED_PORT_START]


def test_one_program_goes_on_where_the_one_before_it_stopped(tmp_path: Path) -> None:
    files = {
        f"{ETC}/10.conf": f"{PORT_RANGE} = 2000 65535\n{SACK} = 1\n",
        "/etc/ufw/ufw.conf": "ENABLED=yes\n",
        "/etc/default/ufw": "IPT_SYSCTL=/etc/ufw/sysctl.conf\n",
        "/etc/ufw/sysctl.conf": f"net/ipv4/tcp_sack=0\n{PORT_RANGE} = 3000\n",
    }
    ends = last_words(boot(boot_tree(tmp_path, files), ["systemd", "ufw"], [], AT_START))
    assert {key: (end.program, end.raw, end.text.line) for key, end in ends.items()} == {
        SACK: ("ufw", "0", 1),
        PORT_RANGE: ("ufw", "3000\t65535", 2),
    }


def test_a_value_that_is_not_known_makes_the_key_unknown(tmp_path: Path) -> None:
    found = boot_tree(tmp_path, {f"{ETC}/10.conf": f"{SACK} = 1\n"})
    line = found["files"][0]["assignments"][0]
    line["value"], line["withheld"] = None, True
    assert last_words(boot(found, ["systemd"], [], {SACK: "1"}))[SACK].raw is None
