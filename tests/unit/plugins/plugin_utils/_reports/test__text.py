# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The summary in the terminal: what somebody needs at three in the morning, in the columns that there are."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import text_summary
from support.audits import audit, build, cure, hostile_audits, result, sample_audits

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
          why:      An invented reason that explains why this matters to whoever reads the
                    report.
          do:       Set it to 0. Delete the line, or a reboot brings it back. These words run on
                    to the very last one. These words run on to the very last one.

LOW       boot-duplicate
          why:      An invented reason that explains why this matters to whoever reads the
                    report.

unknown:  b-rule (2)
not seen: The counters could not be read (EACCES).
"""


def test_the_whole_text() -> None:
    remedy = "Set it to 0. Delete the line, or a reboot brings it back." + 2 * " These words run on to the very last one."
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


FLEET = """\
TCP audit: 17 hosts: 13 with failed results, 3 NOT AUDITED, 1 without failed results

DO FIRST
    13 hosts  HIGH      reuse: Invented title of reuse  (web13, web01 and 11 more)

FAILED
     1 host   HIGH      grave: Invented title of grave  (web13)
    13 hosts  LOW       small: Invented title of small  (web13, web01 and 11 more)

HOST   WORST     CRIT HIGH  MED  LOW INFO UNKN WAIV
web13  HIGH         -    1    -    1    -    -    -
web01  LOW          -    -    -    1    -    -    -
web02  LOW          -    -    -    1    -    -    -
web03  LOW          -    -    -    1    -    -    -
web04  LOW          -    -    -    1    -    -    -
web05  LOW          -    -    -    1    -    -    -
web06  LOW          -    -    -    1    -    -    -
web07  LOW          -    -    -    1    -    -    -
web08  LOW          -    -    -    1    -    -    -
web09  LOW          -    -    -    1    -    -    -
and 3 more hosts

NOT AUDITED
     2 hosts  gone1, gone2: no route to host
     1 host   gone3: no python
"""


def test_a_fleet_is_a_screenful() -> None:
    low = [audit(f"web{number:02}", result("small", "low"), advice=[cure("reuse", True)], profile="backend") for number in range(1, 13)]
    high = audit("web13", result("small", "low"), result("grave", "high"), advice=[cure("reuse", True)], profile="backend")
    clean = audit("clean", result("small", "low", "pass"), profile="backend")
    gone = [
        {"host": f"gone{number}", "msg": reason} for number, reason in ((1, "no route to host"), (2, "no route to host"), (3, "no python"))
    ]
    assert text_summary(build([*low, high, clean, *gone], "TCP audit")) == FLEET


def test_a_fleet_of_any_size_has_a_bounded_summary() -> None:
    hosts = [
        audit(
            f"web{number:04}",
            *(result(f"rule-{number % 40}-{place}", "low") for place in range(3)),
            advice=[cure(f"cure-{number % 30}", True)],
        )
        for number in range(1000)
    ]
    lines = text_summary(build([*hosts, *({"host": f"gone{n}", "msg": f"reason {n}"} for n in range(50))], "t")).splitlines()
    assert len(lines) <= 52
    assert [line for line in lines if line.startswith("and ")] == [
        "and 25 other cures",
        "and 110 other rules",
        "and 990 more hosts",
        "and 45 more hosts for other reasons",
    ]
