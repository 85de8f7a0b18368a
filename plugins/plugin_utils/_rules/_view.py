# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""How rules look at a snapshot: every question has an answer, or raises what makes the result unknown or not applicable."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ...module_utils._sysctl import _boot_order as boot_order
from ...module_utils._sysctl._keys import SYSCTL_KEYS, Refused, concerns_tcp, kernel_reads
from ...module_utils._sysctl._lines import READERS, matches
from .. import _capacity
from .._addresses import is_loopback
from ._base import CannotApplyError, MissingFactError

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from .._probe_types import Probe
    from .._snapshot_types import Assignment, BootFile, BootFiles, OpenChange, PortUse, Snapshot, Sockets, Sysctl

TIMESTAMPS = "net.ipv4.tcp_timestamps"
TW_REUSE = "net.ipv4.tcp_tw_reuse"
TW_REUSE_DELAY = "net.ipv4.tcp_tw_reuse_delay"
TW_RECYCLE = "net.ipv4.tcp_tw_recycle"
MAX_TW_BUCKETS = "net.ipv4.tcp_max_tw_buckets"
EHASH_ENTRIES = "net.ipv4.tcp_ehash_entries"
PORT_RANGE = "net.ipv4.ip_local_port_range"
RESERVED_PORTS = "net.ipv4.ip_local_reserved_ports"
UNPRIVILEGED_PORT_START = "net.ipv4.ip_unprivileged_port_start"
FIN_TIMEOUT = "net.ipv4.tcp_fin_timeout"
RFC1337 = "net.ipv4.tcp_rfc1337"
CONNTRACK_TIME_WAIT = "net.netfilter.nf_conntrack_tcp_timeout_time_wait"

IPV4 = "net.ipv4."


def in_state(group: PortUse, state: str) -> int:
    """How many of a group's ports are in a state, by its name in Sockets.states."""
    return group["states"].get(state, 0)


@dataclasses.dataclass(frozen=True)
class Growth:
    """How far a counter moved: between two samples (seconds is set), or since boot."""

    counter: str
    amount: int
    seconds: float | None

    @property
    def since_boot(self) -> bool:
        return self.seconds is None

    def __str__(self) -> str:
        return f"{self.counter} +{self.amount} " + ("since boot" if self.seconds is None else f"in {self.seconds:g} s")


@dataclasses.dataclass(frozen=True)
class BootSetting:
    """A boot-file line that sets one concrete key (a line with a glob makes one setting per key that it matches)."""

    key: str
    file: BootFile
    assignment: Assignment

    @property
    def text(self) -> str:
        return self.assignment["value"] or ""

    @property
    def path(self) -> str:
        """The file to edit, behind links."""
        return self.file["real_path"]

    @property
    def line(self) -> int:
        return self.assignment["line"]


@dataclasses.dataclass(frozen=True)
class BootValue:
    """What a key holds after boot: its raw value, and the line that set it."""

    raw: str
    setting: boot_order.Applied


class View:
    """One host's snapshot, asked by rules.

    Questions raise MissingFactError where the snapshot does not know, CannotApplyError where the host does not have the thing.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    # --- sysctl keys -----------------------------------------------------------------------------------------------

    def sysctl(self, key: str) -> Sysctl:
        """A present key."""
        if self.snapshot["sysctl"] is None or key not in self.snapshot["sysctl"]:
            raise MissingFactError(f"{key} was not observed")
        found = self.snapshot["sysctl"][key]
        if found["state"] == "absent":
            raise CannotApplyError(f"this kernel or namespace has no {key}")
        if found["state"] == "unreadable":
            raise MissingFactError(f"{key} could not be read ({found.get('reason', 'no reason given')})")
        return found

    def has(self, key: str) -> bool | None:
        """True or False where it is known whether the kernel has the key, else None."""
        found = (self.snapshot["sysctl"] or {}).get(key)
        return None if found is None else found["state"] != "absent"

    def raw(self, key: str) -> str:
        """A present key's text, as one line."""
        return " ".join(self.sysctl(key).get("raw", "").split())

    def number(self, key: str) -> int:
        """A present key's number."""
        value = self.sysctl(key).get("value")
        if not isinstance(value, int):
            raise MissingFactError(f"{key} holds {self.raw(key)!r}, which is not a number")
        return value

    def shown(self, key: str) -> str:
        """The key's value for evidence: its text, "absent" or "unknown"."""
        try:
            return self.raw(key)
        except CannotApplyError:
            return "absent"
        except MissingFactError:
            return "unknown"

    # --- ports -----------------------------------------------------------------------------------------------------

    def port_range(self) -> tuple[int, int]:
        """Lowest and highest ephemeral port."""
        value = self.sysctl(PORT_RANGE).get("value")
        if isinstance(value, list) and len(value) == 2:
            low, high = value
            if isinstance(low, int) and isinstance(high, int):
                return low, high
        raise MissingFactError(f"{PORT_RANGE} holds {self.raw(PORT_RANGE)!r}, which is not a range")

    def reserved_ports(self) -> list[tuple[int, int]]:
        """Ranges of ip_local_reserved_ports; none where the kernel does not have the key."""
        try:
            value = self.sysctl(RESERVED_PORTS).get("value")
        except CannotApplyError:
            return []
        if not isinstance(value, list):
            raise MissingFactError(f"{RESERVED_PORTS} holds {self.raw(RESERVED_PORTS)!r}, which is not a port list")
        return [(int(pair[0]), int(pair[1])) for pair in value if isinstance(pair, list) and len(pair) == 2]

    def is_reserved(self, port: int) -> bool:
        return any(low <= port <= high for low, high in self.reserved_ports())

    @functools.cached_property
    def usable_ports(self) -> int:
        """Ports of the range that are not reserved: how many connections one (source, destination, port) can hold at once."""
        return _capacity.usable_ports(*self.port_range(), self.reserved_ports())

    @functools.cached_property
    def busiest(self) -> PortUse | None:
        """The (source, destination, destination port) that holds most local ports; None where nothing connects out."""
        groups = self.sockets["ports_in_use"]
        return max(groups, key=lambda group: group["ports"]) if groups else None

    def taken_ports(self, group: PortUse) -> int:
        """Ports of a group that a new connection cannot have: all of them, without those in TIME_WAIT that can be reused for sure."""
        reusable = self.reuses(group["destination"]) and self.negotiates_timestamps(group["destination"], group["destination_port"])
        return group["ports"] - (in_state(group, "time_wait") if reusable else 0)

    def port_share_percent(self, group: PortUse) -> float:
        """Share of the usable ports that a group takes, in percent; 100 where there are none at all."""
        return 100.0 * self.taken_ports(group) / self.usable_ports if self.usable_ports else 100.0

    def under_port_pressure(self, percent: int) -> bool | None:
        """Whether some destination takes at least this share of the usable ports; None where that is not known."""
        try:
            return any(self.port_share_percent(group) >= percent for group in self.sockets["ports_in_use"])
        except (MissingFactError, CannotApplyError):
            return None

    # --- reuse of TIME_WAIT ----------------------------------------------------------------------------------------

    def reuses(self, destination: str) -> bool:
        """Whether tcp_tw_reuse and tcp_timestamps of this host let connect() reuse TIME_WAIT ports towards an address."""
        try:
            reuse = self.number(TW_REUSE)
            return self.number(TIMESTAMPS) != 0 and (reuse == 1 or (reuse == 2 and is_loopback(destination)))
        except (MissingFactError, CannotApplyError):
            return False

    @property
    def reuse_delay(self) -> float:
        """Seconds after which a port in TIME_WAIT may be reused; the default where the kernel has no key for it."""
        try:
            # The kernel allows no other delays, and the model takes no others: a damaged snapshot may hold any number.
            return min(max(self.number(TW_REUSE_DELAY), 1), _capacity.TIME_WAIT_SECONDS * 1000) / 1000
        except (MissingFactError, CannotApplyError):
            return _capacity.REUSE_DELAY_SECONDS_OLD if self.has(TW_RECYCLE) else _capacity.REUSE_DELAY_SECONDS

    @property
    def open_changes(self) -> list[OpenChange]:
        """Changes of tcp_profile that are not finished."""
        if "open_changes" not in self.snapshot:
            raise MissingFactError("whether a change of this collection is open was not observed")
        return self.snapshot["open_changes"]

    @property
    def probes(self) -> list[Probe]:
        """What the probes of peers found; empty where nothing was probed."""
        return self.snapshot.get("probes", [])

    def negotiates_timestamps(self, destination: str, port: int) -> bool | None:
        """Whether connections to a destination negotiate timestamps, by its open connections or else by a probe; None: not known.

        Several hosts may share one address, some with timestamps and some without: the more frequent answer counts.
        """
        sockets = self.snapshot["sockets"]
        for use in sockets["timestamps"] if sockets else ():
            if (use["destination"], use["destination_port"]) == (destination, port) and use["negotiated"] != use["not_negotiated"]:
                return use["negotiated"] > use["not_negotiated"]
        for probe in self.probes:
            if (probe["address"], probe["port"]) == (destination, port) and probe["timestamps"] is not None:
                return probe["timestamps"]
        return None

    # --- sockets and counters --------------------------------------------------------------------------------------

    @property
    def sockets(self) -> Sockets:
        if self.snapshot["sockets"] is None:
            raise MissingFactError("sockets were not observed")
        return self.snapshot["sockets"]

    def time_wait(self) -> int:
        """TIME_WAIT sockets of this network namespace, both families. Not sockstat's tw, which counts orphaned FIN_WAIT2 sockets, too."""
        return sum(states.get("time_wait", 0) for states in self.sockets["states"].values())

    def bucket_use(self) -> int:
        """Sockets that count against tcp_max_tw_buckets: TIME_WAIT and orphaned FIN_WAIT2, both families."""
        try:
            return (self.snapshot["sockstat"] or {})["TCP"]["tw"]
        except KeyError:
            return self.time_wait() + (self.sockets["fin_wait2_orphans"] or 0)

    def growth(self, group: str, counter: str) -> Growth:
        """How far a counter grew, between two samples where there are two."""
        counters = self.snapshot["counters"]
        if counters is None or group not in counters:
            raise MissingFactError(f"the {group} counters were not observed")
        if counter not in counters[group]:
            raise CannotApplyError(f"this kernel has no counter {counter}")
        sample = self.snapshot["sample"]
        if sample is None:
            return Growth(counter, counters[group][counter], None)
        delta = sample["deltas"].get(group, {}).get(counter)
        if delta is None:
            raise MissingFactError(f"{counter} became smaller between the two samples, or was missing in one")
        return Growth(counter, delta, sample["seconds"])

    def counter(self, group: str, counter: str) -> int | None:
        """A counter's value since boot, for evidence."""
        return (self.snapshot["counters"] or {}).get(group, {}).get(counter)

    # --- boot files ------------------------------------------------------------------------------------------------

    @property
    def boot_files(self) -> BootFiles:
        if self.snapshot["boot_files"] is None:
            raise MissingFactError("boot files were not observed")
        return self.snapshot["boot_files"]

    def unread_boot_files(self) -> list[str]:
        """Paths of the boot files that a reader reads and whose content is not known."""
        return sorted({path for reader in READERS for path in boot_order.unseen(self.boot_files, reader)})

    @functools.cached_property
    def known_keys(self) -> list[str]:
        """Concrete keys that a glob in a boot file can match."""
        present = [key for key, found in (self.snapshot["sysctl"] or {}).items() if found["state"] != "absent"]
        names = self.snapshot["ipv4_keys"]
        if names is None:
            return sorted({*present, *SYSCTL_KEYS})
        return sorted({*present, *(IPV4 + name for name in names)})

    @functools.cached_property
    def boot_reader(self) -> str:
        """The reader that sets the keys at boot: systemd-sysctl, unless the host is known to boot without systemd."""
        return "procps" if self.snapshot["host"]["init"] == "other" else "systemd"

    @functools.cached_property
    def _writes(self) -> dict[str, dict[str, list[boot_order.Applied]]]:
        return {reader: boot_order.writes(self.boot_files, reader, self.known_keys) for reader in READERS}

    def boot_values(self, reader: str) -> dict[str, BootValue]:
        """What each of SYSCTL_KEYS holds after a reader has set it; texts that the kernel refuses change nothing."""
        bounds = self.bounding_values()
        result = {}
        for key, texts in self._writes[reader].items():
            sysctl_key = SYSCTL_KEYS.get(key)
            if sysctl_key is None:
                continue
            raw = self.shown(key) if self.has(key) else None
            for text in texts:
                read = None if text.value is None else kernel_reads(sysctl_key, text.value, raw, bounds)
                if read is not None and not isinstance(read, Refused) and read.raw is not None:
                    raw = " ".join(read.raw.split())
                    result[key] = BootValue(raw, text)
        return result

    def bounding_values(self) -> dict[str, str]:
        """Raw values of the keys that bound one another: the port range and the first unprivileged port."""
        shown = {key: self.shown(key) for key in (UNPRIVILEGED_PORT_START, PORT_RANGE)}
        if shown[UNPRIVILEGED_PORT_START] == "absent":
            shown[UNPRIVILEGED_PORT_START] = "1"
        return {key: raw for key, raw in shown.items() if raw not in ("absent", "unknown")}

    def boot_settings(self, *wanted: str) -> Iterator[BootSetting]:
        """Every line of a file that some reader reads, for these keys (all TCP keys where none is named), patterns included."""
        seen = set()
        for file in self.boot_files["files"]:
            if file["readers"] and file["real_path"] not in seen:
                seen.add(file["real_path"])
                yield from self.boot_settings_in(file, *wanted)

    def last_boot_settings(self, key: str) -> Iterator[BootSetting]:
        """Those lines of a key that win for one of the readers."""
        real = {file["path"]: file["real_path"] for file in self.boot_files["files"]}
        last = [self.boot_values(reader)[key].setting for reader in READERS if key in self.boot_values(reader)]
        places = {(real[one.path], one.line) for one in last}
        return (one for one in self.boot_settings(key) if (one.path, one.line) in places)

    def boot_settings_in(self, file: BootFile, *wanted: str) -> Iterator[BootSetting]:
        """The same for one file, read or not."""
        for assignment in file["assignments"]:
            if assignment["value"] is None:
                continue
            if assignment["is_glob"]:
                candidates = wanted or [key for key in self.known_keys if concerns_tcp(key)]
                keys = [key for key in candidates if matches(assignment["key"], "systemd", key)]
            else:
                keys = [assignment["key"]] if (assignment["key"] in wanted if wanted else concerns_tcp(assignment["key"])) else []
            for key in keys:
                yield BootSetting(key, file, assignment)
