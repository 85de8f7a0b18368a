# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The formats of report files. A new format is one file with the two names of Format, and its name here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from . import _html, _json, _junit, _markdown, _prometheus, _sarif
    from ._model import Report


class Format(Protocol):
    """A file of this folder, as a format. ENDING: of the report's file name."""

    ENDING: str

    def render(self, report: Report) -> str:
        """The report as text."""


# By their name in the option formats.
FORMATS = ("json", "junit", "sarif", "html", "markdown", "prometheus")

if TYPE_CHECKING:
    _CHECKED: tuple[Format, ...] = (_json, _junit, _sarif, _html, _markdown, _prometheus)


def format_of(name: str) -> Format:
    """The file of one of FORMATS.

    It is imported only now: Ansible compiles every file of a collection anew in each run, and an audit without reports needs none of these.
    """
    return cast("Format", import_module(f"._{name}", __package__))
