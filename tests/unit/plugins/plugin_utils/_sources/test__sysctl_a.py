# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listings of sysctl -a: values, what a missing key means, and damage."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import SYSCTL_KEYS
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import SourceError, load, validate
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._common import empty_snapshot
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._sysctl_a import _IP_ALWAYS, _TCP_ALWAYS, fill_in
from hypothesis import given
from hypothesis import strategies as st
from support.corpus import each_collection

STAMPS = "net.ipv4.tcp_timestamps"
RECYCLE = "net.ipv4.tcp_tw_recycle"
ORPHANS = "net.ipv4.tcp_max_orphans"
CONNTRACK = "net.netfilter.nf_conntrack_max"

TCP = "".join(f"{key} = 1\n" for key in sorted(_TCP_ALWAYS))
IP = (
    "".join(f"{key} = 1\n" for key in sorted(_IP_ALWAYS - {"net.ipv4.ip_local_port_range"}))
    + "net.ipv4.ip_local_port_range = 1024\t65535\n"
)
NET = "net.core.somaxconn = 128\nnet.ipv4.conf.all.rp_filter = 0\nnet.ipv4.icmp_echo_ignore_all = 0\n" + IP + TCP


def states(text: str) -> dict[str, str]:
    snapshot = empty_snapshot("sysctl_a", "x")
    fill_in(snapshot, text, "x")
    return {key: one["state"] for key, one in (snapshot["sysctl"] or {}).items()}


@pytest.mark.parametrize(
    ("text", "recycle", "orphans", "conntrack"),
    [
        (NET, "absent", "absent", "absent"),
        (TCP, "absent", "absent", None),
        (IP, None, None, None),
        (TCP.replace("tcp_wmem", "tcp_other"), None, None, None),
        (NET.replace("tcp_wmem", "tcp_other"), None, None, None),
        (f"{STAMPS} = 1\n", None, None, None),
        (f"{STAMPS} = 1\n{RECYCLE} = 0\n", "present", None, None),
        (f"sysctl: cannot stat /proc/sys/net/ipv4/tcp_tw_recycle: No such file or directory\n{STAMPS} = 1\n", "absent", None, None),
        (f"sysctl: permission denied on key '{RECYCLE}'\n", "unreadable", None, None),
        (f"sysctl: error reading key '{RECYCLE}': Permission denied\n", "unreadable", None, None),
        (f'error: "Input/output error" reading key "{RECYCLE}"\n', "unreadable", None, None),
        (f'sysctl: reading key "{RECYCLE}"\n{ORPHANS} = 1', "unreadable", "present", None),
    ],
)
def test_what_a_missing_key_means(text: str, recycle: str | None, orphans: str | None, conntrack: str | None) -> None:
    found = states(text)
    assert (found.get(RECYCLE), found.get(ORPHANS), found.get(CONNTRACK)) == (recycle, orphans, conntrack)


@pytest.mark.parametrize(
    ("line", "raw", "value"),
    [
        ("net.ipv4.ip_local_port_range = 32768\t60999", "32768\t60999", [32768, 60999]),
        ("net.ipv4.ip_local_port_range=32768 60999\r", "32768 60999", [32768, 60999]),
        ("net.ipv4.ip_local_reserved_ports = ", "", []),
        ("net.ipv4.ip_local_reserved_ports =", "", []),
        ("net.ipv4.tcp_max_tw_buckets = many", "many", None),
    ],
)
def test_values(line: str, raw: str, value: object) -> None:
    snapshot = empty_snapshot("sysctl_a", "x")
    fill_in(snapshot, f"a.b = 1\n{line}\nc.d = 2\n", "x")
    assert snapshot["sysctl"] == {line.partition("=")[0].strip(): {"state": "present", "raw": raw, "value": value, "origin": "listing"}}


def test_names_and_namespace() -> None:
    snapshot = empty_snapshot("sysctl_a", "x")
    fill_in(snapshot, "kernel.hostname = h\nkernel.osrelease = 5.4.0\n" + NET + f"{ORPHANS} = 9\n", "x")
    assert snapshot["host"]["hostname"] == "h"
    assert snapshot["host"]["kernel_release"] == "5.4.0"
    assert snapshot["host"]["network_namespace"] == "initial"
    names = snapshot["ipv4_keys"] or []
    assert "tcp_max_orphans" in names
    assert "ip_local_port_range" in names
    assert "ip_forward" not in names
    assert not snapshot["not_seen"]


def test_a_namespace_of_its_own_lacks_the_initial_one_s_keys() -> None:
    snapshot = empty_snapshot("sysctl_a", "x")
    fill_in(snapshot, NET, "x")
    assert snapshot["host"]["network_namespace"] == "own"


def test_secrets_are_left_out() -> None:
    snapshot = empty_snapshot("sysctl_a", "x")
    fill_in(snapshot, NET + "net.ipv4.tcp_fastopen_key = 11111111-22222222-33333333-44444444\n", "x")
    assert "11111111" not in repr(snapshot)


@pytest.mark.parametrize("text", ["hello\n", "# only a remark\n", "TcpExt: TW\nTcpExt: 1\n"])
def test_another_text_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "listing"
    path.write_text(text)
    with pytest.raises(SourceError, match=r"listing: has no line"):
        load(str(path), "sysctl_a")


@given(st.lists(st.sampled_from([*NET.splitlines(), "x", "= 1", "sysctl: key '", f"{STAMPS} = \x00é", f"{STAMPS}", "net.ipv4.tcp_a = b"])))
def test_any_pile_of_lines_gives_a_valid_snapshot(lines: list[str]) -> None:
    snapshot = empty_snapshot("sysctl_a", "x")
    try:
        fill_in(snapshot, "\n".join(lines), "x")
    except SourceError:
        return
    validate(snapshot)


@given(cut=st.integers(0, len(NET)))
def test_a_cut_listing_never_says_absent_of_a_key_that_was_cut_off(cut: int) -> None:
    whole = {key for key, state in states(NET).items() if state == "present"}
    try:
        found = states(NET[:cut] + f"\n{STAMPS} = 1\n")
    except SourceError:
        return
    assert not whole & {key for key, state in found.items() if state == "absent"}


@each_collection
@pytest.mark.parametrize(
    ("name", "release", "namespace", "recycle", "whole"),
    [
        ("sysctl-a/centos6-2.6.32-tcp-EXCERPT.txt", None, "initial", "present", False),
        ("sysctl-a/centos77-3.10.txt", "3.10.0-1062.1.2.el7.x86_64", "initial", "present", True),
        ("sysctl-a/lxd-container-5.4-sos.txt", "5.4.0-97-generic", "own", "absent", True),
        ("sysctl-a/moby25519_selected-4.14.txt", None, "initial", None, False),
        ("sysctl-a/openwrt-sysctl.list.txt", "4.14.167", "initial", "absent", True),
        ("sysctl-a/ubuntu-3.0-ptsummary.txt", "3.0.0-16-generic", "initial", "present", True),
        ("sysctl-a/ubuntu1804-4.15.txt", "4.15.0-101-generic", "initial", "absent", True),
        ("sysctl-a/ubuntu2004-openstack-5.4-sos.txt", "5.4.0-97-generic", "initial", "absent", True),
        ("sysctl-a/ubuntu2404-oem-6.11.txt", "6.11.0-1007-oem", "initial", "absent", True),
        ("recycle-4.9/sysctl-a.txt", "4.9.154", "initial", "present", True),
        ("local-6.18/sysctl-net.txt", None, "own", "absent", True),
        ("local-6.18/busybox-sysctl-net.txt", None, "own", "absent", True),
        ("local-6.18/sysctl-unprivileged-with-stderr.txt", None, None, "absent", False),
    ],
)
def test_real_listings(hosts: Path, name: str, release: str | None, namespace: str | None, recycle: str | None, whole: bool) -> None:
    snapshot = load(str(hosts / name), "sysctl_a")
    validate(snapshot)
    sysctl = snapshot["sysctl"] or {}
    assert snapshot["host"]["kernel_release"] == release
    assert snapshot["host"]["network_namespace"] == namespace
    assert sysctl.get(RECYCLE, {}).get("state") == recycle  # type: ignore[call-overload]
    assert whole is not bool(snapshot["not_seen"])
    assert {key for key in SYSCTL_KEYS if key.startswith("net.ipv4.tcp_")} <= sysctl.keys() or not whole
