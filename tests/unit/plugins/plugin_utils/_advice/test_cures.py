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
from support.snapshots import nat, negotiated, probe, snapshot, sockets, towards

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
# Wrong on this host, and two of them on every other.
EVERYWHERE_WRONG = {"recycle", "tiny-buckets", "fin-timeout"}
NEVER_RIGHT = {"recycle", "tiny-buckets"}
LIMITED: dict[str, str | None] = {RANGE: "40000 40199"}


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


def waiting(count: int) -> dict[str, t.Any]:
    """So many TIME_WAIT sockets of this host."""
    return {"sockstat": {"TCP": {"tw": count}}, "sockets": sockets(states={"ipv4": {"time_wait": count}, "ipv6": {}})}


def stuck(state: str) -> dict[str, t.Any]:
    """200 ports, all in one state."""
    group = {**towards(200), "states": {state: 200}}
    return {"sockets": sockets(ports_in_use=[group], states={"ipv4": {state: 200}, "ipv6": {}}, fin_wait2_orphans=200)}


def bound_first(*groups: t.Any) -> dict[str, t.Any]:
    """1000 ports that were all bound before connect()."""
    source = {"device": None, "source": "192.0.2.10", "connections": 1000, "ports": 1000, "bind_parity": 500}
    return {"sockets": sockets(source_ports=[source], ports_in_use=list(groups))}


def accepted(count: int) -> dict[str, t.Any]:
    return {"sockets": sockets(accepted=[{"port": 80, "states": {"close_wait": count}}])}


def to_itself() -> dict[str, t.Any]:
    return {"sockets": sockets(ports_in_use=[towards(28000, 28000, destination="127.0.0.1")])}


HALVES = [towards(500), towards(500, port=81)]
COUNT, MAX = "net.netfilter.nf_conntrack_count", "net.netfilter.nf_conntrack_max"
EARLY = {"net.netfilter.nf_conntrack_tcp_timeout_time_wait": "10"}
SNAT = nat(
    snat=[
        {"protocol": "tcp", "address": "192.0.2.1", "destination": "192.0.2.130", "destination_port": 443, "ports": 200, "in_ranges": []}
    ],
    pools=[{"protocol": None, "low": "192.0.2.1", "high": "192.0.2.1", "first_port": 30000, "last_port": 30199}],
)
UNPROBED = "was not probed"
ROWS = [
    row("timestamps-on", CLIENT, "applies", "tcp_timestamps is 0", {TS: "0", REUSE: "1"}, **pressed()),
    row("timestamps-on", BACKEND, "applies", "neither this host nor its peers", {TS: "0"}),
    row("timestamps-on", BALANCER, "wrong", "as the documents want it", {TS: "0"}, **pressed()),
    row("timestamps-on", CLIENT, "applies", "192.0.2.80:80 does not negotiate", **pressed(negotiated(0, 3))),
    row("timestamps-on", CLIENT, "neither", "tcp_timestamps is 1", **pressed(negotiated(3))),
    row("reuse", CLIENT, "applies", "28000 of 28232 usable ports: 28000 TIME_WAIT; tcp_tw_reuse is 2", **pressed()),
    row("reuse", CLIENT, "applies", "192.0.2.80:80 negotiates timestamps", **pressed(negotiated(3))),
    row("reuse", CLIENT, "applies", "probe it first", **pressed()),
    row("reuse", CLIENT, "applies", "520 connections are opened per second", grown={"ActiveOpens": 2600}, **pressed()),
    row("reuse", BALANCER, "applies", "tcp_tw_reuse is 2", **pressed()),
    row("reuse", CLIENT, "neither", "not needed: the busiest destination, 192.0.2.80:80, holds 9 of", **pressed(ports=9)),
    row("reuse", CLIENT, "neither", "not needed: nothing connects out"),
    row("reuse", CLIENT, "neither", "not known: sockets were not observed", sockets=None),
    row("reuse", CLIENT, "neither", "not known: tcp_tw_reuse", {REUSE: None}, **pressed()),
    row("reuse", CLIENT, "neither", "1 already; 192.0.2.80:80 may or may not negotiate", {REUSE: "1"}, **pressed()),
    row("reuse", CLIENT, "neither", "of them in TIME_WAIT, which are proven to be reused", {REUSE: "1"}, **pressed(negotiated(3))),
    row("reuse", CLIENT, "neither", "frees only ports in TIME_WAIT", **pressed(time_wait=100)),
    row("reuse", CLIENT, "applies", "14000 TIME_WAIT", **pressed(time_wait=14000)),
    row("reuse", CLIENT, "neither", "frees only ports in TIME_WAIT", **pressed(time_wait=13999)),
    row("reuse", CLIENT, "wrong", "192.0.2.80:80 does not negotiate timestamps", **pressed(negotiated(0, 3))),
    row("reuse", CLIENT, "wrong", "does not negotiate", **pressed(probes=[probe(False)])),
    row("reuse", CLIENT, "wrong", "tcp_timestamps is 0", {TS: "0"}, **pressed()),
    row("reuse", BACKEND, "wrong", "acts in connect() only"),
    row("peer-closes-first", CLIENT, "applies", UNPROBED, **pressed()),
    row("peer-closes-first", CLIENT, "applies", "192.0.2.80:80 closed first", **pressed(probes=[probe(closes="peer")])),
    row("peer-closes-first", CLIENT, "applies", "did not close; configure it", **pressed(probes=[probe(closes="local")])),
    row("peer-closes-first", CLIENT, "applies", "reset", **pressed(probes=[probe(closes="reset")])),
    row("peer-closes-first", CLIENT, "neither", "frees only ports in TIME_WAIT", **pressed(time_wait=100)),
    row("peer-closes-first", CLIENT, "neither", "not needed"),
    row("keep-alive", BALANCER, "applies", UNPROBED, **pressed()),
    row("keep-alive", CLIENT, "applies", "open for all 2 s of the probe", **pressed(probes=[probe(closes="peer")])),
    row("keep-alive", CLIENT, "neither", "frees only ports in TIME_WAIT", **pressed(time_wait=100)),
    row("keep-alive", CLIENT, "neither", "not needed"),
    row(
        "keep-alive", CLIENT, "applies", "300 of 28232 usable ports", **pressed(ports=300, time_wait=300, more={"time_wait_outgoing": 300})
    ),
    row("keep-alive", CLIENT, "neither", "not needed", **pressed(ports=280, time_wait=280, more={"time_wait_outgoing": 280})),
    row("keep-alive", CLIENT, "applies", "283 of", **pressed(ports=283, time_wait=283, more={"time_wait_outgoing": 283})),
    row("keep-alive", CLIENT, "neither", "not needed", **pressed(ports=282, time_wait=282, more={"time_wait_outgoing": 282})),
    row("keep-alive", CLIENT, "neither", "nothing connects out", sockets=sockets(time_wait_outgoing=282)),
    row("linger-reset", CLIENT, "applies", "generates load", **pressed()),
    row("linger-reset", CLIENT, "neither", "frees only ports in TIME_WAIT", **pressed(time_wait=100)),
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
    row("more-hosts", BACKEND, "neither", "not needed: nothing connects out"),
    row("raise-buckets", CLIENT, "applies", "tcp_max_tw_buckets is 5", {BUCKETS: "5"}),
    row("raise-buckets", BACKEND, "applies", "is 1000, 900 TIME_WAIT sockets", {BUCKETS: "1000"}, **waiting(900)),
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
    row("raise-buckets", BACKEND, "neither", "not needed: 0 of 262144 are used"),
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
    row("fin-timeout", CLIENT, "applies", "tcp_fin_timeout is 60", LIMITED, **stuck("fin_wait2")),
    row("bind-no-port", CLIENT, "applies", "1000 of 1000 usable ports", {RANGE: "40000 40999"}, **bound_first()),
    row("bind-no-port", CLIENT, "neither", "not needed: no sign of ports that were bound"),
    row(
        "more-destinations",
        CLIENT,
        "neither",
        "see bind-no-port",
        {RANGE: "40000 40999"},
        **bound_first(towards(500), towards(500, port=81)),
    ),
    row("close-leak", CLIENT, "applies", "200 sockets in CLOSE_WAIT (100.0 %", LIMITED, **stuck("close_wait")),
    row("close-leak", BACKEND, "applies", "port 80: 3000 accepted", **accepted(3000)),
    row("close-leak", CLIENT, "neither", "not needed: 0 sockets in CLOSE_WAIT"),
    row("fin-wait2", CLIENT, "applies", "200 orphaned FIN_WAIT2", LIMITED, **stuck("fin_wait2")),
    row("fin-wait2", CLIENT, "neither", "not needed: 0 orphaned"),
    row("dead-peer", CLIENT, "applies", "200 sockets in SYN_SENT", LIMITED, **stuck("syn_sent")),
    row("dead-peer", CLIENT, "neither", "not needed: 0 sockets in SYN_SENT"),
    row("accept-faster", BACKEND, "applies", "ListenOverflows +9 in 5 s", counted={"ListenOverflows": 9}, grown={"ListenOverflows": 9}),
    row("accept-faster", BACKEND, "neither", "not needed: no overflow", counted={"ListenOverflows": 0}),
    row("raise-conntrack", BACKEND, "applies", "65536 of 65536 entries", {COUNT: "65536", MAX: "65536"}),
    row("raise-conntrack", BACKEND, "applies", "may have been full", counters={"nf_conntrack": {"drop": 3}}),
    row("raise-conntrack", BALANCER, "neither", "see more-snat-addresses", counters={"nf_conntrack": {"drop": 3}}, nat=SNAT),
    row("raise-conntrack", BACKEND, "neither", "not needed: 1 of 100 entries", {COUNT: "1", MAX: "100"}),
    row("more-snat-addresses", BALANCER, "applies", "200 of 200 ports", nat=SNAT),
    row("more-snat-addresses", BALANCER, "neither", "not needed: no connection is source-NATed"),
    row("strip-timestamps-in-front", BALANCER, "applies", "no port towards a backend can be reused", {TS: "0"}, **pressed()),
    row(
        "strip-timestamps-in-front",
        BALANCER,
        "applies",
        "clients behind NAT see it",
        counted={"PAWSTimewait": 9},
        grown={"PAWSTimewait": 9},
    ),
    row("strip-timestamps-in-front", BALANCER, "neither", "no refused SYN was seen"),
    row("strip-timestamps-in-front", BALANCER, "neither", "no backend's ports run out", {TS: "0"}, **pressed(time_wait=0)),
    row("strip-timestamps-in-front", CLIENT, "neither", "only for a layer-7 balancer", **pressed()),
    row("conntrack-timeout", BALANCER, "applies", "first raise-conntrack", {**EARLY, COUNT: "90", MAX: "100"}),
    row("reuse", CLIENT, "neither", "is this host itself", **to_itself()),
    row("more-hosts", CLIENT, "neither", "is this host itself", **to_itself()),
    row("more-sources", CLIENT, "neither", "is this host itself", **to_itself()),
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
    assert {cure for cure, outcome in outcomes if outcome == "applies"} == set(CURES) - NEVER_RIGHT


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
        # A cure is first only if it cures the state that holds the ports.
        (CLIENT, ["bind-no-port"], {RANGE: "40000 40999"}, bound_first()),
        (CLIENT, ["close-leak"], LIMITED, stuck("close_wait")),
        (CLIENT, ["fin-wait2"], LIMITED, stuck("fin_wait2")),
        (CLIENT, ["dead-peer"], LIMITED, stuck("syn_sent")),
        (BACKEND, ["close-leak"], {}, accepted(3000)),
        (BALANCER, ["more-snat-addresses"], {}, {"nat": SNAT, "counters": {"nf_conntrack": {"drop": 30}}}),
        (BALANCER, ["raise-conntrack", "conntrack-timeout"], {**EARLY, COUNT: "65536", MAX: "65536"}, {}),
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


def steps(cure: Advice) -> list[str]:
    return cure["how"] or []


@pytest.mark.parametrize(("limit", "time_wait", "wanted"), [(1000, 900, 262144), (262144, 220_000, 524288)])
def test_a_limit_that_is_nearly_full_is_at_least_doubled(limit: int, time_wait: int, wanted: int) -> None:
    observed = snapshot({BUCKETS: str(limit)}, **waiting(time_wait))
    (found,) = [one for one in advice(observed, BACKEND) if one["id"] == "raise-buckets"]
    assert f"at_least: {wanted}}}" in steps(found)[0]


def test_the_line_to_delete_is_named() -> None:
    (found,) = [one for one in advice(snapshot(files={CONF: f"{BUCKETS} = 5000\n"}), CLIENT) if one["id"] == "raise-buckets"]
    assert steps(found)[0].endswith(f"{CONF}:1")
    assert "client_host_settings: {net.ipv4.tcp_max_tw_buckets: {at_least: 262144}}" in steps(found)[1]


@pytest.mark.parametrize("cure", CURES.values(), ids=list(CURES))
def test_a_cure_says_all_that_a_person_needs(cure: t.Any) -> None:
    assert all(len(text) > 4 for text in (cure.title, cure.cost, cure.risk))
    # What the documents do not speak about is the kernel's own.
    assert cure.claims or cure.id == "accept-faster"


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
