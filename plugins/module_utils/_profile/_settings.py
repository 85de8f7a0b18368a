# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The settings of a profile as a person gives them: checked, and turned into the values that a host is to have."""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple, Optional, Union

from .._sysctl._keys import MEMORY_SHARE, Accepted, Refused, SysctlKey, kernel_reads, parse, sysctl_key
from ._errors import ProfileError
from ._steps import flat

# A tab is what the kernel itself puts between the two ends of a range.
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}\Z", re.ASCII)
_LONGEST_TEXT = 4000
_LONGEST_HINTED = 100
_NO_BOUND = "a bound works only for a key with one whole number, and this one {}; write the whole value instead"


class Setting(NamedTuple):
    """text: the value asked for. Without it, a bound: "at_least" or "at_most" number. Without both, the key is not changed.

    bytes_each: memory that each unit of the value may take; see bound().
    """

    sysctl_key: SysctlKey
    text: Optional[str] = None
    bound: str = ""
    number: int = 0
    bytes_each: int = 0


def read_settings(settings: Mapping[object, object]) -> list[Setting]:
    """The settings in the order given. Raises ProfileError, which names every key that is wrong."""
    read, wrong = [], []
    for key, value in settings.items():
        try:
            read.append(_setting(_key(key), value))
        except ProfileError as error:
            wrong.append(str(error))
    if wrong:
        raise ProfileError("; ".join(wrong))
    return read


def _key(key: object) -> SysctlKey:
    if isinstance(key, str) and not _CONTROL.search(key):
        try:
            return sysctl_key(key)
        except ValueError as error:
            raise ProfileError(f"{error}{'' if 'secret' in str(error) else _hint(key)}") from None
    raise ProfileError(f"{repr(key)[:100]} is not a sysctl key; write it like net.ipv4.tcp_timestamps")


def _hint(key: str) -> str:
    if key.startswith("/") or ".." in key or len(key) > _LONGEST_HINTED:
        return ""
    # Only on the way out: the import takes longer than the rest of a call.
    from .._sysctl._nearest import nearest_known

    near = nearest_known(key)
    return f" (did you mean {near[0]}?)" if near else ""


def _setting(known: SysctlKey, value: object) -> Setting:
    if value is None:
        return Setting(known)
    if not isinstance(value, dict):
        text = _text(known.name, value)
        if known.kind == "exact" and not (text and text.isascii()):
            raise ProfileError(f"{known.name}: " + ("the value holds characters that are not ASCII" if text else "the value is empty"))
        return Setting(known, text)
    bounds = [name for name in ("at_least", "at_most") if name in value]
    if len(bounds) != 1 or set(value) - {*bounds, "bytes_each"}:
        raise ProfileError(f"{known.name}: a bound has either at_least or at_most, and may have bytes_each, nothing else")
    if known.kind not in ("int", "exact"):
        raise ProfileError(f"{known.name}: a bound works only for a key with one number; write the whole value instead")
    number, each = (_number(known.name, value.get(name, 0)) for name in (bounds[0], "bytes_each"))
    if each < 0:
        raise ProfileError(f"{known.name}: bytes_each must not be negative")
    return Setting(known, None, bounds[0], number, each)


def _text(key: str, value: object) -> str:
    if isinstance(value, bool):
        raise ProfileError(f"{key}: {str(value).lower()} is a YAML boolean; write 1 or 0 (yes, no, on and off are booleans too)")
    if not isinstance(value, (str, int)):
        raise ProfileError(f"{key}: the value must be a string, a whole number or a bound (at_least or at_most), not {_type_name(value)}")
    text = str(value)
    if _CONTROL.search(text):
        raise ProfileError(f"{key}: the value contains a line feed or another control character")
    if len(text) > _LONGEST_TEXT:
        raise ProfileError(f"{key}: the value is longer than {_LONGEST_TEXT} characters")
    return text.strip(" \t")


def _type_name(value: object) -> str:
    names = {float: "a number with a fraction", list: "a list", dict: "a dictionary"}
    return names.get(type(value), type(value).__name__)


def _number(key: str, value: object) -> int:
    text = _text(key, value)
    if not _WHOLE_NUMBER.match(text):
        raise ProfileError(f"{key}: {text[:40]!r} is not a whole number")
    return int(text)


def bound(setting: Setting, memory_bytes: Optional[int]) -> int:
    """The bound, lowered where so many units would take more than 1/64 of the memory. Unknown memory lowers nothing."""
    if setting.bytes_each and memory_bytes is not None:
        return min(setting.number, memory_bytes // MEMORY_SHARE // setting.bytes_each)
    return setting.number


def for_any_kernel(setting: Setting) -> Setting:
    """The setting for a kernel that is not there to ask: a lower bound is no less than what that kernel may start with by itself."""
    own = (
        setting.sysctl_key.kernel_default_max
        if setting.sysctl_key.kernel_default_max is not None
        else parse(setting.sysctl_key, setting.sysctl_key.default or "")
    )
    if isinstance(own, int) and setting.bound and (own > setting.number if setting.bound == "at_least" else own < setting.number):
        return setting._replace(number=own)
    return setting


def wanted(setting: Setting, current: Optional[str], memory_bytes: Optional[int]) -> Union[Accepted, Refused]:
    """The raw value that the key is to have. A current value within a bound is kept.

    A text that the kernel would not use as written is refused too: 010, one number for a range, "1 2".
    """
    text = setting.text
    if text is None:
        limit = bound(setting, memory_bytes)
        now = parse(setting.sysctl_key, current) if current is not None else None
        if setting.sysctl_key.kind == "exact" and not isinstance(now, int):
            # Of an unknown key only its value tells what it holds.
            holds = "is not known here" if current is None else f"holds {flat(current)[:60]!r}"
            return Refused(_NO_BOUND.format(holds))
        if isinstance(now, int) and (now >= limit if setting.bound == "at_least" else now <= limit):
            return Accepted(str(now))
        text = str(limit)
    # How it stands to other keys is looked at when they are written.
    answer = kernel_reads(setting.sysctl_key, text, None, {"net.ipv4.ip_unprivileged_port_start": "0"})
    if isinstance(answer, Accepted) and (answer.note or answer.raw is None):
        return Refused(f"the kernel would not use {text!r} as written: {answer.note}")
    return answer
