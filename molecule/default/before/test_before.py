# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Before the profile: the past of the hosts is in force, and what they are like is kept for the comparison at the end."""

from __future__ import annotations

import pytest
from containers.hosts import host


@pytest.mark.parametrize("name", ["client", "balancer", "server"])
def test_the_past_is_in_force(name: str) -> None:
    past = host(name).boot_values()
    assert past["net.ipv4.tcp_max_tw_buckets"] == "4096"
    assert host(name).live(*past) == list(past.values())
    host(name).remember()
