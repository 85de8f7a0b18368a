# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Form 3: settings as commands: sysctl with its arguments, --sysctl of container tools, writes to /proc/sys, and kernel arguments."""

from __future__ import annotations

import re
import typing as t

from ._found import Found, literal, unescaped

if t.TYPE_CHECKING:
    from ._hits import Hit

_ARGUMENT = re.compile(r"\bsysctl[\"']?(?:,|\s)[^;|&]*?[\s,]?[\"']?\Z")
# for setting in net.ipv4.tcp_tw_reuse=1 …; do sysctl -w "$setting"
_LOOP = re.compile(r"\bfor\s+\w+\s+in\s(?:.*\s)?[\"']?\Z")
_OPTION = re.compile(r"--sysctl[=\s,]*[\"']?(?:,\s*[\"'])?\Z")
_KERNEL_ARGUMENT = re.compile(r"\bsysctl\.\Z")
# A function of the script's own: `set_sysctl net.ipv4.tcp_tw_reuse 1`.
_FUNCTION = re.compile(r"\b(?:\w+_?sysctl\w*|sysctl_?\w+)[\"']?\s*[(\s]\s*[\"']?\Z", re.IGNORECASE)
# Augeas: set /files/etc/sysctl.conf/net.ipv4.tcp_tw_reuse 1
_AUGEAS = re.compile(r"\bset\s+[\"']?(?:/files/etc/sysctl[\w./-]*\.conf/)?\Z")
_NEXT_WORD = re.compile(r"[\"']?(?:\s*,\s*|[ \t]+)(\"[^\"]*\"|'[^']*'|-?\d[\d \t]*(?![\w.])|\$\{?\w+\}?)")
_REDIRECTED = re.compile(r">\s*[\"']?\Z")
_TEE = re.compile(r"\btee\s+(?:-a\s+)?[\"']?\Z")
_PRINTED = re.compile(r"\b(?:echo|printf)\s+(?:-[neE]+\s+)*(\"[^\"]*\"|'[^']*'|[^\s;|&>\"']+(?:[ \t]+[^\s;|&>\"']+)*)\s*(?:\||\d?>|\Z)")
# Languages: write("/proc/sys/…", "1"), open("/proc/sys/…", "w").write("1").
_WRITES = re.compile(r"[Ww]rite\w*\(\s*[\"']\Z")
_BYTES = r"(?:\[\]byte\(|b(?=[\"']))?(\"[^\"]*\"|'[^']*')"
_WRITTEN_NEXT = re.compile(rf"[\"']\s*,\s*{_BYTES}")
_WRITTEN_LATER = re.compile(rf"[\"'][^\"']{{0,20}}(?:[\"']\w{{1,3}}[\"'])?\)(?:\s*as\s+\w+:)?.{{0,40}}?\bwrite\w*\(\s*{_BYTES}")
_HERE_STRING = re.compile(r"[\"']?\s*<<<\s*(\"[^\"]*\"|'[^']*'|\S+)")
_TMPFILES = re.compile(r"\s*[wf][+!=-]*\s+\Z")
_TMPFILES_VALUE = re.compile(r"(?:\s+\S+){4}\s+(.*)")
_WORD = re.compile(r"\s*=\s*(\"[^\"]*\"|'[^']*'|(?:\$[({][^)}]*[)}]|[^\s;|&)\"'`,\]\\])+)")


def command(hit: Hit) -> Found | None:
    """The setting that a command makes of the key, or None where none does."""
    if hit.proc:
        return _written(hit)
    option = _OPTION.search(hit.before)
    if option is None and not _ARGUMENT.search(hit.before) and not (hit.style == "shell" and _LOOP.search(hit.before)):
        return _kernel_argument(hit) or _passed(hit)
    value = _argument(hit)
    if value is None:
        return None
    return Found(hit.line, hit.key, _text(value), "command", kind="container" if option else "host")


def _kernel_argument(hit: Hit) -> Found | None:
    word = _WORD.match(hit.after) if _KERNEL_ARGUMENT.search(hit.before) and hit.after.startswith("=") else None
    return word and Found(hit.line, hit.key, _text(word.group(1)), "kernel argument")


def _passed(hit: Hit) -> Found | None:
    word = _NEXT_WORD.match(hit.after) if _FUNCTION.search(hit.before) or _AUGEAS.search(hit.before) else None
    return word and Found(hit.line, hit.key, _text(word.group(1)), "command")


def _argument(hit: Hit) -> str | None:
    """The value in an argument, to the end of its word or of its quotation."""
    if hit.quote and hit.before.count(hit.quote) % 2:
        inside, mark, _rest = hit.after.partition(hit.quote)
        name, equals, value = inside.partition("=")
        return value if mark and equals and not name.strip() else None
    word = _WORD.match(hit.after)
    return word and word.group(1)


def _written(hit: Hit) -> Found | None:
    tmpfiles = _TMPFILES_VALUE.match(hit.after) if _TMPFILES.match(hit.before) else None
    if tmpfiles:
        return Found(hit.line, hit.key, _text(tmpfiles.group(1)), "command")
    if not _REDIRECTED.search(hit.before) and not _TEE.search(hit.before):
        return _written_by_code(hit) if hit.style == "code" else None
    # The last one is what is written.
    printed = next(reversed(list(_PRINTED.finditer(hit.before))), None) or _HERE_STRING.match(hit.after)
    return Found(hit.line, hit.key, _text(printed.group(1)) if printed else None, "command")


def _written_by_code(hit: Hit) -> Found | None:
    written = _WRITTEN_NEXT.match(hit.after) if _WRITES.search(hit.before) else _WRITTEN_LATER.match(hit.after)
    return written and Found(hit.line, hit.key, _text(written.group(1)), "command")


def _text(word: str) -> str | None:
    """The value in a word; not known where the word ends before it, so that the language around it adds it."""
    return literal(unescaped(word.strip().strip("\"'")), expression=False, booleans=False) or None
