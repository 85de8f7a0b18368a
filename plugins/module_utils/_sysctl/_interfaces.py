# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Keys of interfaces: a write to conf.all, conf.default or ip_forward can change the same key of each interface.

net/ipv4/devinet.c and net/ipv6/addrconf.c of the kernel: IPv4's "default" goes to every interface whose key was never written,
forwarding of "all" (which IPv4 also calls ip_forward) to all, and so do disable_ipv6 and others of IPv6.
"""

from __future__ import annotations

import re

_INTERFACE = re.compile(r"(net\.ipv[46]\.(?:conf|neigh)\.)([^.]+)\.([^.]+)\Z")
_IP_FORWARD = "net.ipv4.ip_forward"
# The rank of keys that change no other one.
LAST_RANK = 3
_FORWARDING = re.compile(r"net\.ipv[46]\.conf\.all\.forwarding\Z")


def spread_rank(key: str) -> int:
    """Keys in the order of this number never undo one another: ip_forward, all, default, and then keys of one interface and others."""
    if key == _IP_FORWARD or _FORWARDING.match(key):
        return 0
    found = _INTERFACE.match(key)
    return {"all": 1, "default": 2}.get(found.group(2), LAST_RANK) if found else LAST_RANK


def may_spread(key: str, to: str) -> bool:
    """Whether a write to a key may change another one as well."""
    if spread_rank(key) >= spread_rank(to):
        return False
    target = _INTERFACE.match(to)
    if not target:
        return False
    family, _name, leaf = target.groups()
    if spread_rank(key) == 0:
        # IPv4's forwarding also sets accept_redirects of "all".
        return key.split(".")[1] == family.split(".")[1] and leaf in ("forwarding", "accept_redirects")
    source = _INTERFACE.match(key)
    return source is not None and source.group(1) == family and source.group(3) == leaf
