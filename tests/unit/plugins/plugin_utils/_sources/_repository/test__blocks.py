# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Branches and blocks: which lines are applied together."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._repository._blocks import block_of_lines
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._repository._found import Style
from hypothesis import given
from hypothesis import strategies as st


def numbers(text: str, style: Style) -> list[int]:
    """For each line the line at which its block begins, 0 outside of all."""
    return [int(block.name.rpartition(" ")[2] or 0) for block in block_of_lines(text, style)]


@pytest.mark.parametrize(
    ("style", "text", "found"),
    [
        ("shell", "a\nif x; then\nb\nelse\nc\nfi\nd", [0, 2, 2, 4, 4, 4, 0]),
        ("shell", "if x; then a; fi\nb", [1, 0]),
        ("shell", "if x; then\nif y; then\na\nfi\nb\nfi\nc", [1, 2, 2, 2, 1, 1, 0]),
        ("shell", "case $x in\na) b\n;;\nc) d\n;;\nesac\ne", [1, 1, 3, 3, 5, 5, 0]),
        ("shell", "fi\na", [0, 0]),
        ("config", "a\n{% if x %}\nb\n{% else %}\nc\n{% endif %}\nd", [0, 2, 2, 4, 4, 4, 0]),
        ("config", "{% for x in y %}\n{% if z %}\na\n{% endif %}\nb\n{% endfor %}\nc", [0, 2, 2, 2, 0, 0, 0]),
        ("config", "<% if x %>\na\n<% end %>\nb", [1, 1, 1, 0]),
        ("config", "{{- if .x }}\na\n{{- else }}\nb\n{{- end }}\nc", [1, 1, 3, 3, 3, 0]),
        ("config", "if x\na", [0, 0]),
        ("code", "a {\nb\n}\nc {\nd\n}\ne", [1, 1, 0, 4, 4, 0, 0]),
        ("code", "a { b }\nc", [1, 0]),
        ("code", 'a = "{"\nb', [0, 0]),
        ("code", "}\na", [0, 0]),
        # Python.
        ("code", "a\nif x:\n    b\nelse:\n    c\nd", [0, 2, 2, 4, 4, 0]),
        ("code", "if x:\n    a\nelif y:\n    b\n\n    c\nd", [1, 1, 3, 3, 3, 3, 0]),
        ("code", "if x:\n    if y:\n        a\n    b\nc", [1, 2, 2, 1, 0]),
        ("code", "def f():\n    if x: a\n    b\n", [0, 2, 0, 0]),
        ("code", "if x:\n    a\n# b\n    c\n", [1, 1, 1, 1, 1]),
        ("code", "match x:\n    case 1:\n        a\n    case 2:\n        b\n", [1, 2, 2, 4, 4, 4]),
        ("code", "try:\n    a\nexcept E:\n    b\n", [0, 0, 3, 3, 3]),
        ("code", "case = 1\n  a\n", [0, 0, 0]),
        ("code", "ifx:\n  a\n", [0, 0, 0]),
        # Ruby and Lua.
        ("code", "if x\n  a\nelsif y\n  b\nelse\n  c\nend\nd", [1, 1, 3, 3, 5, 5, 0, 0]),
        ("code", "unless x\n  a\nend\nb", [1, 1, 0, 0]),
        ("code", "case x\nwhen 1\n  a\nwhen 2\n  b\nend\nc", [1, 2, 2, 4, 4, 0, 0]),
        ("code", "if x then\n  a\nelse\n  b\nend", [1, 1, 3, 3, 0]),
        # Braces say it themselves.
        ("code", "if (x) {\n  a\n} else {\n  b\n}\nc", [1, 1, 3, 3, 0, 0]),
        ("code", "if (x)\n  a;\nelse\n  b;\nc", [1, 1, 3, 3, 0]),
    ],
)
def test_the_block_of_each_line(style: Style, text: str, found: list[int]) -> None:
    assert numbers(text, style) == found


def test_the_block_around_a_block() -> None:
    assert [(block.name, block.outer) for block in block_of_lines("a {\nb { c }\n}", "code")][1] == (
        "the block at line 2",
        "the block at line 1",
    )


def test_a_branch_in_braces_has_one_name() -> None:
    assert [block.name for block in block_of_lines("if (x) {\n  a\n}", "code")] == ["the block at line 1"] * 2 + [""]


@given(st.text(alphabet="if{}%;<> elsndcak\n&|"), st.sampled_from(["shell", "config", "code"]))
def test_each_line_has_a_block_whatever_the_text(text: str, style: Style) -> None:
    assert len(block_of_lines(text, style)) == text.count("\n") + 1
