# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The frame of a cure: what it needs, where it is wrong, and what one host's evidence gives."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._advice import _base
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._advice._base import CURES, Assessment, Case, advice, cure, wrong_cure
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import CATALOGUE, Thresholds, View
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._waivers import parse_waivers
from support.snapshots import negotiated, probe, snapshot, sockets, towards

if t.TYPE_CHECKING:
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import Result

REUSE = "net.ipv4.tcp_tw_reuse"
TEXTS: dict[str, t.Any] = {"title": "A cure", "cost": "A cost.", "risk": "A risk.", "claims": ("D1",), "how": ("a step",)}


def case(keys: dict[str, str | None] | None = None, profile: str = "client_host", waivers: t.Any = (), **parts: t.Any) -> Case:
    observed = snapshot(keys, **parts)
    options = AuditOptions(profile=profile, today=datetime.date(2026, 11, 21), waivers=parse_waivers(waivers))
    return Case(View(observed), audit(observed, "web1", options)["results"], profile, Thresholds())


def failed_id(host: Case, *rules: str) -> str | None:
    failure = host.failed(*rules)
    return None if failure is None else failure["id"]


def pressed(time_wait: int = 28000) -> dict[str, t.Any]:
    return {"sockets": sockets(ports_in_use=[towards(28000, time_wait)])}


@pytest.fixture
def catalogue(monkeypatch: pytest.MonkeyPatch) -> dict[str, _base.Cure]:
    made: dict[str, _base.Cure] = {}
    monkeypatch.setattr(_base, "CURES", made)
    return made


def made_up(**declared: t.Any) -> None:
    @cure("made-up", **{"needs": ("ports-pressure",), **TEXTS, **declared})
    def made_up_cure(case: Case, failure: Result) -> Assessment:
        return case.helps(failure, f"{failure['id']} fails")


# --- the frame ------------------------------------------------------------------------------------------------------


def test_a_cure_gets_the_failed_result(catalogue: dict[str, _base.Cure]) -> None:
    made_up()
    found = catalogue["made-up"].assess(case(**pressed()))
    assert (found.reason, found.severity, found.wrong) == ("ports-pressure fails", "high", False)


def test_a_cure_is_not_needed_where_nothing_fails(catalogue: dict[str, _base.Cure]) -> None:
    made_up()
    assert catalogue["made-up"].assess(case()) == Assessment("not needed: nothing connects out")


def test_any_of_the_needed_rules_calls_for_it(catalogue: dict[str, _base.Cure]) -> None:
    made_up(needs=("ports-pressure", "ports-few"))
    found = catalogue["made-up"].assess(case({"net.ipv4.ip_local_port_range": "40000 40019"}))
    assert (found.reason, found.severity) == ("ports-few fails", "medium")


def test_where_it_is_wrong_nothing_else_is_asked(catalogue: dict[str, _base.Cure]) -> None:
    made_up(wrong=lambda case: f"wrong for {case.profile}", frees_time_wait_only=True)
    assert catalogue["made-up"].assess(case(**pressed())) == Assessment("wrong for client_host", wrong=True)


def test_an_empty_reason_means_not_wrong(catalogue: dict[str, _base.Cure]) -> None:
    made_up(wrong=lambda case: "")
    assert catalogue["made-up"].assess(case(**pressed())).severity == "high"


@pytest.mark.parametrize(("time_wait", "applies"), [(14000, True), (13999, False)])
def test_a_cure_for_time_wait_alone_needs_half_of_the_ports_in_it(catalogue: dict[str, _base.Cure], time_wait: int, applies: bool) -> None:
    made_up(frees_time_wait_only=True)
    found = catalogue["made-up"].assess(case(**pressed(time_wait)))
    assert (found.severity is not None) == applies
    assert applies or "frees only ports in TIME_WAIT" in found.reason


def test_a_cure_that_is_wrong_everywhere(catalogue: dict[str, _base.Cure]) -> None:
    @wrong_cure("made-up", **TEXTS)
    def made_up_cure(case: Case) -> str:
        return f"wrong on {case.where}"

    assert catalogue["made-up"].needs == ()
    assert catalogue["made-up"].assess(case(**pressed())) == Assessment("wrong on 192.0.2.80:80", wrong=True)


def test_an_id_is_taken_once(catalogue: dict[str, _base.Cure]) -> None:
    made_up()
    with pytest.raises(ValueError, match="cure made-up is registered twice"):
        made_up()


@pytest.mark.parametrize("made", CURES.values(), ids=list(CURES))
def test_every_cure_needs_rules_of_the_catalogue(made: _base.Cure) -> None:
    assert set(made.needs) <= set(CATALOGUE)


# --- what the rules say ---------------------------------------------------------------------------------------------


def test_the_most_severe_failure_comes_first_and_the_order_of_names_decides_between_equals() -> None:
    host = case({"net.ipv4.ip_local_port_range": "40000 40019"}, sockets=sockets(ports_in_use=[towards(12)]))
    names = ("ports-few", "ports-pressure")
    assert [failed_id(host, *order) for order in (names, names[::-1])] == list(names)
    worse = case({"net.ipv4.ip_local_port_range": "40000 40019"}, sockets=sockets(ports_in_use=[towards(20)]))
    assert [failed_id(worse, *order) for order in (names, names[::-1])] == ["ports-pressure"] * 2
    assert host.failed("recycle-on") is None


WAIVER = [{"rule": "ports-pressure", "reason": "a load test", "expires": "2026-12-31"}]


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        (case(), "not needed: nothing connects out"),
        (case(sockets=None), "not known: sockets were not observed"),
        (case(waivers=WAIVER, **pressed()), "accepted by a waiver: a load test (until 2026-12-31)"),
    ],
)
def test_why_a_cure_is_not_needed(host: Case, reason: str) -> None:
    assert host.not_needed("ports-pressure") == Assessment(reason)


def test_a_rule_of_another_profile_was_not_checked() -> None:
    others = ", ".join(CATALOGUE["ports-few"].profiles("any"))
    assert case(profile="backend").not_needed("ports-few") == Assessment(f"not checked: only for the profiles {others}")


# --- the busiest destination and the model --------------------------------------------------------------------------


def test_the_busiest_destination_is_the_one_with_most_ports_that_cannot_be_reused() -> None:
    groups = [towards(20, 20), towards(9, 0, "192.0.2.81")]
    host = case({REUSE: "1"}, sockets=sockets(ports_in_use=groups, timestamps=[negotiated(1)]))
    assert host.where == "192.0.2.81:80"


def test_where_nothing_is_known_there_is_no_figure() -> None:
    host = case(sysctl=None, sockstat=None, counters=None, sockets=None)
    known = (host.busiest, host.usable_ports, host.timestamps, host.reuse, host.bucket_limit, host.time_wait, host.load, host.whole_load)
    assert set(known) == {None}
    assert (host.share_percent, host.peer_timestamps, host.probe, host.http) == (0.0, None, None, None)
    assert (host.where, host.pressure) == ("the destination", "ports are running out")


def test_the_probe_of_the_busiest_destination_is_found_by_address_and_port() -> None:
    host = case(probes=[probe(destination="192.0.2.81"), probe(port=443), probe(closes="peer")], **pressed())
    assert host.http is not None
    assert host.http["closes"]["connection_close"] == "peer"


@pytest.mark.parametrize(("grown", "opened"), [({"ActiveOpens": 2600}, 520.0), (None, None), ({"ActiveOpens": None}, None)])
def test_opened_per_second_needs_two_samples(grown: dict[str, int | None] | None, opened: float | None) -> None:
    assert case(grown=grown).opened_per_second == opened


@pytest.mark.parametrize(
    ("keys", "uses", "delay"),
    [({REUSE: "1"}, [negotiated(1)], 1.0), ({REUSE: "1"}, [negotiated(0, 1)], None), ({REUSE: "1"}, [], None), ({}, [negotiated(1)], None)],
)
def test_the_load_reuses_ports_only_where_both_ends_let_it(keys: dict[str, str | None], uses: list[t.Any], delay: float | None) -> None:
    load = case(keys, sockets=sockets(ports_in_use=[towards(9)], timestamps=uses)).load
    assert load is not None
    assert (load.usable_ports, load.reuse_delay, load.bucket_limit, load.memory_bytes) == (28232, delay, None, None)


@pytest.mark.parametrize(
    ("limit", "memory", "expected"),
    [("5000", 8 << 30, (5000, 128 << 20)), ("0", None, (0, None)), ("-1", 64, (None, 1))],
)
def test_the_whole_load_is_bounded_by_buckets_and_a_64th_of_memory(limit: str, memory: int | None, expected: tuple[t.Any, t.Any]) -> None:
    load = case({"net.ipv4.tcp_max_tw_buckets": limit}, host={"memory_bytes": memory}).whole_load
    assert load is not None
    assert (load.bucket_limit, load.memory_bytes) == expected


def test_a_gain_is_rounded_and_steps_may_replace_those_of_the_cure(catalogue: dict[str, _base.Cure]) -> None:
    made_up()
    host = case(**pressed())
    failure = host.failed("ports-pressure")
    assert failure is not None
    result = advice(catalogue["made-up"], host.helps(failure, "why", sources=2)._replace(how=("another step",)))
    assert result["gain"] == {"from_per_second": 470.53, "to_per_second": 941.07, "factor": 2.0}
    assert (result["applies"], result["severity"], result["how"]) == (True, "high", ["another step"])
    assert advice(catalogue["made-up"], Assessment("no"))["how"] is None
