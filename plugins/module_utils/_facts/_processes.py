# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Which process holds a socket, by /proc/PID/fd, and to which unit or container a process or a socket belongs.

Of a process are read: the names of its descriptors, comm and cgroup. Never its command line or its environment.
"""

from __future__ import annotations

import os
import time
from typing import Callable, Collection, Dict, List, NamedTuple, Optional, Sequence, Set

from .._text import printable
from .._tree import HostTree
from ._mounts import LONGEST_MOUNTS, MOUNTS, mount_lines
from ._namespace_names import FIRST_PROCESS, LONGEST_CGROUP, LONGEST_NAME, Owner, inside, owner_name, owner_of, roots_of

MOST_GROUPS = 20_000
_PREFIX, _END = "socket:[", "]"
_OWN_PID = "self"


class Program(NamedTuple):
    """name: what its processes call themselves (comm), None where no process was found. owner: its unit, container, pod or machine."""

    name: Optional[str]
    owner: Optional[str]


class Processes:
    """Finds the processes of the sockets of this network namespace, among those that are in it.

    All walks together take so many seconds at most; allow() grants more. around: who the network namespace belongs to, None for the host;
    the names of programs leave that out.

    pids: a socket's inode to its process. complete: whether no walk was cut short. refused: the processes that only root may look at.
    """

    def __init__(self, host: HostTree, seconds: float, clock: Callable[[], float] = time.monotonic, around: Optional[Owner] = None) -> None:
        self._host = host
        self._around = around
        self._left = seconds
        self._clock = clock
        self._programs: Dict[int, Program] = {}
        self._here = self._namespace(_OWN_PID)
        self._roots = _roots(host)
        self._is_here: Dict[int, bool] = {}
        self.pids: Dict[int, int] = {}
        self.complete = True
        self.refused: Set[int] = set()

    def allow(self, seconds: float) -> None:
        self._left += seconds

    def find(self, inodes: Collection[int]) -> None:
        """Add to pids, for each of these inodes, a process that has the socket open. Those that were found before are asked first."""
        wanted = {f"{_PREFIX}{inode}{_END}" for inode in inodes if inode and inode not in self.pids}
        if not wanted or self._left <= 0:
            self.complete = self.complete and not wanted
            return
        started = self._clock()
        deadline = started + self._left
        known = sorted(self._programs)
        self._walk(known, wanted, deadline)
        if wanted and self._clock() < deadline:
            self._walk([pid for pid in self._all() if pid not in self._programs], wanted, deadline)
        self._left -= self._clock() - started
        self.complete = self.complete and self._clock() < deadline

    def program(self, pid: int) -> Program:
        return self._programs[pid]

    def _all(self) -> List[int]:
        """The processes of this network namespace, and those of which it is not known."""
        try:
            pids = sorted(int(name) for name in self._host.names("/proc") if name.isdecimal())
        except OSError:
            return []
        for pid in pids:
            if pid not in self._is_here:
                self._is_here[pid] = self._namespace(str(pid)) in (self._here, None)
        return [pid for pid in pids if self._is_here[pid]]

    def _namespace(self, pid: str) -> Optional[str]:
        try:
            return self._host.link_target(f"/proc/{pid}/ns/net")
        except OSError:
            return None

    def _walk(self, pids: Collection[int], wanted: Set[str], deadline: float) -> None:
        for pid in pids:
            if not wanted or self._clock() >= deadline:
                return
            found = wanted.intersection(self._open(pid))
            if found:
                wanted -= found
                if pid not in self._programs:
                    self._programs[pid] = self._program(pid)
                self.pids.update((int(link[len(_PREFIX) : -len(_END)]), pid) for link in found)

    def _open(self, pid: int) -> List[str]:
        """What the process has open, as the links of its descriptors say it."""
        try:
            return self._host.links(f"/proc/{pid}/fd")
        except PermissionError:
            self.refused.add(pid)
        except OSError:
            pass  # it has ended
        return []

    def _program(self, pid: int) -> Program:
        name = _text(self._host, f"/proc/{pid}/comm").rstrip("\n")
        owner = owner_of(_text(self._host, f"/proc/{pid}/cgroup"), self._roots)
        return Program(printable(name, LONGEST_NAME) or None, owner_name(inside(owner, self._around)))


def owners_of_groups(
    host: HostTree, groups: Collection[int], seconds: float, clock: Callable[[], float] = time.monotonic, around: Optional[Owner] = None
) -> Dict[int, str]:
    """The unit, container, pod or machine of control groups, by the number that sock_diag gives: the inode of their folder.

    around: as of Processes. Looks at MOST_GROUPS folders at most, for so many seconds. Only groups of version 2 have such numbers.
    """
    mount, roots = _mounted_groups(host), _roots(host)
    wanted, found = set(groups), {}
    pending = [mount] if mount else []
    deadline = clock() + seconds
    looked = 0
    while pending and wanted and looked < MOST_GROUPS and clock() < deadline:
        folder = pending.pop()
        looked += 1
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                        if entry.inode() in wanted:
                            wanted.discard(entry.inode())
                            owner = owner_name(inside(owner_of(f"0::{entry.path[len(mount or '') :]}", roots), around))
                            if owner:
                                found[entry.inode()] = owner
        except OSError:
            continue
    return found


def _mounted_groups(host: HostTree) -> Optional[str]:
    try:
        data = host.read(MOUNTS, LONGEST_MOUNTS)
    except OSError:
        return None
    return next((path for _root, path, kind, _options in mount_lines(data) if kind == b"cgroup2"), None)


def _roots(host: HostTree) -> Sequence[str]:
    return roots_of(_text(host, FIRST_PROCESS))


def _text(host: HostTree, path: str) -> str:
    """The beginning of a file of a process; nothing where the process has ended."""
    try:
        return host.read(path, LONGEST_CGROUP).decode("utf-8", "replace")
    except OSError:
        return ""
