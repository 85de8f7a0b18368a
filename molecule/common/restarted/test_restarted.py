# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After the role and a restart: boot does what the role's result had foretold."""

from __future__ import annotations

import os

from containers.hosts import host
from containers.profiles import BUCKETS, TIMESTAMPS, profile

ROLE = os.environ["MOLECULE_SCENARIO_NAME"]


def test_reported_lines_win_at_boot() -> None:
    settings = {**profile(host("report"), ROLE), TIMESTAMPS: "3", BUCKETS: "4096"}
    assert host("report").live(*settings) == list(settings.values())


def test_after_comment_out_the_profile_wins_at_boot() -> None:
    settings = profile(host("comment_out"), ROLE)
    assert host("comment_out").live(*settings) == list(settings.values())


def test_both_readers_agree_with_the_forecast() -> None:
    for name in ("report", "comment_out"):
        host(name).infra.check_output("sysctl --system")
    assert host("report").live(TIMESTAMPS, BUCKETS) == ["3", "5000"]
    settings = profile(host("comment_out"), ROLE)
    assert host("comment_out").live(*settings) == list(settings.values())


def test_what_refused_the_profile_boots_as_before() -> None:
    assert host("fail").live(TIMESTAMPS, BUCKETS) == ["3", "4096"]
