# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree, errno_name


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder that looks like a host, with a file beside it that is none of its business."""
    (tmp_path / "secret").write_text("outside")
    root = tmp_path / "root"
    for folder in ("etc/sysctl.d", "usr/lib/sysctl.d", "proc"):
        (root / folder).mkdir(parents=True)
    (root / "etc/sysctl.conf").write_text("a = 1\n")
    return root


def link(root: Path, path: str, target: str) -> None:
    (root / path.lstrip("/")).symlink_to(target)


def test_a_file_is_read_up_to_one_byte_more_than_the_limit(root: Path) -> None:
    (root / "big").write_bytes(b"x" * 100_000)
    host = HostTree(str(root))
    assert host.read("/big", 10) == b"x" * 11
    assert host.read("/big", 100_000) == b"x" * 100_000
    assert host.read("/etc/sysctl.conf", 6) == b"a = 1\n"


def test_a_file_of_proc_is_read_on_however_small_its_pieces_are() -> None:
    # The kernel gives this one a page at a time.
    assert len(HostTree().read("/proc/self/smaps", 20_000)) == 20_001


@pytest.mark.parametrize(
    ("path", "error"), [("/none", FileNotFoundError), ("/etc", IsADirectoryError), ("/etc/sysctl.conf/x", NotADirectoryError)]
)
def test_what_cannot_be_read_is_an_os_error(root: Path, path: str, error: type[OSError]) -> None:
    with pytest.raises(error):
        HostTree(str(root)).read(path, 10)


def test_a_pipe_does_not_stop_the_run(root: Path) -> None:
    os.mkfifo(root / "etc/sysctl.d/pipe.conf")
    host = HostTree(str(root))
    assert host.read("/etc/sysctl.d/pipe.conf", 10) == b""
    assert host.kind("/etc/sysctl.d/pipe.conf") == "pipe"


def test_names_are_sorted(root: Path) -> None:
    for name in ("b.conf", "a.conf", "C.conf"):
        (root / "etc/sysctl.d" / name).touch()
    assert HostTree(str(root)).names("/etc/sysctl.d") == ["C.conf", "a.conf", "b.conf"]


@pytest.mark.parametrize(
    ("target", "real_path"),
    [
        ("sysctl.conf", "/etc/sysctl.conf"),
        ("/etc/sysctl.conf", "/etc/sysctl.conf"),
        ("../../../../etc/./sysctl.conf", "/etc/sysctl.conf"),
        ("/../etc//sysctl.conf", "/etc/sysctl.conf"),
        ("folder-link/../sysctl.conf", "/usr/lib/sysctl.conf"),
        ("/dev/null", "/dev/null"),
        ("first", "/etc/sysctl.conf"),
    ],
)
def test_links_are_followed_inside_the_tree(root: Path, target: str, real_path: str) -> None:
    link(root, "etc/folder-link", "/usr/lib/sysctl.d")
    link(root, "etc/first", "/etc/sysctl.conf")
    (root / "usr/lib/sysctl.conf").touch()
    link(root, "etc/link", target)
    assert HostTree(str(root)).real_path("/etc/link") == real_path


@pytest.mark.parametrize("target", ["../../secret", "../../../secret", "/../secret", "{outside}"])
def test_no_link_leads_out_of_the_tree(root: Path, target: str) -> None:
    link(root, "etc/link", target.format(outside=root.parent / "secret"))
    host = HostTree(str(root))
    assert host.kind("/etc/link") == "missing"
    with pytest.raises(FileNotFoundError):
        host.read("/etc/link", 100)
    with pytest.raises(FileNotFoundError):
        host.read("/etc/../../secret", 100)


def test_no_folder_link_leads_out_of_the_tree(root: Path) -> None:
    link(root, "out", str(root.parent))
    host = HostTree(str(root))
    with pytest.raises(FileNotFoundError):
        host.names("/out")
    with pytest.raises(FileNotFoundError):
        host.link_target("/out/root")
    assert not host.writable("/out/secret")


def test_links_in_a_circle_are_an_error(root: Path) -> None:
    link(root, "etc/one", "two")
    link(root, "etc/two", "one")
    host = HostTree(str(root))
    with pytest.raises(OSError, match="etc/one") as caught:
        host.real_path("/etc/one")
    assert errno_name(caught.value) == "ELOOP"
    assert host.kind("/etc/one") == "other"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/etc/sysctl.conf", "file"),
        ("/etc", "folder"),
        ("/etc/none", "missing"),
        ("/etc/sysctl.conf/none", "missing"),
        ("/etc/dangling", "missing"),
        ("/etc/masked", "null"),
    ],
)
def test_kinds(root: Path, path: str, kind: str) -> None:
    link(root, "etc/dangling", "nowhere")
    link(root, "etc/masked", "/dev/null")
    assert HostTree(str(root)).kind(path) == kind


def test_a_mask_reads_as_an_empty_file(root: Path) -> None:
    link(root, "etc/masked", "/dev/null")
    assert HostTree(str(root)).read("/etc/masked", 10) == b""


def test_the_live_host() -> None:
    host = HostTree()
    assert host.live
    assert host.kind("/dev/null") == "null"
    assert host.real_path("/proc/self/../self") == os.path.realpath("/proc/self")
    assert host.read("/proc/sys/kernel/osrelease", 100).decode().strip() == os.uname().release
    assert host.link_target("/proc/self/ns/net").startswith("net:[")
    assert not host.writable("/proc/sys/kernel/osrelease")


def test_a_folder_is_not_the_live_host(root: Path) -> None:
    host = HostTree(str(root))
    assert not host.live
    assert host.writable("/etc/sysctl.conf")


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (OSError(errno.EACCES, ""), "EACCES"),
        (PermissionError(errno.EPERM, ""), "EPERM"),
        (OSError("no number"), "EIO"),
        (OSError(99999, ""), "EIO"),
    ],
)
def test_names_of_errors(error: OSError, name: str) -> None:
    assert errno_name(error) == name


def test_a_link_of_endless_steps_is_refused(root: Path) -> None:
    link(root, "etc/endless", "a/../" * 800 + "a")
    (root / "etc/a").mkdir(exist_ok=True)
    assert HostTree(str(root)).real_path("/etc/endless") == "/etc/a"
    with pytest.raises(OSError, match="name too long"):
        HostTree(str(root)).real_path("/etc/" + "endless/../" * 3)


def test_a_file_that_comes_in_pieces_is_read_whole(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "pieces").write_bytes(b"abcdefg")
    read = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, size: read(descriptor, min(size, 2)))
    assert [HostTree(str(root)).read("/pieces", limit) for limit in (3, 7, 100)] == [b"abcd", b"abcdefg", b"abcdefg"]
