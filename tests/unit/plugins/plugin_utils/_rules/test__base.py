# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rule is made of: its severity by profile, one step down, its theme, and a catalogue without duplicates."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import PROFILES
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules._base import (
    REGISTERED,
    Rule,
    ThresholdError,
    Thresholds,
    add,
    everywhere,
    judge,
    lowered,
)


def made(severities: object, rule_id: str = "made-up") -> Rule:
    return Rule(rule_id, "", severities, (), "", "", "", "", (), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("severity", "lower"),
    [("critical", "high"), ("high", "medium"), ("medium", "low"), ("low", "info"), ("info", "info")],
)
def test_one_step_lower(severity: object, lower: str) -> None:
    assert lowered(severity) == lower  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("audited", "profiles", "severity"),
    [
        ("client_host", ["client_host"], "low"),
        ("backend", ["backend"], "high"),
        ("fullnat_lb", [], "high"),
        ("any", ["client_host", "backend"], "high"),
    ],
)
def test_a_rule_counts_for_its_profiles_with_their_severity(audited: str, profiles: list[str], severity: str) -> None:
    rule = made({"client_host": "low", "backend": "high"})
    assert (rule.profiles(audited), rule.severity(audited)) == (profiles, severity)


def test_the_same_severity_everywhere() -> None:
    assert everywhere("low") == dict.fromkeys(PROFILES, "low")


def test_a_rule_without_a_check_belongs_to_the_waivers() -> None:
    assert made({}).theme == "waivers"
    assert REGISTERED["ports-few"].theme == "ports"


def test_an_id_is_taken_once() -> None:
    with pytest.raises(ValueError, match="rule ports-few is registered twice"):
        add(made({}, "ports-few"))
    assert REGISTERED["ports-few"].title == "Few ephemeral ports are usable"


@pytest.mark.parametrize(("failed", "status"), [(True, "fail"), (False, "pass")])
def test_a_judgement_keeps_what_it_rests_on(failed: bool, status: str) -> None:
    found = judge(failed, "key", "seen", "wanted", line=3)
    assert (found.status, found.subject, found.observed, found.expected, found.line) == (status, "key", "seen", "wanted", 3)


# With it, the other threshold of a pair never stands in the way.
PAIRED = {
    "buckets_small": {"buckets_very_small": 0},
    "buckets_very_small": {"buckets_small": 2**31 - 1},
    "ports_pressure_medium_percent": {"ports_pressure_high_percent": 100},
    "ports_pressure_high_percent": {"ports_pressure_medium_percent": 1},
    "fin_timeout_seconds": {"fin_timeout_low_seconds": 0},
    "fin_timeout_low_seconds": {"fin_timeout_seconds": 86400},
}


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("buckets_small", 1, 2**31 - 1),
        ("buckets_very_small", 0, 2**31 - 1),
        ("buckets_nearly_full_percent", 1, 100),
        ("ports_few", 1, 65535),
        ("ports_pressure_medium_percent", 1, 100),
        ("ports_pressure_high_percent", 1, 100),
        ("closes_first_client_sockets", 1, 2**31 - 1),
        ("closes_first_server_percent", 0, 100),
        ("fin_timeout_seconds", 1, 86400),
        ("fin_timeout_low_seconds", 0, 86400),
        ("resets_percent", 0, 100),
        ("conntrack_time_wait_seconds", 1, 86400),
        ("counter_growth", 0, 2**31 - 1),
    ],
)
def test_a_threshold_goes_as_low_and_as_high_as_its_bounds_and_no_further(name: str, low: int, high: int) -> None:
    for value in (low, high):
        assert getattr(Thresholds.from_options({**PAIRED.get(name, {}), name: value}), name) == value
    for value in (low - 1, high + 1):
        with pytest.raises(ThresholdError, match=f"{name} must be between {low} and {high}, not {value}"):
            Thresholds.from_options({name: value})


@pytest.mark.parametrize(
    ("lower", "upper"),
    [
        ("buckets_very_small", "buckets_small"),
        ("ports_pressure_medium_percent", "ports_pressure_high_percent"),
        ("fin_timeout_low_seconds", "fin_timeout_seconds"),
    ],
)
def test_two_thresholds_may_be_equal_but_not_crossed(lower: str, upper: str) -> None:
    equal = Thresholds.from_options({lower: 50, upper: 50})
    assert getattr(equal, lower) == getattr(equal, upper) == 50
    with pytest.raises(ThresholdError, match=f"{lower} must not be greater than {upper}"):
        Thresholds.from_options({lower: 51, upper: 50})
