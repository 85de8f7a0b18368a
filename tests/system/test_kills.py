# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module and its guard, killed at any time: a few of the kills of `make kills`, with a seed that stays."""

from __future__ import annotations

from kills.kills import Kills, own_etc
from support.namespaces import own_namespaces

_COUNT = 20
_SEED = 4


@own_namespaces
def test_no_kill_loses_anything() -> None:
    own_etc()
    kills = Kills(_SEED)
    try:
        while kills.count < _COUNT:
            kills.one()
    finally:
        kills.close()
    assert kills.lost == []
    assert set(kills.journals) <= {"none", "applying", "waiting", "confirming", "closed", "closed, undone by the guard"}
