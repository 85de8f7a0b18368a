# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which key somebody may have meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import path_of
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._nearest import looks_misspelt, nearest_keys, nearest_known
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree

KEYS = (
    "net.core.rmem_max",
    "net.core.wmem_max",
    "net.ipv4.tcp_moderate_rcvbuf",
    "net.ipv4.tcp_fastopen_key",
    "net.ipv4.conf.eth0.rp_filter",
    "net.ipv4.conf.eth0/100.rp_filter",
    "net.ipv6.conf.lo.disable_ipv6",
)


@pytest.fixture
def tree(tmp_path: Path) -> HostTree:
    for key in KEYS:
        path = Path(str(tmp_path) + path_of(key))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return HostTree(str(tmp_path))


@pytest.mark.parametrize(
    ("key", "nearest"),
    [
        ("net.core.rmen_max", "net.core.rmem_max"),
        ("net.ipv4.tcp_moderate_recvbuf", "net.ipv4.tcp_moderate_rcvbuf"),
        # The part that is wrong may be any.
        ("net.ipv4.conf.eht0.rp_filter", "net.ipv4.conf.eth0.rp_filter"),
        ("net.ipv4.conf.eth0/10.rp_filter", "net.ipv4.conf.eth0/100.rp_filter"),
        ("net.ivp6.conf.lo.disable_ipv6", "net.ipv6.conf.lo.disable_ipv6"),
        # This host does not have it, but the collection knows it.
        ("net.ipv4.tcp_tw_resue", "net.ipv4.tcp_tw_reuse"),
    ],
)
def test_the_nearest_key_comes_first(tree: HostTree, key: str, nearest: str) -> None:
    assert nearest_keys(tree, key)[0] == nearest


def test_a_name_like_no_other_has_none(tree: HostTree) -> None:
    assert nearest_keys(tree, "net.bridge.bridge-nf-call-iptables") == []


def test_a_secret_is_not_proposed(tree: HostTree) -> None:
    assert "net.ipv4.tcp_fastopen_key" not in nearest_keys(tree, "net.ipv4.tcp_fastopen_kei")


def test_a_host_with_many_interfaces_is_looked_at_in_part(tree: HostTree, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"veth{number}" for number in range(100000)]
    asked = []
    monkeypatch.setattr(HostTree, "names", lambda self, path: names)
    kind = HostTree.kind
    monkeypatch.setattr(HostTree, "kind", lambda self, path: asked.append(path) or kind(self, path))  # type: ignore[func-returns-value]
    assert not any("veth" in key for key in nearest_keys(tree, "net.ipv4.conf.veth9999999.rp_filter"))
    assert len(asked) < 10


def test_a_short_name_may_be_one_of_ipv4() -> None:
    assert nearest_known("tcp_tw_reuse")[:1] == ["net.ipv4.tcp_tw_reuse"]


@pytest.mark.parametrize(
    ("key", "misspelt"),
    [
        ("net.ipv4.tcp_tw_resue", True),
        ("net.ipv4.tcp_moderate_recvbuf", True),
        ("net.ipv4.tcp_moderate_rcvbuf", False),
        ("net.ipv4.tcp_init_cwnd", False),
        ("net.core.rmen_max", False),
        ("net.ipv6.tcp_tw_resue", False),
    ],
)
def test_only_a_tcp_key_can_look_misspelt_without_a_host(key: str, misspelt: bool) -> None:
    assert looks_misspelt(key) is misspelt
