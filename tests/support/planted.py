# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plants one fault in a host of its own (network, mount and process namespaces) and prints the snapshot as JSON.

Run it as `unshare -n -m -p --fork --mount-proc python planted.py FAULT`: it changes sysctls, and the files that its mounts hide.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
import typing as t
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "playbooks/collections"))

from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts import SUBSETS, gather
from ansible_collections.linux_tcp.hardening.plugins.module_utils._host import Host

IPV4 = Path("/proc/sys/net/ipv4")
CONNTRACK = Path("/proc/sys/net/netfilter/nf_conntrack_tcp_timeout_time_wait")
FOLDERS = ("/etc/sysctl.d", "/usr/lib/sysctl.d", "/usr/local/lib", "/run")
SERVER = ("127.0.0.1", 8080)
KEPT: list[socket.socket] = []


def write(name: str, value: str) -> None:
    (IPV4 / name).write_text(value)


def boot_file(name: str, text: str) -> None:
    Path("/etc/sysctl.d", name).write_text(text)


def isolate() -> None:
    """A loopback interface that is up, sysctl folders of its own, and systemd as init by the sign that readers look for."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for folder in FOLDERS:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
    Path("/run/systemd/system").mkdir(parents=True)
    if Path("/etc/sysctl.conf").exists():
        Path("/run/empty").touch()
        subprocess.run(["mount", "--bind", "/run/empty", "/etc/sysctl.conf"], check=True)


def connections(count: int, server_first: bool = False, keep: bool = False, reset: bool = False) -> None:
    """Connections to a listener, closed in order so that one side keeps the TIME_WAIT; or kept; or reset by the server."""
    with socket.create_server(SERVER, backlog=128) as listener:
        KEPT.append(listener.dup())
        for _number in range(count):
            client = socket.create_connection(SERVER)
            accepted, _address = listener.accept()
            if keep:
                KEPT.extend((client, accepted))
                continue
            if reset:
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                accepted.close()
                client.close()
                continue
            first, second = (accepted, client) if server_first else (client, accepted)
            first.shutdown(socket.SHUT_WR)
            second.recv(1)
            second.close()
            first.recv(1)
            first.close()


def small_range(ports: int = 20) -> None:
    write("ip_local_port_range", f"40000 {40000 + ports - 1}")


def checksum(data: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF


def syn_with_old_timestamp() -> None:
    """A connection that the server closed first, then a SYN of the same tuple with a timestamp from before it."""
    small_range(1 + 1)
    connections(1, server_first=True)
    source = next(
        int(line.split()[2].split(":")[1], 16) for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "06"
    )
    options = struct.pack("!BBBBII", 1, 1, 8, 10, 1, 0)
    header = struct.pack("!HHIIBBHHH", source, SERVER[1], 1, 0, (20 + len(options)) // 4 << 4, 2, 65535, 0, 0)
    loopback = socket.inet_aton(SERVER[0])
    pseudo = loopback + loopback + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(header + options))
    tcp = header[:16] + struct.pack("!H", checksum(pseudo + header + options)) + header[18:] + options
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
        raw.sendto(tcp, (SERVER[0], 0))


def overflow() -> None:
    write("tcp_max_tw_buckets", "5")
    connections(20)


def nearly_full() -> None:
    write("tcp_max_tw_buckets", "20")
    connections(18)


def pressure() -> None:
    small_range()
    connections(20, keep=True)


def listener_in_range() -> None:
    KEPT.append(socket.create_server(("127.0.0.1", 45000)))


def reuse_on_server() -> None:
    write("tcp_tw_reuse", "1")


def inert_reuse() -> None:
    write("tcp_tw_reuse", "1")
    write("tcp_timestamps", "0")


def differs() -> None:
    boot_file("50-x.conf", "net.ipv4.tcp_fin_timeout = 61\n")


def disagree() -> None:
    boot_file("zz.conf", "net.ipv4.tcp_keepalive_time = 7200\n")
    Path("/run/empty").write_text("net.ipv4.tcp_keepalive_time = 600\n")


def shadowed() -> None:
    boot_file("10.conf", "net.ipv4.tcp_keepalive_time = 600\n")
    boot_file("20.conf", "net.ipv4.tcp_keepalive_time = 7200\n")


FAULTS: dict[str, t.Callable[[], None]] = {
    "clean": lambda: None,
    "reuse-without-timestamps": inert_reuse,
    "reuse-loopback-only": lambda: None,
    "reuse-on-server": reuse_on_server,
    "timestamps-off": lambda: write("tcp_timestamps", "0"),
    "timestamps-on-at-l7": lambda: None,
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
    "closes-first-as-client": lambda: connections(12),
    "closes-first-as-server": lambda: (write("tcp_max_tw_buckets", "1000"), connections(12, server_first=True))[0],  # type: ignore[func-returns-value]
    "fin-timeout-mistaken": lambda: boot_file("50-x.conf", "net.ipv4.tcp_fin_timeout = 15\n"),
    "resets-on-close": lambda: connections(5, reset=True),
    "rfc1337-on": lambda: write("tcp_rfc1337", "1"),
    "conntrack-forgets-early": lambda: t.cast("None", CONNTRACK.write_text("10")),
    "recycle-in-boot-file": lambda: boot_file("50-x.conf", "net.ipv4.tcp_tw_recycle = 1\n"),
    "boot-differs": differs,
    "boot-readers-disagree": disagree,
    "boot-shadowed": shadowed,
    "boot-duplicate": lambda: boot_file("50-x.conf", "net.ipv4.tcp_sack = 0\nnet.ipv4.tcp_sack = 1\n"),
    "boot-unknown-key": lambda: boot_file("50-x.conf", "net.ipv4.tcp_tw_resue = 1\n"),
    "boot-refused-value": lambda: boot_file("50-x.conf", "net.ipv4.ip_local_port_range = 1024-65535\n"),
    "boot-file-unread": lambda: boot_file("50-x", "net.ipv4.tcp_sack = 1\n"),
}


def main(fault: str, sample_seconds: float) -> None:
    isolate()
    if not sample_seconds:
        FAULTS[fault]()
        print(json.dumps(gather(Host(), SUBSETS)))
        return
    # The fault happens between the two samples.
    late = threading.Timer(sample_seconds / 4, FAULTS[fault])
    late.start()
    print(json.dumps(gather(Host(), SUBSETS, sample_seconds)))
    late.join()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 0)
    sys.stdout.flush()
    os._exit(0)
