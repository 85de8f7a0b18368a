# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What the kernel makes of a text that is written to a sysctl key (kernel/sysctl.c), and what a text read from one means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Mapping, NamedTuple, Union

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import SysctlValue
    from ._keys import SysctlKey

_INT_MAX = 2**31 - 1
_LONG_MIN, _ULONG_MAX = -(2**63), 2**64 - 1
# The kernel looks at one page of a text, and at 21 characters of a number, of which the last must not belong to it.
_PAGE = 4095
_LONGEST_NUMBER = 20
_NUMBER = re.compile(r"-?(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)")
_SPACES = re.compile(r"[ \t\n\v\f\r]*")
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,15}\Z")
_PLAIN = re.compile(r"-?[0-9]{1,20}\Z", re.ASCII)
# A leading 0 is left out: some keys read it as base 8, others as base 16.
_UNAMBIGUOUS = re.compile(r"-?(?:0|[1-9][0-9]{0,19}|0[xX][0-9a-fA-F]{1,16})\Z", re.ASCII)


class Accepted(NamedTuple):
    """raw: what the key reads afterwards (None: part of it depends on a current value that is not known).

    note: what the kernel does not use as written; "" where it uses the whole text.
    """

    raw: str | None
    note: str = ""


class Refused(NamedTuple):
    """reason: why the write fails (EINVAL, or ENOENT for a name that cannot exist)."""

    reason: str


class _Rejected(Exception):
    """The kernel refuses the text; the message says why."""


def kernel_reads(
    sysctl_key: SysctlKey, text: str, current: str | None = None, others: Mapping[str, str] | None = None
) -> Union[Accepted, Refused]:
    """What the kernel makes of text and a newline, as the boot readers write it.

    :param current: raw value before the write: a range and a list of numbers keep what the text does not give.
    :param others: raw values of other keys, by name; ip_local_port_range and ip_unprivileged_port_start bound one another
        (kernels before 4.11 have no ip_unprivileged_port_start: give "1"; when it is not given it is its default, 1024).
    """
    if sysctl_key.kind == "exact":
        return Accepted(" ".join(text.split()))
    try:
        if sysctl_key.kind == "text":
            return _reads_word(text)
        if sysctl_key.kind == "ports":
            return Accepted(_ports_text(_written_ports(text + "\n")))
        if sysctl_key.kind == "range":
            return _reads_range(sysctl_key, text, current, others or {})
        numbers, note = _written_numbers(sysctl_key, text, sysctl_key.numbers)
        if sysctl_key.numbers > 1:
            old = _current_numbers(current, sysctl_key.numbers)
            if len(numbers) < sysctl_key.numbers:
                note = f"only {len(numbers)} of {sysctl_key.numbers} numbers are given; the others keep their values"
            return Accepted("\t".join(map(str, numbers + old[len(numbers) :])) if len(numbers) == sysctl_key.numbers or old else None, note)
        if sysctl_key.name == "net.ipv4.ip_unprivileged_port_start":
            lowest = _current_numbers((others or {}).get("net.ipv4.ip_local_port_range"), 2)
            if lowest and numbers[0] > lowest[0]:
                raise _Rejected(f"{numbers[0]} is above the low end of ip_local_port_range ({lowest[0]})")
        return Accepted(str(numbers[0]), note)
    except _Rejected as reason:
        return Refused(str(reason))


def _reads_word(text: str) -> Accepted:
    word = text.split("\n", 1)[0]
    if not _WORD.match(word):
        raise _Rejected("the name must have 1 to 15 letters, digits, dots, dashes or underscores" if word else "the name is empty")
    return Accepted(word)


def _reads_range(sysctl_key: SysctlKey, text: str, current: str | None, others: Mapping[str, str]) -> Accepted:
    numbers, note = _written_numbers(sysctl_key, text, 2)
    start = _current_numbers(others.get("net.ipv4.ip_unprivileged_port_start"), 1) or [1024]
    if numbers[0] < start[0]:
        raise _Rejected(f"the low end {numbers[0]} is below ip_unprivileged_port_start ({start[0]})")
    if len(numbers) == 1:
        old = _current_numbers(current, 2)
        note = "a single number changes only the low end"
        if not old:
            return Accepted(None, note)
        numbers.append(old[1])
    if numbers[1] < numbers[0]:
        raise _Rejected(f"the high end {numbers[1]} is below the low end {numbers[0]}")
    return Accepted(f"{numbers[0]}\t{numbers[1]}", note)


def _written_numbers(sysctl_key: SysctlKey, text: str, count: int) -> tuple[list[int], str]:
    """The numbers that the kernel takes, at most count of them, and a note on what it leaves out."""
    text = (text + "\n")[:_PAGE]
    numbers: list[int] = []
    note = ""
    place = _skip_spaces(text, 0)
    while place < len(text) and len(numbers) < count:
        number, end = _number_at(text, place, " \t\n")
        written = text[place:end]
        if str(number) != written:
            note = f"{written} is read as {number}"
        if sysctl_key.unsigned and written.startswith("-"):
            raise _Rejected(f"{written} is negative")
        low = -_INT_MAX - 1 if sysctl_key.low is None else sysctl_key.low
        high = _INT_MAX if sysctl_key.high is None else sysctl_key.high
        if not low <= number <= high:
            raise _Rejected(f"{number} is not between {low} and {high}")
        numbers.append(number)
        place = _skip_spaces(text, end)
    if not numbers:
        raise _Rejected("the value is empty")
    if place < len(text):
        note = "everything after the number is ignored" if count == 1 else f"everything after {count} numbers is ignored"
    return numbers, note


def _skip_spaces(text: str, place: int) -> int:
    found = _SPACES.match(text, place)
    return found.end() if found else place


def _number_at(text: str, place: int, separators: str) -> tuple[int, int]:
    """The number at a place, with 0x for base 16 and a leading 0 for base 8, and where it ends."""
    found = _NUMBER.match(text, place)
    shown = re.split(r"[\s,]", text[place : place + 40], maxsplit=1)[0]
    if not found:
        raise _Rejected(f"{shown!r} is not a number")
    end = found.end()
    if end < len(text) and text[end] not in separators:
        raise _Rejected(f"{shown!r} is not a number")
    digits = found.group().lstrip("-")
    if end - place > _LONGEST_NUMBER:
        raise _Rejected(f"{shown!r} is too long for a number")
    base = 10
    if digits[:2] in ("0x", "0X"):
        base = 16
    elif digits[0] == "0":
        base = 8
    number = int(digits, base)
    if number > _ULONG_MAX:
        raise _Rejected(f"{shown!r} is too large")
    return (-number if found.group()[0] == "-" else number), end


def _written_ports(text: str) -> list[list[int]]:
    """The port list that the kernel takes: commas or line ends between items, no blanks anywhere."""
    ranges: list[list[int]] = []
    place = _skip_line_ends(text, 0)
    while place < len(text):
        low, place = _port_at(text, place, "-,\n")
        high = low
        if text[place : place + 1] == "-":
            high, place = _port_at(text, place + 1, ",\n")
            if high < low:
                raise _Rejected(f"{low}-{high} starts above its end")
        ranges.append([low, high])
        place = _skip_line_ends(text, place + 1)
    return _merged(ranges)


def _skip_line_ends(text: str, place: int) -> int:
    while text[place : place + 1] == "\n":
        place += 1
    return place


def _port_at(text: str, place: int, separators: str) -> tuple[int, int]:
    port, end = _number_at(text, place, separators)
    if text[place] == "-" or port > 65535:
        raise _Rejected(f"{port} is not a port (0 to 65535)")
    return port, end


def _merged(ranges: list[list[int]]) -> list[list[int]]:
    merged: list[list[int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1][1] = max(merged[-1][1], high)
        else:
            merged.append([low, high])
    return merged


def _ports_text(ranges: list[list[int]]) -> str:
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def _current_numbers(raw: str | None, count: int) -> list[int]:
    """The numbers of a raw value, or none at all where it is not known or not so many numbers. No key holds more than 64 bits."""
    words = (raw or "").split()
    if len(words) != count or not all(map(_PLAIN.match, words)):
        return []
    numbers = [int(word) for word in words]
    return numbers if min(numbers) >= _LONG_MIN and max(numbers) <= _ULONG_MAX else []


def parse(sysctl_key: SysctlKey, raw: str) -> SysctlValue | None:
    """What a raw text read from the key means, or None where it is not of the sysctl_key's kind. Bounds are not checked.

    An exact text is a number where it is one decimal number, and else a text.
    """
    if sysctl_key.kind == "exact":
        numbers = _current_numbers(raw[:_PAGE], 1)
        return numbers[0] if numbers else " ".join(raw.split())
    if sysctl_key.kind == "text":
        return " ".join(raw.split())
    if sysctl_key.kind == "ports":
        try:
            return _written_ports("".join(raw.split()))
        except _Rejected:
            return None
    if len(raw) > _PAGE:
        return None
    count = 2 if sysctl_key.kind == "range" else sysctl_key.numbers
    numbers = _current_numbers(raw, count)
    if not numbers:
        return None
    return numbers[0] if sysctl_key.kind == "int" else numbers


def same(sysctl_key: SysctlKey, a: str, b: str) -> bool:
    """Whether two raw texts mean the same value to the kernel; texts that it refuses are compared as words.

    So are exact texts, where besides a number may be decimal in one and have 0x in the other.
    """
    if sysctl_key.kind == "exact":
        return [_number_or_word(word) for word in a.split()] == [_number_or_word(word) for word in b.split()]
    first, second = kernel_reads(sysctl_key, a), kernel_reads(sysctl_key, b)
    if isinstance(first, Accepted) and isinstance(second, Accepted) and first.raw is not None and second.raw is not None:
        return first.raw == second.raw
    return a.split() == b.split()


def _number_or_word(word: str) -> Union[int, str]:
    return int(word, 0) if _UNAMBIGUOUS.match(word) else word
