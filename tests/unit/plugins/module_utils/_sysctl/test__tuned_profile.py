# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Profiles of TuneD as text. What they do at boot is in the tests of _tuned."""

from __future__ import annotations

import configparser

from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._tuned_profile import UnreadableProfileError, parse
from hypothesis import given
from hypothesis import strategies as st

_signs = ["=", "=", " = ", "#", " # x", ";", " ", "\t", "[", "]", '"']
_words = st.sampled_from(["[sysctl]", "[main]", "a", "b.c", "1", "\n", "\n", "\n", *_signs])


@given(words=st.lists(_words, max_size=30))
def test_any_text_is_read_as_configparser_reads_it(words: list[str]) -> None:
    text = "".join(words)
    real = configparser.ConfigParser(delimiters=("=",), inline_comment_prefixes=("#",), strict=False, interpolation=None)
    real.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        real.read_string(text)
        expected = {name: {key: "\n".join(filter(None, value.split("\n"))) for key, value in real.items(name)} for name in real.sections()}
    except configparser.Error:
        expected = None
    try:
        found = {name: {key: option.text for key, option in options.items()} for name, options in parse("/x", text).items()}
    except UnreadableProfileError:
        found = None
    assert found == expected
