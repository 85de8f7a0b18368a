# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""One host in the summary of the terminal."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable

from .._escape import one_line
from .._results import Severity
from ._host import HostReport, ShownResult
from ._model import gain_text, location, settings_text

Paint = Callable[[str, Severity], str]
"""Gives a text the colour of a severity."""


def render_host(host: HostReport, width: int, paint: Paint) -> str:
    """What a person needs to act on one host, nothing cut; "" without an audit."""
    if host.audit is None:
        return ""
    facts = [host.audit["profile"], host.audit["kernel_release"] and f"kernel {host.audit['kernel_release']}", host.audit["collected_at"]]
    title = one_line(f"{host.name}  ({', '.join(fact for fact in facts if fact)})", width)
    lines = [title, "-" * len(title), *_verdict(host, width), *_advice(host, width), *_ruled_out(host, width)]
    told: set[str] = set()
    for file, results in host.failed_by_file.items():
        lines += [one_line(f"FILE {file}", width), ""] if file else []
        for result in results:
            lines += [*_failed(result, width, paint, told), ""]
    for profiles, results in host.told_apart.items():
        lines += wrapped(f"IF {profiles}", "these count if the host has that profile", width, indent=0)
        for result in results:
            lines += [*_failed(result, width, paint, told), ""]
    unknown = Counter(result["id"] for result in host.having("unknown"))
    if unknown:
        rules = ", ".join(rule if times == 1 else f"{rule} ({times})" for rule, times in sorted(unknown.items()))
        lines += wrapped("unknown", rules, width, indent=0)
    for sentence in host.audit["not_seen"]:
        lines += wrapped("not seen", sentence, width, indent=0)
    return "\n".join(lines).rstrip()


def _advice(host: HostReport, width: int) -> list[str]:
    """The first cure that applies, and the names of the others; nothing where none does."""
    if not host.advice:
        return []
    first, *others = host.advice
    against = f" ({first['severity']})" if first["severity"] else ""
    lines = wrapped("DO FIRST", f"{first['id']}{against}: {first['title']}", width, indent=0)
    lines += [*wrapped("why", first["reason"], width), *wrapped("gain", gain_text(first["gain"]), width)]
    for number, step in enumerate(first["how"]):
        lines += wrapped("" if number else "how", step, width)
    lines += wrapped("risk", first["risk"], width)
    if others:
        lines += wrapped("then", ", ".join(cure["id"] for cure in others), width)
    wrong = [cure["id"] for cure in host.advised_against if cure["wrong"]]
    if wrong:
        lines += wrapped("do not", ", ".join(wrong), width)
    return [*lines, ""]


def _verdict(host: HostReport, width: int) -> list[str]:
    """What is wrong, in one sentence, and what to do next where no cure says it."""
    if host.verdict is None:
        return []
    lines = textwrap.wrap(one_line(host.verdict["sentence"]), width, break_on_hyphens=False)
    if not host.advice:
        lines += wrapped("next", host.verdict["next_step"], width, indent=0)
    return [*lines, *wrapped("profile", host.verdict["profile"], width, indent=0), ""]


def _ruled_out(host: HostReport, width: int) -> list[str]:
    """What was looked at and is in order."""
    if host.verdict is None or not host.verdict["fine"]:
        return []
    return [*wrapped("fine", "; ".join(host.verdict["fine"]), width, indent=0), ""]


def _failed(result: ShownResult, width: int, paint: Paint, told: set[str]) -> list[str]:
    """One result. told: the rules that were explained before."""
    head = one_line(f"{result['id']}: {result['subject']}" if result["subject"] else result["id"], width - 10)
    lines = [paint(f"{result['severity'].upper():<10}", result["severity"]) + head]
    lines += wrapped("found", result["observed"], width)
    lines += wrapped("expected", result["expected"], width)
    lines += wrapped("where", location(result), width)
    if len(result["settings"]) > 1:
        lines += wrapped("set in", settings_text(result), width)
    if result["id"] not in told:
        told.add(result["id"])
        lines += [*wrapped("why", result["rationale"], width), *wrapped("do", result["remedy"], width)]
    return lines


def wrapped(label: str, text: str, width: int, *, indent: int = 10) -> list[str]:
    """text behind a label, whole; nothing where there is no text."""
    if not text:
        return []
    start = " " * indent + f"{label and label + ':':<9} "
    wrapper = textwrap.TextWrapper(width, initial_indent=start, subsequent_indent=" " * len(start), break_on_hyphens=False)
    return wrapper.wrap(one_line(text))
