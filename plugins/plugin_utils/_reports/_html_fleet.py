# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The parts of many hosts in one page: an index that is searched, and each host's part packed until somebody asks for it.

The parts are the same HTML as on a small report's page. They have so much in common that a block of them is deflated (RFC 1950) to a few
percent, and a browser inflates one block in no time.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._results import SEVERITIES
from ._host import HostReport
from ._model import Report

if TYPE_CHECKING:
    from markupsafe import Markup

_BLOCK = 100
# No text in a part has this character: it would have been escaped.
_BETWEEN = "\x1e"
# The places of hosts without a severity, before and after those of SEVERITIES, which count from 1.
_NOT_AUDITED, _UNKNOWN, _CLEAN = 0, len(SEVERITIES) + 1, len(SEVERITIES) + 2


@dataclass(frozen=True)
class Packed:
    """index: JSON that may stand in a script element. parts: one line of base64 for each block of hosts, in order of their numbers."""

    index: Markup
    parts: Markup


def pack(report: Report, rule_numbers: Mapping[str, int], part: Callable[[HostReport], str]) -> Packed:
    """The hosts of report. rule_numbers: rule id to its place in the index. part: the HTML of a host with an audit."""
    from markupsafe import Markup

    rows: dict[int, list[object]] = {}
    blocks = []
    for start in range(0, len(report.hosts), _BLOCK):
        parts = []
        # Row and part in one go: an audit is made into objects when somebody looks at it.
        for host in report.hosts[start : start + _BLOCK]:
            rows[host.number] = _row(host, rule_numbers)
            parts.append("" if host.audit is None else part(host))
        blocks.append(b64encode(zlib.compress(_BETWEEN.join(parts).encode("utf-8"), 9)).decode("ascii"))
    index = {
        "block": _BLOCK,
        "kinds": [*SEVERITIES, "unknown"],
        "rules": [rule.lower() for rule in rule_numbers],
        "hosts": [rows[host.number] for host in report.urgent_first],
    }
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    # A name may look like the end of the element.
    return Packed(Markup(text.replace("<", "\\u003c")), Markup("\n".join(blocks)))


def _row(host: HostReport, rule_numbers: Mapping[str, int]) -> list[object]:
    """Number, name, place of its worst severity, results by severity and how many are unknown, numbers of the failed rules."""
    counts = [host.summary["severity"][severity] for severity in SEVERITIES]
    failed = sorted({rule_numbers[result["id"]] for result in host.failed})
    return [host.number, host.name, _place(host), [*counts, host.summary["status"]["unknown"]], failed]


def _place(host: HostReport) -> int:
    if host.worst:
        return 1 + SEVERITIES.index(host.worst)
    return {"not_audited": _NOT_AUDITED, "unknown": _UNKNOWN}.get(host.outcome, _CLEAN)
