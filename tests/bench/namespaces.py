# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts of many network namespaces with a few sockets each, in mounts of its own. Needs root and ip(8)."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts import _namespace_entry
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._gather import SUBSETS, gather
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._other_namespaces import gather_others, watch_others
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from bench.process import call, namespace, only_in_own_namespace
from bench.table import Row, times_slower

FEW, MANY = 50, 500
CONNECTIONS = 3
PREFIX = "bench"
REACH_FEW, REACH_MANY, REACH_MEGABYTES = 1.0, 8.0, 30.0
# The same work; the clock of a busy machine is not exact.
REACH_WATCH = 1.3


def rows() -> list[Row]:
    """The measured rows. Raises CalledProcessError where the measuring fails."""
    return [Row(*row) for row in call(measure, prefix=namespace())]


def measure() -> list[Row]:
    only_in_own_namespace()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    idle = call(peak_kilobytes)
    with namespaces(0, FEW):
        few, watched = (min(_seconds(FEW, look) for _number in range(3)) for look in (gather_others, watch_others))
        with namespaces(FEW, MANY):
            many = _seconds(MANY)
            grown = (call(peak_kilobytes) - idle) / 1024
    return [
        Row(f"{FEW} network namespaces", f"{few:.2f} s", "the host alone", None, f"{REACH_FEW:.0f} s more", few <= REACH_FEW),
        times_slower(f"{FEW} network namespaces in a round of the watch", watched, few, "in tcp_facts", REACH_WATCH),
        Row(f"{MANY} network namespaces", f"{many:.2f} s", "the host alone", None, f"{REACH_MANY:.0f} s more", many <= REACH_MANY),
        Row(
            "memory for them, peak of a new process",
            f"{grown:.1f} MB more",
            "no namespaces",
            None,
            f"under {REACH_MEGABYTES:.0f} MB",
            grown < REACH_MEGABYTES,
        ),
    ]


@contextlib.contextmanager
def namespaces(first: int, last: int) -> Iterator[None]:
    """Named network namespaces, each with a listener and some connections, which a child holds."""
    names = [f"{PREFIX}{number}" for number in range(first, last)]
    batch = "".join(f"netns add {name}\n" for name in names)
    subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True)
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.close(reader)
        held = [_sockets(name) for name in names]
        os.write(writer, b"ready" if held else b"empty")
        time.sleep(600)
        os._exit(0)
    os.close(writer)
    try:
        if os.read(reader, 5) != b"ready":
            raise RuntimeError("the sockets could not be made")
        yield
    finally:
        os.close(reader)
        os.kill(child, 9)
        os.waitpid(child, 0)


def _sockets(name: str) -> list[socket.socket]:
    with open(f"/run/netns/{name}", "rb") as link:
        _namespace_entry.enter(link.fileno(), _namespace_entry.NEW_NETWORK)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    server = socket.create_server(("127.0.0.1", 8080))
    return [server, *(socket.create_connection(("127.0.0.1", 8080)) for _number in range(CONNECTIONS))]


def _seconds(count: int, look: Callable[..., Any] = gather_others) -> float:
    """How long the other namespaces take. Raises RuntimeError where not all of them were seen."""
    host = HostTree()
    snapshot = gather(host, SUBSETS)
    begin = time.perf_counter()
    found, not_seen, *_moments = look(host, [f"{PREFIX}*"], snapshot)
    seconds = time.perf_counter() - begin
    if len(found) != count or any(one["sockets"] is None for one in found):
        raise RuntimeError(f"{count} namespaces were made, and {len(found)} seen {not_seen}")
    return seconds


def peak_kilobytes() -> int:
    """The peak of a process that looks at all of them, and has them as JSON."""
    import json

    host = HostTree()
    snapshot = gather(host, SUBSETS)
    snapshot["namespaces"], _not_seen = gather_others(host, [f"{PREFIX}*"], snapshot)
    json.dumps(snapshot)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
