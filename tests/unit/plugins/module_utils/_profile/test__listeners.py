# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who listens, and who of them is a service: with sockets and processes that are made up."""

from __future__ import annotations

import os
import socket
import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile import _listeners
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._listeners import (
    PAUSE_SECONDS,
    Process,
    Sources,
    is_service,
    look,
)
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._reserved_ports import Listening, Question
from support.netlink import Kernel, connection

UPTIME = 100000.0
OLD, YOUNG = 3600, 5
SERVICE = "/system.slice/nginx.service"
SESSION = "/user.slice/user-1000.slice/session-3.scope"
QUESTION = Question(32768, 60999, frozenset(), frozenset())


def listener(port: int, address: str = "0.0.0.0", number: int = 0, protocol: str = "tcp", interface: int = 0, user_id: int = 1000) -> bytes:
    """A socket whose inode is the port, and whose cookie is the number."""
    return connection("listen" if protocol == "tcp" else "close", (address, port), identity=(interface, number, user_id, port))


class Host:
    """A folder like /proc, the sockets of each look, and how long was slept."""

    def __init__(self, proc: Path) -> None:
        self.proc = proc
        self.looks: list[tuple[list[bytes], list[bytes]]] = []
        self.slept: list[float] = []
        self.udp_error = 0

    def process(self, pid: int, ports: t.Iterable[int], cgroup: str = "0::" + SERVICE, seconds: float = OLD, name: str = "nginx") -> None:
        folder = self.proc / str(pid)
        (folder / "fd").mkdir(parents=True)
        ticks = int((UPTIME - seconds) * os.sysconf("SC_CLK_TCK"))
        (folder / "stat").write_text(f"{pid} ({name}) S {' '.join(['0'] * 18)} {ticks} 0 0\n")
        (folder / "cgroup").write_text(cgroup + "\n")
        os.symlink("/dev/null", folder / "fd" / "0")
        for number, port in enumerate(ports, 3):
            os.symlink(f"socket:[{port}]", folder / "fd" / str(number))

    def sockets(self, tcp: t.Iterable[bytes] = (), udp: t.Iterable[bytes] = ()) -> None:
        """What one more look finds; the last one stays."""
        self.looks.append((list(tcp), list(udp)))

    def look(self, question: Question = QUESTION) -> Listening:
        def dump(family: int, states: int, extensions: int, protocol: int) -> t.Iterable[bytes]:
            if protocol == socket.IPPROTO_UDP and self.udp_error:
                raise OSError(self.udp_error, "no")
            at = min(len(self.slept), len(self.looks) - 1)
            return Kernel(self.looks[at][protocol == socket.IPPROTO_UDP])(family, states, extensions)

        return look(question, Sources(dump, str(self.proc), lambda: UPTIME, self.slept.append))


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.mark.parametrize(
    ("address", "interface", "counts"),
    [
        ("0.0.0.0", 0, True),
        ("::", 0, True),
        ("192.0.2.1", 0, True),
        ("2001:db8::1", 0, True),
        ("::ffff:192.0.2.1", 0, True),
        ("0.0.0.0", 2, True),
        ("127.0.0.1", 0, False),
        ("127.9.9.9", 0, False),
        ("::1", 0, False),
        ("::ffff:127.0.0.1", 0, False),
        ("0.0.0.0", 1, False),
    ],
)
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_listener_that_others_can_reach_counts(host: Host, address: str, interface: int, counts: bool, protocol: str) -> None:
    host.process(7, [40000])
    host.sockets(**{protocol: [listener(40000, address, protocol=protocol, interface=interface)]})
    assert host.look() == (frozenset({40000} if counts else ()), "", True)
    assert host.slept == ([PAUSE_SECONDS] if counts else [])


def test_sockets_with_a_peer_and_ports_outside_the_range_do_not_count(host: Host) -> None:
    host.process(7, [40000, 80, 61000])
    host.sockets(
        [listener(80), listener(61000), listener(32767)], [connection("established", ("192.0.2.1", 40000), ("192.0.2.2", 53)), listener(53)]
    )
    assert host.look() == (frozenset(), "", True)


@pytest.mark.parametrize(
    ("cgroup", "pid", "seconds", "service"),
    [
        (SERVICE, 7, YOUNG, True),
        ("/system.slice/docker-0123.scope", 7, YOUNG, True),
        ("/machine.slice/libpod-0123.scope/container", 7, YOUNG, True),
        ("/openrc.nginx", 7, YOUNG, True),
        ("/init.scope", 1, YOUNG, True),
        ("/init.scope", 7, YOUNG, False),
        ("/init.scope", 7, OLD, True),
        ("/user.slice/user-1000.slice/user@1000.service/app.slice/web.service", 7, YOUNG, True),
        ("/user.slice/user-1000.slice/user@1000.service", 7, OLD, False),
        ("/user.slice/user-1000.slice/user@1000.service/init.scope", 7, OLD, False),
        (SESSION, 7, OLD, False),
        ("/", 7, YOUNG, False),
        ("/", 7, OLD, True),
        ("/kubepods/pod1/0123", 7, OLD, True),
    ],
)
def test_what_makes_a_process_a_service(cgroup: str, pid: int, seconds: float, service: bool) -> None:
    assert is_service(Process(pid, "x", cgroup, seconds)) is service


def test_a_socket_without_a_process_is_the_kernels(host: Host) -> None:
    host.process(7, [1, 2, 3], "0::" + SESSION)
    host.sockets(udp=[listener(51820, protocol="udp")])
    assert host.look().services == {51820}


@pytest.mark.parametrize(
    ("cgroup", "another_user", "services"), [(SERVICE, False, {40000}), (SESSION, False, set()), (SESSION, True, {40000})]
)
def test_where_files_are_hidden_any_process_of_the_user_may_be_the_one(
    host: Host, cgroup: str, another_user: bool, services: set[int]
) -> None:
    for pid, its_cgroup in ((7, cgroup), (8, SESSION)):
        host.process(pid, [], "0::" + its_cgroup)
        # A link that cannot be read.
        (host.proc / str(pid) / "fd" / "3").touch()
    host.sockets([listener(40000, user_id=os.getuid() + another_user)])
    assert host.look().services == services


@pytest.mark.parametrize(
    "cgroup",
    ["0::" + SERVICE, "1:name=systemd:" + SERVICE + "\n0::/", "9:cpu:/\n1:name=systemd:" + SERVICE, "0::" + SERVICE + "\n1:name=systemd:/"],
)
def test_the_unit_is_read_from_both_versions_of_cgroups(host: Host, cgroup: str) -> None:
    host.process(7, [40000], cgroup, YOUNG, "a) (b")
    host.sockets([listener(40000)])
    assert host.look().services == {40000}


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_socket_that_is_gone_at_the_second_look_is_no_service(host: Host, protocol: str) -> None:
    host.process(7, [40000, 40001])
    host.sockets(**{protocol: [listener(40000, number=1, protocol=protocol), listener(40001, number=2, protocol=protocol)]})
    # The port is used again, by another socket.
    host.sockets(**{protocol: [listener(40000, number=3, protocol=protocol), listener(40001, number=2, protocol=protocol)]})
    assert host.look().services == {40001}


def test_one_service_among_several_sockets_of_a_port_is_enough(host: Host) -> None:
    host.process(7, [40000], "0::" + SESSION)
    host.process(8, [1], "0::" + SERVICE)
    shared = connection("listen", ("::", 40000), identity=(0, 9, 0, 1))
    host.sockets([listener(40000, number=8), shared])
    assert host.look().services == {40000}


def test_nothing_new_needs_no_second_look(host: Host) -> None:
    host.sockets([listener(40000), listener(41000)])
    asked = Question(32768, 60999, frozenset({40000}), frozenset({41000}))
    assert host.look(asked) == (frozenset({40000}), "", True)
    assert host.slept == []


def test_a_service_that_restarts_keeps_its_port(host: Host) -> None:
    host.process(7, [40000], "0::/", YOUNG)
    host.sockets()
    host.sockets([listener(40000)])
    assert host.look(QUESTION._replace(ours=frozenset({40000, 40001}))).services == {40000}
    assert host.slept == [PAUSE_SECONDS]


def test_ports_outside_the_new_range_are_not_waited_for(host: Host) -> None:
    host.sockets()
    assert host.look(QUESTION._replace(ours=frozenset({20000}))).services == frozenset()
    assert host.slept == []


@pytest.mark.parametrize("error", [2, 93])
def test_without_a_list_of_udp_sockets_what_was_kept_stays(host: Host, error: int) -> None:
    host.udp_error = error
    host.process(7, [41000])
    host.sockets([listener(41000)])
    assert host.look(QUESTION._replace(ours=frozenset({40000}))) == (frozenset({40000, 41000}), "", False)


def test_other_errors_are_raised(host: Host) -> None:
    host.udp_error = 1
    host.sockets()
    with pytest.raises(PermissionError):
        host.look()


def test_more_than_a_twentieth_names_who_listens(host: Host) -> None:
    host.process(7, range(40000, 41400), "0::" + SESSION, YOUNG, "py\x1bthon3")
    host.sockets([listener(port) for port in [*range(40000, 41400), *range(50000, 50024, 2)]])
    crowd = host.look().crowd
    assert crowd == (
        "1412 ports between 32768 and 60999 have a listener, more than a twentieth of the range (1411). Who listens: "
        "py?thon3 (process 7, user id 1000): 1400 ports (40000-41399); a process of user id 1000 that /proc does not show: 12 ports "
        "(50000,50002,50004,50006,50008,50010,50012,50014,50016,50018, ...). Stop these listeners, or set reserve_listening_ports to false"
    )
    assert host.slept == []


def test_a_twentieth_is_not_too_many(host: Host) -> None:
    host.sockets([listener(port) for port in range(40000, 41411)])
    assert len(host.look().services) == 1411


def test_ports_that_others_have_reserved_are_no_crowd(host: Host) -> None:
    host.sockets([listener(port) for port in range(40000, 45000)])
    assert host.look(QUESTION._replace(theirs=frozenset(range(40000, 45000)))) == (frozenset(), "", True)


def test_a_busy_resolver_is_no_crowd_unless_its_sockets_stay(host: Host) -> None:
    host.sockets(udp=[listener(port, number=1, protocol="udp") for port in range(40000, 45000)])
    host.sockets(udp=[listener(port, number=2, protocol="udp") for port in range(40000, 45000)])
    assert host.look() == (frozenset(), "", True)
    del host.looks[1], host.slept[:]
    assert host.look().crowd.startswith("5000 ports between 32768 and 60999 have a listener")


def test_a_crowd_of_many_processes_is_told_in_short(host: Host) -> None:
    for port in range(40000, 40020):
        host.process(port, [port])
    host.sockets([listener(port) for port in range(40000, 40020)])
    crowd = host.look(QUESTION._replace(low=40000, high=40199)).crowd
    assert crowd.startswith(
        "20 ports between 40000 and 40199 have a listener, more than a twentieth of the range (10). Who listens: nginx ("
    )
    assert "; and 15 more. Stop" in crowd
    assert crowd.count("nginx") == 5


def test_the_search_for_processes_ends(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_listeners, "_MOST_FILES", 10)
    host.process(7, [])
    host.process(8, range(100))
    host.process(9, [40000], "0::" + SESSION)
    host.sockets([listener(40000)])
    # Not found in time, it is taken for one of the kernel's.
    assert host.look().services == {40000}


def test_this_kernel_answers() -> None:
    with socket.create_server(("0.0.0.0", 0)) as tcp, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as udp:
        udp.bind(("::", 0))
        ports = frozenset((tcp.getsockname()[1], udp.getsockname()[1]))
        assert ports <= look(Question(1, 65535, ports, frozenset())).services
