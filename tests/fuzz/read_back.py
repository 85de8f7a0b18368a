# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads reports back as the programs that take them do, and as strictly."""

from __future__ import annotations

import functools
import json
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from typing import Any, NoReturn

import junitparser
import markdown_it
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import (
    HostReport,
    Report,
    build,
    format_of,
    text_summary,
)
from prometheus_client.parser import text_string_to_metric_families
from support.audits import sample_audits
from support.report_forms import assert_junit_form

_VOID = {"meta", "input"}
_MARKDOWN_ELEMENTS = {"h2", "h3", "h4", "p", "strong", "em", "ol", "table", "thead", "tbody", "tr", "th", "td", "br", "ul", "li"}


def check_all(report: Report) -> None:
    """Every format of a report. Raises AssertionError, or what a reader raises."""
    text = text_summary(report)
    _assert_plain(text)
    for name, read in READERS.items():
        read(format_of(name).render(report), report)


def _assert_plain(text: str) -> None:
    """Nothing in it steers a terminal."""
    assert text.replace("\n", "").isprintable(), f"not printable: {next(c for c in text if not c.isprintable() and c != chr(10))!r}"


def _no_constant(name: str) -> NoReturn:
    raise AssertionError(f"{name} is not JSON")


def _json(text: str, report: Report) -> None:
    assert text.isascii()
    _assert_plain(text)
    saved = json.loads(text, parse_constant=_no_constant)
    assert format_of("json").render(build(saved["audits"], saved["title"], report.texts)) == text, (
        "tcp_report reads its own JSON as something else"
    )


def _junit(text: str, report: Report) -> None:
    _assert_plain(text)
    assert_junit_form(text)
    assert len(ET.fromstring(text).findall("testsuite")) == len(report.hosts)
    suites = junitparser.JUnitXml.fromstring(text.encode("utf-8"))
    assert [suite.name for suite in suites] == [host.name for host in report.hosts]


def _sarif(text: str, report: Report) -> None:
    assert text.isascii()
    _assert_plain(text)
    log = json.loads(text, parse_constant=_no_constant)
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["kind"] in ("pass", "open", "notApplicable", "review", "fail")
        assert result["message"]["text"]
        for place in result.get("locations", ()):
            _sarif_place(place, run)
    failed = [(host, result) for host in report.hosts for result in host.results if result["status"] in ("fail", "waived")]
    assert len(run["results"]) == sum(_has_a_file(host, result) for host, result in failed)


def _has_a_file(host: HostReport, result: Any) -> bool:
    """Whether a viewer of code can show the result."""
    return bool(result["path"] or (host.audit and host.audit["source"]["path"] and not host.is_repository))


def _sarif_place(place: dict[str, Any], run: dict[str, Any]) -> None:
    file = place.get("physicalLocation")
    if file:
        uri = file["artifactLocation"]["uri"]
        assert uri
        assert uri.isascii()
        assert not set(uri) & set(' <>"{}|\\^`\n'), f"no URI: {uri!r}"
        assert file["artifactLocation"].get("uriBaseId") in {None, *run["originalUriBaseIds"]}
        assert file.get("region", {"startLine": 1})["startLine"] >= 1


class _Page(HTMLParser):
    """The elements of a page with the names of their attributes, and what stands in its script and style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: set[tuple[str, str]] = set()
        self.code: dict[str, str] = {"script": "", "style": ""}
        self.links: set[str] = set()
        self.policy: list[str | None] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == [], f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _value in attrs]
        assert len(set(names)) == len(names)
        self.elements.update((tag, name) for name in ("", *names))
        self.links.update(value or "" for name, value in attrs if name in ("href", "src", "action"))
        self.policy += [value for name, value in attrs if name == "content"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        opened = self.open.pop()
        assert opened == tag, f"</{tag}> closes <{opened}>"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.code:
            self.code[self.open[-1]] += data

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data[:80]!r}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"a processing instruction: {data[:80]!r}")

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data[:80]!r}")


@functools.cache
def _usual_page() -> _Page:
    """A page of audits that nobody has spoiled: no other one has more kinds of elements and attributes, or another script."""
    return _Page(format_of("html").render(build(sample_audits(), "TCP audit")))


def _html(text: str, _report: Report) -> None:
    _assert_plain(text)
    page, usual = _Page(text), _usual_page()
    assert page.elements <= usual.elements, f"new in the page: {sorted(page.elements - usual.elements)}"
    assert (page.code, page.policy) == (usual.code, usual.policy)
    assert all(link.startswith("#") for link in page.links)


class _Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.rows = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.rows += tag == "tr"


@functools.cache
def _forge() -> markdown_it.MarkdownIt:
    return markdown_it.MarkdownIt("gfm-like", {"html": True, "linkify": False})


def _markdown(text: str, _report: Report) -> None:
    _assert_plain(text)
    page = _Elements(_forge().render(text))
    assert page.names <= _MARKDOWN_ELEMENTS, f"new in the page: {sorted(page.names - _MARKDOWN_ELEMENTS)}"
    # Each line of a table is a row of it, less the line under its head.
    lines = [line for line in text.split("\n") if line.startswith("|")]
    assert page.rows == sum(not line.startswith(("| --- |", "| --- | ---")) for line in lines)


def _prometheus(text: str, report: Report) -> None:
    _assert_plain(text)
    families = {family.name: family for family in text_string_to_metric_families(text)}
    hosts = families["linux_tcp_audit_hosts"].samples
    assert sum(sample.value for sample in hosts) == len(report.machines)


READERS = {"json": _json, "junit": _junit, "sarif": _sarif, "html": _html, "markdown": _markdown, "prometheus": _prometheus}
