# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A balancer of layer 4 whose provisioning play includes the role with timestamps kept, once haproxy listens."""

from __future__ import annotations

from containers.hosts import host
from containers.profiles import RANGE, RESERVED, TIMESTAMPS, TW_REUSE, profile

SOMAXCONN = "net.core.somaxconn"


def test_timestamps_stay_and_reuse_with_them() -> None:
    assert host("provisioned").live(TIMESTAMPS, TW_REUSE) == ["1", "1"]


def test_own_values_take_the_place_of_the_profile_s_or_stand_beside_them() -> None:
    settings = {**profile(host("provisioned"), "fullnat_lb"), TIMESTAMPS: "1", TW_REUSE: "1", RANGE: "10240 65535", SOMAXCONN: "8192"}
    settings[RESERVED] = "20100"
    assert host("provisioned").live(*settings) == list(settings.values())
    assert host("provisioned").boot_values() == settings


def test_the_balancer_runs() -> None:
    assert host("provisioned").infra.socket("tcp://0.0.0.0:20100").is_listening
