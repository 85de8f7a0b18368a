# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The Markdown report, for a comment on a pull request: short enough for one, with everything from a host escaped."""

from __future__ import annotations

import re

from .._escape import one_line
from .._results import SEVERITIES
from ._host import HostReport, ShownResult
from ._model import Report, gain_text, location
from ._text import headline

ENDING = ".md"
MAX_CHARACTERS = 60_000
"""GitHub refuses a comment of more than 65,536 characters; the table of hosts may take up to half of the room."""

# Of a comparison, as lines.
_CHANGES = 10
_SIGNS = {"critical": "🟥", "high": "🟧", "medium": "🟨", "low": "🟦", "info": "⬜"}
# Underscores inside a word, as in the name of a key, are no markup.
_MARKUP = re.compile(r"[\\`*\[\]|~$#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")


def render(report: Report) -> str:
    """Return the report as Markdown with tables; failed results that would not fit are counted instead."""
    hosts = report.urgent_first
    head = [f"## {escape(report.title)}", "", f"**{escape(headline(report).removeprefix(report.title + ': '))}**", "", *_table(hosts)]
    parts = ["\n".join(head)]
    if report.overview.collected:
        first, last = (escape(moment) for moment in report.overview.collected)
        parts.append(f"Observed {first}." if first == last else f"Observed between {first} and {last}.")
    parts += filter(None, [_comparison(report)])
    room = MAX_CHARACTERS - sum(len(part) + 2 for part in parts) - 200
    left_out = 0
    for host in hosts:
        # Once a host did not fit, those after it, which are less urgent, do not have to be written.
        block = "" if left_out else _host(host)
        if not left_out and len(block) + 2 <= room:
            parts += [block] if block else []
            room -= len(block) + 2
        else:
            left_out += sum(host.summary["severity"].values())
    if left_out:
        parts.append(f"_{left_out} more failed results do not fit here. See the other reports._")
    return "\n\n".join(parts) + "\n"


def _comparison(report: Report) -> str:
    """What changed since the earlier report, a line for each rule."""
    found = report.comparison
    if found is None:
        return ""
    lines = [f"**Since the earlier report:** {found.sentence}."]
    for rule in found.changed[:_CHANGES]:
        numbers = f"{len(rule.new):,} new, {len(rule.cured):,} cured, {len(rule.not_known):,} not known now"
        lines.append(f"- {_SIGNS[rule.severity]} {escape(rule.rule, 60)}: {numbers}")
    for word, names in (("No longer audited", found.lost), ("No longer in the report", found.gone)):
        lines += [f"- {word}: {escape(', '.join(names), 300)}"] if names else []
    return "\n".join(lines)


def escape(text: str, limit: int = 300) -> str:
    """Return text as one line of Markdown that shows just these characters: no markup, no table cell, no mention, no link."""
    text = one_line(text, limit).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _MARKUP.sub(lambda match: "\\" + match[0], text)
    # Mentions, issue numbers and bare addresses are made into links after escapes are gone; this keeps them text.
    text = re.sub(r"@(?=\w)|\\#(?=\d)", lambda match: match[0] + "&#8203;", text)
    return re.sub(r"(?i)://|www\.", lambda match: match[0].replace(":", "&#58;").replace(".", "&#46;"), text)


def _table(hosts: list[HostReport]) -> list[str]:
    lines = ["| host | worst | " + " | ".join(SEVERITIES) + " | unknown | waived | passed |", "| --- | --- |" + " ---: |" * 8]
    room = MAX_CHARACTERS // 2
    for place, host in enumerate(hosts):
        lines.append(_row(host))
        room -= len(lines[-1]) + 1
        if room < 0:
            rest = hosts[place:]
            lines[-1] = f"| … {len(rest)} more hosts, {sum(not host.is_audited for host in rest)} of them not audited | |" + " |" * 8
            break
    return lines


def _row(host: HostReport) -> str:
    if not host.is_audited:
        return f"| {escape(host.name, 100)} | ❌ **not audited** |" + " |" * 8
    numbers = [host.summary["severity"][severity] for severity in SEVERITIES]
    numbers += [host.summary["status"][status] for status in ("unknown", "waived", "pass")]
    worst = f"{_SIGNS[host.worst]} {host.worst}" if host.worst else ("none" if host.outcome == "clean" else "❔ unknown")
    return f"| {escape(host.name, 100)} | {worst} | " + " | ".join(str(number or "·") for number in numbers) + " |"


def _host(host: HostReport) -> str:
    if host.audit is None:
        return f"### {escape(host.name, 100)}\n\n❌ **Not audited:** {escape(host.not_audited_because, 500)}"
    rows: list[str] = []
    for file, results in host.failed_by_file.items():
        rows += ["", f"#### {escape(file, 200)}", ""] if file else []
        rows += ["| | rule | observed | expected | where | what to do |", "| --- | --- | --- | --- | --- | --- |", *map(_failed, results)]
    apart = [
        f"- If this host is a {escape(profiles, 60)}: {_SIGNS[result['severity']]} {escape(result['id'], 60)}: {escape(result['observed'])}"
        + (f" ({escape(location(result))})" if result["path"] else "")
        for profiles, results in host.told_apart.items()
        for result in results
    ]
    notes = [f"- Not seen: {escape(sentence)}" for sentence in host.audit["not_seen"][:20]]
    blocks = ["\n".join(block) for block in (_verdict(host), _advice(host), _fine(host), rows, apart, notes) if block]
    return "\n\n".join([f"### {escape(host.name, 100)}", *blocks]) if blocks else ""


def _verdict(host: HostReport) -> list[str]:
    """What is wrong, in one sentence, and what to do next where no cure says it."""
    if host.verdict is None or not (host.failed or host.told_apart):
        return []
    found = host.verdict
    after = ("" if host.advice else found["next_step"], found["profile"])
    return [f"**{escape(found['sentence'], 600)}**", *(f"\n{escape(text, 600)}" for text in after if text)]


def _fine(host: HostReport) -> list[str]:
    return [f"Fine: {escape('; '.join(host.verdict['fine']), 1500)}."] if host.verdict and host.verdict["fine"] and host.failed else []


def _advice(host: HostReport) -> list[str]:
    """The cures that apply, best first, one line each; the first with what to do."""
    lines = []
    for number, cure in enumerate(host.advice, 1):
        text = f"{number}. **{escape(cure['id'], 60)}**: {escape(cure['title'])}"
        if number == 1:
            text += f". {escape(cure['reason'], 400)}. *{escape('; '.join(cure['how']), 600)}*"
        gain = gain_text(cure["gain"])
        lines.append(text + (f" ({escape(gain)})" if gain and number > 1 else f" {escape(gain)}" if gain else ""))
    wrong = [escape(cure["id"], 60) for cure in host.advised_against if cure["wrong"]]
    if lines and wrong:
        lines.append(f"\nWrong here: {', '.join(wrong)}.")
    return lines


def _failed(result: ShownResult) -> str:
    subject = escape(result["subject"], 120)
    cells = [
        f"{_SIGNS[result['severity']]} {result['severity']}",
        f"**{escape(result['id'], 60)}**" + (f"<br>{subject}" if subject else ""),
        escape(result["observed"]),
        escape(result["expected"]),
        escape(location(result)),
        escape(result["remedy"], 400),
    ]
    return f"| {' | '.join(cells)} |"
