# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _watch_destinations as destinations
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _watch_textfile as textfile
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch import measure, sample, taken
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_namespaces import after_look
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_table import watched
from prometheus_client.parser import text_string_to_metric_families
from support.audits import HOSTILE
from support.snapshots import towards
from support.watched import NO_NAMESPACES, grown, observed

if t.TYPE_CHECKING:
    from prometheus_client.samples import Sample


def to(last: int, ports: int, time_wait: int = 0, **changes: t.Any) -> dict[str, t.Any]:
    """A group towards 198.51.100.LAST."""
    return {**towards(ports, time_wait, f"198.51.100.{last}"), **changes}


def state(*looks: dict[str, t.Any]) -> dict[str, t.Any]:
    """What tcp_watch returns after these looks."""
    before, namespaces = None, NO_NAMESPACES
    for look in looks:
        now = sample(look)
        measured = measure(before, now)
        namespaces = after_look(namespaces, taken(look), look["others"])
        before = now
    return {"measure": measured, "sample": before, "namespaces": namespaces}


def samples(most: int = 10, **hosts: dict[str, t.Any]) -> list[Sample]:
    text = textfile.render(watched(hosts), 1_800_000_000.0, most)
    return [
        one for family in text_string_to_metric_families(text) for one in family.samples if one.name.startswith("linux_tcp_destination_")
    ]


def without_surrogate(text: str) -> str:
    """A snapshot with one is refused as a whole."""
    return text.replace("\ud800", "?")


def ports(found: list[Sample], *names: str) -> dict[tuple[str, ...], float]:
    """The ports that are used, by these labels."""
    return {tuple(one.labels[name] for name in names): one.value for one in found if one.name == destinations.PORTS}


def test_a_destination_has_its_ports_its_limit_and_its_sockets_by_state() -> None:
    states = {"established": 60, "time_wait": 5000, "syn_sent": 7, "last_ack": 2, "closing": 1}
    found = samples(web1=state(observed(ports_in_use=[to(80, 5070, states=states)])))
    where = {
        "host": "web1",
        "namespace": "",
        "source": "192.0.2.10",
        "destination": "198.51.100.80",
        "destination_port": "80",
        "device": "",
    }
    assert all(where.items() <= one.labels.items() for one in found)
    assert {(one.name.removeprefix("linux_tcp_destination_"), one.labels.get("state")): one.value for one in found} == {
        ("ports", None): 5070,
        ("ports_usable", None): 28232,
        ("sockets", "established"): 60,
        ("sockets", "time_wait"): 5000,
        ("sockets", "syn_sent"): 7,
        ("sockets", "fin_wait2"): 0,
        ("sockets", "close_wait"): 0,
        ("sockets", "other"): 3,
    }


def test_the_first_to_run_out_says_when() -> None:
    first = observed(ports_in_use=[to(1, 20000, 20000), to(2, 6000, 5000)])
    second = observed(10, ports_in_use=[to(1, 20000, 20000), to(2, 10235, 9235)], counted=grown(ActiveOpens=5000))
    seconds = {one.labels["destination"]: one.value for one in samples(web1=state(first, second)) if one.name == destinations.SECONDS}
    assert seconds == {"198.51.100.2": pytest.approx((0.99 * 28232 - 10235) / 423.5)}


def test_of_two_devices_the_one_that_runs_out_says_when() -> None:
    first = observed(ports_in_use=[to(1, 6000, 5000, device="red"), to(1, 7000, 7000, device="blue")])
    second = observed(
        10, ports_in_use=[to(1, 10235, 9235, device="red"), to(1, 7000, 7000, device="blue")], counted=grown(ActiveOpens=5000)
    )
    found = samples(web1=state(first, second))
    assert ports(found, "device") == {("red",): 10235, ("blue",): 7000}
    assert [one.labels["device"] for one in found if one.name == destinations.SECONDS] == ["red"]


def test_each_host_has_so_many_those_nearest_to_their_last_port() -> None:
    crowd = state(observed(ports_in_use=[to(last, 100 + last) for last in range(1, 19)]))
    assert ports(samples(3, web1=crowd), "destination") == {(f"198.51.100.{last}",): 100 + last for last in (18, 17, 16)}
    assert len(ports(samples(web1=crowd, web2=crowd), "host", "destination")) == 20
    assert samples(0, web1=crowd) == []


def test_one_that_soon_runs_out_comes_before_one_that_holds_more() -> None:
    first = observed(ports_in_use=[to(1, 20000, 20000), to(2, 6000, 5000)])
    second = observed(10, ports_in_use=[to(1, 20000, 20000), to(2, 10235, 9235)], counted=grown(ActiveOpens=5000))
    assert ports(samples(1, web1=state(first, second)), "destination") == {("198.51.100.2",): 10235}


def test_those_of_other_namespaces_count_with_the_host() -> None:
    crowd = {"cart": {"ports_in_use": [to(1, 9000)]}, "idle": {"ports_in_use": [to(1, 10)]}}
    found = samples(2, web1=state(observed(ports_in_use=[to(1, 500)], namespaces=crowd)))
    assert ports(found, "namespace") == {("cart",): 9000, ("",): 500}


def test_what_the_last_round_did_not_see_is_gone() -> None:
    first, second = observed(ports_in_use=[to(1, 500), to(2, 400)]), observed(5, ports_in_use=[to(2, 300)])
    assert set(ports(samples(web1=state(first)), "destination")) == {("198.51.100.1",), ("198.51.100.2",)}
    assert ports(samples(web1=state(first, second)), "destination") == {("198.51.100.2",): 300}
    not_seen = {**state(first), "measure": None, "failure": {"unreachable": True, "msg": "no route"}}
    assert samples(web1=not_seen) == []


def test_whatever_a_host_sends_as_an_address_it_costs_no_other_line() -> None:
    groups = [to(1, 100, source=text, destination=text, device=text) for text in map(without_surrogate, HOSTILE.values())]
    # Alike once they are cut.
    groups += [to(1, 90, device="y" * 5000), to(1, 80, device="y" * 6000), to(1, 70, source="fe80::1%$(reboot)")]
    hostile, fine = state(observed(ports_in_use=groups)), state(observed(ports_in_use=[to(1, 500)]))
    found = samples(100, evil=hostile, web1=fine)
    assert len(ports(found, "source", "destination", "device", "host")) == len(HOSTILE) + 3
    assert {one.labels["source"] for one in found} == {"192.0.2.10", "invalid"}
    assert {one.labels["destination"] for one in found} == {"198.51.100.1", "invalid"}
    names = [(one.name, *sorted(one.labels.items())) for one in found]
    assert len(set(names)) == len(names)
    for one in found:
        for text in one.labels.values():
            assert text.isprintable()
            assert len(text) <= 64


def test_states_that_do_not_exist_are_no_labels() -> None:
    found = samples(evil=state(observed(ports_in_use=[to(1, 5, states={'x"} 1\n': 5})])))
    assert {one.labels["state"]: one.value for one in found if one.name == destinations.SOCKETS} == {
        **dict.fromkeys(destinations.STATES, 0),
        "other": 5,
    }


def test_the_guide_lists_every_metric_and_every_state() -> None:
    guide = (Path(__file__).parents[4] / "docs" / "watch.md").read_text(encoding="utf-8")
    for name in destinations.FAMILIES:
        assert f"| `{name}` | gauge |" in guide
    for each in (*destinations.STATES, destinations.OTHER):
        assert f"`{each}`" in guide
