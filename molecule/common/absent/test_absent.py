# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After state: absent: the lines that were commented out are back, and no boot file of the profile is left."""

from __future__ import annotations

import pytest
from containers.hosts import PROFILE_FILE, host
from containers.profiles import BUCKETS, TIMESTAMPS


@pytest.mark.parametrize("name", ["report", "comment_out", "fail"])
def test_the_files_are_as_they_were(name: str) -> None:
    assert not host(name).exists(PROFILE_FILE)
    assert host(name).read("/etc/sysctl.d/99-zz.conf") == f"# Do not touch.\n{TIMESTAMPS} = 3"
    assert host(name).read("/etc/sysctl.d/zz-ufw.conf") == "net/ipv4/tcp_max_tw_buckets=4096"
    assert host(name).read("/etc/sysctl.conf") == "net.ipv4.tcp_max_tw_buckets = 5000"


def test_the_values_are_as_they_were() -> None:
    assert host("comment_out").live(TIMESTAMPS, BUCKETS) == ["3", "4096"]
