# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The claims of the two documents that rules and cures cite, for reports that are read where docs/claims.md is not at hand.

docs/claims.md has the same sentences, with their sources and what measurements added. A test compares the two.
"""

from __future__ import annotations

# Claim to what it says; text between backticks is code.
CLAIMS = {
    "D1": "A load test fails in connect() because TIME_WAIT sockets hold every local port.",
    "D2": "Whoever closes first keeps the TIME_WAIT, for 60 s.",
    "D3": "`tcp_tw_reuse` and `tcp_tw_recycle` do nothing without `tcp_timestamps`.",
    "D4": (
        "Both sides agree on timestamps in the handshake. If one side has them off, the connection has none. So a "
        "balancer with timestamps off disables its clients' reuse."
    ),
    "D5": "connect() can reuse TIME_WAIT sockets older than 1 s.",
    "D6": (
        "Behind NAT or FullNAT, `tcp_timestamps` and `tcp_tw_recycle` together drop SYNs whose timestamp is older than "
        "the last from the same address within 60 s; `PAWSPassive` counts them."
    ),
    "D7": (
        "A layer-7 balancer keeps timestamps off: behind carrier NAT a 5-tuple may return within 60 s with an older "
        "timestamp and its SYN is dropped."
    ),
    "D8": '"Older" means within the 24 days after which a timestamp wraps.',
    "D9": "With `Connection: close` the balancer closes first and the client keeps no TIME_WAIT.",
    "D10": "Long connections may be closed with SO_LINGER and a reset, which frees the port at once.",
    "D11": "On a server SO_LINGER 0 is wrong: the peer gets an error. Let the client close first.",
    "D12": "Recycling expects that the timestamps of each peer grow. Behind NAT, SYNs are dropped and clients time out.",
    "D13": (
        "`tcp_max_tw_buckets` (180000) limits TIME_WAIT. Above the limit sockets are destroyed and a warning is logged."
        " It is there to protect memory."
    ),
    "D14": "A very small `tcp_max_tw_buckets` is listed as a remedy.",
    "D15": "Reuse and recycling break TCP's rules (RFC 1122); do not use them without expert advice.",
    "D16": "A wider `ip_local_port_range` gives more time; it does not solve the problem.",
    "D17": "Long connections solve it; the server pays with open connections.",
    "D18": "When one host is not enough, add hosts (about 50,000 short connections each).",
    "D19": "An HTTP server should let the client close.",
    "D20": "TIME_WAIT on a server can in the end stop it from accepting connections.",
}
