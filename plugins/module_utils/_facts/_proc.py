# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The texts of /proc/net/netstat, /proc/net/snmp, /proc/net/sockstat and /proc/net/stat/nf_conntrack, read by name.

The columns and their order differ between kernels, so values are found by name, never by position.
"""

from __future__ import annotations

import re
from typing import Dict, Iterator, Sequence

# The one Tcp counter that may go down: it is the number of connections now.
_GAUGES = ("CurrEstab",)
# No counter of any kernel has more bits.
_LOWEST, _HIGHEST = -(2**63), 2**64 - 1
_MAX_DIGITS = 20
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]+\Z")
_SHOWN_GROUP = 40

Groups = Dict[str, Dict[str, int]]


def parse_counters(text: str) -> dict[str, dict[str, int]]:
    """Counters of /proc/net/netstat or /proc/net/snmp: group ("TcpExt", "Tcp") to counter name to value.

    A group is a line of names and, under it, a line of values; old kernels write a long group as several such pairs.
    Raises ValueError, naming the group, when names and values do not match or a value is not a number.
    """
    groups: dict[str, dict[str, int]] = {}
    waiting: dict[str, list[str]] = {}
    for group, words in _lines(text):
        names = waiting.pop(group, None)
        if names is None:
            waiting[group] = words
        elif len(names) != len(words):
            raise ValueError(f"group {_shown(group)} has {len(names)} names but {len(words)} values")
        else:
            groups.setdefault(group, {}).update(zip(names, _numbers(group, words)))
    for group in waiting:
        raise ValueError(f"group {_shown(group)} has names but no values")
    return groups


def parse_sockstat(text: str) -> dict[str, dict[str, int]]:
    """Fields of /proc/net/sockstat: group ("sockets", "TCP") to field ("inuse", "tw") to value.

    Raises ValueError, naming the group, when a field has no value or a value is not a number.
    """
    groups: dict[str, dict[str, int]] = {}
    for group, words in _lines(text):
        if len(words) % 2:
            raise ValueError(f"group {_shown(group)} has a field without a value")
        groups.setdefault(group, {}).update(zip(words[::2], _numbers(group, words[1::2])))
    return groups


def parse_conntrack_stat(text: str) -> dict[str, int]:
    """Counters of /proc/net/stat/nf_conntrack, summed over CPUs: name to value. Values are hexadecimal, one line a CPU.

    "entries" is left out: it is no counter, and the same in each line. Raises ValueError when names and values do not match.
    """
    lines = [line.split() for line in text.split("\n") if line.strip()]
    names = lines[0] if lines else []
    sums = dict.fromkeys(names, 0)
    for words in lines[1:]:
        if len(words) != len(names) or max(map(len, words)) > _MAX_DIGITS:
            raise ValueError("a line has other columns than the first")
        for name, word in zip(names, words):
            # int() alone would take signs and "0x" as well.
            if not _HEXADECIMAL.match(word):
                raise ValueError(f"{_shown(name)} has a value that is not a number")
            sums[name] += int(word, 16)
    sums.pop("entries", None)
    if any(value > _HIGHEST for value in sums.values()):
        raise ValueError("a value has more than 64 bits")
    return sums


def _lines(text: str) -> Iterator[tuple[str, list[str]]]:
    for line in text.split("\n"):
        group, colon, rest = line.partition(":")
        if colon:
            yield group.strip(), rest.split()
        elif line.strip():
            raise ValueError(f"line {_shown(line)} does not start with a group and a colon")


def _numbers(group: str, words: Sequence[str]) -> list[int]:
    try:
        if max(map(len, words), default=0) > _MAX_DIGITS:
            raise ValueError
        numbers = list(map(int, words))
        if numbers and not _LOWEST <= min(numbers) <= max(numbers) <= _HIGHEST:
            raise ValueError
        return numbers
    except ValueError:
        raise ValueError(f"group {_shown(group)} has a value that is not a number") from None


def _shown(text: str) -> str:
    return repr(text[:_SHOWN_GROUP])


def deltas(first: Groups, second: Groups) -> dict[str, dict[str, int | None]]:
    """How much each counter in both samples grew. None for a counter that went down; a gauge may go down."""
    return {
        group: {
            name: second[group][name] - before if second[group][name] >= before or name in _GAUGES else None
            for name, before in counters.items()
            if name in second[group]
        }
        for group, counters in first.items()
        if group in second
    }
