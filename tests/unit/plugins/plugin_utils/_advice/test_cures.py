# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every cure, by table: where it applies, where it is not needed, where it is wrong, and which comes first.

To add a cure, add its function in plugins/plugin_utils/_advice and its rows here.
"""

from __future__ import annotations

import datetime
import json
import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._advice import CURES
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import PROFILES
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import validate
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._waivers import parse_waivers
from support.snapshots import negotiated, probe, snapshot, sockets, towards

if t.TYPE_CHECKING:
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import Advice
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Snapshot

TODAY = datetime.date(2026, 11, 21)
LAB = Path(__file__).resolve().parents[1] / "lab"
TS = "net.ipv4.tcp_timestamps"
REUSE = "net.ipv4.tcp_tw_reuse"
BUCKETS = "net.ipv4.tcp_max_tw_buckets"
RANGE = "net.ipv4.ip_local_port_range"
CONF = "/etc/sysctl.d/50-x.conf"
CLIENT, BALANCER, BACKEND = "client_host", "fullnat_lb", "backend"
EVERYWHERE_WRONG = {"recycle", "tiny-buckets", "fin-timeout"}


def advice(observed: Snapshot, profile: str, **options: t.Any) -> list[Advice]:
    return audit(observed, "web1", AuditOptions(profile=profile, today=TODAY, **options))["advice"]


def pressed(*negotiation: t.Any, ports: int = 28000, time_wait: int = 28000, more: t.Any = None, **parts: t.Any) -> dict[str, t.Any]:
    """A destination that holds nearly all ports; more: of the sockets."""
    return {"sockets": sockets(ports_in_use=[towards(ports, time_wait)], timestamps=list(negotiation), **(more or {})), **parts}


class Row(t.NamedTuple):
    """outcome: "applies", "wrong" or "neither". words: what the reason must say."""

    cure: str
    profile: str
    outcome: str
    words: str
    observed: Snapshot


def row(cure: str, profile: str, outcome: str, words: str, keys: dict[str, str | None] | None = None, **parts: t.Any) -> Row:
    return Row(cure, profile, outcome, words, snapshot(keys, **parts))


UNPROBED = "was not probed"
ROWS = [
    row("timestamps-on", CLIENT, "applies", "tcp_timestamps is 0", {TS: "0", REUSE: "1"}, **pressed()),
    row("timestamps-on", BACKEND, "applies", "neither this host nor its peers", {TS: "0"}),
    row("timestamps-on", BALANCER, "wrong", "as the documents want it", {TS: "0"}, **pressed()),
    row("timestamps-on", CLIENT, "applies", "192.0.2.80:80 does not negotiate", **pressed(negotiated(0, 3))),
    row("timestamps-on", CLIENT, "neither", "tcp_timestamps is 1", **pressed(negotiated(3))),
    row("reuse", CLIENT, "applies", "28000 of 28232 usable ports, 28000 of them in TIME_WAIT; tcp_tw_reuse is 2", **pressed()),
    row("reuse", CLIENT, "applies", "192.0.2.80:80 negotiates timestamps", **pressed(negotiated(3))),
    row("reuse", CLIENT, "applies", "probe it first", **pressed()),
    row("reuse", CLIENT, "applies", "520 connections are opened per second", grown={"ActiveOpens": 2600}, **pressed()),
    row("reuse", BALANCER, "applies", "tcp_tw_reuse is 2", **pressed()),
    row("reuse", CLIENT, "neither", "not needed: the busiest destination, 192.0.2.80:80, holds 9 of", **pressed(ports=9)),
    row("reuse", CLIENT, "neither", "not needed: nothing connects out"),
    row("reuse", CLIENT, "neither", "not known: sockets were not observed", sockets=None),
    row("reuse", CLIENT, "neither", "not known: tcp_tw_reuse", {REUSE: None}, **pressed()),
    row("reuse", CLIENT, "neither", "1 already; 192.0.2.80:80 may or may not negotiate", {REUSE: "1"}, **pressed()),
    row("reuse", CLIENT, "neither", "in TIME_WAIT, which tcp_tw_reuse can reuse", {REUSE: "1"}, **pressed(negotiated(3))),
    row("reuse", CLIENT, "neither", "open connections", **pressed(time_wait=100)),
    row("reuse", CLIENT, "applies", "14000 of them in TIME_WAIT", **pressed(time_wait=14000)),
    row("reuse", CLIENT, "neither", "open connections", **pressed(time_wait=13999)),
    row("reuse", CLIENT, "wrong", "192.0.2.80:80 does not negotiate timestamps", **pressed(negotiated(0, 3))),
    row("reuse", CLIENT, "wrong", "does not negotiate", **pressed(probes=[probe(False)])),
    row("reuse", CLIENT, "wrong", "tcp_timestamps is 0", {TS: "0"}, **pressed()),
    row("reuse", BACKEND, "wrong", "acts in connect() only"),
    row("peer-closes-first", CLIENT, "applies", UNPROBED, **pressed()),
    row("peer-closes-first", CLIENT, "applies", "192.0.2.80:80 closed first", **pressed(probes=[probe(closes="peer")])),
    row("peer-closes-first", CLIENT, "applies", "did not close; configure it", **pressed(probes=[probe(closes="local")])),
    row("peer-closes-first", CLIENT, "applies", "reset", **pressed(probes=[probe(closes="reset")])),
    row("peer-closes-first", CLIENT, "neither", "open connections", **pressed(time_wait=100)),
    row("peer-closes-first", CLIENT, "neither", "not needed"),
    row("keep-alive", BALANCER, "applies", UNPROBED, **pressed()),
    row("keep-alive", CLIENT, "applies", "open for all 2 s of the probe", **pressed(probes=[probe(closes="peer")])),
    row("keep-alive", CLIENT, "neither", "open connections", **pressed(time_wait=100)),
    row("keep-alive", CLIENT, "neither", "not needed"),
    row(
        "keep-alive", CLIENT, "applies", "300 of 28232 usable ports", **pressed(ports=300, time_wait=300, more={"time_wait_outgoing": 300})
    ),
    row("keep-alive", CLIENT, "neither", "not needed", **pressed(ports=280, time_wait=280, more={"time_wait_outgoing": 280})),
    row("keep-alive", CLIENT, "applies", "283 of", **pressed(ports=283, time_wait=283, more={"time_wait_outgoing": 283})),
    row("keep-alive", CLIENT, "neither", "not needed", **pressed(ports=282, time_wait=282, more={"time_wait_outgoing": 282})),
    row("keep-alive", CLIENT, "neither", "nothing connects out", sockets=sockets(time_wait_outgoing=282)),
    row("linger-reset", CLIENT, "applies", "generates load", **pressed()),
    row("linger-reset", CLIENT, "neither", "open connections", **pressed(time_wait=100)),
    row("linger-reset", CLIENT, "neither", "not needed"),
    row("linger-reset", BALANCER, "wrong", "on a balancer", **pressed()),
    row("linger-reset", BACKEND, "wrong", "on a server"),
    row("linger-reset", "any", "wrong", "audit it as client_host", **pressed()),
    row("wider-range", CLIENT, "applies", "28232 ports are usable; 16384 to 65535 are 49152", **pressed(time_wait=100)),
    row("wider-range", CLIENT, "neither", "49152 ports are usable already", {RANGE: "16384 65535"}, **pressed(ports=49000)),
    row("wider-range", CLIENT, "neither", "not needed"),
    row("more-destinations", CLIENT, "applies", "each additional destination brings 28232 ports", **pressed()),
    row("more-destinations", CLIENT, "neither", "not needed"),
    row("more-sources", CLIENT, "applies", "each additional source address", **pressed()),
    row("more-sources", CLIENT, "neither", "not needed"),
    row("more-hosts", CLIENT, "applies", "each additional host", **pressed()),
    row("more-hosts", BACKEND, "neither", "not checked: only for the profiles client_host, fullnat_lb"),
    row("raise-buckets", CLIENT, "applies", "tcp_max_tw_buckets is 5", {BUCKETS: "5"}),
    row("raise-buckets", BACKEND, "applies", "is 1000, 900 TIME_WAIT sockets", {BUCKETS: "1000"}, sockstat={"TCP": {"tw": 900}}),
    row("raise-buckets", BACKEND, "applies", "TCPTimeWaitOverflow +15 in 5 s", grown={"TCPTimeWaitOverflow": 15}),
    row("raise-buckets", BACKEND, "neither", "take two samples", counted={"TCPTimeWaitOverflow": 15}),
    row("raise-buckets", BACKEND, "neither", "take two samples", {BUCKETS: "32768"}, counted={"TCPTimeWaitOverflow": 15}),
    row(
        "raise-buckets",
        BACKEND,
        "applies",
        "since boot",
        {BUCKETS: "32767", "net.ipv4.tcp_ehash_entries": None},
        counted={"TCPTimeWaitOverflow": 15},
    ),
    row("raise-buckets", BACKEND, "applies", "tcp_max_tw_buckets is 5", {BUCKETS: "5"}, without=[RANGE]),
    row("raise-buckets", BACKEND, "neither", "not needed: 0 TIME_WAIT sockets of 262144"),
    row("rfc1337-off", BACKEND, "applies", "tcp_rfc1337 is 1", {"net.ipv4.tcp_rfc1337": "1"}),
    row("rfc1337-off", BALANCER, "applies", "PAWSTimewait +3", {"net.ipv4.tcp_rfc1337": "1"}, grown={"PAWSTimewait": 3}),
    row("rfc1337-off", BACKEND, "neither", "tcp_rfc1337 is 0"),
    row("conntrack-timeout", BALANCER, "applies", "time_wait is 10", {"net.netfilter.nf_conntrack_tcp_timeout_time_wait": "10"}),
    row("conntrack-timeout", BACKEND, "applies", "a NAT on the way", grown={"PAWSTimewait": 3}),
    row("conntrack-timeout", BACKEND, "neither", "time_wait is 120"),
    row("let-client-close", BACKEND, "applies", "11 TIME_WAIT sockets", {BUCKETS: "1000"}, sockets=sockets(time_wait_listening=11)),
    row("let-client-close", BACKEND, "neither", "0 TIME_WAIT sockets on listening ports"),
    row("recycle", CLIENT, "wrong", "this kernel has no tcp_tw_recycle", **pressed()),
    row("recycle", BACKEND, "wrong", "tcp_tw_recycle is 1", {"net.ipv4.tcp_tw_recycle": "1"}),
    row("recycle", BACKEND, "wrong", "PAWSPassive has counted 9", {"net.ipv4.tcp_tw_recycle": "1"}, counted={"PAWSPassive": 9}),
    row("tiny-buckets", CLIENT, "wrong", "tcp_max_tw_buckets is 262144", **pressed()),
    row("fin-timeout", CLIENT, "wrong", "(here 60)", **pressed()),
]


@pytest.mark.parametrize("case", ROWS, ids=lambda case: f"{case.cure}: {case.words} ({case.profile})")
def test_cure(case: Row) -> None:
    (found,) = [cure for cure in advice(case.observed, case.profile) if cure["id"] == case.cure]
    assert {"applies": found["applies"], "wrong": found["wrong"]} == {
        "applies": case.outcome == "applies",
        "wrong": case.outcome == "wrong",
    }
    assert case.words in found["reason"]


def test_every_cure_has_rows() -> None:
    outcomes = {(case.cure, case.outcome) for case in ROWS}
    assert {cure for cure, _outcome in outcomes} == set(CURES)
    assert {cure for cure, outcome in outcomes if outcome == "applies"} == set(CURES) - EVERYWHERE_WRONG


def test_a_keep_alive_that_could_not_be_probed_says_so() -> None:
    asked = probe(closes="peer")
    assert asked["http"] is not None
    asked["http"]["closes"]["keep_alive"] = "reset"
    (found,) = [cure for cure in advice(snapshot(**pressed(probes=[asked])), CLIENT) if cure["id"] == "keep-alive"]
    assert "a probe of keep-alive to 192.0.2.80:80 ended in a reset" in found["reason"]


@pytest.mark.parametrize(("kept", "wrong"), [(0.02, True), (0.49, True), (0.5, False)])
def test_a_peer_that_drops_keep_alive_at_once_makes_it_wrong(kept: float, wrong: bool) -> None:
    asked = probe(closes="peer")
    assert asked["http"] is not None
    asked["http"]["closes"]["keep_alive"] = "peer"
    asked["http"]["keep_alive_seconds"] = kept
    (found,) = [cure for cure in advice(snapshot(**pressed(probes=[asked])), CLIENT) if cure["id"] == "keep-alive"]
    assert (found["wrong"], found["applies"]) == (wrong, not wrong)
    assert f"{kept:.1f} s" in found["reason"]


@pytest.mark.parametrize(
    ("profile", "first", "keys", "parts"),
    [
        (CLIENT, ["reuse", "peer-closes-first", "keep-alive", "linger-reset", "wider-range", "more-destinations"], {}, pressed()),
        (CLIENT, ["peer-closes-first", "keep-alive", "linger-reset", "wider-range"], {REUSE: "1"}, pressed(negotiated(0, 1))),
        (CLIENT, ["keep-alive", "linger-reset"], {REUSE: "1"}, pressed(probes=[probe(False, closes="local")])),
        (CLIENT, ["timestamps-on", "peer-closes-first"], {TS: "0", REUSE: "1"}, pressed()),
        (CLIENT, ["wider-range", "more-destinations", "more-sources", "more-hosts"], {}, pressed(time_wait=0)),
        # What is destroyed now comes before what is merely short.
        (CLIENT, ["raise-buckets", "reuse"], {BUCKETS: "0"}, pressed()),
        (BACKEND, ["rfc1337-off", "let-client-close"], {"net.ipv4.tcp_rfc1337": "1"}, {"sockets": sockets(time_wait_listening=9999)}),
        (BALANCER, ["keep-alive"], {TS: "0", REUSE: "1"}, pressed(probes=[probe(False, closes="local")])),
    ],
)
def test_the_order(profile: str, first: list[str], keys: dict[str, str | None], parts: dict[str, t.Any]) -> None:
    found = advice(snapshot(keys, **parts), profile)
    assert [cure["id"] for cure in found if cure["applies"]][: len(first)] == first


def test_those_that_apply_come_first_and_the_wrong_ones_last() -> None:
    found = advice(snapshot(**pressed(negotiated(0, 3))), CLIENT)
    kinds = [(cure["wrong"], not cure["applies"]) for cure in found]
    assert kinds == sorted(kinds)
    assert {cure["id"] for cure in found if cure["wrong"]} == {"reuse", *EVERYWHERE_WRONG}


@pytest.mark.parametrize("profile", [*PROFILES, "any"])
def test_an_untuned_current_host_is_advised_nothing(profile: str) -> None:
    found = advice(snapshot(), profile)
    assert {cure["id"] for cure in found} == set(CURES)
    assert [cure["id"] for cure in found if cure["applies"]] == []


@pytest.mark.parametrize("profile", [*PROFILES, "any"])
def test_where_nothing_is_known_nothing_is_advised(profile: str) -> None:
    nothing = snapshot(sysctl=None, ipv4_keys=None, boot_files=None, sockstat=None, counters=None, sockets=None)
    found = advice(nothing, profile)
    assert [cure["id"] for cure in found if cure["applies"]] == []
    assert all(cure["reason"] for cure in found)


def test_accepted_pressure_is_not_advised_on() -> None:
    waivers = parse_waivers([{"rule": "ports-pressure", "reason": "a load test", "expires": "2026-12-31"}])
    found = advice(snapshot(**pressed()), CLIENT, waivers=waivers)
    assert [cure["id"] for cure in found if cure["applies"]] == []
    assert "accepted by a waiver: a load test" in next(cure["reason"] for cure in found if cure["id"] == "reuse")


@pytest.mark.parametrize(
    ("cure", "gain"),
    [
        ("reuse", (470.53, 28232.0, 60.0)),
        ("peer-closes-first", (470.53, None, None)),
        ("keep-alive", (470.53, None, None)),
        ("wider-range", (470.53, 819.2, 1.74)),
        ("more-sources", (470.53, 941.07, 2.0)),
        ("recycle", (None, None, None)),
    ],
)
def test_the_gain_is_the_models(cure: str, gain: tuple[float | None, ...]) -> None:
    (found,) = [one for one in advice(snapshot(**pressed()), CLIENT) if one["id"] == cure]
    assert tuple(found["gain"].values()) == gain


@pytest.mark.parametrize(
    ("keys", "rate"),
    [
        ({"net.ipv4.tcp_tw_reuse_delay": "100"}, 282320.0),
        ({"net.ipv4.tcp_tw_reuse_delay": None}, 28232.0),
        ({"net.ipv4.tcp_tw_reuse_delay": None, "net.ipv4.tcp_tw_recycle": "0"}, 14116.0),
        ({"net.ipv4.tcp_tw_reuse_delay": "0"}, 28232000.0),
    ],
)
def test_the_gain_of_reuse_follows_the_kernels_delay(keys: dict[str, str | None], rate: float) -> None:
    (found,) = [one for one in advice(snapshot(keys, **pressed()), CLIENT) if one["id"] == "reuse"]
    assert found["gain"]["to_per_second"] == rate


def test_the_gain_of_buckets_is_counted_in_buckets() -> None:
    """Memory for a thousand TIME_WAIT sockets does not hide what the higher limit gives."""
    observed = snapshot({BUCKETS: "600"}, host={"memory_bytes": 16 << 20})
    (found,) = [one for one in advice(observed, BACKEND) if one["id"] == "raise-buckets"]
    assert (found["gain"]["from_per_second"], found["gain"]["to_per_second"]) == (10.0, 470.53)


@pytest.mark.parametrize(("limit", "time_wait", "wanted"), [(1000, 900, 262144), (262144, 220_000, 524288)])
def test_a_limit_that_is_nearly_full_is_at_least_doubled(limit: int, time_wait: int, wanted: int) -> None:
    observed = snapshot({BUCKETS: str(limit)}, sockstat={"TCP": {"tw": time_wait}})
    (found,) = [one for one in advice(observed, BACKEND) if one["id"] == "raise-buckets"]
    assert f"at_least: {wanted}}}" in found["how"][0]


def test_the_line_to_delete_is_named() -> None:
    (found,) = [one for one in advice(snapshot(files={CONF: f"{BUCKETS} = 5000\n"}), CLIENT) if one["id"] == "raise-buckets"]
    assert found["how"][0].endswith(f"{CONF}:1")
    assert "client_host_settings: {net.ipv4.tcp_max_tw_buckets: {at_least: 262144}}" in found["how"][1]


@pytest.mark.parametrize("cure", CURES.values(), ids=list(CURES))
def test_a_cure_says_all_that_a_person_needs(cure: t.Any) -> None:
    assert all(len(text) > 4 for text in (cure.title, cure.cost, cure.risk))
    assert cure.claims


# --- what the lab recorded ------------------------------------------------------------------------------------------

RECORDED = [
    pytest.param(recorded, id=f"{path.stem}: {recorded['host']}")
    for path in sorted(LAB.glob("*.json"))
    for recorded in json.loads(path.read_text(encoding="utf-8"))
]


def test_the_lab_has_recorded_its_experiments() -> None:
    assert len(RECORDED) >= 5, f"make lab writes them to {LAB}"


@pytest.mark.parametrize("recorded", RECORDED)
def test_the_first_advice_is_what_the_lab_saw_work(recorded: t.Any) -> None:
    found = advice(validate(recorded["snapshot"]), recorded["profile"])
    applies = {cure["id"]: cure["applies"] for cure in found}
    assert [cure["id"] for cure in found if cure["applies"]][:1] == recorded["cures"][:1]
    assert {cure: applies[cure] for cure in recorded["cures"]} == dict.fromkeys(recorded["cures"], True)
    assert {cure: applies[cure] for cure in recorded["not_cures"]} == dict.fromkeys(recorded["not_cures"], False)
