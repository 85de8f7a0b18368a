# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the molecule scenario `audit` plants in its hosts, and every result that an audit of them must then give, and no other."""

from __future__ import annotations

import typing as t


class Expected(t.NamedTuple):
    """One failed or waived result. where: the boot file and its line, as FILE:LINE, empty where no file is to blame."""

    id: str
    severity: str
    subject: str
    where: str = ""
    status: str = "fail"


class Planted(t.NamedTuple):
    """faults: of support.faults, planted in this order."""

    profile: str
    faults: tuple[str, ...]
    results: tuple[Expected, ...]


TW_REUSE, TIMESTAMPS = "net.ipv4.tcp_tw_reuse", "net.ipv4.tcp_timestamps"
MAX_TW_BUCKETS, PORT_RANGE = "net.ipv4.tcp_max_tw_buckets", "net.ipv4.ip_local_port_range"
CONNTRACK_TIME_WAIT = "net.netfilter.nf_conntrack_tcp_timeout_time_wait"
FOLDER = "/etc/sysctl.d"

WAIVERS = (
    {"rule": "timestamps-on-at-l7", "hosts": ["balancer"], "reason": "It balances on layer 4.", "expires": "9999-12-31"},
    {"rule": "reuse-on-server", "hosts": ["server"], "reason": "One file for clients and servers.", "expires": "2001-01-01"},
    # Covers nothing that fails, so that nobody needs to hear of it.
    {"rule": "rfc1337-on", "hosts": ["server"], "reason": "A benchmark demands it.", "expires": "2001-01-01"},
)

# The order of the faults matters where one writes what another one has written, or counts what another one left.
HOSTS: dict[str, Planted] = {
    "clean": Planted("backend", (), ()),
    "client": Planted(
        "client_host",
        ("ports-few", "closes-first-as-client", "ports-pressure"),
        (
            Expected("ports-pressure", "critical", "192.0.2.1 to 192.0.2.1:8080"),
            Expected("ports-few", "medium", PORT_RANGE),
            Expected("boot-unsaved", "medium", PORT_RANGE),
            # Two that pressure raises.
            Expected("reuse-loopback-only", "medium", TW_REUSE),
            Expected("closes-first-as-client", "medium", "TIME_WAIT sockets"),
        ),
    ),
    "caller": Planted(
        "client_host",
        ("peer-without-timestamps", "peer-closes-never", "close-wait-leak", "peer-unreachable", "accept-queue-overflow"),
        (
            Expected("accept-queue-overflow", "high", "192.0.2.1:8082"),
            # Counted since boot, so one severity lower than while it happens.
            Expected("accept-queue-overflow", "medium", "ListenOverflows"),
            Expected("boot-unsaved", "medium", TW_REUSE),
            Expected("close-wait-leak", "medium", "port 8080"),
            Expected("peer-unreachable", "medium", "198.51.100.1 to 198.51.100.80:443"),
            # Those that the full queue does not answer.
            Expected("peer-unreachable", "medium", "192.0.2.1 to 192.0.2.1:8082"),
            Expected("probe-failed", "medium", "192.0.2.1:9"),
            Expected("peer-without-timestamps", "medium", "192.0.2.1:8080"),
            Expected("peer-closes-never", "info", "192.0.2.1:8081"),
        ),
    ),
    "balancer": Planted(
        "fullnat_lb",
        (
            "timestamps-odd-value",
            "syn-rejected-in-time-wait",
            "ports-under-listener",
            "ports-same-parity",
            "rfc1337-on",
            "conntrack-forgets-early",
        ),
        (
            Expected("conntrack-forgets-early", "high", CONNTRACK_TIME_WAIT),
            Expected("ports-under-listener", "medium", "net.ipv4.ip_local_reserved_ports"),
            Expected("rfc1337-on", "medium", "net.ipv4.tcp_rfc1337"),
            Expected("timestamps-odd-value", "low", TIMESTAMPS),
            # Counted since boot, so one severity lower than while it happens.
            Expected("syn-rejected-in-time-wait", "low", "SYNs in TIME_WAIT"),
            Expected("ports-same-parity", "info", PORT_RANGE),
            Expected("boot-unsaved", "medium", PORT_RANGE),
            Expected("boot-unsaved", "medium", TIMESTAMPS),
            Expected("boot-unsaved", "medium", "net.ipv4.tcp_rfc1337"),
            Expected("timestamps-on-at-l7", "info", TIMESTAMPS, status="waived"),
        ),
    ),
    "server": Planted(
        "backend",
        ("reuse-without-timestamps", "closes-first-as-server", "buckets-overflow", "resets-on-close"),
        (
            Expected("buckets-too-small", "high", MAX_TW_BUCKETS),
            Expected("buckets-nearly-full", "high", MAX_TW_BUCKETS),
            Expected("reuse-without-timestamps", "medium", TW_REUSE),
            Expected("timestamps-off", "medium", TIMESTAMPS),
            # Counted since boot.
            Expected("buckets-overflow", "medium", "TCPTimeWaitOverflow"),
            Expected("resets-on-close", "info", "resets"),
            Expected("boot-unsaved", "medium", TW_REUSE),
            Expected("boot-unsaved", "medium", TIMESTAMPS),
            Expected("waiver-expired", "medium", "reuse-on-server"),
            Expected("reuse-on-server", "info", TW_REUSE),
            Expected("closes-first-as-server", "info", "TIME_WAIT sockets"),
        ),
    ),
    "files": Planted(
        "backend",
        (
            "buckets-disabled",
            "change-unconfirmed",
            "time-wait-timeout",
            "recycle-in-boot-file",
            "fin-timeout-mistaken",
            "boot-differs",
            "boot-readers-disagree",
            "boot-shadowed",
            "boot-other-writer",
            "boot-duplicate",
            "boot-unknown-key",
            "boot-refused-value",
            "boot-file-unread",
        ),
        (
            Expected("buckets-disabled", "critical", MAX_TW_BUCKETS),
            Expected("change-unconfirmed", "high", "etc_sysctl.d_99-tcp-hardening.conf.json"),
            Expected("recycle-in-boot-file", "medium", "net.ipv4.tcp_tw_recycle", f"{FOLDER}/50-recycle.conf:1"),
            Expected("boot-differs", "medium", "net.ipv4.tcp_keepalive_probes", f"{FOLDER}/50-probes.conf:1"),
            Expected("boot-refused-value", "medium", PORT_RANGE, f"{FOLDER}/50-range.conf:1"),
            Expected("boot-file-unread", "medium", f"{FOLDER}/50-sack", f"{FOLDER}/50-sack:1"),
            # The other side of boot-readers-disagree: what only sysctl --system reads, systemd does not.
            Expected("boot-file-unread", "medium", "/etc/sysctl.conf", "/etc/sysctl.conf:1"),
            Expected("boot-readers-disagree", "low", "net.ipv4.tcp_keepalive_intvl", "/etc/sysctl.conf:1"),
            Expected("boot-shadowed", "low", "net.ipv4.tcp_keepalive_time", f"{FOLDER}/10-keepalive.conf:1"),
            Expected("boot-duplicate", "low", "net.ipv4.tcp_sack", f"{FOLDER}/50-sack.conf:2"),
            Expected("boot-unknown-key", "low", "net.ipv4.tcp_tw_resue", f"{FOLDER}/50-typo.conf:1"),
            Expected("time-wait-timeout", "low", "net.ipv4.tcp_tw_timeout", f"{FOLDER}/50-timeout.conf:1"),
            Expected("fin-timeout-mistaken", "info", "net.ipv4.tcp_fin_timeout", f"{FOLDER}/50-fin.conf:1"),
            Expected("boot-other-writer", "info", "net.ipv4.tcp_synack_retries", "/etc/ufw/sysctl.conf:2"),
        ),
    ),
}

# A host that has a shell and no Python: planted by the shell, captured, and judged on the controller.
BARE = "bare"
BARE_PROFILE = "backend"
BARE_COMMANDS = (
    "echo 1 > /proc/sys/net/ipv4/tcp_rfc1337",
    "echo 5000 > /proc/sys/net/ipv4/tcp_max_tw_buckets",
    f"printf '# tuned\\nnet.ipv4.tcp_max_tw_buckets = 5000\\n' > {FOLDER}/90-tuned.conf",
)
BARE_RESULTS = (
    Expected("buckets-too-small", "high", MAX_TW_BUCKETS, f"{FOLDER}/90-tuned.conf:2"),
    # Nobody looked: a capture holds no journals of tcp_profile.
    Expected("change-unconfirmed", "high", "", status="unknown"),
    Expected("rfc1337-on", "medium", "net.ipv4.tcp_rfc1337"),
    Expected("boot-unsaved", "medium", "net.ipv4.tcp_rfc1337"),
)

# Rules that no container of this scenario shows, and why.
NOT_SHOWN = {
    "recycle-on": "needs tcp_tw_recycle, which Linux 4.12 removed",
    "recycle-dormant": "needs tcp_tw_recycle, which Linux 4.12 removed",
    "recycle-drops-seen": "needs the counter PAWSPassive of Linux up to 4.11",
    "conntrack-nearly-full": "a table that is full needs a quarter of a million entries; test_sick_hosts.py makes them",
    "conntrack-drops": "needs a gateway with a client and a server; test_sick_hosts.py makes one",
    "ports-bound-first": "needs a range for itself; test_planted_faults.py and test_sick_hosts.py show it",
    "fin-wait2-orphans": "needs a range for itself; test_planted_faults.py and test_sick_hosts.py show it",
    "snat-pressure": "needs a gateway with a client and a server; test_sick_hosts.py makes one",
}
