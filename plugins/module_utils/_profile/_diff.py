# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What changed, as Ansible shows it with --diff, without what must not leave the host.

A boot file may hold anything. Of a setting the value is shown where the collection speaks about its key or the profile sets it. A comment
is shown unless it names a secret or a key of another kind. Every other line is replaced.
"""

from __future__ import annotations

import re
from typing import Collection, Dict, Optional

from .._sysctl._keys import concerns_tcp
from .._sysctl._lines import TooManyPatternsError, may_be_shown, names_a_secret, parse, possible_keys
from ._machine import Machine
from ._steps import flat

SECRET = "(secret, not shown)"
NOT_SHOWN = "(not shown)"
_LONGEST_LINE = 4000
_KEY = re.compile(r"(?:/proc/sys/)?((?:abi|crypto|debug|dev|fs|kernel|net|sunrpc|user|vm|xen)[./][^\s=\"'`:;,()]+)")


def differences(machine: Machine, boot_file: Optional[str]) -> list[Dict[str, str]]:
    """Keys and files that changed; of other files than the boot file only the lines that changed."""
    diff = []
    keys = [key for key, raw in machine.keys.items() if raw != machine.first_keys[key]]
    if keys:
        texts = ["".join(f"{key} = {flat(raws[key])}\n" for key in keys) for raws in (machine.first_keys, machine.keys)]
        diff.append(_difference("running kernel", *texts))
    for path, file in machine.files.items():
        first = machine.first_files[path]
        if file == first:
            continue
        if path == boot_file:
            diff.append(_difference(path, *(shown(one.text, machine.keys) if one else "" for one in (first, file))))
        elif first and file:
            pairs = [pair for pair in zip(first.text.split("\n"), file.text.split("\n")) if pair[0] != pair[1]]
            texts = ["".join(f"{pair[side]}\n" for pair in pairs) for side in (0, 1)]
            diff.append(_difference(path, *(shown(text, machine.keys) for text in texts)))
        else:
            diff.append(_difference(path, *("(a copy of the edited boot file)\n" if one else "" for one in (first, file))))
    return diff


def _difference(what: str, before: str, after: str) -> Dict[str, str]:
    return {"before_header": what, "after_header": what, "before": before, "after": after}


def shown(text: str, keys: Collection[str] = ()) -> str:
    """A boot file's text (Latin-1) as UTF-8 text, without what must not leave the host. keys: those that the profile sets."""
    readable = text.encode("latin-1").decode("utf-8", "replace")
    possible = possible_keys()
    return "\n".join(_shown_line(line, keys, possible) for line in readable.split("\n"))


def _shown_line(line: str, keys: Collection[str], possible: Collection[str]) -> str:
    if len(line) > _LONGEST_LINE:
        return NOT_SHOWN
    if names_a_secret(line):
        return SECRET
    stripped = line.strip()
    if not stripped:
        return line
    if "\r" in stripped:
        return NOT_SHOWN
    if stripped[0] in "#;":
        named = [match.group(1).rstrip(".").replace("/", ".") for match in _KEY.finditer(line)]
        return line if all(key in keys or concerns_tcp(key) for key in named) else f"{stripped[0]} {NOT_SHOWN}"
    return _shown_setting(line, keys, possible)


def _shown_setting(line: str, keys: Collection[str], possible: Collection[str]) -> str:
    try:
        assignments, _problems = parse(line)
    except TooManyPatternsError:
        return NOT_SHOWN
    if len(assignments) != 1:
        return NOT_SHOWN
    (one,) = assignments
    known = one["key"] in keys or may_be_shown(one, possible)
    return line if known or one["value"] is None else f"{line.partition('=')[0]}= {NOT_SHOWN}"
