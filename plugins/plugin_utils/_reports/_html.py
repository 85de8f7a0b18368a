# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The HTML report: one page that needs nothing else, not even a network.

Up to WHOLE_HOSTS hosts are in it as they are, and it needs no script. The parts of more hosts are packed, see _html_fleet.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from .._claims import CLAIMS
from .._results import SEVERITIES, STATUSES
from ._groups import by_reason
from ._host import HostReport
from ._html_bars import bars
from ._html_fleet import pack
from ._manifest import NAME, version
from ._model import Report, gain_text, location, settings_text
from ._overview import MOMENT

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

# jinja2 and markupsafe are imported where they are used: other formats need neither, and tcp-sysctl-lint does not have them.
ENDING = ".html"
WHOLE_HOSTS = 200
_TEMPLATES = Path(__file__).parent / "templates"
# Hosts in the table of a fleet's page before the script lists all of them, and reasons why hosts were not audited.
_FIRST_ROWS, _REASONS = 50, 50

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


def render(report: Report) -> str:
    """Return the report as a page; the only script and style that its policy allows are the two inside."""
    from markupsafe import Markup

    is_fleet = len(report.hosts) > WHOLE_HOSTS
    style, script = (Markup((_TEMPLATES / name).read_text("utf-8")) for name in ("report.css", "fleet.js" if is_fleet else "report.js"))
    rule_numbers = {rule: number for number, rule in enumerate(report.overview.rules)}
    template = _environment().get_template("host.html.j2")
    # In a short report nobody has to open anything.
    few = report.summary["status"]["fail"] <= 8

    def part(host: HostReport) -> Markup:
        return Markup(template.render(host=host, few=few, in_fleet=is_fleet, rule_numbers=rule_numbers))

    reasons = by_reason(report.hosts)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            style=style,
            script=script,
            style_hash=_policy_hash(style),
            script_hash=_policy_hash(script),
            rule_numbers=rule_numbers,
            reasons=reasons[:_REASONS],
            more_reasons=sum(len(names) for _reason, names in reasons[_REASONS:]),
            first_rows=_FIRST_ROWS,
            part=part,
            packed=pack(report, rule_numbers, part) if is_fleet else None,
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
    environment.globals.update(
        bars=bars,
        claim_texts=CLAIMS,
        gain_text=gain_text,
        location=location,
        settings_text=settings_text,
        severities=SEVERITIES,
        shapes=_SHAPES,
        statuses=STATUSES,
        status_words=_STATUS_WORDS,
    )
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
