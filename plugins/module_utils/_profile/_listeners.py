# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.
"""Who listens inside a range of ports, and which of them are services: listeners that will want the same port again.

A port is worth keeping for a service, not for a test server or a resolver's question. What tells them apart, for a port that was not
kept before: the listener's process is a unit of systemd or OpenRC, or in a container, or it has run for a minute; and two looks, two
seconds apart, see the same socket. A process of a login session is no service however old it is. A socket without a process, such as
WireGuard's, is the kernel's own and needs the two looks alone. In a container without CAP_SYS_PTRACE nobody sees which sockets the
processes of other users have; then any process of the socket's user may be the one.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time
from typing import Callable, Collection, Dict, Iterable, NamedTuple, Optional, Tuple

from .._facts._sock_diag import Listener, kernel_dump, listeners
from ._reserved_ports import Listening, Question, ports_text

PAUSE_SECONDS = 2.0
YOUNG_SECONDS = 60.0
# So many open files are looked at to find a socket's process.
_MOST_FILES = 200_000
_MOST_NAMED = 5
_LONGEST_PORTS = 60


def _uptime() -> float:
    # Not /proc/uptime: some containers have one of their own, but the kernel's start times.
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Sources(NamedTuple):
    """What is asked. dump: as kernel_dump. uptime: seconds on the clock of the start times in proc."""

    dump: Callable[[int, int, int, int], Iterable[bytes]] = kernel_dump
    proc: str = "/proc"
    uptime: Callable[[], float] = _uptime
    sleep: Callable[[float], None] = time.sleep


class Process(NamedTuple):
    """name: as the process calls itself. cgroup: path of its unit where it has one. seconds: how long it has run."""

    pid: int
    name: str
    cgroup: str
    seconds: float


def look(question: Question, sources: Optional[Sources] = None) -> Listening:
    """Who listens now. Takes two seconds where there is a new service, or where a port that was kept has no listener.

    Raises OSError if the kernel does not list sockets.
    """
    sources = sources or Sources()
    first, udp_listed = _inside(question, sources)
    crowd = {one for one in first["tcp"] if one.port not in question.theirs}
    if _too_many(question, crowd):
        return Listening(frozenset(), _told(question, crowd, sources), udp_listed)
    seen = first["tcp"] | first["udp"]
    new = {one for one in seen if one.port not in question.theirs and one.port not in question.ours}
    owners = Owners(new, sources)
    lasting = {one for one in new if owners.may_be_service(one)}
    again: set[Listener] = set()
    kept = {port for port in question.ours if question.low <= port <= question.high}
    if lasting or kept - {one.port for one in seen}:
        sources.sleep(PAUSE_SECONDS)
        second, still_listed = _inside(question, sources)
        again, udp_listed = second["tcp"] | second["udp"], udp_listed and still_listed
    if udp_listed:
        kept &= {one.port for one in seen | again}
    services = {one for one in again if one in lasting}
    if _too_many(question, services, kept):
        return Listening(frozenset(), _told(question, services, sources, kept), udp_listed)
    return Listening(frozenset(kept | {one.port for one in services}), "", udp_listed)


def _inside(question: Question, sources: Sources) -> Tuple[Dict[str, set[Listener]], bool]:
    """The listeners in the range by protocol, and whether UDP could be listed."""
    found: Dict[str, set[Listener]] = {"tcp": listeners(socket.IPPROTO_TCP, sources.dump), "udp": set()}
    udp_listed = True
    try:
        found["udp"] = listeners(socket.IPPROTO_UDP, sources.dump)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.EPROTONOSUPPORT):
            raise
        udp_listed = False
    inside = {protocol: {one for one in all_ if question.low <= one.port <= question.high} for protocol, all_ in found.items()}
    return inside, udp_listed


def _too_many(question: Question, found: Iterable[Listener], kept: Collection[int] = ()) -> bool:
    return len({*kept, *(one.port for one in found)}) > question.most


def is_service(process: Process) -> bool:
    """Whether a process will be there again after a restart."""
    parts = process.cgroup.split("/")
    units = [part for part in parts if part.endswith((".service", ".scope")) or part.startswith("openrc.")]
    unit = units[-1] if units else ""
    if "user.slice" in parts and unit:
        # A service of a user's own manager, such as a container; the manager itself is none.
        return unit.endswith(".service") and not unit.startswith("user@")
    # Whoever enters a container may be put beside its first process.
    if unit and (unit != "init.scope" or process.pid == 1):
        return True
    return process.seconds >= YOUNG_SECONDS


class Owners:
    """The processes of sockets, as far as proc shows them."""

    def __init__(self, found: Iterable[Listener], sources: Sources) -> None:
        self._sources = sources
        # Of several processes with one socket the one with the lowest number: the eldest.
        self._by_inode: Dict[int, Process] = {}
        self._hiding: Dict[int, list[Process]] = {}
        self._wanted = {f"socket:[{one.inode}]": one.inode for one in found if one.inode}
        self._files_left = _MOST_FILES
        for pid in sorted(int(name) for name in os.listdir(sources.proc) if name.isdecimal()) if self._wanted else ():
            self._take(pid)
            if not self._wanted or self._files_left <= 0:
                break

    def _take(self, pid: int) -> None:
        folder = f"{self._sources.proc}/{pid}"
        inodes = []
        hidden_of = None
        try:
            names = os.listdir(folder + "/fd")[: self._files_left]
            self._files_left -= len(names)
            for name in names:
                # The process may close it meanwhile.
                with contextlib.suppress(FileNotFoundError):
                    inode = self._wanted.pop(os.readlink(f"{folder}/fd/{name}"), None)
                    inodes += [inode] if inode else []
        except (FileNotFoundError, ProcessLookupError):
            pass  # it has ended
        except OSError:
            with contextlib.suppress(OSError):
                hidden_of = os.stat(folder).st_uid
        process = _process(pid, self._sources) if inodes or hidden_of is not None else None
        if process:
            self._by_inode.update(dict.fromkeys(inodes, process))
            if hidden_of is not None:
                self._hiding.setdefault(hidden_of, []).append(process)

    def of(self, listener: Listener) -> Optional[Process]:
        return self._by_inode.get(listener.inode)

    def may_be_service(self, listener: Listener) -> bool:
        process = self.of(listener)
        if process:
            return is_service(process)
        hiding = self._hiding.get(listener.user_id)
        return not hiding or any(map(is_service, hiding))


def _process(pid: int, sources: Sources) -> Optional[Process]:
    try:
        stat, cgroup = (_read(f"{sources.proc}/{pid}/{name}") for name in ("stat", "cgroup"))
        # The name stands in parentheses, and may hold some itself.
        name, _close, rest = stat.partition("(")[2].rpartition(")")
        started = int(rest.split()[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None
    return Process(pid, name, _cgroup(cgroup), sources.uptime() - started)


def _cgroup(text: str) -> str:
    """The cgroup that a service manager has given: that of version 2, or of its own hierarchy in version 1."""
    paths = {line.split(":", 2)[1]: line.split(":", 2)[2] for line in text.splitlines() if line.count(":") >= 2}
    named = [path for controllers, path in paths.items() if controllers.startswith("name=") and path != "/"]
    return named[0] if named else paths.get("", "/")


def _read(path: str) -> str:
    with open(path, "rb") as stream:
        return stream.read(65536).decode("utf-8", "replace")


def _told(question: Question, found: Collection[Listener], sources: Sources, kept: Collection[int] = ()) -> str:
    """That there are too many, and who they are."""
    owners = Owners(found, sources)
    by_owner: Dict[str, set[int]] = {}
    for one in found:
        by_owner.setdefault(_who(owners.of(one), one.user_id), set()).add(one.port)
    if kept:
        by_owner["kept since an earlier run"] = set(kept)
    most_first = sorted(by_owner.items(), key=lambda item: (-len(item[1]), item[0]))
    told = [f"{who}: {len(ports)} ports ({_shortened(ports_text(ports))})" for who, ports in most_first[:_MOST_NAMED]]
    if len(most_first) > _MOST_NAMED:
        told.append(f"and {len(most_first) - _MOST_NAMED} more")
    count = len(set().union(*by_owner.values()))
    return (
        f"{count} ports between {question.low} and {question.high} have a listener, more than a twentieth of the range ({question.most}). "
        f"Who listens: {'; '.join(told)}. Stop these listeners, or set reserve_listening_ports to false"
    )


def _who(process: Optional[Process], user_id: int) -> str:
    if process is None:
        return f"a process of user id {user_id} that /proc does not show"
    name = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in process.name[:40])
    return f"{name} (process {process.pid}, user id {user_id})"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_PORTS else text[:_LONGEST_PORTS].rpartition(",")[0] + ", ..."
