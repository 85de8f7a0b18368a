# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""An audit as tcp_audit returns it and as reports keep it: small, because a fleet has ten thousand. And the whole audit of it again."""

from __future__ import annotations

import typing as t

from ._compact import compact
from ._results import SavedAudit
from ._rules import CATALOGUE

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._results import Advice, AdviceGain, Audit, AuditBody, Result, Severity, Status


def saved(audit: Audit) -> dict[str, t.Any]:
    """What differs from host to host: what passed and what does not apply by rule, cures that nothing calls for by id.

    The items of the lists are without their defaults.
    """
    whole = folded(audit)
    items = compact(SavedAudit, {name: whole[name] for name in ("results", "advice", "namespaces")})
    return {**whole, **items}


def folded(audit: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """The same with its defaults. audit: a whole one, or one that was folded before."""
    results: list[Result] = audit["results"]
    advice: list[Advice] = audit["advice"]
    passed = ((one["id"], _figure(one)) for one in results if one["status"] == "pass")
    not_applicable = ((one["id"], _reason(one)) for one in results if one["status"] == "not_applicable")
    not_needed = {one["id"]: one["reason"] for one in advice if not one["applies"] and not one["wrong"]}
    return {
        **audit,
        "results": [one for one in results if one["status"] not in ("pass", "not_applicable")],
        "passed": _by_rule(audit.get("passed", {}), passed),
        "not_applicable": _by_rule(audit.get("not_applicable", {}), not_applicable),
        "advice": [one for one in advice if one["applies"] or one["wrong"]],
        "not_needed": {**audit.get("not_needed", {}), **not_needed},
    }


def restored(audit: Mapping[str, t.Any]) -> AuditBody:
    """The whole audit of a folded one. What passed and what does not apply has no subject of its own; the figure or the reason tells it."""
    parts = {name: value for name, value in audit.items() if name not in ("passed", "not_applicable", "not_needed")}
    passed = [_result(rule, "pass", text, audit["profile"]) for rule, texts in audit["passed"].items() for text in texts]
    others = [_result(rule, "not_applicable", text, audit["profile"]) for rule, texts in audit["not_applicable"].items() for text in texts]
    advice = [one for one in audit["advice"] if not one["wrong"]]
    advice += [_not_needed(cure, reason) for cure, reason in audit["not_needed"].items()]
    advice += [one for one in audit["advice"] if one["wrong"]]
    return t.cast("AuditBody", {**parts, "results": [*audit["results"], *others, *passed], "advice": advice})


def _by_rule(before: Mapping[str, list[str]], texts: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found = {rule: list(of_rule) for rule, of_rule in before.items()}
    for rule, text in texts:
        found.setdefault(rule, []).append(text)
    return found


def _figure(passed: Result) -> str:
    """What was observed; of which subject, where the text does not say it."""
    subject, observed = passed["subject"], passed["observed"]
    if not subject or not observed or subject.rsplit(".", 1)[-1] in observed:
        return observed or subject
    return f"{subject}: {observed}"


def _reason(of: Result) -> str:
    return f"{of['subject']}: {of['reason']}" if of["subject"] else of["reason"]


def _result(rule: str, status: Status, text: str, profile: str) -> Result:
    severity: Severity = CATALOGUE[rule].severity(profile) if rule in CATALOGUE else "info"
    return {
        "id": rule,
        "severity": severity,
        "status": status,
        "decides": True,
        "subject": "",
        "observed": text if status == "pass" else "",
        "expected": "",
        "evidence": {},
        "path": None,
        "line": None,
        "settings": [],
        "reason": "" if status == "pass" else text,
        "waiver": None,
    }


def _no_gain() -> AdviceGain:
    return {"from_per_second": None, "to_per_second": None, "factor": None}


def _not_needed(cure: str, reason: str) -> Advice:
    return {"id": cure, "applies": False, "severity": None, "wrong": False, "reason": reason, "gain": _no_gain(), "how": None}
