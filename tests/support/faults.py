# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults, each named after the rule that finds it, planted in a host that a test has for itself: sysctls, boot files, sockets, counters.

The file needs nothing but Python, so that a container can run it as a service of type notify: `faults.py FAULT ...` plants
them in that order, says that it is ready, and holds the sockets until it is stopped.
"""

from __future__ import annotations

import errno
import functools
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import typing as t
from pathlib import Path

IPV4 = Path("/proc/sys/net/ipv4")
CONNTRACK = Path("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_time_wait")
SYSCTL_CONF = Path("/etc/sysctl.conf")
# An address for documentation (RFC 5737) on the loopback interface: to the kernel's reuse and to the audit it is another host's.
SERVER = ("192.0.2.1", 8080)
KEPT: list[socket.socket] = []


def read(name: str) -> str:
    return (IPV4 / name).read_text().strip()


def write(name: str, value: str) -> None:
    (IPV4 / name).write_text(value)


def boot_file(name: str, text: str) -> None:
    Path("/etc/sysctl.d", name).write_text(text)


def make_server_address() -> None:
    subprocess.run(["ip", "address", "replace", SERVER[0], "dev", "lo"], check=True)


@functools.lru_cache(maxsize=None)
def listener() -> socket.socket:
    return socket.create_server(SERVER, backlog=128)


def pair(source_port: int = 0) -> tuple[socket.socket, socket.socket]:
    """The two ends of a new connection, the client's first."""
    server = listener()
    client = socket.create_connection(SERVER, source_address=(SERVER[0], source_port) if source_port else None)
    return client, server.accept()[0]


def reset_at_close(one: socket.socket) -> None:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def keep(*connected: socket.socket) -> None:
    """Hold them for as long as the process lives; they leave no TIME_WAIT behind."""
    for one in connected:
        reset_at_close(one)
    KEPT.extend(connected)


def close(first: socket.socket, second: socket.socket) -> None:
    """Close in order, so that the first one keeps the TIME_WAIT."""
    first.shutdown(socket.SHUT_WR)
    second.recv(1)
    second.close()
    first.recv(1)
    first.close()


def client_closes(count: int) -> None:
    for _number in range(count):
        client, accepted = pair()
        close(client, accepted)


def server_closes(count: int) -> None:
    for _number in range(count):
        client, accepted = pair()
        close(accepted, client)


def server_resets(count: int) -> None:
    for _number in range(count):
        client, accepted = pair()
        reset_at_close(accepted)
        accepted.close()
        client.close()


def small_range() -> None:
    """Twenty ports, others for each process and none of the usual range, so that none of them is in TIME_WAIT yet."""
    first = 20000 + os.getpid() % 500 * 20
    write("ip_local_port_range", f"{first} {first + 19}")


def checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def syn_with_old_timestamp() -> None:
    """A connection that the server closed first, then a SYN of the same tuple with a timestamp from before it."""
    source, before = 30000, read("tcp_timestamps")
    # Without the random offset of the value 1, a timestamp is the machine's uptime in milliseconds.
    write("tcp_timestamps", "2")
    client, accepted = pair(source)
    close(accepted, client)
    old = (time.monotonic_ns() // 1_000_000 - 10_000) & 0xFFFFFFFF
    options = struct.pack("!BBBBII", 1, 1, 8, 10, old, 0)
    header = struct.pack("!HHIIBBHHH", source, SERVER[1], 1, 0, (20 + len(options)) // 4 << 4, 2, 65535, 0, 0)
    address = socket.inet_aton(SERVER[0])
    pseudo = address + address + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(header + options))
    tcp = header[:16] + struct.pack("!H", checksum(pseudo + header + options)) + header[18:] + options
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
        raw.sendto(tcp, (SERVER[0], 0))
    write("tcp_timestamps", before)


def overflow() -> None:
    write("tcp_max_tw_buckets", "5")
    client_closes(20)


def nearly_full() -> None:
    write("tcp_max_tw_buckets", "20")
    client_closes(18)


def server_closes_most() -> None:
    write("tcp_max_tw_buckets", "1000")
    server_closes(12)


def pressure() -> None:
    """Connections towards one destination for as long as there are ports."""
    small_range()
    try:
        while True:
            keep(*pair())
    except OSError as error:
        if error.errno != errno.EADDRNOTAVAIL:
            raise


def listener_in_range() -> None:
    KEPT.append(socket.create_server(("", 45000)))


def inert_reuse() -> None:
    write("tcp_tw_reuse", "1")
    write("tcp_timestamps", "0")


def peers_without_timestamps() -> None:
    """Connections on more than one in a hundred of the usual ports, made while timestamps were off."""
    write("tcp_timestamps", "0")
    for _number in range(300):
        keep(*pair())
    write("tcp_timestamps", "1")
    write("tcp_tw_reuse", "1")


def peer_that_never_closes() -> None:
    """An HTTP server that leaves closing to whoever asks it to close; it closes all other connections, so that nobody waits long."""
    server = socket.create_server((SERVER[0], 8081))

    def serve() -> None:
        while True:
            accepted = server.accept()[0]
            request = accepted.recv(65536)
            accepted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            if b"Connection: close" in request:
                keep(accepted)
            else:
                accepted.close()

    threading.Thread(target=serve, daemon=True).start()


def leaking_server() -> None:
    """Clients close, and the server never does."""
    for _number in range(120):
        client, accepted = pair()
        client.close()
        KEPT.append(accepted)


def server_that_never_closes() -> None:
    """As seen by the client that has closed, with so few ports that this fills them."""
    small_range()
    for _number in range(20):
        client, accepted = pair()
        client.close()
        KEPT.append(accepted)
    # The peer's kernel may take its time to acknowledge: until then a socket is in FIN_WAIT1.
    deadline = time.monotonic() + 30
    while in_fin_wait2() < 20 and time.monotonic() < deadline:
        time.sleep(0.01)


def in_fin_wait2() -> int:
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(line.split()[3] == "05" for line in lines)


def unanswered() -> None:
    """Connects to an address behind a device where nobody answers."""
    for command in (
        "link add nobody type veth peer name behind",
        "link set behind up",
        "link set nobody up arp off",
        "address add 198.51.100.1/24 dev nobody",
    ):
        subprocess.run(["ip", *command.split()], check=True)
    for _number in range(40):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("198.51.100.80", 443))
        KEPT.append(one)


def bound_first() -> None:
    """A program that calls bind() before connect(), towards several destinations."""
    first = 20000 + os.getpid() % 50 * 100
    write("ip_local_port_range", f"{first} {first + 99}")
    for port in range(8090, 8095):
        server = socket.create_server((SERVER[0], port), backlog=128)
        for _number in range(18):
            client = socket.socket()
            client.bind((SERVER[0], 0))
            client.connect(server.getsockname())
            keep(server, client, server.accept()[0])


def slow_server() -> None:
    """More connects than the backlog takes, and nobody accepts."""
    server = socket.create_server((SERVER[0], 8082), backlog=5)
    KEPT.append(server)
    for _number in range(60):
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(server.getsockname())
        KEPT.append(one)


def change_that_waits() -> None:
    """What tcp_profile leaves of a change until it is confirmed, as much of it as facts are read from."""
    folder = Path("/var/lib/linux_tcp_hardening")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened = {"name": "backend", "boot_id": Path("/proc/sys/kernel/random/boot_id").read_text().strip(), "phase": "waiting"}
    (folder / "etc_sysctl.d_99-tcp-hardening.conf.json").write_text(json.dumps({"open": opened}))


def short_fin_timeout() -> None:
    boot_file("50-fin.conf", "net.ipv4.tcp_fin_timeout = 15\n")
    write("tcp_fin_timeout", "15")


def readers_disagree() -> None:
    # Without the link to it that some distributions have, /etc/sysctl.conf is read by sysctl --system alone.
    Path("/etc/sysctl.d/99-sysctl.conf").unlink(missing_ok=True)
    # Never made where there is none: a namespace can hide a file, but not the lack of one.
    with SYSCTL_CONF.open("r+") as file:
        file.truncate()
        file.write("net.ipv4.tcp_keepalive_intvl = 75\n")


def shadowed() -> None:
    boot_file("10-keepalive.conf", "net.ipv4.tcp_keepalive_time = 600\n")
    boot_file("20-keepalive.conf", "net.ipv4.tcp_keepalive_time = 7200\n")


def ufw_writes() -> None:
    """As Debian's package and `ufw enable` leave it; the value is the kernel's own, so nothing else is wrong."""
    for name, text in (
        ("default/ufw", "IPT_SYSCTL=/etc/ufw/sysctl.conf\n"),
        ("ufw/ufw.conf", "ENABLED=yes\n"),
        ("ufw/sysctl.conf", "# for routers\nnet/ipv4/tcp_synack_retries=5\n"),
    ):
        file = Path("/etc", name)
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    wanted = Path("/etc/systemd/system/multi-user.target.wants/ufw.service")
    wanted.parent.mkdir(parents=True, exist_ok=True)
    wanted.symlink_to("/lib/systemd/system/ufw.service")


FAULTS: dict[str, t.Callable[[], object]] = {
    "change-unconfirmed": change_that_waits,
    "reuse-without-timestamps": inert_reuse,
    "reuse-loopback-only": lambda: write("tcp_tw_reuse", "2"),
    "reuse-on-server": lambda: write("tcp_tw_reuse", "1"),
    "timestamps-off": lambda: write("tcp_timestamps", "0"),
    "timestamps-on-at-l7": lambda: write("tcp_timestamps", "1"),
    "timestamps-odd-value": lambda: write("tcp_timestamps", "3"),
    "syn-rejected-in-time-wait": syn_with_old_timestamp,
    "buckets-disabled": lambda: write("tcp_max_tw_buckets", "0"),
    "buckets-too-small": lambda: write("tcp_max_tw_buckets", "5000"),
    "buckets-nearly-full": nearly_full,
    "buckets-overflow": overflow,
    "ports-few": small_range,
    "ports-under-listener": listener_in_range,
    "ports-same-parity": lambda: write("ip_local_port_range", "16384 65534"),
    "ports-pressure": pressure,
    "peer-without-timestamps": peers_without_timestamps,
    "peer-closes-never": peer_that_never_closes,
    "closes-first-as-client": lambda: client_closes(12),
    "closes-first-as-server": server_closes_most,
    "fin-timeout-mistaken": short_fin_timeout,
    "resets-on-close": lambda: server_resets(10),
    "rfc1337-on": lambda: write("tcp_rfc1337", "1"),
    "time-wait-timeout": lambda: boot_file("50-timeout.conf", "net.ipv4.tcp_tw_timeout = 5\n"),
    "close-wait-leak": leaking_server,
    "peer-unreachable": unanswered,
    "ports-bound-first": bound_first,
    "accept-queue-overflow": slow_server,
    "fin-wait2-orphans": server_that_never_closes,
    "boot-unsaved": lambda: write("tcp_synack_retries", "3"),
    "conntrack-forgets-early": lambda: CONNTRACK.write_text("10"),
    "recycle-in-boot-file": lambda: boot_file("50-recycle.conf", "net.ipv4.tcp_tw_recycle = 1\n"),
    "boot-differs": lambda: boot_file("50-probes.conf", "net.ipv4.tcp_keepalive_probes = 8\n"),
    "boot-readers-disagree": readers_disagree,
    "boot-shadowed": shadowed,
    "boot-other-writer": ufw_writes,
    "boot-duplicate": lambda: boot_file("50-sack.conf", "net.ipv4.tcp_sack = 0\nnet.ipv4.tcp_sack = 1\n"),
    "boot-unknown-key": lambda: boot_file("50-typo.conf", "net.ipv4.tcp_tw_resue = 1\n"),
    "boot-refused-value": lambda: boot_file("50-range.conf", "net.ipv4.ip_local_port_range = 1024-65535\n"),
    "boot-file-unread": lambda: boot_file("50-sack", "net.ipv4.tcp_sack = 1\n"),
}


# What a host starts from, so that planting again gives the same.
UNPLANTED = {
    "ip_local_port_range": "32768 60999",
    "tcp_max_tw_buckets": "262144",
    "tcp_timestamps": "1",
    "tcp_tw_reuse": "2",
}


def main(faults: list[str]) -> None:
    if not Path("/run/.containerenv").exists():
        sys.exit("faults.py changes the host that it runs on, and this is no container")
    make_server_address()
    for name, value in UNPLANTED.items():
        write(name, value)
    for fault in faults:
        FAULTS[fault]()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))
    signal.pause()


if __name__ == "__main__":
    main(sys.argv[1:])
