# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What the firewall's rules give to source NAT, and which ports they send elsewhere: from nft's JSON or text, or from iptables-save.

All are text of somebody else: a rule that is not understood counts for nothing, and nothing here raises for its content.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Literal

if TYPE_CHECKING:
    from ...plugin_utils._nat_types import DnatPorts, SnatPool

    Protocol = Literal["tcp", "udp"]

MAX_RULES = 500
"""So many pools and port ranges are kept; a Kubernetes node has thousands of rules."""
_LINE = 4000
_PORTS = re.compile(r"([0-9]{1,5})(?:[-:]([0-9]{1,5}))?\Z")
_ADDRESS = re.compile(r"[0-9a-fA-F.:]{2,45}\Z")
_SPAN = r"([0-9]{1,5}(?:-[0-9]{1,5})?)"
_TARGETS = (
    re.compile(r"([0-9.]{7,15})(?:-([0-9.]{7,15}))?(?::" + _SPAN + r")?\Z"),
    # IPv6 has a port only behind brackets: [a]:1-2, [a]-[b]:1-2 or [a-b]:1-2.
    re.compile(r"\[([0-9a-fA-F.:]{2,45})\]?(?:-\[?([0-9a-fA-F.:]{2,45}))?\](?::" + _SPAN + r")?\Z"),
    re.compile(r"([0-9a-fA-F.:]{2,45})(?:-([0-9a-fA-F.:]{2,45}))?()\Z"),
)
_QUOTED = re.compile(r'"[^"]*"')
_NODE_PORTS = "KUBE-NODEPORTS"
# In nft's text: what is matched before the statement, and what the statement gives.
_NFT_STATEMENT = re.compile(r"(?:^|\s)(snat|masquerade|dnat|redirect)(?:\s|$)")
_NFT_PORTS = re.compile(r"\b(tcp|udp|th) dport (\{[^{}]*\}|[0-9-]+)")
_NFT_PROTOCOL = re.compile(r"(?:l4proto|protocol|nexthdr) (tcp|udp)\b|\b(tcp|udp) [a-z]")
_NFT_TARGET = re.compile(r"(?:ip6? )?to (\S+)")
_KUBERNETES = re.compile(r"\bKUBE-(?:SERVICES|NODEPORTS|SEP-)|\bnodeports?\b")


class NatRules:
    """What was found. Lists are bounded by MAX_RULES. kubernetes: there are chains that kube-proxy makes."""

    def __init__(self) -> None:
        self.pools: list[SnatPool] = []
        self.dnat: list[DnatPorts] = []
        self.kubernetes = False

    def add(self, other: NatRules) -> None:
        """Take over what another list has."""
        self.pools = (self.pools + other.pools)[:MAX_RULES]
        self.dnat = (self.dnat + other.dnat)[:MAX_RULES]
        self.kubernetes = self.kubernetes or other.kubernetes

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


def of_nft_text(text: str) -> NatRules:
    """The rules of `nft list ruleset`, as sosreports have it. Rules of iptables are shown as far as nft knows what they do."""
    rules = NatRules()
    for line in text.split("\n"):
        words = line[:_LINE].split()
        if words[:1] == ["chain"] and _KUBERNETES.search(" ".join(words[1:2])):
            rules.kubernetes = True
        elif words:
            _add_nft_text(rules, _QUOTED.sub('""', " ".join(words)))
    return rules


def _add_nft_text(rules: NatRules, line: str) -> None:
    statement = _NFT_STATEMENT.search(line)
    if not statement:
        return
    matched, given = line[: statement.start()], line[statement.end() :]
    asked = _NFT_PORTS.search(matched)
    named = _NFT_PROTOCOL.search(matched)
    protocol = _protocol(named.group(1) or named.group(2)) if named else None
    target = _NFT_TARGET.match(given)
    if statement.group(1) in ("dnat", "redirect"):
        words = asked.group(2).strip("{} ").split(",") if asked else ()
        rules.add_dnat(protocol, [found for word in words for found in [_one_range(word.strip())] if found])
    elif statement.group(1) == "masquerade":
        rules.add_pool(protocol, None, None, _one_range(target.group(1)[1:]) if target else None)
    else:
        _add_target(rules, protocol, target.group(1) if target else "")


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
    if not isinstance(left, dict):
        return None, []
    wanted = match.get("op") in ("==", "in")
    payload, meta = left.get("payload"), left.get("meta")
    if isinstance(payload, dict):
        if payload.get("field") in ("protocol", "nexthdr"):
            return _protocol(match.get("right")) if wanted else None, []
        # Whatever is asked of its header, it has the protocol.
        ports = list(_ranges(match.get("right"))) if wanted and payload.get("field") == "dport" else []
        return _protocol(payload.get("protocol")), ports
    if isinstance(meta, dict) and meta.get("key") == "l4proto" and wanted:
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
        return (value, value) if _ADDRESS.match(value) else (None, None)
    if isinstance(value, dict) and isinstance(value.get("range"), list) and len(value["range"]) == 2:
        low, high = value["range"]
        if isinstance(low, str) and isinstance(high, str) and _ADDRESS.match(low) and _ADDRESS.match(high):
            return low, high
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
                # A comment may hold anything, also what looks like an option.
                _add_iptables(rules, _QUOTED.sub('""', line[:_LINE]).split())
    return rules


def _add_iptables(rules: NatRules, words: list[str]) -> None:
    # What a rule does not want ("! --dport 22") tells no port.
    options = {word: value for before, word, value in zip(["", *words], words, words[1:]) if before != "!"}
    target = options.get("-j")
    protocol = _protocol(options.get("-p"))
    if target == "SNAT":
        _add_target(rules, protocol, options.get("--to-source", ""))
    elif target == "MASQUERADE":
        rules.add_pool(protocol, None, None, _one_range(options.get("--to-ports")))
    elif target in ("DNAT", "REDIRECT") or words[1:2] == [_NODE_PORTS]:
        texts = options.get("--dport", options.get("--dports", "")).split(",")
        rules.add_dnat(protocol, [found for text in texts for found in [_one_range(text)] if found])


def _add_target(rules: NatRules, protocol: Protocol | None, text: str) -> None:
    """A pool, written as address, address range, and with a port range behind it."""
    for pattern in _TARGETS:
        found = pattern.match(text)
        if found:
            rules.add_pool(protocol, found.group(1), found.group(2) or found.group(1), _one_range(found.group(3)))
            return


def _one_range(text: str | None) -> tuple[int, int] | None:
    found = _PORTS.match(text or "")
    if not found:
        return None
    first = int(found.group(1))
    return next(_range(first, int(found.group(2) or first)), None)
