# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Markdown report: what a forge makes of it, and that it fits."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._escape import one_line
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._markdown import MAX_CHARACTERS, escape, render
from support.audits import HOSTILE, audit, build, cure, hostile_audits, result, sample_audits


class Page(HTMLParser):
    """The elements and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.text = ""
        self.rows = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.rows += tag == "tr"

    def handle_data(self, data: str) -> None:
        self.text += data


def rendered(markdown: str) -> Page:
    module = pytest.importorskip("markdown_it", reason="markdown-it-py is missing, which renders Markdown as forges do")
    return Page(module.MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(markdown))


def test_the_tables_are_tables() -> None:
    page = rendered(render(build(sample_audits(), "TCP audit")))
    assert page.elements == {"h2", "h3", "p", "strong", "em", "ol", "table", "thead", "tbody", "tr", "th", "td", "br", "ul", "li"}
    # Six hosts and ten failed results, and the heads of three tables.
    assert page.rows == 6 + 10 + 3


def test_advice_comes_before_the_results() -> None:
    made = audit("web1", result("a-rule", "high"), advice=[cure("reuse", True), cure("keep-alive", True), cure("recycle", wrong=True)])
    text = render(build([made], "t"))
    assert text.index("reuse") < text.index("keep-alive") < text.index("a-rule")
    assert "from 470.5 to 28,232.0 short connections per second (60.0 times)" in text
    assert "Wrong here: recycle." in text


def test_hostile_texts_are_only_text() -> None:
    page = rendered(render(build(hostile_audits(), "TCP audit")))
    assert page.elements <= {"h2", "h3", "p", "strong", "em", "table", "thead", "tbody", "tr", "th", "td", "br", "ul", "ol", "li"}
    assert "<script>document.title='owned'</script>" in page.text
    assert page.rows == 14 + 24 + 14


@pytest.mark.parametrize("text", [*HOSTILE.values(), "a_b_c", "_a_", "# a", "- a", "1. a", "~~a~~", "[a]: b", "a\\|b", "$x$"])
def test_escaped_text_shows_just_its_characters(text: str) -> None:
    page = rendered("| a |\n| --- |\n| x" + escape(text) + " |")
    shown = page.text.replace("\u200b", "").split("\n")
    expected = one_line(text, 300)
    assert "x" + expected in " ".join("".join(shown).split())
    assert page.elements == {"table", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize("text", ["@everyone", "@org/team", "#123", "https://example.invalid", "www.example.invalid", "HTTP://x"])
def test_a_forge_makes_no_link_or_mention_of_it(text: str) -> None:
    # Addresses are looked for in the source, the others in the finished text.
    assert not re.search(r"(?i)://|www\.", escape(text))
    assert not re.search(r"@\w|#\d", unescape(escape(text)))


@pytest.mark.parametrize("hosts", [100, 2000])
def test_a_large_fleet_still_fits_into_a_comment_and_says_what_is_missing(hosts: int) -> None:
    audits = [audit(f"web{n}.example", *(result(f"rule-{i}", "high") for i in range(20))) for n in range(hosts)]
    audits += [{"host": f"gone{n}.example", "failed": True, "msg": "x" * 200} for n in range(hosts)]
    text = render(build(audits, "t"))
    assert len(text) <= MAX_CHARACTERS
    assert "more failed results do not fit here" in text
    if hosts == 2000:
        assert re.search(r"more hosts, \d+ of them not audited", text)
