# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each reader applies, and what it overrides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_order import Applied, applied, earlier, writes
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import BootFiles
from support.boot_trees import boot_tree

FIN = "net.ipv4.tcp_fin_timeout"
LO, ALL = "net.ipv4.conf.lo.rp_filter", "net.ipv4.conf.all.rp_filter"
GLOB = "net.ipv4.conf.*.rp_filter"
ETC = "/etc/sysctl.d/"


def at(path: str, line: int, value: str | None) -> tuple[str | None, str, int]:
    return (value, path, line)


def settings_of(found: BootFiles, reader: str, key: str) -> list[tuple[str | None, str, int]]:
    return [(text.value, text.path, text.line) for text in writes(found, reader, [LO, ALL, FIN]).get(key, [])]


A, B = ETC + "a.conf", ETC + "b.conf"


@pytest.mark.parametrize(
    ("files", "key", "systemd", "procps"),
    [
        ({A: f"{FIN}=1\n{FIN}=2"}, FIN, [at(A, 2, "2")], [at(A, 1, "1"), at(A, 2, "2")]),
        ({A: f"{FIN}=1", B: "net/ipv4/tcp_fin_timeout=1 "}, FIN, [at(B, 1, "1")], [at(A, 1, "1"), at(B, 1, "1")]),
        ({A: f"{FIN}=1\v"}, FIN, [at(A, 1, "1\v")], [at(A, 1, "1")]),
        ({A: f"{GLOB}=1", B: f"{LO}=2"}, LO, [at(B, 1, "2")], [at(B, 1, "2")]),
        ({A: f"{LO}=2", B: f"{GLOB}=1"}, LO, [at(A, 1, "2")], [at(A, 1, "2")]),
        ({A: f"{LO}=2", B: f"{GLOB}=1"}, ALL, [at(B, 1, "1")], [at(B, 1, "1")]),
        ({A: f"-{LO}", B: f"{GLOB}=1"}, LO, [], []),
        ({A: f"{LO}=2\n-{LO}", B: f"{GLOB}=1"}, LO, [], [at(A, 1, "2")]),
        ({A: f"-{LO}\n{LO}=2"}, LO, [at(A, 2, "2")], [at(A, 2, "2")]),
        ({A: f"{GLOB}=1\n-{GLOB}"}, LO, [], [at(A, 1, "1")]),
        (
            {A: f"{GLOB}=1\nnet.ipv4.conf.l*.rp_filter=2\n{GLOB}=1"},
            LO,
            [at(A, 1, "1"), at(A, 2, "2")],
            [at(A, 1, "1"), at(A, 2, "2"), at(A, 3, "1")],
        ),
        (
            {A: f"{GLOB}=1\nnet.ipv4.conf.l*.rp_filter=2\n{GLOB}=3"},
            LO,
            [at(A, 2, "2"), at(A, 3, "3")],
            [at(A, 1, "1"), at(A, 2, "2"), at(A, 3, "3")],
        ),
        ({A: "net.ipv4.conf.{lo,eth*}.rp_filter=1"}, LO, [at(A, 1, "1")], []),
        ({A: "net.ipv4.conf.[lo.rp_filter=1"}, LO, [], []),
        ({A: "net.ipv4.tcp_fastopen_key=1"}, "net.ipv4.tcp_fastopen_key", [at(A, 1, None)], [at(A, 1, None)]),
        ({"/etc/sysctl.conf": f"{FIN}=1"}, FIN, [], [at("/etc/sysctl.conf", 1, "1")]),
    ],
)
def test_what_each_reader_writes(
    tmp_path: Path,
    files: dict[str, str],
    key: str,
    systemd: list[tuple[str | None, str, int]],
    procps: list[tuple[str | None, str, int]],
) -> None:
    found = boot_tree(tmp_path, files)
    assert settings_of(found, "systemd", key) == systemd
    assert settings_of(found, "procps", key) == procps
    for reader, texts in (("systemd", systemd), ("procps", procps)):
        last = applied(found, reader, [LO, ALL, FIN]).get(key)
        assert (last and (last.value, last.path, last.line)) == (texts[-1] if texts else None)


def test_what_is_applied_tells_where_it_comes_from(tmp_path: Path) -> None:
    found = boot_tree(tmp_path, {"/etc/sysctl.conf": f"\n-{GLOB} = 1", ETC + "99-sysctl.conf": ("../sysctl.conf",)})
    assert applied(found, "systemd", [LO]) == {
        LO: Applied("1", ETC + "99-sysctl.conf", "/etc/sysctl.conf", 2, ignore_failure=True, pattern=GLOB)
    }
    assert applied(found, "procps", [LO])[LO].path == "/etc/sysctl.conf"


@pytest.mark.parametrize(
    ("files", "systemd", "procps"),
    [
        ({A: f"{FIN}=1"}, [], []),
        ({A: f"{FIN}=1", B: f"{FIN}=2"}, [(FIN, "1", A, 1, "2", B, 1)], [(FIN, "1", A, 1, "2", B, 1)]),
        (
            {A: f"{FIN}=1\n\n{FIN}=2\n{FIN}=3"},
            [(FIN, "1", A, 1, "2", A, 3), (FIN, "2", A, 3, "3", A, 4)],
            [(FIN, "1", A, 1, "2", A, 3), (FIN, "2", A, 3, "3", A, 4)],
        ),
        ({A: f"{GLOB}=1", B: f"{LO}=2"}, [], []),
        (
            {A: f"{GLOB}=1", B: "net.ipv4.conf.l*.rp_filter=2"},
            [(LO, "1", A, 1, "2", B, 1)],
            [(LO, "1", A, 1, "2", B, 1)],
        ),
        ({A: f"{LO}=1", B: f"-{LO}"}, [(LO, "1", A, 1, None, B, 1)], []),
        ({A: f"-{LO}", B: f"{LO}=1"}, [], []),
        ({"/etc/sysctl.conf": f"{FIN}=1", ETC + "99-sysctl.conf": ("../sysctl.conf",)}, [], []),
        (
            {"/etc/sysctl.conf": f"{FIN}=1", ETC + "99-sysctl.conf": ("../sysctl.conf",), ETC + "99-z.conf": f"{FIN}=2"},
            [(FIN, "1", ETC + "99-sysctl.conf", 1, "2", ETC + "99-z.conf", 1)],
            [(FIN, "2", ETC + "99-z.conf", 1, "1", "/etc/sysctl.conf", 1)],
        ),
    ],
)
def test_what_is_overridden(tmp_path: Path, files: dict[str, Any], systemd: list[Any], procps: list[Any]) -> None:
    found = boot_tree(tmp_path, files)
    assert [tuple(lost) for lost in earlier(found, "systemd", [LO, ALL])] == systemd
    assert [tuple(lost) for lost in earlier(found, "procps", [LO, ALL])] == procps
