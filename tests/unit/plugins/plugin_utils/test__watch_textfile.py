# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
import subprocess
import typing as t
from collections.abc import Sequence
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _watch_textfile as textfile
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch import COUNTERS, WatchError, taken
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_namespaces import after_look
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_table import watched
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch_types import Measure
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from support.audits import HOSTILE
from support.promql import promtool_path
from support.snapshots import towards
from support.watched import NO_NAMESPACES, grown, observed, two_looks

MOMENT = 1_800_000_000.25

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
AMOUNTS = st.integers(0, 2**64 - 1)
SHARES = st.floats(0, 1)


def busy() -> Measure:
    first = observed(ports_in_use=[towards(6000, 5000)])
    later = grown(ActiveOpens=5000, PAWSEstab=1)
    return two_looks(first, observed(10, 9000, ports_in_use=[towards(10235, 9235)], counted={"PAWSTimewait": None, **later}))


@st.composite
def measures(draw: st.DrawFn) -> Measure:
    present = draw(st.sets(st.sampled_from(sorted(COUNTERS))))
    seconds = st.none() | st.floats(0, 1e9)
    busiest = {
        "source": "192.0.2.1",
        "destination": "192.0.2.2",
        "destination_port": 80,
        "ports": draw(AMOUNTS),
        "share": draw(SHARES),
        "states": draw(st.dictionaries(st.sampled_from(["close_wait", "established"]), AMOUNTS)),
    }
    left = {"source": "192.0.2.1", "destination": "192.0.2.2", "destination_port": 80, "seconds": draw(st.floats(0, 1e9))}
    return t.cast(
        "Measure",
        {
            **busy(),
            "time_wait": draw(st.none() | AMOUNTS),
            "bucket_limit": draw(st.none() | AMOUNTS),
            "usable_ports": draw(st.none() | AMOUNTS),
            "busiest": draw(st.none() | st.just(busiest)),
            "counters": {name: draw(AMOUNTS) for name in present},
            "tracked": draw(st.none() | AMOUNTS),
            "tracked_limit": draw(st.none() | AMOUNTS),
            "ports_left": draw(st.none() | st.just(left)),
            "knee_left": draw(st.none() | st.just(left)),
            "buckets_left": draw(seconds),
        },
    )


def parsed(text: str) -> dict[str, tuple[str, dict[str, float]]]:
    """By the reference parser: name of each sample to its type and to the values by host, or by "host / namespace"."""
    found: dict[str, tuple[str, dict[str, float]]] = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation
        assert family.type in ("gauge", "counter")
        for one in family.samples:
            assert set(one.labels) == ({"host"} if one.name.startswith("linux_tcp_watch_") else {"host", "namespace"})
            values = found.setdefault(one.name, (family.type, {}))[1]
            where = " / ".join(filter(None, one.labels.values()))
            assert where not in values
            values[where] = float(one.value)
    return found


def render(**hosts: Measure | None) -> str:
    return textfile.render(watched({name: {"measure": measured} for name, measured in hosts.items()}), MOMENT)


@settings(max_examples=40)
@given(st.dictionaries(NAMES, st.none() | measures(), min_size=1, max_size=4))
def test_the_reference_parser_reads_back_what_was_measured(hosts: dict[str, Measure | None]) -> None:
    read = parsed(textfile.render(watched({name: {"measure": measured} for name, measured in hosts.items()}), MOMENT))
    assert read["linux_tcp_watch_up"] == ("gauge", {name: float(measured is not None) for name, measured in hosts.items()})
    for family in textfile.FAMILIES:
        values = {name: family.value(measured) for name, measured in hosts.items() if measured is not None}
        known = {name: float(value) for name, value in values.items() if value is not None}
        assert read.get(family.name, (family.kind, {})) == (family.kind, known)


def test_each_thing_has_its_family() -> None:
    read = {name: values for name, (_kind, values) in parsed(render(web1=busy(), gone=None)).items()}
    assert read.pop("linux_tcp_watch_up") == {"web1": 1.0, "gone": 0.0}
    assert read == {
        name: {"web1": pytest.approx(value)}
        for name, value in {
            "linux_tcp_watch_timestamp_seconds": MOMENT,
            "linux_tcp_time_wait_sockets": 9000,
            "linux_tcp_time_wait_limit_sockets": 262144,
            "linux_tcp_ports_usable": 28232,
            "linux_tcp_ports_busiest": 10235,
            "linux_tcp_ports_busiest_ratio": 10235 / 28232,
            "linux_tcp_ports_exhaustion_seconds": (0.99 * 28232 - 10235) / 423.5,
            "linux_tcp_ports_knee_seconds": (0.99 * 14116 - 10235) / 423.5,
            "linux_tcp_ports_busiest_syn_sent": 0,
            "linux_tcp_ports_busiest_fin_wait2": 0,
            "linux_tcp_ports_busiest_close_wait": 0,
            "linux_tcp_active_opens_total": 5500,
            "linux_tcp_passive_opens_total": 40000,
            "linux_tcp_time_wait_overflows_total": 0,
            "linux_tcp_paws_active_total": 0,
            "linux_tcp_paws_established_total": 4,
        }.items()
    }


def crowd(names: Sequence[str], **others: t.Any) -> dict[str, t.Any]:
    """The state of a host with other network namespaces of these names."""
    namespaces = {name: {"opened": place, "time_wait": place} for place, name in enumerate(names)}
    look = observed(namespaces=namespaces, others=others)
    return {"measure": busy(), "namespaces": after_look(NO_NAMESPACES, taken(look), look["others"])}


def test_each_namespace_has_its_lines_and_an_empty_label_is_the_host() -> None:
    text = textfile.render(watched({"web1": crowd(["pod shop/cart", "idle"]), "web2": {"measure": busy()}}), MOMENT)
    read = parsed(text)
    assert read["linux_tcp_active_opens_total"][1] == {"web1": 5500, "web1 / pod shop/cart": 0, "web1 / idle": 1, "web2": 5500}
    assert read["linux_tcp_time_wait_sockets"][1]["web1 / idle"] == 1
    assert 'linux_tcp_time_wait_sockets{host="web1",namespace=""} 9000\n' in text
    # Nobody asked for those of web2.
    assert read["linux_tcp_watch_namespaces"][1] == {"web1": 2}
    assert read["linux_tcp_watch_namespaces_left_out"][1] == {"web1": 0}
    assert read["linux_tcp_watch_namespaces_all_seen"][1] == {"web1": 1}


def test_namespaces_that_could_not_be_looked_at_are_not_taken_for_none() -> None:
    state = crowd([], not_seen=["900 processes were not looked at: no permission."])
    read = parsed(textfile.render(watched({"web1": state}), MOMENT))
    assert read["linux_tcp_watch_namespaces"][1] == {"web1": 0}
    assert read["linux_tcp_watch_namespaces_all_seen"][1] == {"web1": 0}


def test_the_number_of_series_is_bounded_and_those_nearest_to_a_limit_stay() -> None:
    names = [f"pod {place}" for place in range(textfile.MOST_NAMESPACES + 150)]
    read = parsed(textfile.render(watched({"web1": crowd(names)}), MOMENT))
    kept = {f"web1 / {name}" for name in names[-textfile.MOST_NAMESPACES :]}
    assert set(read["linux_tcp_time_wait_sockets"][1]) == {"web1", *kept}
    assert read["linux_tcp_watch_namespaces"][1] == {"web1": len(names)}
    assert read["linux_tcp_watch_namespaces_left_out"][1] == {"web1": 150}


@settings(max_examples=40)
@given(st.lists(NAMES, min_size=1, max_size=5))
def test_whatever_a_namespace_is_called_it_costs_no_other_line(names: list[str]) -> None:
    state = crowd(["cart", "ledger", *(f"{place}" for place in range(len(names)))])
    for one, name in zip(state["namespaces"]["measures"], names):
        one["name"] = name
    read = parsed(textfile.render(watched({"web1": state}), MOMENT))
    assert set(read["linux_tcp_time_wait_sockets"][1]) == {"web1", *(f"web1 / {one['name']}" for one in state["namespaces"]["measures"])}


def test_names_follow_the_conventions() -> None:
    for family in (*textfile.ABOUT_THE_WATCH, *textfile.FAMILIES):
        assert family.name.startswith("linux_tcp_")
        assert family.name.endswith("_total") is (family.kind == "counter")
        assert "\n" not in family.help
        assert "\\" not in family.help


def test_promtool_finds_nothing_to_say() -> None:
    state = crowd(["cart", *(attack.replace("\ud800", "?") for attack in HOSTILE.values())])
    text = textfile.render(watched(dict.fromkeys(HOSTILE.values(), state)), MOMENT)
    done = subprocess.run([promtool_path(), "check", "metrics"], input=text.encode(), capture_output=True, check=False, timeout=300)
    assert (done.returncode, done.stdout + done.stderr) == (0, b"")


def test_the_guide_lists_every_metric() -> None:
    guide = (Path(__file__).parents[4] / "docs" / "watch.md").read_text(encoding="utf-8")
    for family in (*textfile.ABOUT_THE_WATCH, *textfile.FAMILIES):
        assert f"| `{family.name}` | {family.kind} |" in guide


def test_a_folder_gets_a_file_and_a_file_keeps_its_name(tmp_path: Path) -> None:
    assert textfile.file_path(str(tmp_path)) == str(tmp_path / "linux_tcp.prom")
    assert textfile.file_path(str(tmp_path / "fleet.prom")) == str(tmp_path / "fleet.prom")


def test_a_relative_path_starts_at_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert textfile.file_path("fleet.prom") == str(tmp_path / "fleet.prom")


@pytest.mark.parametrize(
    ("path", "message"), [("no/such/folder", "ends in .prom"), ("fleet.txt", "ends in .prom"), ("no/fleet.prom", "there is no folder")]
)
def test_a_path_that_cannot_be_is_refused(tmp_path: Path, path: str, message: str) -> None:
    with pytest.raises(WatchError, match=message):
        textfile.file_path(str(tmp_path / path))


def test_the_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "linux_tcp.prom"
    textfile.write(str(path), "old\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    with path.open() as reading:
        textfile.write(str(path), render(web1=busy()))
        assert reading.read() == "old\n"
    assert parsed(path.read_text())
    assert os.listdir(tmp_path) == ["linux_tcp.prom"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "linux_tcp.prom").mkdir()
    with pytest.raises(WatchError, match=r"cannot write .*linux_tcp\.prom"):
        textfile.write(str(tmp_path / "linux_tcp.prom"), "text\n")
    assert os.listdir(tmp_path) == ["linux_tcp.prom"]


def test_a_measure_of_another_form_is_a_host_that_was_not_seen() -> None:
    read = parsed(render(web1=t.cast("Measure", {"time_wait": 1}), web2=busy()))
    assert read["linux_tcp_watch_up"][1] == {"web1": 0.0, "web2": 1.0}
    assert read["linux_tcp_time_wait_sockets"][1] == {"web2": 9000.0}
