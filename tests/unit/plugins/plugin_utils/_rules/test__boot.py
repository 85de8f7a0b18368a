# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the rules about boot files share: the number a line sets, texts that mean the same, and a pass that needs readable files."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules._boot import no_failure, number_set, same_text
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules._view import View
from support.snapshots import snapshot

TS = "net.ipv4.tcp_timestamps"
BUCKETS = "net.ipv4.tcp_max_tw_buckets"
CONF = "/etc/sysctl.d/50-x.conf"


@pytest.mark.parametrize(
    ("text", "number"),
    [("262144", 262144), ("0x10", 16), ("010", 8), ("-1", -1), ("many", None), ("5_000", None), ('"5"', None)],
)
def test_the_number_that_the_kernel_takes_from_a_line(text: str, number: int | None) -> None:
    (setting,) = View(snapshot(files={CONF: f"{BUCKETS} = {text}\n"})).boot_settings(BUCKETS)
    assert number_set(setting) == number


@pytest.mark.parametrize(
    ("key", "first", "second", "same"),
    [
        (TS, "1", "0x1", True),
        (TS, "1", "0", False),
        ("net.ipv4.ip_local_port_range", "1024 65000", "1024\t65000", True),
        ("net.ipv4.tcp_made_up", "1", "1", True),
        ("net.ipv4.tcp_made_up", "1", "0x1", False),
    ],
)
def test_texts_that_mean_the_same(key: str, first: str, second: str, same: bool) -> None:
    assert same_text(key, first, second) == same


def test_without_a_failure_there_is_a_pass() -> None:
    found = no_failure(View(snapshot(files={CONF: f"{TS} = 1\n"})), "files", "nothing wrong")
    assert (found.status, found.subject, found.observed, found.reason) == ("pass", "files", "nothing wrong", "")


def test_a_file_that_could_not_be_read_makes_it_unknown() -> None:
    found = no_failure(View(snapshot(files={CONF: b"\0"})), "files", "nothing wrong")
    assert (found.status, found.reason) == ("unknown", f"some boot files could not be read: {CONF}")
