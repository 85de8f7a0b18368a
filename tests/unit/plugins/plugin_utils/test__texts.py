# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What rules and cures say of themselves."""

from __future__ import annotations

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._advice import CURES
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import PROFILES
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import CATALOGUE
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._texts import Texts, own_texts


def test_each_rule_and_each_cure_has_its_texts() -> None:
    texts = own_texts()
    assert set(texts.rules) == set(CATALOGUE)
    assert set(texts.cures) == set(CURES)
    assert all(texts.rule(rule)["title"] and texts.rule(rule)["remedy"] for rule in CATALOGUE)
    assert all(texts.cure(cure)["title"] for cure in CURES)


def test_a_rule_says_for_which_profiles_it_counts() -> None:
    assert own_texts().rule("timestamps-on-at-l7")["profiles"] == ["fullnat_lb"]
    assert own_texts().rule("recycle-on")["profiles"] == list(PROFILES)


def test_an_unknown_id_is_its_own_title() -> None:
    texts = Texts({}, {})
    assert texts.rule("new-rule") == {"title": "new-rule", "profiles": [], "claims": [], "rationale": "", "remedy": ""}
    assert texts.cure("new-cure") == {"title": "new-cure", "cost": "", "risk": "", "how": [], "claims": []}
