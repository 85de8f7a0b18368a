# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The JSON report: every audit, whole, for other programs. Its audits can be given to tcp_report again."""

from __future__ import annotations

import json

from ._model import Report

ENDING = ".json"
SCHEMA = "linux_tcp.report/1"


def render(report: Report) -> str:
    """Return the report as JSON; ASCII only, so that printing the file cannot steer a terminal."""
    return json.dumps({"schema": SCHEMA, "title": report.title, "audits": report.entries}, indent=2, allow_nan=False) + "\n"
