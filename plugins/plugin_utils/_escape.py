# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Text from a host, made safe to show: nothing in it can steer a terminal, a parser or the reader's eye."""

from __future__ import annotations

from typing import Any

MAX_CHARACTERS = 2000
"""More than any honest value has; the JSON report keeps the whole text."""


def escape_unprintable(text: str, limit: int = MAX_CHARACTERS) -> str:
    """Return text with line breaks kept and everything else that is not printable written out as an escape.

    Control characters, direction overrides, zero-width characters, lone surrogates and whatever XML cannot hold
    come out as ``\\x1b`` or ``\\u202e``. Text over limit (in characters) is cut and says how much is missing.
    """
    missing = len(text) - limit
    if missing > 0:
        text = text[:limit]
    if not text.isprintable():
        text = text.replace("\r\n", "\n").replace("\t", " ")
        text = "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in text)
    return f"{text}… ({missing:,} more characters)" if missing > 0 else text


def escaped(value: Any) -> Any:
    """The same data (str, list and dict, and whatever else) with every text safe to show."""
    if isinstance(value, str):
        return escape_unprintable(value)
    if isinstance(value, list):
        return [escaped(item) for item in value]
    if isinstance(value, dict):
        return {escape_unprintable(key, 200): escaped(item) for key, item in value.items()}
    return value


def one_line(text: str, limit: int = MAX_CHARACTERS) -> str:
    """Return escape_unprintable(text) on one line, with an ellipsis where it was cut to limit characters."""
    text = " ".join(escape_unprintable(text).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _escape(character: str) -> str:
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
