# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots for tests: a healthy, untuned, current server, and what a test changes about it."""

from __future__ import annotations

import errno
import posixpath
import typing as t

from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_files import collect
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import SYSCTL_KEYS, parse

if t.TYPE_CHECKING:
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._nat_types import Nat
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._probe_types import Probe
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import BootFiles, Namespace, Snapshot, Sysctl
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._socket_types import Listener, PortUse, Sockets, TimestampUse

# What a fresh network namespace of Linux 6.18 holds (measured), for the keys that rules ask about.
UNTUNED = {
    "net.ipv4.tcp_timestamps": "1",
    "net.ipv4.tcp_tw_reuse": "2",
    "net.ipv4.tcp_tw_reuse_delay": "1000",
    "net.ipv4.tcp_max_tw_buckets": "262144",
    "net.ipv4.tcp_ehash_entries": "524288",
    "net.ipv4.ip_local_port_range": "32768\t60999",
    "net.ipv4.ip_local_reserved_ports": "",
    "net.ipv4.ip_unprivileged_port_start": "1024",
    "net.ipv4.tcp_fin_timeout": "60",
    "net.ipv4.tcp_rfc1337": "0",
    "net.ipv4.tcp_max_orphans": "262144",
    "net.netfilter.nf_conntrack_tcp_timeout_time_wait": "120",
}

COUNTERS = {
    "TcpExt": {
        "TW": 12000,
        "TWRecycled": 0,
        "PAWSActive": 0,
        "PAWSEstab": 3,
        "PAWSTimewait": 0,
        "TCPTimeWaitOverflow": 0,
        "TCPACKSkippedTimeWait": 0,
        "TCPAbortOnClose": 0,
        "TCPAbortOnData": 10,
    },
    "Tcp": {"ActiveOpens": 500, "PassiveOpens": 40000, "CurrEstab": 40},
}


class FakeTree:
    """A host's files in memory: path to content; None is /dev/null; a text that starts with "-> " is a link."""

    def __init__(self, files: t.Mapping[str, str | bytes | None]) -> None:
        self._files = files

    def real_path(self, path: str) -> str:
        for _hop in range(10):
            content = self._files.get(path)
            if not isinstance(content, str) or not content.startswith("-> "):
                return path
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), content[3:]))
        raise OSError(errno.ELOOP, "too many links", path)

    def kind(self, path: str) -> str:
        path = self.real_path(path)
        if path in self._files:
            return "null" if self._files[path] is None else "file"
        return "folder" if any(name.startswith(path + "/") for name in self._files) else "missing"

    def names(self, path: str) -> list[str]:
        found = {name[len(path) + 1 :].split("/")[0] for name in self._files if name.startswith(path + "/")}
        if not found:
            raise FileNotFoundError(errno.ENOENT, "no such folder", path)
        return sorted(found)

    def read(self, path: str, limit: int) -> bytes:
        content = self._files.get(self.real_path(path), b"") or b""
        return (content.encode() if isinstance(content, str) else content)[: limit + 1]


def boot_files(files: t.Mapping[str, str | bytes | None]) -> BootFiles:
    return collect(FakeTree(files))


def sysctl(values: t.Mapping[str, str | None]) -> dict[str, Sysctl]:
    """Present keys with their raw values; None is an absent key."""
    found: dict[str, Sysctl] = {}
    for key, raw in values.items():
        found[key] = {"state": "absent"} if raw is None else {"state": "present", "raw": raw, "value": parse(SYSCTL_KEYS[key], raw)}
    return found


def sockets(**changes: t.Any) -> Sockets:
    base: Sockets = {
        "states": {"ipv4": {"established": 40, "listen": 2, "time_wait": 0}, "ipv6": {}},
        "listeners": [listener(22), listener(443, "::")],
        "listeners_left_out": 0,
        "time_wait_listening": 0,
        "time_wait_outgoing": 0,
        "outgoing": 0,
        "ports_in_use": [],
        "error_bound": 0,
        "timestamps": [],
        "source_ports": [],
        "source_ports_left_out": 0,
        "accepted": [],
        "fin_wait2_orphans": 0,
        "udp": [],
        "reuse_sample": None,
        "programs": None,
    }
    return t.cast("Sockets", {**base, **changes})


def namespace(**changes: t.Any) -> Namespace:
    """A pod in which everything is as on the host."""
    base: Namespace = {
        "name": "pod shop/cart",
        "hostname": None,
        "kind": "container",
        "runtime": "kubernetes",
        "processes": 3,
        "sysctl": {},
        "ipv4_keys": None,
        "sockstat": {},
        "counters": {"TcpExt": {}, "Tcp": {}, "Ip": {}},
        "sample": None,
        "sockets": sockets(),
        "nat": nat(),
        "not_seen": [],
    }
    return t.cast("Namespace", {**base, **changes})


def nat(**changes: t.Any) -> Nat:
    """Connection tracking that sees no source NAT, and a firewall without NAT rules."""
    base: Nat = {
        "snat": [],
        "snat_entries": 0,
        "error_bound": 0,
        "complete": True,
        "pools": [],
        "dnat": [],
        "rules_from": "nft",
        "kubernetes": False,
    }
    return t.cast("Nat", {**base, **changes})


def listener(port: int, address: str = "0.0.0.0", queue: int | None = 0, backlog: int | None = 128) -> Listener:
    return {"family": "ipv6" if ":" in address else "ipv4", "address": address, "port": port, "queue": queue, "backlog": backlog}


def towards(
    ports: int, time_wait: int = 0, destination: str = "192.0.2.80", port: int = 80, device: str | None = None, **states: int
) -> PortUse:
    """Ports towards one destination: so many in TIME_WAIT, so many in each of these states, and the others established."""
    held = {"time_wait": time_wait, **states}
    held["established"] = ports - sum(held.values())
    return {
        "device": device,
        "source": "192.0.2.10",
        "destination": destination,
        "destination_port": port,
        "ports": ports,
        "states": {state: count for state, count in held.items() if count},
        "begun": 0,
        "bind_parity": 0,
    }


def negotiated(yes: int, no: int = 0, destination: str = "192.0.2.80", port: int = 80) -> TimestampUse:
    """How many living connections to a destination have timestamps and how many have not."""
    return {"destination": destination, "destination_port": port, "negotiated": yes, "not_negotiated": no}


def probe(timestamps: bool | None = True, closes: str | None = None, destination: str = "192.0.2.80", **changes: t.Any) -> Probe:
    """A probe of one address; closes: who ended the connection after `Connection: close`, None where HTTP was not asked for."""
    kept = {"connection_close": closes, "http_1_0": closes, "keep_alive": "local"}
    base = {
        "host": destination,
        "port": 80,
        "address": destination,
        "family": "ipv4",
        "source": "192.0.2.10",
        "reached": True,
        "error": None,
        "message": "",
        "timestamps": timestamps,
        "sack": True,
        "window_scaling": True,
        "ecn": False,
        "mss": 1460,
        "rtt_us": 250,
        "tls": None,
        "http": closes and {"status": 200, "closes": kept, "keep_alive_seconds": None, "keep_alive_bound": 2.0},
    }
    return t.cast("Probe", {**base, **changes})


def snapshot(
    keys: t.Mapping[str, str | None] | None = None,
    *,
    files: t.Mapping[str, str | bytes | None] | None = None,
    counted: t.Mapping[str, int | None] | None = None,
    grown: t.Mapping[str, int | None] | None = None,
    without: t.Sequence[str] = (),
    **parts: t.Any,
) -> Snapshot:
    """The healthy server with these changes.

    keys: sysctl values (None: absent). files: its boot files. counters: TcpExt or Tcp values since boot (None: the kernel lacks it).
    grown: takes a second sample after 5 seconds in which these counters grew so much (None: shrank) and all others by nothing.
    without: keys that were not observed. parts: whole parts of the snapshot; host is merged.
    """
    values = {**UNTUNED, "net.ipv4.tcp_tw_recycle": None, **(keys or {})}
    counters: dict[str, dict[str, int]] = {group: dict(values) for group, values in COUNTERS.items()}
    for name, value in (counted or {}).items():
        group = "Tcp" if name in COUNTERS["Tcp"] else "TcpExt"
        if value is None:
            counters[group].pop(name, None)
        else:
            counters[group][name] = value
    deltas: dict[str, dict[str, int | None]] = {group: dict.fromkeys(values, 0) for group, values in counters.items()}
    for name, growth in (grown or {}).items():
        deltas["Tcp" if name in counters["Tcp"] else "TcpExt"][name] = growth
    host = {
        "hostname": "web1",
        "kernel_release": "6.18.44",
        "network_namespace": "initial",
        "boot_files_apply": True,
        "proc_sys_writable": True,
        "init": "systemd",
        "memory_bytes": 8 << 30,
        "root": True,
        "uptime_seconds": 86400,
        **parts.pop("host", {}),
    }
    made: dict[str, t.Any] = {
        "schema": "linux_tcp.snapshot/3",
        "collected_at": "2026-11-21T12:00:00Z",
        "source": {"kind": "live", "path": None},
        "host": host,
        "sysctl": {key: value for key, value in sysctl(values).items() if key not in without},
        "ipv4_keys": sorted(key.rsplit(".", 1)[1] for key, raw in values.items() if raw is not None and key.startswith("net.ipv4.")),
        "boot_files": boot_files(files or {}),
        "sockstat": {"TCP": {"inuse": 42, "orphan": 0, "tw": 0, "alloc": 50, "mem": 3}},
        "counters": counters,
        "sample": None if grown is None else {"seconds": 5.0, "deltas": deltas, "states": {}},
        "sockets": sockets(),
        "nat": nat(),
        "not_seen": [],
        "open_changes": [],
        **parts,
    }
    return t.cast("Snapshot", made)
