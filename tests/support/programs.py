# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that open connections in different ways, each a process of its own name. They end with the process that started them."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import typing as t

# Told by its name: what /proc/PID/comm says. The connections of each way go on until standard input ends.
_PROGRAM = """
import socket, select, sys, time
name, way, address, port, per_second = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), float(sys.argv[5])
open("/proc/self/comm", "w").write(name)
to = (address, port)
kept = []
if way in ("pooled", "leaking"):
    for _each in range(int(per_second)):
        one = socket.create_connection(to)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        kept.append(one)
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 1 / per_second)[0]:
    if way in ("short", "binding"):
        one = socket.socket()
        if way == "binding":
            one.bind((address, 0))
        one.connect(to)
        one.sendall(b"x")
        one.recv(1)
        # Long enough for a busy machine to look at it and find its process.
        time.sleep(0.1)
        one.close()
"""

_SERVER = """
import selectors, socket, sys
listeners = [socket.create_server((sys.argv[1], int(port)), backlog=512) for port in sys.argv[2:]]
waiting = selectors.DefaultSelector()
for one in (*listeners, sys.stdin):
    waiting.register(one, selectors.EVENT_READ)
print("ready", flush=True)
while True:
    for key, _events in waiting.select():
        if key.fileobj is sys.stdin:
            sys.exit()
        if key.fileobj in listeners:
            waiting.register(key.fileobj.accept()[0], selectors.EVENT_READ)
        elif not (data := key.fileobj.recv(16)):
            waiting.unregister(key.fileobj)
            key.fileobj.close()
        else:
            key.fileobj.sendall(data)
"""


@contextlib.contextmanager
def _running(*arguments: str) -> t.Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.stdin.close()


def server(address: str, *ports: int) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """Sends each byte back and lets its clients close first."""
    return _running(_SERVER, address, *map(str, ports))


def program(
    name: str, way: t.Literal["pooled", "short", "binding", "leaking"], address: str, port: int, number: float
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes]]:
    """pooled: keeps so many connections. short, binding: opens so many a second, one after the other, and closes them first."""
    return _running(_PROGRAM, name, way, address, str(port), str(number))
