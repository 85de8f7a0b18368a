# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""How many other network namespaces a host has. _namespaces finds out more, and takes longer to load."""

from __future__ import annotations

from .._tree import HostTree

TO_LOOK = "To look at them: -e tcp_namespaces=all"


def tell_others(tree: HostTree) -> list[str]:
    """A sentence that other network namespaces were not looked at; none where there are none, or where nobody can tell."""
    seen = set()
    try:
        own = tree.link_target("/proc/self/ns/net")
        names = tree.names("/proc")
    except OSError:
        return []
    for name in names:
        if name.isdecimal():
            try:
                seen.add(tree.link_target(f"/proc/{name}/ns/net"))
            except OSError:
                # It has ended, or is another user's.
                continue
    return not_looked_at(len(seen - {own}), TO_LOOK)


def not_looked_at(count: int, to_look: str) -> list[str]:
    """The sentence about so many of them, none for 0. to_look: what to do."""
    if count < 1:
        return []
    others = "1 other network namespace was" if count == 1 else f"{count:,} other network namespaces were"
    return [f"{others} not looked at, such as containers and pods. {to_look}"]
