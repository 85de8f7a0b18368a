# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""1. A client that closes first runs out of ports towards a backend that negotiates timestamps."""

from __future__ import annotations

import typing as t

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._capacity import Load, capacity
from lab.experiment import Outcome, Record
from lab.network import ADDRESSES, Host
from lab.playbooks import treat

FIRST_PORT, PORTS = 40000, 200
RANGE = f"{FIRST_PORT} {FIRST_PORT + PORTS - 1}"
# The role may not widen the range here: what follows is to be the work of reuse alone.
SAME_RANGE = {"net.ipv4.ip_local_port_range": RANGE}
CONNECTIONS, PER_SECOND, HELD = 300, 150, 10
ROUNDS = 4
PORT_RANGE, REUSE = "net.ipv4.ip_local_port_range", "net.ipv4.tcp_tw_reuse"
BURST = PORTS + 50
# What the documents say.
DOCUMENTED_DELAY = 1.0


def load(to: list[t.Any]) -> dict[str, t.Any]:
    """The load of experiments 1 and 2: short connections, closed first by the client, a good second of which takes all ports."""
    return {"to": to, "count": CONNECTIONS, "per_second": PER_SECOND, "close": "client"}


def run(hosts: dict[str, Host]) -> Outcome:
    client = hosts["client1"]
    backend = [ADDRESSES["backend"], 80]
    client.write("/etc/sysctl.d/50-few-ports.conf", f"{PORT_RANGE} = {RANGE}\n")
    client.set(PORT_RANGE, RANGE)

    start = client.state()
    with client.holding(hold=HELD, **load(backend)) as before:
        full = client.state()
        treated = treat("client1", client_host_settings=SAME_RANGE, lab_once_more=True)["client1"]
    cured = client.state()
    after = client.traffic("load", **load(backend))
    loaded = client.state()
    sustained = client.traffic("sustain", to=backend, rounds=ROUNDS, ports=PORTS, seconds=15)

    assert treated.snapshot_after is not None
    delay = _reuse_delay_ms(client)
    pressure = treated.failed()["ports-pressure"]
    numbers = {
        "ports": PORTS,
        "connections": CONNECTIONS,
        "per_second": PER_SECOND,
        "held": HELD,
        "before_ok": before["ok"],
        "before_failed": before["errors"].get("EADDRNOTAVAIL", 0),
        "before_time_wait": full.to_port(80),
        "before_recycled": full.since(start, "TWRecycled"),
        "pressure_subject": pressure["subject"],
        "pressure_severity": pressure["severity"],
        "after_ok": after["ok"],
        "after_failed": sum(after["errors"].values()),
        "after_recycled": loaded.since(cured, "TWRecycled"),
        "sustained_per_second": sustained["per_second"],
        "sustained_connections": sustained["ok"],
        "model_before": _model(None),
        "model_after": _model(DOCUMENTED_DELAY if delay is None else delay / 1000),
        "reuse_delay_ms": delay,
        "recycle_exists": "tcp_tw_recycle" in client.run("ls", "/proc/sys/net/ipv4").split(),
        "changed": {key: list(values) for key, values in treated.changed.items()},
        **_mitigations(hosts["client2"]),
    }
    never = ["recycle", "fin-timeout", "tiny-buckets"]
    cures = ["reuse", "wider-range", "more-destinations"]
    records = [
        Record("client1", treated.profile, treated.snapshot, treated.before, cures, never),
        # It still closes first; experiments 2 and 5 show what helps against that.
        Record("client1", treated.profile, treated.snapshot_after, treated.after, ["keep-alive"], [*never, "reuse"], moment="after"),
    ]
    return Outcome(numbers, records, {"client1": sorted(treated.failed())}, {"client1": sorted(treated.failed_after())})


def _reuse_delay_ms(client: Host) -> int | None:
    """Kernels before 6.14 do not have the key."""
    text = client.run("sh", "-c", "cat /proc/sys/net/ipv4/tcp_tw_reuse_delay 2>&- || :").strip()
    return int(text) if text else None


def _model(reuse_delay: float | None) -> float:
    """The connections a second that the collection's capacity model expects."""
    rate = capacity(Load(PORTS, reuse_delay=reuse_delay)).rate
    assert rate is not None
    return round(rate, 1)


def _mitigations(client: Host) -> dict[str, int]:
    """Without reuse, what another destination and a range of twice the size bring. On a client without other loads."""
    kept = client.get(REUSE), client.get(PORT_RANGE)
    client.set(REUSE, 2)
    client.set(PORT_RANGE, RANGE)
    one, other = ([ADDRESSES["balancer"], port] for port in (8008, 8009))
    burst = {"count": BURST, "close": "client"}
    first = client.traffic("load", to=one, **burst)
    second = client.traffic("load", to=other, **burst)
    client.set(PORT_RANGE, f"{FIRST_PORT} {FIRST_PORT + 2 * PORTS - 1}")
    wider = client.traffic("load", to=one, **burst)
    client.set(REUSE, kept[0])
    client.set(PORT_RANGE, kept[1])
    return {"one_destination_ok": first["ok"], "other_destination_ok": second["ok"], "wider_ok": first["ok"] + wider["ok"]}
