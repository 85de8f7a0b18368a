# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML as nodes with lines; texts that were made to keep us busy."""

from __future__ import annotations

import contextlib

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._repository._yaml_nodes import YamlError, documents
from hypothesis import given
from hypothesis import strategies as st


def test_lines_of_keys_and_values() -> None:
    (root,) = documents("a: 1\n\nb:\n  - x\n  - {c: 'y'}\n")
    assert [(key.text, key.line) for key, _value in root.pairs or ()] == [("a", 1), ("b", 3)]
    plain, mapping = (root.entry("b") or root).items or [root, root]
    assert (plain.text, plain.line, plain.plain) == ("x", 4, True)
    quoted = mapping.entry("c")
    assert quoted is not None
    assert (quoted.text, quoted.line, quoted.plain) == ("y", 5, False)


@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029"])
def test_a_line_ends_where_an_editor_ends_it(character: str) -> None:
    (root,) = documents(f"a: 1 # x{character}\nb: 2\n")
    assert [(key.text, key.line) for key, _value in root.pairs or ()] == [("a", 1), ("b", 2)]


def test_a_key_may_be_a_list() -> None:
    (root,) = documents("? [a, b]\n: c\n")
    assert [value.text for _key, value in root.pairs or ()] == ["c"]


@pytest.mark.parametrize("text", ["a: [", "{{ x }}: }", "a: b: c", "\ta: 1", "*gone", "a: \x01", "[" * 1000, "- " * 1000 + "x"])
def test_what_is_no_yaml_or_too_deep(text: str) -> None:
    if text == "*gone":
        assert [node.text for node in documents(text)] == [""]
        return
    with pytest.raises(YamlError):
        list(documents(text))


def test_aliases_cost_nothing() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 50)]
    (root,) = documents("\n".join(lines))
    assert len(root.pairs or ()) == 50


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(YamlError):
        list(documents(text))
