# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes docs/rules.md from the rule catalogue. A test fails when the page is stale."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "playbooks" / "collections"))

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import PROFILES  # noqa: E402
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import CATALOGUE, Rule, Thresholds  # noqa: E402

PAGE = ROOT / "docs" / "rules.md"
THEMES = {
    "recycle": "tcp_tw_recycle",
    "timestamps": "Timestamps and reuse",
    "buckets": "The TIME_WAIT limit",
    "ports": "Ephemeral ports",
    "pressure": "Ports that run out",
    "stuck": "Programs and peers that do not close",
    "queues": "Connections that wait for a program",
    "closing": "Who closes first",
    "probes": "Endpoints that were probed",
    "nat": "NAT",
    "boot_values": "Boot files: which value wins",
    "boot_lines": "Boot files: lines that do not work",
    "changes": "Changes of this collection",
    "waivers": "Waivers",
}

INTRODUCTION = """\
# The rules

<!-- Made by `make docs` from plugins/plugin_utils/_rules. Edit there. -->

Ids do not change: waivers, JUnit and SARIF use them.

If the facts for a rule are missing, its result is `unknown`. If a rule cannot apply (the kernel does not have the key, or the rule is
not checked for the audited profile), its result is `not_applicable`. Neither counts as OK.
The profile `any` checks every rule, each with the highest of its severities.

A rule about a counter looks at its growth between two samples (`sample_seconds`). With one sample only, it takes the count since boot,
and the severity is lowered by one step.

The claims D1 to D20 are in [claims.md](claims.md), with their sources. "Measured" names the kernel on which it was seen.
A dash under a profile means that the rule is not checked for this profile.
"""


def page() -> str:
    """The whole page as text."""
    heads = ["rule", *PROFILES, "what a failure means"]
    lines = [INTRODUCTION, f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    for rule in CATALOGUE.values():
        severities = " | ".join(rule.severities.get(profile, "-") for profile in PROFILES)
        lines.append(f"| [`{rule.id}`](#{rule.id}) | {severities} | {rule.title} |")
    theme = ""
    for rule in CATALOGUE.values():
        if rule.theme != theme:
            theme = rule.theme
            lines += ["", f"## {THEMES[theme]}"]
        lines += ["", *section(rule)]
    lines += ["", *thresholds()]
    return "\n".join(lines) + "\n"


def section(rule: Rule) -> list[str]:
    """One rule's section, as lines."""
    severities = ", ".join(f"{profile} {rule.severities[profile]}" for profile in PROFILES if profile in rule.severities)
    lines = [f"### {rule.id}", "", f"**{rule.title}.** Severity: {severities}.", "", f"**Why.** {rule.rationale}"]
    sources = []
    if rule.claims:
        sources.append("claims " + ", ".join(f"[{claim}](claims.md#{claim.lower()})" for claim in rule.claims))
    sources += rule.references
    if sources:
        lines += ["", f"**Source.** {'; '.join(sources)}."]
    if rule.measured:
        lines += ["", f"**Measured.** {rule.measured}"]
    return [*lines, "", f"**Remedy.** {rule.remedy}", "", f"**Before you waive it.** {rule.waiver_advice}"]


def thresholds() -> list[str]:
    """The table of thresholds, as lines."""
    lines = [
        "## Thresholds",
        "",
        "Set them with the option `thresholds` of `tcp_audit` or the variable `tcp_thresholds`.",
        "",
        "| threshold | default | what it decides |",
        "| --- | --- | --- |",
    ]
    return [*lines, *(f"| `{field.name}` | {field.default} | {field.metadata['text']} |" for field in dataclasses.fields(Thresholds))]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
