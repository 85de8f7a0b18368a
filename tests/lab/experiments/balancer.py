# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""2. The same client, hardened, against a balancer with timestamps off, as its role leaves it."""

from __future__ import annotations

import time
import typing as t

from lab.experiment import Outcome, Record
from lab.experiments.ports import CONNECTIONS, HELD, PORTS, SAME_RANGE, load
from lab.network import ADDRESSES, Host, restart
from lab.playbooks import treat

MANY = 2000
TIMESTAMPS, FIN_TIMEOUT = "net.ipv4.tcp_timestamps", "net.ipv4.tcp_fin_timeout"
# A port of the balancer for each case.
FAILS, PEER_CLOSES, RESET, KEEP_ALIVE, WITH_TIMESTAMPS, SHORT_FIN_TIMEOUT = 8002, 8003, 8004, 8005, 8006, 8007
POOL = 10
# From this age on connect() may take over a port in TIME_WAIT (up to Linux 4.18 twice as long), if anything lets it.
REUSE_SECONDS = 1.1


def run(hosts: dict[str, Host]) -> Outcome:
    client, balancer = hosts["client1"], hosts["balancer"]
    # Without the TIME_WAIT sockets of experiment 1. The role's boot file makes the client a hardened one again.
    restart(hosts, "client1")
    numbers: dict[str, t.Any] = {
        "ports": PORTS,
        "connections": CONNECTIONS,
        "many": MANY,
        "held": HELD,
        "reuse": client.get("net.ipv4.tcp_tw_reuse"),
        "client_timestamps": client.get(TIMESTAMPS),
        "balancer_timestamps": balancer.get(TIMESTAMPS),
    }

    # Closed while tcp_fin_timeout is 1 s, and looked at when several seconds have passed.
    client.set(FIN_TIMEOUT, 1)
    client.connect(to=_to(SHORT_FIN_TIMEOUT), count=POOL, close="client")
    closed = time.monotonic()
    client.set(FIN_TIMEOUT, 60)

    start = client.state()
    with client.holding(hold=HELD, **load(_to(FAILS))) as first:
        time.sleep(REUSE_SECONDS)
        again = client.traffic("load", **load(_to(FAILS)))
        full = client.state()
        waited = round(time.monotonic() - closed)
        treated = treat("client1", client_host_settings=SAME_RANGE)["client1"]
    pressure = treated.failed()["ports-pressure"]
    numbers |= {
        "first_ok": first["ok"],
        "first_failed": first["errors"].get("EADDRNOTAVAIL", 0),
        "again_ok": again["ok"],
        "again_failed": again["errors"].get("EADDRNOTAVAIL", 0),
        "time_wait": full.to_port(FAILS),
        "recycled": full.since(start, "TWRecycled"),
        "changed": len(treated.changed),
        "pressure_subject": pressure["subject"],
        "pressure_severity": pressure["severity"],
        "fin_timeout_closed": POOL,
        "fin_timeout_left": full.to_port(SHORT_FIN_TIMEOUT),
        "fin_timeout_seconds": waited,
    }
    numbers |= _case("peer", hosts, PEER_CLOSES, count=MANY, close="peer")
    numbers |= _case("reset", hosts, RESET, count=MANY, close="reset")
    numbers |= _case("keep_alive", hosts, KEEP_ALIVE, count=POOL, requests=MANY // POOL, close="client")

    balancer.set(TIMESTAMPS, 1)
    before = client.state()
    on = client.traffic("load", **load(_to(WITH_TIMESTAMPS)))
    numbers |= {
        "timestamps_ok": on["ok"],
        "timestamps_failed": sum(on["errors"].values()),
        "timestamps_recycled": client.state().since(before, "TWRecycled"),
    }
    balancer.set(TIMESTAMPS, 0)

    record = Record(
        "client1",
        treated.profile,
        treated.snapshot,
        treated.before,
        cures=["peer-closes-first", "keep-alive", "linger-reset", "timestamps-on"],
        not_cures=["reuse", "recycle", "fin-timeout", "tiny-buckets"],
    )
    return Outcome(numbers, [record], {"client1": sorted(treated.failed())}, {"client1": sorted(treated.failed_after())})


def _to(port: int) -> list[t.Any]:
    return [ADDRESSES["balancer"], port]


def _case(name: str, hosts: dict[str, Host], port: int, **how: t.Any) -> dict[str, t.Any]:
    """One way to live with few ports: what succeeded, how fast, and who holds TIME_WAIT after it."""
    client, balancer = hosts["client1"], hosts["balancer"]
    client_before, balancer_before = client.state(), balancer.state()
    done = client.traffic("load", to=_to(port), **how)
    client_after, balancer_after = client.state(), balancer.state()
    return {
        f"{name}_ok": done["ok"],
        f"{name}_requests": done["requests"],
        f"{name}_failed": sum(done["errors"].values()),
        f"{name}_per_second": round(done["requests"] / done["seconds"]),
        f"{name}_client_time_wait": client_after.to_port(port),
        f"{name}_balancer_time_wait": balancer_after.from_port(port),
        f"{name}_balancer_entered": balancer_after.since(balancer_before, "TW"),
        f"{name}_client_aborts": client_after.since(client_before, "TCPAbortOnData"),
    }
