# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._text import path_as_text, printable
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("web-1.service", "web-1.service"),
        ("a\x1b[31m\n\t\x7f", "a?[31m???"),
        ("gr\u00fc\u00df\udcff\u202e", "gr????"),
        ("x" * 20, "x" * 20),
        ("x" * 21, "x" * 17 + "..."),
    ],
)
def test_only_printable_ascii_of_a_bounded_length_is_left(text: str, shown: str) -> None:
    assert printable(text, 20) == shown


@given(st.text(), st.integers(4, 40))
def test_any_text_becomes_safe(text: str, limit: int) -> None:
    shown = printable(text, limit)
    assert len(shown) <= limit
    assert shown.isascii()
    assert shown.isprintable()


def test_a_path_that_is_no_utf_8_can_be_shown() -> None:
    assert path_as_text(os.fsdecode(b"/etc/\xff/gr\xc3\xbc\xc3\x9f")) == "/etc/\ufffd/gr\u00fc\u00df"
