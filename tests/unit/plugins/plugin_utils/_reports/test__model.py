# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all reports start from: outcomes, orders and counts."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import OUTCOMES
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._model import build_host, gain_text, location
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._shapes import ShapeError
from support.audits import audit, build, result


def test_each_host_counts_in_one_outcome() -> None:
    report = build([audit("a", result("x", "low")), audit("b", result("x", "low", "pass")), {"host": "c"}, {"host": "d"}], "t")
    assert {outcome: report.count(outcome) for outcome in OUTCOMES} == {"not_audited": 2, "failed": 1, "unknown": 0, "clean": 1}


def test_one_malformed_audit_names_the_place() -> None:
    with pytest.raises(ShapeError, match=r"^results\[0\] \(a\)\.status must be one of"):
        build_host("web1", audit("web1", result("a", "low", "bad")))


@pytest.mark.parametrize(
    ("path", "line", "text"), [(None, None, ""), ("", 3, ""), ("/etc/sysctl.conf", None, "/etc/sysctl.conf"), ("/a", 3, "/a:3")]
)
def test_a_location(path: str | None, line: int | None, text: str) -> None:
    (one,) = build_host("web1", audit("web1", result("a", "low", path=path, line=line))).results
    assert location(one) == text


@pytest.mark.parametrize(
    ("gain", "text"),
    [
        ((None, None, None), ""),
        ((0.5, None, None), "from 0.5 short connections per second to no limit from TIME_WAIT"),
        ((470.5, 941.0, None), "from 470.5 to 941.0 short connections per second"),
        ((470.5, 28232.0, 60.0), "from 470.5 to 28,232.0 short connections per second (60.0 times)"),
    ],
)
def test_what_a_cure_gains(gain: tuple[Any, Any, Any], text: str) -> None:
    assert gain_text({"from_per_second": gain[0], "to_per_second": gain[1], "factor": gain[2]}) == text
