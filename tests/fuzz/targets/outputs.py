# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is made of snapshots and of the answers of tasks: the audit, every format of report, and the tables."""

from __future__ import annotations

import datetime
import math
import typing as t

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _harden_table, _shapes, _watch, _watch_table, _watch_textfile
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit, reason_to_fail
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import ReportError, build
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import ANY_PROFILE, PROFILES, Audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Snapshot
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import SourceError, validate
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_namespaces import after_look
from fuzz import mutate, seeds
from fuzz.engine import Target
from fuzz.read_back import check_all
from prometheus_client.parser import text_string_to_metric_families
from support.audits import hostile_audits, sample_audits
from support.snapshots import snapshot, towards
from support.watched import NO_NAMESPACES, grown, observed, two_looks

_TODAY = datetime.date(2026, 11, 21)
_WHOLE_EVERY = 8


def judge(made: Snapshot, whole: bool) -> None:
    """A snapshot passes its own check, and can be audited. whole: for every profile, and reported, in every format."""
    validate(made)
    profiles = (ANY_PROFILE, *PROFILES) if whole else (ANY_PROFILE,)
    judged = [audit(made, f"host-{profile}", AuditOptions(profile=profile, today=_TODAY)) for profile in profiles]
    for one in judged:
        _shapes.check(Audit, one, strict=True)
        reason_to_fail(one)
    if whole:
        check_all(build(judged, "TCP audit"))


def audits(data: bytes) -> None:
    """The facts that a host sends."""
    value = mutate.undumped(data)
    try:
        made = validate(value)
    except SourceError:
        return
    judge(made, whole=len(data) % _WHOLE_EVERY == 0)


def reports(data: bytes) -> None:
    value = mutate.undumped(data)
    try:
        report = build(value, "TCP audit")
    except ReportError as error:
        _one_sentence(str(error))
        return
    check_all(report)


def harden_table(data: bytes) -> None:
    hosts = mutate.undumped(data)
    if not isinstance(hosts, dict):
        return
    made = _harden_table.outcomes(hosts)
    assert len(made) == len(hosts)
    for check_mode in (False, True):
        text = _harden_table.render(made, check_mode)
        _plain(text)
        table = text.split("\n\n")[1].splitlines()
        assert len(table) == 1 + len(hosts), "a host has not its line"


def watch_table(data: bytes) -> None:
    hosts = mutate.undumped(data)
    if not isinstance(hosts, dict):
        return
    made = _watch_table.watched(hosts)
    for text in (_watch_table.round_table(made, "now"), _watch_table.summary_table(made, "the end")):
        _plain(text)
        assert len(text.splitlines()) > len(hosts), "a host has not its line"
    list(text_string_to_metric_families(_watch_textfile.render(made, 1.5e9)))


def watch(data: bytes) -> None:
    """Two looks, as a host sends them."""
    looks = mutate.undumped(data)
    if not isinstance(looks, list):
        return
    before, highest, others = None, None, NO_NAMESPACES
    for look in looks[:5]:
        try:
            taken = _watch.taken(look)
            now = _watch.observation(taken)
            measured = _watch.measure(before, now)
            highest = _watch.peak(highest, measured)
            others = after_look(others, taken, look.get("others"))
        except _watch.WatchError:
            continue
        assert all(math.isfinite(rate) for rate in measured["rates"].values())
        state = {"measure": measured, "sample": now, "peak": highest, "namespaces": others}
        (back,) = _watch_table.watched({"web1": state})
        assert (back.measure, back.namespaces) == (measured, others), f"the table does not take what the watch gives: {back.failure}"
        before = now


def _plain(text: str) -> None:
    assert text.replace("\n", "").isprintable(), "it can steer a terminal"


def _one_sentence(message: str) -> None:
    assert len(message) < 2000


def _audits() -> list[bytes]:
    by_host = {one["host"]: one for one in sample_audits()}
    return [mutate.dumped(one) for one in (sample_audits()[:3], sample_audits()[3:], by_host, hostile_audits()[:1], hostile_audits()[-1:])]


def _hardened() -> list[bytes]:
    reuse = {"key": "net.ipv4.tcp_tw_reuse", "status": "changed", "before": "2", "after": "1", "boot_before": None, "boot_after": "1"}
    conflict = {"key": "net.ipv4.tcp_tw_reuse", "reader": "systemd", "path": "/etc/sysctl.conf", "line": 3, "value": "0", "ours": "1"}
    boot_file = {"path": "/etc/sysctl.d/99-tcp-hardening.conf", "changed": True}
    change = {"changed": True, "settings": [reuse], "boot_file": boot_file, "conflicts": [conflict], "recovered": "It was undone."}
    made, failed = audit(snapshot(), "web1", AuditOptions(profile="client_host", today=_TODAY)), {"failed": True, "msg": "no"}
    return [
        mutate.dumped({"web1": {"profile": "client_host", "before": made, "change": change, "after": made}, "web2": {"change": failed}}),
        mutate.dumped(
            {"web1": {"profile": "backend", "change": {"unreachable": True, "msg": "gone"}}, "web2": {}, "web3": {"before": failed}}
        ),
    ]


_FULL: dict[str, dict[str, t.Any]] = {"pod a": {"ports_in_use": [towards(9000, 8000)], "opened": 9}, "pod c": {"time_wait": 9}}


def _looks() -> list[bytes]:
    first = observed(ports_in_use=[towards(500, 400)], time_wait=400, namespaces={"pod a": {}, "pod b": {"opened": 7}})
    second = observed(
        5.0,
        900,
        ports_in_use=[towards(900, 800), towards(4, destination="::1")],
        counted=grown(ActiveOpens=900, PAWSActive=3),
        namespaces=_FULL,
    )
    return [mutate.dumped([first, second]), mutate.dumped([second, first, observed(9.0, boot_id="second")])]


def _watched() -> list[bytes]:
    first, second = observed(), observed(5.0, 900, ports_in_use=[towards(900, 800)], counted=grown(ActiveOpens=900, PAWSActive=3))
    measured = two_looks(first, second)
    look = observed(namespaces=_FULL)
    others = after_look(NO_NAMESPACES, _watch.taken(look), look["others"])
    state = {"measure": measured, "sample": _watch.sample(second), "peak": _watch.peak(None, measured), "failed_looks": 2, "skip_looks": 1}
    state["namespaces"] = others
    failed = {"failure": {"unreachable": True, "msg": "gone"}, "last_failure": {"failed": True}, "failed_looks": 3, "peak": None}
    return [mutate.dumped({"web1": state, "web2": failed, "web3": {"skipped": True}}), mutate.dumped({"web1": state})]


_WORDS = (*seeds.KEYS, "present", "absent", "unreadable", "time_wait", "TcpExt", "Tcp", "systemd", "procps", "results", "critical", "fail")
_WORDS += ("unknown", "waived", "host", "msg", "failed", "unreachable", "client_host", "any", "2026-01-31T12:00:00Z", "ports", "buckets")

TARGETS = (
    Target("audits", audits, seeds.snapshots, mutate.data(_WORDS), 250),
    Target("reports", reports, _audits, mutate.data(_WORDS), 60),
    Target("harden_table", harden_table, _hardened, mutate.data(_WORDS), 250),
    Target("watch", watch, _looks, mutate.data(_WORDS), 250),
    Target("watch_table", watch_table, _watched, mutate.data(_WORDS), 300),
)
