# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What looking at network namespaces does to a host, call by call: strace(1) lists the system calls of the module's code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.full_namespace import full_namespace

ROOT = Path(__file__).resolve().parents[2]
# Opened in vain, to mark in the list of calls where the look begins.
MARK = "/the-look-begins"
SCRIPT = f"""
import os, sys
sys.path[:0] = [{str(ROOT / "playbooks" / "collections")!r}]
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._gather import SUBSETS, gather
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._other_namespaces import gather_others
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
host = HostTree()
snapshot = gather(host, SUBSETS)
os.path.exists({MARK!r})
found, _not_seen = gather_others(host, [sys.argv[1]], snapshot)
print([one["hostname"] for one in found])
"""
CALL = re.compile(r"([0-9]+) +([a-z0-9_]+)\((.*)\) += (-?[0-9]+)")
OPENS = ("open", "openat")
LOOKS = (*OPENS, "access", "faccessat", "faccessat2", "stat", "lstat", "newfstatat", "statx", "readlink", "readlinkat", "getcwd", "statfs")
MAKES = ("fork", "vfork", "clone", "clone3")
# Where the kernel shows what it knows, and where Python keeps its own files.
READ = ("/proc", "/sys/", "/var/log/pods", sys.prefix, sys.base_prefix, str(ROOT), "/lib", "/usr/lib", "/usr/local/lib", "/etc/ld.so")


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str, int]]:
    """Name, arguments and result of each call from the mark on."""
    if not shutil.which("strace"):
        pytest.skip("needs strace")
    tried = subprocess.run(["strace", "-o", os.devnull, "unshare", "-n", "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"needs strace, and namespaces of its own: {tried.stderr.strip()[-200:]}")
    listed = tmp_path_factory.mktemp("strace") / "calls"
    hostname = f"read-{os.getpid()}"
    with full_namespace(hostname):
        command = [
            "strace",
            "-f",
            "-qq",
            "-s",
            "4096",
            "-e",
            "trace=%file,%process,%signal,setns",
            "-o",
            str(listed),
            sys.executable,
            "-c",
            SCRIPT,
        ]
        done = subprocess.run([*command, hostname], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"['{hostname}']\n"
    text = listed.read_text(encoding="utf-8", errors="replace").rpartition(f'"{MARK}"')[2]
    return [(name, arguments, int(result)) for _pid, name, arguments, result in CALL.findall(text)]


def test_it_goes_inside(calls: list[tuple[str, str, int]]) -> None:
    assert [name for name, _arguments, result in calls if name == "setns" and result == 0]


def test_nothing_is_written(calls: list[tuple[str, str, int]]) -> None:
    for name, arguments, _result in calls:
        if name in OPENS:
            assert not re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC|APPEND)", arguments), (name, arguments)
    kinds = {name for name, arguments, result in calls if '"/' in arguments and result >= 0}
    assert kinds <= set(LOOKS)


def test_only_what_the_kernel_shows_is_read(calls: list[tuple[str, str, int]]) -> None:
    paths = {path for name, arguments, result in calls if name in OPENS and result >= 0 for path in re.findall(r'"(.*?)"', arguments)}
    assert any(re.match(r"/proc/[0-9]+/cgroup\Z", path) for path in paths)
    assert [path for path in paths if path.startswith("/") and not path.startswith(READ)] == []
    # The links of descriptors tell the sockets of a process; what it has open is not opened.
    assert any(re.match(r"/proc/[0-9]+/fd\Z", path) for path in paths)
    assert [path for path in paths if re.match(r"/proc/\w+/((cmdline|environ|root|cwd|mem|maps)(/|\Z)|fd/)", path)] == []


def test_no_process_but_its_own_gets_a_signal(calls: list[tuple[str, str, int]]) -> None:
    children = {str(result) for name, _arguments, result in calls if name in MAKES}
    told = {arguments.partition(",")[0] for name, arguments, _result in calls if name in ("kill", "tgkill", "tkill", "pidfd_send_signal")}
    assert children
    assert told <= children
