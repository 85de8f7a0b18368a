# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._namespace_names import Owner
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._processes import Processes, Program, owners_of_groups
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree


def process(root: Path, pid: int, name: str, cgroup: str, *inodes: int) -> None:
    folder = root / "proc" / str(pid)
    (folder / "fd").mkdir(parents=True, exist_ok=True)
    (folder / "comm").write_text(name + "\n")
    (folder / "cgroup").write_text(cgroup + "\n")
    (folder / "fd" / "0").symlink_to("pipe:[7]")
    for number, inode in enumerate(inodes, 3):
        (folder / "fd" / str(number)).symlink_to(f"socket:[{inode}]")


def test_a_socket_is_of_the_process_that_has_it_open(tmp_path: Path) -> None:
    process(tmp_path, 10, "java", "0::/system.slice/billing.service", 100, 101)
    process(tmp_path, 11, "ngi\x1bnx", "0::/docker/" + "a" * 64, 200)
    processes = Processes(HostTree(str(tmp_path)), 1)
    processes.find({100, 101, 200, 999, 0})
    assert processes.pids == {100: 10, 101: 10, 200: 11}
    assert processes.program(10) == Program("java", "billing.service")
    assert processes.program(11) == Program("ngi?nx", "docker container aaaaaaaaaaaa")
    assert processes.complete


def test_when_the_time_is_over_nothing_more_is_looked_at(tmp_path: Path) -> None:
    process(tmp_path, 10, "java", "0::/", 100)
    now = [0.0]

    def clock() -> float:
        now[0] += 1
        return now[0]

    processes = Processes(HostTree(str(tmp_path)), 0.5, clock)
    processes.find({100})
    assert (processes.pids, processes.complete) == ({}, False)
    processes.allow(100)
    processes.find({100})
    assert processes.pids == {100: 10}


def test_a_process_in_another_network_namespace_is_not_asked(tmp_path: Path) -> None:
    for pid, namespace in (("self", 1), ("10", 2), ("11", 1)):
        (tmp_path / "proc" / pid / "ns").mkdir(parents=True)
        (tmp_path / "proc" / pid / "ns" / "net").symlink_to(f"net:[{namespace}]")
    process(tmp_path, 10, "other", "0::/", 100)
    process(tmp_path, 11, "java", "0::/", 200)
    processes = Processes(HostTree(str(tmp_path)), 1)
    processes.find({100, 200})
    assert processes.pids == {200: 11}


def test_a_process_that_has_ended_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "proc" / "9").mkdir(parents=True)
    process(tmp_path, 10, "java", "", 100)
    processes = Processes(HostTree(str(tmp_path)), 1)
    processes.find({100})
    assert processes.program(10) == Program("java", None)


def mounted(root: Path, *units: str) -> Path:
    groups = root / "cgroup"
    for unit in units:
        (groups / unit).mkdir(parents=True)
    (root / "proc" / "self").mkdir(parents=True)
    (root / "proc" / "self" / "mountinfo").write_text(
        f"20 1 0:5 / /proc rw - proc proc rw\n30 1 0:6 / {groups} rw shared:9 - cgroup2 cgroup2 rw\n"
    )
    return groups


def test_the_number_of_a_control_group_leads_to_its_unit(tmp_path: Path) -> None:
    groups = mounted(tmp_path, "system.slice/billing.service", "system.slice/other.service")
    billing = os.stat(groups / "system.slice/billing.service").st_ino
    within = os.stat(groups / "system.slice").st_ino
    assert owners_of_groups(HostTree(str(tmp_path)), {billing, within, 1}, 5) == {billing: "billing.service"}


def test_on_a_host_that_is_a_container_its_own_control_group_is_not_the_owner(tmp_path: Path) -> None:
    node = "docker/" + "a" * 64
    process(tmp_path, 1, "systemd", f"0::/{node}/init.scope")
    process(tmp_path, 10, "java", f"0::/{node}/system.slice/billing.service", 100)
    processes = Processes(HostTree(str(tmp_path)), 1)
    processes.find({100})
    assert processes.program(10) == Program("java", "billing.service")
    billing = os.stat(mounted(tmp_path, f"{node}/billing.service") / node / "billing.service").st_ino
    assert owners_of_groups(HostTree(str(tmp_path)), {billing}, 5) == {billing: "billing.service"}


def test_who_the_namespace_belongs_to_is_left_out_of_the_names(tmp_path: Path) -> None:
    around = Owner(container="a" * 64, runtime="docker")
    process(tmp_path, 10, "java", f"0::/docker/{'a' * 64}/billing.service", 100)
    processes = Processes(HostTree(str(tmp_path)), 1, around=around)
    processes.find({100})
    assert processes.program(10) == Program("java", "billing.service")
    group = os.stat(mounted(tmp_path, f"docker/{'a' * 64}") / "docker" / ("a" * 64)).st_ino
    assert owners_of_groups(HostTree(str(tmp_path)), {group}, 5) == {group: "docker container aaaaaaaaaaaa"}
    assert owners_of_groups(HostTree(str(tmp_path)), {group}, 5, around=around) == {}


def test_without_control_groups_of_version_2_no_number_leads_anywhere(tmp_path: Path) -> None:
    assert owners_of_groups(HostTree(str(tmp_path)), {1}, 5) == {}
    mounted(tmp_path)
    assert owners_of_groups(HostTree(str(tmp_path)), {1}, 5) == {}
