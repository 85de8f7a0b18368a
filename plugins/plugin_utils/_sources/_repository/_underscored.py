# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Form 4: names without dots.

`net_ipv4_tcp_tw_reuse = true` (Terraform), `netIpv4TcpTwReuse: true` (AKS), `['net']['ipv4']['tcp_tw_reuse'] = 1` (Chef).
"""

from __future__ import annotations

import re
import typing as t

from ....module_utils._sysctl._keys import KNOWN_IPV4_NAMES, SYSCTL_KEYS
from ._found import Found, literal

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ._found import Style

_NAME = re.compile(
    r"(?<![\w.$/-])[\"']?(net_(?:ipv4|core|netfilter|nf)_\w+|net(?:Ipv4|Core|Netfilter)\w+)[\"']?\s*(?:=>|=(?![=~>])|:)\s*(.*)"
)
_NESTED = re.compile(r"\[[\"':]net[\"']?\]\[[\"':](ipv4|core|netfilter)[\"']?\]\[[\"':](\w+)[\"']?\]\s*=(?![=~>])\s*(.*)")
_REMARK = re.compile(r"\s*(?:#|//|\*\s|/\*|--\s)")
_VALUE = re.compile(r"(?:\"([^\"]*)\"|'([^']*)'|([^\s,;#}]+))\s*(?:[,;#}].*)?\Z")
STARTS = ("net_", "netI", "netC", "netN")
"""What each name without dots begins with."""
_ENDS = {"_min": 0, "_max": 1, "min": 0, "max": 1}
_RANGE = "net.ipv4.ip_local_port_range"


def _squeezed(name: str) -> str:
    return re.sub(r"[._]", "", name).lower()


_KEYS = {_squeezed(key): key for key in ("net.ipv4." + name for name in sorted(KNOWN_IPV4_NAMES))}
_KEYS.update({_squeezed(key): key for key in SYSCTL_KEYS})


def key_of(name: str) -> str | None:
    """The key that a name without dots stands for, or None."""
    return _KEYS.get(_squeezed(name)) if name.startswith("net") else None


def underscored(text: str, style: Style, first_line: int = 1) -> Iterator[Found]:
    """The settings of a text under such names. The two ends of the port range, which have a name each, become one setting."""
    if "[" not in text and not any(start in text for start in STARTS):
        return
    ends: dict[int, tuple[int, str | None]] = {}
    for number, line in enumerate(text.split("\n"), first_line):
        found = _of_line(line[:1000])
        if found is None:
            continue
        name, written = found
        value = _value(written)
        key = key_of(name)
        if key is not None:
            yield Found(number, key, value, "underscored name")
            continue
        end = next(
            (place for suffix, place in _ENDS.items() if key_of(name.lower()[: -len(suffix)]) == _RANGE and name.lower().endswith(suffix)),
            None,
        )
        if end is None:
            continue
        ends[end] = (number, value)
        if len(ends) == 2:
            both = [ends[0][1], ends[1][1]]
            yield Found(min(ends[0][0], ends[1][0]), _RANGE, None if None in both else " ".join(map(str, both)), "underscored name")
            ends.clear()


def _of_line(line: str) -> tuple[str, str] | None:
    if _REMARK.match(line):
        return None
    nested = _NESTED.search(line)
    if nested:
        return f"net.{nested.group(1)}.{nested.group(2)}", nested.group(3)
    named = _NAME.search(line)
    # What begins so is a declaration of the name, and no value.
    return (named.group(1), named.group(2)) if named and not named.group(2).startswith(("{", "[", "&", "(")) else None


def _value(written: str) -> str | None:
    found = _VALUE.match(written.rstrip())
    if found is None:
        return None
    quoted = found.group(1) if found.group(1) is not None else found.group(2)
    return literal(found.group(3) if quoted is None else quoted, expression=quoted is None, booleans=True)
