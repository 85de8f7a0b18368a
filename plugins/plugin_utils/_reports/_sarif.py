# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The SARIF 2.1.0 report (OASIS standard), for code scanning and SARIF viewers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import quote

from .._escape import one_line
from .._results import SEVERITIES, Result, RuleTexts, SettingPlace, Severity, Status
from ._host import HostReport, ShownResult
from ._manifest import NAME, documentation_uri, information_uri, version
from ._markdown import escape
from ._model import Report

Json = dict[str, Any]

ENDING = ".sarif"
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
NOT_AUDITED = "host-not-audited"
# GitHub refuses a run with more results, or a log of more than 10 MB with gzip, which so many results of ours do not reach.
MOST_RESULTS, MOST_NOTICES = 25_000, 1000

_LEVELS: dict[Severity, Literal["error", "warning", "note"]] = {
    "critical": "error",
    "high": "error",
    "medium": "warning",
    "low": "note",
    "info": "note",
}
_TAKEN: tuple[Status, ...] = ("fail", "waived")
_MESSAGES: dict[str, str] = {
    "fail": "On host '{0}', '{1}': observed '{2}', expected '{3}'.",
    "waived": "On host '{0}', '{1}': observed '{2}', expected '{3}'. This result is waived.",
}
_NOT_AUDITED_MESSAGE = "Host '{0}' was not audited: '{1}'."
_NOT_SEEN_MESSAGE = "On host '{0}', something could not be read: '{1}'."


def render(report: Report) -> str:
    """Return the report as a SARIF log with one run: what failed and what is waived, the most severe first.

    Each result stands in a file: the boot line or the setting that causes it, the source that was audited, or the inventory that names the
    host. Viewers of code refuse results without one; the run says how many were left to the other reports, and how many did not fit.
    """
    found = _look(report)
    rules = _rules(report)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    run: Json = {
        "tool": {
            "driver": {
                "name": NAME,
                "fullName": f"{NAME} {version()}",
                "version": version(),
                "informationUri": information_uri(),
                "rules": rules,
            }
        },
        "automationDetails": {"id": f"{quote(report.title)}/"},
        "invocations": [{"executionSuccessful": not report.count("not_audited"), "toolExecutionNotifications": found.all_notices()}],
        "originalUriBaseIds": found.roots,
        "results": [_result(report, host, result, index) for host, result in found.chosen()],
        "columnKind": "unicodeCodePoints",
    }
    # For machines: no indentation, which would make a large fleet's log half as large again.
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


class _Found:
    """What one look at each host gives. ranked: rank, host number, host, and a result that stands in a file, None for no audit.

    nowhere: how many results stand in none. roots: see originalUriBaseIds.
    """

    def __init__(self) -> None:
        self.ranked: list[tuple[int, int, HostReport, ShownResult | None]] = []
        self.nowhere = 0
        self.roots: Json = {}
        self.notices: list[Json] = []

    def chosen(self) -> Iterator[tuple[HostReport, ShownResult | None]]:
        """Those that fit, the most severe first."""
        for _rank, _number, host, result in sorted(self.ranked, key=lambda one: one[:2])[:MOST_RESULTS]:
            yield host, result

    def all_notices(self) -> list[Json]:
        """Which hosts were not audited, what could not be read, and how many results are not here."""
        said = self.notices[:MOST_NOTICES]
        if len(self.notices) > MOST_NOTICES:
            said.append(_note("There is more that could not be read. It is in the other reports."))
        if self.nowhere:
            said.append(_note(f"{self.nowhere:,} results have no file that a viewer could show. They are in the other reports."))
        if len(self.ranked) > MOST_RESULTS:
            more = f"{len(self.ranked) - MOST_RESULTS:,} results did not fit; the most severe ones are here."
            said.append(_note(f"{more} They are in the other reports."))
        return said


def _look(report: Report) -> _Found:
    found = _Found()
    for host in report.hosts:
        if len(found.notices) <= MOST_NOTICES:
            found.notices += _notices(host)
        taken: list[ShownResult | None] = [None] if host.audit is None else [one for one in host.results if one["status"] in _TAKEN]
        for result in taken:
            rank = -1
            if result is not None:
                rank = SEVERITIES.index(result["severity"]) + len(SEVERITIES) * (result["status"] != "fail")
                if result["path"]:
                    found.roots[_base_id(host)] = {"description": {"text": _base_text(host)}}
            if _physical(report, host, result) is None:
                found.nowhere += 1
            else:
                found.ranked.append((rank, host.number, host, result))
    return found


def _note(text: str) -> Json:
    return {"level": "note", "message": {"text": text}}


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
                "helpUri": documentation_uri(),
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
        "helpUri": f"{documentation_uri()}#{quote(rule)}",
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


def _result(report: Report, host: HostReport, result: ShownResult | None, index: dict[str, int]) -> Json:
    if result is None:
        return _not_audited(report, host, index)
    status = result["status"]
    # What counts for some profiles only, while none was given, is for a person to decide.
    kind = "fail" if result["decides"] or status != "fail" else "review"
    subject = result["subject"] or result["title"]
    data: Json = {
        "ruleId": result["id"],
        "ruleIndex": index[result["id"]],
        "kind": kind,
        "level": _LEVELS[result["severity"]] if kind == "fail" else "none",
        "message": _message(status, _MESSAGES[status], host.name, subject, result["observed"], result["expected"]),
        "locations": [_location(report, host, result)],
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
    if status == "fail" and result["evidence"]:
        data["properties"]["evidence"] = result["evidence"]
    if status == "waived":
        data["suppressions"] = [{"kind": "external", "status": "accepted", "justification": _justification(result)}]
    return data


def _justification(result: Result) -> str:
    if result["waiver"] is None:
        return result["reason"]
    return f"{_sentence(result['waiver']['reason'])} Accepted until {result['waiver']['expires']}."


def _not_audited(report: Report, host: HostReport, index: dict[str, int]) -> Json:
    """A result of its own, because many viewers show results and nothing else."""
    return {
        "ruleId": NOT_AUDITED,
        "ruleIndex": index[NOT_AUDITED],
        "kind": "fail",
        "level": "error",
        "message": _message("default", _NOT_AUDITED_MESSAGE, host.name, host.not_audited_because),
        "locations": [_location(report, host, None)],
        "partialFingerprints": {"hostRuleSubject/v1": _fingerprint(host.name, NOT_AUDITED, "")},
        "properties": {"host": host.name},
    }


def _notices(host: HostReport) -> list[Json]:
    """That a host was not audited, or what could not be read on it."""
    if host.audit is None:
        message = _text(_NOT_AUDITED_MESSAGE, host.name, host.not_audited_because)
        return [{"level": "error", "message": message, "locations": [_host_location(host)]}]
    messages = [_text(_NOT_SEEN_MESSAGE, host.name, sentence) for sentence in host.audit["not_seen"]]
    return [{"level": "note", "message": message, "locations": [_host_location(host)]} for message in messages]


def _file(host: HostReport, result: Result) -> list[str]:
    """In a repository the same subject may fail in many files."""
    return [result["path"], str(result["evidence"].get("place", ""))] if host.is_repository and result["path"] else []


def _host_location(host: HostReport) -> Json:
    return {"logicalLocations": [{"name": host.name, "fullyQualifiedName": host.name, "kind": "resource"}]}


def _location(report: Report, host: HostReport, result: ShownResult | None) -> Json:
    place = _host_location(host)
    if result is not None and result["subject"]:
        qualified = f"{host.name}/{result['subject']}"
        place["logicalLocations"].append({"name": result["subject"], "fullyQualifiedName": qualified, "kind": "resource"})
    place["physicalLocation"] = _physical(report, host, result)
    return place


def _physical(report: Report, host: HostReport, result: ShownResult | None) -> Json | None:
    """The file in which a result stands; None where there is none."""
    if result is not None and result["path"]:
        artifact: Json = {"uri": quote(result["path"].lstrip("/")), "uriBaseId": _base_id(host)}
        return {"artifactLocation": artifact, "region": {"startLine": result["line"] or 1}}
    if host.audit is not None and host.audit["source"]["path"] and not host.is_repository:
        return {"artifactLocation": {"uri": _uri(host.audit["source"]["path"])}, "region": {"startLine": 1}}
    if host.machine in report.inventory:
        path, line = report.inventory[host.machine]
        return {"artifactLocation": {"uri": _uri(path)}, "region": {"startLine": line}}
    return None


def _uri(path: str) -> str:
    """Of a file on the controller. A path without a scheme is a relative one."""
    return f"file://{quote(path)}" if path.startswith("/") else quote(path)


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
