# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from support.transactions import TIMESTAMPS, Host

REUSED = "this host has used a port in TIME_WAIT again 7 times since it booted (TWRecycled)"


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize(
    ("recycled", "before", "after", "warns"),
    [("7", "1", 0, True), ("0", "1", 0, False), ("7", "0", 0, False), ("7", "0", 1, False), ("7", "2", 1, False), ("x", "1", 0, False)],
)
def test_a_host_that_reuses_ports_is_warned_before_its_timestamps_go(
    host: Host, recycled: str, before: str, after: int, warns: bool, check: bool
) -> None:
    host.write("/proc/net/netstat", f"TcpExt: TW TWRecycled\nTcpExt: 9 {recycled}\n")
    host.set(TIMESTAMPS, before)
    result = host.call(check=check, settings={TIMESTAMPS: after})
    assert host.get(TIMESTAMPS) == (before if check else str(after))
    assert (REUSED in str(result["warnings"])) is warns


def test_a_host_without_that_counter_is_not_warned(host: Host) -> None:
    result = host.call(settings={TIMESTAMPS: 0})
    assert (result["changed"], result["warnings"]) == (True, [])
