# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""3. A 5-tuple that comes back through the NAT while the balancer still remembers it, from another client.

Which SYNs are refused depends on the random offsets of the clients' timestamps and sequence numbers, which the kernel draws once for
each boot of the machine. So sums are looked at, never single outcomes.
"""

from __future__ import annotations

import typing as t

from lab.experiment import Outcome, Record, until
from lab.network import ADDRESSES, Host
from lab.playbooks import treat

PORT = 8001
TUPLES = 80
# Outside of every range that the kernel picks from.
FIRST_PORTS = {"healed": 11000, "not_healed": 11100, "role": 11200, "gateway": 11300, "front": 11400}
# Long enough for two more SYNs of a client that retries after 1 and after 2 (older kernels: 3) seconds.
PATIENCE = 3.5
RFC1337 = "net.ipv4.tcp_rfc1337"
CONNTRACK = "net.netfilter.nf_conntrack_tcp_timeout_time_wait"
# Before Linux 6.16 the refused SYNs are counted in PAWSEstab.
REFUSED = ("PAWSTimewait", "PAWSEstab")


def run(hosts: dict[str, Host]) -> Outcome:
    balancer, gateway = hosts["balancer"], hosts["gateway"]
    gateway.write("/etc/sysctl.d/50-forget.conf", f"{CONNTRACK} = 1\n")
    gateway.set(CONNTRACK, 1)
    numbers: dict[str, t.Any] = {"tuples": TUPLES, "timestamps_before": balancer.get("net.ipv4.tcp_timestamps")}

    for case in ("healed", "not_healed"):
        occupy(hosts, case)
    forgotten(gateway, "healed", "not_healed")
    numbers |= collide(hosts, "healed")
    balancer.write("/etc/sysctl.d/50-rfc1337.conf", f"{RFC1337} = 1\n")
    balancer.set(RFC1337, 1)
    numbers |= collide(hosts, "not_healed")

    treated = treat("balancer", "gateway")
    numbers |= {
        "timestamps_after": balancer.get("net.ipv4.tcp_timestamps"),
        "rfc1337_after": balancer.get(RFC1337),
        "conntrack_after": int(gateway.get(CONNTRACK)),
    }
    # The gateway with its role: it still knows the tuple, and gives the second client another port.
    occupy(hosts, "gateway")
    numbers |= collide(hosts, "gateway")
    # A gateway that is not ours to mend: the balancer's role has to do.
    gateway.set(CONNTRACK, 1)
    occupy(hosts, "role")
    forgotten(gateway, "role")
    numbers |= collide(hosts, "role")
    gateway.set(CONNTRACK, numbers["conntrack_after"])

    never = ["recycle", "reuse", "fin-timeout", "tiny-buckets"]
    cures = {"balancer": ["rfc1337-off", "conntrack-timeout"], "gateway": ["conntrack-timeout"]}
    records = [Record(name, one.profile, one.snapshot, one.before, cures[name], never) for name, one in treated.items()]
    named = {name: sorted(one.failed()) for name, one in treated.items()}
    return Outcome(numbers, records, named, {name: sorted(one.failed_after()) for name, one in treated.items()})


def occupy(hosts: dict[str, Host], case: str) -> None:
    """The first client's connections, which the balancer closes first."""
    where = {"to": [ADDRESSES["balancer"], PORT], "first_port": FIRST_PORTS[case], "count": TUPLES}
    hosts["client1"].traffic("occupy", source=ADDRESSES["client1"], **where)


def forgotten(gateway: Host, *cases: str) -> None:
    """Wait until the gateway's connection tracking has dropped them, which its time-out of 1 s makes it do."""
    firsts = [FIRST_PORTS[case] for case in cases]

    def gone() -> bool:
        tracked = [line for line in gateway.run("cat", "/proc/net/nf_conntrack").splitlines() if f" dport={PORT} " in line]
        sources = {int(field[6:]) for line in tracked for field in line.split() if field.startswith("sport=")}
        return not any(first <= port < first + TUPLES for port in sources for first in firsts)

    until(gone, "the gateway's forgetting of closed connections")


def collide(hosts: dict[str, Host], case: str) -> dict[str, t.Any]:
    """The second client with the same source ports; the gateway's address is the same for both."""
    client, balancer = hosts["client2"], hosts["balancer"]
    client_before, balancer_before = client.state(), balancer.state()
    where = {"to": [ADDRESSES["balancer"], PORT], "first_port": FIRST_PORTS[case], "count": TUPLES}
    done = client.traffic("collide", source=ADDRESSES["client2"], seconds=PATIENCE, **where)
    client_after, balancer_after = client.state(), balancer.state()
    counted = next(name for name in REFUSED if balancer_after.counts(name))
    return {
        f"{case}_time_wait": balancer_before.from_port(PORT),
        f"{case}_ok": done["ok"],
        f"{case}_failed": done["failed"],
        f"{case}_slowest_ms": done["slowest_ms"],
        f"{case}_refused": balancer_after.since(balancer_before, counted),
        f"{case}_skipped": balancer_after.since(balancer_before, "TCPACKSkippedTimeWait"),
        f"{case}_syn_again": client_after.since(client_before, "TCPSynRetrans"),
        "counter": counted,
    }
