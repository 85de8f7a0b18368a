# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Counters of `netstat -s`: net-tools prints most of them as sentences, in words that differ a little between its versions."""

from __future__ import annotations

import re

# What is between words may be "connection" or "connections", "rejects" or "rejected": the expressions take both.
_SENTENCES: dict[str, dict[str, str]] = {
    "Tcp": {
        "ActiveOpens": r"N active connections? openings?",
        "PassiveOpens": r"N passive connections? openings?",
        "AttemptFails": r"N failed connection attempts?",
        "EstabResets": r"N connection resets? received",
        "CurrEstab": r"N connections? established",
        "InSegs": r"N segments received",
        "OutSegs": r"N segments sen[dt] out",
        "RetransSegs": r"N segments retransmitt?ed",
        "InErrs": r"N bad segments received",
        "OutRsts": r"N resets sent",
    },
    "TcpExt": {
        "SyncookiesSent": r"N SYN cookies sent",
        "SyncookiesRecv": r"N SYN cookies received",
        "SyncookiesFailed": r"N invalid SYN cookies received",
        "EmbryonicRsts": r"N resets received for embryonic SYN_RECV sockets",
        "TW": r"N TCP sockets finished time wait in fast timer",
        "TWRecycled": r"N time wait sockets recycled by time ?stamp",
        "TWKilled": r"N TCP sockets finished time wait in slow timer",
        "PAWSPassive": r"N passive connections reject(?:s|ed) because of time ?stamp",
        "PAWSActive": r"N active connections reject(?:s|ed) because of time ?stamp",
        "PAWSEstab": r"N packets reject(?:s|ed) in established connections because of time ?stamp",
        "ListenOverflows": r"N times the listen queue of a socket overflowed",
        "ListenDrops": r"N SYNs to LISTEN sockets (?:dropped|ignored)",
        "TCPAbortOnData": r"N connections reset due to unexpected data",
        "TCPAbortOnClose": r"N connections reset due to early user close",
        "TCPAbortOnMemory": r"N connections aborted due to memory pressure",
        "TCPAbortOnTimeout": r"N connections aborted due to timeout",
        "TCPAbortOnLinger": r"N connections aborted after user close in linger timeout",
        "TCPMemoryPressures": r"TCP ran low on memory N times",
    },
}
_COUNTER_OF = {
    re.compile(sentence.replace("N", r"(\d{1,20})", 1) + r"\.?\Z"): (group, name)
    for group, sentences in _SENTENCES.items()
    for name, sentence in sentences.items()
}
_NUMBER = re.compile(r"\d{1,20}")
_SENTENCE = re.compile(r"\d{1,20} [A-Za-z]|TCP ran")
_GROUP = re.compile(r"([A-Z][A-Za-z]{1,11}\d{0,2}):\Z")
GROUPS = frozenset(
    ("Ip", "Ip6", "Icmp", "Icmp6", "IcmpMsg", "Tcp", "Udp", "UdpLite", "Udp6", "UdpLite6", "TcpExt", "IpExt", "MPTcpExt", "Sctp")
)
# netstat prints them with a colon, people's own scripts otherwise.
_NAMED = re.compile(r"(?:TcpExt[.:_ ]?)?([A-Z][A-Za-z0-9]{1,50})([ \t]?[:=][ \t]?|[ \t]{1,40})(\d{1,20})\Z", re.ASCII)
_NAMES_OF_TCP = re.compile(r"TCP[A-Z]|PAWS|Tw|TW|Listen|BusyPoll|SyncookiesS")


def group_of(line: str) -> str | None:
    """The group that a heading of `netstat -s` begins; None for any other line."""
    found = _GROUP.match(line)
    return found.group(1) if found and found.group(1) in GROUPS else None


def counter_of(line: str, group: str | None) -> tuple[str, str, int] | None:
    """Group, name and value of a counter in a line without blanks around it; None where the line tells none.

    :param group: the group under whose heading the line stands, None where there is no heading.
    """
    named = _NAMED.match(line)
    if named:
        name, sign, value = named.groups()
        is_named = _NAMES_OF_TCP.match(name) or (group == "TcpExt" and sign == ": ")
        return ("TcpExt", name, int(value)) if is_named else None
    if not _SENTENCE.match(line):
        return None
    for sentence, (its_group, name) in _COUNTER_OF.items():
        found = sentence.match(line)
        if found:
            return its_group, name, int(found.group(1))
    return None


def is_statistic(line: str) -> bool:
    """Whether a line under a heading can be a counter that nobody here needs: a sentence with a number, or the heading of a table."""
    return bool(_NUMBER.search(line)) or line.endswith(":")
