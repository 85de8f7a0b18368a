# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Lines of the kernel's log that tell of the troubles which rules are about."""

from __future__ import annotations

import re

# By the name in Excerpt.kernel_log. The kernel's own words, and nothing behind them that a sentence about them could have.
_MESSAGES = {
    "conntrack_full": re.compile(r"(?:(?:nf|ip)_conntrack: ){1,2}(?:[\w.:/-]{1,40} )?table full, dropping packet\.?\Z"),
    "buckets_overflow": re.compile(r"TCP: time wait bucket table overflow(?: \(CT\w{1,20}\))?\Z"),
    "syn_flooding": re.compile(r"(?:TCP: )?(?:request_sock_\w{2,6}: )?[Pp]ossible SYN flooding on port [\w.:\[\]]{0,60}\d\.? "),
    "out_of_memory": re.compile(r"TCP: out of memory\b|TCP: too many (?:of )?orphaned sockets|Out of socket memory\Z"),
}
_STAMP = r"\[[ \t]*\d{1,10}\.\d{6}\](?:\[[ \t]*\w{1,10}\])?[ \t]"
_FRAME = re.compile(
    rf"(?:<\d{{1,3}}>)?(?:{_STAMP}"
    r"|\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\] "
    rf"|(?:(?:[A-Z][a-z]{{2}} [ \d]\d \d\d:\d\d:\d\d|\d{{4}}-\d\d-\d\d[T ][\d:.,+-]{{8,24}}Z?) \S{{1,80}} )?kernel: (?:{_STAMP})?)"
)
_MUTED = re.compile(
    r"(?:net_ratelimit|__ratelimit|nf_conntrack): \d{1,10} (?:callbacks|messages) suppressed|last message repeated \d{1,10} times"
)


def trouble_of(line: str) -> str | None:
    """The trouble that a line of the log tells of, by its name in Excerpt.kernel_log; None for any other line."""
    frame = _FRAME.match(line)
    message = line[frame.end() :] if frame else line
    return next((name for name, words in _MESSAGES.items() if words.match(message)), None)


def is_log(line: str) -> bool:
    """Whether a line is one of the kernel's log, whatever it is about."""
    return bool(_FRAME.match(line) or _MUTED.search(line))
