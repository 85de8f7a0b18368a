# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What all sources with files of a host's /proc share: the live host's own reading of them, from memory."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, cast

from ...module_utils._facts._gather import gather
from ...module_utils._facts._proc import parse_conntrack_stat, parse_counters
from ...module_utils._facts._udp import TABLES, udp_listeners
from ...module_utils._sysctl._ufw import CONFIG
from .._shapes import HIGHEST
from . import _socket_tables
from ._common import MAX_TEXT, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ...module_utils._tree import HostTree
    from .._snapshot_types import Snapshot
    from ._tree import MemoryTree

    Groups = dict[str, dict[str, int]]

GROUPS = {"TcpExt": "/proc/net/netstat", "Tcp": "/proc/net/snmp", "Ip": "/proc/net/snmp"}
CONNTRACK_STAT = "/proc/net/stat/nf_conntrack"
_CONNTRACK_FIELD = re.compile(r"\b([a-z_]{1,40})=(\d{1,20})\b", re.ASCII)
_COUNTER = re.compile(r"^(TcpExt|Tcp|Ip(?!Ext))([A-Z0-9]\w*)[ \t]+(\d{1,20})[ \t]", re.MULTILINE | re.ASCII)
_NAME_LIMIT = 255
_LINE_LIMIT = 2000


def fill_in(snapshot: Snapshot, tree: MemoryTree, boot_files: bool) -> None:
    """Put into the snapshot what /proc/net, /proc/meminfo and the like in the tree tell, and the boot files where asked for."""
    # The tree offers all that gather() uses of a host.
    found = gather(cast("HostTree", tree), ("counters", "boot_files") if boot_files else ("counters",))
    snapshot["counters"] = found["counters"]
    snapshot["sockstat"] = found["sockstat"]
    snapshot["boot_files"] = found["boot_files"]
    snapshot["not_seen"] += found["not_seen"]
    if snapshot["boot_files"] is not None and tree.kind(CONFIG) == "missing" and not tree.known_missing(CONFIG):
        # An older capture.
        snapshot["boot_files"]["writers"] = None
        snapshot["not_seen"].append(
            "Programs that set sysctl keys at boot from files of their own, such as ufw and TuneD, were not looked for."
        )
    for name, value in found["host"].items():
        if value is not None:
            snapshot["host"][name] = value  # type: ignore[literal-required]  # both are HostFacts


def uname(snapshot: Snapshot, text: str) -> None:
    """Take the names out of the output of `uname -a`, where nothing better is known."""
    words = text.split()
    if len(words) >= 3 and words[0] == "Linux":
        snapshot["host"]["hostname"] = snapshot["host"]["hostname"] or words[1][:_NAME_LIMIT]
        snapshot["host"]["kernel_release"] = snapshot["host"]["kernel_release"] or words[2][:_NAME_LIMIT]


def nstat(text: str) -> Groups | None:
    """Counters of `nstat -az`, whose names start with their group; None where there are none."""
    groups: Groups = {}
    for group, name, value in _COUNTER.findall(text):
        if int(value) <= HIGHEST:
            groups.setdefault(group, {})[name] = int(value)
    return groups or None


def counters(files: Mapping[str, bytes]) -> Groups | None:
    """Counters of one look at /proc/net/netstat, /proc/net/snmp and connection tracking; None where none can be read."""
    groups: Groups = {}
    for group, path in GROUPS.items():
        try:
            groups[group] = parse_counters(files[path].decode("utf-8", "replace"))[group]
        except (KeyError, ValueError):
            continue
    with contextlib.suppress(KeyError, ValueError):
        groups["nf_conntrack"] = parse_conntrack_stat(files[CONNTRACK_STAT].decode("utf-8", "replace"))
    return groups or None


def conntrack_s(text: str) -> dict[str, int] | None:
    """Counters of `conntrack -S`, one line a CPU ("cpu=0 found=0 drop=3"), summed; None where there are none."""
    sums: dict[str, int] = {}
    for line in text.split("\n"):
        if line.startswith("cpu=") and len(line) < _LINE_LIMIT:
            for name, value in _CONNTRACK_FIELD.findall(line.partition(" ")[2]):
                sums[name] = min(sums.get(name, 0) + int(value), HIGHEST)
    return sums or None


def sockets(snapshot: Snapshot, tables: Iterable[tuple[str, bytes]]) -> None:
    """Count the sockets of tables, given as path and content; an empty list leaves the sockets unknown."""
    texts = [text_of(path, content) for path, content in tables]
    if texts:
        snapshot["sockets"] = _socket_tables.count(texts, ephemeral_ports(snapshot))


def udp(snapshot: Snapshot, tree: MemoryTree) -> None:
    """Add the UDP sockets of /proc/net/udp and udp6 to sockets that were counted."""
    ports = ephemeral_ports(snapshot)
    if snapshot["sockets"] is not None and ports is not None and tree.kind(TABLES[0]) == "file":
        texts = [tree.read(name, MAX_TEXT).decode("utf-8", "replace") for name in TABLES if tree.kind(name) == "file"]
        snapshot["sockets"]["udp"] = udp_listeners(texts, ports)


def ephemeral_ports(snapshot: Snapshot) -> tuple[int, int] | None:
    one = (snapshot["sysctl"] or {}).get("net.ipv4.ip_local_port_range")
    value = one.get("value") if one else None
    if isinstance(value, list) and len(value) == 2:
        low, high = value
        if isinstance(low, int) and isinstance(high, int):
            return low, high
    return None
