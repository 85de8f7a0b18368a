# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of sysctl.d syntax, judged as after a boot with them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Snapshot
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import SourceError, load, validate
from hypothesis import given
from hypothesis import strategies as st
from support.corpus import each_collection

STAMPS = "net.ipv4.tcp_timestamps"
REUSE = "net.ipv4.tcp_tw_reuse"
RECYCLE = "net.ipv4.tcp_tw_recycle"
RANGE = "net.ipv4.ip_local_port_range"


def boot(text: str, tmp_path: Path) -> Snapshot:
    path = tmp_path / "some.conf"
    path.write_text(text)
    snapshot = load(str(path), "sysctl_d")
    validate(snapshot)
    return snapshot


@pytest.mark.parametrize(
    ("text", "key", "raw", "origin"),
    [
        ("# nothing\n", STAMPS, "1", "kernel_default"),
        ("# nothing\n", REUSE, None, None),
        ("# nothing\n", RECYCLE, None, None),
        (f"{RECYCLE} = 1\n", RECYCLE, "1", "boot_file"),
        (f"{REUSE}=1\n{REUSE}=0\n", REUSE, "0", "boot_file"),
        (f"{STAMPS}=0x2\n", STAMPS, "2", "boot_file"),
        (f'{STAMPS}="0"\n', STAMPS, "1", "kernel_default"),
        (f"{STAMPS}=0 # off\n", STAMPS, "0", "boot_file"),
        (f"{RANGE} = 1024-65535\n", RANGE, None, None),
        (f"{RANGE} = 1024 65535\n", RANGE, "1024\t65535", "boot_file"),
        (f"{RANGE} = 5000\n", RANGE, "5000\t60999", "boot_file"),
        (f"{RANGE} = 80 65535\n", RANGE, None, None),
        (f"{RANGE} = 80 65535\nnet.ipv4.ip_unprivileged_port_start = 0\n", RANGE, None, None),
        (f"net.ipv4.ip_unprivileged_port_start = 0\n{RANGE} = 80 65535\n", RANGE, "80\t65535", "boot_file"),
        ("net.ipv4.ip_local_reserved_ports = 8080,9148\n", "net.ipv4.ip_local_reserved_ports", "8080,9148", "boot_file"),
        ("net.ipv4.conf.*.rp_filter = 2\n", "net.ipv4.conf.all.rp_filter", "2", "boot_file"),
    ],
)
def test_after_boot(tmp_path: Path, text: str, key: str, raw: str | None, origin: str | None) -> None:
    one = (boot(text, tmp_path)["sysctl"] or {}).get(key)
    assert (one and one.get("raw"), one and one.get("origin")) == (raw, origin)


def test_a_single_file_of_any_name_is_read_by_both(tmp_path: Path) -> None:
    path = tmp_path / "tuning.conf.j2"
    path.write_text("{% if a == b %}\n" + f"{STAMPS} = 0\n" + "{% endif %}\n")
    snapshot = load(str(path), "sysctl_d")
    boot_files = snapshot["boot_files"]
    assert boot_files
    assert boot_files["order"] == {"systemd": [str(path)], "procps": [str(path)]}
    (file,) = boot_files["files"]
    assert (file["path"], file["real_path"]) == (str(path), str(path))
    assert [one["line"] for one in file["assignments"] if one["key"] == STAMPS] == [2]
    assert snapshot["host"]["boot_files_apply"] is True
    assert snapshot["counters"] is None
    assert snapshot["ipv4_keys"] is None


@pytest.mark.parametrize("relative", [False, True])
def test_a_folder_of_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relative: bool) -> None:
    folder = tmp_path / "files"
    (folder / "sub").mkdir(parents=True)
    (folder / "20-b.conf").write_text(f"{STAMPS} = 0\n")
    (folder / "10-a.conf").write_text(f"{STAMPS} = 1\n")
    (folder / "README").write_text(f"{STAMPS} = 7\n")
    monkeypatch.chdir(tmp_path)
    given_path = "files" if relative else str(folder) + "/"
    snapshot = load(given_path)
    base = "files" if relative else str(folder)
    assert snapshot["source"] == {"kind": "sysctl_d", "path": given_path}
    boot_files = snapshot["boot_files"]
    assert boot_files
    assert boot_files["order"]["systemd"] == [f"{base}/10-a.conf", f"{base}/20-b.conf"]
    assert {file["path"]: file["unread_because"] for file in boot_files["files"]} == {
        f"{base}/10-a.conf": None,
        f"{base}/20-b.conf": None,
        f"{base}/README": "name",
    }
    assert (snapshot["sysctl"] or {})[STAMPS].get("raw") == "0"


def test_a_root_with_masks_and_links(tmp_path: Path) -> None:
    for name in ("etc/sysctl.d", "usr/lib/sysctl.d"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "etc/sysctl.conf").write_text(f"{STAMPS} = 0\n")
    (tmp_path / "etc/sysctl.d/99-sysctl.conf").symlink_to("../sysctl.conf")
    (tmp_path / "usr/lib/sysctl.d/50-x.conf").write_text(f"{REUSE} = 1\n")
    (tmp_path / "etc/sysctl.d/50-x.conf").symlink_to("/dev/null")
    snapshot = load(str(tmp_path))
    files = {file["path"].removeprefix(str(tmp_path)): file for file in (snapshot["boot_files"] or {"files": []})["files"]}
    assert files["/usr/lib/sysctl.d/50-x.conf"]["masked_by"] == f"{tmp_path}/etc/sysctl.d/50-x.conf"
    assert files["/etc/sysctl.d/99-sysctl.conf"]["real_path"] == f"{tmp_path}/etc/sysctl.conf"
    sysctl = snapshot["sysctl"] or {}
    assert sysctl[STAMPS].get("raw") == "0"
    assert REUSE not in sysctl


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{STAMPS} = 0\n")
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.conf").write_text(f"{REUSE} = 1\n")
    (folder / "b.conf").symlink_to("../secret")
    (folder / "c.conf").symlink_to(tmp_path / "secret")
    snapshot = load(str(folder))
    assert (snapshot["sysctl"] or {})[STAMPS].get("origin") == "kernel_default"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), r"has no \*.conf file"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b"a\0b = 1"), "is a binary file"),
        (lambda path: path.write_bytes(b"# " * 200_000), "too large"),
        (os.mkfifo, "not a regular file"),
    ],
)
def test_a_bad_path_is_refused_by_name(tmp_path: Path, make: object, words: str) -> None:
    path = tmp_path / "thing"
    make(path)  # type: ignore[operator]
    with pytest.raises(SourceError, match=f"thing: .*{words}"):
        load(str(path), "sysctl_d")


def test_a_name_that_is_no_text_can_be_reported(tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_text("x.y = 1\n")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.conf")).write_text(f"{STAMPS} = 0\n")
    validate(load(str(tmp_path)))


@given(st.text(st.sampled_from("net.ipv4tcp_timestamps=01 -*#;\"'\r\n\t{%}\\/"), max_size=80))
def test_any_text_gives_a_valid_snapshot(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    if text.strip():
        boot(text, tmp_path_factory.mktemp("any"))


@each_collection
def test_the_whole_folder_of_real_files(hosts: Path) -> None:
    snapshot = load(str(hosts / "conf"), "sysctl_d")
    validate(snapshot)
    assert len((snapshot["boot_files"] or {"files": []})["files"]) == len(list((hosts / "conf").iterdir()))


def test_ufw_has_the_last_word(tmp_path: Path) -> None:
    for name, text in (
        ("etc/sysctl.d/60-app.conf", f"{STAMPS} = 1\n"),
        ("etc/ufw/ufw.conf", "ENABLED=yes\n"),
        ("etc/default/ufw", "IPT_SYSCTL=/etc/ufw/sysctl.conf\n"),
        ("etc/ufw/sysctl.conf", "\nnet/ipv4/tcp_timestamps=0\n"),
    ):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    found = load(str(tmp_path))
    assert (found["sysctl"] or {})[STAMPS].get("raw") == "0"
    assert found["boot_files"]
    assert found["boot_files"]["order"]["ufw"] == [f"{tmp_path}/etc/ufw/sysctl.conf"]
    assert [writer["path"] for writer in found["boot_files"]["writers"] or ()] == [f"{tmp_path}/etc/ufw/ufw.conf"]
