# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What the firewall's rules give to source NAT, and which ports they send elsewhere: from nft's JSON, or from iptables-save.

Both are text of somebody else: a rule that is not understood counts for nothing, and nothing here raises for its content.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Literal

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import DnatPorts, SnatPool

    Protocol = Literal["tcp", "udp"]

MAX_RULES = 500
"""So many pools and port ranges are kept; a Kubernetes node has thousands of rules."""
_PORTS = re.compile(r"([0-9]{1,5})(?:[-:]([0-9]{1,5}))?\Z")
_ADDRESSES = re.compile(r"\[?([0-9a-fA-F.:]+?)\]?(?:-\[?([0-9a-fA-F.:]+?)\]?)?(?::([0-9]{1,5}(?:-[0-9]{1,5})?))?\Z")
_KUBERNETES = re.compile(r"\bKUBE-(?:SERVICES|NODEPORTS|SEP-)|\bnodeports?\b")


class NatRules:
    """What was found. Lists are bounded by MAX_RULES. kubernetes: there are chains that kube-proxy makes."""

    def __init__(self) -> None:
        self.pools: list[SnatPool] = []
        self.dnat: list[DnatPorts] = []
        self.kubernetes = False

    def add_pool(self, protocol: Protocol | None, low: str | None, high: str | None, ports: tuple[int, int] | None) -> None:
        first, last = ports or (None, None)
        pool: SnatPool = {"protocol": protocol, "low": low, "high": high, "first_port": first, "last_port": last}
        if pool not in self.pools[-1:] and len(self.pools) < MAX_RULES:
            self.pools.append(pool)

    def add_dnat(self, protocol: Protocol | None, ports: Iterable[tuple[int, int]]) -> None:
        for first, last in ports:
            for one in (protocol,) if protocol else ("tcp", "udp"):
                if len(self.dnat) < MAX_RULES:
                    self.dnat.append({"protocol": "tcp" if one == "tcp" else "udp", "first_port": first, "last_port": last})


def of_nft(text: str) -> NatRules | None:
    """The rules of `nft -j list ruleset`; None where it is no such JSON."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    objects = content.get("nftables") if isinstance(content, dict) else None
    if not isinstance(objects, list):
        return None
    rules = NatRules()
    for one in objects:
        if not isinstance(one, dict):
            continue
        chain = one.get("chain")
        if isinstance(chain, dict) and _KUBERNETES.search(str(chain.get("name", ""))[:100]):
            rules.kubernetes = True
        rule = one.get("rule")
        if isinstance(rule, dict) and isinstance(rule.get("expr"), list):
            _add_nft(rules, [part for part in rule["expr"] if isinstance(part, dict)])
    return rules


def has_iptables_rules(text: str) -> bool:
    """Whether nft's listing has rules that iptables made: nft does not show what they do."""
    return '"xt"' in text


def _add_nft(rules: NatRules, parts: list[dict[str, Any]]) -> None:
    protocol: Protocol | None = None
    ports: list[tuple[int, int]] = []
    for part in parts:
        match = part.get("match")
        if isinstance(match, dict):
            found = _matched(match)
            protocol = found[0] or protocol
            ports = found[1] or ports
        for kind in ("snat", "masquerade"):
            if kind in part:
                target = part[kind] if isinstance(part[kind], dict) else {}
                low, high = _address_range(target.get("addr"))
                wanted = next(iter(_ranges(target.get("port"))), None)
                rules.add_pool(protocol, low, high, wanted)
        if "dnat" in part or "redirect" in part:
            rules.add_dnat(protocol, ports)


def _matched(match: dict[str, Any]) -> tuple[Protocol | None, list[tuple[int, int]]]:
    """The protocol and the local ports that a match asks for."""
    left = match.get("left")
    if not isinstance(left, dict) or match.get("op") not in ("==", "in"):
        return None, []
    payload, meta = left.get("payload"), left.get("meta")
    if isinstance(payload, dict) and payload.get("field") == "dport":
        return _protocol(payload.get("protocol")), list(_ranges(match.get("right")))
    if isinstance(meta, dict) and meta.get("key") == "l4proto":
        return _protocol(match.get("right")), []
    return None, []


def _protocol(name: object) -> Protocol | None:
    return "tcp" if name == "tcp" else "udp" if name == "udp" else None


def _ranges(value: object) -> Iterator[tuple[int, int]]:
    """Port ranges of nft's JSON: a number, {"range": [first, last]}, {"set": [...]} or a list of these."""
    if isinstance(value, int) and not isinstance(value, bool):
        yield from _range(value, value)
    elif isinstance(value, dict) and isinstance(value.get("range"), list) and len(value["range"]) == 2:
        first, last = value["range"]
        if isinstance(first, int) and isinstance(last, int):
            yield from _range(first, last)
    elif isinstance(value, dict) and isinstance(value.get("set"), list):
        for one in value["set"]:
            if not isinstance(one, dict) or "range" in one:
                yield from _ranges(one)


def _range(first: int, last: int) -> Iterator[tuple[int, int]]:
    if 0 < first <= last <= 65535:
        yield first, last


def _address_range(value: object) -> tuple[str | None, str | None]:
    if isinstance(value, str):
        found = _ADDRESSES.match(value[:100])
        return (value, value) if found and not found.group(2) else (None, None)
    if isinstance(value, dict) and isinstance(value.get("range"), list) and len(value["range"]) == 2:
        low, high = value["range"]
        if isinstance(low, str) and isinstance(high, str):
            return low[:50], high[:50]
    return None, None


def of_iptables(text: str) -> NatRules:
    """The rules of iptables-save; of other tables than nat nothing counts."""
    rules = NatRules()
    table = ""
    for line in text.split("\n"):
        if line.startswith("*"):
            table = line[1:].strip()
        elif table == "nat":
            if line.startswith(":") and _KUBERNETES.search(line[:100]):
                rules.kubernetes = True
            elif line.startswith("-A"):
                _add_iptables(rules, line[:1000].split())
    return rules


def _add_iptables(rules: NatRules, words: list[str]) -> None:
    options = dict(zip(words, words[1:]))
    target = options.get("-j")
    protocol = _protocol(options.get("-p"))
    if target == "SNAT":
        found = _ADDRESSES.match(options.get("--to-source", ""))
        if found:
            rules.add_pool(protocol, found.group(1), found.group(2) or found.group(1), _one_range(found.group(3)))
    elif target == "MASQUERADE":
        rules.add_pool(protocol, None, None, _one_range(options.get("--to-ports")))
    elif target in ("DNAT", "REDIRECT"):
        texts = options.get("--dport", options.get("--dports", "")).split(",")
        rules.add_dnat(protocol, [found for text in texts for found in [_one_range(text)] if found])


def _one_range(text: str | None) -> tuple[int, int] | None:
    found = _PORTS.match(text or "")
    if not found:
        return None
    first = int(found.group(1))
    return next(_range(first, int(found.group(2) or first)), None)
