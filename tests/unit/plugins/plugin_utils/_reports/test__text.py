# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The summary in the terminal: what somebody needs at three in the morning, in the columns that there are."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import build, text_summary
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import PROFILES
from support.audits import audit, cure, hostile_audits, result, sample_audits

EXPECTED = """\
TCP audit: 2 hosts: 1 with failed results, 1 NOT AUDITED

HOST  WORST     CRIT HIGH  MED  LOW INFO UNKN WAIV
gone  NOT AUDITED: no route to host
web1  HIGH         -    1    -    1    -    2    -

web1 (backend, kernel 6.1.0-18-amd64, 2026-01-31T12:00:00Z)
-----------------------------------------------------------
HIGH      rfc1337-on: net.ipv4.tcp_rfc1337
          found:    1
          expected: 0
          where:    /etc/sysctl.d/10-x.conf:4
          do:       Set it to 0. Delete the line, or a reboot brings it back. These words run on
                    so that they need more than the four lines that a remedy gets here. These
                    words run on so that they need more than the four lines that a remedy gets
                    here. These words run on so that they need more than the four lines that a …

LOW       boot-duplicate

unknown:  b-rule (2)
not seen: The counters could not be read (EACCES).
"""


ADVICE = """\
DO FIRST: reuse (high): Invented title of reuse
          why:      An invented reason for reuse.
          gain:     from 470.5 to 28,232.0 short connections per second (60.0 times)
          how:      role linux_tcp.hardening.client_host; then look again
          risk:     None.
          then:     keep-alive
          do not:   recycle

HIGH      a-rule"""


def test_advice_comes_before_the_results() -> None:
    advice = [cure("reuse", True), cure("keep-alive", True), cure("rfc1337-off"), cure("recycle", wrong=True)]
    assert ADVICE in text_summary(build([audit("web1", result("a-rule", "high", subject=""), advice=advice)], "t"))


def test_where_no_cure_applies_there_is_no_word_about_it() -> None:
    without = text_summary(build([audit("web1", result("a-rule", "high"))], "t"))
    assert text_summary(build([audit("web1", result("a-rule", "high"), advice=[cure("recycle", wrong=True)])], "t")) == without


def test_the_whole_text() -> None:
    remedy = "Set it to 0. Delete the line, or a reboot brings it back." + 5 * (
        " These words run on so that they need more than the four lines that a remedy gets here."
    )
    web1 = audit(
        "web1",
        result("boot-duplicate", "low", subject="", observed="", expected="", remedy=""),
        result("rfc1337-on", "high", subject="net.ipv4.tcp_rfc1337", path="/etc/sysctl.d/10-x.conf", line=4, remedy=remedy),
        result("b-rule", "low", "unknown", subject="x"),
        result("b-rule", "low", "unknown", subject="y"),
        result("a-rule", "low", "pass"),
        profile="backend",
        not_seen=["The counters could not be read (EACCES)."],
    )
    gone = {"host": "gone", "unreachable": True, "msg": "no route to host"}
    assert text_summary(build([web1, gone], "TCP audit")) == EXPECTED


@pytest.mark.parametrize(
    ("profile", "profiles", "expected"),
    [
        ("any", ["fullnat_lb"], "for:      hosts with the profile fullnat_lb"),
        ("any", ["client_host", "backend"], "for:      hosts with the profile client_host or backend"),
        ("any", list(PROFILES), None),
        ("fullnat_lb", ["fullnat_lb"], None),
    ],
)
def test_under_any_a_result_says_whom_it_concerns(profile: str, profiles: list[str], expected: str | None) -> None:
    text = text_summary(build([audit("web1", result("a", "low", profiles=profiles), profile=profile)], "t"))
    assert [line.strip() for line in text.splitlines() if "for:" in line] == ([expected] if expected else [])


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("audits", [sample_audits(), hostile_audits()], ids=["sample", "hostile"])
def test_no_line_is_wider_than_the_terminal(audits: list[dict[str, Any]], width: int) -> None:
    assert max(map(len, text_summary(build(audits, "t"), width).splitlines())) <= width


def test_a_clean_host_is_one_line() -> None:
    text = text_summary(build([audit("web1", result("a", "low", "pass"))], "t"))
    assert text.splitlines()[-1].split() == ["web1", "none", *"-------"]


def test_paint_gets_every_severity_and_nothing_else_changes() -> None:
    painted: list[str] = []

    def paint(text: str, severity: str) -> str:
        painted.append(severity)
        return text

    report = build(sample_audits(), "t")
    assert text_summary(report, paint=paint) == text_summary(report)
    assert set(painted) == {"critical", "high", "medium", "low", "info"}
