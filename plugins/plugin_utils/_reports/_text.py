# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The summary that a person reads in a terminal: all of a few hosts; of a fleet a screenful, the worst and what most have in common."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from .._escape import one_line
from .._results import PROFILES, SEVERITIES, Severity
from ._groups import by_reason
from ._host import HostReport
from ._model import Report
from ._text_host import Paint, render_host, wrapped

# So many hosts are told whole.
_FEW = 3
# What is shown of a fleet, and hosts of one of these, and hosts in a sentence, with the letters of a name there.
_WORST, _CURES, _RULES, _REASONS, _OUTLIERS = 10, 5, 10, 5, 5
_EXAMPLES, _NAMED, _LONGEST_NAME = 2, 10, 60
# Names are left out where they would leave less to what they are examples of.
_SHORTEST_TEXT = 40
_COLUMNS = ("CRIT", "HIGH", "MED", "LOW", "INFO", "UNKN", "WAIV")


def render(report: Report, width: int = 96, paint: Paint = lambda text, severity: text) -> str:
    """Return the summary as lines of at most width columns (80 or more); plain text unless paint adds colour."""
    blocks = [textwrap.fill(headline(report), width, break_on_hyphens=False)]
    if len(report.hosts) <= _FEW:
        alone = len(report.hosts) == 1
        shown = [host for host in report.urgent_first if (alone and host.verdict) or host.failed or host.told_apart or _has_unknown(host)]
        blocks += [_table(report.urgent_first, width, paint), _without_profile(report, width)]
        blocks += [render_host(host, width, paint) for host in shown]
    else:
        worst = [host for host in report.urgent_first if host.outcome in ("failed", "unknown")]
        blocks += [_cures(report, width, paint), _rules(report, width, paint), _table(worst, width, paint)]
        blocks += [_not_audited(report, width), _outliers(report, width), _without_profile(report, width)]
    blocks.append(_comparison(report, width))
    return "\n\n".join(filter(None, blocks)) + "\n"


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


def _cures(report: Report, width: int, paint: Paint) -> str:
    """What to do first, on how many hosts."""
    groups = report.overview.first_cures
    lines = ["DO FIRST"]
    for group in groups[:_CURES]:
        lines.append(_counted(len(group.hosts), width, paint, group.severity, f"{group.cure['id']}: {group.cure['title']}", group.hosts))
    if len(groups) > _CURES:
        lines.append(f"and {len(groups) - _CURES} other cures")
    return "\n".join(lines) if groups else ""


def _rules(report: Report, width: int, paint: Paint) -> str:
    """What failed, on how many hosts."""
    groups = report.overview.failed_rules
    lines = ["FAILED"]
    for group in groups[:_RULES]:
        hosts = [host for finding in group.findings for host in finding.hosts]
        lines.append(_counted(group.hosts, width, paint, group.severity, f"{group.rule}: {group.findings[0].result['title']}", hosts))
    if len(groups) > _RULES:
        lines.append(f"and {len(groups) - _RULES} other rules")
    return "\n".join(lines) if groups else ""


def _counted(number: int, width: int, paint: Paint, severity: Severity | None, text: str, hosts: Sequence[HostReport]) -> str:
    """One line: how many hosts, how grave, what; then some of the hosts, as far as there is room."""
    start, word = _hosts(number), f"{(severity or '').upper():<8}"
    room = width - len(start) - len(word) - 2
    names = f"  ({_some(list(dict.fromkeys(host.name for host in hosts)), _EXAMPLES)})"
    if room - len(names) < _SHORTEST_TEXT:
        names = ""
    return f"{start}{paint(word, severity) if severity else word}  {one_line(text, room - len(names))}{names}"


def _hosts(number: int) -> str:
    """The start of a line about so many hosts."""
    return f"{number:>6,} host{' ' if number == 1 else 's'}  "


def _some(names: Sequence[str], most: int) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(one_line(name, _LONGEST_NAME) for name in names[:most]) + more


def _table(hosts: Sequence[HostReport], width: int, paint: Paint) -> str:
    """A line for each of the first hosts; nothing where there is none."""
    if not hosts:
        return ""
    names = max([4, *(len(host.name) for host in hosts[:_WORST])])
    names = min(names, width - 50)
    lines = [f"{'HOST':<{names}}  {'WORST':<8}  " + " ".join(f"{column:>4}" for column in _COLUMNS)]
    for host in hosts[:_WORST]:
        start = f"{one_line(host.name, names):<{names}}  "
        if not host.is_audited:
            lines.append(start + one_line(f"NOT AUDITED: {host.not_audited_because}", width - len(start)))
            continue
        summary = host.summary
        numbers = [summary["severity"][severity] for severity in SEVERITIES]
        numbers += [summary["status"]["unknown"], summary["status"]["waived"]]
        word = host.worst or ("none" if host.outcome == "clean" else "unknown")
        worst = f"{word.upper() if host.worst else word:<8}"
        lines.append(start + (paint(worst, host.worst) if host.worst else worst) + "  " + " ".join(f"{n or '-':>4}" for n in numbers))
    left_out = len(hosts) - _WORST
    return "\n".join([*lines, f"and {left_out:,} more hosts"] if left_out > 0 else lines)


def _not_audited(report: Report, width: int) -> str:
    """Of how many hosts nothing is known, and why."""
    reasons = by_reason(report.hosts)
    lines = ["NOT AUDITED"]
    for reason, names in reasons[:_REASONS]:
        start = _hosts(len(names))
        lines.append(start + one_line(f"{_some(names, _EXAMPLES)}: {reason}", width - len(start)))
    left_out = sum(len(names) for _reason, names in reasons[_REASONS:])
    if left_out:
        lines.append(f"and {left_out:,} more hosts for other reasons")
    return "\n".join(lines) if reasons else ""


def _outliers(report: Report, width: int) -> str:
    """Hosts that differ from the others of their profile."""
    lines = ["DIFFERENT FROM THE OTHERS"]
    for one in report.overview.outliers[:_OUTLIERS]:
        what = f"{len(one.hosts):,} of {one.of:,} {one.profile}: {one.what} {one.value}, usual: {one.usual} ({_some(one.hosts, _EXAMPLES)})"
        lines.append("  " + one_line(what, width - 2))
    if len(report.overview.outliers) > _OUTLIERS:
        lines.append(f"and {len(report.overview.outliers) - _OUTLIERS:,} more")
    return "\n".join(lines) if report.overview.outliers else ""


def _comparison(report: Report, width: int) -> str:
    """What changed since the earlier report."""
    found = report.comparison
    if found is None:
        return ""
    lines = [f"SINCE THE EARLIER REPORT: {found.sentence}"]
    for rule in found.changed[:_RULES]:
        parts = [f"{word} on {_some(names, _EXAMPLES)}" for word, names in (("new", rule.new), ("cured", rule.cured)) if names]
        parts += [f"not known now on {_some(rule.not_known, _EXAMPLES)}"] if rule.not_known else []
        lines.append(f"  {rule.severity.upper():<8}  " + one_line(f"{rule.rule}: {'; '.join(parts)}", width - 12))
    if len(found.changed) > _RULES:
        lines.append(f"and {len(found.changed) - _RULES} other rules")
    for word, names in (("no longer audited", found.lost), ("no longer in the report", found.gone), ("new in the report", found.added)):
        lines += ["  " + one_line(f"{word}: {_some(names, _NAMED)}", width - 2)] if names else []
    return "\n".join(lines)


def _without_profile(report: Report, width: int) -> str:
    """Which hosts were checked without a profile, "" for none."""
    names = report.overview.without_profile
    if not names:
        return ""
    told = f"{_some(names, _NAMED)}. Set tcp_profile for {'it' if len(names) == 1 else 'them'}: {', '.join(PROFILES)}"
    return "\n".join(wrapped("NO PROFILE", told, width, indent=0))


def _has_unknown(host: HostReport) -> bool:
    """Whether something about an audited host is unknown."""
    return host.audit is not None and bool(host.audit["not_seen"] or host.summary["status"]["unknown"])
