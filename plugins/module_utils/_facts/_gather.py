# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Takes the snapshot of a live host."""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Collection, Iterable

from .._sysctl._boot_files import collect, not_read, withhold_values
from .._sysctl._keys import SYSCTL_KEYS, parse, path_of
from .._tree import errno_name
from ._changes import STATE_FOLDER, open_changes
from ._host_facts import host_facts
from ._nat import look
from ._proc import deltas, parse_conntrack_stat, parse_counters, parse_sockstat
from ._reader import ALWAYS, IPV4, PROC_LIMIT, Reader
from ._sockets import count_sockets, count_stuck
from ._trouble import in_trouble
from ._udp import TABLES, udp_listeners

if TYPE_CHECKING:
    from ...plugin_utils._nat_types import Nat
    from ...plugin_utils._snapshot_types import BootFiles, NetworkParts, Sample, Snapshot, Sysctl
    from ...plugin_utils._socket_types import Listener, Sockets
    from .._sysctl._keys import SysctlKey
    from .._tree import HostTree
    from ._namespace_names import Owner
    from ._proc import Groups
    from ._programs import ProgramWatch

SCHEMA = "linux_tcp.snapshot/3"
SUBSETS = ("sysctl", "boot_files", "counters", "sockets")

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
_COUNT_DIGITS = 12
# Long enough for some new connections on a host that is busy enough to fill its range.
_GLANCE_SECONDS = 0.5
# Long enough for some of a program's short connections to be there in one of the looks.
_PROGRAMS_SECONDS = 0.25


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


def gather(host: HostTree, subset: Collection[str], sample_seconds: float = 0, top: int = 20, programs: bool = True) -> Snapshot:
    """Everything known about the host's TCP now. No content of the host makes it raise; not_seen lists what could not be read.

    subset: parts to gather, of SUBSETS; the others are None. sample_seconds: with more than 0 the counters are read again
    after that many seconds. top: how many socket groups and destinations to name. programs: look for those that have the sockets.
    """
    return Gatherer(host).snapshot(subset, sample_seconds, top, programs)


class Gatherer(Reader):
    """One look at a host, or two where the growth of something decides."""

    _programs: ProgramWatch | None = None

    def __init__(self, host: HostTree, around: Owner | None = None) -> None:
        """around: who the network namespace belongs to, None for the host's own."""
        super().__init__(host)
        self._around = around

    def snapshot(self, subset: Collection[str], sample_seconds: float, top: int, programs: bool) -> Snapshot:
        started = time.monotonic()
        parts = self.parts(subset, top, glance=sample_seconds <= 0, programs=programs)
        snapshot: Snapshot = {
            "schema": SCHEMA,
            "collected_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "source": {"kind": "live", "path": None},
            "host": host_facts(self),
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
        elif self._programs is not None and sample_seconds > 0:
            self._wait_until(started + sample_seconds, parts["sockets"])
        return snapshot

    def parts(self, subset: Collection[str], top: int, glance: bool, programs: bool = True) -> NetworkParts:
        """What belongs to the network namespace that this process is in.

        glance: look twice where something decides that one look does not show. Without it, second_sample() has to follow.
        """
        counters = self._counters() if "counters" in subset else None
        parts: NetworkParts = {
            "sysctl": self._sysctl() if "sysctl" in subset else None,
            "ipv4_keys": self._ipv4_keys() if "sysctl" in subset else None,
            "sockstat": self._sockstat() if "counters" in subset else None,
            "counters": counters,
            "sockets": self._sockets(top) if "sockets" in subset else None,
            "nat": self._nat(top) if "sockets" in subset else None,
        }
        if parts["sockets"]:
            self._programs = self._watch(parts["sockets"], everything=not glance) if programs else None
            if glance:
                self._glance(parts["sockets"], counted=counters is not None)
        return parts

    def _watch(self, sockets: Sockets, everything: bool) -> ProgramWatch | None:
        ports = self._ephemeral_ports
        trouble = in_trouble(sockets, ports, everything)
        if not any(trouble):
            return None
        # Only loaded where it is needed.
        from ._programs import ProgramWatch

        return ProgramWatch(self.host, *trouble, ports, around=self._around)

    def _add_open_changes(self, snapshot: Snapshot) -> None:
        if not self.host.live:
            return
        try:
            snapshot["open_changes"] = open_changes(self.host)
        except OSError as error:
            self.cannot(f"Whether a change of this collection is open is unknown: {STATE_FOLDER}", error)

    def _sysctl(self) -> dict[str, Sysctl] | None:
        # Without /proc/sys every key would look absent, but they are not known.
        if self.host.kind(ALWAYS) == "missing":
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
            data = self.host.read(path, limit)
        except (FileNotFoundError, NotADirectoryError):
            return {"state": "absent"}
        except OSError as error:
            return {"state": "unreadable", "reason": errno_name(error)}
        if len(data) > limit:
            return {"state": "unreadable", "reason": "EFBIG"}
        raw = data.decode("utf-8", "replace").strip()
        one: Sysctl = {"state": "present", "raw": raw, "value": parse(sysctl_key, raw)}
        if self.host.live:
            one["writable"] = self.host.writable(path)
        return one

    def _ipv4_keys(self) -> list[str] | None:
        try:
            return [name for name in self.host.names(IPV4) if name.startswith(("tcp_", "ip_local_"))]
        except OSError as error:
            self.cannot(IPV4, error)
            return None

    def _boot_files(self, ipv4_names: Collection[str]) -> BootFiles:
        boot_files = collect(self.host)
        withhold_values(boot_files, ipv4_names)
        self.not_seen += not_read(boot_files)
        return boot_files

    def _sockstat(self) -> Groups | None:
        text = self.text(_SOCKSTAT, wanted=True)
        try:
            return None if text is None else parse_sockstat(text)
        except ValueError as error:
            self.not_seen.append(f"{_SOCKSTAT} has an unknown format: {error}.")
            return None

    def _counters(self) -> Groups | None:
        counters: Groups = {}
        for path, groups in _COUNTERS.items():
            text = self.text(path, wanted=True)
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
        text = self.text(_CONNTRACK_STAT)
        if text is not None:
            try:
                counters["nf_conntrack"] = parse_conntrack_stat(text)
            except ValueError as error:
                self.not_seen.append(f"{_CONNTRACK_STAT} has an unknown format: {error}.")
        return counters or None

    def _nat(self, top: int) -> Nat | None:
        if not self.host.live:
            return None
        ipvs = any(line.startswith(_IPVS_SERVICE) for line in (self.text(_IPVS) or "").split("\n"))
        count = (self.text(_CONNTRACK_COUNT) or "0").strip()
        nat, not_seen = look(int(count) if count.isdecimal() and len(count) <= _COUNT_DIGITS else 0, ipvs, top)
        self.not_seen.extend(not_seen)
        return nat

    def second_sample(self, first: Groups, sockets: Sockets | None, started: float, seconds: float) -> Sample | None:
        """How much grew since started, so many seconds later. None where the counters cannot be read any more.

        The programs of the sockets are watched meanwhile.
        """
        self._wait_until(started + seconds, sockets)
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

    def _wait_until(self, moment: float, sockets: Sockets | None) -> None:
        """Until a moment of the monotonic clock. The programs of the sockets are watched meanwhile, where there is a reason to."""
        if self._programs is None or sockets is None:
            time.sleep(max(0.0, moment - time.monotonic()))
            return
        self._programs.watch_until(moment)
        sockets["programs"], not_seen = self._programs.result()
        self.not_seen.extend(not_seen)

    def _glance(self, sockets: Sockets, counted: bool) -> None:
        """Where TIME_WAIT fills a third of the range, whether its ports are reused decides between a healthy host and a sick one.

        connect() that reuses ports stays in one half of the range, so half of it is never reached.
        """
        low, high = self._ephemeral_ports or (0, 65535)
        crowded = counted and any(3 * group["states"].get("time_wait", 0) > high - low for group in sockets["ports_in_use"])
        first, started = self._counters() if crowded else None, time.monotonic()
        if first is None:
            if self._programs is not None:
                self._wait_until(started + _PROGRAMS_SECONDS, sockets)
            return
        self._wait_until(started + _GLANCE_SECONDS, sockets)
        second, seconds = self._counters(), time.monotonic() - started
        grown = deltas(first, second) if second else {}
        opened, recycled = grown.get("Tcp", {}).get("ActiveOpens"), grown.get("TcpExt", {}).get("TWRecycled")
        if opened is not None and recycled is not None:
            sockets["reuse_sample"] = {"seconds": round(seconds, 3), "opened": opened, "recycled": recycled}

    def _sockets(self, top: int) -> Sockets | None:
        if not self.host.live:
            self.not_seen.append("Sockets were not counted: only a live host has sockets.")
            return None
        ports = self._ephemeral_ports
        sockets, not_seen = count_sockets(ports, top)
        self.not_seen.extend(not_seen)
        if sockets and ports:
            sockets["udp"] = self._udp(ports)
        return sockets

    def _udp(self, ports: tuple[int, int]) -> list[Listener] | None:
        texts = [self.text(path, wanted=path == TABLES[0]) for path in TABLES]
        # Without IPv6 in the kernel there is no second table.
        if texts[0] is None:
            return None
        if any(text and len(text) >= PROC_LIMIT for text in texts):
            self.not_seen.append(f"{TABLES[0]} is very long. Only its beginning was read.")
        return udp_listeners([text for text in texts if text], ports)

    @functools.cached_property
    def _ephemeral_ports(self) -> tuple[int, int] | None:
        one = self._one_sysctl(SYSCTL_KEYS["net.ipv4.ip_local_port_range"])
        ends = one.get("value")
        if not isinstance(ends, list):
            return None
        low, high = ends
        return (low, high) if isinstance(low, int) and isinstance(high, int) else None
