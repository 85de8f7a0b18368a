# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The summary that a person reads in a terminal: who is worst, what failed there, what to do, what could not be read."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Callable

from .._escape import one_line
from .._results import ANY_PROFILE, PROFILES, SEVERITIES, Result, Severity
from ._model import HostReport, Report, gain_text, location, settings_text

Paint = Callable[[str, Severity], str]
"""Gives a text the colour of a severity."""

# Hosts in a sentence, and the letters of a name there.
_NAMED, _LONGEST_NAME = 10, 60
_COLUMNS = ("CRIT", "HIGH", "MED", "LOW", "INFO", "UNKN", "WAIV")


def render(report: Report, width: int = 96, paint: Paint = lambda text, severity: text) -> str:
    """Return the summary as lines of at most width columns (80 or more); plain text unless paint adds colour."""
    blocks = [textwrap.fill(headline(report), width, break_on_hyphens=False), _table(report, width, paint)]
    blocks += filter(None, [_without_profile(report, width)])
    alone = len(report.hosts) == 1
    shown = [host for host in report.urgent_first if (alone and host.verdict) or host.failed or host.told_apart or _has_unknown(host)]
    blocks += [block for host in shown if (block := _host(host, width, paint))]
    return "\n\n".join(blocks) + "\n"


def headline(report: Report) -> str:
    """One line with the number of hosts of each outcome. A host that was not audited never counts as clean."""
    counts = (
        (report.count("failed"), "with failed results"),
        (report.count("not_audited"), "NOT AUDITED"),
        (report.count("unknown"), "with unknown results only"),
        (report.count("clean"), "without failed results"),
    )
    total, namespaces = len(report.machines), report.failed_namespaces
    parts = [f"{number} {text}" for number, text in counts if number]
    shown = f"; {namespaces} other network namespace{'' if namespaces == 1 else 's'} with failed results" if namespaces else ""
    return f"{report.title}: {total} host{'' if total == 1 else 's'}: {', '.join(parts)}{shown}"


def _table(report: Report, width: int, paint: Paint) -> str:
    names = max([4, *(len(host.name) for host in report.hosts)])
    names = min(names, width - 50)
    lines = [f"{'HOST':<{names}}  {'WORST':<8}  " + " ".join(f"{column:>4}" for column in _COLUMNS)]
    for host in report.urgent_first:
        start = f"{one_line(host.name, names):<{names}}  "
        if host.audit is None:
            lines.append(start + one_line(f"NOT AUDITED: {host.not_audited_because}", width - len(start)))
            continue
        summary = host.summary
        numbers = [summary["severity"][severity] for severity in SEVERITIES]
        numbers += [summary["status"]["unknown"], summary["status"]["waived"]]
        word = host.worst or ("none" if host.outcome == "clean" else "unknown")
        worst = f"{word.upper() if host.worst else word:<8}"
        lines.append(start + (paint(worst, host.worst) if host.worst else worst) + "  " + " ".join(f"{n or '-':>4}" for n in numbers))
    return "\n".join(lines)


def _without_profile(report: Report, width: int) -> str:
    """Which hosts were checked without a profile, "" for none."""
    # A repository is for hosts of any profile.
    audits = [(host.name, host.audit) for host in report.machines if host.audit is not None]
    names = [name for name, audit in audits if audit["profile"] == ANY_PROFILE and audit["source"]["kind"] != "repository"]
    if not names:
        return ""
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    shown = ", ".join(one_line(name, _LONGEST_NAME) for name in names[:_NAMED])
    told = f"{shown}{more}. Set tcp_profile for {'it' if len(names) == 1 else 'them'}: {', '.join(PROFILES)}"
    return "\n".join(_wrapped("NO PROFILE", told, width, lines=4, indent=0))


def _has_unknown(host: HostReport) -> bool:
    """Whether something about an audited host is unknown."""
    return host.audit is not None and bool(host.audit["not_seen"] or host.summary["status"]["unknown"])


def _host(host: HostReport, width: int, paint: Paint) -> str:
    if host.audit is None:
        return ""
    facts = [host.audit["profile"], host.audit["kernel_release"] and f"kernel {host.audit['kernel_release']}", host.audit["collected_at"]]
    title = one_line(f"{host.name}  ({', '.join(fact for fact in facts if fact)})", width)
    lines = [title, "-" * len(title), *_verdict(host, width), *_advice(host, width), *_ruled_out(host, width)]
    for file, results in host.failed_by_file.items():
        lines += [one_line(f"FILE {file}", width), ""] if file else []
        for result in results:
            lines += [*_failed(result, width, paint), ""]
    for profiles, results in host.told_apart.items():
        lines += _wrapped(f"IF {profiles}", "these count if the host has that profile", width, lines=2, indent=0)
        for result in results:
            lines += [*_failed(result, width, paint), ""]
    unknown = Counter(result["id"] for result in host.having("unknown"))
    if unknown:
        rules = ", ".join(rule if times == 1 else f"{rule} ({times})" for rule, times in sorted(unknown.items()))
        lines += _wrapped("unknown", rules, width, lines=4, indent=0)
    for sentence in host.audit["not_seen"]:
        lines += _wrapped("not seen", sentence, width, lines=2, indent=0)
    return "\n".join(lines).rstrip()


def _advice(host: HostReport, width: int) -> list[str]:
    """The first cure that applies, and the names of the others; nothing where none does."""
    if not host.advice:
        return []
    first, *others = host.advice
    against = f" ({first['severity']})" if first["severity"] else ""
    lines = _wrapped("DO FIRST", f"{first['id']}{against}: {first['title']}", width, lines=2, indent=0)
    for label, text in (
        ("why", first["reason"]),
        ("gain", gain_text(first["gain"])),
        ("how", "; ".join(first["how"])),
        ("risk", first["risk"]),
    ):
        lines += _wrapped(label, text, width, lines=4)
    if others:
        lines += _wrapped("then", ", ".join(cure["id"] for cure in others), width, lines=2)
    wrong = [cure["id"] for cure in host.advised_against if cure["wrong"]]
    if wrong:
        lines += _wrapped("do not", ", ".join(wrong), width, lines=2)
    return [*lines, ""]


def _verdict(host: HostReport, width: int) -> list[str]:
    """What is wrong, in one sentence, and what to do next where no cure says it."""
    if host.verdict is None:
        return []
    lines = textwrap.wrap(one_line(host.verdict["sentence"]), width, break_on_hyphens=False, max_lines=4, placeholder=" …")
    if not host.advice:
        lines += _wrapped("next", host.verdict["next_step"], width, lines=4, indent=0)
    return [*lines, *_wrapped("profile", host.verdict["profile"], width, lines=3, indent=0), ""]


def _ruled_out(host: HostReport, width: int) -> list[str]:
    """What was looked at and is in order."""
    if host.verdict is None or not host.verdict["fine"]:
        return []
    return [*_wrapped("fine", "; ".join(host.verdict["fine"]), width, lines=8, indent=0), ""]


def _failed(result: Result, width: int, paint: Paint) -> list[str]:
    head = one_line(f"{result['id']}: {result['subject']}" if result["subject"] else result["id"], width - 10)
    lines = [paint(f"{result['severity'].upper():<10}", result["severity"]) + head]
    lines += _wrapped("found", result["observed"], width, lines=2)
    lines += _wrapped("expected", result["expected"], width, lines=2)
    lines += _wrapped("where", location(result), width, lines=2)
    if len(result["settings"]) > 1:
        lines += _wrapped("set in", settings_text(result), width, lines=4)
    lines += _wrapped("do", result["remedy"], width, lines=4)
    return lines


def _wrapped(label: str, text: str, width: int, *, lines: int, indent: int = 10) -> list[str]:
    """text behind a label, in at most so many lines; nothing where there is no text."""
    if not text:
        return []
    start = " " * indent + f"{label + ':':<9} "
    wrapper = textwrap.TextWrapper(
        width, initial_indent=start, subsequent_indent=" " * len(start), break_on_hyphens=False, max_lines=lines, placeholder=" …"
    )
    return wrapper.wrap(one_line(text))
