# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text from a host must not be able to do anything but stand there."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._escape import escape_unprintable, one_line
from hypothesis import given
from hypothesis import strategies as st

ANY_TEXT = st.text(st.characters(), max_size=200)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("net.ipv4.tcp_tw_reuse = 1", "net.ipv4.tcp_tw_reuse = 1"),
        ("Grüße, 日本, 🟥", "Grüße, 日本, 🟥"),
        ("one\ntwo\r\nthree", "one\ntwo\nthree"),
        ("a\tb", "a b"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b2J", "\\x9b2J"),
        ("a\rb", "a\\x0db"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("\u200b\ufeff", "\\u200b\\ufeff"),
        ("\x00\ufffe", "\\x00\\ufffe"),
        ("\udc80", "\\udc80"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_cannot_be_printed_is_escaped(text: str, shown: str) -> None:
    assert escape_unprintable(text) == shown


def test_a_long_text_says_how_much_is_missing() -> None:
    assert escape_unprintable("x" * 10_000, 100) == "x" * 100 + "… (9,900 more characters)"


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        (" two\n  words ", 20, "two words"),
        ("1234567890", 10, "1234567890"),
        ("12345678901", 10, "123456789…"),
        ("12345678 012", 10, "12345678…"),
    ],
)
def test_one_line(text: str, limit: int, shown: str) -> None:
    assert one_line(text, limit) == shown


@given(ANY_TEXT)
def test_only_printable_characters_and_line_breaks_remain(text: str) -> None:
    assert all(line.isprintable() for line in escape_unprintable(text).split("\n"))
    assert one_line(text).isprintable()


@given(ANY_TEXT, st.integers(2, 50))
def test_one_line_is_no_longer_than_asked(text: str, limit: int) -> None:
    assert len(one_line(text, limit)) <= limit
