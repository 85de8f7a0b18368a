# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The experiments, in the order in which they do not get in one another's way."""

from __future__ import annotations

import typing as t

from lab.experiments import balancer, bound, buckets, closing, front, nat, ports, snat

if t.TYPE_CHECKING:
    from lab.experiment import Outcome
    from lab.network import Host

# closing: a client without history. balancer: after the client was hardened in ports, and the balancer in nat.
# buckets, bound: begin with a restart. snat, front: after the gateway and the balancer were hardened in nat.
RUNS: dict[str, t.Callable[[dict[str, Host]], Outcome]] = {
    "closing": closing.run,
    "ports": ports.run,
    "nat": nat.run,
    "balancer": balancer.run,
    "buckets": buckets.run,
    "snat": snat.run,
    "bound": bound.run,
    "front": front.run,
}
