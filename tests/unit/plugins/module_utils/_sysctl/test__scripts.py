# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scripts that write sysctl keys at boot or when an interface comes up."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Union

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_files import collect
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._tree import MemoryTree
from support.boot_trees import boot_tree

SACK = "net.ipv4.tcp_sack"
WRITE = f"sysctl -w {SACK}=0"
NM = "/etc/NetworkManager/dispatcher.d"


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("/etc/rc.local", f"#!/bin/sh -e\n{WRITE}\nexit 0\n", ("rc.local", 2, "0")),
        ("/etc/rc.d/rc.local", f"{WRITE}\n", ("rc.local", 1, "0")),
        ("/etc/local.d/net.start", "echo 0 > /proc/sys/net/ipv4/tcp_sack\n", ("local.d", 1, "0")),
        ("/etc/local.d/net.stop", f"{WRITE}\n", None),
        ("/etc/crontab", f"# m h\n@reboot root {WRITE}\n", ("cron", 2, "0")),
        ("/etc/cron.d/tcp", f"@reboot root sleep 9; {WRITE}\n", ("cron", 1, "0")),
        ("/etc/crontab", f"0 1 * * * root {WRITE}\n", None),
        ("/var/spool/cron/crontabs/root", f"@reboot {WRITE}\n", ("cron", 1, "0")),
        ("/var/spool/cron/root", f"@reboot /usr/sbin/{WRITE}\n", ("cron", 1, "0")),
        (f"{NM}/50-tcp", f"{WRITE}\n", ("NetworkManager", 1, "0")),
        (f"{NM}/pre-up.d/tcp", f"sysctl -w {SACK}=$X\n", ("NetworkManager", 1, None)),
        ("/etc/network/if-up.d/tcp", f"{WRITE}\n", ("ifupdown", 1, "0")),
        ("/etc/network/interfaces", f"iface eth0 inet dhcp\n    post-up {WRITE}\n", ("ifupdown", 2, "0")),
        ("/etc/network/interfaces", f"iface eth0 inet dhcp\n    down {WRITE}\n", None),
        ("/etc/rc.local", "exit 0\n", None),
        ("/etc/rc.local", f"#{WRITE}\n", None),
    ],
)
def test_places(tmp_path: Path, path: str, text: str, found: tuple[str, int, str | None] | None) -> None:
    files = boot_tree(tmp_path, {path: text})
    lines = [(file["readers"][0], line["line"], line["value"]) for file in files["files"] for line in file["assignments"]]
    assert lines == ([found] if found else [])
    assert [(one["name"], one["order"]) for one in files["writers"] or ()] == ([(found[0], "unknown")] if found else [])


def test_a_key_with_a_dot_in_a_name_stays_one(tmp_path: Path) -> None:
    text = "echo 1 > /proc/sys/net/ipv4/conf/eth0.1/rp_filter\nsysctl -w net/ipv4/conf/eth0.2/rp_filter=1\n"
    (file,) = boot_tree(tmp_path, {"/etc/rc.local": text})["files"]
    assert [line["key"] for line in file["assignments"]] == ["net.ipv4.conf.eth0/1.rp_filter", "net.ipv4.conf.eth0/2.rp_filter"]


@pytest.mark.parametrize(
    ("path", "content", "told"),
    [
        ("/etc/rc.local", f"{WRITE}\n" + "#" * 70000, ("rc.local", "/etc/rc.local", "larger than 65536 bytes")),
        ("/etc/rc.local", errno.EACCES, ("rc.local", "/etc/rc.local", "EACCES")),
        ("/etc/local.d/a.start", errno.EACCES, ("local.d", "/etc/local.d/a.start", "EACCES")),
        ("/etc/local.d/a.stop", errno.EACCES, None),
        ("/etc/cron.d/a", errno.EFBIG, ("cron", "/etc/cron.d/a", "EFBIG")),
        ("/var/spool/cron/crontabs", errno.EACCES, ("cron", "/var/spool/cron/crontabs", "EACCES")),
        ("/var/spool/cron/crontabs", errno.ENOENT, None),
        ("/etc/network/interfaces", errno.EACCES, ("ifupdown", "/etc/network/interfaces", "EACCES")),
        (f"{NM}/50-a", errno.EACCES, ("NetworkManager", f"{NM}/50-a", "EACCES")),
        ("/etc/rc.local", f"{WRITE}\n" * 300, ("rc.local", "/etc/rc.local", "more than 200 settings")),
    ],
)
def test_what_cannot_be_read_is_told(path: str, content: Union[str, int], told: tuple[str, str, str] | None) -> None:
    tree = MemoryTree()
    if isinstance(content, str):
        tree.add_file(path, content.encode())
    else:
        tree.add_error(path, content)
    found = collect(tree)
    unread = [(file["readers"][0], file["path"], file["reason"]) for file in found["files"] if file["unread_because"] == "unreadable"]
    assert unread == ([told] if told else [])
    assert [one["name"] for one in found["writers"] or ()] == ([told[0]] if told else [])


def test_a_folder_with_too_many_files_is_told(tmp_path: Path) -> None:
    files: dict[str, str] = {f"/etc/cron.d/{number:03}": f"@reboot root {WRITE}\n" for number in range(60)}
    found = boot_tree(tmp_path, dict(files))["files"]
    assert len(found) == 51
    assert (found[-1]["path"], found[-1]["reason"]) == ("/etc/cron.d", "more than 50 files")


def test_a_name_that_is_no_utf_8_can_be_told(tmp_path: Path) -> None:
    (tmp_path / "etc/cron.d").mkdir(parents=True)
    with open(os.fsencode(tmp_path) + b"/etc/cron.d/\xff", "w", encoding="utf-8") as file:
        file.write(f"@reboot root {WRITE}\n")
    assert [file["path"] for file in boot_tree(tmp_path, {})["files"]] == ["/etc/cron.d/\ufffd"]
