# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What rules and cures say of themselves: once for all hosts, by id."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ._advice import CURES
from ._results import ANY_PROFILE, CureTexts, RuleTexts
from ._rules import CATALOGUE

if t.TYPE_CHECKING:
    from collections.abc import Mapping


@dataclasses.dataclass(frozen=True)
class Texts:
    """rules, cures: id to texts. An id that is in neither, such as one of another version of the collection, is its own title."""

    rules: Mapping[str, RuleTexts]
    cures: Mapping[str, CureTexts]

    def rule(self, rule_id: str) -> RuleTexts:
        return self.rules.get(rule_id) or {"title": rule_id, "profiles": [], "claims": [], "rationale": "", "remedy": ""}

    def cure(self, cure_id: str) -> CureTexts:
        return self.cures.get(cure_id) or {"title": cure_id, "cost": "", "risk": "", "how": [], "claims": []}


@functools.cache
def own_texts() -> Texts:
    """Those of this version's rules and cures."""
    return Texts(
        {
            rule.id: {
                "title": rule.title,
                "profiles": rule.profiles(ANY_PROFILE),
                "claims": list(rule.claims),
                "rationale": rule.rationale,
                "remedy": rule.remedy,
            }
            for rule in CATALOGUE.values()
        },
        {
            cure.id: {"title": cure.title, "cost": cure.cost, "risk": cure.risk, "how": list(cure.how), "claims": list(cure.claims)}
            for cure in CURES.values()
        },
    )
