# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Untrusted text, made safe to show."""

from __future__ import annotations


def printable(text: str, limit: int) -> str:
    """Text from a peer or a host, made safe for a message: printable ASCII, "?" for other characters, cut to limit characters."""
    clean = "".join(letter if " " <= letter <= "~" else "?" for letter in text[: limit + 1])
    return clean if len(clean) <= limit else clean[: limit - 3] + "..."


def path_as_text(path: str) -> str:
    """A path as any file and any terminal can take it: bytes that are not UTF-8 become U+FFFD."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
