# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The input of the reports: checked, completed and copied into plain data."""

from __future__ import annotations

import json
import typing
from collections import Counter
from collections.abc import Mapping
from typing import Annotated

from .._audit import summarise
from .._compact import compact
from .._escape import escaped, one_line
from .._results import Audit, CureTexts, RuleTexts, SavedAudit
from .._saved import folded, restored
from .._shapes import Default, ShapeError, check, check_string, must_be
from .._texts import Texts


class ReportError(Exception):
    """Something in the input or on the disk stops the reports. The message names it."""


class NotAudited(typing.TypedDict):
    """A host without an audit, in the words of Ansible's own result keys."""

    host: str
    failed: bool
    unreachable: bool
    msg: str


Entry = typing.Union[Audit, NotAudited]


def read_texts(texts: object, place: str) -> Texts:
    """What a report says of its rules and cures, safe to show. Raises ShapeError naming the place."""
    found = check(_ReportTexts, texts, place)
    return Texts(escaped(found["rules"]), escaped(found["cures"]))


class _ReportTexts(typing.TypedDict):
    rules: Annotated[dict[str, RuleTexts], Default({})]
    cures: Annotated[dict[str, CureTexts], Default({})]


def read_audits(audits: object) -> list[Entry]:
    """Return the audits as plain data in order of host names.

    audits maps host names to audits, or is a list of audits that name their host; see tcp_report. A name that an audit in a
    dictionary has itself comes before that of its entry.
    An audit of another shape costs no other host its report: its host was not audited, and the message names the place.
    Raises ReportError naming the place in the input: neither of both, no host, or a host twice.
    """
    if isinstance(audits, Mapping):
        named = [(host, audit, "audits") for host, audit in _looked_at(audits)]
    elif isinstance(audits, (list, tuple)):
        named = [(_host_of(audit, f"audits[{number}]"), audit, f"audits[{number}]") for number, audit in enumerate(audits)]
    else:
        raise ReportError(f"audits {must_be('a dictionary or a list with one entry for each host', audits).problem}")
    entries = [_named_entry(host, audit, place) for host, audit, place in named]
    if not entries:
        raise ReportError("audits is empty: there is no host to report on")
    twice = [name for name, times in Counter(entry["host"] for entry in entries).items() if times > 1]
    if twice:
        raise ReportError(f"audits has more than one entry for host '{one_line(twice[0], 80)}'. Give one entry for each host.")
    return sorted(entries, key=lambda entry: entry["host"])


def _looked_at(audits: Mapping[object, object]) -> list[tuple[object, object]]:
    """Each audit with the host that was looked at: the one that the audit names, as its task may have been delegated.

    Where two audits name the same host, all entries keep the names that they have in the input.
    """
    named = [(key, audit.get("host") if isinstance(audit, Mapping) else "") for key, audit in audits.items()]
    names = [name if isinstance(name, str) and name.strip() else key for key, name in named]
    return list(zip(names if len(set(names)) == len(names) else audits, audits.values()))


def _host_of(audit: object, place: str) -> object:
    if not isinstance(audit, Mapping):
        raise ReportError(str(must_be("a dictionary", audit).inside(place)))
    return audit.get("host")


def _named_entry(host: object, audit: object, place: str) -> Entry:
    try:
        name = check_string(host, f"the host name in {place}")
    except ShapeError as error:
        raise ReportError(str(error)) from None
    if not name.strip():
        raise ReportError(f"{place} has an entry without a host name")
    return entry_of(name, audit, f"{place} (host {one_line(name, 80)})")


def entry_of(host: str, audit: object, place: str) -> Entry:
    """One host's audit as plain data; not audited, with the place and the reason, where it has another shape. place: for messages."""
    try:
        if not isinstance(audit, Mapping):
            raise must_be("a dictionary", audit).inside(place)
        return read_audit(host, audit, place)
    except ShapeError as error:
        return {"host": host, "failed": True, "unreachable": False, "msg": f"The audit has an unexpected form: {error}."}


def read_audit(host: str, audit: Mapping[typing.Any, typing.Any], place: str) -> Entry:
    """One host's audit as plain data. place: for messages. Raises ShapeError naming what has another shape."""
    if "results" not in audit:
        return {"host": host, "failed": True, "unreachable": bool(audit.get("unreachable")), "msg": _why_not_audited(audit, place)}
    body = restored(folded(check(SavedAudit, audit, place)))
    if not body["results"]:
        return {"host": host, "failed": True, "unreachable": False, "msg": "The audit has no results at all."}
    # The summary is counted here: what the input says of itself is not believed.
    return {"host": host, **body, "summary": summarise(body["results"])}


def kept_line(entry: Entry) -> str:
    """The entry as a line of JSON, without what is the same for every host, and without defaults."""
    kept = compact(SavedAudit, folded(entry)) if "results" in entry else entry
    return json.dumps(kept, allow_nan=False, separators=(",", ":"))


def read_line(line: str) -> Entry:
    """The entry of a kept line."""
    entry = json.loads(line)
    return read_audit(entry["host"], entry, "") if "results" in entry else entry


def _why_not_audited(audit: Mapping[typing.Any, typing.Any], place: str) -> str:
    """Ansible's message, or the best that its other keys tell."""
    message = audit.get("msg")
    if message is not None:
        # A failed task may carry its message as data; that is still better than no message.
        message = check_string(message if isinstance(message, str) else repr(message)[:4000], f"{place}.msg").strip()
    if message:
        return message
    if audit.get("unreachable"):
        return "The host was unreachable."
    if audit.get("skipped"):
        return "The audit was skipped."
    return "The audit returned no results and gave no reason."
