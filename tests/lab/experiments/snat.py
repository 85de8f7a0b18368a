# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""6. A gateway whose source NAT has fewer ports than it has connections: they time out, and no socket shows it."""

from __future__ import annotations

import contextlib
import typing as t

from lab.experiment import Outcome, Record
from lab.network import ADDRESSES, Host
from lab.playbooks import treat

FIRST_PORT, PORTS = 30000, 200
POOL = f"{FIRST_PORT}-{FIRST_PORT + PORTS - 1}"
CONNECTIONS = PORTS + 30
# A port of the balancer for each case.
FAILS, ADDRESS_RANGE, IN_TURN = 8011, 8012, 8015
# The gateway's second address towards the balancer.
OWN, SECOND = "192.0.2.1", "192.0.2.2"
# Long enough for two more SYNs of a client that retries after 1 and after 2 (older kernels: 3) seconds.
PATIENCE = 3.5
COUNTERS = ("insert_failed", "drop")


def run(hosts: dict[str, Host]) -> Outcome:
    gateway = hosts["gateway"]
    _snat(gateway, FAILS, OWN)
    with _crowd(hosts, "before", FAILS) as numbers:
        treated = treat("gateway")["gateway"]

    gateway.run("ip", "address", "add", f"{SECOND}/25", "dev", "balancer")
    # The kernel chooses an address of a range by the client and the destination.
    _snat(gateway, ADDRESS_RANGE, f"{OWN}-{SECOND}")
    with _crowd(hosts, "range", ADDRESS_RANGE) as measured:
        numbers |= measured
    # The rule that is inserted last comes first: one connection in two.
    _snat(gateway, IN_TURN, SECOND)
    _snat(gateway, IN_TURN, OWN, "numgen inc mod 2 0")
    with _crowd(hosts, "turn", IN_TURN) as measured:
        numbers |= measured

    failed = treated.failed()
    numbers |= {
        "ports": PORTS,
        "pool": POOL,
        "connections": CONNECTIONS,
        "changed": len(treated.changed),
        **{f"pressure_{part}": failed.get("snat-pressure", {}).get(part) for part in ("subject", "severity", "observed")},
    }
    never = ["recycle", "reuse", "fin-timeout", "tiny-buckets", "wider-range"]
    record = Record("gateway", treated.profile, treated.snapshot, treated.before, ["more-snat-addresses"], never)
    return Outcome(numbers, [record], {"gateway": sorted(failed)}, {"gateway": sorted(treated.failed_after())})


@contextlib.contextmanager
def _crowd(hosts: dict[str, Host], case: str, port: int) -> t.Iterator[dict[str, t.Any]]:
    """One client's connections, all at once, and what the gateway's connection tracking counted. They stay open in the block."""
    client, gateway = hosts["client2"], hosts["gateway"]
    before = _dropped(gateway)
    crowd = {"to": [ADDRESSES["balancer"], port], "count": CONNECTIONS, "seconds": PATIENCE, "hold": True}
    with client.holding("crowd", **crowd) as done:
        after = _dropped(gateway)
        counted = {f"{case}_{name}": after[name] - before[name] for name in COUNTERS}
        yield {f"{case}_ok": done["ok"], f"{case}_failed": done["failed"], f"{case}_errors": done["errors"], **counted}


def _snat(gateway: Host, port: int, addresses: str, condition: str = "") -> None:
    """Before all other rules: what goes to this port of the balancer gets one of these addresses and of the pool's ports."""
    rule = f"ip daddr {ADDRESSES['balancer']} tcp dport {port} {condition} snat to {addresses}:{POOL}"
    gateway.run("nft", "-f", "-", text=f"insert rule ip lab outwards {rule}\n")


def _dropped(gateway: Host) -> dict[str, int]:
    """The counters of connection tracking, added up over the processors."""
    head, *lines = (line.split() for line in gateway.run("cat", "/proc/net/stat/nf_conntrack").splitlines())
    return {name: sum(int(line[head.index(name)], 16) for line in lines) for name in COUNTERS}
