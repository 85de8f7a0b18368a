# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Network namespaces, in a folder that looks like a host's /proc, and real ones."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts import _namespaces
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._namespace_names import Names, Owner
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._namespaces import Found, Namespace, find_namespaces, opened
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from hypothesis import given
from hypothesis import strategies as st
from support.namespaces import own_namespaces

OWN, UTS = 4026531840, 4026531838
RED, BLUE, GREEN = 4026532001, 4026532002, 4026532003
UID = "1b2c3d4e-aaaa-bbbb-cccc-0123456789ab"
ID = "a1" * 32
POD = f"/kubepods/burstable/pod{UID}/{ID}"
USER_FLAGS, KERNEL_FLAGS = 4194560, 2129984
ALL, NONE = "000001ffffffffff", "0000000000000000"


class Host(HostTree):
    """A folder with /proc; errors: of its files by path, as root is refused nothing there."""

    def __init__(self, root: Path) -> None:
        super().__init__(str(root))
        self.root = root
        self.errors: dict[str, int] = {}
        self.asked: list[str] = []
        self.process("self", OWN)
        self.write("/proc/self/status", f"Name:\tpython3\nCapEff:\t{ALL}\n")
        self.mounts()

    def write(self, path: str, text: str) -> None:
        place = self.root / path[1:]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)

    def process(self, pid: int | str, inode: int, cgroup: str = "/", comm: str = "nginx", uts: int = UTS, flags: int = USER_FLAGS) -> None:
        folder = self.root / f"proc/{pid}/ns"
        folder.mkdir(parents=True)
        (folder / "net").symlink_to(f"net:[{inode}]")
        (folder / "uts").symlink_to(f"uts:[{uts}]")
        self.write(f"/proc/{pid}/comm", comm + "\n")
        self.write(f"/proc/{pid}/cgroup", f"0::{cgroup}\n")
        self.write(f"/proc/{pid}/stat", f"{pid} ({comm}) S 0 0 0 0 -1 {flags} 0 0\n")

    def mounts(self, *lines: str) -> None:
        # A mount below a folder of its own has an optional field or none.
        first = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n23 22 0:21 / /proc rw - proc proc rw\n"
        self.write("/proc/self/mountinfo", first + "".join(line + "\n" for line in lines))

    def link_target(self, path: str) -> str:
        self._refuse(path)
        return super().link_target(path)

    def read(self, path: str, limit: int) -> bytes:
        self._refuse(path)
        return super().read(path, limit)

    def names(self, path: str) -> list[str]:
        self._refuse(path)
        return super().names(path)

    def _refuse(self, path: str) -> None:
        self.asked.append(path)
        if path in self.errors:
            raise OSError(self.errors[path], os.strerror(self.errors[path]), path)

    def found(self, **options: t.Any) -> Found:
        return find_namespaces(self, clock=lambda: 0, **options)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


def nsfs(inode: int, path: str, kind: str = "nsfs") -> str:
    return f"90 22 0:4 net:[{inode}] {path} rw shared:7 - {kind} {kind} rw"


def test_a_host_with_one_namespace(host: Host) -> None:
    host.process(1, OWN)
    host.mounts(nsfs(OWN, "/run/docker/netns/default"))
    assert host.found() == Found([], [])


def test_namespaces_of_processes(host: Host) -> None:
    host.process(1, OWN, comm="systemd")
    host.process(30, RED, POD, "pause", uts=7)
    host.process(200, RED, POD, uts=7)
    host.process(1000, BLUE, "/system.slice/x.service", "x")
    assert host.found() == Found(
        [
            Namespace(
                RED, ("/proc/30/ns/net", "/proc/200/ns/net"), 2, 30, "/proc/30/ns/uts", Names(Owner(UID, container=ID), process="pause")
            ),
            Namespace(BLUE, ("/proc/1000/ns/net",), 1, 1000, None, Names(Owner(unit="x.service"), process="x")),
        ],
        [],
    )


def test_each_process_costs_one_link_and_ours_nothing_more(host: Host) -> None:
    for pid in range(11, 111):
        host.process(pid, OWN if pid > 20 else RED, POD)
    assert host.found().namespaces[0].processes == 10
    assert sorted(host.asked) == sorted(
        [
            *(f"/proc/{pid}/ns/net" for pid in ["self", *range(11, 111)]),
            *(f"/proc/11/{name}" for name in ("cgroup", "comm", "ns/uts")),
            *("/proc", "/proc/1/cgroup", "/proc/self/mountinfo", "/proc/self/ns/uts", "/var/log/pods"),
        ]
    )


def test_neither_command_lines_nor_environments_nor_files_of_others_are_read(host: Host) -> None:
    host.process(2, RED, POD, flags=KERNEL_FLAGS)
    host.process(3, RED, POD)
    host.found()
    allowed = ("ns/net", "ns/uts", "comm", "cgroup", "stat", "status", "mountinfo")
    assert [path for path in host.asked if path not in ("/proc", "/var/log/pods") and path.split("/", 3)[3] not in allowed] == []


def test_namespaces_without_a_process(host: Host) -> None:
    host.process(5, RED)
    host.mounts(
        nsfs(BLUE, "/run/netns/blue"),
        nsfs(BLUE, "/run/netns/blue"),
        nsfs(GREEN, r"/run/docker/netns/a\040b"),
        nsfs(RED, "/a/red"),
        nsfs(RED, "/var/run/netns/r\\134ed"),
        nsfs(GREEN + 1, "/run/netns/old", "proc"),
        nsfs(GREEN + 2, "/run/netns/other", "ext4"),
        nsfs(GREEN + 3, r"/run/netns/\777"),
        "91 22 0:4 mnt:[4026532001] /run/mnt rw - nsfs nsfs rw",
        "91 22 0:4 net:[4026532001]",
        "",
    )
    assert [(one.inode, one.paths, one.processes, one.pid, one.names.netns) for one in host.found().namespaces] == [
        (RED, ("/proc/5/ns/net", "/var/run/netns/r\\ed", "/a/red"), 1, 5, "r\\ed"),
        (BLUE, ("/run/netns/blue",), 0, None, "blue"),
        (GREEN, ("/run/docker/netns/a b",), 0, None, "/run/docker/netns/a b"),
        (GREEN + 1, ("/run/netns/old",), 0, None, "old"),
        (GREEN + 3, (r"/run/netns/\777",), 0, None, r"\777"),
    ]


def test_a_mount_point_stays_as_it_is_and_its_name_is_clean(host: Host) -> None:
    path = os.fsdecode(b"/run/netns/\xff\x1b")
    host.mounts(nsfs(BLUE, "/run/netns/\\377\\033"))
    (one,) = host.found().namespaces
    assert (one.paths, one.names.netns) == ((path,), "??")


def test_only_some_paths_are_kept(host: Host) -> None:
    for pid in range(10, 20):
        host.process(pid, RED)
    host.mounts(*(nsfs(RED, f"/run/netns/{number}") for number in range(9)))
    (one,) = host.found().namespaces
    assert one.paths == (*(f"/proc/{pid}/ns/net" for pid in range(10, 14)), *(f"/run/netns/{number}" for number in range(4)))
    assert one.processes == 10


def test_names(host: Host) -> None:
    host.process(5, RED, POD)
    host.process(6, BLUE, "/system.slice/x.service")
    host.process(7, GREEN, "/system.slice/x.service")
    host.process(8, 9, comm="evil\x1b[2J")
    host.mounts(nsfs(10, "/run/netns/ten"))
    (host.root / f"var/log/pods/shop_cart-1_{UID}").mkdir(parents=True)
    assert host.found().names() == {
        9: "process evil?[2J (8)",
        10: "netns ten",
        RED: "pod shop/cart-1",
        BLUE: f"unit x.service net:[{BLUE}]",
        GREEN: f"unit x.service net:[{GREEN}]",
    }
    assert host.asked.count("/var/log/pods") == 1


def test_on_a_host_that_is_a_container_a_unit_is_named_by_itself(host: Host) -> None:
    host.process(1, OWN, f"/docker/{ID}/init.scope")
    host.process(7, RED, f"/docker/{ID}/system.slice/island.service")
    assert host.found().names() == {RED: "unit island.service"}


def test_names_of_pods_that_may_not_be_listed(host: Host) -> None:
    host.process(5, RED, POD)
    host.process(6, BLUE, POD)
    host.errors["/var/log/pods"] = errno.EACCES
    found = host.found()
    assert found.not_seen == ["The names of pods are not known: /var/log/pods could not be read (EACCES)."]
    assert found.names() == {inode: f"pod {UID} container {ID[:12]} net:[{inode}]" for inode in (RED, BLUE)}


def test_a_process_that_went_in_from_outside_does_not_give_its_name(host: Host) -> None:
    for pid in (5, 6, 7):
        host.process(pid, RED, "/system.slice/agent.service", "agent")
    host.process(8, RED, POD)
    (one,) = host.found().namespaces
    assert (one.pid, one.names.process, one.names.owner.pod_uid) == (5, "agent", UID)


def test_another_process_answers_for_one_that_has_ended(host: Host) -> None:
    host.process(5, RED, uts=7)
    host.process(6, RED, "/system.slice/x.service", "x", uts=8)
    host.errors.update({"/proc/5/comm": errno.ESRCH, "/proc/5/cgroup": errno.ENOENT})
    (one,) = host.found().namespaces
    assert (one.processes, one.pid, one.uts, one.names) == (2, 6, "/proc/6/ns/uts", Names(Owner(unit="x.service"), process="x"))


@pytest.mark.parametrize("path", ["/proc/5/ns/uts", "/proc/self/ns/uts"])
def test_a_uts_namespace_that_is_not_known_is_not_said_to_be_another(host: Host, path: str) -> None:
    host.process(5, RED, uts=7)
    host.errors[path] = errno.EACCES
    assert host.found().namespaces[0].uts is None


@pytest.mark.parametrize(("error", "not_seen"), [(errno.ENOENT, 0), (errno.ESRCH, 0), (errno.EACCES, 1), (errno.EPERM, 1), (errno.EIO, 1)])
def test_processes_that_could_not_be_looked_at_are_counted_and_ended_ones_are_not(host: Host, error: int, not_seen: int) -> None:
    for pid in (4, 5, 6):
        host.process(pid, RED)
    host.errors.update({"/proc/5/ns/net": error, "/proc/6/ns/net": error})
    reason = "EIO" if error == errno.EIO else "no permission"
    found = host.found()
    assert found.not_seen == [f"2 processes were not looked at: {reason}."] * not_seen
    assert found.namespaces[0].processes == 1


def test_no_more_than_the_limit(host: Host) -> None:
    for number in range(5):
        host.process(10 + number, RED + number)
    assert host.found(most=5).not_seen == []
    found = host.found(most=4)
    assert [one.inode for one in found.namespaces] == [RED, RED + 1, RED + 2, RED + 3]
    assert found.not_seen == ["1 network namespace was left out: the limit is 4."]
    assert host.found(most=0).not_seen == ["5 network namespaces were left out: the limit is 0."]


def test_the_deadline_while_looking_at_processes(host: Host) -> None:
    for pid in range(10, 1210):
        host.process(pid, RED + pid % 2)
    host.mounts(nsfs(BLUE + 5, "/run/netns/blue"))
    clock = itertools.count().__next__
    found = find_namespaces(host, seconds=100, clock=clock)
    assert found.not_seen == [
        "1,100 processes were not looked at: it took longer than 100 s.",
        "3 network namespaces were not asked for their names: it took longer than 100 s.",
    ]
    assert [(one.processes, one.pid, one.names) for one in found.namespaces] == [
        (50, 10, Names()),
        (50, 11, Names()),
        (0, None, Names(netns="blue")),
    ]
    assert found.namespaces[0].paths[0] == "/proc/10/ns/net"


def test_kernel_threads_are_passed_over_where_they_are_not_in_our_namespace(host: Host) -> None:
    host.process(1, RED, comm="systemd")
    host.process(2, RED, comm="kthreadd) (", flags=KERNEL_FLAGS)
    host.process(3, RED, comm="kworker", flags=KERNEL_FLAGS)
    host.process(4, RED)
    host.process(5, BLUE)
    assert [(one.inode, one.processes, one.pid) for one in host.found().namespaces] == [(RED, 2, 1), (BLUE, 1, 5)]
    shutil.rmtree(host.root / "proc/1")
    shutil.rmtree(host.root / "proc/4")
    assert [(one.inode, one.processes, one.pid) for one in host.found().namespaces] == [(BLUE, 1, 5)]


def test_kernel_threads_in_our_namespace_cost_nothing_more(host: Host) -> None:
    host.process(2, OWN, flags=KERNEL_FLAGS)
    assert host.found() == Found([], [])
    assert "/proc/2/stat" not in host.asked


def test_the_deadline_while_looking_for_kernel_threads(host: Host) -> None:
    host.process(1, RED)
    for pid in range(2, 102):
        host.process(pid, RED, flags=KERNEL_FLAGS)
    clock = itertools.count().__next__
    assert find_namespaces(host, seconds=120, clock=clock).namespaces[0].processes == 1 + 100 - 18
    assert len([path for path in host.asked if path.endswith("/stat")]) < 25


def test_a_second_process_of_a_container_is_no_kernel_thread(host: Host) -> None:
    host.process(2, RED)
    host.process(3, RED, flags=KERNEL_FLAGS)
    assert host.found().namespaces[0].processes == 2


@pytest.mark.parametrize(
    ("options", "capabilities", "said"),
    [
        ("rw", NONE, None),
        ("rw,hidepid=0", NONE, None),
        ("rw,hidepid=1", NONE, None),
        ("rw,hidepid=noaccess", NONE, None),
        ("rw,hidepid=2", ALL, None),
        ("rw,gid=4,hidepid=2", NONE, "hidepid=2"),
        ("rw,hidepid=invisible", "ffffffffffffffff", None),
        ("hidepid=invisible,x", f"{(1 << 64) - 1 - (1 << 19):016x}", "hidepid=invisible"),
        ("rw,hidepid=ptraceable", "0000000000080000", None),
        ("rw,hidepid=ptraceable", "x", "hidepid=ptraceable"),
    ],
)
def test_processes_that_proc_hides(host: Host, options: str, capabilities: str, said: str | None) -> None:
    # The last mount on a folder is the one that is seen.
    host.mounts("24 23 0:22 / /proc rw - proc proc rw,hidepid=4", f"24 23 0:22 / /proc rw - proc proc {options}")
    host.write("/proc/self/status", f"CapPrm:\t{ALL}\nCapEff:\t{capabilities}\n")
    sentence = f"/proc may hide the processes of other users from this one: it is mounted with {said}."
    assert host.found().not_seen == ([sentence] if said else [])


def test_mounts_that_cannot_be_read(host: Host) -> None:
    host.process(5, RED)
    host.errors["/proc/self/mountinfo"] = errno.EACCES
    found = host.found()
    assert found.not_seen == ["Network namespaces without a process were not looked for: /proc/self/mountinfo could not be read (EACCES)."]
    assert [one.inode for one in found.namespaces] == [RED]


def test_very_many_mounts(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.mounts(nsfs(RED, "/run/netns/red"), nsfs(BLUE, "/run/netns/blue"))
    whole = len((host.root / "proc/self/mountinfo").read_bytes())
    monkeypatch.setattr(_namespaces, "LONGEST_MOUNTS", whole)
    assert (len(host.found().namespaces), host.found().not_seen) == (2, [])
    monkeypatch.setattr(_namespaces, "LONGEST_MOUNTS", whole - 1)
    found = host.found()
    assert found.not_seen == ["/proc/self/mountinfo is very long. Only its beginning was read."]
    assert [one.names.netns for one in found.namespaces] == ["red"]


@pytest.mark.parametrize("path", ["/proc", "/proc/self/ns/net"])
def test_a_host_that_cannot_be_looked_at(host: Host, path: str) -> None:
    host.process(5, RED)
    host.errors[path] = errno.ENOENT
    assert host.found() == Found([], ["Network namespaces were not looked for: /proc/self/ns/net or /proc could not be read (ENOENT)."])


def test_odd_entries_of_proc(host: Host) -> None:
    for name in ("9" * 200, "\u00b2", "\u0665", "-5", "5x"):
        (host.root / "proc" / name).mkdir()
    for pid, link in ((6, "net:[12"), (7, "net:[" + "9" * 30 + "]"), (8, "mnt:[5]"), (9, "")):
        host.process(pid, RED)
        (host.root / f"proc/{pid}/ns/net").unlink()
        if link:
            (host.root / f"proc/{pid}/ns/net").symlink_to(link)
    assert host.found() == Found([], [])


MOUNTS = st.lists(
    st.sampled_from([b"90 22 0:4 ", b"net:[7] ", b"/run/netns/a ", b"rw ", b"- nsfs nsfs ", b"- proc x hidepid=2", b"\\777", b"\\0", b"\n"])
    | st.binary(max_size=5)
).map(b"".join)


class Answers(HostTree):
    """The same answer for each file."""

    def __init__(self, data: bytes) -> None:
        super().__init__("/nowhere")
        self._data = data

    def read(self, path: str, limit: int) -> bytes:
        return self._data

    def names(self, path: str) -> list[str]:
        return ["2", "3"]

    def link_target(self, path: str) -> str:
        return f"net:[{len(path)}]"


@given(MOUNTS)
def test_no_content_makes_it_raise(data: bytes) -> None:
    found = find_namespaces(Answers(data), clock=lambda: 0)
    for text in [*found.not_seen, *found.names().values()]:
        assert text.isascii()
        assert text.isprintable()


@contextlib.contextmanager
def process_in_a_new_namespace(*command: str) -> t.Iterator[int]:
    """The pid of a process that stays there until the pipe to it is closed; the command is like cat."""
    # It answers only when unshare has become it.
    with subprocess.Popen(["unshare", "-n", *(command or ("cat",))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"ready\n")
        assert process.stdout.readline() == b"ready\n"
        yield process.pid
        process.stdin.close()


def inode_of(path: str) -> int:
    return os.stat(path).st_ino


@own_namespaces
def test_real_namespaces() -> None:
    with process_in_a_new_namespace() as first, process_in_a_new_namespace() as second:
        subprocess.run(["ip", "netns", "add", "blue"], check=True)
        subprocess.run(["ip", "netns", "attach", "second", str(second)], check=True)
        found = find_namespaces(HostTree())
        by_inode = {one.inode: one for one in found.namespaces}
        assert inode_of("/proc/self/ns/net") not in by_inode
        one = by_inode[inode_of(f"/proc/{first}/ns/net")]
        assert (one.processes, one.pid, one.paths, one.uts) == (1, first, (f"/proc/{first}/ns/net",), None)
        assert (one.names.process, one.names.netns) == ("cat", None)
        two = by_inode[inode_of(f"/proc/{second}/ns/net")]
        assert (two.pid, two.paths, two.names.netns) == (second, (f"/proc/{second}/ns/net", "/run/netns/second"), "second")
        blue = by_inode[inode_of("/run/netns/blue")]
        assert (blue.processes, blue.pid, blue.paths, blue.names) == (0, None, ("/run/netns/blue",), Names(netns="blue"))
        assert found.names()[blue.inode] == "netns blue"
        for namespace in (one, two, blue):
            descriptor = opened(namespace)
            assert os.fstat(descriptor).st_ino == namespace.inode
            os.close(descriptor)
        subprocess.run(["ip", "netns", "delete", "blue"], check=True)
    assert {one.inode, blue.inode} & {one.inode for one in find_namespaces(HostTree()).namespaces} == set()


def test_a_path_that_leads_elsewhere_by_now_is_not_opened(tmp_path: Path) -> None:
    pipe, right = tmp_path / "pipe", tmp_path / "right"
    os.mkfifo(pipe)
    right.touch()
    descriptors = len(os.listdir("/proc/self/fd"))
    one = Namespace(right.stat().st_ino, (str(tmp_path / "none"), str(pipe), "/proc/self/ns/net", str(right)), 0, None, None, Names())
    descriptor = opened(one)
    assert os.path.realpath(f"/proc/self/fd/{descriptor}") == str(right)
    os.close(descriptor)
    for paths in ((), one.paths[:3]):
        with pytest.raises(FileNotFoundError, match="no path leads to this network namespace any more"):
            opened(one._replace(paths=paths))
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_a_path_that_may_not_be_opened_is_a_permission_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, flags: int) -> int:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(PermissionError):
        opened(Namespace(5, ("/proc/1/ns/net",), 1, 1, None, Names()))


def lsns() -> dict[int, tuple[int, int]]:
    """Inode to the number of processes and the lowest pid, as lsns(8) sees them."""
    command = ["lsns", "-t", "net", "-n", "-o", "NS,NPROCS,PID"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    rows = [line.split() for line in lines]
    return {int(inode): (int(processes), int(pid)) for inode, processes, pid in (row for row in rows if len(row) == 3)}


@pytest.mark.skipif(not shutil.which("lsns"), reason="needs lsns")
@own_namespaces
def test_what_is_found_is_what_lsns_finds() -> None:
    with process_in_a_new_namespace() as first, process_in_a_new_namespace("sh", "-c", "cat | cat | cat") as second:
        before = lsns()
        found = {one.inode: one for one in find_namespaces(HostTree()).namespaces}
        after = lsns()
        ours = [inode_of(f"/proc/{pid}/ns/net") for pid in (first, second)]
        assert (
            [(found[inode].processes, found[inode].pid) for inode in ours] == [after[inode] for inode in ours] == [(1, first), (4, second)]
        )
        # Of other namespaces of this machine, those that were there all the time: who has the same lowest pid, and what is still there.
        here = inode_of("/proc/self/ns/net")
        assert {inode for inode, row in before.items() if after.get(inode, (0, 0))[1] == row[1] and inode != here} <= set(found)
        assert {inode for inode, one in found.items() if one.processes and still_there(one)} <= set(after)


def still_there(namespace: Namespace) -> bool:
    try:
        os.close(opened(namespace))
    except OSError:
        return False
    return True
