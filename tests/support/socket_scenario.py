# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes sockets in many states in this process's network namespace, and prints what the collection and others say of them.

Run it as python socket_scenario.py inside a network namespace of its own (unshare -n): it changes that namespace's settings.
Prints JSON: "ours" (of count_sockets), "tcp" and "tcp6" (/proc/net), "ss" (ss -Htanio).
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "playbooks/collections"))

from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._sockets import count_sockets

RANGE = (20000, 29999)
IPV4 = Path("/proc/sys/net/ipv4")
KEPT: list[socket.socket] = []


def listener(address: str, port: int, backlog: int = 64, dual: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    one = socket.create_server((address, port), family=family, backlog=backlog, dualstack_ipv6=dual)
    KEPT.append(one)
    return one


def connected(server: socket.socket, address: str, source: tuple[str, int] | None = None) -> tuple[socket.socket, socket.socket]:
    """Both ends of a new connection: client, server."""
    client = socket.create_connection((address, server.getsockname()[1]), source_address=source)
    accepted, _address = server.accept()
    KEPT.extend((client, accepted))
    return client, accepted


def close_in_order(first: socket.socket, second: socket.socket) -> None:
    """The first keeps the TIME_WAIT."""
    first.shutdown(socket.SHUT_WR)
    assert second.recv(1) == b""
    second.close()
    assert first.recv(1) == b""
    first.close()


def make_sockets() -> None:
    web = listener("127.0.0.1", 8080)
    other = listener("127.0.0.2", 8080)
    six = listener("::1", 8081)
    both = listener("::", 8082, dual=True)
    in_range = listener("127.0.0.1", 25000)

    for count, (server, address) in enumerate([(web, "127.0.0.1"), (other, "127.0.0.2"), (six, "::1"), (both, "127.0.0.1")], 1):
        for _each in range(count):
            connected(server, address)
            client, accepted = connected(server, address)
            close_in_order(client, accepted)
            client, accepted = connected(server, address)
            close_in_order(accepted, client)
    # An outgoing connection from an IPv6 socket to an IPv4 address.
    mapped = socket.socket(socket.AF_INET6)
    mapped.connect(("::ffff:127.0.0.1", 8080))
    KEPT.extend((mapped, web.accept()[0]))
    # To an address that is not loopback, over IPv4 and IPv6.
    for address in ("192.0.2.1", "2001:db8::1"):
        near = listener(address, 8084)
        connected(near, address)
        close_in_order(*connected(near, address))
    # From a port outside the range, and to a listener inside it.
    connected(web, "127.0.0.1", ("127.0.0.1", 19000))
    connected(in_range, "127.0.0.1")
    # FIN_WAIT2 and CLOSE_WAIT; without the descriptor FIN_WAIT2 soon becomes a small socket that tells little.
    client, accepted = connected(web, "127.0.0.1")
    client.shutdown(socket.SHUT_WR)
    assert accepted.recv(1) == b""
    client, accepted = connected(web, "127.0.0.1")
    client.close()
    assert accepted.recv(1) == b""
    # A connection that agreed on no timestamps.
    (IPV4 / "tcp_timestamps").write_text("0")
    connected(web, "127.0.0.1")
    (IPV4 / "tcp_timestamps").write_text("1")
    # SYN_SENT: the queue of this listener is full and nobody accepts.
    full = listener("127.0.0.1", 8083, backlog=0)
    for _each in range(4):
        waiting = socket.socket()
        waiting.setblocking(False)
        waiting.connect_ex(full.getsockname())
        KEPT.append(waiting)
    settle()


def settle() -> None:
    """Waits until every FIN is acknowledged and no handshake is half done."""
    moving = {"03", "04", "09", "0B"}
    deadline = time.monotonic() + 60
    while moving & {line.split()[3] for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().split("\n")[1:-1]}:
        if time.monotonic() > deadline:
            raise SystemExit("the sockets do not come to rest")
        time.sleep(0.01)


def main() -> None:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", "192.0.2.1/32", "dev", "lo"], check=True)
    subprocess.run(["ip", "address", "add", "2001:db8::1/128", "dev", "lo", "nodad"], check=True)
    (IPV4 / "ip_local_port_range").write_text(f"{RANGE[0]} {RANGE[1]}")
    make_sockets()
    ours, not_seen = count_sockets(RANGE, 100)
    ss = subprocess.run(["ss", "-HtanioO"], check=True, stdout=subprocess.PIPE, text=True).stdout
    tcp, tcp6 = (Path("/proc/net", name).read_text() for name in ("tcp", "tcp6"))
    json.dump({"ours": ours, "not_seen": not_seen, "ss": ss, "tcp": tcp, "tcp6": tcp6}, sys.stdout)


if __name__ == "__main__":
    main()
