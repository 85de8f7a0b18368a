# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The facts of a host's other network namespaces: a child enters one after the other and sends what it sees through a pipe.

The process of the module itself never leaves its namespaces. Nothing is written, and no process but the child gets a signal.
"""

from __future__ import annotations

import fnmatch
import json
import os
import select
import signal
import struct
import time
from typing import TYPE_CHECKING, Any, Collection, Dict, List, NamedTuple, Optional, Sequence

from .._tree import HostTree, errno_name
from ._gather import Gatherer
from ._namespace_entry import enter_network, hostname_of, moment_in
from ._namespace_names import Names, distinct_names
from ._namespaces import Namespace, find_namespaces

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import Namespace as NamespaceFacts
    from ...plugin_utils._snapshot_types import NetworkParts, Snapshot
    from ._namespace_entry import Moment

ALL = "all"
MAX_SECONDS = 120.0
MAX_SECONDS_EACH = 10.0
_PARTS = ("sysctl", "counters", "sockets")
TOP = 5
"""How many groups of connections to name in each."""
_LENGTH = struct.Struct("=I")
_MOST_BYTES = 1 << 24
_MOST_TOLD = 10


class _Other(NamedTuple):
    """name: the one to show, which no other namespace has."""

    namespace: Namespace
    name: str


def gather_others(
    host: HostTree, patterns: Sequence[str], snapshot: Snapshot, sample_seconds: float = 0
) -> tuple[List[NamespaceFacts], List[str]]:
    """The facts of the namespaces that have a name like one of the patterns, and sentences about those that were not looked at.

    patterns: as for a shell; "all" for all of them. snapshot: of the host, whose sysctl keys and counters tell what is left out.
    sample_seconds: with more than 0 the counters are read again after that many seconds. No content of the host makes it raise.
    """
    run, not_seen = _through_all(_Task(host, patterns, snapshot, sample_seconds))
    return run.named(), not_seen


def watch_others(host: HostTree, patterns: Sequence[str], snapshot: Snapshot) -> tuple[List[NamespaceFacts], List[str], Dict[str, Moment]]:
    """As gather_others(), without what takes a second look or names programs; and the moment of each namespace by its name."""
    run, not_seen = _through_all(_Task(host, patterns, snapshot, 0, watched=True))
    return run.named(), not_seen, run.moments()


def _through_all(task: _Task) -> tuple[_Run, List[str]]:
    found = find_namespaces(task.host)
    names = found.names()
    run = _Run(task)
    run.through([_Other(one, names[one.inode]) for one in found.namespaces])
    return run, [*found.not_seen, *run.told()]


class _Task(NamedTuple):
    """What to do in each namespace; see gather_others() and watch_others()."""

    host: HostTree
    patterns: Sequence[str]
    snapshot: Snapshot
    sample_seconds: float
    watched: bool = False


class _Run:
    def __init__(self, task: _Task) -> None:
        self._task = task
        self._facts: Dict[int, NamespaceFacts] = {}
        self._moments: Dict[int, Moment] = {}
        self._refused: Dict[str, List[str]] = {}
        self._deadline = time.monotonic() + MAX_SECONDS + task.sample_seconds

    def through(self, others: Sequence[_Other]) -> None:
        """Each in its turn; a new child where one has died or takes too long."""
        place = 0
        while place < len(others):
            if time.monotonic() >= self._deadline:
                self._refuse(f"the time of {MAX_SECONDS:.0f} s was over", *(one.name for one in others[place:]))
                return
            place += self._by_one_child(others[place:])

    def named(self) -> List[NamespaceFacts]:
        """Each with a name that no other one has: with the host name, two pods' names may be the same again."""
        names = distinct_names((inode, facts["name"]) for inode, facts in self._facts.items())
        for inode, facts in self._facts.items():
            facts["name"] = names[inode]
        return sorted(self._facts.values(), key=lambda facts: facts["name"])

    def moments(self) -> Dict[str, Moment]:
        """By the names that named() gave."""
        return {self._facts[inode]["name"]: moment for inode, moment in self._moments.items()}

    def told(self) -> List[str]:
        sentences = []
        for why, names in sorted(self._refused.items()):
            more = f" and {len(names) - _MOST_TOLD:,} more" if len(names) > _MOST_TOLD else ""
            which = "This network namespace was" if len(names) == 1 else f"These {len(names):,} network namespaces were"
            sentences.append(f"{which} not looked at: {', '.join(names[:_MOST_TOLD])}{more} ({why}).")
        return sentences

    def _refuse(self, why: str, *names: str) -> None:
        if names:
            self._refused.setdefault(why, []).extend(names)

    def _by_one_child(self, others: Sequence[_Other]) -> int:
        """How many of them are done, at least one."""
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            _serve(writer, others, self._task)
        os.close(writer)
        done = 0
        try:
            while done < len(others):
                why, answer = _answer(reader, min(self._deadline, time.monotonic() + MAX_SECONDS_EACH))
                if why:
                    self._refuse(why, others[done].name)
                    return done + 1
                self._take(others[done], answer)
                done += 1
            self._take_samples(reader, others)
            return done
        finally:
            os.close(reader)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)

    def _take_samples(self, reader: int, others: Sequence[_Other]) -> None:
        """The second looks, in the order of the first ones. Where one fails the others of this child have none."""
        wait = self._task.sample_seconds
        for other in others if wait else ():
            facts = self._facts.get(other.namespace.inode)
            if facts is not None:
                why, answer = _answer(reader, min(self._deadline, time.monotonic() + wait + MAX_SECONDS_EACH))
                if why:
                    return
                facts["sample"] = answer["sample"]
                if facts["sockets"] is not None:
                    facts["sockets"]["programs"] = answer["programs"]

    def _take(self, other: _Other, answer: Any) -> None:
        if "error" in answer:
            self._refuse(answer["error"], other.name)
        elif "facts" in answer:
            self._facts[other.namespace.inode] = answer["facts"]
            self._moments[other.namespace.inode] = answer["moment"]


def _answer(reader: int, deadline: float) -> tuple[str, Any]:
    """Why there is none, and the child's next answer."""
    head = _read(reader, _LENGTH.size, deadline)
    if head is None or len(head) < _LENGTH.size:
        return (f"it took longer than {MAX_SECONDS_EACH:.0f} s" if head is None else "the process that looked at it died"), None
    (length,) = _LENGTH.unpack(head)
    data = _read(reader, length, deadline)
    if data is None or len(data) < length:
        return (f"it took longer than {MAX_SECONDS_EACH:.0f} s" if data is None else "the process that looked at it died"), None
    return "", json.loads(data)


def _read(reader: int, length: int, deadline: float) -> Optional[bytes]:
    """So many bytes, fewer at the end of the file, None where the time is over."""
    parts: List[bytes] = []
    left = length
    while left:
        ready, _w, _x = select.select([reader], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return None
        part = os.read(reader, min(left, 1 << 16))
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _serve(writer: int, others: Sequence[_Other], task: _Task) -> None:
    """The child: never returns."""
    first_looks: List[_FirstLook] = []
    try:
        for other in others:
            try:
                answer: Dict[str, object] = _look(other, task, first_looks)
            except OSError as error:
                answer = {"error": "it has gone" if isinstance(error, FileNotFoundError) else errno_name(error)}
            _send(writer, answer)
        for first in first_looks if task.sample_seconds else ():
            sample = first.sample(task.sample_seconds)
            sockets = first.parts["sockets"]
            _send(writer, {"sample": sample, "programs": sockets and sockets["programs"]})
    finally:
        # Nothing of the parent's clean-up may happen in here.
        os._exit(0)


def _send(writer: int, answer: Dict[str, object]) -> None:
    data = json.dumps(answer).encode("ascii")
    if len(data) > _MOST_BYTES:
        data = json.dumps({"error": f"more than {_MOST_BYTES >> 20} MiB of facts"}).encode("ascii")
    whole = _LENGTH.pack(len(data)) + data
    while whole:
        whole = whole[os.write(writer, whole) :]


class _FirstLook(NamedTuple):
    """What a second look compares with. started: on the monotonic clock."""

    namespace: Namespace
    gatherer: Gatherer
    parts: NetworkParts
    started: float

    def sample(self, seconds: float) -> Any:
        """None where the namespace has gone meanwhile."""
        if self.parts["counters"] is None:
            return None
        try:
            enter_network(self.namespace)
        except OSError:
            return None
        sample = self.gatherer.second_sample(self.parts["counters"], self.parts["sockets"], self.started, seconds)
        if sample is not None:
            # What did not grow is left out, as counters that are 0.
            grown = {group: {name: more for name, more in names.items() if more != 0} for group, names in sample["deltas"].items()}
            sample["deltas"] = grown
        return sample


def _look(other: _Other, task: _Task, first_looks: List[_FirstLook]) -> Dict[str, object]:
    """Enter, look around. Raises OSError where it cannot be entered."""
    namespace = other.namespace
    hostname = hostname_of(namespace.uts)
    names = namespace.names._replace(hostname=hostname)
    if not _is_asked_for(task.patterns, [other.name, *_all_names(names)]):
        return {}
    enter_network(namespace)
    gatherer, started, moment = Gatherer(task.host, names.owner), time.monotonic(), moment_in(namespace)
    parts = gatherer.parts(_PARTS, TOP, glance=task.sample_seconds <= 0 and not task.watched, programs=not task.watched)
    first_looks.append(_FirstLook(namespace, gatherer, parts, started))
    facts: NamespaceFacts = {
        "name": _shown(other.name, names),
        "hostname": hostname,
        "kind": "container" if names.owner.container or names.owner.pod_uid else "other",
        "runtime": "kubernetes" if names.owner.pod_uid else names.owner.runtime,
        "processes": namespace.processes,
        "sysctl": _otherwise(parts, task.snapshot),
        "ipv4_keys": None,
        "sockstat": parts["sockstat"],
        "counters": _counted(parts, task.snapshot),
        "sample": None,
        "sockets": parts["sockets"],
        "nat": parts["nat"],
        "not_seen": gatherer.not_seen,
    }
    return {"facts": facts, "moment": moment}


def _all_names(names: Names) -> List[str]:
    owner = names.owner
    known = (names.hostname, names.pod, names.netns, names.process, *owner)
    return [name for name in known if name]


def _is_asked_for(patterns: Sequence[str], names: Collection[str]) -> bool:
    return ALL in patterns or any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _shown(name: str, names: Names) -> str:
    """The host name is what people gave a container; the id is what they look for it by."""
    return f"{name} ({names.hostname})" if names.hostname and not names.pod and names.hostname not in name else name


def _otherwise(parts: NetworkParts, snapshot: Snapshot) -> Any:
    host = snapshot["sysctl"]
    if parts["sysctl"] is None or host is None:
        return parts["sysctl"]
    return {key: one for key, one in parts["sysctl"].items() if one != host.get(key)}


def _counted(parts: NetworkParts, snapshot: Snapshot) -> Any:
    host = snapshot["counters"]
    if parts["counters"] is None or host is None:
        return parts["counters"]
    return {
        group: {name: value for name, value in counters.items() if value or name not in host.get(group, {})}
        for group, counters in parts["counters"].items()
    }
