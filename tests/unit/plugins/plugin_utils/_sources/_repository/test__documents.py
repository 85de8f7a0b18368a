# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pages for people: examples in blocks of code, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.repositories import Written, judged, settings

EXAMPLE = "```\nnet.ipv4.tcp_tw_reuse = 1\n```\n"
ON = [(2, "tcp_tw_reuse", "1")]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("a.md", EXAMPLE, ON),
        ("a.md", "~~~ini\nnet.ipv4.tcp_tw_reuse = 1\n~~~\n", ON),
        ("a.md", "```sh\nsysctl -w net.ipv4.tcp_tw_reuse=1\n```\n", ON),
        ("a.md", "Type this:\n" + EXAMPLE, [(3, "tcp_tw_reuse", "1")]),
        ("a.md", "net.ipv4.tcp_tw_reuse = 1\n", []),
        ("a.md", "- `net.ipv4.tcp_tw_reuse = 1` helps clients.\n", []),
        ("a.md", "Do not use this:\n" + EXAMPLE, []),
        ("a.md", "Never:\n\n" + EXAMPLE, []),
        ("a.md", "## Before\n\n" + EXAMPLE, []),
        ("a.md", "This was removed in 4.12:\n" + EXAMPLE, []),
        ("a.md", "Do not use that:\n" + EXAMPLE + "But this:\n" + EXAMPLE, [(7, "tcp_tw_reuse", "1")]),
        ("a.md", "```\nnet.ipv4.tcp_tw_reuse = 1\n", []),
        ("a.md", "````\n```\nnet.ipv4.tcp_tw_reuse = 1\n```\n````\n", [(3, "tcp_tw_reuse", "1")]),
        ("a.rst", ".. code-block:: yaml\n\n   net.ipv4.tcp_tw_reuse: True\n", [(3, "tcp_tw_reuse", "1")]),
        ("a.adoc", "----\nnet.ipv4.tcp_tw_reuse = 1\n----\n", ON),
        ("a.rst", "Type::\n\n    net.ipv4.tcp_tw_reuse = 1\n\nnet.ipv4.tcp_timestamps = 0\n", [(3, "tcp_tw_reuse", "1")]),
        ("a.rst", ".. code-block:: ini\n\n   net.ipv4.tcp_tw_reuse = 1\n", [(3, "tcp_tw_reuse", "1")]),
        ("a.rst", "Never do this::\n\n    net.ipv4.tcp_tw_reuse = 1\n", []),
    ],
)
def test_what_a_page_shows(tmp_path: Path, name: str, content: str, found: list[Written]) -> None:
    assert settings(tmp_path, name, content) == found


def test_an_example_is_low_and_says_that_it_is_one(tmp_path: Path) -> None:
    page = "```\nnet.ipv4.tcp_tw_recycle = 1\nnet.ipv4.tcp_fin_timeout = 30\n```\n"
    failed = [one for one in judged(tmp_path, {"README.md": page})["results"] if one["status"] == "fail"]
    assert {one["id"]: one["severity"] for one in failed} == {"recycle-in-boot-file": "low", "fin-timeout-mistaken": "info"}
    assert {one["evidence"]["seen in"] for one in failed} == {"an example in a document"}


def test_two_examples_are_not_judged_together(tmp_path: Path) -> None:
    page = EXAMPLE + "Or:\n```\nnet.ipv4.tcp_timestamps = 0\n```\n"
    assert "reuse-without-timestamps" not in {one["id"] for one in judged(tmp_path, {"a.md": page})["results"] if one["status"] == "fail"}
