# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a text names a key."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._repository._hits import hits

KEY = "net.ipv4.tcp_tw_reuse"


def test_what_stands_around_a_key() -> None:
    (hit,) = hits(f"x\n  a {KEY} = 1\ny\nz", "config", 10)
    assert (hit.line, hit.key, hit.before, hit.after, hit.following) == (11, KEY, "  a ", " = 1", ["y", "z"])


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (KEY, 1),
        (f"a {KEY} b {KEY}", 2),
        (f"my{KEY}", 0),
        (f"my.{KEY}", 0),
        (f"a/{KEY}", 0),
        (f"sysctl.{KEY}", 1),
        (f"-{KEY}", 1),
        (f"# {KEY}", 0),
        (f"a # {KEY}", 0),
        (f"a // {KEY}", 0),
        (f"'a # b' {KEY}", 1),
        (f"x#{KEY}", 1),
        ("net.ipv4.conf.eth0.forwarding", 0),
        ("/proc/sys/net/ipv4/tcp_tw_reuse", 1),
    ],
)
def test_which_names_count(line: str, found: int) -> None:
    assert len(list(hits(line, "config"))) == found


def test_a_line_without_an_end_costs_no_more_than_others() -> None:
    found = list(hits(f"{KEY}=1;" * 20_000, "shell"))
    assert 90 <= len(found) <= 100
    assert max(len(hit.before) + len(hit.after) for hit in found) <= 5000
