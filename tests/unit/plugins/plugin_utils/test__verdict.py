# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person reads first."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from support.snapshots import nat, snapshot, sockets, towards

if t.TYPE_CHECKING:
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import Verdict

RANGE, REUSE = "net.ipv4.ip_local_port_range", "net.ipv4.tcp_tw_reuse"
COUNT, MAX = "net.netfilter.nf_conntrack_count", "net.netfilter.nf_conntrack_max"


def verdict(keys: dict[str, str | None] | None = None, profile: str = "any", **parts: t.Any) -> Verdict:
    return audit(snapshot(keys, **parts), "web1", AuditOptions(profile=profile, today=datetime.date(2026, 11, 21)))["verdict"]


def test_what_is_wrong_where_and_how_much_and_what_to_do() -> None:
    leak = towards(200, close_wait=200)
    found = verdict({RANGE: "40000 40199"}, sockets=sockets(ports_in_use=[leak], states={"ipv4": {"close_wait": 200}, "ipv6": {}}))
    assert found["sentence"] == (
        "One destination holds most of the ephemeral ports (critical). 192.0.2.10 to 192.0.2.80:80: 200 of 200 usable ports taken "
        "(100.0 %): 200 CLOSE_WAIT. And 2 other failed results."
    )
    assert found["next_step"].startswith("Let the program close connections that the peer has closed: find the program: ss -tnp")


def test_since_when_a_counter_grew() -> None:
    assert "ListenOverflows +9 since boot, 24 hours ago" in verdict(counted={"ListenOverflows": 9})["sentence"]
    assert "ListenOverflows +2 in 5 s" in verdict(counted={"ListenOverflows": 9}, grown={"ListenOverflows": 2})["sentence"]


def test_without_a_cure_the_rule_says_what_to_do() -> None:
    found = verdict({"net.ipv4.tcp_fin_timeout": "10"})
    assert found["sentence"].startswith("A running value is in no boot file")
    assert found["next_step"].startswith("Write the key into a file in /etc/sysctl.d")


def test_where_nothing_is_wrong_what_was_not_seen_is_counted() -> None:
    found = verdict()
    assert found["sentence"].startswith("Nothing is wrong as far as was checked: ")
    assert found["next_step"] == ""
    blind = verdict(sysctl=None, ipv4_keys=None, boot_files=None, sockstat=None, counters=None, sockets=None, nat=None)
    assert "unknown" in blind["sentence"]


def test_what_can_be_ruled_out_is_told_with_its_figures() -> None:
    found = verdict(
        {COUNT: "120", MAX: "1000"},
        counters={"TcpExt": {"ListenOverflows": 0}, "nf_conntrack": {"insert_failed": 0, "drop": 0}},
        nat=nat(),
    )
    assert "conntrack: 120 of 1000 entries (12 %)" in found["fine"]
    assert "conntrack drops: insert_failed +0 since boot, 24 hours ago, drop +0 since boot, 24 hours ago" in found["fine"]
    assert "accept queue: no overflow: ListenOverflows +0 since boot, 24 hours ago" in found["fine"]
    assert "SNAT: no connection is source-NATed here" in found["fine"]
    assert "conntrack: none here (this kernel or namespace has no net.netfilter.nf_conntrack_count)" in verdict({COUNT: None})["fine"]


def test_what_fails_is_not_fine() -> None:
    found = verdict({COUNT: "990", MAX: "1000"})
    assert not [one for one in found["fine"] if one.startswith("conntrack:")]


@pytest.mark.parametrize(
    ("opened", "accepted", "profile"),
    [(900, 100, "client_host"), (899, 101, ""), (50, 950, "backend"), (500, 500, "fullnat_lb"), (899, 99, ""), (700, 300, "")],
)
def test_the_figures_propose_a_profile(opened: int, accepted: int, profile: str) -> None:
    both = sockets(outgoing=40, accepted=[{"port": 443, "states": {"established": 50}}])
    found = verdict(counters={"Tcp": {"ActiveOpens": opened, "PassiveOpens": accepted}}, sockets=both)["profile"]
    assert (f"Audit it with the profile {profile}." in found) if profile else found == ""
    assert not profile or f"{opened:,} connections were opened and {accepted:,} accepted since boot" in found


def test_a_host_that_talks_to_itself_is_no_balancer() -> None:
    assert verdict(counters={"Tcp": {"ActiveOpens": 5000, "PassiveOpens": 5000}})["profile"] == ""


def test_a_host_that_forwards_is_a_balancer() -> None:
    found = verdict(counters={"Ip": {"InReceives": 10000, "ForwDatagrams": 6000}, "Tcp": {"ActiveOpens": 5000, "PassiveOpens": 1}})[
        "profile"
    ]
    assert found == (
        "This host looks like a load balancer: 6,000 of 10,000 packets were forwarded since boot. Audit it with the profile fullnat_lb."
    )


def test_a_profile_that_was_given_is_not_proposed() -> None:
    assert verdict(profile="backend", counters={"Tcp": {"ActiveOpens": 5000, "PassiveOpens": 1}})["profile"] == ""
