# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""8. A balancer that needs timestamps towards its backend, and that takes them out of its clients' SYNs."""

from __future__ import annotations

import typing as t

from lab.experiment import Outcome, Record
from lab.experiments import nat
from lab.experiments.ports import CONNECTIONS, HELD, PORT_RANGE, PORTS, RANGE, REUSE, SAME_RANGE, load
from lab.network import ADDRESSES, BACKEND_BEHIND, Host
from lab.playbooks import treat

TIMESTAMPS = "net.ipv4.tcp_timestamps"
CLIENTS, PORT = 20, 8014
# A port of the backend for each case.
OFF, ON = 8082, 8083
STRIP = """\
table ip tcp_strip {
  chain front {
    type filter hook prerouting priority raw
    iifname "eth0" tcp flags & (syn | ack) == syn reset tcp option timestamp
  }
}
"""


def run(hosts: dict[str, Host]) -> Outcome:
    balancer, gateway = hosts["balancer"], hosts["gateway"]
    balancer.write("/etc/sysctl.d/50-few-ports.conf", f"{PORT_RANGE} = {RANGE}\n")
    balancer.set(PORT_RANGE, RANGE)
    numbers: dict[str, t.Any] = {"ports": PORTS, "connections": CONNECTIONS, "clients": CLIENTS, "tuples": nat.TUPLES}

    start = balancer.state()
    with balancer.holding(hold=HELD, **load([BACKEND_BEHIND, OFF])) as off:
        full = balancer.state()
        treated = treat("balancer", fullnat_lb_settings=SAME_RANGE)["balancer"]
    numbers |= {
        "off_timestamps": balancer.get(TIMESTAMPS),
        "off_ok": off["ok"],
        "off_failed": off["errors"].get("EADDRNOTAVAIL", 0),
        "off_recycled": full.since(start, "TWRecycled"),
    }

    balancer.run("nft", "-f", "-", text=STRIP)
    cured = treat("balancer", fullnat_lb_timestamps=True, fullnat_lb_settings={**SAME_RANGE, REUSE: 1})["balancer"]
    before = balancer.state()
    on = balancer.traffic("load", **load([BACKEND_BEHIND, ON]))
    after = balancer.state()
    client = hosts["client2"].traffic("load", to=[ADDRESSES["balancer"], PORT], count=CLIENTS, close="client")
    numbers |= {
        "on_timestamps": balancer.get(TIMESTAMPS),
        "on_ok": on["ok"],
        "on_failed": sum(on["errors"].values()),
        "on_negotiated": on["timestamps"],
        "on_recycled": after.since(before, "TWRecycled"),
        "client_ok": client["ok"],
        "client_negotiated": client["timestamps"],
    }
    numbers |= _through_the_nat(hosts, gateway)

    balancer.run("nft", "delete", "table", "ip", "tcp_strip")
    treat("balancer")
    never = ["recycle", "reuse", "fin-timeout", "tiny-buckets"]
    record = Record(
        "balancer", treated.profile, treated.snapshot, treated.before, ["peer-closes-first", "strip-timestamps-in-front"], never
    )
    return Outcome(numbers, [record], {"balancer": sorted(treated.failed())}, {"balancer": sorted(cured.failed_after())})


def _through_the_nat(hosts: dict[str, Host], gateway: Host) -> dict[str, t.Any]:
    """Experiment 3 again: no SYN is refused by its timestamp, as there is none."""
    remembered = gateway.get(nat.CONNTRACK)
    gateway.set(nat.CONNTRACK, 1)
    nat.occupy(hosts, "front")
    nat.forgotten(gateway, "front")
    done = nat.collide(hosts, "front")
    gateway.set(nat.CONNTRACK, remembered)
    return done
