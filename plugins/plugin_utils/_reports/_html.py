# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The HTML report: one page that needs nothing else, not even a network or its own script."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .._results import SEVERITIES, STATUSES, Capacity, Severity
from ._manifest import NAME, version
from ._model import MOMENT, HostReport, Report, gain_text, location, settings_text

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

# jinja2 and markupsafe are imported where they are used: other formats need neither, and tcp-sysctl-lint does not have them.
ENDING = ".html"
_TEMPLATES = Path(__file__).parent / "templates"

# Colour is never the only sign: each word also has a shape of its own.
_SHAPES = {
    "critical": "◆",
    "high": "▲",
    "medium": "■",
    "low": "●",
    "info": "○",
    "unknown": "?",
    "waived": "~",
    "not_applicable": "-",
    "pass": "✓",
}
_STATUS_WORDS = {"fail": "failed", "unknown": "unknown", "waived": "waived", "not_applicable": "not applicable", "pass": "passed"}
_PORT_RULES = frozenset({"ports-pressure"})
_BUCKET_RULES = frozenset({"buckets-nearly-full", "buckets-overflow", "buckets-disabled"})


@dataclass(frozen=True)
class Bar:
    """A number against its limit. percent is None where one of them is unknown; severity is that of a failed result about it."""

    label: str
    text: str
    percent: float | None
    severity: Severity | None


def render(report: Report) -> str:
    """Return the report as a page; the only script and style that its policy allows are the two inside."""
    from markupsafe import Markup

    style, script = (Markup((_TEMPLATES / name).read_text("utf-8")) for name in ("report.css", "report.js"))
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            style=style,
            script=script,
            style_hash=_policy_hash(style),
            script_hash=_policy_hash(script),
            # In a short report nobody has to open anything.
            few=report.summary["status"]["fail"] <= 8,
            rule_numbers={rule: number for number, rule in enumerate(report.by_rule)},
            advised=[host for host in report.urgent_first if host.advice],
            bars=_bars,
            gain_text=gain_text,
            location=location,
            settings_text=settings_text,
            severities=SEVERITIES,
            statuses=STATUSES,
            shapes=_SHAPES,
            status_words=_STATUS_WORDS,
            generator=f"{NAME} {version()}",
        )
    )


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["moment"] = _moment
    environment.filters["coded"] = _coded
    return environment


def _moment(text: str) -> str:
    """Write "2026-01-31T12:00:00Z" for a reader; any other text as it is."""
    match = MOMENT.fullmatch(text)
    return f"{match[1]} {match[2]} UTC" if match else text


def _coded(text: str) -> Markup:
    """What stands between backticks, as code; everything is escaped."""
    from markupsafe import Markup

    parts = text.split("`")
    if len(parts) % 2 == 0:
        return Markup.escape(text)
    return Markup("").join(Markup("<code>{}</code>").format(part) if place % 2 else part for place, part in enumerate(parts))


def _policy_hash(text: str) -> str:
    return "sha256-" + b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _bars(host: HostReport) -> list[Bar]:
    if host.audit is None or host.is_repository:
        return []
    capacity = host.audit["capacity"]
    return [_port_bar(host, capacity), _bucket_bar(host, capacity)]


def _port_bar(host: HostReport, capacity: Capacity) -> Bar:
    busiest, usable = capacity["busiest"], capacity["usable_ports"]
    severity = _worst_of(host, _PORT_RULES)
    if busiest is None:
        seen = "unknown" if usable is None else f"no outgoing connections, {usable:,} ports usable"
        return Bar("Ports", seen, 0.0 if usable else None, severity)
    address = busiest["destination"]
    target = f"[{address}]:{busiest['destination_port']}" if ":" in address else f"{address}:{busiest['destination_port']}"
    return _bar(f"Ports towards {target} from {busiest['source']}", busiest["ports"], usable, "usable", severity)


def _bucket_bar(host: HostReport, capacity: Capacity) -> Bar:
    severity = _worst_of(host, _BUCKET_RULES)
    if capacity["time_wait"] is None:
        return Bar("TIME_WAIT sockets", "unknown", None, severity)
    return _bar("TIME_WAIT sockets", capacity["time_wait"], capacity["bucket_limit"], "allowed", severity)


def _bar(label: str, used: int, limit: int | None, word: str, severity: Severity | None) -> Bar:
    if limit is None:
        return Bar(label, f"{used:,}, the limit is unknown", None, severity)
    if limit <= 0:
        return Bar(label, f"{used:,} of {limit:,} {word}", 100.0 if used else 0.0, severity)
    share = 100 * used / limit
    return Bar(label, f"{used:,} of {limit:,} {word} ({share:.0f} %)", min(100.0, round(share, 1)), severity)


def _worst_of(host: HostReport, rules: frozenset[str]) -> Severity | None:
    return next((result["severity"] for result in host.failed if result["id"] in rules), None)
