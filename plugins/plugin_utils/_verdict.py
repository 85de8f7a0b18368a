# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What a person reads first: what is wrong, what to do, what is fine, what is not known, and which profile the host looks like."""

from __future__ import annotations

import typing as t

from ._advice import CURES
from ._results import SEVERITIES
from ._rules import CATALOGUE, CannotApplyError, MissingFactError

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from ._results import Advice, Profile, Result, Verdict
    from ._rules import View

# What a reader wants to rule out, and the rule whose pass rules it out.
_TOPICS = (
    ("ports", "ports-pressure"),
    ("ports bound before connect()", "ports-bound-first"),
    ("accept queue", "accept-queue-overflow"),
    ("CLOSE_WAIT", "close-wait-leak"),
    ("FIN_WAIT2", "fin-wait2-orphans"),
    ("SYN_SENT", "peer-unreachable"),
    ("limit of TIME_WAIT", "buckets-nearly-full"),
    ("TIME_WAIT destroyed", "buckets-overflow"),
    ("conntrack", "conntrack-nearly-full"),
    ("conntrack drops", "conntrack-drops"),
    ("SNAT", "snat-pressure"),
    ("tcp_tw_recycle", "recycle-on"),
)
# With fewer connections than this nobody can tell what a host does.
_FEW = 1000
_NEARLY_ALL = 0.9
# Where both directions are about as frequent, and most of the packets that arrive go on.
_BOTH = 0.4
_MOST = 0.5
_WORDS: dict[Profile, str] = {"client_host": "a client host", "fullnat_lb": "a load balancer", "backend": "a backend"}


def verdict(host: View, results: Sequence[Result], advice: Sequence[Advice], any_profile: bool) -> Verdict:
    """The verdict on one host.

    :param results: all results, the gravest failed ones first. advice: the best cure first. any_profile: no profile was given.
    """
    failed = [result for result in results if result["status"] == "fail" and result["decides"]]
    return {
        "sentence": _sentence(failed, results, "repository" if "places" in host.snapshot else "host"),
        "next_step": _next_step(failed, advice),
        "fine": _fine(results),
        "profile": _profile(host) if any_profile else "",
    }


def _sentence(failed: Sequence[Result], results: Sequence[Result], what: str) -> str:
    counted = [sum(result["status"] == status for result in results) for status in ("pass", "unknown", "waived")]
    passed, unknown, waived = counted
    if not failed:
        if not passed and not waived:
            return f"Nothing is known about this {what}: {_number(unknown, 'result')} unknown."
        more = f", {unknown} unknown" if unknown else ""
        return f"Nothing is wrong as far as was checked: {_number(passed, 'result')} passed{more}."
    first = failed[0]
    where = f"{first['subject']}: " if first["subject"] else ""
    if what == "repository" and first["path"]:
        where = f"{first['path']}:{first['line']}: {where}"
    others = len(failed) - 1
    more = f" And {_number(others, 'other failed result')}." if others else ""
    return f"{CATALOGUE[first['id']].title} ({first['severity']}). {where}{first['observed']}.{more}"


def _number(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _next_step(failed: Sequence[Result], advice: Sequence[Advice]) -> str:
    """The first cure that applies, where it is about the gravest failure; else what the rule says."""
    if not failed:
        return ""
    first = next((cure for cure in advice if cure["applies"] and cure["severity"] == failed[0]["severity"]), None)
    if first is None:
        return CATALOGUE[failed[0]["id"]].remedy
    cure = CURES[first["id"]]
    steps = cure.how if first["how"] is None else first["how"]
    return f"{cure.title}: {steps[0]}" if steps else cure.title


def _fine(results: Sequence[Result]) -> list[str]:
    found = []
    for topic, rule in _TOPICS:
        of_rule = [result for result in results if result["id"] == rule]
        if of_rule and all(result["status"] == "pass" for result in of_rule):
            found.append(f"{topic}: {of_rule[0]['observed']}")
        elif of_rule and of_rule[0]["status"] == "not_applicable" and rule in _ABSENT:
            found.append(f"{topic}: none here ({of_rule[0]['reason']})")
    return found


# Where these do not apply, the host does not have the thing.
_ABSENT = ("conntrack-nearly-full", "snat-pressure", "recycle-on")


def _profile(host: View) -> str:
    """A proposal for the profile; "" where no figures speak for one."""
    received, forwarded, period = _grown(host, "Ip", "InReceives"), _grown(host, "Ip", "ForwDatagrams"), _period(host)
    if received is not None and forwarded is not None and received >= _FEW and forwarded >= _MOST * received:
        return _proposal("fullnat_lb", f"{forwarded:,} of {received:,} packets were forwarded {period}")
    opened, taken = _grown(host, "Tcp", "ActiveOpens"), _grown(host, "Tcp", "PassiveOpens")
    if opened is None or taken is None or opened + taken < _FEW:
        return ""
    figures = f"{opened:,} connections were opened and {taken:,} accepted {period}"
    share = opened / (opened + taken)
    if share >= _NEARLY_ALL:
        return _proposal("client_host", figures)
    if share <= 1 - _NEARLY_ALL:
        return _proposal("backend", figures)
    sockets = host.snapshot["sockets"]
    accepted = sum(sum(one["states"].values()) for one in sockets["accepted"]) if sockets else 0
    # Connections of the host to itself count on both sides, too: a balancer has others.
    if sockets and _BOTH <= share <= 1 - _BOTH and min(sockets["outgoing"], accepted) >= _BOTH * max(sockets["outgoing"], accepted) > 0:
        return _proposal("fullnat_lb", f"{figures}; {sockets['outgoing']} go out now, {accepted} were accepted")
    return ""


def _proposal(profile: Profile, figures: str) -> str:
    return f"This host looks like {_WORDS[profile]}: {figures}. Audit it with the profile {profile}."


def _grown(host: View, group: str, counter: str) -> int | None:
    try:
        return host.growth(group, counter).amount
    except (CannotApplyError, MissingFactError):
        return None


def _period(host: View) -> str:
    sample = host.snapshot["sample"]
    return "since boot" if sample is None else f"in {sample['seconds']:g} s"


def with_namespaces(host: Verdict, looked_at: int, grave: Sequence[tuple[str, Result]]) -> Verdict:
    """The verdict on a host, with what a person must know of its other network namespaces.

    looked_at: how many. grave: the names of those with a failed result of severity medium or above, each with the gravest.
    """
    if not looked_at:
        return host
    namespaces = _number(looked_at, "other network namespace")
    if not grave:
        return {**host, "fine": [*host["fine"], f"network namespaces: {namespaces}, nothing of severity medium or above"]}
    name, first = min(grave, key=lambda one: SEVERITIES.index(one[1]["severity"]))
    of_them = f"{len(grave)} of {namespaces} {'has' if len(grave) == 1 else 'have'} failed results of severity medium or above"
    return {**host, "sentence": f"{host['sentence']} {of_them}. {name}: {CATALOGUE[first['id']].title} ({first['severity']})."}
