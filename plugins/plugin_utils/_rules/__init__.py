# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The rule catalogue: one file a theme, in the order in which a page about them reads best."""

from __future__ import annotations

from . import boot_lines, boot_values, buckets, changes, closing, nat, ports, pressure, probes, queues, recycle, stuck, timestamps
from ._base import REGISTERED, CannotApplyError, Finding, MissingFactError, Rule, ThresholdError, Thresholds, add, everywhere, lowered
from ._view import View

WAIVER_EXPIRED = "waiver-expired"

# Importing a theme registers its rules; this is the order of the themes on every page.
_THEMES = (recycle, timestamps, buckets, ports, pressure, stuck, queues, closing, nat, probes, boot_values, boot_lines, changes)

add(
    Rule(
        id=WAIVER_EXPIRED,
        title="A waiver has expired and its rule still fails",
        severities=everywhere("medium"),
        claims=(),
        rationale=(
            "A waiver hides a result until a date. The date has passed and the rule still fails, so the failure counts again. "
            "This result tells you that the waiver has ended, and not only that the rule fails."
        ),
        measured="",
        remedy="Fix what the rule reports. If the reason is still true, renew the waiver with a new date.",
        waiver_advice="This rule cannot be waived.",
        references=(),
        check=None,
    )
)

_NAMES = [*(theme.__name__.rsplit(".", 1)[-1] for theme in _THEMES), "waivers"]
CATALOGUE: dict[str, Rule] = {rule.id: rule for rule in sorted(REGISTERED.values(), key=lambda rule: _NAMES.index(rule.theme))}

__all__ = [
    "CATALOGUE",
    "WAIVER_EXPIRED",
    "CannotApplyError",
    "Finding",
    "MissingFactError",
    "Rule",
    "ThresholdError",
    "Thresholds",
    "View",
    "lowered",
]
