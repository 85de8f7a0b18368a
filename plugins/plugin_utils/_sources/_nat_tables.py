# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""NAT as files tell it: entries of `conntrack -L` or /proc/net/nf_conntrack, and listings of the firewall's rules."""

from __future__ import annotations

import heapq
import re
from collections import Counter
from typing import TYPE_CHECKING, Literal

from ...module_utils._facts._firewall import NatRules, of_iptables, of_nft, of_nft_text
from ...module_utils._facts._snat_ranges import ranges_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .._nat_types import Nat, SnatUse
    from .._snapshot_types import Snapshot

    Protocol = Literal["tcp", "udp"]
    # Protocol, SNAT address, destination and its port.
    Group = tuple[Protocol, str, str, int]

_COUNT = "net.netfilter.nf_conntrack_count"
_IPVS_SERVICE = ("TCP ", "UDP ", "SCTP ")
_ADDRESS = re.compile(r"[0-9a-fA-F.:]{2,45}\Z")
_PORT = re.compile(r"[0-9]{1,5}\Z")
# How a listing of nft (as text or as JSON) and of iptables-save begins.
_RULES = re.compile(r'^(?:table |\*|\{"nftables")', re.MULTILINE)
_HIDDEN = re.compile(r'xt target|"xt"')
_FIELDS = ("src", "dst", "sport", "dport")
_LINE = 1000
_TOP = 20


def fill_in(snapshot: Snapshot, entries: Iterable[str], rules: Mapping[str, str], ipvs: str, complete: bool) -> None:
    """Put into the snapshot what connection tracking and the firewall do, as far as it is known.

    entries: texts with a connection a line, none where they were not listed. rules: command ("nft list ruleset") to its output.
    ipvs: /proc/net/ip_vs. complete: whether nothing was cut off.
    """
    services = any(line.startswith(_IPVS_SERVICE) for line in ipvs.split("\n"))
    rules = _usable(rules)
    found = NatRules()
    for command, text in rules.items():
        found.add(_rules(command, text))
    ranges = ranges_of(found.pools)
    groups: Counter[Group] = Counter()
    in_ranges: Counter[tuple[Group, tuple[int, int]]] = Counter()
    listed = False
    for text in entries:
        listed = True
        for line in text.split("\n"):
            group, snat_port = _group(line[:_LINE])
            if group is not None:
                groups[group] += 1
                in_ranges.update((group, one) for one in ranges if one[0] <= snat_port <= one[1])
    # Where nothing is tracked, nothing is NATed.
    nothing = _tracks_nothing(snapshot)
    if not (listed or rules or services or nothing):
        return
    if not (listed or nothing):
        snapshot["not_seen"].append("Source NAT was not looked at: the entries of connection tracking are not in this source.")
    nat: Nat = {
        "snat": _uses(groups, in_ranges, ranges) if listed or nothing else None,
        "snat_entries": sum(groups.values()),
        "error_bound": 0,
        "complete": complete,
        "pools": found.pools if rules else None,
        "dnat": found.dnat if rules else None,
        "rules_from": ("nft" if any(command.startswith("nft") for command in rules) else "iptables-save") if rules else None,
        "kubernetes": found.kubernetes or services if rules else services or None,
    }
    snapshot["nat"] = nat


def _tracks_nothing(snapshot: Snapshot) -> bool:
    one = (snapshot["sysctl"] or {}).get(_COUNT)
    return one is not None and (one["state"] == "absent" or one.get("value") == 0)


def _usable(rules: Mapping[str, str]) -> Mapping[str, str]:
    """The listings that are none of a command that failed; none at all where iptables made rules that nft does not show."""
    usable = {command: text for command, text in rules.items() if not text.strip() or _RULES.search(text)}
    hidden = any(_HIDDEN.search(text) for command, text in usable.items() if command.startswith("nft"))
    return usable if not hidden or any(not command.startswith("nft") for command in usable) else {}


def _rules(command: str, text: str) -> NatRules:
    if not command.startswith("nft"):
        return of_iptables(text)
    return of_nft(text) or of_nft_text(text)


def _group(line: str) -> tuple[Group | None, int]:
    """The group and the SNAT port of a source-NATed connection: its answers go to another address or port than it came from."""
    words = line.split()
    protocol: Protocol | None = "tcp" if "tcp" in words[:3] else "udp" if "udp" in words[:3] else None
    values: dict[str, list[str]] = {name: [] for name in _FIELDS}
    for word in words:
        name, equals, value = word.partition("=")
        if equals and name in values:
            values[name].append(value)
    if protocol is None or any(len(found) != 2 for found in values.values()):
        return None, 0
    addresses, ports = values["src"] + values["dst"], values["sport"] + values["dport"]
    if not all(map(_ADDRESS.match, addresses)) or not all(map(_PORT.match, ports)):
        return None, 0
    source, destination, port, snat_port = values["dst"][1], values["src"][1], int(values["sport"][1]), int(values["dport"][1])
    if port > 65535 or (source == values["src"][0] and snat_port == int(values["sport"][0])):
        return None, 0
    return (protocol, source, destination, port), snat_port


def _uses(groups: Counter[Group], in_ranges: Counter[tuple[Group, tuple[int, int]]], ranges: Iterable[tuple[int, int]]) -> list[SnatUse]:
    return [
        {
            "protocol": group[0],
            "address": group[1],
            "destination": group[2],
            "destination_port": group[3],
            "ports": count,
            "in_ranges": [{"first_port": one[0], "last_port": one[1], "ports": in_ranges[group, one]} for one in ranges],
        }
        for group, count in heapq.nsmallest(_TOP, groups.items(), key=lambda item: (-item[1], item[0]))
    ]
