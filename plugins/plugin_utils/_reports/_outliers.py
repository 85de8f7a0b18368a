# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Hosts that differ from the others of their profile, and in what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ._host import HostReport

# Fewer hosts have no usual value, and what so many of them have is usual.
_FEWEST_HOSTS = 10
_USUAL = 0.9
# That few hosts pass a rule is no news of these few.
_PASSES = "passes"


class Outlier(NamedTuple):
    """A value that few hosts of a profile have. of: how many hosts are known. what: "kernel", "tcp_max_tw_buckets", … or a rule's id."""

    profile: str
    what: str
    value: str
    usual: str
    hosts: list[str]
    of: int


class Outliers:
    """What at least 90 % of the audited hosts of a profile have in common, and others do not."""

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], dict[str, list[str]]] = {}

    def add(self, host: HostReport) -> None:
        if host.audit is not None:
            for what, value in _facts(host).items():
                self._values.setdefault((host.audit["profile"], what), {}).setdefault(value, []).append(host.name)

    def sorted(self) -> list[Outlier]:
        """The rarest first."""
        found = []
        for (profile, what), by_value in self._values.items():
            known = sum(map(len, by_value.values()))
            usual = max(by_value, key=lambda value: len(by_value[value]))
            if known >= _FEWEST_HOSTS and len(by_value[usual]) >= _USUAL * known:
                rare = [(value, names) for value, names in by_value.items() if value not in (usual, _PASSES)]
                found += [Outlier(profile, what, value, usual, names, known) for value, names in rare]
        return sorted(found, key=lambda one: (len(one.hosts), one.profile, one.what, one.value))


def _facts(host: HostReport) -> Mapping[str, str]:
    """What is known of a host that hosts of one profile should have in common."""
    audit = host.audit
    if audit is None or host.is_repository:
        return {}
    capacity = audit["capacity"]
    facts = {
        "kernel": audit["kernel_release"],
        "tcp_max_tw_buckets": capacity["bucket_limit"],
        "usable ports": capacity["usable_ports"],
    }
    known = {what: str(value) for what, value in facts.items() if value is not None}
    # A rule of many subjects fails on a host if it fails on one of them.
    for result in reversed(host.results):
        if result["status"] in ("pass", "fail"):
            known[result["id"]] = _PASSES if result["status"] == "pass" else "fails"
    return known
