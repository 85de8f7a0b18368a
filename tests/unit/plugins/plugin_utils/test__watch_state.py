# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one look returns comes back to the next as it was."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._shapes import ShapeError, check
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch import measure, peak, sample, taken
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_namespaces import after_look
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_state import WatchState
from support.snapshots import towards
from support.watched import NO_NAMESPACES, observed, two_looks


def test_a_state_survives_json() -> None:
    full = observed(namespaces={"pod shop/cart": {"ports_in_use": [towards(20000, 20000)]}})
    now = sample(observed(ports_in_use=[towards(6000, 5000)]))
    first = measure(None, now)
    second = two_looks(observed(), observed(10, 9000, ports_in_use=[towards(10235, 9235)]))
    state = {
        "measure": second,
        "sample": now,
        "peak": peak(peak(None, first), second),
        "namespaces": after_look(NO_NAMESPACES, taken(full), full["others"]),
        "failure": {},
        "last_failure": {"unreachable": True, "msg": "no route"},
        "failed_looks": 3,
        "skip_looks": 0,
    }
    assert check(WatchState, json.loads(json.dumps(state))) == state


def test_the_first_look_has_nothing_before_it() -> None:
    nothing: dict[str, t.Any] = {"namespaces": NO_NAMESPACES, "failure": {}, "last_failure": {}, "failed_looks": 0, "skip_looks": 0}
    assert check(WatchState, {}) == {"measure": None, "sample": None, "peak": None, **nothing}


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"sample": {"clock": "1"}}, "sample.clock must be a number"),
        ({"skip_looks": -1}, "skip_looks must be 0 or more"),
        ({"failed_looks": True}, "failed_looks must be a whole number, not true"),
        ({"last_failure": {"msg": []}}, "last_failure.msg must be a string, not a list"),
    ],
)
def test_a_state_of_another_shape_is_named(state: dict[str, t.Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        check(WatchState, state)
