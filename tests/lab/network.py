# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lab's hosts: containers without a network of the engine's, wired by veth pairs between their own namespaces.

So neither an interface nor a rule nor a setting of this machine is touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import subprocess
import typing as t
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from containers import engine

HERE = Path(__file__).resolve().parent
TRAFFIC = "/lab/traffic.py"
PREFIX = os.environ.get("CONTAINER_PREFIX", "tcp-lab-")

HOSTS = ("client1", "client2", "gateway", "balancer", "backend")
# As the kernel names them, and as nsenter does.
NAMESPACES = {"mnt": "mount", "net": "net", "uts": "uts", "ipc": "ipc", "pid": "pid"}
PATIENCE_SECONDS = 60
ADDRESSES = {"client1": "10.77.1.2", "client2": "10.77.2.2", "balancer": "192.0.2.10", "backend": "192.0.2.130"}
# The backend's on the balancer's own wire.
BACKEND_BEHIND = "10.77.9.2"

# One wire a line: host, interface, address, and the same of the other end. The backend has a second wire, to the balancer.
WIRES = (
    ("client1", "eth0", "10.77.1.2/24", "gateway", "client1", "10.77.1.1/24"),
    ("client2", "eth0", "10.77.2.2/24", "gateway", "client2", "10.77.2.1/24"),
    ("balancer", "eth0", "192.0.2.10/25", "gateway", "balancer", "192.0.2.1/25"),
    ("backend", "eth0", "192.0.2.130/25", "gateway", "backend", "192.0.2.129/25"),
    ("balancer", "eth1", "10.77.9.1/24", "backend", "eth1", f"{BACKEND_BEHIND}/24"),
)
ROUTES = {"client1": "10.77.1.1", "client2": "10.77.2.1", "balancer": "192.0.2.1", "backend": "192.0.2.129"}

NAT = """\
table ip lab {
  chain outwards {
    type nat hook postrouting priority srcnat
    oifname { "balancer", "backend" } ip saddr { 10.77.1.0/24, 10.77.2.0/24 } masquerade
  }
}
"""


# A megabyte, which is more than a slow receiver has taken by the time the sender closes.
LARGE_LINES = 65536
# haproxy's unit would have mounts of its own, which a container without CAP_SYS_ADMIN may not make.
HAPROXY_UNIT = """\
[Service]
BindReadOnlyPaths=
"""


class LabError(RuntimeError):
    """The lab cannot go on; the message says why."""


class Host:
    """One container of the lab."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.container = PREFIX + name
        self.pid = 0
        self._namespaces: dict[str, int] = {}

    def enter(self) -> None:
        """Get hold of the running container's namespaces.

        nsenter is ten times as fast as podman exec. Open namespaces, not a process number, since that could be somebody else's one day.
        """
        for number in self._namespaces.values():
            os.close(number)
        self.pid = int(engine.podman("inspect", "--format={{.State.Pid}}", self.container).stdout)
        self._namespaces = {kind: os.open(f"/proc/{self.pid}/ns/{kind}", os.O_RDONLY) for kind in NAMESPACES}

    def run(self, *command: str, text: str | None = None) -> str:
        """Run a command in the container; text is its input. Raises LabError with what it said when it fails."""
        with self._started(*command) as process:
            output, errors = process.communicate(text or "", timeout=PATIENCE_SECONDS)
        if process.returncode:
            raise LabError(f"{self.name}: {' '.join(command)[:200]}: {errors.strip()[-800:]}")
        return output

    def _started(self, *command: str) -> subprocess.Popen[str]:
        options = [f"--{NAMESPACES[kind]}=/proc/self/fd/{number}" for kind, number in self._namespaces.items()]
        if not options:
            raise LabError(f"{self.name} is not up")
        return subprocess.Popen(
            ["nsenter", *options, "--", *command],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
            pass_fds=tuple(self._namespaces.values()),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def write(self, path: str, text: str) -> None:
        self.run("sh", "-c", 'mkdir -p "$(dirname "$1")" && cat > "$1"', "sh", path, text=text)

    def set(self, key: str, value: object) -> None:
        """Set one sysctl key of the container's network namespace."""
        self.run("sh", "-c", 'echo "$2" > "/proc/sys/$1"', "sh", key.replace(".", "/"), str(value))

    def get(self, key: str) -> str:
        return " ".join(self.run("cat", "/proc/sys/" + key.replace(".", "/")).split())

    def traffic(self, command: str, **arguments: t.Any) -> dict[str, t.Any]:
        """Run one command of traffic.py."""
        answer: dict[str, t.Any] = json.loads(self.run("python3", TRAFFIC, command, json.dumps(arguments)))
        return answer

    def connect(self, **arguments: t.Any) -> dict[str, t.Any]:
        """A load that is not to fail. Raises LabError when a connection does."""
        done = self.traffic("load", **arguments)
        if done["errors"]:
            raise LabError(f"{self.name}: of {arguments['count']} connections to {arguments['to']} failed {done['errors']}")
        return done

    def state(self) -> State:
        return State(self.traffic("state"))

    @contextlib.contextmanager
    def holding(self, command: str = "load", **arguments: t.Any) -> t.Iterator[dict[str, t.Any]]:
        """A load whose first connections, or a crowd whose connections, stay open for as long as the block lasts."""
        with self._started("python3", TRAFFIC, command, json.dumps(arguments)) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            line = process.stdout.readline()
            if not line:
                raise LabError(f"{self.name}: the load ended early: {process.stderr.read()[-800:]}")
            try:
                yield json.loads(line)
            finally:
                process.stdin.close()
                process.stdout.read()


class State:
    """TIME_WAIT sockets and TCP counters of a host at one moment."""

    def __init__(self, counted: dict[str, t.Any]) -> None:
        self.time_wait: int = counted["time_wait"]
        self._local: dict[str, int] = counted["local"]
        self._remote: dict[str, int] = counted["remote"]
        self._counters: dict[str, int] = counted["counters"]

    def from_port(self, port: int) -> int:
        """TIME_WAIT sockets whose local port this is."""
        return self._local.get(str(port), 0)

    def to_port(self, port: int) -> int:
        return self._remote.get(str(port), 0)

    def since(self, earlier: State, counter: str) -> int:
        """How far a counter has grown. A kernel without it has counted nothing."""
        return self._counters.get(counter, 0) - earlier._counters.get(counter, 0)

    def counts(self, counter: str) -> bool:
        """Whether this kernel has the counter."""
        return counter in self._counters


def up() -> dict[str, Host]:
    """Start the hosts, wire them, start their services. Raises LabError or engine.Problem."""
    image = engine.prepare()
    engine.remove(PREFIX)
    hosts = {name: Host(name) for name in HOSTS}

    def start(host: Host) -> None:
        engine.start(image, host.container, "net_admin", "--network=none", f"--hostname={host.name}")
        host.enter()
        host.write(TRAFFIC, (HERE / "traffic.py").read_text())

    with ThreadPoolExecutor(len(hosts)) as pool:
        list(pool.map(start, hosts.values()))
    _wire(hosts)
    hosts["gateway"].set("net.ipv4.ip_forward", 1)
    hosts["gateway"].run("nft", "-f", "-", text=NAT)
    hosts["backend"].write("/etc/nginx/nginx.conf", (HERE / "nginx.conf").read_text())
    hosts["backend"].write("/srv/lab/large", "0123456789abcde\n" * LARGE_LINES)
    hosts["backend"].run("systemctl", "start", "nginx")
    hosts["balancer"].write("/etc/haproxy/haproxy.cfg", (HERE / "haproxy.cfg").read_text())
    hosts["balancer"].write("/etc/systemd/system/haproxy.service.d/lab.conf", HAPROXY_UNIT)
    hosts["balancer"].run("sh", "-c", "systemctl daemon-reload && systemctl start haproxy")
    return hosts


def restart(hosts: dict[str, Host], name: str) -> None:
    """Boot a client anew: new namespace, counters at zero, boot files applied; and wire it again."""
    for one, _device, _address, other, other_device, _other_address in WIRES:
        if name == one:
            hosts[other].run("ip", "link", "delete", other_device)
    engine.podman("restart", "--time=2", hosts[name].container)
    engine.wait_until_booted(hosts[name].container)
    hosts[name].enter()
    _wire(hosts, name)


def _wire(hosts: dict[str, Host], only: str = "") -> None:
    """Make all wires, or those of one host, and set both ends' addresses and routes."""
    inside: dict[str, list[str]] = {name: [] for name in HOSTS}
    for one, device, address, other, other_device, other_address in WIRES:
        if only in ("", one, other):
            ends = ["netns", str(hosts[one].pid), "type", "veth", "peer", "name", other_device, "netns", str(hosts[other].pid)]
            _ip("link", "add", device, *ends)
            inside[one] += [f"address add {address} dev {device}", f"link set {device} up"]
            inside[other] += [f"address add {other_address} dev {other_device}", f"link set {other_device} up"]
    for name, gateway in ROUTES.items():
        if only in ("", name):
            inside[name].append(f"route add default via {gateway}")
    for name, commands in inside.items():
        if commands:
            hosts[name].run("ip", "-batch", "-", text="\n".join(commands) + "\n")


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")


def found() -> dict[str, Host]:
    """The hosts of a lab that is up already."""
    engine.configure()
    hosts = {name: Host(name) for name in HOSTS}
    for host in hosts.values():
        host.enter()
    return hosts


def down() -> None:
    engine.configure()
    engine.remove(PREFIX)


def kernel_version(release: str) -> str:
    """The version alone: the rest of a release names whoever built it."""
    found = re.match(r"\d+(?:\.\d+)*", release)
    return found.group() if found else release


def versions(hosts: dict[str, Host]) -> dict[str, str]:
    """What the numbers were measured with."""
    haproxy = hosts["balancer"].run("haproxy", "-v").split()
    nginx = hosts["backend"].run("sh", "-c", "nginx -v 2>&1").split("/")
    return {
        "kernel": kernel_version(platform.release()),
        "haproxy": haproxy[haproxy.index("version") + 1],
        "nginx": nginx[-1].strip(),
        "podman": engine.podman("version", "--format={{.Client.Version}}").stdout.strip(),
        "python": hosts["client1"].run("python3", "-V").split()[-1],
        "debian": hosts["client1"].run("cat", "/etc/debian_version").strip(),
    }
