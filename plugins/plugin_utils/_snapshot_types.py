# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The shape of a snapshot: everything known about one host's TCP at one moment, as plain data.

The controller checks snapshots against these types when it runs (see _shapes). Files of module_utils import them for type checkers only,
so that nothing of this is sent to targets.

For a sysctl key there are four cases: present, absent (this kernel or namespace does not have it), unreadable (it exists, but the
kernel or the permissions refuse), and not observed (the key is missing from the mapping). A part that was not observed is None.
Every string that came from a host is untrusted text.
"""

from __future__ import annotations

from typing import Annotated, List, Literal, TypedDict, Union

from ._nat_types import Count, Nat
from ._probe_types import Probe
from ._shapes import AtLeast, Default, Label
from ._socket_types import Sockets

Line = Annotated[int, AtLeast(1)]

SysctlValue = Union[int, str, List[int], List[List[int]]]


class _SysctlRequired(TypedDict):
    state: Literal["present", "absent", "unreadable"]


class Sysctl(_SysctlRequired, total=False):
    """One of SYSCTL_KEYS.

    raw, value and writable come with "present"; reason (an errno name such as "EACCES") with "unreadable".
    value is None where raw does not parse as the key's kind; writable is missing where nobody could try.
    origin says where an offline source got it: "listing", "boot_file" or "kernel_default"; missing means the live kernel.
    """

    raw: str
    value: SysctlValue | None
    writable: bool
    reason: str
    origin: Literal["listing", "boot_file", "kernel_default"]


class Assignment(TypedDict):
    """One setting line of a boot file.

    key: with dots between directories (a dot inside an interface name is written as a slash, as sysctl.d does).
    value: None for an exclusion ("-net.ipv4.conf.eth0.rp_filter" without "="), and where it is withheld.
    withheld: the line has a value that does not leave the host, because the key is a secret or none that the collection speaks about.
    ignore_failure: the line starts with "-". is_glob: the key holds a shell pattern. secret: the key is a secret, or a pattern
    that may stand for one.
    """

    line: Line
    key: str
    value: str | None
    withheld: Annotated[bool, Default(False)]
    ignore_failure: bool
    is_glob: bool
    secret: bool


class LineProblem(TypedDict):
    """A line that no reader can use: what is wrong with it, without its text (which may be a secret)."""

    line: Line
    problem: str


class BootFile(TypedDict):
    """One file in a sysctl directory, or /etc/sysctl.conf.

    readers: which readers open it, at all: "systemd" (systemd-sysctl), "procps" (sysctl --system), or the name of a Writer.
    unread_because: None where a reader reads it; "masked" (a file of the same name in a stronger directory, see masked_by),
    "name" (does not end in .conf), "backup" (left by a package manager or editor), "unreadable" (see reason, an errno name or
    "larger than N bytes" or "not text"), "mask" (it is empty or /dev/null and masks others).
    real_path: the file behind links; equal to path where path is not a link.
    """

    path: str
    real_path: str
    readers: list[str]
    unread_because: str | None
    masked_by: str | None
    reason: str | None
    assignments: list[Assignment]
    problems: list[LineProblem]


Order = Literal["before", "after", "race", "unknown"]


class Writer(TypedDict):
    """A program beside the readers of sysctl.d that sets keys at boot, from files that have its name among their readers.

    order: against the reader of sysctl.d. "race": the init promises no order, and the program most likely comes later. "unknown": nor
    is that likely. path: the link or file that makes it run. detail: what else a person wants to know.
    """

    name: str
    order: Order
    path: str
    detail: str | None


class BootFiles(TypedDict):
    """All boot files and, for each reader, the order in which it reads them (a path may stand there twice).

    writers: in the order in which they write, None where nobody looked. applied_by: the reader that the init starts ("systemd",
    "procps", "openrc" or "busybox"); None where it is not known, and why_not_applied is the reason where there is one.
    """

    files: list[BootFile]
    order: dict[str, list[str]]
    writers: Annotated[list[Writer] | None, Default(None)]
    applied_by: Annotated[str | None, Default(None)]
    why_not_applied: Annotated[str | None, Default(None)]


class Sample(TypedDict):
    """What changed between two samples: seconds between them and, per group, the counters' deltas.

    A counter that shrank (it wrapped, or the namespace was replaced) has the delta None. The gauge CurrEstab may go either way.
    states: how many more sockets than in the first sample are in "syn_sent", "fin_wait2" and "close_wait", which a program or a peer
    that is stuck makes pile up; negative where there are fewer now. None: sockets were counted once only.
    """

    seconds: float
    deltas: dict[str, dict[str, int | None]]
    states: Annotated[dict[str, int] | None, Default(None)]


class HostFacts(TypedDict):
    """hostname and kernel_release: None where the source does not tell.

    network_namespace: "initial", "own" (init-only keys such as tcp_max_orphans are missing) or None.
    boot_files_apply: False where pid 1 lives in another network namespace, or in a container without systemd, so that nobody
    ever applied these boot files to this namespace; None: unknown.
    init: "systemd" where systemd-sysctl applies the boot files, "other", or None.
    uptime_seconds: since the host booted; counters may be younger, those of a network namespace begin with it.
    """

    hostname: str | None
    kernel_release: str | None
    network_namespace: Literal["initial", "own"] | None
    boot_files_apply: bool | None
    proc_sys_writable: bool | None
    init: Literal["systemd", "other"] | None
    memory_bytes: int | None
    root: bool | None
    uptime_seconds: Annotated[Count | None, Default(None)]


class Source(TypedDict):
    """kind: "live", or the name of a kind in _sources/_kinds.py; path: on the controller, None for a live host."""

    kind: str
    path: str | None


class NetworkParts(TypedDict):
    """What belongs to one network namespace.

    ipv4_keys: every tcp_* and ip_local_* file name in /proc/sys/net/ipv4, sorted; None where the source cannot tell.
    counters: group to counter name to value since boot; a missing name is a counter that this kernel does not have. Groups: "TcpExt",
    "Tcp", "Ip", and "nf_conntrack" (/proc/net/stat/nf_conntrack, summed over CPUs; missing where connection tracking is not loaded).
    sockstat: group ("sockets", "TCP", ...) to field to value.
    """

    sysctl: dict[str, Sysctl] | None
    ipv4_keys: list[str] | None
    sockstat: dict[str, dict[str, int]] | None
    counters: dict[str, dict[str, int]] | None
    sockets: Sockets | None
    nat: Annotated[Nat | None, Default(None)]


class Namespace(NetworkParts):
    """A network namespace of the host beside the one that was looked at first.

    name: what its owner calls it, and no other one has ("pod shop/cart"). hostname: that of its UTS namespace, None where this is the
    host's. kind: "container" for what a container runtime made, else "other". runtime: "kubernetes" for a pod, else what made it
    ("docker", "podman", "lxc", ...), None where that is not known. processes: how many are in it.
    sysctl: only keys that are otherwise than on the host. counters: only those that are not 0, of those that the host has.
    sample: likewise; None where the counters were read once.
    """

    name: Annotated[str, Label()]
    hostname: str | None
    kind: Literal["container", "other"]
    runtime: Annotated[str | None, Default(None)]
    processes: Count
    sample: Annotated[Sample | None, Default(None)]
    not_seen: list[str]


class _SnapshotRequired(NetworkParts):
    """schema is "linux_tcp.snapshot/3"; collected_at is UTC in ISO 8601 ("2026-01-31T12:00:00Z").

    not_seen: what could not be read and why, one sentence each.
    """

    schema: str
    collected_at: str | None
    source: Source
    host: HostFacts
    boot_files: BootFiles | None
    sample: Sample | None
    not_seen: list[str]


class PlaceSetting(TypedDict):
    """A setting in a file of a repository.

    key: one of those that the collection speaks about. value: None where a variable or a template stands. path: relative to the
    repository's root. form: how it is written, such as "assignment" or "command".
    """

    key: Annotated[str, Label()]
    value: str | None
    path: str
    line: Line
    form: str


class Place(TypedDict):
    """Settings that are applied together, and nothing beside them is known.

    name: the place in its file, "" for the whole file. kind: what they are for: a host; a container, whose runtime sets them when it
    starts; an image, in which nobody applies them; a document, which shows an example.
    """

    name: str
    kind: Literal["host", "container", "image", "document"]
    settings: list[PlaceSetting]


class OpenChange(TypedDict):
    """A change of tcp_profile that is not finished.

    journal: name of its file. profile: as tcp_profile was given it, empty where that is not known. phase: "applying" (a run is at
    work or was killed), "waiting" (for the controller's confirmation), "confirming", or "damaged" (the journal cannot be understood).
    this_boot: whether it was begun since the host started; None: not known.
    """

    journal: str
    profile: str
    phase: Literal["applying", "waiting", "confirming", "damaged"]
    this_boot: bool | None


class Excerpt(TypedDict):
    """What a text shows of a host that somebody pasted, where it may be less than the host had to tell.

    counters: the groups of which only some counters are shown: one that is missing there is unknown. sockets: why the sockets are
    not all of the host's; None where they are, and where there are none. kernel_log: how many lines of the kernel's log tell of
    "conntrack_full", "buckets_overflow", "syn_flooding" and "out_of_memory"; a name without a line is missing.
    """

    counters: list[str]
    sockets: str | None
    kernel_log: dict[str, Count]


class Snapshot(_SnapshotRequired, total=False):
    """probes: what the peers answered, one entry an address; missing where nobody asked.

    open_changes: missing where nobody looked, or where only root could have. namespaces: missing where nobody asked for them.
    places: of a repository, which is no host: then nothing else is known.
    excerpt: missing where the source shows all that it knows.
    """

    probes: list[Probe]
    open_changes: list[OpenChange]
    namespaces: list[Namespace]
    places: list[Place]
    excerpt: Excerpt
