# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waivers from the option: what is let in, and what the refusal says."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._waivers import WaiverError, parse_waivers

WAIVER = {"rule": "reuse-without-timestamps", "reason": "being replaced", "expires": "2026-11-21"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rule": "no-such-rule"}, "waiver 1 .*there is no rule 'no-such-rule'"),
        ({"rule": ""}, "waiver 1 has no rule"),
        ({"rule": ["timestamps-off"]}, "waiver 1: rule must be the id of a rule"),
        ({"expires": "20300101"}, "of the form YYYY-MM-DD"),
        ({"expires": "2030-W01-1"}, "of the form YYYY-MM-DD"),
        ({"rule": "waiver-expired"}, "cannot be waived"),
        ({"reason": "  "}, r"waiver 1 \(reuse-without-timestamps\) has no reason"),
        ({"reason": None}, "has no reason"),
        ({"expires": None}, "has no last day"),
        ({"expires": "next year"}, "YYYY-MM-DD, not 'next year'"),
        ({"expires": "2026-02-30"}, "of the form YYYY-MM-DD"),
        ({"hosts": []}, "hosts must be"),
        ({"hosts": [7]}, "hosts must be"),
        ({"host": "web1"}, "unknown keys: host. A waiver has rule, hosts, namespaces, paths, reason, expires"),
        ({7: "web1"}, "unknown keys: 7"),
    ],
)
def test_a_wrong_waiver_is_named(change: dict[t.Any, t.Any], message: str) -> None:
    with pytest.raises(WaiverError, match=message):
        parse_waivers([{**WAIVER, **change}])


def test_a_date_from_yaml_is_a_date() -> None:
    (waiver,) = parse_waivers([{**WAIVER, "expires": datetime.date(2027, 1, 31)}])
    assert waiver.note["expires"] == "2027-01-31"


def test_a_waiver_holds_until_the_end_of_its_last_day() -> None:
    (waiver,) = parse_waivers([WAIVER])
    assert not waiver.expired(datetime.date(2026, 11, 21))
    assert waiver.expired(datetime.date(2026, 11, 22))


@pytest.mark.parametrize(
    ("hosts", "host", "covered"),
    [(None, "web1", True), (["web?"], "web1", True), (["web?"], "web10", False), ("web1", "web1", True), (["WEB1"], "web1", False)],
)
def test_a_waiver_covers_the_hosts_that_its_patterns_match(hosts: object, host: str, covered: bool) -> None:
    (waiver,) = parse_waivers([{**WAIVER, "hosts": hosts}])
    assert waiver.covers("reuse-without-timestamps", host) is covered
    assert not waiver.covers("timestamps-off", host)


def test_the_place_of_a_wrong_waiver_counts_from_1() -> None:
    with pytest.raises(WaiverError, match=r"^waiver 2 has no rule"):
        parse_waivers([WAIVER, {}])
