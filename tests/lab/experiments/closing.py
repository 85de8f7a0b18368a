# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""5. Who closes first keeps the TIME_WAIT: a backend that closes after every answer, and a client that closes first."""

from __future__ import annotations

from lab.experiment import Outcome, Record
from lab.network import ADDRESSES, Host
from lab.playbooks import treat

KEEPS, CLOSES = 80, 8081
CONNECTIONS, POOL = 300, 10
# closes-first-as-server speaks from 1 % of the bucket limit on.
SHARE, MARGIN = 100, 100
DOWNLOADS = 20


def run(hosts: dict[str, Host]) -> Outcome:
    client, backend = hosts["client2"], hosts["backend"]
    limit = int(backend.get("net.ipv4.tcp_max_tw_buckets"))
    by_server = limit // SHARE + MARGIN
    keeps, closes = ([ADDRESSES["backend"], port] for port in (KEEPS, CLOSES))

    start, client_start = backend.state(), client.state()
    client.connect(to=closes, count=by_server, close="peer")
    client.connect(to=keeps, count=CONNECTIONS, close="client")
    backend_before, client_before = backend.state(), client.state()
    treated = treat("backend", "client2")

    # The roles do not change who closes.
    first, first_client = backend.state(), client.state()
    client.connect(to=closes, count=CONNECTIONS, close="peer")
    second, second_client = backend.state(), client.state()
    client.connect(to=keeps, count=CONNECTIONS, close="client")
    third, third_client = backend.state(), client.state()
    kept = client.connect(to=keeps, count=POOL, requests=CONNECTIONS // POOL, close="client")
    last, last_client = backend.state(), client.state()
    gentle, hurried = (client.traffic("download", to=[ADDRESSES["balancer"], port], count=DOWNLOADS, path="/large") for port in (80, 8010))

    numbers = {
        "downloads": DOWNLOADS,
        "gentle_whole": gentle["whole"],
        "hurried_whole": hurried["whole"],
        "hurried_resets": hurried["errors"].get("ECONNRESET", 0),
        "limit": limit,
        "by_server": by_server,
        "connections": CONNECTIONS,
        # Counted when they begin: on a busy machine the first of them are over before the last one is made.
        "server_time_wait": backend_before.since(start, "TW"),
        "server_client_time_wait": client_before.to_port(CLOSES),
        "client_time_wait": client_before.since(client_start, "TW"),
        "client_server_time_wait": backend_before.from_port(KEEPS),
        "still_entered": second.since(first, "TW"),
        "still_client_entered": second_client.since(first_client, "TW"),
        "let_entered": third.since(second, "TW"),
        "let_client_entered": third_client.since(second_client, "TW"),
        "keep_alive_requests": kept["requests"],
        "keep_alive_entered": last.since(third, "TW"),
        "keep_alive_client_entered": last_client.since(third_client, "TW"),
        "server_observed": treated["backend"].failed()["closes-first-as-server"]["observed"],
        "client_observed": treated["client2"].failed()["closes-first-as-client"]["observed"],
    }
    never = ["recycle", "fin-timeout", "tiny-buckets"]
    cures = {"backend": ["let-client-close"], "client2": ["keep-alive"]}
    not_cures = {"backend": [*never, "reuse", "linger-reset"], "client2": never}
    records = [Record(name, one.profile, one.snapshot, one.before, cures[name], not_cures[name]) for name, one in treated.items()]
    named = {name: sorted(one.failed()) for name, one in treated.items()}
    return Outcome(numbers, records, named, {name: sorted(one.failed_after()) for name, one in treated.items()})
