# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Form 2 in a text: a key under one name, and its value under another one, on the same line or on one of the next.

`name = "key"` and `value = "v"` (Terraform, Helm templates), `sysctl { 'key': value => 'v' }` (Puppet), `sysctl 'key' do value 1 end`
(Chef), `name=key value=v` (Ansible). What YAML and JSON can be read as is in _yaml_places.
"""

from __future__ import annotations

import re
import typing as t

from ._found import Found, literal, unescaped

if t.TYPE_CHECKING:
    from ._hits import Hit

NAMES = ("name", "key", "namespace", "sysctl", "param", "parameter", "variable", "option")
VALUES = ("value", "val")

_NAMED = re.compile(
    r"(?:\b(?:" + "|".join(NAMES) + r"|sysctl_param)[\"']?\s*(?:=>|[:=({])?\s*|::\w+\s*\{\s*)[\"']\Z"
    r"|\b(?:name|key)\s*[:=]\s*\Z|\bparameter\s+\Z",
    re.IGNORECASE,
)
_TITLE = re.compile(r"^\s*[\"']\Z")
_VALUE = re.compile(
    r"(?:^|[\s{,\"':;])(?:" + "|".join(VALUES) + r")\b[\"']?\s*(?:=>|[:=(]|\s)\s*(\"[^\"]*\"|'[^']*'|\{\{[^}]*\}\}|[^\s,;})#\"']+)",
    re.IGNORECASE,
)
_NEXT_ONE = re.compile(r"\b(?:" + "|".join(NAMES) + r")\b[\"']?\s*(?:=>|[:=])")
_REMOVED = re.compile(r"\b(?:state|ensure)\b[\"']?\s*(?:=>|[:=])\s*[\"']?absent\b")
# A question to a database: where name = 'key' and value = '0'.
_ASKS = re.compile(r"\bwhere\b", re.IGNORECASE)
_END = re.compile(r"\s*(?:\}|end\b|\Z)")


def named_value(hit: Hit) -> Found | None:
    """The setting of a key that stands under a name of its own, or None where no value belongs to it."""
    title = _TITLE.match(hit.before) and re.match(r"[\"']\s*:\s*(?:\Z|\w+\s*=>)", hit.after)
    if (not title and not _NAMED.search(hit.before)) or _ASKS.search(hit.before):
        return None
    value, removed = None, _REMOVED.search(hit.after)
    for number, line in enumerate([hit.after, *hit.following]):
        if number and _NEXT_ONE.search(line):
            break
        value = value or _VALUE.search(line)
        removed = removed or _REMOVED.search(line)
        if number and _END.match(line):
            break
    if removed or value is None:
        return None
    text = value.group(1)
    quoted = text[:1] in ("'", '"')
    known = literal(unescaped(text.strip("\"'")), expression=hit.style == "code" and not quoted, booleans=True)
    return Found(hit.line, hit.key, known, "named value")
