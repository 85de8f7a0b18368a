# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""A host's files as text, and what could not be read of them."""

from __future__ import annotations

from .._tree import HostTree, errno_name

PROC_LIMIT = 1 << 20
IPV4 = "/proc/sys/net/ipv4"
# Exists in every network namespace.
ALWAYS = IPV4 + "/ip_forward"


class Reader:
    """Reads files of a host. not_seen: what could not be read and why, one sentence each."""

    def __init__(self, host: HostTree) -> None:
        self.host = host
        self.not_seen: list[str] = []

    def text(self, path: str, wanted: bool = False) -> str | None:
        """A file under /proc as text. None if it cannot be read; not_seen then names it if it is wanted."""
        try:
            return self.host.read(path, PROC_LIMIT)[:PROC_LIMIT].decode("utf-8", "replace")
        except OSError as error:
            if wanted:
                self.cannot(path, error)
            return None

    def cannot(self, what: str, error: OSError) -> None:
        self.not_seen.append(f"{what} could not be read ({errno_name(error)}).")
