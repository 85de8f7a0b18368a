# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The model of _capacity.py against the kernel: at which rate of short connections EADDRNOTAVAIL begins, with and without reuse.

It runs in a network namespace of its own, and needs root and ip (iproute2) for that. It takes about 80 seconds and some 4000
connections on that namespace's loopback. Each rate is driven towards a destination of its own, which has the whole range of ports
for itself, so that all rates are tried within one lifetime of TIME_WAIT.
"""

from __future__ import annotations

import errno
import socket
import time
from typing import NamedTuple

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._capacity import (
    REUSE_DELAY_SECONDS,
    TIME_WAIT_SECONDS,
    Load,
    capacity,
)
from bench.process import IPV4, call, namespace, only_in_own_namespace
from bench.table import Row

FIRST_PORT = 40000
LISTENER = 9000
# Shares of the predicted limit that are driven.
SHARES = (0.80, 0.85, 0.90, 0.95, 1.00, 1.05, 1.10, 1.15, 1.20)
REACH = 0.10


class Phase(NamedTuple):
    """network: the first two numbers of its destinations. seconds: how long every rate is driven."""

    name: str
    network: str
    ports: int
    reuse: int
    seconds: float


PHASES = (
    Phase("tcp_tw_reuse 1", "127.2", 60, 1, 6 * REUSE_DELAY_SECONDS),
    # Until after the first TIME_WAIT sockets are gone; the kernel's timers of that length may be some seconds late.
    Phase("no reuse", "127.3", 240, 0, TIME_WAIT_SECONDS + 12),
)


class Lane:
    """One rate towards one destination. failed_after: seconds until the first EADDRNOTAVAIL, None while there was none."""

    def __init__(self, destination: str, rate: float) -> None:
        self.destination = (destination, LISTENER)
        self.rate = rate
        self.due = 0.0
        self.made = 0
        self.failed_after: float | None = None

    def connect(self, listener: socket.socket) -> None:
        """One connection that this side closes first. Raises OSError for anything but EADDRNOTAVAIL."""
        with socket.socket() as client:
            try:
                client.connect(self.destination)
            except OSError as error:
                if error.errno != errno.EADDRNOTAVAIL:
                    raise
                self.failed_after = self.due
                return
            accepted, _address = listener.accept()
        accepted.close()
        self.made += 1


def rows() -> list[Row]:
    """The measured rows. Raises CalledProcessError where the measuring fails."""
    return [Row(*row) for row in call(measure, prefix=namespace())]


def measure() -> list[Row]:
    only_in_own_namespace()
    return [_row(phase) for phase in PHASES]


def _row(phase: Phase) -> Row:
    (IPV4 / "ip_local_port_range").write_text(f"{FIRST_PORT} {FIRST_PORT + phase.ports - 1}")
    (IPV4 / "tcp_tw_reuse").write_text(str(phase.reuse))
    predicted = capacity(Load(phase.ports, reuse_delay=_reuse_delay() if phase.reuse else None)).rate
    assert predicted is not None
    lanes = [Lane(f"{phase.network}.0.{place}", share * predicted) for place, share in enumerate(SHARES, 1)]
    _drive(lanes, phase.seconds)
    good = max((lane.made / phase.seconds for lane in lanes if lane.failed_after is None), default=0.0)
    # What was really driven: on a busy machine that is less than was meant.
    bad = min((lane.made / lane.failed_after for lane in lanes if lane.failed_after), default=float("inf"))
    measured = (good + bad) / 2
    ratio = measured / predicted
    return Row(
        f"EADDRNOTAVAIL, {phase.ports} ports, {phase.name}",
        f"{measured:.2f}/s (none at {good:.2f}, some at {bad:.2f})",
        f"{predicted:.2f}/s (model)",
        ratio,
        f"within {REACH:.0%}",
        good < bad and abs(ratio - 1) <= REACH,
    )


def _reuse_delay() -> float:
    try:
        return int((IPV4 / "tcp_tw_reuse_delay").read_text()) / 1000
    except FileNotFoundError:
        return REUSE_DELAY_SECONDS


def _drive(lanes: list[Lane], seconds: float) -> None:
    """Each lane at its rate, evenly; what the machine makes late is never caught up, for that would be a higher rate."""
    with socket.create_server(("0.0.0.0", LISTENER), backlog=128) as listener:
        start = time.monotonic()
        running = list(lanes)
        while running:
            lane = min(running, key=lambda one: one.due)
            if lane.due >= seconds:
                break
            now = time.monotonic() - start
            if now < lane.due:
                time.sleep(lane.due - now)
            lane.due = max(now, lane.due)
            lane.connect(listener)
            lane.due += 1 / lane.rate
            running = [one for one in running if one.failed_after is None]
