# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is around a text is taken off, and the text itself stays."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import SourceError
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._paste._clean import lines_of, text_from


@pytest.mark.parametrize(
    "text",
    [
        "$ ss -s\r\nnet.ipv4.tcp_tw_reuse = 1\r\n    5 resets sent",
        "$ ss -s\rnet.ipv4.tcp_tw_reuse = 1\r    5 resets sent",
        "> $ ss -s\n> net.ipv4.tcp_tw_reuse = 1\n>     5 resets sent",
        "> > $ ss -s\n>>net.ipv4.tcp_tw_reuse = 1\n>>     5 resets sent",
        "  1  $ ss -s\n  2  net.ipv4.tcp_tw_reuse = 1\n  3      5 resets sent",
        "7: $ ss -s\n8: net.ipv4.tcp_tw_reuse = 1\n9:     5 resets sent",
        "\x1b[01;32m$ \x1b[0mss -s\nnet.ipv4.tcp_\x1b[31mtw\x1b[0m_reuse = 1\n\x1b]0;title\x07    5 resets sent",
        "\ufeff$ ss\u00a0-s\nnet.ipv4.\u200btcp_tw_reuse = 1\n    5 resets sent",
        "$ ss -s\n`net.ipv4.tcp_tw_reuse = 1`\n    5 resets sent",
    ],
)
def test_what_is_around_a_line_goes(text: str) -> None:
    first, second, third = lines_of(text)
    assert (first.strip(), second.strip()) == ("$ ss -s", "net.ipv4.tcp_tw_reuse = 1")
    # Blanks at the start of a line say what it belongs to.
    assert (third[:4], third.strip()) == ("    ", "5 resets sent")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("```\nss -s\n```", ["", "ss -s", ""]),
        ("```console\nss -s\n~~~", ["", "ss -s", ""]),
        ("{code:bash}\nss -s\n{code}", ["", "ss -s", ""]),
        ("[code]\nss -s\n[/code]", ["", "ss -s", ""]),
        ("```ss -s\nTotal: 2```", ["ss -s", "Total: 2"]),
        ("<pre><code>$ a &gt; b<br/>c</code></pre>", ["", "$ a > b", "c", ""]),
        ("<p>a</p><p>b</p>", ["", "a", "", "b", ""]),
        ("a &amp;&amp; b", ["a && b"]),
        # No tag, and no line number.
        ("u_str <none> a", ["u_str <none> a"]),
        ("1 resets sent\n2 bad segments\n9 others", ["1 resets sent", "2 bad segments", "9 others"]),
        ("1 a\nanother\n2 b\n3 c", ["1 a", "another", "2 b", "3 c"]),
        ("1 resets sent\n2 bad segments", ["1 resets sent", "2 bad segments"]),
    ],
)
def test_frames_go_and_nothing_else(text: str, lines: list[str]) -> None:
    assert lines_of(text) == lines


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    assert text_from("x", "net.ipv4.tcp_tw_reuse = 1\n".encode(encoding)) == "net.ipv4.tcp_tw_reuse = 1\n"


def test_any_other_byte_costs_itself_alone() -> None:
    assert text_from("x", b"caf\xe9 = 1") == "caf\ufffd = 1"
    with pytest.raises(SourceError, match="x: is a binary file"):
        text_from("x", b"a\0b")
