# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""4. A tiny tcp_max_tw_buckets, which old notes recommend: the kernel destroys TIME_WAIT sockets, and says so only in a counter."""

from __future__ import annotations

import subprocess

from lab.experiment import Outcome, Record
from lab.network import ADDRESSES, Host, restart
from lab.playbooks import treat

LIMIT, CONNECTIONS = 5, 20
BUCKETS = "net.ipv4.tcp_max_tw_buckets"
# What kernels up to 2.6.37 said.
LOG_LINE = "time wait bucket table overflow"


def run(hosts: dict[str, Host]) -> Outcome:
    client = hosts["client2"]
    # Lowering the limit evicts nothing, so begin without TIME_WAIT sockets, and with counters at zero.
    restart(hosts, "client2")
    client.write("/etc/sysctl.d/99-zz-tiny-buckets.conf", f"{BUCKETS} = {LIMIT}\n")
    default = int(client.get(BUCKETS))
    client.set(BUCKETS, LIMIT)
    load = {"to": [ADDRESSES["backend"], 80], "count": CONNECTIONS, "close": "client"}

    logged_before = _log_lines()
    start = client.state()
    before = client.traffic("load", **load)
    full = client.state()
    logged_after = _log_lines()
    # That file is read after the role's own.
    treated = treat("client2", client_host_on_conflict="comment_out")["client2"]
    cured = client.state()
    after = client.traffic("load", **load)
    end = client.state()

    numbers = {
        "limit": LIMIT,
        "default": default,
        "connections": CONNECTIONS,
        "before_ok": before["ok"],
        "before_time_wait": full.time_wait,
        "before_overflow": full.since(start, "TCPTimeWaitOverflow"),
        "log_lines": None if logged_before is None or logged_after is None else logged_after - logged_before,
        "limit_after": int(client.get(BUCKETS)),
        "after_ok": after["ok"],
        "after_time_wait": end.time_wait - cured.time_wait,
        "after_overflow": end.since(cured, "TCPTimeWaitOverflow"),
    }
    record = Record(
        "client2", treated.profile, treated.snapshot, treated.before, cures=["raise-buckets"], not_cures=["tiny-buckets", "recycle"]
    )
    return Outcome(numbers, [record], {"client2": sorted(treated.failed())}, {"client2": sorted(treated.failed_after())})


def _log_lines() -> int | None:
    """How often the kernel's log has the line; None where the log cannot be read here."""
    try:
        log = subprocess.run(["dmesg"], check=True, capture_output=True, text=True, errors="replace").stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return log.lower().count(LOG_LINE)
