# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How rules ask for boot files: what they set, and what holds after the next boot."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules._base import MissingFactError
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules._view import View
from support.snapshots import snapshot

TS = "net.ipv4.tcp_timestamps"
REUSE = "net.ipv4.tcp_tw_reuse"
DELAY = "net.ipv4.tcp_tw_reuse_delay"
RECYCLE = "net.ipv4.tcp_tw_recycle"
RANGE = "net.ipv4.ip_local_port_range"
RESERVED = "net.ipv4.ip_local_reserved_ports"
UNPRIVILEGED = "net.ipv4.ip_unprivileged_port_start"
CONF = "/etc/sysctl.d/50-x.conf"
LATER = "/etc/sysctl.d/60-x.conf"


def view(keys: dict[str, str | None] | None = None, **parts: t.Any) -> View:
    return View(snapshot(keys, **parts))


def unreadable(key: str) -> View:
    made = snapshot()
    assert made["sysctl"] is not None
    made["sysctl"][key] = {"state": "unreadable", "reason": "EACCES"}
    return View(made)


@pytest.mark.parametrize("init", ["systemd", None])
def test_systemd_sysctl_sets_the_keys_at_boot(init: str | None) -> None:
    assert view(host={"init": init}).boot_reader == "systemd"


def test_without_systemd_nobody_is_guessed() -> None:
    with pytest.raises(MissingFactError, match="boots without systemd"):
        _reader = view(host={"init": "other"}).boot_reader


def test_keys_that_some_boot_file_keeps() -> None:
    files = {CONF: f"{REUSE} = 1\n", "/etc/sysctl.conf": "net.ipv4.tcp_fin_timeout = 10\n", "/etc/sysctl.d/x": f"{TS} = 0\n"}
    assert view(files=files).saved_keys() == {REUSE, "net.ipv4.tcp_fin_timeout"}


@pytest.mark.parametrize(
    ("reader", "last", "values"),
    [
        ("systemd", "0x0", [("0", LATER, 1)]),
        ("procps", "0x0", [("0", LATER, 1)]),
        # systemd-sysctl writes the last text alone; sysctl --system writes one after the other.
        ("systemd", "9", []),
        ("procps", "9", [("1", CONF, 1)]),
    ],
)
def test_the_last_text_that_the_kernel_takes_is_the_value_at_boot(reader: str, last: str, values: list[tuple[str, str, int]]) -> None:
    found = view(files={CONF: f"{REUSE} = 1\n", LATER: f"{REUSE} = {last}\n"}).boot_values(reader)
    assert [(value.raw, value.setting.path, value.setting.line) for value in found.values()] == values


def test_keys_outside_the_catalogue_have_no_value_at_boot() -> None:
    assert view(files={CONF: "net.ipv4.tcp_made_up = 1\n"}).boot_values("systemd") == {}


@pytest.mark.parametrize(
    ("running", "lines", "end"),
    [
        ({}, f"{RANGE} = 500 65535\n", {}),
        # What runs now says nothing of what the next boot meets.
        ({UNPRIVILEGED: "0"}, f"{RANGE} = 500 65535\n", {}),
        ({}, f"{UNPRIVILEGED} = 0\n{RANGE} = 500 65535\n", {UNPRIVILEGED: "0", RANGE: "500 65535"}),
        ({}, f"{UNPRIVILEGED} = 20000\n{RANGE} = 16384 65535\n", {UNPRIVILEGED: "20000"}),
        # Kernels without the key protect no port from this bound.
        ({UNPRIVILEGED: None}, f"{RANGE} = 500 65535\n", {RANGE: "500 65535"}),
    ],
)
def test_a_boot_goes_write_by_write(running: dict[str, str | None], lines: str, end: dict[str, str]) -> None:
    assert {key: value.raw for key, value in view(running, files={CONF: lines}).boot_end.items()} == end


def test_settings_of_a_pattern_name_each_key_that_it_matches() -> None:
    host = view(files={CONF: "net.ipv4.tcp_t*s = 1\nkernel.x = 1\n", "/etc/sysctl.d/notes": f"{TS} = 1\n"})
    assert [(one.key, one.text, one.path, one.line) for one in host.boot_settings()] == [(TS, "1", CONF, 1)]


def test_a_file_behind_a_link_is_read_once_and_named_by_its_real_path() -> None:
    files = {"/etc/sysctl.d/99-sysctl.conf": "-> ../sysctl.conf", "/etc/sysctl.conf": f"{TS} = 1\n"}
    assert [one.path for one in view(files=files).boot_settings(TS)] == ["/etc/sysctl.conf"]


def test_only_lines_that_win_for_a_reader_are_the_last_ones() -> None:
    files = {CONF: f"{TS} = 1\n", LATER: f"{TS} = 0\n", "/etc/sysctl.conf": f"{TS} = 2\n"}
    assert {(one.path, one.text) for one in view(files=files).last_boot_settings(TS)} == {(LATER, "0"), ("/etc/sysctl.conf", "2")}


def test_boot_files_that_were_not_observed_are_missing() -> None:
    with pytest.raises(MissingFactError, match="boot files were not observed"):
        list(view(boot_files=None).boot_settings())


def test_files_that_could_not_be_read_are_named() -> None:
    assert view(files={CONF: b"\0", LATER: f"{TS} = 1\n"}).unread_boot_files() == [CONF]
