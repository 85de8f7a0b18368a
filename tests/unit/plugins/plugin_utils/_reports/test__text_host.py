# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One host in the terminal: the verdict and the advice, then each failed result with all that is needed to act."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import text_summary
from support.audits import audit, build, cure, result

ADVICE = """\
DO FIRST: reuse (high): Invented title of reuse
          why:      An invented reason for reuse.
          gain:     from 470.5 to 28,232.0 short connections per second (60.0 times)
          how:      role linux_tcp.hardening.client_host
                    then look again
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


def test_a_remedy_is_told_once_for_each_rule() -> None:
    same = [result("a", "low", subject=subject) for subject in ("one", "two")]
    text = text_summary(build([audit("web1", *same, result("b", "low", remedy="Something else."))], "t"))
    assert text.count("do:       Set the key to 0") == 1
    assert text.count("do:       Something else.") == 1
