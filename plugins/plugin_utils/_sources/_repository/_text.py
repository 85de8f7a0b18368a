# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The settings of a text that is read line by line, in whatever form each stands."""

from __future__ import annotations

import re
import typing as t

from ._assignments import assignment
from ._blocks import block_of_lines
from ._found import Found
from ._hits import hits
from ._named_values import named_value
from ._shell import command
from ._underscored import underscored

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ._found import Kind, Style

MAX_SETTINGS = 1000
"""Of one file. Nobody sets so many; what has more was made to keep us busy."""

# What may be in a file that is worth a closer look.
INTERESTING = re.compile(
    r"net[./_]?(?:ipv4|core|netfilter|nf_)|tcp_tw_|tcp_timestamps|tcp_fin_|tcp_max_tw|tcp_rfc1337|ip_local_",
    re.IGNORECASE,
)
_NOTE = re.compile(r"^[ \t]*:[ \t]*<<-?[ \t]*[\"']?(\w+)[\"']?[ \t]*\r?$", re.MULTILINE)
_LOOKS_LIKE_SHELL = re.compile(r"^#!|\b(?:echo|sysctl|tee|printf)\s|^\s*(?:if|for|while)\s|<<", re.MULTILINE)


def settings_in_text(text: str, style: Style, first_line: int = 1, place: str = "", kind: Kind = "host") -> list[Found]:
    """The settings, at most MAX_SETTINGS.

    :param first_line: the number of the text's first line in its file. place: the name of what the text is in, before its own blocks.
    """
    if not INTERESTING.search(text):
        return []
    if style == "shell" and _NOTE.search(text):
        text = _without_notes(text)
    found: list[Found] = []
    for one in _found(text, style, first_line):
        if len(found) == MAX_SETTINGS:
            break
        found.append(one)
    if not found:
        return found
    blocks = block_of_lines(text, style, first_line)
    placed = []
    for one in found:
        block = blocks[one.line - first_line]
        name = block.outer if one.form == "named value" and style == "code" else block.name
        placed.append(one._replace(place=", ".join(filter(None, (place, name))), kind=kind if one.kind == "host" else one.kind))
    return placed


def _without_notes(text: str) -> str:
    """A script with empty lines in place of texts that go to the command ":", as people write remarks over many lines."""
    until = ""
    lines = []
    for line in text.split("\n"):
        if until:
            until = "" if line.strip() == until else until
            lines.append("")
            continue
        note = _NOTE.match(line)
        until = note.group(1) if note else ""
        lines.append(line)
    return "\n".join(lines)


def _found(text: str, style: Style, first_line: int) -> Iterator[Found]:
    for hit in hits(text, style, first_line):
        found = command(hit) or named_value(hit) or assignment(hit)
        if found is not None:
            yield found
    yield from underscored(text, style, first_line)


def style_of_script(text: str) -> Style:
    """Whether a text inside another file is for a shell or for a file of settings."""
    return "shell" if _LOOKS_LIKE_SHELL.search(text) else "config"
