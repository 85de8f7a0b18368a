# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Finds misspelt names of variables: Ansible passes over a variable that nobody reads, so a gate that was set in CI would be none."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Iterable

# Of the playbooks. Whatever else begins like them and is given on the command line is a mistake.
PREFIX = "tcp_"
PLAYBOOK_VARIABLES = (
    "tcp_audit_only",
    "tcp_boot_file",
    "tcp_capture_dest",
    "tcp_capture_sample_seconds",
    "tcp_confirm_seconds",
    "tcp_fail_on",
    "tcp_namespace_profiles",
    "tcp_namespaces",
    "tcp_probe_endpoints",
    "tcp_profile",
    "tcp_report_compare",
    "tcp_report_dest",
    "tcp_report_formats",
    "tcp_report_merge",
    "tcp_report_title",
    "tcp_sample_seconds",
    "tcp_serial",
    "tcp_show",
    "tcp_source",
    "tcp_source_kind",
    "tcp_thresholds",
    "tcp_waivers",
    "tcp_watch_interval",
    "tcp_watch_seconds",
    "tcp_watch_textfile",
    "tcp_watch_textfile_destinations",
)
_OF_PROFILES = ("settings", "state", "scope", "on_conflict", "reserve_listening_ports", "confirm_seconds", "boot_file")
_OF_AUDIT = (
    "profile",
    "source",
    "source_kind",
    "fail_on",
    "waivers",
    "thresholds",
    "sample_seconds",
    "probe_endpoints",
    "namespaces",
    "namespace_profiles",
    "show",
    "report_dest",
    "report_formats",
    "report_basename",
    "report_compare",
    "report_title",
)
ROLE_VARIABLES = (
    *(f"audit_{name}" for name in _OF_AUDIT),
    *(f"{role}_{name}" for role in ("client_host", "fullnat_lb", "backend") for name in _OF_PROFILES),
    "fullnat_lb_timestamps",
)
KNOWN = frozenset((*PLAYBOOK_VARIABLES, *ROLE_VARIABLES))
# Our own that nobody sets, but that are like another one's name.
_INTERNAL = frozenset(f"{role}_result" for role in ("audit", "client_host", "fullnat_lb", "backend"))

# "a letter or two": more than that is another name.
_MOST_CHANGES = 2
# Of a name; no letter after that counts.
_LONGEST = 60
# A host may have thousands of variables; few of them have nearly the length and the letters of one of ours.
_LETTERS = {
    length: [(name, frozenset(name)) for name in sorted(KNOWN) if abs(len(name) - length) <= _MOST_CHANGES]
    for length in range(max(map(len, KNOWN)) + _MOST_CHANGES + 1)
}


def misspelt(names: Iterable[str], given: Iterable[str]) -> list[str]:
    """One sentence for each name that is most likely a misspelt one of ours, sorted.

    names: of all variables that a host has. given: those of the command line of one of the collection's playbooks: there each name
    that begins with PREFIX and is unknown is a mistake, however little it is like ours.
    """
    wrong = {name: near for name in names if (near := _near(name))}
    wrong.update({name: _near(name) or _best(name) for name in given if name.startswith(PREFIX) and name not in KNOWN})
    return [f"There is no variable {name}. Did you mean {near}?" for name, near in sorted(wrong.items())]


def _near(name: str) -> str:
    """The name of ours that differs by _MOST_CHANGES letters at most, "" for none and for ours."""
    # The roles' own variables begin with an underscore.
    if name in KNOWN or name in _INTERNAL or name.startswith("_"):
        return ""
    letters = frozenset(name)
    alike = [known for known, its_letters in _LETTERS.get(len(name), ()) if len(letters ^ its_letters) <= 2 * _MOST_CHANGES]
    near = {known: _changes(name, known, _MOST_CHANGES) for known in alike}
    best = min(near, key=lambda known: (near[known], known), default="")
    return best if best and near[best] <= _MOST_CHANGES else ""


def _best(name: str) -> str:
    return min(PLAYBOOK_VARIABLES, key=lambda known: (_changes(name, known), known))


def _changes(one: str, other: str, most: int = _LONGEST) -> int:
    """How many letters are added, left out, replaced, or exchanged with their neighbour, from one to the other; counts to most + 1."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one[:_LONGEST], 1):
        next_row = [place]
        for at, wanted in enumerate(other, 1):
            least = min(row[at] + 1, next_row[at - 1] + 1, row[at - 1] + (letter != wanted))
            if before and at > 1 and letter == other[at - 2] and one[place - 2] == wanted:
                least = min(least, before[at - 2] + 1)
            next_row.append(least)
        before, row = row, next_row
        if min(row) > most and min(before) > most:
            return most + 1
    return row[-1]
