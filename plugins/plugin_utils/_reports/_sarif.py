# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The SARIF 2.1.0 report (OASIS standard), for code scanning and SARIF viewers."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal
from urllib.parse import quote

from .._escape import one_line
from .._results import Result, RuleTexts, SettingPlace, Severity, Status
from ._host import HostReport, ShownResult
from ._manifest import NAME, information_uri, version
from ._markdown import escape
from ._model import Report

Json = dict[str, Any]

ENDING = ".sarif"
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
NOT_AUDITED = "host-not-audited"

_LEVELS: dict[Severity, Literal["error", "warning", "note"]] = {
    "critical": "error",
    "high": "error",
    "medium": "warning",
    "low": "note",
    "info": "note",
}
# Section 3.27.9: "open" is a rule that was evaluated without enough information to decide.
_KINDS: dict[Status, Literal["fail", "open", "notApplicable", "pass"]] = {
    "fail": "fail",
    "waived": "fail",
    "unknown": "open",
    "not_applicable": "notApplicable",
    "pass": "pass",
}
_MESSAGES: dict[str, str] = {
    "fail": "On host '{0}', '{1}': observed '{2}', expected '{3}'.",
    "waived": "On host '{0}', '{1}': observed '{2}', expected '{3}'. This result is waived.",
    "unknown": "On host '{0}', '{1}' is unknown: '{2}'.",
    "not_applicable": "On host '{0}', the rule does not apply to '{1}': '{2}'.",
    "pass": "On host '{0}', '{1}' is OK: '{2}'.",
}
_NOT_AUDITED_MESSAGE = "Host '{0}' was not audited: '{1}'."
_NOT_SEEN_MESSAGE = "On host '{0}', something could not be read: '{1}'."


def render(report: Report) -> str:
    """Return the report as a SARIF log with one run.

    Of a repository the results in its files stand in it, each with a line. What passed or is not known has none; viewers of code refuse it.
    """
    rules = _rules(report)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [_result(host, result, index) for host in report.hosts for result in host.results if result["path"] or not host.is_repository]
    results += [_not_audited(host, index) for host in report.hosts if host.audit is None]
    run: Json = {
        "tool": {"driver": {"name": NAME, "version": version(), "informationUri": information_uri(), "rules": rules}},
        "invocations": [_invocation(report)],
        "originalUriBaseIds": {
            _base_id(host): {"description": {"text": _base_text(host)}}
            for host in report.hosts
            if any(result["path"] for result in host.results)
        },
        "results": results,
        "columnKind": "unicodeCodePoints",
    }
    # For machines: no indentation, which would make a large fleet's log half as large again.
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _literal(text: str) -> str:
    """Text for a message: sections 3.11.5 and 3.11.6 give braces and "[text](target)" a meaning there."""
    return one_line(text, 1000).replace("](", "] (").replace("{", "{{").replace("}", "}}")


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else text + "."


def _text(template: str, *arguments: str) -> Json:
    """A message with its arguments filled in; they stand in quotes, so a full stop of their own would only double ours."""
    return {"text": template.format(*(_literal(argument).rstrip(".") for argument in arguments))}


def _message(name: str, template: str, *arguments: str) -> Json:
    """A message both ways: by id and arguments, as the standard prefers it, and as text, as most viewers do."""
    filled = [one_line(argument, 1000).rstrip(".") for argument in arguments]
    return {**_text(template, *arguments), "id": name, "arguments": filled}


def _rules(report: Report) -> list[Json]:
    rules = [_rule(rule, report.texts.rule(rule), severity) for rule, severity in report.overview.rules.items()]
    if report.count("not_audited"):
        rules.append(
            {
                "id": NOT_AUDITED,
                "name": _name(NOT_AUDITED),
                "shortDescription": {"text": "A host could not be audited."},
                "fullDescription": {"text": "A host could not be audited, so nothing is known about it."},
                "help": {"text": "Make the host reachable for Ansible, or remove it from the audit."},
                "defaultConfiguration": {"level": "error"},
                "messageStrings": {"default": {"text": _NOT_AUDITED_MESSAGE}},
            }
        )
    return rules


def _rule(rule: str, texts: RuleTexts, severity: Severity) -> Json:
    why = _sentence(texts["rationale"] or texts["title"])
    parts = {"": why, "What to do": texts["remedy"] and _sentence(texts["remedy"]), "Claims": ", ".join(texts["claims"])}
    said = {label: text for label, text in parts.items() if text}
    return {
        "id": rule,
        "name": _name(rule),
        "shortDescription": {"text": _sentence(_literal(texts["title"]))},
        "fullDescription": {"text": _literal(why)},
        "help": {
            "text": "\n\n".join(f"{label}: {_literal(text)}" if label else _literal(text) for label, text in said.items()),
            "markdown": "\n\n".join(f"**{label}:** {escape(text, 2000)}" if label else escape(text, 2000) for label, text in said.items()),
        },
        "defaultConfiguration": {"level": _LEVELS[severity]},
        "messageStrings": {status: {"text": template} for status, template in _MESSAGES.items()},
        "properties": {"tags": ["tcp", *texts["claims"]]},
    }


def _name(rule: str) -> str:
    """A name in the form that the standard's viewers expect; it must differ from the id by more than case."""
    return "Tcp" + "".join(word.capitalize() for word in rule.replace("_", "-").split("-"))


def _result(host: HostReport, result: ShownResult, index: dict[str, int]) -> Json:
    status = result["status"]
    # What counts for some profiles only, while none was given, is for a person to decide.
    kind = _KINDS[status] if result["decides"] or status != "fail" else "review"
    subject = result["subject"] or result["title"]
    if status in ("fail", "waived"):
        arguments = [result["observed"], result["expected"]]
    else:
        arguments = [result["observed"] if status == "pass" else result["reason"]]
    data: Json = {
        "ruleId": result["id"],
        "ruleIndex": index[result["id"]],
        "kind": kind,
        "level": _LEVELS[result["severity"]] if kind == "fail" else "none",
        "message": _message(status, _MESSAGES[status], host.name, subject, *arguments),
        "locations": [_location(host, result)],
        "partialFingerprints": {"hostRuleSubject/v1": _fingerprint(host.name, result["id"], result["subject"], *_file(host, result))},
        "properties": {
            "host": host.name,
            "status": status,
            "severity": result["severity"],
            "profiles": result["profiles"],
        },
    }
    if result["settings"]:
        data["relatedLocations"] = [_setting(host, one, number) for number, one in enumerate(result["settings"])]
    if status == "fail":
        # The rule's help has one remedy; this one is for this host.
        data["properties"].update(evidence=result["evidence"], remedy=result["remedy"])
    if status == "waived":
        data["suppressions"] = [{"kind": "external", "status": "accepted", "justification": _justification(result)}]
    return data


def _justification(result: Result) -> str:
    if result["waiver"] is None:
        return result["reason"]
    return f"{_sentence(result['waiver']['reason'])} Accepted until {result['waiver']['expires']}."


def _not_audited(host: HostReport, index: dict[str, int]) -> Json:
    """A result of its own, because many viewers show results and nothing else."""
    return {
        "ruleId": NOT_AUDITED,
        "ruleIndex": index[NOT_AUDITED],
        "kind": "fail",
        "level": "error",
        "message": _message("default", _NOT_AUDITED_MESSAGE, host.name, host.not_audited_because),
        "locations": [_host_location(host)],
        "partialFingerprints": {"hostRuleSubject/v1": _fingerprint(host.name, NOT_AUDITED, "")},
        "properties": {"host": host.name},
    }


def _invocation(report: Report) -> Json:
    notifications: list[Json] = []
    for host in report.hosts:
        if host.audit is None:
            message = _text(_NOT_AUDITED_MESSAGE, host.name, host.not_audited_because)
            notifications.append({"level": "error", "message": message, "locations": [_host_location(host)]})
            continue
        for sentence in host.audit["not_seen"]:
            message = _text(_NOT_SEEN_MESSAGE, host.name, sentence)
            notifications.append({"level": "note", "message": message, "locations": [_host_location(host)]})
    return {"executionSuccessful": not report.count("not_audited"), "toolExecutionNotifications": notifications}


def _file(host: HostReport, result: Result) -> list[str]:
    """In a repository the same subject may fail in many files."""
    return [result["path"], str(result["evidence"].get("place", ""))] if host.is_repository and result["path"] else []


def _host_location(host: HostReport) -> Json:
    return {"logicalLocations": [{"name": host.name, "fullyQualifiedName": host.name, "kind": "resource"}]}


def _location(host: HostReport, result: Result) -> Json:
    place = _host_location(host)
    if result["subject"]:
        qualified = f"{host.name}/{result['subject']}"
        place["logicalLocations"].append({"name": result["subject"], "fullyQualifiedName": qualified, "kind": "resource"})
    if result["path"]:
        physical: Json = {"artifactLocation": {"uri": quote(result["path"].lstrip("/")), "uriBaseId": _base_id(host)}}
        if result["line"]:
            physical["region"] = {"startLine": result["line"]}
        place["physicalLocation"] = physical
    return place


def _setting(host: HostReport, setting: SettingPlace, number: int) -> Json:
    return {
        "id": number,
        "message": {"text": _literal(f"{setting['key']} = {setting['value']}")},
        "physicalLocation": {
            "artifactLocation": {"uri": quote(setting["path"]), "uriBaseId": _base_id(host)},
            "region": {"startLine": setting["line"]},
        },
    }


def _base_id(host: HostReport) -> str:
    """Each host has a root folder of its own, so that /etc/sysctl.conf of two hosts is two files. A repository is the checkout itself."""
    return "%SRCROOT%" if host.is_repository else f"ROOT:{host.name}"


def _base_text(host: HostReport) -> str:
    return "The repository." if host.is_repository else f"The root folder of host '{_literal(host.name)}'."


def _fingerprint(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
