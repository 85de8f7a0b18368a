# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The network namespaces of a host other than our own, found through /proc alone; nothing is entered and nothing is written.

A namespace lives while a process, a mount, a descriptor or a namespace's device holds it. Found are those of processes and those
mounted where we see them. Not looked for: namespaces of a single thread, of descriptors alone, and of mounts in another mount
namespace, and whatever is outside of our pid namespace. Command lines and environments are never read.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from typing import Callable, Collection, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .._text import printable
from .._tree import HostTree, errno_name
from ._mounts import LONGEST_MOUNTS, MOUNTS, mount_lines
from ._namespace_names import (
    FIRST_PROCESS,
    LONGEST_CGROUP,
    LONGEST_NAME,
    POD_LOGS,
    Names,
    Owner,
    best_name,
    distinct_names,
    owner_of,
    pods_of,
    roots_of,
)

MOST_NAMESPACES = 5000
MOST_SECONDS = 10.0

_OWN_LINK = "/proc/self/ns/net"
# ip-netns(8) makes them here; on most hosts the second is a link to the first.
_NETNS_FOLDERS = ("/run/netns/", "/var/run/netns/")
_NET_LINK = re.compile(r"net:\[([0-9]{1,20})\]\Z")
# Before 3.19 the files of namespaces were part of proc.
_NAMESPACE_FILES = (b"nsfs", b"proc")
# Processes end and mounts get hidden by others: some more than one way into a namespace, and some more processes to ask for names.
_MOST_PATHS = 4
_KTHREADD = 2
_PF_KTHREAD = 0x00200000
_CAP_SYS_PTRACE = 19
_HIDING = re.compile(r"(?:\A|,)(hidepid=(?:2|4|invisible|ptraceable))(?:,|\Z)")
# A unit, or no owner: another process may tell of a container.
_NO_CONTAINER = Owner(unit="any").rank


class Namespace(NamedTuple):
    """A network namespace. Whether it belongs to another user namespace, or may be entered, is unknown here.

    paths: where it can be opened, best first, as they are and not for show; by then a pid may be another process's, so see opened.
    processes: how many are in it. pid: the lowest of them, None without processes. uts: a path to the UTS namespace of that process,
    None where it is ours or not known.
    """

    inode: int
    paths: Tuple[str, ...]
    processes: int
    pid: Optional[int]
    uts: Optional[str]
    names: Names


class Found(NamedTuple):
    """not_seen: a sentence for everything that was not looked at."""

    namespaces: List[Namespace]
    not_seen: List[str]

    def names(self) -> Dict[int, str]:
        """Inode to the one name to show, each name once."""
        return distinct_names((one.inode, best_name(one.names, one.inode, one.pid)) for one in self.namespaces)


def find_namespaces(
    tree: HostTree, most: int = MOST_NAMESPACES, seconds: float = MOST_SECONDS, clock: Callable[[], float] = time.monotonic
) -> Found:
    """The network namespaces other than our own, by inode number. No content of the host makes it raise.

    most: how many at most. seconds: when to stop, by the clock; what was found until then is returned.
    """
    finder = _Finder(tree, seconds, clock)
    return Found(finder.namespaces(most), finder.not_seen)


def opened(namespace: Namespace) -> int:
    """A descriptor of the namespace, by the first of its paths that still leads there. Raises OSError. On the live host only."""
    why: OSError = FileNotFoundError(2, "no path leads to this network namespace any more")
    for path in namespace.paths:
        try:
            # Something else may be there by now, even a pipe that nobody writes to.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except PermissionError as error:
            why = error
        except OSError:
            pass
        else:
            if os.fstat(descriptor).st_ino == namespace.inode:
                return descriptor
            os.close(descriptor)
    raise why


class _Finder:
    def __init__(self, tree: HostTree, seconds: float, clock: Callable[[], float]) -> None:
        self.not_seen: List[str] = []
        self._tree = tree
        self._seconds = seconds
        self._clock = clock
        self._deadline = clock() + seconds
        self._uts = self._link("/proc/self/ns/uts")
        self._roots = roots_of(self._text(FIRST_PROCESS))
        self._pods: Optional[Mapping[str, str]] = None

    def namespaces(self, most: int) -> List[Namespace]:
        try:
            own = self._tree.link_target(_OWN_LINK)
            names = self._tree.names("/proc")
        except OSError as error:
            self.not_seen.append(f"Network namespaces were not looked for: {_OWN_LINK} or /proc could not be read ({errno_name(error)}).")
            return []
        mounts = self._mounts()
        pids = self._pids(sorted(int(name) for name in names if name.isdecimal()), own)
        inodes = sorted((mounts.keys() | pids.keys()) - {_inode(own)})
        if len(inodes) > most:
            self.not_seen.append(f"{_number(len(inodes) - most, 'network namespace')} left out: the limit is {most:,}.")
        found, unnamed = [], 0
        for inode in inodes[:most]:
            over = self._over()
            unnamed += over
            found.append(self._described(inode, pids.get(inode, ()), mounts.get(inode, ()), over))
        if unnamed:
            self.not_seen.append(f"{_number(unnamed, 'network namespace')} not asked for their names: {self._too_long()}.")
        return found

    def _pids(self, pids: Sequence[int], own: str) -> Dict[int, List[int]]:
        """The processes in each other namespace, lowest first."""
        found: Dict[int, List[int]] = {}
        refused: Counter[str] = Counter()
        for place, pid in enumerate(pids):
            if self._over():
                self.not_seen.append(f"{_number(len(pids) - place, 'process')} not looked at: {self._too_long()}.")
                break
            try:
                link = self._tree.link_target(f"/proc/{pid}/ns/net")
            except (FileNotFoundError, ProcessLookupError):
                continue  # it has ended
            except OSError as error:
                refused["no permission" if isinstance(error, PermissionError) else errno_name(error)] += 1
                continue
            inode = None if link == own else _inode(link)
            if inode is not None:
                found.setdefault(inode, []).append(pid)
        self.not_seen.extend(f"{_number(count, 'process')} not looked at: {reason}." for reason, count in sorted(refused.items()))
        return self._without_kernel_threads(found)

    def _without_kernel_threads(self, found: Dict[int, List[int]]) -> Dict[int, List[int]]:
        """They are all in the initial namespace, with kthreadd; only whoever is in another one sees them here."""
        for inode, pids in found.items():
            if _KTHREADD in pids[:_MOST_PATHS] and self._is_kernel_thread(_KTHREADD):
                left = [pid for pid in pids if self._over() or not self._is_kernel_thread(pid)]
                return {**found, inode: left} if left else {other: found[other] for other in found if other != inode}
        return found

    def _is_kernel_thread(self, pid: int) -> bool:
        # The name, in parentheses, may have parentheses; the flags are the seventh word after it.
        words = self._text(f"/proc/{pid}/stat").rpartition(")")[2].split()
        return len(words) > 6 and words[6].isdecimal() and bool(int(words[6][:20]) & _PF_KTHREAD)

    def _mounts(self) -> Dict[int, List[str]]:
        """Where each namespace is mounted, the folders of ip-netns(8) first. Says what /proc hides, too."""
        try:
            data = self._tree.read(MOUNTS, LONGEST_MOUNTS)
        except OSError as error:
            self.not_seen.append(
                f"Network namespaces without a process were not looked for: {MOUNTS} could not be read ({errno_name(error)})."
            )
            return {}
        if len(data) > LONGEST_MOUNTS:
            self.not_seen.append(f"{MOUNTS} is very long. Only its beginning was read.")
            data = data[: data.rfind(b"\n", 0, LONGEST_MOUNTS) + 1]
        found: Dict[int, List[str]] = {}
        options_of_proc = ""
        for root, path, kind, options in mount_lines(data):
            inode = _inode(root) if kind in _NAMESPACE_FILES else None
            if inode is not None:
                found.setdefault(inode, []).append(path)
            elif kind == b"proc" and path == "/proc":
                options_of_proc = options
        hiding = _HIDING.search(options_of_proc)
        if hiding and not self._may_see_all():
            self.not_seen.append(f"/proc may hide the processes of other users from this one: it is mounted with {hiding.group(1)}.")
        return {inode: sorted(set(paths), key=lambda path: (not path.startswith(_NETNS_FOLDERS), path)) for inode, paths in found.items()}

    def _may_see_all(self) -> bool:
        capabilities = re.search(r"^CapEff:\t([0-9a-f]{1,16})$", self._text("/proc/self/status"), re.MULTILINE)
        return bool(capabilities and int(capabilities.group(1), 16) >> _CAP_SYS_PTRACE & 1)

    def _described(self, inode: int, pids: Sequence[int], mounts: Sequence[str], over: bool) -> Namespace:
        pid, process, owner = (pids[0] if pids else None), None, Owner()
        cgroups = set()
        for one in () if over else pids[:_MOST_PATHS]:
            name = self._text(f"/proc/{one}/comm").rstrip("\n") if process is None else None
            if name:
                pid, process = one, printable(name, LONGEST_NAME)
            cgroup = self._text(f"/proc/{one}/cgroup")
            if cgroup not in cgroups:
                cgroups.add(cgroup)
                owner = min(owner, owner_of(cgroup, self._roots), key=lambda owner: owner.rank)
            if owner.rank < _NO_CONTAINER:
                break
        uts = None if over or pid is None else f"/proc/{pid}/ns/uts"
        paths = [f"/proc/{one}/ns/net" for one in pids[:_MOST_PATHS]] + list(mounts[:_MOST_PATHS])
        names = Names(owner, self._pod(owner.pod_uid), _netns_name(mounts), process)
        return Namespace(inode, tuple(paths), len(pids), pid, uts if uts and self._is_another_uts(uts) else None, names)

    def _is_another_uts(self, path: str) -> bool:
        return self._uts is not None and self._link(path) not in (None, self._uts)

    def _pod(self, uid: Optional[str]) -> Optional[str]:
        if uid is None:
            return None
        if self._pods is None:
            self._pods = {}
            try:
                self._pods = pods_of(self._tree.names(POD_LOGS))
            except (FileNotFoundError, NotADirectoryError):
                pass  # no kubelet here, or one that keeps logs elsewhere
            except OSError as error:
                self.not_seen.append(f"The names of pods are not known: {POD_LOGS} could not be read ({errno_name(error)}).")
        return self._pods.get(uid)

    def _link(self, path: str) -> Optional[str]:
        try:
            return self._tree.link_target(path)
        except OSError:
            return None

    def _text(self, path: str) -> str:
        """The beginning of a file of a process; nothing where the process has ended."""
        try:
            return self._tree.read(path, LONGEST_CGROUP).decode("utf-8", "replace")
        except OSError:
            return ""

    def _over(self) -> bool:
        return self._clock() > self._deadline

    def _too_long(self) -> str:
        return f"it took longer than {self._seconds:g} s"


def _inode(link: str) -> Optional[int]:
    match = _NET_LINK.match(link)
    return int(match.group(1)) if match else None


def _netns_name(mounts: Collection[str]) -> Optional[str]:
    for path in mounts:
        folder = next((folder for folder in _NETNS_FOLDERS if path.startswith(folder)), "")
        return printable(path[len(folder) :], LONGEST_NAME)
    return None


def _number(count: int, noun: str) -> str:
    """ "1 process was", "2,000 processes were"."""
    return f"1 {noun} was" if count == 1 else f"{count:,} {noun}{'es' if noun.endswith('s') else 's'} were"
