# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _watch_namespaces
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch import WatchError, taken
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_namespaces import (
    after_look,
    fill,
    is_notable,
    nearness,
    without_look,
)
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_types import Measure, Namespaces
from support.snapshots import sysctl, towards
from support.watched import NO_NAMESPACES, observed

CART, LEDGER = "pod shop/cart", "pod shop/ledger"
CONNTRACK = "net.netfilter.nf_conntrack"


def looks(*each: dict[str, t.Any]) -> Namespaces:
    """The state after these looks, 10 seconds from one to the next; each: the arguments of observed()."""
    state = NO_NAMESPACES
    for number, parts in enumerate(each):
        look = observed(10.0 * number, **parts)
        state = json.loads(json.dumps(after_look(state, taken(look), look["others"])))
    return state


def of(state: Namespaces, name: str = CART) -> Measure:
    (found,) = (one["measure"] for one in state["measures"] if one["name"] == name)
    return found


def both(first: dict[str, t.Any], second: dict[str, t.Any]) -> Namespaces:
    """Two looks at one namespace."""
    return looks({"namespaces": {CART: first}}, {"namespaces": {CART: second}})


def test_without_other_namespaces_there_is_nothing() -> None:
    assert looks({}) == NO_NAMESPACES
    assert looks({"namespaces": {}}) == {**NO_NAMESPACES, "seen": 0}


def test_a_namespace_has_its_own_ports_rates_and_limits() -> None:
    ports = sysctl({"net.ipv4.ip_local_port_range": "20000\t20099"})
    first = {"opened": 5, "sysctl": ports, "ports_in_use": [towards(10, 0)]}
    state = both(first, {"opened": 25, "sysctl": ports, "time_wait": 7, "ports_in_use": [towards(60, 0)]})
    measured = of(state)
    assert (measured["usable_ports"], measured["time_wait"], measured["rates"]["ActiveOpens"]) == (100, 7, 2.0)
    # What is 0 in a namespace is left out of its facts, and is not absent for that.
    assert (measured["rates"]["PassiveOpens"], measured["absent"]) == (0.0, ["PAWSPassive"])
    assert measured["busiest"] is not None
    assert measured["busiest"]["share"] == 0.6
    assert measured["ports_left"] is not None
    assert measured["ports_left"]["seconds"] == pytest.approx((99 - 60) / 5)


def test_rates_are_by_the_moments_of_the_namespace_itself() -> None:
    assert of(both({"late": 1.0}, {"late": 3.5, "opened": 25}))["rates"]["ActiveOpens"] == 2.0


@pytest.mark.parametrize(
    ("second", "rate"),
    [
        ({CART: {"opened": 50, "identity": "another"}}, None),
        ({"pod shop/renamed": {"opened": 50, "identity": f"inode of {CART}"}}, 5.0),
        # Where the kernel tells no cookie, the number of an inode is used again.
        ({CART: {"opened": 0}}, None),
    ],
    ids=["another of the same name", "the same by another name", "counters start again"],
)
def test_the_identity_decides_what_a_rate_is_of(second: dict[str, t.Any], rate: float | None) -> None:
    state = looks({"namespaces": {CART: {"opened": 1}}}, {"namespaces": second})
    (one,) = state["measures"]
    expected = None if rate is None else pytest.approx(rate, abs=0.2)
    assert one["measure"]["rates"].get("ActiveOpens") == expected


def test_one_that_ends_vanishes_and_one_that_begins_appears() -> None:
    state = looks({"namespaces": {CART: {}}}, {"namespaces": {LEDGER: {}}})
    assert ([one["name"] for one in state["measures"]], state["seen"], state["not_seen"]) == ([LEDGER], 1, [])
    assert list(state["sample"]) == [f"inode of {LEDGER}"]
    assert of(state, LEDGER)["seconds"] is None


def test_after_a_reboot_no_namespace_has_rates() -> None:
    state = looks({"namespaces": {CART: {}}}, {"namespaces": {CART: {"opened": 9}}, "boot_id": "second"})
    assert (of(state)["restarted"], of(state)["rates"]) == (True, {})


def test_the_nearest_to_a_limit_comes_first() -> None:
    def use(ports: int) -> dict[str, t.Any]:
        return {"ports_in_use": [towards(ports, 0)]}

    names = {"quiet": {}, "half": use(14000), "filling": use(9000), "full": use(28232), "some": use(3000)}
    state = looks({"namespaces": {**names, "filling": use(8000)}}, {"namespaces": names})
    assert [one["name"] for one in state["measures"]] == ["full", "filling", "half", "some", "quiet"]
    measures = [one["measure"] for one in state["measures"]]
    assert [fill(one) for one in measures] == pytest.approx([1.0, 9000 / 28232, 14000 / 28232, 3000 / 28232, 0.0])
    assert [nearness(one) for one in measures] == pytest.approx([1.0, 1.0, 14000 / 28232, 3000 / 28232, 0.0])
    assert [is_notable(one) for one in measures] == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("second", "near"),
    [
        ({"time_wait": 131072}, 0.5),
        ({"sysctl": sysctl({f"{CONNTRACK}_count": "60", f"{CONNTRACK}_max": "100"})}, 0.6),
        ({"counters": {"Tcp": {}, "TcpExt": {"TCPTimeWaitOverflow": 1}, "Ip": {}}}, 1.0),
        ({"counters": {"Tcp": {}, "TcpExt": {"PAWSEstab": 1}, "Ip": {}}}, 0.0),
        ({"sockets": None}, 0.0),
    ],
)
def test_each_limit_counts(second: dict[str, t.Any], near: float) -> None:
    # The same at both looks where nothing is to grow.
    measured = of(both({**second, "counters": {"Tcp": {}, "TcpExt": {}, "Ip": {}}}, second))
    assert nearness(measured) == pytest.approx(near)
    assert is_notable(measured) is (near > 0 or "counters" in second)


def test_what_was_not_looked_at_is_news_once() -> None:
    told = {
        "namespaces": {CART: {"sockets": None, "not_seen": ["Sockets were not counted: EPERM."]}},
        "others": {"not_seen": ["2 were not."]},
    }
    first, second = looks(told), looks(told, told)
    assert first["not_seen"] == first["news"] == ["2 were not.", f"{CART}: Sockets were not counted: EPERM."]
    assert (second["not_seen"], second["news"]) == (first["not_seen"], [])
    assert (first["seen"], first["unknown"], looks({"namespaces": {CART: {}}})["unknown"]) == (1, 1, 0)
    silent = looks({"namespaces": {CART: {"sockets": None}, LEDGER: {"sysctl": None}}})
    assert (silent["unknown"], silent["news"][0]) == (2, f"{CART}: its ports and sockets are not known")
    blind = without_look(second)
    assert (blind["seen"], blind["measures"], blind["sample"]) == (None, [], second["sample"])


@pytest.mark.parametrize(
    "bad",
    [
        {"identity": "inode of b"},
        {"late": -10.0 + 1e-12, "opened": 10**15},
    ],
    ids=["identity of another one", "clock that stands still"],
)
def test_one_whose_figures_cannot_be_costs_no_other_one(bad: dict[str, t.Any]) -> None:
    state = looks({"namespaces": {"b": {}, CART: {}, "c": {}}}, {"namespaces": {"b": {}, CART: bad, "c": {}}})
    assert {one["name"] for one in state["measures"] if one["measure"]["rates"]} == {"b", "c"}
    assert state["seen"] == 3
    assert [sentence.split(":")[0] for sentence in state["not_seen"]] == [CART]


def test_names_that_are_the_same_once_they_are_clean_are_not_both_taken() -> None:
    look = observed(namespaces={"a\x1b": {}, "a\\x1b": {}, "b": {}})
    state = after_look(NO_NAMESPACES, taken(look), look["others"])
    assert sorted(one["name"] for one in state["measures"]) == ["a\\x1b", "b"]
    assert state["not_seen"] == ["a\\x1b: the host sent it twice, or without its identity"]


def test_all_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_watch_namespaces, "MOST_MEASURED", 3)
    names = {f"pod {number}": {"ports_in_use": [towards(10_000 + number, 0)]} for number in range(30)}
    state = looks({"namespaces": names})
    assert ([one["name"] for one in state["measures"]], state["seen"]) == (["pod 29", "pod 28", "pod 27"], 30)
    assert len(state["sample"]) == 3
    blind: dict[str, t.Any] = {name: {"sockets": None, "not_seen": [f"{name} is dark"]} for name in names}
    monkeypatch.setattr(_watch_namespaces, "MOST_MEASURED", 30)
    told = looks({"namespaces": blind})["not_seen"]
    assert (len(told), told[-1]) == (11, "and 20 more sentences about other network namespaces")


def test_the_highest_is_kept_where_the_namespace_has_ended() -> None:
    full = {CART: {"ports_in_use": [towards(28232, 0)]}, LEDGER: {"ports_in_use": [towards(9000, 0)]}, "quiet": {}}
    state = looks({"namespaces": full}, {"namespaces": {LEDGER: {}}}, {"namespaces": {}})
    assert [(one["name"], one["peak"]["seen"]) for one in state["peaks"]] == [(CART, 1), (LEDGER, 2)]
    assert state["peaks"][0]["nearness"] == 1.0
    assert state["peaks"][0]["peak"]["busiest"] is not None
    assert len(looks({"namespaces": {str(number): full[CART] for number in range(20)}})["peaks"]) == _watch_namespaces.MOST_PEAKS


@pytest.mark.parametrize("others", [[], {"moments": {CART: {"clock": 1}}}, {"top": 0}, {"not_seen": 5}], ids=str)
def test_what_is_sent_in_another_form_is_refused(others: object) -> None:
    with pytest.raises(WatchError, match="about other network namespaces cannot be used"):
        after_look(NO_NAMESPACES, taken(observed(namespaces={CART: {}})), others)
