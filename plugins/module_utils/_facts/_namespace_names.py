# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Who a network namespace belongs to: the pod, container, machine or unit in the text of /proc/PID/cgroup, and the one name to show.

Who starts containers puts each of them in a cgroup, and its id or name is the cgroup's. All of it is untrusted text, and a name is
no proof: whoever may make a cgroup may give it another's name.
"""

from __future__ import annotations

import re
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from .._text import printable

# A pod's namespace and name together have at most 317 characters, everything else less.
LONGEST_NAME = 320
# A path in it has at most 4096 bytes; version 1 has a line for each of about 14 controllers.
LONGEST_CGROUP = 1 << 16
# Where the text is whose paths begin all others on a host that is a container itself: see roots_of.
FIRST_PROCESS = "/proc/1/cgroup"
# kubelet makes a folder for each pod that runs here: <namespace>_<pod name>_<uid>. So a listing tells the names
# of pods, and neither a server nor a file has to be asked.
POD_LOGS = "/var/log/pods"

_SHORT_ID = 12
_DELETED = " (deleted)"
_UID = r"[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32}"
# pod<uid> by kubelet's cgroupfs driver, kubepods-burstable-pod<uid>.slice by its systemd driver, which needs "-" for itself and
# writes "_" in the uid. A static pod's uid is a hash without either.
_POD = re.compile(rf"(?:\A|-)pod({_UID})(?:\.slice)?\Z")
# <id> or <runtime>-<id> by a cgroupfs driver, <runtime>-<id>.scope by a systemd driver.
_CONTAINER = re.compile(r"(?:([a-z][a-z0-9_-]{0,31})-)?([0-9a-f]{64})(?:\.scope)?\Z")
# podman and CRI-O name the cgroup of the process that watches a container like that.
_MONITOR = "conmon"
_RUNTIMES = {"cri-containerd": "containerd", "crio": "cri-o", "libpod": "podman", "libpod-payload": "podman"}
_MACHINES = (
    (re.compile(r"systemd-nspawn@(.+)\.service\Z"), "systemd-nspawn"),
    (re.compile(r"machine-(.+)\.scope\Z"), "systemd-machined"),
    (re.compile(r"lxc\.payload\.(.+)\Z"), "lxc"),
)
_LXC_PARENTS = ("lxc", "lxc.payload")
_UNITS = (".service", ".scope")
_INIT = "/init.scope"
_ESCAPED = re.compile(r"(?:\\x[0-9a-f]{2})+")
_POD_FOLDER = re.compile(rf"([a-z0-9-]{{1,63}})_([a-z0-9.-]{{1,253}})_({_UID})\Z")


class Owner(NamedTuple):
    """What a cgroup says of a process: clean text, None for what it does not say.

    pod_uid: with dashes, as the API server writes it. container: its whole id. machine: the name of a container of systemd or LXC.
    runtime: who made the container or machine, None where the cgroup does not tell. unit: the innermost unit of systemd; inside of
    a machine it is one of the machine's own systemd.
    """

    pod_uid: Optional[str] = None
    container: Optional[str] = None
    machine: Optional[str] = None
    runtime: Optional[str] = None
    unit: Optional[str] = None

    @property
    def rank(self) -> int:
        """0 for the kind of owner that says most."""
        known = (self.pod_uid, self.container, self.machine, self.unit)
        return next((place for place, name in enumerate(known) if name), len(known))


class Names(NamedTuple):
    """What the owner of a network namespace calls it; None for what is not known.

    owner: see Owner. pod: "namespace/name", from a listing of the folder POD_LOGS where the host has it. netns: the name under
    /run/netns (ip-netns(8)), or the mount point in another folder. process: what the process with the lowest pid calls itself.
    hostname: that of its UTS namespace where this is another one than ours; it can only be asked for inside, so whoever enters
    fills it in.
    """

    owner: Owner = Owner()
    pod: Optional[str] = None
    netns: Optional[str] = None
    process: Optional[str] = None
    hostname: Optional[str] = None


def best_name(names: Names, inode: int, pid: Optional[int]) -> str:
    """The name that says most, of the pod, the container, the machine, the namespace itself, the unit and the process, in this order.

    pid: of the process. Two namespaces may have the same name: see distinct_names.
    """
    owner = names.owner
    if names.pod:
        return f"pod {names.pod}"
    if names.netns and not (owner.pod_uid or owner.container or owner.machine):
        return f"netns {names.netns}"
    whose = owner_name(owner)
    if whose:
        return f"unit {whose}" if whose == owner.unit else whose
    if pid is not None:
        return f"process {names.process or '?'} ({pid})"
    return f"net:[{inode}]"


def owner_name(owner: Owner) -> Optional[str]:
    """The pod, the container or the machine, with what it is; else the name of the unit alone; None where the cgroup says nothing."""
    container = f"container {owner.container[:_SHORT_ID]}" if owner.container else ""
    if owner.pod_uid:
        return f"pod {owner.pod_uid} {container}".rstrip()
    if container:
        return f"{owner.runtime} {container}" if owner.runtime else container
    return f"machine {owner.machine}" if owner.machine else owner.unit


def inside(owner: Owner, around: Optional[Owner]) -> Owner:
    """What an owner still says where it is known who the network namespace around it belongs to; None for the host's own.

    A container of a pod stays, for a pod has several.
    """
    if around is None:
        return owner
    same = {field for field, name in around._asdict().items() if name is not None and getattr(owner, field) == name}
    if around.pod_uid:
        same -= {"container", "runtime"}
    return owner._replace(**dict.fromkeys(same))


def distinct_names(named: Iterable[Tuple[int, str]]) -> Dict[int, str]:
    """Inode to name, where several have the same name with the inode after it: a container may make more namespaces.

    named: inode and best_name of each namespace.
    """
    inodes: Dict[str, List[int]] = {}
    for inode, name in named:
        inodes.setdefault(name, []).append(inode)
    return {
        inode: name if len(same) == 1 or name.startswith("net:[") else f"{name} net:[{inode}]"
        for name, same in inodes.items()
        for inode in same
    }


def owner_of(text: str, roots: Iterable[str] = ()) -> Owner:
    """What the text of /proc/PID/cgroup says, with cgroups of version 1, version 2 or both. Any text is fine.

    roots: of the host, see roots_of.
    """
    owners = [_owner(_below(path, roots)) for path in _paths(text[:LONGEST_CGROUP])]
    return min(owners, key=lambda owner: owner.rank, default=Owner())


def roots_of(text: str) -> Tuple[str, ...]:
    """Where the host's own tree of cgroups begins, from the text of FIRST_PROCESS, the longest first.

    A host that is a container itself may see the whole tree of its node. Then every unit and pod of it is also in the cgroup of that
    container, which says nothing about who they are.
    """
    roots = {path[: -len(_INIT)] if path.endswith(_INIT) else path for path in _paths(text[:LONGEST_CGROUP])}
    return tuple(sorted(roots - {"", "/"}, key=len, reverse=True))


def pods_of(folders: Iterable[str]) -> Mapping[str, str]:
    """Pod uid to "namespace/name", from the names of the folders in POD_LOGS; a name of another form counts for nothing."""
    found = filter(None, map(_POD_FOLDER.match, folders))
    return {_uid(match.group(3)): f"{match.group(1)}/{match.group(2)}" for match in found}


def _paths(text: str) -> List[str]:
    """The paths in a cgroup text, each once: first version 2, then systemd's own hierarchy, then the controllers.

    systemd knows the first two alone; a runtime may use any of them.
    """
    by_place: List[Tuple[int, str]] = []
    for line in text.split("\n"):
        number, _colon, rest = line.partition(":")
        controllers, colon, path = rest.partition(":")
        if colon:
            place = 0 if number == "0" and not controllers else 1 if controllers == "name=systemd" else 2
            by_place.append((place, path[: -len(_DELETED)] if path.endswith(_DELETED) else path))
    return list(dict.fromkeys(path for _place, path in sorted(by_place, key=lambda item: item[0])))


def _below(path: str, roots: Iterable[str]) -> str:
    root = next((root for root in roots if path == root or path.startswith(root + "/")), "")
    return path[len(root) :]


def _owner(path: str) -> Owner:
    """Of one path. The innermost container or machine counts: a node of a cluster may be a container itself."""
    owner, parent = Owner(), ""
    for part in _parts(path):
        pod, container, machine = _POD.search(part), _CONTAINER.match(part), _machine(part, parent)
        prefix = container and container.group(1)
        if pod:
            owner = Owner(pod_uid=_uid(pod.group(1)))
        elif container and not (prefix or "").endswith(_MONITOR):
            owner = Owner(owner.pod_uid, container=container.group(2), runtime=_runtime(prefix, parent))
        elif machine:
            owner = Owner(owner.pod_uid, machine=machine[0], runtime=machine[1])
        elif part.endswith(_UNITS) and not part.startswith("."):
            owner = owner._replace(unit=printable(part, LONGEST_NAME))
        parent = part
    return owner


def _parts(path: str) -> Iterable[str]:
    for part in path.split("/"):
        # containerd under the wrong one of the two cgroup drivers: <pod's slice>:cri-containerd:<id>.
        pod_slice, colon, rest = part.partition(":")
        runtime, second, container = rest.partition(":")
        if colon and second:
            yield pod_slice
            yield f"{runtime}-{container}"
        else:
            yield part


def _runtime(prefix: Optional[str], parent: str) -> Optional[str]:
    if prefix is None:
        return "docker" if parent == "docker" else None
    return _RUNTIMES.get(prefix, prefix)


def _machine(part: str, parent: str) -> Optional[Tuple[str, str]]:
    if parent in _LXC_PARENTS and part:
        return printable(part, LONGEST_NAME), "lxc"
    for pattern, runtime in _MACHINES:
        match = pattern.match(part)
        if match:
            name = match.group(1) if runtime == "lxc" else _ESCAPED.sub(_unescaped, match.group(1))
            return printable(name, LONGEST_NAME), runtime
    return None


def _unescaped(match: re.Match[str]) -> str:
    """The bytes that systemd wrote as \\xHH in the name of a unit."""
    return bytes.fromhex(match.group().replace("\\x", "")).decode("utf-8", "replace")


def _uid(text: str) -> str:
    return text.replace("_", "-")
