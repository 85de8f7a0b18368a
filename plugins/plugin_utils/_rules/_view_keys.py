# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""How rules ask for sysctl keys: every question has an answer, or raises what makes the result unknown or not applicable."""

from __future__ import annotations

import typing as t

from ._base import CannotApplyError, MissingFactError

if t.TYPE_CHECKING:
    from .._snapshot_types import Snapshot, Sysctl

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

CONNTRACK_COUNT = "net.netfilter.nf_conntrack_count"
CONNTRACK_MAX = "net.netfilter.nf_conntrack_max"
TW_TIMEOUT = "net.ipv4.tcp_tw_timeout"
SOMAXCONN = "net.core.somaxconn"


class KeyView:
    """One host's snapshot, asked by rules.

    Questions raise MissingFactError where the snapshot does not know, CannotApplyError where the host does not have the thing.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

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
        """True or False where it is known whether the kernel has the key, else None: a boot file alone does not tell."""
        found = (self.snapshot["sysctl"] or {}).get(key)
        return None if found is None or found.get("origin") == "boot_file" else found["state"] != "absent"

    def running(self, key: str) -> int:
        """A present key's number in the running kernel. Raises MissingFactError where only a boot file tells it."""
        if self.sysctl(key).get("origin") == "boot_file":
            raise MissingFactError(f"only a boot file tells {key}; what the kernel does is not known")
        return self.number(key)

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
