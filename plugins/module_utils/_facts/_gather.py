# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Takes the snapshot of a live host."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Collection, Iterable, Literal

from .._sysctl._boot_files import collect, withhold_values
from .._sysctl._keys import SYSCTL_KEYS, parse, path_of
from .._tree import HostTree, errno_name
from ._changes import STATE_FOLDER, open_changes
from ._nat import look
from ._proc import deltas, parse_conntrack_stat, parse_counters, parse_sockstat
from ._sockets import count_sockets, count_stuck
from ._udp import TABLES, udp_listeners

if TYPE_CHECKING:
    from ...plugin_utils._nat_types import Nat
    from ...plugin_utils._snapshot_types import BootFiles, HostFacts, Listener, NetworkParts, Sample, Snapshot, Sockets, Sysctl
    from .._sysctl._keys import SysctlKey
    from ._proc import Groups

SCHEMA = "linux_tcp.snapshot/3"
# The beginning of a sentence in not_seen.
BOOT_FILES_UNKNOWN = "Whether boot files apply to this network namespace is unknown"
SUBSETS = ("sysctl", "boot_files", "counters", "sockets")

_IPV4 = "/proc/sys/net/ipv4"
# Exists in the initial network namespace only, in every kernel.
_INIT_ONLY = _IPV4 + "/tcp_max_orphans"
# Exists in every network namespace.
_ALWAYS = _IPV4 + "/ip_forward"
# The link of the pid namespace that the machine booted with (PROC_PID_INIT_INO in linux/proc_ns.h).
_FIRST_PID_NAMESPACE = "pid:[4026531836]"

_COUNTERS = {"/proc/net/netstat": ("TcpExt",), "/proc/net/snmp": ("Tcp", "Ip")}
_CONNTRACK_STAT = "/proc/net/stat/nf_conntrack"
_CONNTRACK_COUNT = "/proc/sys/net/netfilter/nf_conntrack_count"
# Its first three lines are a heading; a service of IPVS follows.
_IPVS = "/proc/net/ip_vs"
_IPVS_SERVICE = ("TCP ", "UDP ", "SCTP ")
_SOCKSTAT = "/proc/net/sockstat"

_VALUE_LIMIT = 4096
# ip_local_reserved_ports with every second port in it; the kernel gives it in one read or not at all.
_PORTS_LIMIT = 200_000
_PROC_LIMIT = 1 << 20
_NAME_LIMIT = 255
# More is no memory of any machine, and its bytes have to fit into 64 bits.
_KILOBYTES_DIGITS = 15
_SECONDS_DIGITS = 12
_NAMED_FILES = 10
# Long enough for some new connections on a host that is busy enough to fill its range.
_GLANCE_SECONDS = 0.5


def chosen_subset(wanted: Iterable[str]) -> set[str]:
    """The parts that a list of names asks for: "all", parts, and with "!" in front the parts to leave out.

    A list of only parts to leave out means all others. "!all" leaves out all parts that are not named.
    """
    names = set(wanted)
    left_out = {name[1:] for name in names if name.startswith("!")}
    named = {name for name in names if not name.startswith("!")}
    if "all" in named or not named:
        named |= set(SUBSETS) if "all" not in left_out else set()
    return (named - left_out) & set(SUBSETS)


def gather(host: HostTree, subset: Collection[str], sample_seconds: float = 0, top: int = 20) -> Snapshot:
    """Everything known about the host's TCP now. No content of the host makes it raise; not_seen lists what could not be read.

    subset: parts to gather, of SUBSETS; the others are None. sample_seconds: with more than 0 the counters are read again
    after that many seconds. top: how many socket groups and destinations to name.
    """
    return Gatherer(host).snapshot(subset, sample_seconds, top)


class Gatherer:
    """One look at a host. not_seen: what could not be read and why, one sentence each."""

    def __init__(self, host: HostTree) -> None:
        self._host = host
        self.not_seen: list[str] = []

    def snapshot(self, subset: Collection[str], sample_seconds: float, top: int) -> Snapshot:
        started = time.monotonic()
        parts = self.parts(subset, top, glance=sample_seconds <= 0)
        snapshot: Snapshot = {
            "schema": SCHEMA,
            "collected_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "source": {"kind": "live", "path": None},
            "host": self._host_facts(),
            "boot_files": self._boot_files(parts["ipv4_keys"] or ()) if "boot_files" in subset else None,
            "sample": None,
            "sysctl": parts["sysctl"],
            "ipv4_keys": parts["ipv4_keys"],
            "sockstat": parts["sockstat"],
            "counters": parts["counters"],
            "sockets": parts["sockets"],
            "nat": parts["nat"],
            "not_seen": self.not_seen,
        }
        self._add_open_changes(snapshot)
        if parts["counters"] and sample_seconds > 0:
            snapshot["sample"] = self.second_sample(parts["counters"], parts["sockets"], started, sample_seconds)
        return snapshot

    def parts(self, subset: Collection[str], top: int, glance: bool) -> NetworkParts:
        """What belongs to the network namespace that this process is in. glance: look twice where reuse of ports decides."""
        counters = self._counters() if "counters" in subset else None
        parts: NetworkParts = {
            "sysctl": self._sysctl() if "sysctl" in subset else None,
            "ipv4_keys": self._ipv4_keys() if "sysctl" in subset else None,
            "sockstat": self._sockstat() if "counters" in subset else None,
            "counters": counters,
            "sockets": self._sockets(top) if "sockets" in subset else None,
            "nat": self._nat(top) if "sockets" in subset else None,
        }
        if glance and counters and parts["sockets"]:
            self._glance_at_reuse(parts["sockets"])
        return parts

    def _add_open_changes(self, snapshot: Snapshot) -> None:
        if not self._host.live:
            return
        try:
            snapshot["open_changes"] = open_changes(self._host)
        except OSError as error:
            self._cannot(f"Whether a change of this collection is open is unknown: {STATE_FOLDER}", error)

    def _host_facts(self) -> HostFacts:
        namespace = self._namespace()
        return {
            "hostname": self._name("/proc/sys/kernel/hostname"),
            "kernel_release": self._name("/proc/sys/kernel/osrelease"),
            "network_namespace": namespace,
            "boot_files_apply": self._boot_files_apply(namespace),
            "proc_sys_writable": self._host.writable(_ALWAYS) if self._host.live else None,
            "init": self._init(),
            "memory_bytes": self._memory_bytes(),
            "root": os.geteuid() == 0 if self._host.live else None,
            "uptime_seconds": self._uptime_seconds(),
        }

    def _namespace(self) -> Literal["initial", "own"] | None:
        if self._host.kind(_INIT_ONLY) == "file":
            return "initial"
        return "own" if self._host.kind(_ALWAYS) == "file" else None

    def _boot_files_apply(self, namespace: str | None) -> bool | None:
        # In a container nothing reads boot files, unless the container boots with systemd.
        if self._in_container() and self._init() != "systemd":
            return False
        try:
            return self._host.link_target("/proc/self/ns/net") == self._host.link_target("/proc/1/ns/net")
        except OSError as error:
            # Boot files set the keys of the initial namespace.
            if namespace == "initial":
                return True
            self._cannot(f"{BOOT_FILES_UNKNOWN}: /proc/1/ns/net", error)
            return None

    def _in_container(self) -> bool:
        try:
            return self._host.link_target("/proc/self/ns/pid") != _FIRST_PID_NAMESPACE
        except OSError:
            return False

    def _init(self) -> Literal["systemd", "other"] | None:
        # The folder that systemd itself makes to say that it runs (sd_booted(3)).
        if self._host.kind("/run/systemd/system") == "folder":
            return "systemd"
        return "other" if self._host.kind("/proc/1") == "folder" else None

    def _memory_bytes(self) -> int | None:
        for line in (self._text("/proc/meminfo") or "").split("\n"):
            words = line.split()
            if len(words) == 3 and words[0] == "MemTotal:" and words[1].isdecimal() and len(words[1]) <= _KILOBYTES_DIGITS:
                return int(words[1]) * 1024
        return None

    def _uptime_seconds(self) -> int | None:
        whole = (self._text("/proc/uptime") or "").partition(".")[0]
        return int(whole) if whole.isdecimal() and whole.isascii() and len(whole) <= _SECONDS_DIGITS else None

    def _name(self, path: str) -> str | None:
        text = self._text(path)
        return text.strip()[:_NAME_LIMIT] if text else None

    def _sysctl(self) -> dict[str, Sysctl] | None:
        # Without /proc/sys every key would look absent, but they are not known.
        if self._host.kind(_ALWAYS) == "missing":
            return None
        found = {key: self._one_sysctl(sysctl_key) for key, sysctl_key in SYSCTL_KEYS.items()}
        unreadable = [f"{key} ({one['reason']})" for key, one in found.items() if one["state"] == "unreadable"]
        if unreadable:
            self.not_seen.append(f"These sysctl keys exist but could not be read: {', '.join(unreadable)}.")
        return found

    def _one_sysctl(self, sysctl_key: SysctlKey) -> Sysctl:
        path = path_of(sysctl_key.name)
        limit = _PORTS_LIMIT if sysctl_key.kind == "ports" else _VALUE_LIMIT
        try:
            data = self._host.read(path, limit)
        except (FileNotFoundError, NotADirectoryError):
            return {"state": "absent"}
        except OSError as error:
            return {"state": "unreadable", "reason": errno_name(error)}
        if len(data) > limit:
            return {"state": "unreadable", "reason": "EFBIG"}
        raw = data.decode("utf-8", "replace").strip()
        one: Sysctl = {"state": "present", "raw": raw, "value": parse(sysctl_key, raw)}
        if self._host.live:
            one["writable"] = self._host.writable(path)
        return one

    def _ipv4_keys(self) -> list[str] | None:
        try:
            return [name for name in self._host.names(_IPV4) if name.startswith(("tcp_", "ip_local_"))]
        except OSError as error:
            self._cannot(_IPV4, error)
            return None

    def _boot_files(self, ipv4_names: Collection[str]) -> BootFiles:
        boot_files = collect(self._host)
        withhold_values(boot_files, ipv4_names)
        unread = [f"{file['path']} ({file['reason']})" for file in boot_files["files"] if file["unread_because"] == "unreadable"]
        if unread:
            more = f" and {len(unread) - _NAMED_FILES} more" if len(unread) > _NAMED_FILES else ""
            self.not_seen.append(f"These boot files could not be read: {', '.join(unread[:_NAMED_FILES])}{more}.")
        return boot_files

    def _sockstat(self) -> Groups | None:
        text = self._text(_SOCKSTAT, wanted=True)
        try:
            return None if text is None else parse_sockstat(text)
        except ValueError as error:
            self.not_seen.append(f"{_SOCKSTAT} has an unknown format: {error}.")
            return None

    def _counters(self) -> Groups | None:
        counters: Groups = {}
        for path, groups in _COUNTERS.items():
            text = self._text(path, wanted=True)
            if text is None:
                continue
            try:
                found = parse_counters(text)
            except ValueError as error:
                self.not_seen.append(f"{path} has an unknown format: {error}.")
                continue
            counters.update({group: found[group] for group in groups if group in found})
            if groups[0] not in found:
                self.not_seen.append(f"{path} has no group {groups[0]}.")
        text = self._text(_CONNTRACK_STAT)
        if text is not None:
            try:
                counters["nf_conntrack"] = parse_conntrack_stat(text)
            except ValueError as error:
                self.not_seen.append(f"{_CONNTRACK_STAT} has an unknown format: {error}.")
        return counters or None

    def _nat(self, top: int) -> Nat | None:
        if not self._host.live:
            return None
        ipvs = any(line.startswith(_IPVS_SERVICE) for line in (self._text(_IPVS) or "").split("\n"))
        count = (self._text(_CONNTRACK_COUNT) or "0").strip()
        nat, not_seen = look(int(count) if count.isdecimal() and len(count) <= _SECONDS_DIGITS else 0, ipvs, top)
        self.not_seen.extend(not_seen)
        return nat

    def second_sample(self, first: Groups, sockets: Sockets | None, started: float, seconds: float) -> Sample | None:
        """How much grew since started, so many seconds later. None where the counters cannot be read any more."""
        time.sleep(max(0.0, started + seconds - time.monotonic()))
        taken = time.monotonic()
        second = self._counters()
        if second is None:
            return None
        stuck = count_stuck() if sockets else None
        grown = None
        if sockets and stuck is not None:
            before = sockets["states"].values()
            grown = {state: count - sum(states.get(state, 0) for states in before) for state, count in stuck.items()}
        return {"seconds": round(taken - started, 3), "deltas": deltas(first, second), "states": grown}

    def _glance_at_reuse(self, sockets: Sockets) -> None:
        """Where TIME_WAIT fills a third of the range, whether its ports are reused decides between a healthy host and a sick one.

        connect() that reuses ports stays in one half of the range, so half of it is never reached.
        """
        low, high = self._ephemeral_ports() or (0, 65535)
        if not any(3 * group["states"].get("time_wait", 0) > high - low for group in sockets["ports_in_use"]):
            return
        first, started = self._counters(), time.monotonic()
        time.sleep(_GLANCE_SECONDS)
        second, seconds = self._counters(), time.monotonic() - started
        grown = deltas(first, second) if first and second else {}
        opened, recycled = grown.get("Tcp", {}).get("ActiveOpens"), grown.get("TcpExt", {}).get("TWRecycled")
        if opened is not None and recycled is not None:
            sockets["reuse_sample"] = {"seconds": round(seconds, 3), "opened": opened, "recycled": recycled}

    def _sockets(self, top: int) -> Sockets | None:
        if not self._host.live:
            self.not_seen.append("Sockets were not counted: only a live host has sockets.")
            return None
        ports = self._ephemeral_ports()
        sockets, not_seen = count_sockets(ports, top)
        self.not_seen.extend(not_seen)
        if sockets and ports:
            sockets["udp"] = self._udp(ports)
        return sockets

    def _udp(self, ports: tuple[int, int]) -> list[Listener] | None:
        texts = [self._text(path, wanted=path == TABLES[0]) for path in TABLES]
        # Without IPv6 in the kernel there is no second table.
        if texts[0] is None:
            return None
        if any(text and len(text) >= _PROC_LIMIT for text in texts):
            self.not_seen.append(f"{TABLES[0]} is very long. Only its beginning was read.")
        return udp_listeners([text for text in texts if text], ports)

    def _ephemeral_ports(self) -> tuple[int, int] | None:
        one = self._one_sysctl(SYSCTL_KEYS["net.ipv4.ip_local_port_range"])
        ends = one.get("value")
        if not isinstance(ends, list):
            return None
        low, high = ends
        return (low, high) if isinstance(low, int) and isinstance(high, int) else None

    def _text(self, path: str, wanted: bool = False) -> str | None:
        """A file under /proc as text. None if it cannot be read; not_seen then names it if it is wanted."""
        try:
            return self._host.read(path, _PROC_LIMIT)[:_PROC_LIMIT].decode("utf-8", "replace")
        except OSError as error:
            if wanted:
                self._cannot(path, error)
            return None

    def _cannot(self, what: str, error: OSError) -> None:
        self.not_seen.append(f"{what} could not be read ({errno_name(error)}).")
