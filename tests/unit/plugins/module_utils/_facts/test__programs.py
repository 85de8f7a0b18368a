# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, Iterable

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._programs import MAX_SOCKETS, ProgramWatch
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from hypothesis import given
from hypothesis import strategies as st
from support.netlink import Kernel, attribute, connection, done

from .test__processes import mounted, process

RANGE = (32768, 60999)
ME, WEB = "192.0.2.1", ("192.0.2.80", 443)


class Looks:
    """A kernel whose sockets are others at each look; a look lists two families."""

    def __init__(self, *looks: list[bytes]) -> None:
        self.asked = 0
        self._looks = looks

    def __call__(self, family: int, states: int, extensions: int) -> Iterable[bytes]:
        sockets = self._looks[min(self.asked // 2, len(self._looks) - 1)]
        self.asked += 1
        return Kernel(sockets)(family, states, extensions)


def live(number: int, state: str = "established", group: int = 0, user: int = 0, **more: Any) -> bytes:
    """A socket with the number as cookie and inode, from a port of its own."""
    attributes = attribute(21, struct.pack("=Q", group)) if group else b""
    return connection(state, (ME, 40000 + number), WEB, attributes, identity=(0, number, user, number), **more)


def watched(root: Path, *looks: list[bytes], listening: tuple[int, ...] = ()) -> tuple[Any, list[str]]:
    watch = ProgramWatch(HostTree(str(root)), [WEB], listening, RANGE, Looks(*looks))
    for _each in looks:
        watch.look()
    return watch.result()


def test_what_is_seen_of_one_program(tmp_path: Path) -> None:
    process(tmp_path, 10, "java", "0::/system.slice/billing.service", 1, 2, 3, 5)
    first = [live(1), live(2), live(3, timer=1), connection("established", (ME, 40009), ("192.0.2.99", 443), identity=(0, 9, 0, 9))]
    last = [live(1, timer=2), live(2, "close_wait"), live(5, timer=2), live(7, timer=1), live(9)]
    found, not_seen = watched(tmp_path, first, last)
    assert not_seen == []
    assert (found["looks"], found["sockets"], found["sockets_without_program"]) == (2, 6, 0)
    assert found["uses"] == [
        {
            "program": "java",
            "owner": "billing.service",
            "user_id": 0,
            "processes": 1,
            "destination": "192.0.2.80",
            "port": 443,
            "sockets": 6,
            "lasting": 2,
            "opened": 3,
            "states": {"close_wait": 1, "established": 4},
            "closed_by_peer": 1,
            "bind_parity": 5,
            "idle": 3,
            "keepalive": 2,
        }
    ]


def test_a_socket_whose_process_has_ended_is_of_the_only_program_of_its_kin(tmp_path: Path) -> None:
    process(tmp_path, 10, "curl", "0::/", 1)
    found, _not_seen = watched(tmp_path, [live(1), live(2), live(3, user=33)])
    assert [(use["program"], use["user_id"], use["sockets"]) for use in found["uses"]] == [("curl", 0, 2), (None, 33, 1)]
    assert found["sockets_without_program"] == 1


def test_without_a_process_the_control_group_tells_the_unit(tmp_path: Path) -> None:
    groups = mounted(tmp_path, "system.slice/cron.service")
    cron = (groups / "system.slice/cron.service").stat().st_ino
    found, _not_seen = watched(tmp_path, [live(1, group=cron)])
    assert [(use["program"], use["owner"]) for use in found["uses"]] == [(None, "cron.service")]
    assert found["sockets_without_program"] == 0


def test_two_programs_of_one_kin_leave_the_others_without_a_name(tmp_path: Path) -> None:
    process(tmp_path, 10, "curl", "0::/", 1)
    process(tmp_path, 11, "wget", "0::/", 2)
    found, _not_seen = watched(tmp_path, [live(1), live(2), live(3)])
    assert sorted((use["program"] or "", use["sockets"]) for use in found["uses"]) == [("", 1), ("curl", 1), ("wget", 1)]


def test_a_listener_and_its_connections_that_are_not_closed(tmp_path: Path) -> None:
    process(tmp_path, 10, "httpd", "0::/", 1, 2, 3)
    accepted = [
        connection(state, (ME, 80), ("192.0.2.9", 5), identity=(0, n, 0, n)) for n, state in ((1, "close_wait"), (2, "established"))
    ]
    found, _not_seen = watched(tmp_path, [*accepted, connection("listen", ("0.0.0.0", 80), identity=(0, 3, 0, 3))], listening=(80,))
    assert [(use["destination"], use["port"], use["states"]) for use in found["uses"]] == [(None, 80, {"close_wait": 1, "listen": 1})]


class Walked(HostTree):
    """Counts how often all processes are asked."""

    walks = 0

    def names(self, path: str) -> list[str]:
        self.walks += path == "/proc"
        return super().names(path)


def test_a_socket_that_has_gone_is_looked_for_no_more(tmp_path: Path) -> None:
    host = Walked(str(tmp_path))
    watch = ProgramWatch(host, [WEB], (), RANGE, Looks([live(1)], [live(1)], []))
    for _each in range(5):
        watch.look()
    assert host.walks == 2


def test_a_socket_that_no_program_has_open_is_not_counted(tmp_path: Path) -> None:
    found, _not_seen = watched(tmp_path, [connection("fin_wait2", (ME, 40000), WEB, identity=(0, 5, 0, 0))])
    assert found["sockets"] == 0


def test_connections_over_ipv6_sockets_to_an_ipv4_address_count_too(tmp_path: Path) -> None:
    mapped = connection("established", (f"::ffff:{ME}", 40000), (f"::ffff:{WEB[0]}", 443), identity=(0, 5, 0, 5))
    found, _not_seen = watched(tmp_path, [mapped])
    assert [use["destination"] for use in found["uses"]] == ["192.0.2.80"]


def test_a_kernel_that_lists_no_sockets_is_told(tmp_path: Path) -> None:
    def refuse(family: int, states: int, extensions: int) -> Iterable[bytes]:
        raise PermissionError(13, "no")

    watch = ProgramWatch(HostTree(str(tmp_path)), [WEB], (), RANGE, refuse)
    watch.watch_until(0)
    found, not_seen = watch.result()
    assert found is None
    assert not_seen == ["Which programs hold the ports was not seen: the kernel's socket list (sock_diag) answered EACCES."]


def test_of_very_many_sockets_some_are_only_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._programs.MAX_SOCKETS", 3)
    found, not_seen = watched(tmp_path, [live(number) for number in range(1, 6)])
    assert (found["sockets"], found["sockets_without_program"]) == (5, 5)
    assert not_seen == ["2 sockets were not looked at for their program: the limit is 3."]
    assert MAX_SOCKETS > 20_000


@given(st.lists(st.binary(max_size=200), max_size=4))
def test_no_answer_of_the_kernel_makes_it_raise(buffers: list[bytes]) -> None:
    watch = ProgramWatch(HostTree("/nowhere"), [WEB], (80,), RANGE, lambda *_asked: [*buffers, done()])
    watch.look()
    watch.result()
