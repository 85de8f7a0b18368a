# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A web server whose provisioning play includes the role, and a host that is to have the running values alone."""

from __future__ import annotations

from containers.hosts import PROFILE_FILE, host
from containers.profiles import RESERVED, RFC1337, TIMESTAMPS

KEEPALIVE = "net.ipv4.tcp_keepalive_time"


def test_own_values_stand_beside_the_profile_s() -> None:
    settings = {TIMESTAMPS: "1", RFC1337: "0", KEEPALIVE: "900"}
    assert host("provisioned").live(*settings) == list(settings.values())
    booted = host("provisioned").boot_values()
    assert {key: booted[key] for key in settings} == settings


def test_the_port_of_the_listener_is_kept_for_it() -> None:
    assert host("provisioned").infra.socket("tcp://0.0.0.0:40080").is_listening
    assert host("provisioned").live(RESERVED) == ["40080"]
    assert host("provisioned").boot_values()[RESERVED] == "40080"


def test_scope_runtime_writes_no_boot_file_and_does_not_last() -> None:
    assert not host("runtime").exists(PROFILE_FILE)
    result = host("runtime").result()
    assert not result["failed"]
    assert result["boot_file"]["changed"] is False
