# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Form 4: names without dots.

`net_ipv4_tcp_tw_reuse = true` (Terraform), `netIpv4TcpTwReuse: true` (AKS), `['net']['ipv4']['tcp_tw_reuse'] = 1` (Chef), and those of
people's own, which end in one: `web_net_core_somaxconn: 4096`. Without net_ipv4 such a name must end in the name of a key that means
nothing else: `web_tcp_tw_reuse: 1`; a tcp_fin_timeout may be one of IPVS, of a proxy or of a load balancer.
"""

from __future__ import annotations

import re
import typing as t

from ....module_utils._sysctl._keys import KNOWN_IPV4_NAMES, SYSCTL_KEYS
from ._found import Found, literal, unescaped

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ._found import Style

_OWN_ENDS = (
    *("tcp_tw_reuse", "tcp_tw_recycle", "tcp_timestamps", "tcp_max_tw_buckets", "tcp_rfc1337"),
    *("ip_local_port_range", "ip_local_reserved_ports"),
)
_NAME = re.compile(
    r"(?<![\w.$/-])[\"']?((?:\w{1,60}_)?net_(?:ipv4|core|netfilter|nf)_\w+|[nN]et(?:Ipv4|Core|Netfilter)\w+"
    rf"|(?:\w{{1,60}}_)?(?:{'|'.join(_OWN_ENDS)}))[\"']?\s*(?:=>|=(?![=~>])|:(?![:=]))\s*(.*)",
    re.IGNORECASE,
)
_OWN_PREFIX = re.compile(r"(\w{1,60}?_)?(net_(?:ipv4|core|netfilter|nf)_\w+)\Z", re.IGNORECASE)
# A name that begins so, or has such a part, does not give the value: it turns something off, or looks at it.
_OTHER_SENSE = re.compile(
    r"(?:^|_)(?:no|not|non|un|disable[ds]?|skip|without|off|remove[ds]?|ignore[ds]?|check|expect(?:ed)?|want|old|max|min|num|count|len|has|is"
    r"|current|previous|actual|supports?|available|allow(?:ed)?|manage[ds]?|configure[ds]?|apply|set|use|enabled?)_",
    re.IGNORECASE,
)
_NESTED = re.compile(r"\[[\"':]net[\"']?\]\[[\"':](ipv4|core|netfilter)[\"']?\]\[[\"':](\w+)[\"']?\]\s*=(?![=~>])\s*(.*)")
_REMARK = re.compile(r"\s*(?:#|//|\*\s|/\*|--\s)")
# What makes a pointer of a value in Go: to.Ptr(int32(5)).
_POINTER = re.compile(r"(?:(?:\w{1,30}\.)?(?:[Pp]tr|To|Bool|String|U?[Ii]nt(?:8|16|32|64)?)(?:\[\w{1,10}\])?\()+")
_VALUE = re.compile(r"(?:\"([^\"]*)\"|'([^']*)'|([^\s,;#})]+))\)*\s*(?:[,;#}].*)?\Z")
# What may stand before a name that gets a value. After another word it is declared: `int32 net_core_somaxconn = 9`.
_BEFORE = re.compile(
    r"(?:^\s*|[{,(;&|-]\s*|\b(?:export|local|readonly|declare|set|let|var|const|val|env|arg|default|override)\s+)\Z", re.IGNORECASE
)
_MAY_BE_NAMED = re.compile(
    rf"net_(?:ipv4|core|nf|netfilter)_|net(?:Ipv4|Core|Netfilter)|{'|'.join(_OWN_ENDS)}|\[[\"':]net\b", re.IGNORECASE
)
_ENDS = {"_min": 0, "_max": 1, "min": 0, "max": 1}
_RANGE = "net.ipv4.ip_local_port_range"


def _squeezed(name: str) -> str:
    return re.sub(r"[._]", "", name).lower()


_KEYS = {_squeezed(key): key for key in ("net.ipv4." + name for name in sorted(KNOWN_IPV4_NAMES))}
_KEYS.update({_squeezed(key): key for key in SYSCTL_KEYS})


def key_of(name: str) -> str | None:
    """The key that a name without dots stands for, or None."""
    if not name.isidentifier():
        return None
    plain = _plain_key(name)
    if plain is not None:
        return plain
    own = _OWN_PREFIX.match(name)
    lower = name.lower()
    if own is not None:
        key = _plain_key(own.group(2))
    else:
        end = next((one for one in _OWN_ENDS if lower == one or lower.endswith("_" + one)), None)
        key = None if end is None else _KEYS.get(_squeezed("net.ipv4." + end))
    return None if key is None or _OTHER_SENSE.search(name[: len(name) - len(key.rpartition(".")[2])]) else key


def _plain_key(name: str) -> str | None:
    return _KEYS.get(_squeezed(name)) if name[:3].lower() == "net" else None


def underscored(text: str, style: Style, first_line: int = 1) -> Iterator[Found]:
    """The settings of a text under such names. The two ends of the port range, which have a name each, become one setting."""
    if not _MAY_BE_NAMED.search(text):
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
        return f"net_{nested.group(1)}_{nested.group(2)}", nested.group(3)
    named = _NAME.search(line)
    # What begins so is a declaration of the name, and no value.
    if named is None or named.group(2).startswith(("{", "[", "&", "(")) or not _BEFORE.search(line[: named.start()]):
        return None
    return named.group(1), named.group(2)


def _value(written: str) -> str | None:
    found = _VALUE.match(_POINTER.sub("", written.rstrip(), count=1))
    if found is None:
        return None
    quoted = found.group(1) if found.group(1) is not None else found.group(2)
    return literal(found.group(3) if quoted is None else unescaped(quoted), expression=quoted is None, booleans=True)
