# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that fail, or only look so, made with real sockets in the network namespace of the caller. All of it is bounded in number."""

from __future__ import annotations

import contextlib
import datetime
import socket
import subprocess
import threading
import time
import typing as t
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._gather import SUBSETS, gather
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import SEVERITIES
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import validate
from support.namespaces import until

if t.TYPE_CHECKING:
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import Audit, Result

IPV4 = Path("/proc/sys/net/ipv4")
FIRST_PORT = 40000
SERVER = "192.0.2.80"
IP_BIND_ADDRESS_NO_PORT = 24

# What a test holds open until its process ends.
KEPT: list[socket.socket] = []


def settings(ports: int, **more: object) -> None:
    """A range of so many ports, and other keys of net.ipv4."""
    for key, value in {"ip_local_port_range": f"{FIRST_PORT} {FIRST_PORT + ports - 1}", **more}.items():
        (IPV4 / key).write_text(str(value))


def address(*addresses: str) -> None:
    for one in addresses:
        subprocess.run(["ip", "address", "replace", f"{one}/32", "dev", "lo"], check=True)


def listen(port: int, at: str = SERVER, backlog: int = 4096) -> socket.socket:
    address(at)
    listener = socket.create_server((at, port), backlog=backlog)
    KEPT.append(listener)
    return listener


def seen(profile: str = "any", sample_seconds: float = 0) -> Audit:
    """The audit of this namespace, by the facts that the module gathers."""
    snapshot = validate(gather(HostTree(), set(SUBSETS), sample_seconds))
    return audit(snapshot, "sick", AuditOptions(profile=profile, today=datetime.date(2026, 11, 26)))


def failed(judged: Audit, rule: str) -> Result:
    """The gravest failed result of a rule."""
    found = [result for result in judged["results"] if result["id"] == rule and result["status"] == "fail"]
    told = [f"{result['status']} {result['id']}: {result['observed']} {result['reason']}" for result in judged["results"]]
    assert found, "\n".join(told)
    return found[0]


def grave(judged: Audit) -> list[str]:
    """What fails above low."""
    above = SEVERITIES[: SEVERITIES.index("low")]
    return [f"{one['id']}: {one['observed']}" for one in judged["results"] if one["status"] == "fail" and one["severity"] in above]


def first_cure(judged: Audit) -> str:
    return judged["advice"][0]["id"]


def connected(listener: socket.socket, client: socket.socket | None = None) -> tuple[socket.socket, socket.socket]:
    """Both ends of a connection: client, server."""
    one = client or socket.socket()
    one.connect(listener.getsockname())
    return one, listener.accept()[0]


def time_waits(listener: socket.socket, count: int) -> None:
    """Short connections that the client closes first."""
    for _each in range(count):
        client, server = connected(listener)
        client.shutdown(socket.SHUT_WR)
        server.recv(1)
        server.close()
        client.close()


def bound_first(listeners: list[socket.socket], each: int, *, no_port: bool = False) -> None:
    """Connections whose program calls bind() before connect()."""
    for listener in listeners:
        for _each in range(each):
            client = socket.socket()
            if no_port:
                client.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            client.bind((SERVER, 0))
            KEPT.extend(connected(listener, client))


def errors_of_connects(to: tuple[str, int], count: int) -> list[int]:
    """The error numbers of so many connects, 0 for success."""
    found = []
    for _each in range(count):
        one = socket.socket()
        KEPT.append(one)
        found.append(one.connect_ex(to))
    return found


def close_waits(listener: socket.socket, count: int, leaks: t.Literal["client", "server"]) -> None:
    """One side closes, the other never does."""
    for _each in range(count):
        client, server = connected(listener)
        leaking, closing = (client, server) if leaks == "client" else (server, client)
        KEPT.append(leaking)
        closing.close()


def fin_wait2_orphans(listener: socket.socket, count: int) -> None:
    """The client closes, and the server never does."""
    for _each in range(count):
        client, server = connected(listener)
        KEPT.append(server)
        client.close()


def unanswered(count: int) -> None:
    """Connects to a destination that drops SYNs: a route to a device that nobody is behind."""
    commands = ["link add nobody type veth peer name behind", "link set behind up", "link set nobody up arp off"]
    for command in [*commands, "address add 198.51.100.1/24 dev nobody"]:
        subprocess.run(["ip", *command.split()], check=True)
    for _each in range(count):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("198.51.100.80", 443))
        KEPT.append(one)


def waiting_connects(listener: socket.socket, count: int) -> None:
    """More connects than the backlog takes, and nobody accepts."""
    for _each in range(count):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(listener.getsockname())
        KEPT.append(one)
    until(lambda: _overflows() > 0)


def _overflows() -> int:
    names, values = (line.split() for line in Path("/proc/net/netstat").read_text().splitlines()[:2])
    return int(values[names.index("ListenOverflows")])


@contextlib.contextmanager
def short_connections(listener: socket.socket, per_second: float, before: int) -> t.Iterator[list[int]]:
    """Short connections that the client closes first, paced, for as long as the block lasts; `before` of them come before it.

    Yields the error numbers of those that failed.
    """
    errors: list[int] = []
    done = threading.Event()
    opened = 0

    def load() -> None:
        nonlocal opened
        start = time.monotonic()
        while not done.is_set():
            time.sleep(max(0.0, start + opened / per_second - time.monotonic()))
            try:
                time_waits(listener, 1)
            except OSError as error:
                errors.append(error.errno or -1)
            opened += 1

    thread = threading.Thread(target=load)
    thread.start()
    try:
        until(lambda: opened >= before)
        yield errors
    finally:
        done.set()
        thread.join()


def gateway(first_port: int, ports: int) -> None:
    """This namespace source-NATs a client's connections to a server; each of the two has a namespace of its own."""
    wires = []
    for name, ours, theirs in (("client", "10.77.1.1", "10.77.1.2"), ("server", "192.0.2.1", "192.0.2.130")):
        wires += [
            f"netns add {name}",
            f"link add {name} type veth peer name eth0 netns {name}",
            f"address add {ours}/24 dev {name}",
            f"link set {name} up",
            f"-n {name} address add {theirs}/24 dev eth0",
            f"-n {name} link set eth0 up",
            f"-n {name} link set lo up",
            f"-n {name} route add default via {ours}",
        ]
    for command in wires:
        subprocess.run(["ip", *command.split()], check=True)
    (IPV4 / "ip_forward").write_text("1")
    rules = f"""table ip sick {{
  chain out {{
    type nat hook postrouting priority srcnat
    oifname "server" meta l4proto tcp snat to 192.0.2.1:{first_port}-{first_port + ports - 1}
  }}
}}
"""
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)


_SERVE = "import socket, sys\nlistener = socket.create_server(('', 8080), backlog=4096)\nprint(flush=True)\nsys.stdin.read()"
_CONNECT = """
import select, socket, sys
count, made, ok = int(sys.argv[1]), [], 0
for _each in range(count):
    one = socket.socket()
    one.setblocking(False)
    one.connect_ex(("192.0.2.130", 8080))
    made.append(one)
poller = select.poll()
for one in made:
    poller.register(one, select.POLLOUT)
left = {one.fileno() for one in made}
while left:
    ready = poller.poll(3000)
    if not ready:
        break
    for number, _events in ready:
        poller.unregister(number)
        left.discard(number)
print(count - len(left), flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def servers_behind(*devices: str) -> t.Iterator[None]:
    """A server behind each device, all with the address 192.0.2.130, for as long as the block lasts; this host is 192.0.2.1 on each."""
    with contextlib.ExitStack() as stack:
        for device in devices:
            for command in (
                f"netns add {device}",
                f"link add {device} type veth peer name eth0 netns {device}",
                f"address add 192.0.2.1/24 dev {device}",
                f"link set {device} up",
                f"-n {device} address add 192.0.2.130/24 dev eth0",
                f"-n {device} link set eth0 up",
            ):
                subprocess.run(["ip", *command.split()], check=True)
            command_line = ["ip", "netns", "exec", device, "python3", "-c", _SERVE]
            process = stack.enter_context(subprocess.Popen(command_line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            assert process.stdin is not None
            assert process.stdout is not None
            stack.callback(process.stdin.close)
            process.stdout.readline()
        yield


@contextlib.contextmanager
def clients(count: int) -> t.Iterator[int]:
    """So many connections of the gateway's client to its server, open for as long as the block lasts; yields how many connected."""
    with contextlib.ExitStack() as stack:
        answers = []
        for name, program in (("server", _SERVE), ("client", _CONNECT)):
            command = ["ip", "netns", "exec", name, "python3", "-c", program, str(count)]
            process = stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            assert process.stdin is not None
            assert process.stdout is not None
            stack.callback(process.stdin.close)
            answers.append(process.stdout.readline())
        yield int(answers[1])


# A rule that asks for a connection's state switches connection tracking on.
_TRACKING = """table ip sick {
  chain arriving {
    type filter hook input priority 0
    ct state new counter
  }
}
"""


def tracked_packets(count: int) -> None:
    """So many entries of connection tracking, by UDP packets to ports where nobody listens."""
    subprocess.run(
        ["nft", "-f", "-"],
        input="table ip sick { chain in { type filter hook input priority 0\n ct state new counter\n }\n }\n",
        text=True,
        check=True,
    )
    for source in range(20000, 20000 + -(-count // 60000)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.bind(("127.0.0.1", source))
            for port in range(1, min(60000, count) + 1):
                one.sendto(b"x", ("127.0.0.9", port))
        count -= 60000
