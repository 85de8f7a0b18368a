# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The values of the profiles, written down once more, so that a value of a role cannot change unseen."""

from __future__ import annotations

from pathlib import Path

from .hosts import Host

TIMESTAMPS = "net.ipv4.tcp_timestamps"
TW_REUSE = "net.ipv4.tcp_tw_reuse"
BUCKETS = "net.ipv4.tcp_max_tw_buckets"
RFC1337 = "net.ipv4.tcp_rfc1337"
RANGE = "net.ipv4.ip_local_port_range"
RESERVED = "net.ipv4.ip_local_reserved_ports"
CONNTRACK = "net.netfilter.nf_conntrack_tcp_timeout_time_wait"

PROFILES = {
    "client_host": {TIMESTAMPS: "1", TW_REUSE: "1", BUCKETS: "262144", RANGE: "16384 65535"},
    "fullnat_lb": {TIMESTAMPS: "0", TW_REUSE: "0", BUCKETS: "262144", RANGE: "16384 65535", RFC1337: "0"},
    "backend": {TIMESTAMPS: "1", BUCKETS: "65536", RFC1337: "0"},
}
# Where the kernel tracks connections.
CONNTRACK_AT_LEAST = {"client_host": 0, "fullnat_lb": 60, "backend": 60}


def profile(host: Host, name: str) -> dict[str, str]:
    """What the profile sets on this host, which had fewer buckets before."""
    settings = dict(PROFILES[name])
    settings[BUCKETS] = str(at_most_a_64th_of_memory(int(settings[BUCKETS]), _own_kilobytes()))
    if CONNTRACK_AT_LEAST[name] and host.has(CONNTRACK):
        # The kernel's default is more than that.
        settings[CONNTRACK] = "120"
    return settings


def at_most_a_64th_of_memory(buckets: int, kilobytes: int) -> int:
    """A bucket takes 256 bytes. kilobytes: the memory."""
    return min(buckets, kilobytes * 1024 // 64 // 256)


def _own_kilobytes() -> int:
    """Containers have the machine's memory."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    (kilobytes,) = [int(line.split()[1]) for line in lines if line.startswith("MemTotal:")]
    return kilobytes
