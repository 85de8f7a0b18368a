# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A load generator whose provisioning play includes the role with values of its own."""

from __future__ import annotations

from containers.hosts import PROFILE_FILE, host
from containers.profiles import RANGE, TIMESTAMPS, TW_REUSE

KEEPALIVE = "net.ipv4.tcp_keepalive_time"
OWN_FILE = "/etc/sysctl.d/60-load-generator.conf"


def test_own_values_take_the_place_of_the_profile_s_or_stand_beside_them() -> None:
    settings = {TIMESTAMPS: "1", TW_REUSE: "1", RANGE: "20000 65535", KEEPALIVE: "600"}
    assert host("provisioned").live(*settings) == list(settings.values())
    assert host("provisioned").boot_values(OWN_FILE) == settings


def test_the_boot_file_is_the_one_that_was_asked_for() -> None:
    assert not host("provisioned").exists(PROFILE_FILE)


def test_the_play_went_on_after_the_role() -> None:
    assert host("provisioned").exists("/etc/load-generator.ready")
