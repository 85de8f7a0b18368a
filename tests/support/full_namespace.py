# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fills the ephemeral ports of its network namespace, says "ready", and holds them until its input ends.

Run it as `unshare --net --uts python full_namespace.py HOSTNAME PORTS`: it sets the host name and the range of ports. Meanwhile it
tries again and again to connect from another port, which is refused.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

FIRST_PORT = 20020
SERVER = ("127.0.0.1", 9000)
OTHER_PORT, CLOSED_PORT = 1500, 9
PAUSE_SECONDS = 0.02


@contextlib.contextmanager
def full_namespace(hostname: str, ports: int = 20) -> Iterator[str]:
    """A network namespace of its own whose ports are all taken, for as long as the block lasts; its link under /proc."""
    command = ["unshare", "--net", "--uts", sys.executable, __file__, hostname, str(ports)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield os.readlink(f"/proc/{process.pid}/ns/net")
        process.stdin.close()


def main(hostname: str, ports: int) -> None:
    socket.sethostname(hostname)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    Path("/proc/sys/net/ipv4/ip_local_port_range").write_text(f"{FIRST_PORT} {FIRST_PORT + ports - 1}\n", encoding="ascii")
    with socket.create_server(SERVER, backlog=ports):
        held = [socket.create_connection(SERVER) for _number in range(ports)]
        print("ready", flush=True)
        while not select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
            _be_refused()
        for one in held:
            one.close()


def _be_refused() -> None:
    with socket.socket() as one, contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("127.0.0.1", OTHER_PORT))
        one.connect(("127.0.0.1", CLOSED_PORT))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
