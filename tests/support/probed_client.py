# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes a server's ports over a wire of its own, and tells who kept the TIME_WAITs.

Run it as unshare --net python probed_client.py PID TIMESTAMPS PORT,... SECURE_PORT,...: PID is a process in the server's network
namespace, TIMESTAMPS what its tcp_timestamps shall be. Prints JSON: "probes", and for each port in "time_wait" how many TIME_WAITs
the server ("peer") and the probe ("local") held afterwards and not before.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import typing as t
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "playbooks/collections"))

from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._endpoints import probe_all
from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._options import read_endpoints

SERVER = {"ipv4": "192.0.2.2", "ipv6": "2001:db8::2"}
NETWORKS = {"192.0.2.{}/24": "", "2001:db8::{}/64": "nodad"}
BOUND = 2.0


def connect(pid: str, timestamps: str) -> None:
    """A wire between this namespace and the server's."""
    subprocess.run(["ip", "link", "add", "wire0", "type", "veth", "peer", "name", "wire1", "netns", pid], check=True)
    there = ["nsenter", "--target", pid, "--net"]
    for number, (inside, device) in enumerate((([], "wire0"), (there, "wire1")), 1):
        for network, option in NETWORKS.items():
            subprocess.run([*inside, "ip", "address", "add", network.format(number), "dev", device, *option.split()], check=True)
        subprocess.run([*inside, "ip", "link", "set", device, "up"], check=True)
    subprocess.run([*there, "sysctl", "--quiet", f"net.ipv4.tcp_timestamps={timestamps}"], check=True)


def probe(ports: t.Sequence[int], secure_ports: t.Sequence[int]) -> list[dict[str, t.Any]]:
    """Every port over IPv4 and IPv6."""
    endpoints = [
        {"host": host, "port": port, "timeout": 20.0, "http": True, "tls": {"validate_certs": False} if port in secure_ports else False}
        for port in (*ports, *secure_ports)
        for host in SERVER.values()
    ]
    probes, _warnings = probe_all(read_endpoints(endpoints), BOUND, 240.0)
    return t.cast("list[dict[str, t.Any]]", probes)


def time_waits(pid: str, end: int) -> dict[str, int]:
    """TIME_WAITs of a process's network namespace by port; end: 0 for the local port, 1 for the other side's."""
    found: dict[str, int] = {}
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "06":
                port = str(int(fields[1 + end].rpartition(":")[2], 16))
                found[port] = found.get(port, 0) + 1
    return found


def settled(pid: str) -> None:
    """Wait until no connection is half closed on either side."""
    moving = {"04", "05", "08", "09", "0B"}
    deadline = time.monotonic() + 60
    while any(line.split()[3] in moving for who in ("self", pid) for name in ("tcp", "tcp6") for line in rows(who, name)):
        if time.monotonic() > deadline:
            raise SystemExit("the connections do not come to rest")
        time.sleep(0.02)


def rows(who: str, name: str) -> list[str]:
    return Path(f"/proc/{who}/net/{name}").read_text().splitlines()[1:]


def main(pid: str, timestamps: str, *lists: str) -> None:
    connect(pid, timestamps)
    ports, secure_ports = ([int(port) for port in one.split(",")] for one in lists)
    before = time_waits(pid, 0)
    probes = probe(ports, secure_ports)
    settled(pid)
    server, own = time_waits(pid, 0), time_waits("self", 1)
    held = {
        port: {"peer": server.get(port, 0) - before.get(port, 0), "local": own.get(port, 0)} for port in map(str, (*ports, *secure_ports))
    }
    json.dump({"probes": probes, "time_wait": held}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
