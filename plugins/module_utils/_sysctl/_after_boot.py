# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""A boot, write by write: from what a kernel starts with, what it takes, what it refuses, and what each key holds at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Collection, Dict, Iterable, Iterator, Mapping, NamedTuple, Sequence, Union

from ._boot_order import Applied, in_turn
from ._keys import SYSCTL_KEYS, Accepted, Refused, kernel_reads, sysctl_key

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import BootFiles

PORT_RANGE = "net.ipv4.ip_local_port_range"
UNPRIVILEGED_PORT_START = "net.ipv4.ip_unprivileged_port_start"

_DIGITS = 20
AT_START = {PORT_RANGE: "32768\t60999", UNPRIVILEGED_PORT_START: "1024", "net.ipv4.ip_local_reserved_ports": ""}
"""What every current kernel starts with, of the keys that bound one another and that a write may leave partly as they are."""


class Write(NamedTuple):
    """One text that a program writes.

    answer: what the kernel makes of it; None where the text is not known. raw: what the key holds then, None where that is not known.
    """

    key: str
    program: str
    text: Applied
    answer: Union[Accepted, Refused, None]
    raw: str | None


def boot(boot_files: BootFiles, programs: Sequence[str], keys: Collection[str], start: Mapping[str, str]) -> Iterator[Write]:
    """Every write to these keys and to SYSCTL_KEYS, in order. programs: who writes, one after the other. keys: as for writes().

    start: raw values before the first write, of the keys of which one is known.
    """
    now: Dict[str, str | None] = dict(start)
    for program in programs:
        for key, text in in_turn(boot_files, program, keys):
            if key not in SYSCTL_KEYS and key not in keys:
                continue
            value = text.value
            if program == "tuned" and value is not None and len(value) > 1 and value[0] in "<>":
                value, skipped = _compared(value, now.get(key))
                if skipped:
                    continue
            answer = None
            if value is None:
                now[key] = None
            else:
                bounds = {one: raw for one in (PORT_RANGE, UNPRIVILEGED_PORT_START) for raw in [now.get(one)] if raw is not None}
                answer = kernel_reads(sysctl_key(key), value, now.get(key), bounds)
                if isinstance(answer, Accepted):
                    now[key] = answer.raw
            yield Write(key, program, text, answer, now.get(key))


def _compared(text: str, now: str | None) -> tuple[str | None, bool]:
    """What TuneD makes of ">5" and "<5": 5, and whether it leaves the key alone because it is that much, or little, already.

    None where the key's value is not known. What are no numbers is written as it is.
    """
    if now is None:
        return None, False
    number = text[1:].strip()
    if not all(one.isdecimal() and len(one) < _DIGITS for one in (number, now)):
        return text, False
    enough = int(number) <= int(now) if text[0] == ">" else int(number) >= int(now)
    return number, enough


def last_words(writes: Iterable[Write]) -> Dict[str, Write]:
    """For each key that a boot sets, the write that the kernel took last."""
    return {write.key: write for write in writes if not isinstance(write.answer, Refused)}
