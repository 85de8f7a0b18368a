# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a plan needs of the host."""

from __future__ import annotations

import os

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._disk import Disk
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._machine import Machine
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._observe import BootTree, observe
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._options import read_options
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._reserved_ports import Listening, Question
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._steps import Record
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_files import MAX_FILE_BYTES, collect
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import path_of
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from support.transactions import CONFLICTING, DEFAULTS, MAIN_FILE, RANGE, RESERVED, REUSE, UNPRIVILEGED, Host


def test_no_kernel_is_an_error_where_one_is_needed(host: Host) -> None:
    for key in DEFAULTS:
        host.path(path_of(key)).unlink()
    host.path("/proc/sys/net/ipv4").rmdir()
    result = host.call()
    assert result["failed"]
    assert "scope: boot" in result["msg"]


@pytest.fixture
def tree(host: Host) -> BootTree:
    """The folders of a host with all that collect() tells apart."""
    host.write("/etc/sysctl.d/10-a.conf", "net.ipv4.tcp_tw_reuse = 0\n")
    host.write("/etc/sysctl.d/README", "net.ipv4.tcp_tw_reuse = 0\n")
    host.write("/usr/lib/sysctl.d/10-a.conf", "net.ipv4.tcp_tw_reuse = 2\n")
    host.write("/usr/lib/sysctl.d/50-b.conf", "net.ipv4.tcp_timestamps = 0\n")
    host.write(MAIN_FILE, CONFLICTING)
    os.symlink("../sysctl.conf", host.path("/etc/sysctl.d/99-sysctl.conf"))
    os.symlink("nowhere", host.path("/etc/sysctl.d/98-dangling.conf"))
    os.symlink("/dev/null", host.path("/etc/sysctl.d/50-b.conf"))
    host.path("/etc/sysctl.d/97-folder.conf").mkdir()
    return BootTree(HostTree(host.root))


def test_the_tree_of_one_moment_is_collected_like_the_host(host: Host, tree: BootTree) -> None:
    assert collect(tree) == collect(HostTree(host.root))


def test_the_tree_of_one_moment_stays_as_it_was(host: Host, tree: BootTree) -> None:
    before = collect(HostTree(host.root))
    host.write("/etc/sysctl.d/10-a.conf", "")
    host.write("/etc/sysctl.d/11-new.conf", "net.ipv4.tcp_tw_reuse = 1\n")
    host.path(MAIN_FILE).unlink()
    assert collect(tree) == before != collect(HostTree(host.root))


def test_a_folder_that_is_not_there_is_missing_in_it(host: Host) -> None:
    host.path("/etc/sysctl.d").rmdir()
    tree = BootTree(HostTree(host.root))
    with pytest.raises(FileNotFoundError):
        tree.names("/etc/sysctl.d")
    assert collect(tree) == collect(HostTree(host.root))


def test_files_that_are_too_large_to_be_understood_are_not_edited(host: Host) -> None:
    host.write("/etc/sysctl.d/zz.conf", "# x\n" * (MAX_FILE_BYTES // 4 + 1))
    host.write("/etc/sysctl.d/zy.conf", "net.ipv4.tcp_tw_reuse = 0\n")
    assert BootTree(HostTree(host.root)).real_files() == ["/etc/sysctl.d/zy.conf"]
    assert not host.call(on_conflict="comment_out").get("failed")


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        ({"settings": {REUSE: 1}}, {REUSE, RANGE, UNPRIVILEGED}),
        ({"settings": {}, "reserve_listening_ports": True}, {RANGE, RESERVED}),
        ({"settings": {}}, set()),
    ],
)
def test_only_what_the_plan_needs_is_read(host: Host, given: dict[str, object], keys: set[str]) -> None:
    asked: list[Question] = []

    def look(question: Question) -> Listening:
        asked.append(question)
        return Listening(frozenset({40000}), "", True)

    seen = observe(read_options(host.options(**given)), Machine(Disk(host.root), False), Record("x", {}, None), look)
    assert set(seen.keys) == keys
    wanted = "reserve_listening_ports" in given
    assert asked == ([Question(32768, 60999, frozenset(), frozenset())] if wanted else [])
    assert (seen.listening is not None) is wanted


@pytest.mark.parametrize("scope", ["runtime", "boot"])
def test_names_like_an_unknown_key_are_looked_for_where_the_host_does_not_have_it(host: Host, scope: str) -> None:
    host.write("/proc/sys/net/core/rmem_max", "212992\n")
    settings = {"net.core.rmem_max": 1, "net.core.rmen_max": 1, REUSE: 1, "net.ipv4.tcp_tw_recycle": 0}
    options = read_options(host.options(settings=settings, scope=scope))
    seen = observe(options, Machine(Disk(host.root), False), Record("x", {}, None), lambda question: Listening(frozenset(), "", True))
    assert dict(seen.unknown) == {"net.core.rmen_max": ["net.core.rmem_max"]}
