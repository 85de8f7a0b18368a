# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ufw: whether it starts, which file it applies, and when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.boot_trees import boot_tree

ON = {"/etc/ufw/ufw.conf": "ENABLED=yes\n"}
DEFAULTS = {"/etc/default/ufw": "IPT_SYSCTL=/etc/ufw/sysctl.conf\n"}
FILE = {"/etc/ufw/sysctl.conf": "net/ipv4/tcp_timestamps=0\n"}
SYSTEMD: dict[str, Any] = {"/run/systemd/system/x": ""}
WANTED = {"/etc/systemd/system/multi-user.target.wants/ufw.service": ("/lib/systemd/system/ufw.service",)}
INITTAB = {"/etc/inittab": "si::sysinit:/etc/init.d/rcS\n", "/etc/rcS.d/README": ""}
LINK = "../init.d/ufw"


def found(root: Path, *parts: dict[str, Any]) -> tuple[list[tuple[str, str]], list[tuple[str, str | None]]]:
    """Each writer's order and what starts it, and what its files set."""
    files = boot_tree(root, {path: content for part in parts for path, content in part.items()})
    lines = [
        (f"{file['path']}:{line['line']} {line['key']}", line["value"])
        for file in files["files"]
        if file["path"] in files["order"].get("ufw", [])
        for line in file["assignments"]
    ]
    return [(one["order"], one["path"]) for one in files["writers"] or () if one["name"] == "ufw"], lines


@pytest.mark.parametrize(
    ("parts", "writers"),
    [
        ((ON, DEFAULTS, FILE), [("race", "/etc/ufw/ufw.conf")]),
        ((ON, DEFAULTS, FILE, SYSTEMD, WANTED), [("race", "/etc/systemd/system/multi-user.target.wants/ufw.service")]),
        ((ON, DEFAULTS, FILE, SYSTEMD), []),
        ((ON, DEFAULTS, FILE, SYSTEMD, WANTED, {"/etc/systemd/system/ufw.service": ("/dev/null",)}), []),
        ((ON, DEFAULTS, FILE, INITTAB, {"/etc/rcS.d/S02procps": "", "/etc/rcS.d/S03ufw": ""}), [("after", "/etc/rcS.d/S03ufw")]),
        ((ON, DEFAULTS, FILE, INITTAB, {"/etc/rcS.d/S04procps": "", "/etc/rcS.d/S03ufw": ""}), [("before", "/etc/rcS.d/S03ufw")]),
        ((ON, DEFAULTS, FILE, INITTAB, {"/etc/rcS.d/S03procps": "", "/etc/rcS.d/S03ufw": ""}), [("race", "/etc/rcS.d/S03ufw")]),
        ((ON, DEFAULTS, FILE, INITTAB, {"/etc/rcS.d/K03ufw": ""}), []),
        ((ON, DEFAULTS, FILE, {"/run/openrc/softlevel": "", "/etc/runlevels/boot/ufw": ""}), [("race", "/etc/runlevels/boot/ufw")]),
        ((ON, DEFAULTS, FILE, {"/run/openrc/softlevel": ""}), []),
        ((ON, DEFAULTS), []),
        ((ON, FILE), []),
        ((DEFAULTS, FILE), []),
        (({"/etc/ufw/ufw.conf": "#ENABLED=yes\nENABLED=no\n"}, DEFAULTS, FILE), []),
        (({"/etc/ufw/ufw.conf": 'ENABLED="YES" # on\n'}, DEFAULTS, FILE), [("race", "/etc/ufw/ufw.conf")]),
        (({"/etc/ufw/ufw.conf": "ENABLED=yes\nENABLED=no\n"}, DEFAULTS, FILE), []),
        ((ON, {"/etc/default/ufw": "IPT_SYSCTL=\n"}, FILE), []),
    ],
)
def test_whether_it_runs_and_when(tmp_path: Path, parts: tuple[dict[str, Any], ...], writers: list[tuple[str, str]]) -> None:
    order, lines = found(tmp_path, *parts)
    assert order == writers
    assert lines == ([("/etc/ufw/sysctl.conf:1 net.ipv4.tcp_timestamps", "0")] if writers else [])


@pytest.mark.parametrize(
    "config", ["IPT_SYSCTL=/etc/my.conf\n", "export IPT_SYSCTL='/etc/my.conf'\n", 'IPT_SYSCTL=/etc/x\nIPT_SYSCTL="/etc/my.conf"; x\n']
)
def test_the_file_that_it_is_told_to_read(tmp_path: Path, config: str) -> None:
    lines = found(tmp_path, ON, {"/etc/default/ufw": config, "/etc/my.conf": "\nnet.ipv4.tcp_sack = 0\n"})[1]
    assert lines == [("/etc/my.conf:2 net.ipv4.tcp_sack", "0")]


def test_a_file_of_the_other_readers_has_one_more(tmp_path: Path) -> None:
    files = boot_tree(tmp_path, {**ON, "/etc/default/ufw": "IPT_SYSCTL=/etc/sysctl.conf\n", "/etc/sysctl.conf": "net.ipv4.tcp_sack=0\n"})
    assert [(file["path"], file["readers"]) for file in files["files"]] == [("/etc/sysctl.conf", ["procps", "ufw"])]


def test_a_file_that_nobody_else_reads_is_read(tmp_path: Path) -> None:
    path = "/etc/sysctl.d/ufw"
    files = boot_tree(tmp_path, {**ON, "/etc/default/ufw": f"IPT_SYSCTL={path}\n", path: "net.ipv4.tcp_sack=0\n"})
    assert [(file["readers"], file["unread_because"]) for file in files["files"]] == [(["ufw"], None)]


@pytest.mark.parametrize("path", ["/etc/ufw/ufw.conf", "/etc/default/ufw"])
def test_a_configuration_that_cannot_be_understood_is_told(tmp_path: Path, path: str) -> None:
    files = boot_tree(tmp_path, {**ON, **DEFAULTS, **FILE, path: "#" * 70000})
    assert [(file["path"], file["readers"], file["reason"]) for file in files["files"]] == [(path, ["ufw"], "larger than 65536 bytes")]


@pytest.mark.parametrize("value", ["$DIR/sysctl.conf", "`cat x`", "sysctl.conf", "/etc/$(x)"])
def test_a_path_that_only_a_shell_knows_is_not_guessed(tmp_path: Path, value: str) -> None:
    files = boot_tree(tmp_path, {**ON, "/etc/default/ufw": f"IPT_SYSCTL={value}\n"})
    assert [(file["path"], file["unread_because"]) for file in files["files"]] == [("/etc/default/ufw", "unreadable")]
