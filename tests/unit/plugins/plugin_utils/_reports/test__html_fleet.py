# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a fleet: what is packed, and what a real browser finds and unpacks."""

from __future__ import annotations

import base64
import json
import re
import zlib
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._html import WHOLE_HOSTS, render
from support import chromium
from support.audits import HOSTILE, audit, build, cure, hostile_audits, result, sample_audits

in_browser = pytest.mark.skipif(chromium.PROGRAM is None, reason=chromium.MISSING)


def fleet(*others: dict[str, Any], hosts: int = WHOLE_HOSTS) -> list[dict[str, Any]]:
    """So many clean hosts, and the others."""
    return [audit(f"web{number:04}", result("fine", "low", "pass")) for number in range(hosts)] + list(others)


def page(*others: dict[str, Any]) -> str:
    return render(build(fleet(*others), "t"))


def index_of(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="index">(.*?)</script>', html, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def parts_of(html: str) -> list[str]:
    """The HTML of each host, by its number."""
    found = re.search(r'<script type="text/plain" id="parts">(.*?)</script>', html, re.DOTALL)
    assert found
    blocks = [zlib.decompress(base64.b64decode(line)).decode() for line in found[1].split()]
    return [part for block in blocks for part in block.split("\x1e")]


def test_up_to_a_number_of_hosts_the_page_has_them_whole() -> None:
    small, large = render(build(fleet(hosts=WHOLE_HOSTS), "t")), render(build(fleet(hosts=WHOLE_HOSTS + 1), "t"))
    assert [html.count('<article class="host"') for html in (small, large)] == [WHOLE_HOSTS, 0]
    assert ['id="parts"' in html for html in (small, large)] == [False, True]


def test_the_part_of_a_host_is_that_of_a_small_page() -> None:
    failing = audit("lb1", result("a", "low", observed="x"), result("b", "medium", "unknown"), advice=[cure("reuse", True)])
    others = [result(f"other-{number}", "low") for number in range(9)]
    small = render(build([failing, audit("lb2", *others), audit("web", result("fine", "low", "pass"))], "t"))
    html = page(failing, audit("lb2", *others))
    number = next(row[0] for row in index_of(html)["hosts"] if row[1] == "lb1")
    article = re.search(r'<article class="host" id="host-0".*?</article>', small, re.DOTALL)
    assert article
    assert parts_of(html)[number].strip() == article[0].replace('id="host-0"', f'id="host-{number}"')


def test_the_index_has_each_host_the_most_urgent_first() -> None:
    index = index_of(
        page(
            audit("high", result("b", "high"), result("a", "low"), result("a", "low", subject="two"), result("c", "low", "unknown")),
            audit("unknown", result("c", "low", "unknown")),
            {"host": "gone", "unreachable": True},
        )
    )
    numbers = {name: number for number, name in enumerate(index["rules"])}
    rows = {row[1]: row[2:] for row in index["hosts"]}
    assert list(rows)[:3] == ["gone", "high", "unknown"]
    assert len(rows) == WHOLE_HOSTS + 3
    assert rows["gone"] == [0, [0, 0, 0, 0, 0, 0], []]
    assert rows["high"] == [2, [0, 1, 0, 2, 0, 1], [numbers["a"], numbers["b"]]]
    assert rows["unknown"] == [6, [0, 0, 0, 0, 0, 1], []]
    assert rows["web0000"] == [7, [0, 0, 0, 0, 0, 0], []]


def test_a_host_without_an_audit_has_no_part_and_keeps_the_others_in_their_places() -> None:
    html = page({"host": "a-gone", "unreachable": True}, {"host": "web0100-gone", "failed": True})
    parts = parts_of(html)
    for number, name, *_rest in index_of(html)["hosts"]:
        assert (f'data-host="{name}"' in parts[number]) == ("gone" not in name)
        assert bool(parts[number]) == ("gone" not in name)


def test_hostile_names_and_texts_stay_inside_of_their_elements() -> None:
    html = render(build([*fleet(), *hostile_audits()], "</script><script>document.title='owned'</script>"))
    assert html.count("<script") == html.count("</script>") == 3
    names = [row[1] for row in index_of(html)["hosts"]]
    assert any("</title>" in name for name in names)
    for part in parts_of(html):
        assert "<script" not in part
        assert "<img" not in part


# --- in a browser ---------------------------------------------------------------------------------------------------

HARNESS = """<!doctype html><title>harness</title><iframe src="report.html#host-HOST" width="390" height="800"></iframe>
<pre></pre><img src="/end">
<script>
const frame = document.querySelector("iframe");
frame.addEventListener("load", async () => {
  const page = frame.contentDocument;
  const until = async (seen) => {
    while (!seen()) await new Promise((done) => setTimeout(done, 10));
  };
  const found = {title: page.title};
  await until(() => page.querySelector(".host"));
  found.by_address = page.querySelector(".host").dataset.host;
  const form = page.getElementById("find");
  const rows = () => page.getElementById("rows").childElementCount;
  found.rows = rows();
  page.getElementById("more").click();
  found.more_rows = rows();
  found.shown = form.elements.shown.textContent;
  const names = (text, severity = "9") => {
    form.elements.text.value = text;
    form.elements.severity.value = severity;
    form.dispatchEvent(new Event("input"));
    return [...page.querySelectorAll("#rows th")].map((e) => e.textContent);
  };
  found.by_severity = names("", "2");
  found.by_rule = names("Recycle-ON");
  found.by_name = names("CLIENT1");
  found.count = form.elements.shown.textContent;
  page.querySelector("#rows a").click();
  await until(() => page.querySelectorAll(".host").length === 2);
  found.asked_for = page.querySelector(".host").dataset.host;
  page.querySelector(".host details:not([open]) summary")?.click();
  found.note_is_hidden = page.getElementById("first-rows").hidden;
  for (const host of page.querySelectorAll(".host")) host.style.contentVisibility = "visible";
  found.width = page.documentElement.scrollWidth;
  document.querySelector("pre").textContent = JSON.stringify(found);
  fetch("/done");
});
</script>"""


def looked_at(html: str, host: int, folder: Path) -> dict[str, Any]:
    """What a page of the same origin sees of the fleet's page, whose address names a host."""
    (folder / "report.html").write_text(html, "utf-8")
    (folder / "harness.html").write_text(HARNESS.replace("HOST", str(host)), "utf-8")
    with chromium.served(folder) as address:
        document = chromium.dump(f"{address}/harness.html", folder)
    text = re.search(r"<pre>(.+)</pre>", document, re.DOTALL)
    assert text, document[-2000:]
    return dict(json.loads(unescape(text[1])))


@in_browser
def test_a_browser_finds_hosts_and_unpacks_them(tmp_path: Path) -> None:
    html = page(*sample_audits())
    numbers = {name: number for number, name, *_rest in index_of(html)["hosts"]}
    found = looked_at(html, numbers["lb1.example"], tmp_path)
    assert found["by_address"] == "lb1.example"
    assert (found["rows"], found["more_rows"]) == (100, 200)
    assert found["shown"] == "206 of 206 hosts"
    # What was not audited is shown with every severity.
    assert found["by_severity"] == ["db1.example", "web2.example", "lb1.example"]
    assert found["by_rule"] == ["lb1.example"]
    assert found["by_name"] == ["client1.example"]
    assert found["count"] == "1 of 206 hosts"
    assert found["asked_for"] == "client1.example"
    assert found["note_is_hidden"]
    assert found["width"] <= 390


@in_browser
def test_hostile_parts_do_not_run_when_they_are_unpacked(tmp_path: Path) -> None:
    html = render(build([*fleet(), *sample_audits(), *hostile_audits()], "t"))
    number = next(number for number, name, *_rest in index_of(html)["hosts"] if name.startswith("everything"))
    found = looked_at(html, number, tmp_path)
    assert found["title"] == "t"
    assert found["by_address"] == "everything"
    assert found["width"] <= 390
    assert HOSTILE["script"] in unescape(parts_of(html)[number])


@in_browser
def test_without_its_script_the_page_has_the_most_urgent_hosts_and_says_so(tmp_path: Path) -> None:
    html = re.sub(r"script-src '[^']+'", "script-src 'none'", page(*sample_audits()))
    (tmp_path / "report.html").write_text(html, "utf-8")
    document = chromium.dump((tmp_path / "report.html").as_uri(), tmp_path)
    assert document.count('<th scope="row">') == 50
    assert "the 50 most urgent of 206 hosts" in document
    assert re.search(r'<form id="find"[^>]* hidden', document)
