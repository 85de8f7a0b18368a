# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What terminals, chats, mail and issue trackers put around a text is taken off, so that each line is as its command printed it."""

from __future__ import annotations

import codecs
import html
import re

from .._common import text_of

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Colours and the like (ECMA-48), titles of windows, character sets.
_TERMINAL = re.compile(r"\x1b(?:\[[0-?]{0,40}[ -/]{0,4}[@-~]|\][^\x07\x1b\n]{0,500}(?:\x07|\x1b\\)|[()][0-9A-Za-z]|[=>78cDEHMNOZ])")
_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\x00-\x08\x0e-\x1f\x7f]")
_IS_HTML = re.compile(r"<(?:pre|code|br|p|div|span|td|li|blockquote)\b[^<>\n]{0,200}>", re.IGNORECASE)
_LINE_ENDS = re.compile(r"<br\b[^<>]{0,200}>|</?(?:p|div|tr|li|pre|blockquote|h[1-6])\b[^<>]{0,200}>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_ENTITY = re.compile(r"&(?:gt|lt|amp|quot|nbsp|#\d{1,7}|#x[0-9a-fA-F]{1,6});")
_QUOTE = re.compile(r"[ \t]{0,3}(?:>[ \t]?){1,20}")
_FENCE = re.compile(
    r"[ \t]*(?:`{3,}|~{3,})[ \t]*[\w.+-]{0,20}[ \t]*\Z|[ \t]*[\[{]/?(?:code|noformat|quote|pre)(?:[:=][^\]}]{0,40})?[\]}][ \t]*\Z"
)
_NUMBERED = re.compile(r"[ \t]{0,10}(\d{1,7})(?:[:|)→][ \t]?|[ \t]|\Z)")
_FEWEST_NUMBERED = 3


def text_from(path: str, data: bytes) -> str:
    """Bytes as text: UTF-8, or what Windows calls Unicode (UTF-16 with its mark); a byte that is neither becomes U+FFFD.

    :raises SourceError: the bytes are not text at all.
    """
    if data.startswith(_UTF_16):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    return text_of(path, data)


def lines_of(text: str) -> list[str]:
    """The lines without quote marks, code fences, line numbers, tags, colours and invisible characters; a fence is an empty line."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    if "\x1b" in text:
        text = _TERMINAL.sub("", text)
    if _IS_HTML.search(text):
        text = _TAG.sub("", _LINE_ENDS.sub("\n", text))
    if _ENTITY.search(text):
        text = html.unescape(text).replace("\u00a0", " ")
    text = _INVISIBLE.sub("", text)
    lines = [_without_fence(_without_quote(line)) for line in text.split("\n")]
    return _without_numbers(lines)


def _without_quote(line: str) -> str:
    found = _QUOTE.match(line)
    return line[found.end() :] if found else line


def _without_fence(line: str) -> str:
    if _FENCE.match(line):
        return ""
    stripped = line.strip()
    if stripped.startswith("`") or stripped.endswith("`"):
        return line.replace(stripped, stripped.strip("`"), 1)
    return line


def _without_numbers(lines: list[str]) -> list[str]:
    """The lines without their numbers, where each line that is not empty has the next one."""
    found = [_NUMBERED.match(line) for line in lines if line.strip()]
    numbers = [int(one.group(1)) for one in found if one]
    if len(numbers) != len(found) or len(numbers) < _FEWEST_NUMBERED:
        return lines
    # `cat -n` gives empty lines a number, `nl` does not: both go up by one from one numbered line to the next.
    if any(second != first + 1 for first, second in zip(numbers, numbers[1:])):
        return lines
    return [line[one.end() :] if (one := _NUMBERED.match(line)) else line for line in lines]
