# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._namespace_count import tell_others
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree


def host(root: Path, **namespaces: str) -> HostTree:
    """A /proc in which each process has the link of a namespace."""
    for process, link in namespaces.items():
        folder = root / "proc" / process.lstrip("p") / "ns"
        folder.mkdir(parents=True)
        (folder / "net").symlink_to(link)
    (root / "proc" / "77").mkdir(parents=True, exist_ok=True)
    return HostTree(str(root))


@pytest.mark.parametrize(
    ("others", "begins"),
    [
        ({}, None),
        ({"p2": "net:[1]"}, None),
        ({"p2": "net:[2]", "p3": "net:[2]"}, "1 other network namespace was not looked at"),
        ({"p2": "net:[2]", "p3": "net:[3]"}, "2 other network namespaces were not looked at"),
    ],
)
def test_how_many_there_are(tmp_path: Path, others: dict[str, str], begins: str | None) -> None:
    told = tell_others(host(tmp_path, self="net:[1]", **others))
    assert [sentence.startswith(begins or "") for sentence in told] == ([True] if begins else [])
    # The command is the last word, and stands in two lines of a terminal.
    assert all(sentence.endswith("-e tcp_namespaces=all") and len(sentence) < 130 for sentence in told)


def test_where_it_cannot_be_known_nothing_is_told(tmp_path: Path) -> None:
    assert tell_others(host(tmp_path, p2="net:[2]")) == []
