# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit as it is returned and kept, and the whole one of it again."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit, summarise
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import SavedAudit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._saved import folded, restored, saved
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._shapes import check
from support.snapshots import snapshot, sockets, towards

HEALTHY = snapshot()
INERT_REUSE = {"net.ipv4.tcp_timestamps": "0", "net.ipv4.tcp_tw_reuse": "1"}
IN_NEED = snapshot(INERT_REUSE, sockets=sockets(ports_in_use=[towards(28000)], outgoing=28000))
BLIND = snapshot(sysctl=None, ipv4_keys=None, boot_files=None, sockstat=None, counters=None, sockets=None, nat=None)


def judged(seen: Any, profile: str = "client_host") -> Any:
    return audit(seen, "web1", AuditOptions(profile, datetime.date(2026, 11, 21)))


def read_again(audited: Any) -> Any:
    return restored(folded(check(SavedAudit, json.loads(json.dumps(saved(audited))))))


@pytest.mark.parametrize("profile", ["client_host", "fullnat_lb", "backend", "any"])
@pytest.mark.parametrize("seen", [HEALTHY, IN_NEED, BLIND], ids=["healthy", "in need", "blind"])
def test_nothing_that_counts_is_lost(seen: Any, profile: str) -> None:
    audited = judged(seen, profile)
    again = read_again(audited)
    told = ("fail", "unknown", "waived")
    assert [one for one in again["results"] if one["status"] in told] == [one for one in audited["results"] if one["status"] in told]
    counts = [Counter((one["id"], one["status"], one["reason"]) for one in whole["results"]) for whole in (again, audited)]
    assert counts[0] == counts[1]
    assert summarise(again["results"]) == audited["summary"]
    assert again["advice"] == audited["advice"]
    for part in ("profile", "fail_on", "kernel_release", "collected_at", "source", "capacity", "verdict", "not_seen", "namespaces"):
        assert again[part] == audited[part]


@pytest.mark.parametrize("seen", [HEALTHY, IN_NEED, BLIND], ids=["healthy", "in need", "blind"])
def test_what_was_read_again_is_kept_as_before(seen: Any) -> None:
    audited = judged(seen)
    again: Any = {**audited, **read_again(audited)}
    assert saved(again) == saved(audited)


def test_a_usual_host_is_small() -> None:
    assert len(json.dumps(saved(judged(HEALTHY)))) < 9_000
    assert len(json.dumps(saved(judged(IN_NEED)))) < 12_000


def test_no_text_of_a_rule_or_a_cure_is_in_it() -> None:
    kept = saved(judged(IN_NEED))
    assert {name for one in kept["results"] for name in one} <= {
        *("id", "severity", "status", "decides", "subject", "observed", "expected", "evidence", "path", "line", "reason", "waiver"),
    }
    assert {name for one in kept["advice"] for name in one} <= {"id", "applies", "severity", "wrong", "reason", "gain", "how"}
    assert all(one.get("applies") or one.get("wrong") for one in kept["advice"])


def test_a_figure_says_what_it_is_about() -> None:
    passed = saved(judged(HEALTHY))["passed"]
    assert passed["recycle-in-boot-file"] == ["no boot file turns tcp_tw_recycle on"]
    assert all(text for texts in passed.values() for text in texts)
