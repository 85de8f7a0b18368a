# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The formats of report files. A new format is one file with these two names, and one line in FORMATS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from . import _html, _json, _junit, _markdown, _prometheus, _sarif

if TYPE_CHECKING:
    from ._model import Report


class Format(Protocol):
    """A file of this folder, as a format. ENDING: of the report's file name."""

    ENDING: str

    def render(self, report: Report) -> str:
        """The report as text."""


# By their name in the option formats.
FORMATS: dict[str, Format] = {
    "json": _json,
    "junit": _junit,
    "sarif": _sarif,
    "html": _html,
    "markdown": _markdown,
    "prometheus": _prometheus,
}
