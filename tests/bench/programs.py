# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which program has the sockets: the facts with it and without it, over many live sockets of many processes. Needs root."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from typing import Iterator

from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts import _gather
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from bench.process import IPV4, call, namespace, only_in_own_namespace
from bench.table import Row

PROCESSES, EACH = 200, 100
DESTINATION = ("127.0.0.2", 9000)
REACH_SECONDS = 0.5


def rows() -> list[Row]:
    """The measured rows. Raises CalledProcessError where the measuring fails."""
    return [Row(*row) for row in call(measure, prefix=namespace())]


def measure() -> list[Row]:
    only_in_own_namespace()
    (IPV4 / "ip_local_port_range").write_text("1024 65535")
    (IPV4.parent / "core" / "somaxconn").write_text(str(2 * PROCESSES * EACH))
    with _connections():
        with_programs, known = _seconds()
        # No destination gives a reason to look.
        vars(_gather)["in_trouble"] = lambda *_asked: (set(), set())
        without, _none = _seconds()
    if known != PROCESSES * EACH:
        raise RuntimeError(f"of {PROCESSES * EACH} sockets {known} have a process")
    more = with_programs - without
    what = f"programs of {PROCESSES * EACH} live sockets, {PROCESSES} processes"
    return [Row(what, f"{more:.2f} s more", f"{without:.2f} s without", None, f"{REACH_SECONDS:g} s more", more <= REACH_SECONDS)]


def _seconds() -> tuple[float, int]:
    """How long the facts take, and how many sockets have a process."""
    begin = time.perf_counter()
    sockets = _gather.gather(HostTree(), {"sockets"})["sockets"]
    seconds = time.perf_counter() - begin
    programs = sockets and sockets["programs"]
    return seconds, programs["sockets"] - programs["sockets_without_program"] if programs else 0


@contextlib.contextmanager
def _connections() -> Iterator[None]:
    """Nobody accepts them: they wait in the listener's queue, established."""
    children = []
    with socket.create_server(DESTINATION, backlog=2 * PROCESSES * EACH):
        try:
            for _number in range(PROCESSES):
                reader, writer = os.pipe()
                child = os.fork()
                if not child:
                    held = [socket.create_connection(DESTINATION) for _each in range(EACH)]
                    os.write(writer, b"x" if held else b"-")
                    time.sleep(600)
                    os._exit(0)
                children.append(child)
                os.read(reader, 1)
                os.close(reader)
                os.close(writer)
            yield
        finally:
            for child in children:
                os.kill(child, 9)
                os.waitpid(child, 0)
