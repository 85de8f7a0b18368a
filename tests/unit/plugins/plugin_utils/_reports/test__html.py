# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page: what is in it, what it makes of hostile texts, and what a real browser makes of it."""

from __future__ import annotations

import json
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _reports
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._html import render
from support import chromium
from support.audits import HOSTILE, audit, build, cure, hostile_audits, result, sample_audits

in_browser = pytest.mark.skipif(chromium.PROGRAM is None, reason=chromium.MISSING)

VOID = {"meta", "input"}
BLOCKS = {"p", "dt", "dd", "li", "td", "th"}
TITLE = "TCP audit of </title><script>document.title='owned'</script>"


class Page(HTMLParser):
    """Elements with their attributes and the text in them, and whether everything that opens closes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in BLOCKS:
            self.texts.append((tag, " "))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def having(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join("".join(data for tag, data in self.texts if tag not in ("script", "style")).split())


def page(*audits: dict[str, Any]) -> Page:
    return Page(render(build(list(audits), "t")))


def test_a_failed_result_has_all_that_is_needed_to_act() -> None:
    text = page(
        audit(
            "web1",
            result(
                "a-rule",
                "high",
                observed="8",
                expected="9",
                path="/etc/x.conf",
                line=4,
                claims=["D1", "D2"],
                evidence={"n": 3000, "on": True},
            ),
        )
    ).text
    for part in (
        "a-rule",
        "Observed 8",
        "Expected 9",
        "Where /etc/x.conf:4",
        "What to do Set the key",
        "Why An invented",
        "n 3,000",
        "on True",
    ):
        assert part in text
    assert "Claims D1, D2" in text


def test_advice_comes_first_and_only_the_best_is_open() -> None:
    advice = [cure("reuse", True, how=["say `a <b>`, then `c`", "one ` alone"]), cure("keep-alive", True), cure("wider-range")]
    advice.append(cure("recycle", wrong=True))
    found = page(audit("web1", result("a-rule", "high"), advice=advice))
    for part in (
        "What to do first web1 Invented title of reuse ▲ high An invented reason for reuse.",
        "Why here An invented reason for reuse.",
        "Gain from 470.5 to 28,232.0 short connections per second (60.0 times)",
        "How say a <b>, then c one ` alone",
        "keep-alive from 470.5 to 28,232.0",
        "2 other cures, and why they do not help here",
        "recycle Invented title of recycle ■ wrong here: An invented reason for recycle.",
        "wider-range Invented title of wider-range: An invented reason",
    ):
        assert part in found.text
    assert found.text.index("What to do first") < found.text.index("Hosts by severity") < found.text.index("Why here")
    assert found.text.index("Why here") < found.text.index("a-rule")
    assert [data for tag, data in found.texts if tag == "code"][1:3] == ["a <b>", "c"]
    opened = ["open" in attributes for attributes in found.having("details")]
    assert opened[:3] == [True, False, False]


def test_where_nothing_is_to_be_cured_the_page_says_so_calmly() -> None:
    found = page(
        audit("web1", result("a", "low", "pass"), advice=[cure("reuse", reason="not called for: 3 of 28232 ports"), cure("recycle")])
    )
    assert "Nothing to do. not called for: 3 of 28232 ports" in found.text
    assert "What to do first" not in found.text


def test_an_audit_without_advice_has_no_word_about_it() -> None:
    text = page(audit("web1", result("a", "low"))).text
    assert "Nothing to cure" not in text
    assert "best first" not in text


def test_in_a_short_report_every_failed_result_is_open() -> None:
    found = page(audit("web1", result("a", "low"), result("b", "info"), result("c", "low", "pass"))).having("details")
    assert [("open" in attributes) for attributes in found if "data-status" in attributes] == [True, True]


def test_in_a_long_report_critical_and_high_results_are_open_and_the_rest_is_not() -> None:
    found = [attributes for attributes in page(*sample_audits()).having("details") if "data-status" in attributes]
    assert [("open" in attributes) for attributes in found] == [attributes["data-severity"] in ("0", "1") for attributes in found]
    assert len(found) == 10


@pytest.mark.parametrize(
    ("audits", "summary"),
    [
        ([audit("a", result("x", "low"))], "1 of 1 host has failed results."),
        (
            [audit("a", result("x", "low")), audit("b", result("x", "low")), {"host": "c"}, audit("d", result("x", "low", "unknown"))],
            "2 of 4 hosts have failed results, 1 could not be audited, 1 with unknown results only.",
        ),
        ([audit("a", result("x", "low", "pass"))], "No failed result on 1 of 1 host."),
        ([audit("a", result("x", "low", "pass")), {"host": "c"}], "No failed result on 1 of 2 hosts, 1 could not be audited."),
        ([audit("a", result("x", "low", "unknown")), {"host": "c"}], "Nothing is known about any host."),
    ],
)
def test_the_summary(audits: list[dict[str, Any]], summary: str) -> None:
    assert summary in page(*audits).text


@pytest.mark.parametrize(
    ("last", "text"),
    [
        ("2026-11-21T10:00:59Z", "Observed 2026-11-21 10:00 UTC"),
        ("2026-11-21T10:01:00Z", "Observed 2026-11-21 10:00 UTC to 2026-11-21 10:01 UTC"),
    ],
)
def test_when_hosts_were_observed(last: str, text: str) -> None:
    moments = {"a": "2026-11-21T10:00:01Z", "b": last}
    found = page(*({**audit(name, result("x", "low")), "collected_at": moment} for name, moment in moments.items())).text
    assert re.search(r"Observed [-0-9: UTCto]*UTC", found).group() == text  # type: ignore[union-attr]


def test_nothing_in_the_page_comes_from_elsewhere_and_only_its_own_script_may_run() -> None:
    html = render(build(sample_audits(), "t"))
    found = Page(html)
    (policy,) = [attributes["content"] for attributes in found.having("meta") if "Content-Security-Policy" in attributes.values()]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'", str(policy)
    )
    assert not {tag for tag, _rest in found.elements} & {"link", "img", "iframe", "object", "embed", "base"}
    assert all(str(attributes["href"]).startswith("#") for attributes in found.having("a"))
    assert "://" not in html
    assert "style" not in {name for _tag, attributes in found.elements for name in attributes}


def test_every_link_inside_the_page_has_a_target() -> None:
    found = page(*sample_audits())
    ids = [attributes["id"] for _tag, attributes in found.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    assert {str(attributes["href"])[1:] for attributes in found.having("a")} <= set(ids)


def test_hostile_texts_are_only_text() -> None:
    ours, theirs = Page(render(build(sample_audits(), "t"))), Page(render(build(hostile_audits(), TITLE)))
    assert {tag for tag, _rest in theirs.elements} <= {tag for tag, _rest in ours.elements}
    names = {name for _tag, attributes in ours.elements for name in attributes}
    assert {name for _tag, attributes in theirs.elements for name in attributes} <= names
    for kind in ("script", "image", "style", "template"):
        assert HOSTILE[kind] in theirs.text
    assert "\\u202e" in theirs.text
    assert "8,000 more characters" in theirs.text


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG 2.1 defines it."""

    def luminance(colour: str) -> float:
        colour = colour if len(colour) == 7 else "#" + "".join(digit * 2 for digit in colour[1:])
        parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_colour_of_text_can_be_read(scheme: int) -> None:
    style = (Path(_reports.__file__).parent / "templates" / "report.css").read_text("utf-8")
    colours = dict(re.findall(r"--([a-z]+): (#[0-9a-f]+);", style.split(":root {")[scheme + 1]))
    for name in ("ink", "muted", "link", "critical", "high", "medium", "low", "info", "unknown", "pass"):
        for ground in ("page", "card"):
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)


# --- in a browser ---------------------------------------------------------------------------------------------------

HARNESS = """<!doctype html><title>harness</title><iframe src="report.html" width="390" height="800"></iframe><pre></pre>
<script>
addEventListener("load", () => {
  const page = document.querySelector("iframe").contentDocument;
  const found = {title: page.title};
  for (const details of page.querySelectorAll("details")) details.open = true;
  for (const host of page.querySelectorAll(".host")) host.style.contentVisibility = "visible";
  found.width = page.documentElement.scrollWidth;
  found.wide = [...page.body.querySelectorAll("*")]
    .filter((e) => !e.closest(".scroll") && !e.matches(".skip") && e.getBoundingClientRect().right > 390)
    .map((e) => e.outerHTML.slice(0, 200));
  found.scroll = [page.querySelector(".scroll").scrollWidth, page.querySelector(".scroll").clientWidth];
  const form = page.getElementById("filter");
  const shown = () => [...page.querySelectorAll("[data-status]")].filter((e) => !e.closest("[hidden]")).map((e) => e.dataset.status);
  const filter = (change) => {
    change();
    form.dispatchEvent(new Event("input"));
    return shown();
  };
  found.filter_is_there = !form.hidden;
  found.all = shown();
  found.high = filter(() => (form.elements.severity.value = "1"));
  found.failed = filter(() => form.querySelectorAll("[name=status]").forEach((box) => (box.checked = box.value === "fail")));
  found.groups = [...page.querySelectorAll(".group")].filter((e) => !e.closest("[hidden]")).length;
  found.host = filter(() => {
    form.elements.severity.value = "4";
    form.elements.text.value = "CLIENT1";
  });
  found.rule = filter(() => (form.elements.text.value = "Refused-Value"));
  found.count = form.elements.shown.textContent;
  document.querySelector("pre").textContent = JSON.stringify(found);
});
</script>"""


def looked_at(audits: list[dict[str, Any]], folder: Path) -> dict[str, Any]:
    """What a page of the same origin sees of the report in a frame as wide as a phone."""
    (folder / "report.html").write_text(render(build(audits, TITLE)), "utf-8")
    (folder / "harness.html").write_text(HARNESS, "utf-8")
    with chromium.served(folder) as address:
        document = chromium.dump(f"{address}/harness.html", folder)
    text = re.search(r"<pre>(.*)</pre>", document, re.DOTALL)
    assert text
    return dict(json.loads(unescape(text[1])))


@in_browser
@pytest.mark.parametrize("audits", [sample_audits(), hostile_audits()], ids=["sample", "hostile"])
def test_nothing_is_wider_than_a_phone(tmp_path: Path, audits: list[dict[str, Any]]) -> None:
    found = looked_at(audits, tmp_path)
    assert found["title"] == TITLE
    assert found["wide"] == []
    assert found["width"] <= 390
    assert found["scroll"][0] <= found["scroll"][1]


@in_browser
def test_the_filter(tmp_path: Path) -> None:
    found = looked_at(sample_audits(), tmp_path)
    assert found["filter_is_there"]
    # What passed is a count.
    shown = [r for a in sample_audits() for r in a.get("results", []) if r["status"] != "pass"]
    assert len(found["all"]) == len(shown)
    strict = [r["status"] for r in shown if r["severity"] in ("critical", "high")]
    assert sorted(found["high"]) == sorted(strict)
    assert found["failed"] == ["fail"] * 3
    assert found["groups"] == 0
    assert found["host"] == ["fail"] * 3
    assert found["rule"] == ["fail"] * 2
    assert found["count"] == "2 results on 1 host"


@in_browser
def test_hostile_texts_do_not_run_and_nothing_is_asked_for(tmp_path: Path) -> None:
    address, log = (tmp_path / "report.html"), tmp_path / "net.json"
    html = render(build(hostile_audits(), TITLE))
    address.write_text(html, "utf-8")
    document = Page(chromium.dump(address.as_uri(), tmp_path, f"--log-net-log={log}"))
    assert [text for tag, text in document.texts if tag == "title"] == [TITLE]
    # The browser made the elements that were written, and no other.
    assert sorted(tag for tag, _rest in document.elements) == sorted(tag for tag, _rest in Page(html).elements)
    assert chromium.requested(log) == set()


@in_browser
def test_the_log_of_requests_would_show_one(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("<!doctype html><img src='http://127.0.0.1:9/x.png'>")
    log = tmp_path / "net.json"
    chromium.dump((tmp_path / "page.html").as_uri(), tmp_path, f"--log-net-log={log}")
    assert "http://127.0.0.1:9/x.png" in chromium.requested(log)


@in_browser
def test_the_page_can_be_read_without_its_script(tmp_path: Path) -> None:
    forbidden = re.sub(r"script-src '[^']+'", "script-src 'none'", render(build(sample_audits(), "t")))
    (tmp_path / "report.html").write_text(forbidden, "utf-8")
    document = Page(chromium.dump((tmp_path / "report.html").as_uri(), tmp_path))
    assert ["hidden" in attributes for attributes in document.having("form")] == [True]
    assert not [attributes for _tag, attributes in document.elements if "data-status" in attributes and "hidden" in attributes]
