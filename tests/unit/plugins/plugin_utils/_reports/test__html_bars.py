# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bars: how full the ports and the TIME_WAIT buckets of a host are."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import build_host
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._html_bars import bars
from support.audits import audit, result


@pytest.mark.parametrize(
    ("capacity", "texts", "percents"),
    [
        (
            {
                "time_wait": 500,
                "bucket_limit": 2000,
                "usable_ports": 100,
                "busiest": {"source": "10.0.0.1", "destination": "2001:db8::5", "destination_port": 443, "ports": 87},
            },
            ["Ports towards [2001:db8::5]:443 from 10.0.0.1: 87 of 100 usable (87 %)", "TIME_WAIT sockets: 500 of 2,000 allowed (25 %)"],
            [87.0, 25.0],
        ),
        (
            {"time_wait": 5, "bucket_limit": 0, "usable_ports": 28232, "busiest": None},
            ["Ports: no outgoing connections, 28,232 ports usable", "TIME_WAIT sockets: 5 of 0 allowed"],
            [0.0, 100.0],
        ),
        (
            {"time_wait": 9000, "bucket_limit": 4000},
            ["Ports: unknown", "TIME_WAIT sockets: 9,000 of 4,000 allowed (225 %)"],
            [None, 100.0],
        ),
        ({"time_wait": 5}, ["Ports: unknown", "TIME_WAIT sockets: 5, the limit is unknown"], [None, None]),
        (None, ["Ports: unknown", "TIME_WAIT sockets: unknown"], [None, None]),
    ],
)
def test_bars_show_use_against_the_limit(capacity: dict[str, Any] | None, texts: list[str], percents: list[float | None]) -> None:
    found = bars(build_host("web1", audit("web1", result("a", "low"), capacity=capacity)))
    assert [f"{one.label}: {one.text}" for one in found] == texts
    assert [one.percent for one in found] == percents
    assert {one.severity for one in found} == {None}


@pytest.mark.parametrize(
    ("rule", "severities"),
    [
        ("ports-pressure", ["high", None]),
        ("buckets-overflow", [None, "high"]),
        ("buckets-nearly-full", [None, "high"]),
        ("buckets-disabled", [None, "high"]),
        ("rfc1337-on", [None, None]),
    ],
)
def test_a_bar_has_the_severity_of_the_rule_that_failed_about_it(rule: str, severities: list[str | None]) -> None:
    host = build_host("web1", audit("web1", result(rule, "high"), result(rule, "critical", "unknown")))
    assert [one.severity for one in bars(host)] == severities


@pytest.mark.parametrize("changes", [{"unreachable": True}, {"source": {"kind": "repository", "path": "."}}])
def test_what_is_no_host_with_an_audit_has_no_bars(changes: dict[str, Any]) -> None:
    given = {"host": "web1", **changes} if "unreachable" in changes else audit("web1", result("a", "low"), **changes)
    assert bars(build_host("web1", given)) == []
