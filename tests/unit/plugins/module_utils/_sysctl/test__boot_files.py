# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Boot files: lines, files, and who overrides whom. What the real readers make of them is in the differential test."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl import _boot_files
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_files import collect, withhold_values
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_order import applied, unseen, writes
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._lines import MAX_PATTERN_CHARACTERS, READERS, parse
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from support.boot_trees import boot_tree
from support.corpus import each_collection

FIN, KEEP, RECYCLE = "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_tw_recycle"
LO = "net.ipv4.conf.lo.rp_filter"
GLOB = "net.ipv4.conf.*.rp_filter"
ETC, USR = "/etc/sysctl.d/", "/usr/lib/sysctl.d/"
BOTH = "systemd procps"


@pytest.mark.parametrize(
    ("files", "path", "readers", "because", "reason"),
    [
        ({ETC + "a.conf": "a=1"}, ETC + "a.conf", BOTH, None, None),
        ({ETC + "a.conf": ""}, ETC + "a.conf", BOTH, None, None),
        ({ETC + ".a.conf": "a=1"}, ETC + ".a.conf", "procps", None, None),
        ({ETC + "README": "a=1"}, ETC + "README", "", "name", None),
        ({ETC + "a.CONF": "a=1"}, ETC + "a.CONF", "", "name", None),
        ({ETC + "a.conf.rpmsave": "a=1"}, ETC + "a.conf.rpmsave", "", "backup", None),
        ({ETC + "a.conf.dpkg-old": "a=1"}, ETC + "a.conf.dpkg-old", "", "backup", None),
        ({ETC + "a.conf~": "a=1"}, ETC + "a.conf~", "", "backup", None),
        ({ETC + "a.conf.BAK": "a=1"}, ETC + "a.conf.BAK", "", "backup", None),
        ({ETC + "a.conf": ("/dev/null",), USR + "a.conf": "a=1"}, ETC + "a.conf", "", "mask", None),
        ({ETC + "a.conf": "", USR + "a.conf": "a=1"}, ETC + "a.conf", "", "mask", None),
        ({ETC + "a.conf": "# none", USR + "a.conf": "a=1"}, ETC + "a.conf", BOTH, None, None),
        ({ETC + "a.conf": "", USR + "a.conf": "a=1"}, USR + "a.conf", "", "masked", None),
        ({ETC + "a.conf": ("nowhere",)}, ETC + "a.conf", "", "unreadable", "ENOENT"),
        ({ETC + "a.conf": ("a.conf",)}, ETC + "a.conf", "", "unreadable", "ELOOP"),
        ({ETC + "a.conf": None}, ETC + "a.conf", "", "unreadable", "EISDIR"),
        ({ETC + "a.conf": b"a=1\0"}, ETC + "a.conf", BOTH, "unreadable", "not text"),
        ({ETC + "a.conf": "a=1\n".encode("utf-16")}, ETC + "a.conf", BOTH, "unreadable", "not text"),
        ({ETC + "a.conf": "#" * 300_000}, ETC + "a.conf", BOTH, "unreadable", "larger than 262144 bytes"),
        ({ETC + "a.conf": "a=1\n" * 6000}, ETC + "a.conf", BOTH, "unreadable", "more than 5000 lines besides comments"),
        ({"/etc/sysctl.conf": "a=1"}, "/etc/sysctl.conf", "procps", None, None),
        ({"/etc/sysctl.conf": "a=1", ETC + "99-sysctl.conf": ("../sysctl.conf",)}, "/etc/sysctl.conf", BOTH, None, None),
        ({"/etc/sysctl.conf": "a=1", ETC + "99-sysctl.conf": ("/etc/sysctl.conf",)}, "/etc/sysctl.conf", BOTH, None, None),
        ({"/etc/sysctl.conf": "a=1", ETC + "sysctl.txt": ("/etc/sysctl.conf",)}, "/etc/sysctl.conf", "procps", None, None),
        ({"/etc/sysctl.conf": "a=1", ETC + ".s.conf": ("/etc/sysctl.conf",)}, "/etc/sysctl.conf", "procps", None, None),
        ({"/etc/sysctl.conf": None}, "/etc/sysctl.conf", "", "unreadable", "EISDIR"),
        ({"/lib": ("usr/lib",), USR + "a.conf": "a=1"}, USR + "a.conf", BOTH, None, None),
        ({"/etc/sysctl.d": ("sysctl.d",)}, "/etc/sysctl.d", "", "unreadable", "ELOOP"),
    ],
)
def test_who_reads_a_file(tmp_path: Path, files: dict[str, Any], path: str, readers: str, because: str | None, reason: str | None) -> None:
    found = boot_tree(tmp_path, files)
    entries = [entry for entry in found["files"] if entry["path"] == path]
    assert [(" ".join(entry["readers"]), entry["unread_because"], entry["reason"]) for entry in entries] == [(readers, because, reason)]
    for reader in READERS:
        opened = reader in readers and path != "/etc/sysctl.conf"
        assert (path in found["order"][reader]) == (opened or (path == "/etc/sysctl.conf" and reader == "procps" and "procps" in readers))
        assert (path in unseen(found, reader)) == (because == "unreadable" and reader in readers)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"/etc/sysctl.d": None},
        {"/etc/sysctl.d": "a file"},
        {"/etc/sysctl.conf": ("nowhere",)},
        {"/etc/sysctl.conf": ("/dev/null",)},
        {ETC + "notes": None},
        {ETC + "notes": ("nowhere",)},
    ],
)
def test_nothing_to_tell(tmp_path: Path, files: dict[str, Any]) -> None:
    found = boot_tree(tmp_path, files)
    assert (found["files"], found["order"]) == ([], {"systemd": [], "procps": []})


def test_folder_that_is_a_link_to_another_counts_once(tmp_path: Path) -> None:
    found = boot_tree(tmp_path, {"/lib": ("usr/lib",), USR + "a.conf": "a=1"})
    assert [entry["path"] for entry in found["files"]] == [USR + "a.conf"]


def test_masked_file_names_the_file_that_hides_it(tmp_path: Path) -> None:
    found = boot_tree(tmp_path, {"/run/sysctl.d/a.conf": "a=2", USR + "a.conf": "a=1\nb", "/lib/sysctl.d/a.conf": "a=3"})
    assert [entry["masked_by"] for entry in found["files"]] == [None, "/run/sysctl.d/a.conf", "/run/sysctl.d/a.conf"]
    assert [entry["value"] for file in found["files"] for entry in file["assignments"]] == ["2", "1", "3"]
    assert found["files"][1]["problems"] == []


def test_order_is_that_of_the_names(tmp_path: Path) -> None:
    found = boot_tree(
        tmp_path, {ETC + "b.conf": "", USR + "10.conf": "", "/run/sysctl.d/B.conf": "", USR + "é.conf": "", "/etc/sysctl.conf": ""}
    )
    systemd = [USR + "10.conf", "/run/sysctl.d/B.conf", ETC + "b.conf", USR + "é.conf"]
    assert found["order"] == {"systemd": systemd, "procps": [*systemd, "/etc/sysctl.conf"]}


def test_named_pipe_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "etc/sysctl.d").mkdir(parents=True)
    os.mkfifo(tmp_path / "etc/sysctl.d/a.conf")
    found = collect(HostTree(str(tmp_path)))
    assert [(entry["readers"], entry["reason"]) for entry in found["files"]] == [(["systemd", "procps"], _boot_files.PIPE)]
    assert unseen(found, "systemd") == [ETC + "a.conf"]


def test_name_that_is_not_utf8_can_be_shown(tmp_path: Path) -> None:
    found = boot_tree(tmp_path, {os.fsdecode(b"/etc/sysctl.d/\xff.conf"): "a=1"})
    assert found["order"]["systemd"] == [ETC + "\ufffd.conf"]
    assert applied(found, "systemd", [])["a"].value == "1"


class _Refusing(HostTree):
    """A host that refuses to read some paths, as it does for a user who is not root."""

    refused: tuple[str, ...] = ()

    def read(self, path: str, limit: int) -> bytes:
        if path in self.refused:
            raise PermissionError(13, "Permission denied", path)
        return super().read(path, limit)

    def names(self, path: str) -> list[str]:
        if path in self.refused:
            raise PermissionError(13, "Permission denied", path)
        return super().names(path)


@pytest.mark.parametrize("refused", [ETC + "a.conf", "/etc/sysctl.d"])
def test_file_that_only_root_may_read(tmp_path: Path, refused: str) -> None:
    boot_tree(tmp_path, {ETC + "a.conf": "a=1", USR + "b.conf": "b=1"})
    host = _Refusing(str(tmp_path))
    host.refused = (refused,)
    found = collect(host)
    assert unseen(found, "systemd") == unseen(found, "procps") == [refused]
    assert found["files"][0]["reason"] == "EACCES"
    assert set(applied(found, "systemd", [])) == {"b"}


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_boot_files, "MAX_ALL_BYTES", 5)
    monkeypatch.setattr(_boot_files, "MAX_FILES", 3)
    found = boot_tree(tmp_path, {f"{ETC}{number}.conf": "a=1\n" for number in range(5)})
    assert [entry["reason"] for entry in found["files"]] == [None, None, "all files together are larger than 5 bytes", "more than 3 files"]


def test_patterns_are_bounded_for_all_files_together(tmp_path: Path) -> None:
    line = "net.ipv4.conf.*.tag = 1\n"
    most = MAX_PATTERN_CHARACTERS // len("net.ipv4.conf.*.tag")
    found = boot_tree(tmp_path, {ETC + "a.conf": line * (most - 1), ETC + "b.conf": line * 2, ETC + "c.conf": line, ETC + "d.conf": "a=1"})
    assert [(len(file["assignments"]), file["unread_because"], file["reason"]) for file in found["files"]] == [
        (most - 1, None, None),
        *[(0, "unreadable", f"more than {MAX_PATTERN_CHARACTERS} characters of shell patterns")] * 2,
        (1, None, None),
    ]


@pytest.mark.parametrize(
    ("key", "stays"),
    [
        (FIN, True),
        (GLOB, True),
        ("net.ipv4.conf.all.rp_filter", True),
        ("net.ipv4.tcp_made_up", True),
        ("net.ipv4.tcp_ke*_time", True),
        ("net.ipv4.tcp_n?w", True),
        ("net.ipv4.tcp_n?w_too", False),
        ("kernel.core_pattern", False),
        ("net.ipv6.conf.*.forwarding", False),
        ("/proc/sys/net/ipv4/tcp_fin_timeout", False),
        ("kernel.{core,other}_patter?", False),
    ],
)
def test_values_that_nobody_needs_are_withheld(tmp_path: Path, key: str, stays: bool) -> None:
    found = boot_tree(tmp_path, {ETC + "a.conf": f"{key} = 4711\n-{key}\n"})
    withhold_values(found, ["tcp_new"])
    assert [(one["value"], one["withheld"]) for one in found["files"][0]["assignments"]] == [
        ("4711", False) if stays else (None, True),
        (None, False),
    ]


def test_a_withheld_value_is_a_setting_all_the_same(tmp_path: Path) -> None:
    found = boot_tree(tmp_path, {ETC + "a.conf": "kernel.pid_max = 1\nkernel.pid_max = 2"})
    withhold_values(found, [])
    assert [(text.value, text.line) for text in writes(found, "procps", [])["kernel.pid_max"]] == [(None, 1), (None, 2)]


A, B = ETC + "a.conf", ETC + "b.conf"


def test_result_is_plain_data(tmp_path: Path) -> None:
    """A snapshot travels as JSON: nothing is lost on the way, quirks of lines included."""
    found = boot_tree(tmp_path, {A: f"- {FIN}=1\n--{KEEP}=2\n{GLOB}=3", ETC + "c.conf": ("/dev/null",)})
    again = json.loads(json.dumps(found))
    for reader in READERS:
        assert writes(again, reader, [LO]) == writes(found, reader, [LO])
    assert set(applied(again, "systemd", [LO])) == {FIN, LO}
    assert set(applied(again, "procps", [LO])) == {KEEP, LO}


@each_collection
def test_real_files_are_parsed(hosts: Path) -> None:
    files = sorted((hosts / "conf").iterdir())
    assert files
    for file in files:
        settings, problems = parse(file.read_bytes())
        assert settings or problems, file.name
    recycling = {file.name for file in files if (RECYCLE, "1") in {(found["key"], found["value"]) for found in parse(file.read_bytes())[0]}}
    assert {"CooLoongWu_AutoDeploy.conf", "biglovewheat_roles.conf", "cc30c_installphp.conf"} <= recycling


@each_collection
@pytest.mark.parametrize("name", ["ubuntu2004-k8s-5.4", "ubuntu2004-openstack-5.4"])
def test_real_trees_are_read(hosts: Path, name: str) -> None:
    found = collect(HostTree(str(hosts / "tree" / name)))
    assert len(found["order"]["systemd"]) > 10
    assert unseen(found, "systemd") == []
    assert applied(found, "systemd", [])["kernel.pid_max"].path == USR + "50-pid-max.conf"
