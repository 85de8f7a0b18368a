# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The summary in the terminal: what somebody needs at three in the morning, in the columns that there are."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import build, text_summary
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
    ("profiles", "expected"), [(["fullnat_lb"], "IF fullnat_lb:"), (["client_host", "backend"], "IF client_host or backend:")]
)
def test_a_result_of_some_profiles_is_told_apart_and_is_not_the_worst(profiles: list[str], expected: str) -> None:
    apart = result("a", "high", profiles=profiles, decides=False)
    text = text_summary(build([audit("web1", apart, result("b", "low"), profile="any")], "t"))
    assert next(line for line in text.splitlines() if line.startswith("IF ")).startswith(expected)
    row = next(line for line in text.splitlines() if line.startswith("web1"))
    assert row.split()[1:7] == ["LOW", "-", "-", "-", "1", "-"]
    assert text.index("b: net") < text.index("IF ") < text.index("a: net")


def test_the_verdict_comes_first_and_what_is_fine_before_the_results() -> None:
    found = {
        "sentence": "Ports run out.",
        "next_step": "Do this.",
        "fine": ["SNAT: none here", "conntrack: 12 %"],
        "not_known": [],
        "profile": "This host looks like a backend.",
    }
    text = text_summary(build([audit("web1", result("a", "high"), verdict=found)], "t"))
    places = [text.index(part) for part in ("Ports run out.", "next:", "looks like a backend", "fine:", "HIGH      a")]
    assert places == sorted(places)
    clean = text_summary(build([audit("web1", result("a", "low", "pass"), verdict=found)], "t"))
    assert "Ports run out." in clean
    two = text_summary(build([audit(name, result("a", "low", "pass"), verdict=found) for name in ("web1", "web2")], "t"))
    assert "Ports run out." not in two


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("audits", [sample_audits(), hostile_audits()], ids=["sample", "hostile"])
def test_no_line_is_wider_than_the_terminal(audits: list[dict[str, Any]], width: int) -> None:
    assert max(map(len, text_summary(build(audits, "t"), width).splitlines())) <= width


def test_a_clean_host_is_one_line() -> None:
    text = text_summary(build([audit("web1", result("a", "low", "pass"), profile="backend")], "t"))
    assert text.splitlines()[-1].split() == ["web1", "none", *"-------"]


def test_hosts_without_a_profile_are_named() -> None:
    hosts = [audit(f"web{number}", result("a", "low", "pass"), profile="any" if number else "backend") for number in range(13)]
    text = " ".join(text_summary(build(hosts, "t")).split())
    assert "NO PROFILE: web1, web10, web11, web12, web2, web3, web4, web5, web6, web7 and 2 more. Set tcp_profile for them: " in text


def test_a_repository_needs_no_profile() -> None:
    one = audit("repo", result("a", "low", "fail"), profile="any", source={"kind": "repository", "path": "."})
    assert "NO PROFILE" not in text_summary(build([one], "t"))


def test_paint_gets_every_severity_and_nothing_else_changes() -> None:
    painted: list[str] = []

    def paint(text: str, severity: str) -> str:
        painted.append(severity)
        return text

    report = build(sample_audits(), "t")
    assert text_summary(report, paint=paint) == text_summary(report)
    assert set(painted) == {"critical", "high", "medium", "low", "info"}
