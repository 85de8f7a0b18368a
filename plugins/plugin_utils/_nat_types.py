# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The shape of what source NAT and the firewall do on a host, as plain data. It is a part of a snapshot (see _snapshot_types)."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from ._shapes import AtLeast, Default

Count = Annotated[int, AtLeast(0)]


class PortsInRange(TypedDict):
    """How many ports of a group are in the port range of a firewall's rule, whichever rule gave them."""

    first_port: Count
    last_port: Count
    ports: Count


class SnatUse(TypedDict):
    """Connections that were source-NATed to one address towards one destination: each holds one port of that address.

    address: the SNAT address. destination, destination_port: as the peer sees them. in_ranges: where many ports were held and counted.
    """

    protocol: Literal["tcp", "udp"]
    address: str
    destination: str
    destination_port: Count
    ports: Count
    in_ranges: Annotated[list[PortsInRange], Default([])]


class SnatPool(TypedDict):
    """What one rule of the firewall gives to source NAT. low, high: first and last address, None for masquerade (any address of the
    outgoing interface). first_port, last_port: None where the rule sets none; the kernel then uses 1024 to 65535 for ports from 1024 on.
    """

    protocol: Literal["tcp", "udp"] | None
    low: str | None
    high: str | None
    first_port: Count | None
    last_port: Count | None


class DnatPorts(TypedDict):
    """Local ports that a rule of the firewall sends elsewhere (DNAT, REDIRECT): connections to them reach no socket of this host."""

    protocol: Literal["tcp", "udp"]
    first_port: Count
    last_port: Count


class Nat(TypedDict):
    """What connection tracking and the firewall do to the addresses and ports of connections.

    snat: the busiest groups, most ports first; None where the entries could not be listed (a refused dump is not an empty table).
    snat_entries: source-NATed entries counted. error_bound: how many ports a group's count may be short by. complete: False where
    the bound on entries or on time was reached first. pools, dnat: from the firewall's rules, None where they were not read, which
    is so where nothing is tracked. rules_from: "nft", or "iptables-save" where it had rules, too. kubernetes: whether there are
    traces of kube-proxy or IPVS, so that NodePorts (30000 to 32767) may be in use without a listener; None: not known.
    """

    snat: list[SnatUse] | None
    snat_entries: Annotated[Count, Default(0)]
    error_bound: Annotated[Count, Default(0)]
    complete: Annotated[bool, Default(True)]
    pools: list[SnatPool] | None
    dnat: list[DnatPorts] | None
    rules_from: str | None
    kubernetes: bool | None
