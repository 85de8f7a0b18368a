# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Form 1: a key, a sign, and a value: `key = value`, `key: value`, `"key" = "value"`, `'key' => 'value'`, and pairs: `{"key", "value"}`."""

from __future__ import annotations

import re
import typing as t

from ._found import Found, Style, literal, unescaped

if t.TYPE_CHECKING:
    from ._hits import Hit

_SIGN = re.compile(r"([\"'\]]*)[ \t]*(=>|:=|\?=|=(?![=~>])|:(?!:))[ \t]*")
# What a setting may stand behind: the start of a line or of a text, a sign of a list or of a call, or a command that prints.
_BEFORE = re.compile(r"(?:^\s*(?:[-+]\s*)?|[{\[(,;&|=:]\s*|[\"']|\\n\s*|\bsysctl\.|\b(?:echo|printf)\s+(?:-[neE]+\s+)*)[\"']?-?\Z")
_STARTS_LINE = re.compile(r"\s*-?\Z")
# A command that looks for a line, up to the key: no other one begins between.
_SEARCHES = re.compile(r"\b(?:[ef]?grep|awk|ack|rg|sed\s+-n)\b(?:[^;|&]|(?<=\\)\|)*\Z")
# The new text of `sed s/old/new/`.
_REPLACEMENT = re.compile(r"[*$]/\Z")
_QUOTED = re.compile(r"\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'")
_VALUE_END: dict[Style, re.Pattern[str]] = {
    "config": re.compile(r"\s+[#;]|\s*\Z"),
    "shell": re.compile(r"\s+\d?>|[;|&)]|\\?\s*\Z|\s+#"),
    "code": re.compile(r"[;,}\])]|\s+#|\s+//|\s*\Z"),
}
# A list in Puppet and others: [1024, 65535].
_NUMBERS = re.compile(r"\[([\d\s,'\"]+)\]")
# Both in braces or brackets of their own: a structure without names, a tuple, a list. After a name it is a call, which may do anything.
_OPENS_PAIR = re.compile(r"(?:\{|(?<![\w)\]])[(\[])\s*[\"']\Z")
_PAIR = re.compile(r"[\"']\s*,\s*(?:\"([\d\s\-,\\t]+)\"|'([\d\s\-,\\t]+)'|(\d+|true|false|True|False))\s*,?\s*[})\]]")
# Several on a line: the annotation of a pod, for one.
_NEXT_SETTING = re.compile(r"\s*[,;]\s*(?=-?net[./]\w)")
_WORDS = re.compile(r"\S*[A-Za-z]\S*\s|\s\S*[A-Za-z]")


def assignment(hit: Hit) -> Found | None:
    """The setting that the line gives the key, or None where it gives none."""
    sign = _SIGN.match(hit.after)
    if sign is None:
        return _pair(hit)
    replacement = _REPLACEMENT.search(hit.before) is not None
    if not (replacement or _BEFORE.search(hit.before)) or _SEARCHES.search(hit.before):
        return None
    rest = hit.after[sign.end() :]
    if replacement:
        rest = rest.partition("/")[0]
    closed = hit.quote in sign.group(1) if hit.quote else bool(sign.group(1))
    if hit.quote and not closed:
        return _inside(hit, rest)
    quoted = _QUOTED.match(rest)
    if quoted:
        value = unescaped(quoted.group(1) if quoted.group(1) is not None else quoted.group(2))
        if _is_verbatim(hit, sign.group(2)) and not closed:
            # There the quotation marks are part of the value.
            value = quoted.group()
        return Found(hit.line, hit.key, literal(value, expression=False, booleans=hit.style == "code"), "assignment")
    if hit.style == "shell" and "]" in sign.group(1):
        # One of several in an array: ([key]=1 [key]=2).
        rest = rest.split(" ", 1)[0]
    return _bare(hit, rest, sign.group(2))


def _pair(hit: Hit) -> Found | None:
    pair = _PAIR.match(hit.after) if hit.style == "code" and _OPENS_PAIR.search(hit.before) else None
    if pair is None:
        return None
    value = next(one for one in pair.groups() if one is not None)
    return Found(hit.line, hit.key, literal(unescaped(value), expression=False, booleans=True), "assignment")


def _is_verbatim(hit: Hit, sign: str) -> bool:
    """Whether the line stands as in a sysctl file: no shell takes a blank before the sign, so in a script it is a text for such a file."""
    return (
        sign == "="
        and _STARTS_LINE.match(hit.before) is not None
        and (hit.style == "config" or (hit.style == "shell" and hit.after[0] != "="))
    )


def _inside(hit: Hit, rest: str) -> Found | None:
    """A whole setting between quotation marks, as in `echo "key = value"`."""
    value = re.split(re.escape(hit.quote) + r"|\\n|\\r", rest, maxsplit=1)[0]
    # What follows nothing is added by the language around it.
    known = literal(value, expression=False, booleans=False) or None
    if known is not None and _WORDS.search(known):
        # A sentence that happens to name a setting.
        return None
    return Found(hit.line, hit.key, known, "assignment")


def _bare(hit: Hit, rest: str, sign: str) -> Found | None:
    rest = _NEXT_SETTING.split(rest, maxsplit=1)[0]
    if hit.style == "config" and _is_verbatim(hit, sign):
        # All of it is the value: what stands after the number there is what the kernel gets.
        return Found(hit.line, hit.key, literal(rest, expression=False, booleans=False), "assignment")
    numbers = _NUMBERS.match(rest)
    if numbers:
        return Found(hit.line, hit.key, " ".join(re.findall(r"\d+", numbers.group(1))), "assignment")
    end = _VALUE_END[hit.style].search(rest)
    value = (rest[: end.start()] if end else rest).split("\\n")[0].strip("\\ \t")
    if not value:
        return None
    known = literal(value, expression=hit.style == "code", booleans=hit.style == "code" or sign == ":")
    if known is not None and _WORDS.search(known):
        return None
    return Found(hit.line, hit.key, known, "assignment")
