# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch import measure, peak, sample, taken
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_namespaces import after_look, without_look
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_table import minutes_text, round_table, summary_table, watched
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_types import Measure
from support.audits import HOSTILE
from support.snapshots import towards
from support.watched import NO_NAMESPACES, grown, observed, two_looks

HEAD = "HOST  TIME_WAIT  CONNTRACK      OUT    IN  OVERFLOW/S  PASSIVE  ACTIVE  ESTAB  TIMEWAIT         MINUTES LEFT   PORTS  BUSIEST"


def busy(**changes: t.Any) -> Measure:
    first = observed(ports_in_use=[towards(6000, 5000)])
    later = grown(ActiveOpens=5000, PassiveOpens=5, PAWSEstab=1)
    second = {"time_wait": 9000, "ports_in_use": [towards(10235, 9235)], "counted": {"PAWSTimewait": None, **later}, **changes}
    return two_looks(first, observed(10, **second))


def entry(measured: Measure | None = None, **more: t.Any) -> dict[str, t.Any]:
    return {
        "measure": measured,
        "peak": peak(None, measured) if measured else None,
        "failure": {},
        "failed_looks": 0,
        "skip_looks": 0,
        **more,
    }


GONE = entry(failure={"unreachable": True, "msg": "ssh: no route"}, failed_looks=3, skip_looks=2)


def test_a_round() -> None:
    assert round_table(watched({"web1": entry(busy()), "gone": GONE}), "12:00:05  round 1 of 12") == (
        "12:00:05  round 1 of 12\n"
        "                            OPENS/S                    PAWS/S\n"
        f"{HEAD}\n"
        "gone  UNREACHABLE: ssh: no route (skipped for 2 more rounds)\n"
        "web1      9,000          -    500.0  0.50           0   absent       0   0.10    absent  0.1 half, 0.7 ports  36.3 %  "
        "192.0.2.80:80, 10,235 ports\n"
    )


def crowd(*full: str, quiet: int = 0, **others: t.Any) -> dict[str, t.Any]:
    """The state of a host with such other network namespaces."""
    names = {**{name: {"ports_in_use": [towards(20000, 0)], "opened": 9} for name in full}, **{f"quiet {one}": {} for one in range(quiet)}}
    look = observed(namespaces=names, others=others)
    return entry(busy(), namespaces=after_look(NO_NAMESPACES, taken(look), look["others"]))


def lines_below(state: dict[str, t.Any]) -> list[str]:
    return round_table(watched({"web1": state}), "").splitlines()[4:]


def test_a_namespace_near_a_limit_has_a_line_below_its_host_and_the_others_are_counted() -> None:
    table = round_table(watched({"web1": crowd("pod shop/cart", quiet=47), "web2": entry(busy())}), "now").splitlines()
    assert [line[:20].split("  ")[0] for line in table[3:]] == ["web1", "", "", "web2"]
    assert table[4].startswith("  pod shop/cart  ")
    assert table[4].endswith("70.8 %  192.0.2.80:80, 20,000 ports")
    assert table[5].split("  ")[1:] == ["and 47 others", "all below 10 % of their limits"]
    # Below the same headings.
    assert table[3].index("36.3 %") == table[4].index("70.8 %")


@pytest.mark.parametrize(
    ("state", "below"),
    [
        (crowd(), []),
        (crowd(quiet=1), ["1 namespace", "below 10 % of its limits"]),
        (crowd(quiet=3), ["3 namespaces", "all below 10 % of their limits"]),
        (crowd("a", quiet=1), ["a", "and 1 other", "below 10 % of its limits"]),
        (crowd(*"abcdefghijklm", quiet=2), [*"abcdefghij", "and 5 others", "the nearest to a limit is at 71 %"]),
    ],
)
def test_how_many_namespaces_have_a_line(state: dict[str, t.Any], below: list[str]) -> None:
    rows = [line.strip().split("  ", 1) for line in lines_below(state)]
    counted = [cell.strip() for cell in rows[-1]] if rows and "limit" in rows[-1][1] else []
    assert [*(row[0] for row in rows[: -1 if counted else None]), *counted] == below


def test_namespaces_that_are_not_known_are_not_below_a_limit() -> None:
    names = {"a": {"ports_in_use": [towards(20000, 0)]}, "b": {}, "c": {"sockets": None}, "d": {"sockets": None}}
    look = observed(namespaces=names)
    rows = lines_below(entry(busy(), namespaces=after_look(NO_NAMESPACES, taken(look), look["others"])))
    assert [row.strip().split("  ")[0] for row in rows[:3]] == ["a", "and 1 other", "and 2 others"]
    assert (rows[1].endswith("below 10 % of its limits"), rows[2].endswith("their ports and sockets are not known")) == (True, True)
    assert rows[3:] == ["web1: c: its ports and sockets are not known", "web1: d: its ports and sockets are not known"]


def test_the_end_shows_the_namespaces_that_came_nearest_to_a_limit() -> None:
    table = summary_table(watched({"web1": crowd("pod shop/cart", "pod shop/ledger", quiet=3)}), "").splitlines()
    assert [line[:17].strip() for line in table[3:]] == ["pod shop/cart", "pod shop/ledger"]
    assert table[3].split()[2] == "1"
    assert table[3].endswith("70.8 % (70.8 %)  192.0.2.80:80, 20,000 ports")


def test_a_namespace_that_was_not_looked_at_is_named() -> None:
    assert lines_below(crowd(not_seen=["2 network namespaces were\x1b not looked at."])) == [
        "web1: 2 network namespaces were\\x1b not looked at."
    ]


def test_a_host_that_was_not_seen_has_no_namespaces() -> None:
    state = crowd("pod shop/cart")
    gone = {**state, "measure": None, "failure": {"unreachable": True, "msg": "x"}, "namespaces": without_look(state["namespaces"])}
    assert lines_below(gone) == []


@pytest.mark.parametrize("attack", HOSTILE.values(), ids=list(HOSTILE))
def test_the_name_of_a_namespace_cannot_steer_the_terminal(attack: str) -> None:
    state = crowd("x", not_seen=[attack.replace("\ud800", "?")])
    for named in (state["namespaces"]["measures"], state["namespaces"]["peaks"]):
        named[0]["name"] = attack
    for text in (round_table(watched({"web1": state}), ""), summary_table(watched({"web1": state}), "")):
        assert all(line.isprintable() for line in text.split("\n"))


def test_the_end() -> None:
    last = busy()
    highest = {**peak(None, last), "seen": 12, "time_wait": 20000, "soonest": ["buckets", 0.0]}
    text = summary_table(watched({"web1": entry(last, peak=highest, failed_looks=1), "gone": GONE}), "60 s watched.")
    assert text.splitlines()[0] == "60 s watched."
    assert text.splitlines()[2] == "gone  UNREACHABLE: ssh: no route (skipped for 2 more rounds)"
    assert text.splitlines()[3].split("  ")[:4] == ["web1", "12/13", "9,000 (20,000)", "500.0 (500.0)"]
    assert "now buckets" in text
    assert text.splitlines()[3].endswith("36.3 % (36.3 %)  192.0.2.80:80, 10,235 ports")


@pytest.mark.parametrize(
    ("limit", "reuse", "text"),
    [
        (None, True, "-"),
        (("ports", 0.0), False, "now ports"),
        (("ports", 2.0), False, "<0.1 ports"),
        (("ports", 30.0), True, "0.5 ports, reuse on"),
        (("buckets", 540.0), True, "9.0 buckets"),
        (("buckets", 60000.0), False, "1,000 buckets"),
    ],
)
def test_minutes(limit: tuple[str, float] | None, reuse: bool, text: str) -> None:
    assert minutes_text(limit, reuse) == text


@pytest.mark.parametrize(("growth", "shown"), [(0, "0"), (1, "<0.01"), (10, "0.01"), (999, "1.00"), (50_000, "50.0"), (5_000_000, "5,000")])
def test_something_never_looks_like_nothing(growth: int, shown: str) -> None:
    measured = two_looks(observed(), observed(1000, counted=grown(TCPTimeWaitOverflow=growth)))
    assert round_table(watched({"web1": entry(measured)}), "").splitlines()[3].split()[5] == shown


def test_unknown_is_not_confused_with_absent_and_0() -> None:
    first = two_looks(observed(), observed(5, boot_id="second", counted={"PAWSActive": None}))
    lines = round_table(watched({"web1": entry(first)}), "").splitlines()
    assert lines[3].split()[1:9] == ["0", "-", "-", "-", "-", "absent", "absent", "-"]
    assert lines[4] == "web1: restarted since the last round, so this round has no rates"


def test_what_could_not_be_seen_is_reported_at_the_first_look() -> None:
    blind = observed(sockets=None, not_seen=["Sockets were not counted: the kernel's socket list (sock_diag) answered EPERM."])
    first = measure(None, sample(blind))
    assert round_table(watched({"web1": entry(first)}), "").splitlines()[4].startswith("web1: Sockets were not counted")
    second = two_looks(blind, {**blind, "clock": blind["clock"] + 5})
    assert len(round_table(watched({"web1": entry(second)}), "").splitlines()) == 4


@pytest.mark.parametrize(
    ("registered", "line"),
    [
        ({}, "web1  NOT ASKED: no reason given"),
        ({"failed": True, "msg": "'nope' is undefined"}, "web1  FAILED: 'nope' is undefined"),
        ({"unreachable": True, "msg": "no route"}, "web1  UNREACHABLE: no route"),
        (entry(failure={"failed": True}, failed_looks=1), "web1  FAILED: no reason given"),
        (entry(failure={"unreachable": True, "msg": "x"}, skip_looks=1), "web1  UNREACHABLE: x (skipped for 1 more round)"),
    ],
)
def test_a_host_that_was_not_seen_says_why(registered: dict[str, t.Any], line: str) -> None:
    hosts = watched({"web1": registered})
    assert round_table(hosts, "").splitlines()[3] == line
    assert summary_table(hosts, "").splitlines()[2] == line


@pytest.mark.parametrize("attack", HOSTILE.values(), ids=list(HOSTILE))
def test_text_from_outside_cannot_steer_the_terminal(attack: str) -> None:
    measured = busy(ports_in_use=[{**towards(6000, 5000), "destination": attack.replace("\ud800", "?")}])
    hosts = watched({attack: entry(measured), "gone": entry(failure={"failed": True, "msg": attack})})
    for text in (round_table(hosts, "title"), summary_table(hosts, "title")):
        assert all(line.isprintable() for line in text.split("\n"))
        assert max(map(len, text.split("\n"))) < 300


@pytest.mark.parametrize(
    ("registered", "line"),
    [
        ("text", "the data must be a dictionary, not the string 'text'"),
        (None, "the data must be a dictionary, not null"),
        ([], "the data must be a dictionary, not a list"),
        ({"measure": [1]}, "measure must be a dictionary, not a list"),
        ({"measure": {"time_wait": 5}}, "measure.restarted is missing"),
        ({"measure": {**busy(), "rates": 5}}, "measure.rates must be a dictionary, not the number 5"),
        ({"peak": {"seen": 1}}, "peak.rates is missing"),
        ({"peak": {**peak(None, busy()), "soonest": ["ports"]}}, "peak.soonest must be a list of 2 values, not a list"),
        (
            {"peak": {**peak(None, busy()), "soonest": ["\x1b[2J", 5]}},
            "peak.soonest[0] must be one of ports, buckets, not the string '\\x1b[2J'",
        ),
        ({"failed_looks": -1}, "failed_looks must be 0 or more, not the number -1"),
    ],
)
def test_a_malformed_answer_costs_no_other_host_its_line(registered: object, line: str) -> None:
    hosts = watched({"web1": registered, "web2": entry(busy())})
    for table in (round_table(hosts, ""), summary_table(hosts, "")):
        broken, seen = table.splitlines()[-2:]
        assert broken == f"web1  UNREADABLE: the answer of tcp_watch has an unexpected form: {line}"
        assert seen.split()[:1] == ["web2"]
        assert "9,000" in seen


def test_what_is_stuck_and_how_full_connection_tracking_is() -> None:
    keys = {"net.netfilter.nf_conntrack_count": "120", "net.netfilter.nf_conntrack_max": "1000"}
    stuck = observed(keys=keys, ports_in_use=[towards(10000, 9000, close_wait=700, syn_sent=1)])
    line = round_table(watched({"web1": entry(measure(None, sample(stuck)))}), "").splitlines()[3]
    assert line.split()[2:4] == ["12", "%"]
    assert line.endswith("10,000 ports, 1 SYN_SENT, 700 CLOSE_WAIT")
