# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sysctl_key catalogue, and what it says of the kernel against the kernel itself."""

from __future__ import annotations

import os

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import (
    KNOWN_IPV4_NAMES,
    SYSCTL_KEYS,
    Refused,
    SysctlKey,
    concerns_tcp,
    is_secret,
    kernel_reads,
    parse,
    path_of,
    sysctl_key,
)
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._lines import parse as parse_lines
from hypothesis import given
from hypothesis import strategies as st


def reads(key: str, text: str, current: str | None = None, others: dict[str, str] | None = None) -> str | None:
    """The raw value afterwards, "REFUSED" where the kernel says no."""
    outcome = kernel_reads(SYSCTL_KEYS[key], text, current, others)
    return "REFUSED" if isinstance(outcome, Refused) else outcome.raw


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("net.ipv4.tcp_fastopen_key", True),
        ("net/ipv4/tcp_fastopen_key", True),
        ("/proc/sys/net/ipv4/tcp_fastopen_key", True),
        ("net.ipv4.tcp_fast*", True),
        ("-net.ipv4.tcp_fastopen_key", True),
        ("net.ipv6.conf.eth0/100.stable_secret", True),
        ("net/ipv6/conf/eth0.100/stable_secret", True),
        ("net.ipv6.conf.*.stable_secret", True),
        ("net.ipv6.conf.all.s*", True),
        ("net.ipv4.tcp_fastopen", False),
        ("net.ipv4.tcp_fastopen_ke[^x]", True),
        ("net.ipv4.tcp_fastopen_{k,x}ey", True),
        ("net.ipv4.tcp_fastopen\\_ke?", True),
        ("net.ipv4.tcp_fastopen\\_key", True),
        ("net.ipv4.tcp_fastopen_[[:lower:]]ey", True),
        ("net.ipv4.{tcp_fastopen_key,x*}", True),
        ("net.{ipv4/tcp_fastopen_key,x*}", True),
        ("net/ipv4/{.,x}/tcp_fastopen_ke?", True),
        ("net/ipv4{/,//}tcp_fastopen_ke?", True),
        ("n*/*/tcp_fastopen_ke?", True),
        ("net/ipv4/*", True),
        ("net/ipv6/conf/et?0/stable_secre?", True),
        ("net/ipv6/conf/very_long_name[0-9]/stable_secret", True),
        ("net/core/netdev_rss_ke[!a]", True),
        ("net.ipv4.*", True),
        ("net.ipv4.x" + "?" * 5000, True),
        ("*", False),
        ("net.ipv4.tcp_fin_timeou[t]", False),
        ("net.ipv4.tcp_[fk]*_time*", False),
        ("net.ipv4.tcp_*_time*", False),
        ("net.ipv6.conf.[ae]*.forwarding", False),
        ("net.ipv4.conf.{lo,eth*}.rp_filter", False),
        ("net.ipv4.tcp_fastopen_ke?s", False),
        ("net.ipv4.tcp_fastopen_key?", False),
        ("net.ipv4.tcp_tw_*", False),
        ("net.ipv4.conf.*.rp_filter", False),
        ("", False),
    ],
)
def test_secrets(key: str, secret: bool) -> None:
    assert is_secret(key) is secret


@pytest.mark.parametrize(
    ("key", "concerns"),
    [
        ("net.ipv4.tcp_timestamps", True),
        ("net.ipv4.tcp_made_up", True),
        ("net.ipv4.ip_local_x", True),
        ("net.ipv4.ip_x", False),
        ("kernel.tcp_x", False),
        ("net.ipv4.tcp_fastopen_key", False),
    ],
)
def test_which_keys_the_collection_speaks_about(key: str, concerns: bool) -> None:
    assert concerns_tcp(key) == concerns


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("net.ipv4.tcp_timestamps", "/proc/sys/net/ipv4/tcp_timestamps"),
        ("net/ipv4/tcp_timestamps", "/proc/sys/net/ipv4/tcp_timestamps"),
        ("net.ipv4.conf.eth0/100.rp_filter", "/proc/sys/net/ipv4/conf/eth0.100/rp_filter"),
        ("net/ipv4/conf/eth0.100/rp_filter", "/proc/sys/net/ipv4/conf/eth0.100/rp_filter"),
    ],
)
def test_path_of(key: str, path: str) -> None:
    assert path_of(key) == path


@pytest.mark.parametrize("key", ["", ".", "net/../../etc/passwd", "net.//.x", "net\0.x"])
def test_a_key_never_leads_out(key: str) -> None:
    with pytest.raises(ValueError, match="is not a sysctl key"):
        path_of(key)


@pytest.mark.parametrize(
    "name", ["net.core.rmem_max", "net.ipv4.conf.eth0/100.rp_filter", "net.ipv6.conf.br-1@x.hop_limit", "net.mptcp.enabled"]
)
def test_any_other_key_of_the_network_is_an_exact_text(name: str) -> None:
    assert sysctl_key(name) == SysctlKey(name, "exact")
    assert all(sysctl_key(known) is SYSCTL_KEYS[known] for known in SYSCTL_KEYS)


@given(st.text("net.core/eth0*?[]{}=# -\\\n\u00e9\u2028", max_size=20).map("net.".__add__) | st.text(max_size=20))
def test_an_exact_key_names_one_file_below_net(name: str) -> None:
    try:
        known = sysctl_key(name)
    except ValueError:
        return
    assert known.name == name
    path = path_of(name)
    assert path.startswith("/proc/sys/net/")
    assert os.path.normpath(path) == path
    # Both boot readers take the line as this one key.
    for line in (f"{name} = 1", f"-{name} = 1"):
        assert [(one["key"], one["is_glob"], one["value"]) for one in parse_lines(line)[0]] == [(name, False, "1")]


def test_catalogue_holds_together() -> None:
    for name, known in SYSCTL_KEYS.items():
        assert name == known.name
        assert not is_secret(name)
        assert path_of(name).startswith("/proc/sys/")
        if known.default is not None:
            assert parse(known, known.default) is not None
            assert reads(name, known.default) == known.default
        folder, _dot, last = name.rpartition(".")
        if folder == "net.ipv4" and last.startswith(("tcp_", "ip_local_")):
            assert last in KNOWN_IPV4_NAMES
