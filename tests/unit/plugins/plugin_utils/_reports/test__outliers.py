# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that differ from the others of their profile."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._outliers import Outlier
from support.audits import audit, build, result


def found(*audits: dict[str, Any]) -> list[Outlier]:
    return build(list(audits), "t").overview.outliers


def usual(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [audit(f"web{number:02}", result("x", "low", "pass"), **{"profile": "backend", **changes}) for number in range(count)]


def test_a_rule_that_fails_on_few_hosts_of_a_profile() -> None:
    odd = audit("odd", result("x", "low"), profile="backend")
    assert found(*usual(19), odd) == [Outlier("backend", "x", "fails", "passes", ["odd"], 20)]


@pytest.mark.parametrize(
    ("changes", "what", "value", "usual_value"),
    [
        ({"kernel_release": "5.10"}, "kernel", "5.10", "6.1.0-18-amd64"),
        ({"capacity": {"bucket_limit": 5000}}, "tcp_max_tw_buckets", "5000", "262144"),
        ({"capacity": {"usable_ports": 19}}, "usable ports", "19", "28232"),
    ],
)
def test_a_value_that_few_hosts_have(changes: dict[str, Any], what: str, value: str, usual_value: str) -> None:
    others = usual(19, capacity={"bucket_limit": 262144, "usable_ports": 28232})
    odd = audit("odd", result("x", "low", "pass"), profile="backend", **changes)
    assert found(*others, odd) == [Outlier("backend", what, value, usual_value, ["odd"], 20)]


@pytest.mark.parametrize(
    "audits",
    [
        # Too few to have a usual value, one in eight is not rare, and that one passes what the others fail is no news of it.
        [*usual(8), audit("odd", result("x", "low"), profile="backend")],
        [*usual(14), *(audit(f"odd{number}", result("x", "low"), profile="backend") for number in range(2))],
        [*(audit(f"w{number}", result("x", "low"), profile="backend") for number in range(19)), *usual(1)],
        # Of another profile, and unknown.
        [*usual(19), audit("odd", result("x", "low"), profile="client_host")],
        [*usual(19), audit("odd", result("x", "low", "unknown"), profile="backend")],
    ],
)
def test_what_is_no_outlier(audits: list[dict[str, Any]]) -> None:
    assert found(*audits) == []
