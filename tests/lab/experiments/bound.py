# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""7. A program that binds its address before it connects: one range has to do for all destinations."""

from __future__ import annotations

import typing as t

from lab.experiment import Outcome, Record
from lab.experiments.ports import HELD, PORT_RANGE, PORTS, RANGE, SAME_RANGE
from lab.network import ADDRESSES, Host, restart
from lab.playbooks import treat

CONNECTIONS, PLAIN = 150, 20
ONE, OTHER, FRESH = [ADDRESSES["backend"], 80], [ADDRESSES["balancer"], 8013], [ADDRESSES["backend"], 8082]


def run(hosts: dict[str, Host]) -> Outcome:
    client = hosts["client2"]
    restart(hosts, "client2")
    client.write("/etc/sysctl.d/50-few-ports.conf", f"{PORT_RANGE} = {RANGE}\n")
    client.set(PORT_RANGE, RANGE)
    binds: dict[str, t.Any] = {"count": CONNECTIONS, "close": "client", "source": ADDRESSES["client2"]}
    plain = {"count": PLAIN, "close": "client"}

    with client.holding(hold=HELD, to=ONE, **binds) as one:
        other = client.traffic("load", to=OTHER, **binds)
        fresh = client.traffic("load", to=FRESH, **plain)
        treated = treat("client2", client_host_settings=SAME_RANGE, client_host_on_conflict="comment_out")["client2"]

    # A port that bind() has taken stays taken for as long as its TIME_WAIT.
    restart(hosts, "client2")
    cured = [client.traffic("load", to=to, no_port=True, **binds) for to in (ONE, OTHER)]
    cured_fresh = client.traffic("load", to=FRESH, **plain)

    bound = treated.failed().get("ports-bound-first", {})
    numbers: dict[str, t.Any] = {
        "ports": PORTS,
        "connections": CONNECTIONS,
        "plain": PLAIN,
        "one_ok": one["ok"],
        "other_ok": other["ok"],
        "other_failed": other["errors"].get("EADDRINUSE", 0),
        "fresh_ok": fresh["ok"],
        "fresh_failed": fresh["errors"].get("EADDRNOTAVAIL", 0),
        "range_after": client.get(PORT_RANGE),
        "cured_one_ok": cured[0]["ok"],
        "cured_other_ok": cured[1]["ok"],
        "cured_fresh_ok": cured_fresh["ok"],
        **{f"bound_{part}": bound.get(part) for part in ("subject", "severity", "observed")},
    }
    never = ["recycle", "fin-timeout", "tiny-buckets", "more-destinations"]
    record = Record("client2", treated.profile, treated.snapshot, treated.before, ["bind-no-port"], never)
    return Outcome(numbers, [record], {"client2": sorted(treated.failed())}, {"client2": sorted(treated.failed_after())})
