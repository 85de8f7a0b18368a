# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import time
import typing as t
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from ansible_collections.linux_tcp.hardening.plugins.action import tcp_watch_table
from ansible_collections.linux_tcp.hardening.plugins.modules import tcp_watch_table as documentation
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._watch import measure, peak, sample
from support.watched import observed


class Clock:
    """A controller's clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 5000.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(time, "monotonic", lambda: made.now)
    monkeypatch.setattr(time, "sleep", made.sleep)
    return made


@pytest.fixture(autouse=True)
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What went to the terminal."""
    texts: list[str] = []
    monkeypatch.setattr(tcp_watch_table.display, "display", texts.append)
    monkeypatch.setattr(tcp_watch_table.display, "warning", texts.append)
    return texts


def run(check_mode: bool = False, **options: t.Any) -> dict[str, t.Any]:
    task: t.Any = SimpleNamespace(args=options, check_mode=check_mode, async_val=0, diff=False)
    connection: t.Any = SimpleNamespace(_shell=SimpleNamespace(tmpdir="unused"))
    unused: t.Any = None
    action: t.Any = tcp_watch_table.ActionModule(
        task, connection, play_context=unused, loader=unused, templar=unused, shared_loader_obj=unused
    )
    action._load_name = "tcp_watch_table"
    return dict(action.run(task_vars={}))


FIRST = measure(None, sample(observed(time_wait=12)))
HOSTS = {
    "web1": {"measure": FIRST, "peak": peak(None, FIRST), "failure": {}, "missed": 0},
    "gone": {"measure": None, "peak": None, "failure": {"unreachable": True, "msg": "no route"}, "missed": 1},
}


def test_the_options_are_those_of_the_documentation() -> None:
    documented = yaml.safe_load(documentation.DOCUMENTATION)["options"]
    facts = ("type", "required", "default")
    assert {name: {fact: one[fact] for fact in facts if fact in one} for name, one in documented.items()} == tcp_watch_table.ARGUMENTS
    for name, (low, high) in tcp_watch_table.BOUNDS.items():
        assert f"Must be between V({low}) and V({high})." in documented[name]["description"]


def test_what_is_returned_is_documented(clock: Clock) -> None:
    assert set(run(hosts=HOSTS)) == {"changed", *yaml.safe_load(documentation.RETURN)}


def test_rounds_keep_to_their_moments(clock: Clock, shown: list[str]) -> None:
    previous: dict[str, t.Any] = {}
    moments = []
    for took in (1.5, 0.5, 2.0, 0.1):
        clock.now += took
        moments.append(clock.now)
        previous = run(hosts=HOSTS, rounds=3, interval=5, previous=previous)
    # The first look sets the moments; each later table is shown as long after its moment as the round took.
    assert [moment - previous["started"] for moment in moments] == pytest.approx([0, 5.5, 12, 15.1])
    assert previous["finished"]
    assert [text.split("\n")[0].split("  ", 1)[1] for text in shown] == [
        "first look",
        "round 1 of 3",
        "round 2 of 3",
        "round 3 of 3",
    ]


def test_the_end_is_shown_at_once(clock: Clock, shown: list[str]) -> None:
    ended = run(hosts=HOSTS, rounds=3, summary=True)
    assert ended == {"changed": False, "table": shown[0].removesuffix("\n")}
    assert shown[0].startswith("The last figures, and the highest in brackets\nHOST")
    assert clock.now == 5000.0


def test_a_round_that_takes_too_long_leaves_moments_out(clock: Clock, shown: list[str]) -> None:
    previous = run(hosts=HOSTS, rounds=4, interval=5)
    clock.now += 7
    previous = run(hosts=HOSTS, rounds=4, interval=5, previous=previous)
    assert "round 1 of 4 (took 7.0 s, longer than the 5 s between rounds)" in shown[-1]
    assert (previous["next_round"], previous["finished"], clock.now - previous["started"]) == (3, False, 15.0)
    clock.now += 11
    previous = run(hosts=HOSTS, rounds=4, interval=5, previous=previous)
    assert previous["finished"]
    assert run(hosts=HOSTS, rounds=4, interval=5, previous=previous) == {
        **previous,
        "skipped": True,
        "skip_reason": "The watch is over.",
    }


def test_the_text_file_is_written_but_not_in_check_mode(clock: Clock, tmp_path: Path) -> None:
    run(check_mode=True, hosts=HOSTS, textfile=str(tmp_path))
    assert os.listdir(tmp_path) == []
    run(hosts=HOSTS, textfile=str(tmp_path))
    assert os.listdir(tmp_path) == ["linux_tcp.prom"]
    assert 'linux_tcp_watch_up{host="gone"} 0\n' in (tmp_path / "linux_tcp.prom").read_text()


def test_a_text_file_that_cannot_be_written_is_refused_at_once_and_ends_no_watch(clock: Clock, tmp_path: Path, shown: list[str]) -> None:
    first = run(hosts=HOSTS, rounds=2)
    (tmp_path / "linux_tcp.prom").mkdir()
    with pytest.raises(AnsibleActionFail, match="cannot write"):
        run(hosts=HOSTS, rounds=2, textfile=str(tmp_path))
    assert not run(hosts=HOSTS, rounds=2, textfile=str(tmp_path), previous=first)["finished"]
    assert any("cannot write" in text for text in shown)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "missing required arguments: hosts"),
        ({"hosts": {}, "rounds": -1}, "rounds must be between 0 and 86400, not -1"),
        ({"hosts": {}, "interval": 0}, "interval must be between 0.1 and 3600, not 0.0"),
        ({"hosts": {}, "interval": float("nan")}, "interval must be between 0.1 and 3600, not nan"),
        ({"hosts": {}, "previous": {"started": "x"}}, "previous is not a result of tcp_watch_table"),
        ({"hosts": {}, "previous": {"started": 1e12, "next_round": 1}}, "previous is not a result of tcp_watch_table"),
        ({"hosts": {}, "textfile": "/no/such/folder"}, "/no/such/folder is no folder"),
    ],
)
def test_bad_options_are_named(options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(AnsibleActionFail) as caught:
        run(**options)
    assert message in str(caught.value)
