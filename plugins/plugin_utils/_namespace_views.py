# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The other network namespaces of a host, each as a snapshot that the same rules judge."""

from __future__ import annotations

import fnmatch
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from ._snapshot_types import Namespace, Snapshot

_ABOUT_THE_HOST = ("recycle-in-boot-file", "change-unconfirmed", "probe-failed")


def is_about_the_host(rule_id: str) -> bool:
    """Whether a rule is about boot files, or about something else that a host has once."""
    return rule_id.startswith("boot-") or rule_id in _ABOUT_THE_HOST


def profile_of(namespace: Namespace, profiles: Mapping[str, str]) -> str:
    """The profile of the first pattern that fits the name; else that of a client host for a container, which dials out, and "any"."""
    fitting = (profile for pattern, profile in profiles.items() if fnmatch.fnmatchcase(namespace["name"], pattern))
    return next(fitting, "client_host" if namespace["kind"] == "container" else "any")


def view_of(namespace: Namespace, snapshot: Snapshot) -> Snapshot:
    """The namespace as if it were a host: what it has in common with the host is filled in, and boot files do not apply to it."""
    sysctl, counters, sample = namespace["sysctl"], namespace["counters"], namespace["sample"]
    zeros = {group: dict.fromkeys(names, 0) for group, names in (snapshot["counters"] or {}).items()}
    return {
        **snapshot,
        "host": {
            **snapshot["host"],
            "hostname": namespace["hostname"] or snapshot["host"]["hostname"],
            "network_namespace": "own",
            "boot_files_apply": False,
            # Its counters begin with the namespace, and nobody knows when that was.
            "uptime_seconds": None,
        },
        "sysctl": None if sysctl is None else {**(snapshot["sysctl"] or {}), **sysctl},
        "counters": None if counters is None else {group: {**zeros.get(group, {}), **names} for group, names in counters.items()},
        "sample": sample and {**sample, "deltas": {group: {**zeros.get(group, {}), **names} for group, names in sample["deltas"].items()}},
        "boot_files": {"files": [], "order": {}, "writers": [], "applied_by": None, "why_not_applied": None},
        "sockstat": namespace["sockstat"],
        "sockets": namespace["sockets"],
        "nat": namespace["nat"],
        "probes": [],
        "open_changes": [],
        "not_seen": namespace["not_seen"],
        "namespaces": [],
    }
