# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host's files in memory behave as files on a disk do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._tree import MAX_PATH, MemoryTree
from hypothesis import given, settings
from hypothesis import strategies as st


def small() -> MemoryTree:
    tree = MemoryTree()
    tree.add_file("/etc/sysctl.d/a.conf", b"one")
    tree.add_link("/etc/sysctl.d/b.conf", "../sysctl.conf")
    tree.add_link("/etc/loop", "loop")
    tree.add_file("/etc/sysctl.conf", b"two")
    tree.add_folder("/run/sysctl.d")
    return tree


@pytest.mark.parametrize("add", ["add_file", "add_link", "add_null", "add_folder", "add_error"])
def test_a_path_is_no_longer_than_on_a_host(add: str) -> None:
    """The longest that fits into a path has a few thousand folders, not as many as a file has bytes."""
    more: dict[str, tuple[object, ...]] = {"add_file": (b"",), "add_link": ("x",), "add_error": (errno.EACCES,)}
    extra = more.get(add, ())
    getattr(MemoryTree(), add)("/a" * (MAX_PATH // 2), *extra)
    with pytest.raises(OSError, match=os.strerror(errno.ENAMETOOLONG)):
        getattr(MemoryTree(), add)("/a" * (MAX_PATH // 2 + 1), *extra)


def test_the_target_of_a_link_is_no_longer_than_on_a_host() -> None:
    with pytest.raises(OSError, match=os.strerror(errno.ENAMETOOLONG)):
        MemoryTree().add_link("/etc/x", "a/" * MAX_PATH)


def test_files_links_and_folders() -> None:
    tree = small()
    assert tree.read("/etc/sysctl.d/b.conf", 10) == b"two"
    assert tree.real_path("/etc/sysctl.d/b.conf") == "/etc/sysctl.conf"
    assert tree.names("/etc/sysctl.d") == ["a.conf", "b.conf"]
    assert tree.names("/run/sysctl.d") == []
    kinds = {path: tree.kind(path) for path in ("/etc/sysctl.conf", "/etc", "/dev/null", "/none", "/etc/loop")}
    assert kinds == {"/etc/sysctl.conf": "file", "/etc": "folder", "/dev/null": "null", "/none": "missing", "/etc/loop": "other"}
    assert not tree.writable("/etc/sysctl.conf")


def test_one_byte_more_than_the_limit_tells_that_there_is_more() -> None:
    assert small().read("/etc/sysctl.conf", 2) == b"two"
    assert small().read("/etc/sysctl.conf", 1) == b"tw"


@pytest.mark.parametrize(
    ("call", "path", "number"),
    [
        ("read", "/none", errno.ENOENT),
        ("read", "/etc", errno.EISDIR),
        ("names", "/etc/sysctl.conf", errno.ENOTDIR),
        ("names", "/none", errno.ENOENT),
        ("link_target", "/etc/sysctl.conf", errno.ENOENT),
    ],
)
def test_errors_are_those_of_the_system(call: str, path: str, number: int) -> None:
    with pytest.raises(OSError, match=os.strerror(number)) as caught:
        getattr(small(), call)(path, *([10] if call == "read" else []))
    assert caught.value.errno == number


def test_what_was_refused_is_not_confused_with_what_is_not_there() -> None:
    tree = MemoryTree()
    tree.add_error("/proc/sys/a", errno.EACCES)
    tree.add_error("/proc/sys/b", errno.ENOENT)
    assert (tree.refusal("/proc/sys/a"), tree.known_missing("/proc/sys/a")) == (errno.EACCES, False)
    assert (tree.known_missing("/proc/sys/b"), tree.known_missing("/proc/sys/c")) == (True, False)
    # What is known not to exist makes no folder.
    assert tree.names("/proc/sys") == ["a"]


NAMES = st.sampled_from(["a", "b", "c"])


@settings(max_examples=60, deadline=None)
@given(
    files=st.dictionaries(NAMES, st.binary(max_size=5), max_size=3),
    links=st.dictionaries(NAMES, st.sampled_from(["a", "b", "c", "./a", "../f/b", "/f/c"]), max_size=3),
)
def test_it_reads_as_a_disk_does(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], links: dict[str, str]) -> None:
    root = tmp_path_factory.mktemp("root")
    (root / "f").mkdir()
    tree = MemoryTree()
    tree.add_folder("/f")
    for name, content in files.items():
        Path(root, "f", name).write_bytes(content)
        tree.add_file(f"/f/{name}", content)
    for name in links.keys() - files.keys():
        Path(root, "f", name).symlink_to(links[name])
        tree.add_link(f"/f/{name}", links[name])
    disk = HostTree(str(root))
    assert tree.names("/f") == sorted(disk.names("/f"))
    for name in ("a", "b", "c"):
        assert tree.kind(f"/f/{name}") == disk.kind(f"/f/{name}")
        if disk.kind(f"/f/{name}") == "file":
            assert tree.read(f"/f/{name}", 10) == disk.read(f"/f/{name}", 10)
            assert tree.real_path(f"/f/{name}") == disk.real_path(f"/f/{name}")


def test_a_path_that_no_host_has_is_refused_at_once() -> None:
    with pytest.raises(OSError, match="name too long"):
        MemoryTree().add_file("/a" * 100_000, b"")
