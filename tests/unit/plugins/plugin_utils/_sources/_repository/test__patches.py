# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Patches: what they add counts, at its line of the patch."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._repository._patches import Part, added
from hypothesis import given
from hypothesis import strategies as st
from support.repositories import Written, failures, places, settings

REUSE = "net.ipv4.tcp_tw_reuse"


def patch(*lines: str, path: str = "b/sysctl.conf", counts: str = "-1,9 +1,9") -> str:
    return "\n".join([f"--- a{path[1:]}", f"+++ {path}", f"@@ {counts} @@", *lines, ""])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (patch(f"+{REUSE} = 1"), [(4, "tcp_tw_reuse", "1")]),
        (patch(" # a", f"+{REUSE} = 1", " # b"), [(5, "tcp_tw_reuse", "1")]),
        (patch(f"-{REUSE} = 1"), []),
        (patch(f" {REUSE} = 1"), []),
        (patch(f"-{REUSE} = 0", f"+{REUSE} = 1"), [(5, "tcp_tw_reuse", "1")]),
        (patch(f"+# {REUSE} = 1"), []),
        (patch(f"+sysctl -w {REUSE}=$X", path="b/setup.sh"), [(4, "tcp_tw_reuse", None)]),
        (patch(f'+  "{REUSE}" = 1;', path="b/host.nix"), [(4, "tcp_tw_reuse", "1")]),
        (patch(f"+- name: {REUSE}", '+  value: "1"', path="b/pod.yml"), [(4, "tcp_tw_reuse", "1")]),
        (patch(f"+Set {REUSE} = 1", path="b/README.md"), []),
        (patch(f"+{REUSE} = 1", path="b/inner.patch"), []),
        (f"{REUSE} = 1 is what this patch sets.\n+{REUSE} = 1\n", []),
        ("diff --git a/x b/x\nindex 1..2 100644\n" + patch(f"+{REUSE} = 1", counts="-0,0 +1"), [(6, "tcp_tw_reuse", "1")]),
        (patch("+a", counts="-0,0 +1") + f"+{REUSE} = 1\n", []),
        (patch("-a", "+b", counts="-1 +1") + f"+{REUSE} = 1\n", []),
        (patch(f"+{REUSE} = 1", "\\ No newline at end of file", counts="-0,0 +1"), [(4, "tcp_tw_reuse", "1")]),
    ],
)
def test_what_a_patch_sets(tmp_path: Path, content: str, found: list[Written]) -> None:
    assert settings(tmp_path, "debian/patches/tune.patch", content) == found


def test_the_files_of_a_patch_are_places_of_their_own(tmp_path: Path) -> None:
    text = patch(f"+{REUSE} = 1", path="b/a.conf", counts="-0,0 +1") + patch(
        "+net.ipv4.tcp_timestamps = 0", path="b/b.conf", counts="-0,0 +1"
    )
    assert [place["name"] for place in places(tmp_path, {"x.diff": text})] == ["added to a.conf", "added to b.conf"]
    assert failures(tmp_path, {"x.diff": text}) == {("timestamps-off", "x.diff", 8)}


def test_the_lines_of_two_hunks() -> None:
    text = patch("+a", " b", counts="-1 +1,2") + "@@ -9 +10,2 @@\n c\n+d\n"
    assert list(added(text)) == [Part("sysctl.conf", "\n\n\na\n\n\n\nd")]


@given(st.text(alphabet="+-@ ,19ab\n\\/", max_size=300))
def test_any_text_has_no_more_lines_than_it_had(text: str) -> None:
    assert all(part.text.count("\n") <= text.count("\n") for part in added(text))
