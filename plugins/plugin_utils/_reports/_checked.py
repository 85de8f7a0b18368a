# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The input of the reports: checked, completed and copied into plain data.

Ansible hands over subclasses of str and dict that carry tags or template themselves when they are read; what leaves
this file is made of plain str, int, float, bool, list and dict only.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict, TypeGuard, TypeVar, Union

from .._audit import summarise
from .._escape import escape_unprintable
from .._results import (
    PROFILES,
    SEVERITIES,
    STATUSES,
    Advice,
    AdviceGain,
    Audit,
    BusiestDestination,
    Capacity,
    EvidenceValue,
    Result,
    WaiverNote,
)

T = TypeVar("T")
_SURROGATES = re.compile("[\ud800-\udfff]")


class ReportError(Exception):
    """Something in the input or on the disk stops the reports; the message names it."""


class NotAudited(TypedDict):
    """A host without an audit, in the words of Ansible's own result keys."""

    host: str
    failed: bool
    unreachable: bool
    msg: str


Entry = Union[Audit, NotAudited]


def check(audits: object) -> list[Entry]:
    """Return the audits as plain data in order of host names.

    audits maps host names to audits, or is a list of audits that name their host; see tcp_report.
    Raises ReportError naming the place in the input: neither of both, no host, a host twice, a wrong type, an unknown word.
    """
    if isinstance(audits, Mapping):
        entries = [_entry(_text(host, "a host in audits"), audit, "audits") for host, audit in audits.items()]
    elif _is_list(audits):
        entries = [_entry(_host(audit, place), audit, place) for audit, place in _list(audits, "audits")]
    else:
        raise ReportError(f"audits must be a list or a mapping with one entry a host, not {_kind(audits)}")
    if not entries:
        raise ReportError("audits is empty: there is no host to report on")
    twice = [name for name, times in Counter(entry["host"] for entry in entries).items() if times > 1]
    if twice:
        raise ReportError(f"audits has more than one entry for host {escape_unprintable(twice[0], 80)!r}: one entry a host")
    return sorted(entries, key=lambda entry: entry["host"])


def _kind(value: object) -> str:
    if value is None:
        return "nothing"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "text", dict: "a mapping", list: "a list"}
    for kind, name in names.items():
        if isinstance(value, kind):
            return name
    return f"a {type(value).__name__}"


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise ReportError(f"{where} must be text, not {_kind(value)}")
    # A lone surrogate stands for a byte that was not UTF-8; no file format can hold it. What sub returns is a plain str.
    return _SURROGATES.sub("\ufffd", value)


def _optional_text(value: object, where: str) -> str | None:
    return None if value is None else _text(value, where)


def _integer(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ReportError(f"{where} must be a whole number, not {_kind(value)}")
    if abs(value) >= 2**64:
        raise ReportError(f"{where} is out of range: no kernel counts past 64 bits")
    return int(value)


def _optional_integer(value: object, where: str) -> int | None:
    return None if value is None else _integer(value, where)


def _optional_number(value: object, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ReportError(f"{where} must be a number, not {_kind(value)}")
    if not math.isfinite(value) or abs(value) >= 2**64:
        raise ReportError(f"{where} is out of range: nothing here is counted past 64 bits")
    return float(value)


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise ReportError(f"{where} must be true or false, not {_kind(value)}")
    return value


def _mapping(value: object, where: str) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise ReportError(f"{where} must be a mapping, not {_kind(value)}")
    return value


def _list(value: object, where: str) -> list[tuple[Any, str]]:
    """The items of a list, each with its own place."""
    if not _is_list(value):
        raise ReportError(f"{where} must be a list, not {_kind(value)}")
    return [(item, f"{where}[{index}]") for index, item in enumerate(value)]


def _is_list(value: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _texts(value: object, where: str) -> list[str]:
    return [_text(item, place) for item, place in _list(value, where)]


def _word(value: object, where: str, words: Sequence[T]) -> T:
    for word in words:
        if value == word:
            return word
    got = repr(escape_unprintable(value, 40)) if isinstance(value, str) else _kind(value)
    raise ReportError(f"{where} must be one of {', '.join(map(str, words))}, not {got}")


def _evidence_value(value: object, where: str) -> EvidenceValue:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        # What a host made up must not cost the other hosts their reports.
        return int(value) if abs(value) < 2**64 else "more than 64 bits can hold"
    if isinstance(value, float):
        # JSON has no word for infinity or "not a number".
        return float(value) if math.isfinite(value) else str(value)
    return _text(value, where)


def _host(value: object, where: str) -> str:
    return _text(_mapping(value, where).get("host"), f"{where}.host")


def _entry(host: str, value: object, where: str) -> Entry:
    if not host.strip():
        raise ReportError(f"{where} has an entry without a host name")
    where = f"{where} (host {escape_unprintable(host, 80)})"
    audit = _mapping(value, where)
    if "results" not in audit:
        return {
            "host": host,
            "failed": True,
            "unreachable": bool(audit.get("unreachable", False)),
            "msg": _trouble(audit, where),
        }
    results = [_result(item, place) for item, place in _list(audit["results"], f"{where}.results")]
    if not results:
        return {"host": host, "failed": True, "unreachable": False, "msg": "The audit gave no results at all."}
    source = _mapping(audit.get("source") or {"kind": "live", "path": None}, f"{where}.source")
    return {
        "host": host,
        "profile": _word(audit.get("profile", "any"), f"{where}.profile", (*PROFILES, "any")),
        "fail_on": _word(audit.get("fail_on", "never"), f"{where}.fail_on", (*SEVERITIES, "never")),
        "kernel_release": _optional_text(audit.get("kernel_release"), f"{where}.kernel_release"),
        "collected_at": _optional_text(audit.get("collected_at"), f"{where}.collected_at"),
        "source": {
            "kind": _text(source.get("kind"), f"{where}.source.kind"),
            "path": _optional_text(source.get("path"), f"{where}.source.path"),
        },
        # An audit that was saved before there was advice has none.
        "advice": [_advice(item, place) for item, place in _list(audit.get("advice", []), f"{where}.advice")],
        "results": results,
        "summary": summarise(results),
        "capacity": _capacity(audit.get("capacity"), f"{where}.capacity"),
        "not_seen": _texts(audit.get("not_seen", []), f"{where}.not_seen"),
    }


def _trouble(audit: Mapping[Any, Any], where: str) -> str:
    """Why a host has no audit: Ansible's message, or the best that its other keys tell."""
    message = audit.get("msg")
    if message is not None:
        # A failed task may carry its message as data; that is still better than no message.
        message = _text(message if isinstance(message, str) else repr(message)[:4000], f"{where}.msg").strip()
    if message:
        return message
    if audit.get("unreachable"):
        return "The host was unreachable."
    if audit.get("skipped"):
        return "The audit was skipped."
    return "The audit returned no results and gave no reason."


def _result(value: object, where: str) -> Result:
    data = _mapping(value, where)
    rule = _text(data.get("id"), f"{where}.id")
    where = f"{where} ({escape_unprintable(rule, 60)})"
    evidence = _mapping(data.get("evidence", {}), f"{where}.evidence")
    waiver = data.get("waiver")
    line = _optional_integer(data.get("line"), f"{where}.line")
    if line is not None and line < 1:
        raise ReportError(f"{where}.line must be 1 or more, not {line}")
    return {
        "id": rule,
        "title": _text(data.get("title"), f"{where}.title"),
        "severity": _word(data.get("severity"), f"{where}.severity", SEVERITIES),
        "status": _word(data.get("status"), f"{where}.status", STATUSES),
        "profiles": [_word(item, place, PROFILES) for item, place in _list(data.get("profiles", []), f"{where}.profiles")],
        "subject": _text(data.get("subject", ""), f"{where}.subject"),
        "observed": _text(data.get("observed", ""), f"{where}.observed"),
        "expected": _text(data.get("expected", ""), f"{where}.expected"),
        "evidence": {
            _text(name, f"{where}.evidence"): _evidence_value(item, f"{where}.evidence.{escape_unprintable(str(name), 60)}")
            for name, item in evidence.items()
        },
        "path": _optional_text(data.get("path"), f"{where}.path") or None,
        "line": line,
        "claims": _texts(data.get("claims", []), f"{where}.claims"),
        "rationale": _text(data.get("rationale", ""), f"{where}.rationale"),
        "remedy": _text(data.get("remedy", ""), f"{where}.remedy"),
        "reason": _text(data.get("reason", ""), f"{where}.reason"),
        "waiver": None if waiver is None else _waiver(waiver, f"{where}.waiver"),
    }


def _advice(value: object, where: str) -> Advice:
    data = _mapping(value, where)
    cure = _text(data.get("id"), f"{where}.id")
    where = f"{where} ({escape_unprintable(cure, 60)})"
    gain = _mapping(data.get("gain", {}), f"{where}.gain")
    return {
        "id": cure,
        "title": _text(data.get("title"), f"{where}.title"),
        "applies": _flag(data.get("applies"), f"{where}.applies"),
        "severity": None if data.get("severity") is None else _word(data["severity"], f"{where}.severity", SEVERITIES),
        "wrong": _flag(data.get("wrong", False), f"{where}.wrong"),
        "reason": _text(data.get("reason", ""), f"{where}.reason"),
        "gain": _gain(gain, f"{where}.gain"),
        "cost": _text(data.get("cost", ""), f"{where}.cost"),
        "risk": _text(data.get("risk", ""), f"{where}.risk"),
        "how": _texts(data.get("how", []), f"{where}.how"),
        "claims": _texts(data.get("claims", []), f"{where}.claims"),
    }


def _gain(data: Mapping[Any, Any], where: str) -> AdviceGain:
    return {
        "from_per_second": _optional_number(data.get("from_per_second"), f"{where}.from_per_second"),
        "to_per_second": _optional_number(data.get("to_per_second"), f"{where}.to_per_second"),
        "factor": _optional_number(data.get("factor"), f"{where}.factor"),
    }


def _waiver(value: object, where: str) -> WaiverNote:
    data = _mapping(value, where)
    return {"reason": _text(data.get("reason"), f"{where}.reason"), "expires": _text(data.get("expires"), f"{where}.expires")}


def _capacity(value: object, where: str) -> Capacity:
    data = {} if value is None else _mapping(value, where)
    return {
        "time_wait": _optional_integer(data.get("time_wait"), f"{where}.time_wait"),
        "bucket_limit": _optional_integer(data.get("bucket_limit"), f"{where}.bucket_limit"),
        "usable_ports": _optional_integer(data.get("usable_ports"), f"{where}.usable_ports"),
        "connections_per_second": _optional_number(data.get("connections_per_second"), f"{where}.connections_per_second"),
        "binds": _optional_text(data.get("binds"), f"{where}.binds"),
        "busiest": None if data.get("busiest") is None else _busiest(data["busiest"], f"{where}.busiest"),
    }


def _busiest(value: object, where: str) -> BusiestDestination:
    data = _mapping(value, where)
    return {
        "source": _text(data.get("source"), f"{where}.source"),
        "destination": _text(data.get("destination"), f"{where}.destination"),
        "destination_port": _integer(data.get("destination_port"), f"{where}.destination_port"),
        "ports": _integer(data.get("ports"), f"{where}.ports"),
    }
