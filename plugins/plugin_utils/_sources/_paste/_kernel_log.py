# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Lines of the kernel's log that tell of the troubles which rules are about."""

from __future__ import annotations

import re

# By the name in Excerpt.kernel_log. The kernel's own words, in whatever frame (dmesg, journal, syslog).
_MESSAGES = {
    "conntrack_full": re.compile(r"(?:nf|ip)_conntrack: (?:[\w:]{1,40} )?table full, dropping packet"),
    "buckets_overflow": re.compile(r"TCP: time wait bucket table overflow"),
    "syn_flooding": re.compile(r"[Pp]ossible SYN flooding on port"),
    "out_of_memory": re.compile(r"TCP: out of memory|TCP: too many (?:of )?orphaned sockets|Out of socket memory"),
}
_FRAME = re.compile(
    r"\[[ \t]*\d{1,10}\.\d{6}\](?:\[[ \t]*\w{1,10}\])? |\[(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\] "
    r"|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S{1,80} kernel: "
)
_MUTED = re.compile(r"(?:net_ratelimit|__ratelimit): \d{1,10} (?:callbacks|messages) suppressed|last message repeated \d{1,10} times")


def trouble_of(line: str) -> str | None:
    """The trouble that a line tells of, by its name in Excerpt.kernel_log; None for any other line."""
    return next((name for name, message in _MESSAGES.items() if message.search(line)), None)


def is_log(line: str) -> bool:
    """Whether a line is one of the kernel's log, whatever it is about."""
    return bool(_FRAME.match(line) or _MUTED.search(line))
