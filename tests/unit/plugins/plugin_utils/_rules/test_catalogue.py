# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every rule, by table: what must fail with which severity under which profile, and what must not.

To add a rule, add its function in plugins/plugin_utils/_rules and its rows here.
"""

from __future__ import annotations

import datetime
import os
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import PROFILES, SEVERITIES
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import CATALOGUE, ThresholdError, Thresholds
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import load
from support.snapshots import boot_files, listener, nat, negotiated, probe, snapshot, sockets, towards

if t.TYPE_CHECKING:
    from pathlib import Path

    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import Result
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Snapshot

TODAY = datetime.date(2026, 11, 21)
TS = "net.ipv4.tcp_timestamps"
REUSE = "net.ipv4.tcp_tw_reuse"
RECYCLE = "net.ipv4.tcp_tw_recycle"
BUCKETS = "net.ipv4.tcp_max_tw_buckets"
RANGE = "net.ipv4.ip_local_port_range"
RESERVED = "net.ipv4.ip_local_reserved_ports"
TW_TIMEOUT = "net.ipv4.tcp_tw_timeout"
COUNT, MAX = "net.netfilter.nf_conntrack_count", "net.netfilter.nf_conntrack_max"
CONNTRACK = "net.netfilter.nf_conntrack_tcp_timeout_time_wait"
CONF = "/etc/sysctl.d/50-x.conf"
CLIENT, BALANCER, BACKEND = "client_host", "fullnat_lb", "backend"


def judge(observed: Snapshot, profile: str, rule: str, thresholds: Thresholds | None = None) -> list[Result]:
    options = AuditOptions(profile=profile, today=TODAY, thresholds=thresholds or Thresholds())
    return [result for result in audit(observed, "web1", options)["results"] if result["id"] == rule]


def listening(*ports: int, address: str = "0.0.0.0") -> dict[str, t.Any]:
    return {"sockets": sockets(listeners=[listener(port, address) for port in ports])}


def ufw(text: str) -> dict[str, str]:
    """A host where ufw is on and applies this text when it starts."""
    return {
        "/etc/ufw/ufw.conf": "ENABLED=yes\n",
        "/etc/default/ufw": "IPT_SYSCTL=/etc/ufw/sysctl.conf\n",
        "/etc/ufw/sysctl.conf": text,
    }


MAIN = "/etc/sysctl.conf"
OPENRC = {
    "/run/openrc/softlevel": "default\n",
    "/etc/runlevels/boot/sysctl": "",
    "/etc/init.d/sysctl": "sysctl ${quiet} --system\n",
    "/usr/sbin/sysctl": "",
}


def tuned(line: str, reapply: str = "1") -> dict[str, str]:
    """A host where TuneD starts with a profile that has this line."""
    return {
        "/etc/tuned/active_profile": "web\n",
        "/etc/tuned/tuned-main.conf": f"reapply_sysctl = {reapply}\n",
        "/etc/tuned/web/tuned.conf": f"[sysctl]\n{line}\n",
    }


def in_use(*groups: t.Any, **more: t.Any) -> dict[str, t.Any]:
    return {"sockets": sockets(ports_in_use=list(groups), **more)}


def bound(connections: int, ports: int, bind_parity: int, *groups: int) -> dict[str, t.Any]:
    """Ports of one source, and those that each destination holds."""
    used = [towards(held, port=number) for number, held in enumerate(groups, 1)]
    return {"sockets": sockets(source_ports=[source(connections, ports, bind_parity)], ports_in_use=used)}


def source(connections: int, ports: int, bind_parity: int) -> dict[str, t.Any]:
    return {"device": None, "source": "192.0.2.10", "connections": connections, "ports": ports, "bind_parity": bind_parity}


def accepted(**states: int) -> dict[str, t.Any]:
    return {"sockets": sockets(accepted=[{"port": 80, "states": states}], states={"ipv4": states, "ipv6": {}})}


def queue(waiting: int, backlog: int) -> dict[str, t.Any]:
    return {"sockets": sockets(listeners=[listener(80, queue=waiting, backlog=backlog)])}


def growing(**states: int) -> dict[str, t.Any]:
    return {"sample": {"seconds": 5.0, "deltas": {}, "states": states}}


def tracked(counted: dict[str, int], grown: dict[str, int] | None = None) -> dict[str, t.Any]:
    """Counters of connection tracking, and how far they grew."""
    deltas: dict[str, t.Any] = {"nf_conntrack": {**dict.fromkeys(counted, 0), **(grown or {})}}
    sample = None if grown is None else {"seconds": 5.0, "deltas": deltas, "states": None}
    return {"counters": {"nf_conntrack": counted}, "sample": sample}


def snat(ports: int, in_pool: int | None = None) -> dict[str, t.Any]:
    """in_pool: how many of them are in the range of POOL; None where they were not counted."""
    where = {"protocol": "tcp", "address": "192.0.2.1", "destination": "192.0.2.130", "destination_port": 443, "ports": ports}
    counted = [] if in_pool is None else [{"first_port": 30000, "last_port": 30199, "ports": in_pool}]
    return {**where, "in_ranges": counted}


POOL = {"protocol": None, "low": "192.0.2.1", "high": "192.0.2.4", "first_port": 30000, "last_port": 30199}
OTHER_POOL = {**POOL, "low": "192.0.2.9", "high": "192.0.2.9"}
REFUSED = {**probe(None), "reached": False, "error": "ECONNREFUSED", "message": "refused"}
NO_OVERFLOWS = {"ListenOverflows": 0, "ListenDrops": 0, "TCPReqQFullDrop": 0}


class Row(t.NamedTuple):
    """outcome: a severity that the rule fails with, or another status."""

    rule: str
    profile: str
    outcome: str
    observed: Snapshot
    note: str


def open_change(phase: str, this_boot: bool | None = True) -> dict[str, t.Any]:
    """A change of tcp_profile that is not finished."""
    return {"journal": "etc_sysctl.d_99-tcp-hardening.conf.json", "profile": "backend", "phase": phase, "this_boot": this_boot}


def row(rule: str, profile: str, outcome: str, note: str, keys: dict[str, str | None] | None = None, **parts: t.Any) -> Row:
    return Row(rule, profile, outcome, snapshot(keys, **parts), note)


ROWS = [
    row("recycle-on", BACKEND, "critical", "both on", {RECYCLE: "1"}),
    row("recycle-on", CLIENT, "critical", "any other number than 0", {RECYCLE: "2"}),
    row("recycle-on", BALANCER, "pass", "timestamps off", {RECYCLE: "1", TS: "0"}),
    row("recycle-on", BACKEND, "pass", "off", {RECYCLE: "0"}),
    row("recycle-on", BACKEND, "not_applicable", "no such key"),
    row("recycle-on", BACKEND, "unknown", "timestamps not observed", {RECYCLE: "1"}, without=[TS]),
    row("recycle-dormant", BACKEND, "high", "timestamps off", {RECYCLE: "1", TS: "0"}),
    row("recycle-dormant", BACKEND, "pass", "timestamps on", {RECYCLE: "1"}),
    row("recycle-in-boot-file", BACKEND, "medium", "dead line", files={CONF: f"{RECYCLE} = 1\n"}),
    row("recycle-in-boot-file", BACKEND, "high", "the kernel has it", {RECYCLE: "0"}, files={CONF: f"{RECYCLE} = 1\n"}),
    row("recycle-in-boot-file", BACKEND, "high", "unknown kernel", without=[RECYCLE], files={CONF: f"{RECYCLE} = 1\n"}),
    row("recycle-in-boot-file", BACKEND, "medium", "with a slash and a dash", files={CONF: "-net/ipv4/tcp_tw_recycle = yes\n"}),
    row("recycle-in-boot-file", BACKEND, "medium", "by a pattern", files={CONF: "net.ipv4.tcp_tw_rec* = 1\n"}),
    row("recycle-in-boot-file", BACKEND, "pass", "turned off in other digits", files={CONF: f"{RECYCLE} = 0x0\n"}),
    row("recycle-in-boot-file", BACKEND, "pass", "turned off", files={CONF: f"{RECYCLE} = 0\n"}),
    row("recycle-in-boot-file", BACKEND, "pass", "a comment", files={CONF: f"#{RECYCLE} = 1\n"}),
    row("recycle-in-boot-file", BACKEND, "pass", "nothing reads it", files={CONF + ".txt": f"{RECYCLE} = 1\n"}),
    row("recycle-in-boot-file", BACKEND, "unknown", "a file that is not text", files={CONF: b"\0"}),
    row("recycle-in-boot-file", BACKEND, "unknown", "files not observed", boot_files=None),
    row("recycle-drops-seen", BACKEND, "critical", "growing", counted={"PAWSPassive": 9}, grown={"PAWSPassive": 2}),
    row("recycle-drops-seen", BACKEND, "high", "since boot", counted={"PAWSPassive": 9}),
    row("recycle-drops-seen", BACKEND, "pass", "none since boot", counted={"PAWSPassive": 0}),
    row("recycle-drops-seen", BACKEND, "pass", "not growing", counted={"PAWSPassive": 9}, grown={}),
    row("recycle-drops-seen", BACKEND, "unknown", "shrank", counted={"PAWSPassive": 9}, grown={"PAWSPassive": None}),
    row("recycle-drops-seen", BACKEND, "not_applicable", "no such counter"),
    row("recycle-drops-seen", BACKEND, "unknown", "counters not observed", counters=None),
    row("reuse-without-timestamps", CLIENT, "high", "client", {REUSE: "1", TS: "0"}),
    row("reuse-without-timestamps", BALANCER, "medium", "balancer", {REUSE: "1", TS: "0"}),
    row("reuse-without-timestamps", BACKEND, "medium", "backend", {REUSE: "1", TS: "0"}),
    row("reuse-without-timestamps", CLIENT, "pass", "consistent: both off", {REUSE: "0", TS: "0"}),
    row("reuse-without-timestamps", CLIENT, "pass", "consistent: both on", {REUSE: "1"}),
    row("peer-without-timestamps", CLIENT, "medium", "seen", {REUSE: "1"}, **in_use(towards(300), timestamps=[negotiated(0, 2)])),
    row("peer-without-timestamps", CLIENT, "high", "pressure", {REUSE: "1"}, **in_use(towards(20000), timestamps=[negotiated(1, 2)])),
    row("peer-without-timestamps", CLIENT, "medium", "probed", {REUSE: "1"}, **in_use(towards(1)), probes=[probe(False)]),
    row("peer-without-timestamps", CLIENT, "high", "probed, pressure", {REUSE: "1"}, **in_use(towards(20000)), probes=[probe(False)]),
    row("peer-without-timestamps", CLIENT, "pass", "hardly used", {REUSE: "1"}, **in_use(towards(9), timestamps=[negotiated(0, 2)])),
    row("peer-without-timestamps", CLIENT, "medium", "1 %", {REUSE: "1"}, **in_use(towards(283), timestamps=[negotiated(0, 2)])),
    row("peer-without-timestamps", CLIENT, "pass", "under 1 %", {REUSE: "1"}, **in_use(towards(282), timestamps=[negotiated(0, 2)])),
    row(
        "peer-without-timestamps",
        CLIENT,
        "high",
        "60 %",
        {REUSE: "1", RANGE: "40000 40019"},
        **in_use(towards(12), timestamps=[negotiated(0, 2)]),
    ),
    row(
        "peer-without-timestamps",
        CLIENT,
        "pass",
        "as many with as without",
        {REUSE: "1"},
        **in_use(towards(300), timestamps=[negotiated(2, 2)]),
    ),
    row("peer-without-timestamps", CLIENT, "pass", "most have", {REUSE: "1"}, **in_use(towards(300), timestamps=[negotiated(2, 1)])),
    row(
        "peer-without-timestamps",
        CLIENT,
        "pass",
        "live ones win",
        {REUSE: "1"},
        **in_use(timestamps=[negotiated(9)]),
        probes=[probe(False)],
    ),
    row("peer-without-timestamps", CLIENT, "pass", "a probe that failed", {REUSE: "1"}, probes=[probe(None, address=None, reached=False)]),
    row("peer-without-timestamps", CLIENT, "not_applicable", "no reuse", **in_use(towards(300), timestamps=[negotiated(0, 2)])),
    row("peer-without-timestamps", CLIENT, "not_applicable", "off here", {REUSE: "1", TS: "0"}, probes=[probe(False)]),
    row("peer-without-timestamps", CLIENT, "unknown", "sockets unknown", {REUSE: "1"}, sockets=None),
    row("reuse-loopback-only", CLIENT, "low", "the kernel's default"),
    row("reuse-loopback-only", CLIENT, "medium", "under port pressure", **in_use(towards(20000))),
    row("reuse-loopback-only", CLIENT, "medium", "60 %", {RANGE: "40000 40019"}, **in_use(towards(12))),
    row("reuse-loopback-only", CLIENT, "low", "45 %", {RANGE: "40000 40019"}, **in_use(towards(9))),
    row("reuse-loopback-only", CLIENT, "low", "sockets unknown", sockets=None),
    row("reuse-loopback-only", CLIENT, "pass", "on", {REUSE: "1"}),
    row("reuse-loopback-only", BACKEND, "not_applicable", "other profile"),
    row("reuse-on-server", BACKEND, "info", "nothing connects out", {REUSE: "1"}),
    row("reuse-on-server", BACKEND, "info", "only to itself", {REUSE: "1"}, **in_use(towards(5, destination="127.0.0.1"))),
    row("reuse-on-server", BACKEND, "pass", "something connects out", {REUSE: "1"}, **in_use(towards(3), outgoing=1)),
    row("reuse-on-server", BACKEND, "pass", "opened between samples", {REUSE: "1"}, grown={"ActiveOpens": 4}),
    row("reuse-on-server", BACKEND, "pass", "the kernel's default"),
    row("reuse-on-server", BACKEND, "unknown", "sockets unknown", {REUSE: "1"}, sockets=None),
    row("timestamps-off", CLIENT, "medium", "client", {TS: "0"}),
    row("timestamps-off", BACKEND, "medium", "backend", {TS: "0"}),
    row("timestamps-off", BALANCER, "not_applicable", "right on a balancer", {TS: "0"}),
    row("timestamps-off", BACKEND, "pass", "on without offset", {TS: "2"}),
    row("timestamps-on-at-l7", BALANCER, "info", "on"),
    row("timestamps-on-at-l7", BALANCER, "medium", "and SYNs are refused", counted={"PAWSTimewait": 9}, grown={"PAWSTimewait": 1}),
    row("timestamps-on-at-l7", BALANCER, "info", "SYNs were refused once", counted={"PAWSTimewait": 9}),
    row("timestamps-on-at-l7", BALANCER, "pass", "off", {TS: "0"}),
    row("timestamps-on-at-l7", BACKEND, "not_applicable", "other profile"),
    row("timestamps-odd-value", BACKEND, "low", "3 means on", {TS: "3"}),
    row("timestamps-odd-value", BACKEND, "pass", "0 is known", {TS: "0"}),
    row("timestamps-odd-value", BACKEND, "pass", "1 is known", {TS: "1"}),
    row("timestamps-odd-value", BACKEND, "pass", "2 is known", {TS: "2"}),
    row("syn-rejected-in-time-wait", BALANCER, "medium", "growing", grown={"PAWSTimewait": 1}),
    row("syn-rejected-in-time-wait", BACKEND, "medium", "repeats", grown={"TCPACKSkippedTimeWait": 1}),
    row("syn-rejected-in-time-wait", BACKEND, "low", "since boot", counted={"PAWSTimewait": 7}),
    row("syn-rejected-in-time-wait", BACKEND, "pass", "PAWSEstab is another thing here", grown={"PAWSEstab": 9}),
    row("syn-rejected-in-time-wait", BACKEND, "info", "before 6.16", counted={"PAWSTimewait": None}, grown={"PAWSEstab": 9}),
    row(
        "syn-rejected-in-time-wait",
        BACKEND,
        "medium",
        "before 6.16, and repeated",
        counted={"PAWSTimewait": None},
        grown={"PAWSEstab": 9, "TCPACKSkippedTimeWait": 1},
    ),
    row("syn-rejected-in-time-wait", CLIENT, "not_applicable", "other profile"),
    row("change-unconfirmed", BACKEND, "high", "waits", open_changes=[open_change("waiting")]),
    row("change-unconfirmed", CLIENT, "high", "killed", open_changes=[open_change("applying")]),
    row("change-unconfirmed", BALANCER, "high", "damaged", open_changes=[open_change("damaged", None)]),
    row("change-unconfirmed", BACKEND, "high", "before a restart", open_changes=[open_change("waiting", False)]),
    row("change-unconfirmed", BACKEND, "pass", "none"),
    row("buckets-disabled", BACKEND, "critical", "0", {BUCKETS: "0"}),
    row("buckets-disabled", CLIENT, "critical", "-1", {BUCKETS: "-1"}),
    row("buckets-disabled", CLIENT, "pass", "1 is small, and has its own rule", {BUCKETS: "1"}),
    row("buckets-disabled", BACKEND, "pass", "the kernel's own"),
    row("buckets-too-small", BACKEND, "high", "8192", files={CONF: f"{BUCKETS} = 8192\n"}),
    row(
        "buckets-too-small",
        BACKEND,
        "high",
        "octal",
        files={CONF: f"{BUCKETS} = 0100000\n", "/etc/sysctl.d/9.conf": f"{BUCKETS} = 05000\n"},
    ),
    row("buckets-too-small", BACKEND, "pass", "refused", files={CONF: f"{BUCKETS} = 5_000\n"}),
    row("buckets-too-small", BACKEND, "medium", "8193", files={CONF: f"{BUCKETS} = 8193\n"}),
    row("buckets-too-small", BACKEND, "high", "0", files={CONF: f"{BUCKETS} = 0\n"}),
    row("buckets-too-small", BACKEND, "pass", "no boot file", files={CONF: f"{BUCKETS} = 5000\n{BUCKETS} = 65536\n"}),
    row("buckets-too-small", BACKEND, "high", "5000", files={CONF: f"{BUCKETS} = 65536\n{BUCKETS} = 5000\n"}),
    # Only sysctl --system reads this file, and last.
    row("buckets-too-small", BACKEND, "high", "5000", files={CONF: f"{BUCKETS} = 65536\n", "/etc/sysctl.conf": f"{BUCKETS} = 5000\n"}),
    row("buckets-too-small", BACKEND, "pass", "32768", files={CONF: f"{BUCKETS} = 32768\n"}),
    row("buckets-too-small", BACKEND, "medium", "32767", files={CONF: f"{BUCKETS} = 32767\n"}),
    row("buckets-too-small", BACKEND, "pass", "lowered, and still enough", {BUCKETS: "32768"}),
    row("buckets-too-small", BACKEND, "medium", "lowered by hand, one under it", {BUCKETS: "32767"}),
    row("buckets-too-small", BACKEND, "pass", "not lowered", {BUCKETS: "4096", "net.ipv4.tcp_ehash_entries": "8192"}),
    row("buckets-too-small", BACKEND, "high", "no kernel's own", {BUCKETS: "5000"}, without=["net.ipv4.tcp_ehash_entries"]),
    row("buckets-too-small", BACKEND, "pass", "may be the kernel's own", {BUCKETS: "4096"}, without=["net.ipv4.tcp_ehash_entries"]),
    row("buckets-too-small", BACKEND, "pass", "0 has its own rule", {BUCKETS: "0"}),
    row("buckets-too-small", BACKEND, "high", "1", {BUCKETS: "1"}),
    row("buckets-too-small", BACKEND, "pass", "all it can pay for", host={"memory_bytes": 256 << 20}, files={CONF: f"{BUCKETS} = 16384\n"}),
    row("buckets-too-small", BACKEND, "medium", "less than that", host={"memory_bytes": 256 << 20}, files={CONF: f"{BUCKETS} = 16383\n"}),
    row("buckets-too-small", BACKEND, "pass", "small RAM", {BUCKETS: "4096", "net.ipv4.tcp_ehash_entries": "8192"}),
    row("buckets-too-small", BACKEND, "pass", "no telling", {BUCKETS: "4096", "net.ipv4.tcp_ehash_entries": None}),
    row("buckets-too-small", BACKEND, "high", "lowered by hand", {BUCKETS: "5000"}),
    row("buckets-too-small", BACKEND, "high", "shared table", {BUCKETS: "5", "net.ipv4.tcp_ehash_entries": "-262144"}),
    row("buckets-nearly-full", BACKEND, "high", "80 %", {BUCKETS: "1000"}, sockstat={"TCP": {"tw": 800}}),
    row("buckets-nearly-full", BACKEND, "pass", "79.9 %", {BUCKETS: "1000"}, sockstat={"TCP": {"tw": 799}}),
    row("buckets-nearly-full", BACKEND, "high", "one of one", {BUCKETS: "1"}, sockstat={"TCP": {"tw": 1}}),
    row("buckets-nearly-full", BACKEND, "not_applicable", "disabled", {BUCKETS: "0"}),
    row("buckets-nearly-full", BACKEND, "unknown", "not observed", sockstat=None, sockets=None),
    row("buckets-overflow", BACKEND, "high", "growing", grown={"TCPTimeWaitOverflow": 15}),
    row("buckets-overflow", BACKEND, "high", "one more", grown={"TCPTimeWaitOverflow": 1}),
    row("buckets-overflow", BACKEND, "medium", "since boot", counted={"TCPTimeWaitOverflow": 15}),
    row("buckets-overflow", BACKEND, "pass", "old", counted={"TCPTimeWaitOverflow": 15}, grown={}),
    row("ports-few", CLIENT, "medium", "one under the kernel's", {RANGE: "32768 60998"}),
    row("ports-few", BALANCER, "medium", "reserved", {RESERVED: "40000-40009"}),
    row("ports-few", CLIENT, "pass", "reserved outside the range", {RESERVED: "8080,1-100"}),
    row("ports-few", CLIENT, "pass", "the kernel's own"),
    row("ports-few", BACKEND, "not_applicable", "other profile", {RANGE: "40000 40019"}),
    row("ports-few", CLIENT, "unknown", "a broken value", {RANGE: "40000"}),
    row("ports-under-listener", BACKEND, "medium", "low end", **listening(32768)),
    row("ports-under-listener", CLIENT, "medium", "high end", **listening(60999)),
    row("ports-under-listener", BACKEND, "low", "for the host alone", **listening(50000, address="127.0.0.1")),
    row("ports-under-listener", BACKEND, "pass", "one past it", **listening(61000, 80)),
    row("ports-under-listener", BACKEND, "pass", "reserved", {RESERVED: "8080,50000-50001"}, **listening(50001)),
    row("ports-under-listener", BACKEND, "unknown", "more than are told", sockets=sockets(listeners_left_out=1)),
    row("ports-under-listener", BACKEND, "unknown", "sockets unknown", sockets=None),
    row("ports-few", CLIENT, "unknown", "the wrong way round", {RANGE: "60999\t32768"}),
    row("ports-same-parity", CLIENT, "info", "both even", {RANGE: "1024 65000"}),
    row("ports-same-parity", CLIENT, "info", "both odd", {RANGE: "1025 65535"}),
    row("ports-same-parity", CLIENT, "pass", "the kernel's own"),
    row("ports-pressure", CLIENT, "medium", "50 %", {RANGE: "40000 40019"}, **in_use(towards(10))),
    row("ports-pressure", CLIENT, "high", "85 %", {RANGE: "40000 40019"}, **in_use(towards(17))),
    row("ports-pressure", CLIENT, "critical", "all", {RANGE: "40000 40019"}, **in_use(towards(20))),
    row("ports-pressure", CLIENT, "high", "all but one", {RANGE: "40000 40019"}, **in_use(towards(19))),
    row("ports-pressure", CLIENT, "medium", "84 %", {RANGE: "40000 40099"}, **in_use(towards(84))),
    row("ports-pressure", CLIENT, "critical", "no usable port", {RANGE: "40000 40001", RESERVED: "40000-40001"}, **in_use(towards(1))),
    row(
        "ports-pressure", CLIENT, "critical", "all but the reserved", {RANGE: "40000 40019", RESERVED: "40000-40009"}, **in_use(towards(10))
    ),
    row("ports-pressure", BALANCER, "pass", "45 %", {RANGE: "40000 40019"}, **in_use(towards(9))),
    row("ports-pressure", CLIENT, "unknown", "perhaps 50 %", {RANGE: "40000 40019"}, **in_use(towards(9), error_bound=1)),
    row("ports-pressure", CLIENT, "pass", "49 % at most", {RANGE: "40000 40099"}, **in_use(towards(40), error_bound=9)),
    row("ports-pressure", BACKEND, "high", "on a backend too", {RANGE: "40000 40019"}, **in_use(towards(17))),
    row("ports-pressure", CLIENT, "pass", "nothing connects out"),
    row("ports-pressure", CLIENT, "unknown", "sockets unknown", sockets=None),
    row("ports-pressure", CLIENT, "pass", "taken over", {REUSE: "1"}, **in_use(towards(28000, 28000), timestamps=[negotiated(1)])),
    row(
        "ports-pressure",
        CLIENT,
        "pass",
        "the default on loopback",
        **in_use(towards(28000, 28000, "127.0.0.1"), timestamps=[negotiated(1, 0, "127.0.0.1")]),
    ),
    row("ports-pressure", CLIENT, "critical", "no reuse", **in_use(towards(28232, 28232), timestamps=[negotiated(1)])),
    row("ports-pressure", CLIENT, "medium", "not known", {REUSE: "1"}, **in_use(towards(28232, 28232), time_wait_outgoing=28232)),
    row("ports-pressure", CLIENT, "high", "25000 not in TIME_WAIT", {REUSE: "1"}, **in_use(towards(28232, 3232))),
    row("ports-pressure", CLIENT, "medium", "reuse not observed", without=[REUSE], **in_use(towards(28232, 28232))),
    row(
        "ports-pressure",
        CLIENT,
        "pass",
        "seen to be reused",
        {REUSE: "1"},
        **in_use(towards(28232, 28232), time_wait_outgoing=28232),
        counted={"TWRecycled": 900, "ActiveOpens": 1000},
        grown={"TWRecycled": 90, "ActiveOpens": 100},
    ),
    row(
        "ports-pressure",
        CLIENT,
        "medium",
        "seldom reused",
        {REUSE: "1"},
        **in_use(towards(28232, 28232), time_wait_outgoing=28232),
        counted={"TWRecycled": 900, "ActiveOpens": 1000},
        grown={"TWRecycled": 40, "ActiveOpens": 100},
    ),
    row(
        "ports-pressure",
        CLIENT,
        "pass",
        "a glance is enough",
        {REUSE: "1"},
        **in_use(towards(28232, 28232), time_wait_outgoing=28232, reuse_sample={"seconds": 0.5, "opened": 100, "recycled": 98}),
    ),
    row(
        "ports-pressure",
        CLIENT,
        "medium",
        "two that are crowded",
        {REUSE: "1"},
        **in_use(
            towards(28232, 28232),
            towards(20000, 20000, port=81),
            time_wait_outgoing=48232,
            reuse_sample={"seconds": 0.5, "opened": 100, "recycled": 98},
        ),
    ),
    row(
        "ports-pressure",
        CLIENT,
        "low",
        "since boot only",
        {REUSE: "1"},
        **in_use(towards(28232, 28232), time_wait_outgoing=28232),
        counted={"TWRecycled": 900000, "ActiveOpens": 1000000},
    ),
    row(
        "ports-pressure",
        CLIENT,
        "high",
        "as fast as reuse carries",
        {REUSE: "1", RANGE: "40000 40999"},
        **in_use(towards(1000, 1000), time_wait_outgoing=1000, reuse_sample={"seconds": 0.5, "opened": 490, "recycled": 490}),
    ),
    row(
        "ports-pressure",
        CLIENT,
        "pass",
        "85 % of what reuse carries",
        {REUSE: "1", RANGE: "40000 40999"},
        **in_use(towards(1000, 1000), time_wait_outgoing=1000, reuse_sample={"seconds": 0.5, "opened": 425, "recycled": 425}),
    ),
    row(
        "ports-pressure",
        CLIENT,
        "pass",
        "two devices",
        {RANGE: "40000 40999"},
        **in_use(towards(350, device="a"), towards(350, device="b")),
    ),
    row("ports-bound-first", CLIENT, "critical", "all", {RANGE: "40000 40999"}, **bound(1000, 1000, 500)),
    row("ports-bound-first", CLIENT, "high", "90 %", {RANGE: "40000 40999"}, **bound(900, 900, 495)),
    row(
        "ports-bound-first",
        CLIENT,
        "critical",
        "none is free",
        {RANGE: "40000 40999"},
        **bound(1000, 1000, 500, 750, 250),
    ),
    row("ports-bound-first", BACKEND, "medium", "30 %", {RANGE: "40000 40999"}, **bound(300, 300, 300)),
    row("ports-bound-first", CLIENT, "pass", "24 %", {RANGE: "40000 40999"}, **bound(240, 240, 240)),
    row("ports-bound-first", CLIENT, "pass", "connect() chose them", {RANGE: "40000 40999"}, **bound(1000, 480, 0)),
    row("ports-bound-first", CLIENT, "pass", "few", {RANGE: "40000 40019"}, **bound(10, 10, 10)),
    row("ports-bound-first", CLIENT, "pass", "one destination took more than half", {RANGE: "40000 40999"}, **bound(900, 900, 400, 900)),
    row("ports-bound-first", CLIENT, "pass", "two took more than half", {RANGE: "40000 40999"}, **bound(1400, 800, 300, 700, 700)),
    row(
        "ports-bound-first",
        CLIENT,
        "unknown",
        "more sources than are told",
        {RANGE: "40000 40999"},
        sockets=sockets(source_ports=[source(400, 400, 0)], source_ports_left_out=9),
    ),
    row("ports-bound-first", CLIENT, "unknown", "sockets unknown", sockets=None),
    row("close-wait-leak", CLIENT, "high", "half of the ports", {RANGE: "40000 40199"}, **in_use(towards(200, close_wait=100))),
    row("close-wait-leak", CLIENT, "medium", "10 %", {RANGE: "40000 40199"}, **in_use(towards(30, close_wait=20))),
    row("close-wait-leak", CLIENT, "pass", "few", {RANGE: "40000 40099"}, **in_use(towards(30, close_wait=19))),
    row("close-wait-leak", CLIENT, "medium", "100", **in_use(towards(200, close_wait=100))),
    row("close-wait-leak", BACKEND, "medium", "accepted", **accepted(close_wait=100)),
    row("close-wait-leak", BACKEND, "pass", "99 accepted", **accepted(close_wait=99, established=5000)),
    row("close-wait-leak", BACKEND, "high", "accepted, growing", **growing(close_wait=30), **accepted(close_wait=300)),
    row("close-wait-leak", BACKEND, "medium", "accepted, hardly growing", **growing(close_wait=29), **accepted(close_wait=300)),
    row("close-wait-leak", BACKEND, "medium", "nowhere listed", sockets=sockets(states={"ipv4": {"close_wait": 100}, "ipv6": {}})),
    row("close-wait-leak", BACKEND, "unknown", "sockets unknown", sockets=None),
    row(
        "fin-wait2-orphans",
        CLIENT,
        "high",
        "half of the ports",
        {RANGE: "40000 40199"},
        **in_use(towards(200, fin_wait2=100), states={"ipv4": {"fin_wait2": 100}, "ipv6": {}}, fin_wait2_orphans=100),
    ),
    row(
        "fin-wait2-orphans",
        CLIENT,
        "medium",
        "10 %, and not told from half-closed ones",
        {RANGE: "40000 40199"},
        **in_use(towards(30, fin_wait2=20), states={"ipv4": {"fin_wait2": 20}, "ipv6": {}}, fin_wait2_orphans=None),
    ),
    row(
        "fin-wait2-orphans",
        CLIENT,
        "pass",
        "programs hold them",
        {RANGE: "40000 40199"},
        **in_use(towards(200, fin_wait2=100), states={"ipv4": {"fin_wait2": 100}, "ipv6": {}}, fin_wait2_orphans=0),
    ),
    row("fin-wait2-orphans", BACKEND, "medium", "a tenth of the limit", {BUCKETS: "20000"}, sockets=sockets(fin_wait2_orphans=2000)),
    row("fin-wait2-orphans", BACKEND, "pass", "less than a tenth", {BUCKETS: "20001"}, sockets=sockets(fin_wait2_orphans=2000)),
    row("fin-wait2-orphans", BACKEND, "pass", "few", {BUCKETS: "9000"}, sockets=sockets(fin_wait2_orphans=999)),
    row(
        "fin-wait2-orphans",
        BACKEND,
        "unknown",
        "not told from half-closed ones",
        sockets=sockets(states={"ipv4": {"fin_wait2": 1000}, "ipv6": {}}, fin_wait2_orphans=None),
    ),
    row("peer-unreachable", CLIENT, "high", "half of the ports", {RANGE: "40000 40199"}, **in_use(towards(200, syn_sent=100))),
    row("peer-unreachable", CLIENT, "medium", "nothing but SYN_SENT", **in_use(towards(20, syn_sent=20))),
    row("peer-unreachable", CLIENT, "medium", "three quarters", **in_use(towards(40, syn_sent=30))),
    row("peer-unreachable", CLIENT, "pass", "a busy client far away", **in_use(towards(3000, 2900, syn_sent=50))),
    row("peer-unreachable", CLIENT, "pass", "few", **in_use(towards(19, syn_sent=19))),
    row("peer-unreachable", BACKEND, "unknown", "sockets unknown", sockets=None),
    row("accept-queue-overflow", BACKEND, "high", "growing", counted={**NO_OVERFLOWS, "ListenOverflows": 9}, grown={"ListenOverflows": 1}),
    row("accept-queue-overflow", BALANCER, "medium", "since boot", counted={**NO_OVERFLOWS, "TCPReqQFullDrop": 9}),
    row(
        "accept-queue-overflow",
        BACKEND,
        "low",
        "since a boot a year ago",
        counted={**NO_OVERFLOWS, "ListenOverflows": 9},
        host={"uptime_seconds": 31536000},
    ),
    row("accept-queue-overflow", BACKEND, "medium", "dropped for another reason", counted={**NO_OVERFLOWS, "ListenDrops": 9}),
    row("accept-queue-overflow", BACKEND, "pass", "dropped by recycling", counted={**NO_OVERFLOWS, "ListenDrops": 9, "PAWSPassive": 9}),
    row("accept-queue-overflow", BACKEND, "pass", "not growing", counted={**NO_OVERFLOWS, "ListenOverflows": 9}, grown={}),
    row("accept-queue-overflow", BACKEND, "pass", "none", counted=NO_OVERFLOWS),
    row(
        "accept-queue-overflow",
        BACKEND,
        "high",
        "full now",
        counted=NO_OVERFLOWS,
        sockets=sockets(listeners=[listener(80, queue=6, backlog=5)]),
    ),
    row(
        "accept-queue-overflow",
        BACKEND,
        "pass",
        "just not full",
        counted=NO_OVERFLOWS,
        sockets=sockets(listeners=[listener(80, queue=5, backlog=5)]),
    ),
    row("accept-queue-overflow", BACKEND, "unknown", "counters not observed", counters=None),
    row("ports-pressure", CLIENT, "critical", "living", {REUSE: "1"}, **in_use(towards(28232, 0), timestamps=[negotiated(1)])),
    row("peer-closes-never", CLIENT, "info", "left to us", probes=[probe(closes="local")]),
    row("peer-closes-never", BALANCER, "pass", "closes", probes=[probe(closes="peer")]),
    row("peer-closes-never", CLIENT, "not_applicable", "no HTTP", probes=[probe()]),
    row("peer-closes-never", CLIENT, "not_applicable", "nobody asked"),
    row("peer-closes-never", BACKEND, "not_applicable", "other profile", probes=[probe(closes="local")]),
    row("closes-first-as-client", CLIENT, "info", "most", sockets=sockets(time_wait_outgoing=11, time_wait_listening=10)),
    row("closes-first-as-client", CLIENT, "pass", "half", sockets=sockets(time_wait_outgoing=10, time_wait_listening=10)),
    row("closes-first-as-client", CLIENT, "pass", "a handful", sockets=sockets(time_wait_outgoing=9)),
    row("closes-first-as-client", CLIENT, "info", "just enough", sockets=sockets(time_wait_outgoing=10)),
    row("closes-first-as-client", CLIENT, "medium", "pressure", **in_use(towards(20000, 20000), time_wait_outgoing=20000)),
    row("closes-first-as-server", BACKEND, "info", "over 1 %", {BUCKETS: "1000"}, sockets=sockets(time_wait_listening=11)),
    row("closes-first-as-server", BALANCER, "pass", "1 %", {BUCKETS: "1000"}, sockets=sockets(time_wait_listening=10)),
    row("closes-first-as-server", BACKEND, "info", "one of one", {BUCKETS: "1"}, sockets=sockets(time_wait_listening=1)),
    row("closes-first-as-server", BACKEND, "not_applicable", "disabled", {BUCKETS: "0"}),
    row("fin-timeout-mistaken", BACKEND, "info", "59", files={CONF: "net.ipv4.tcp_fin_timeout = 59\n"}),
    row("fin-timeout-mistaken", CLIENT, "medium", "5", files={CONF: "net.ipv4.tcp_fin_timeout = 5\n"}),
    row("fin-timeout-mistaken", CLIENT, "info", "6", files={CONF: "net.ipv4.tcp_fin_timeout = 6\n"}),
    row("fin-timeout-mistaken", CLIENT, "info", "octal", files={CONF: "net.ipv4.tcp_fin_timeout = 060\n"}),
    row("fin-timeout-mistaken", CLIENT, "pass", "60", files={CONF: "net.ipv4.tcp_fin_timeout = 60\n"}),
    row("fin-timeout-mistaken", CLIENT, "pass", "live only", {"net.ipv4.tcp_fin_timeout": "5"}),
    row("rfc1337-on", BACKEND, "medium", "on", {"net.ipv4.tcp_rfc1337": "1"}),
    row("rfc1337-on", BALANCER, "pass", "off"),
    row("rfc1337-on", CLIENT, "not_applicable", "other profile", {"net.ipv4.tcp_rfc1337": "1"}),
    row("resets-on-close", BACKEND, "low", "11 %", grown={"TCPAbortOnData": 11, "PassiveOpens": 100}),
    row("resets-on-close", BACKEND, "pass", "10 %", grown={"TCPAbortOnData": 10, "PassiveOpens": 100}),
    row("resets-on-close", BACKEND, "info", "since boot", counted={"TCPAbortOnData": 20000}),
    row("resets-on-close", BACKEND, "pass", "nothing happened", grown={}),
    row("resets-on-close", BACKEND, "unknown", "nothing to compare with", grown={"TCPAbortOnData": 3}),
    row("resets-on-close", BACKEND, "low", "fewer are open now", grown={"TCPAbortOnData": 3, "CurrEstab": -20}),
    row("resets-on-close", BACKEND, "pass", "more are open now", grown={"TCPAbortOnData": 3, "PassiveOpens": 60, "CurrEstab": 20}),
    row("conntrack-forgets-early", BALANCER, "high", "balancer", {CONNTRACK: "59"}),
    row("conntrack-forgets-early", BACKEND, "medium", "backend", {CONNTRACK: "1"}),
    row("conntrack-forgets-early", CLIENT, "pass", "60", {CONNTRACK: "60"}),
    row("conntrack-forgets-early", CLIENT, "not_applicable", "not loaded", {CONNTRACK: None}),
    row("conntrack-nearly-full", BACKEND, "high", "80 %", {COUNT: "800", MAX: "1000"}),
    row("conntrack-nearly-full", BACKEND, "critical", "95 %", {COUNT: "950", MAX: "1000"}),
    row("conntrack-nearly-full", BACKEND, "critical", "full", {COUNT: "65536", MAX: "65536"}),
    row("conntrack-nearly-full", BACKEND, "pass", "79 %", {COUNT: "799", MAX: "1000"}),
    row("conntrack-nearly-full", BACKEND, "not_applicable", "no limit", {COUNT: "799", MAX: "0"}),
    row("conntrack-nearly-full", BACKEND, "not_applicable", "not loaded", {COUNT: None, MAX: None}),
    row("conntrack-drops", BACKEND, "critical", "growing", **tracked({"insert_failed": 30, "drop": 30}, {"insert_failed": 1})),
    row("conntrack-drops", BACKEND, "high", "since boot", **tracked({"insert_failed": 0, "drop": 0, "early_drop": 1})),
    row("conntrack-drops", BACKEND, "pass", "none", **tracked({"insert_failed": 0, "drop": 0, "early_drop": 0, "invalid": 9})),
    row("conntrack-drops", BACKEND, "unknown", "other columns", **tracked({"found": 1})),
    row("conntrack-drops", BACKEND, "not_applicable", "not loaded", {COUNT: None}, counted={}),
    row("conntrack-drops", BACKEND, "unknown", "counters not observed", counters=None),
    row("snat-pressure", BALANCER, "critical", "all", nat=nat(snat=[snat(200)], pools=[POOL])),
    row("snat-pressure", BALANCER, "high", "85 %", nat=nat(snat=[snat(170)], pools=[POOL])),
    row("snat-pressure", BACKEND, "medium", "50 %", nat=nat(snat=[snat(100)], pools=[POOL])),
    row("snat-pressure", BALANCER, "pass", "49 %", nat=nat(snat=[snat(99)], pools=[POOL])),
    row(
        "snat-pressure",
        BALANCER,
        "pass",
        "another address's pool",
        nat=nat(snat=[snat(170)], pools=[{**POOL, "low": "192.0.2.9", "high": "192.0.2.9"}]),
    ),
    row("snat-pressure", BALANCER, "pass", "another protocol's pool", nat=nat(snat=[snat(170)], pools=[{**POOL, "protocol": "udp"}])),
    row("snat-pressure", BALANCER, "high", "masquerade", nat=nat(snat=[snat(170)], pools=[{**POOL, "low": None, "high": None}])),
    row("snat-pressure", BALANCER, "pass", "another rule gave most of them", nat=nat(snat=[snat(450, 99)], pools=[POOL])),
    row("snat-pressure", BALANCER, "critical", "full, and others", nat=nat(snat=[snat(450, 200)], pools=[POOL])),
    row(
        "snat-pressure",
        BALANCER,
        "high",
        "one of two pools",
        nat=nat(snat=[snat(450, 10)], pools=[POOL, {**POOL, "first_port": 1024, "last_port": 1523}]),
    ),
    row("snat-pressure", BALANCER, "medium", "the kernel's own range", nat=nat(snat=[snat(32256)], pools=[])),
    row("snat-pressure", BALANCER, "medium", "rules not read", nat=nat(snat=[snat(32256)], pools=None)),
    row("snat-pressure", BALANCER, "pass", "none"),
    row("snat-pressure", BALANCER, "unknown", "not read to the end", nat=nat(snat=[snat(99)], pools=[POOL], complete=False)),
    row("snat-pressure", BALANCER, "unknown", "the dump was refused", nat=nat(snat=None)),
    row("snat-pressure", BALANCER, "unknown", "not observed", nat=None),
    row("time-wait-timeout", CLIENT, "medium", "in effect", {TW_TIMEOUT: "5"}),
    row("time-wait-timeout", CLIENT, "medium", "at the next boot", {TW_TIMEOUT: "60"}, files={CONF: f"{TW_TIMEOUT} = 3\n"}),
    row("time-wait-timeout", CLIENT, "low", "dead line", {TW_TIMEOUT: None}, files={CONF: f"{TW_TIMEOUT} = 3\n"}),
    row("time-wait-timeout", CLIENT, "pass", "60", {TW_TIMEOUT: "60"}),
    row("time-wait-timeout", CLIENT, "pass", "no such key", {TW_TIMEOUT: None}),
    row(
        "probe-failed",
        CLIENT,
        "medium",
        "refused",
        probes=[{**probe(None), "reached": False, "error": "ECONNREFUSED", "message": "refused"}],
    ),
    row("probe-failed", CLIENT, "pass", "answered", probes=[probe(True)]),
    row("probe-failed", CLIENT, "not_applicable", "nothing was probed"),
    row("boot-unsaved", CLIENT, "medium", "a key of the profiles", {REUSE: "1"}),
    row("boot-unsaved", CLIENT, "low", "another key", {"net.ipv4.tcp_fin_timeout": "10"}),
    row("boot-unsaved", CLIENT, "low", "in a namespace", {REUSE: "1"}, host={"boot_files_apply": None, "network_namespace": "own"}),
    row("boot-unsaved", CLIENT, "pass", "saved", {REUSE: "1"}, files={CONF: f"{REUSE} = 1\n"}),
    row("boot-unsaved", CLIENT, "pass", "a default of older kernels", {REUSE: "0"}),
    row("boot-unsaved", CLIENT, "pass", "computed from memory", {BUCKETS: "4096"}),
    row("boot-unsaved", CLIENT, "unknown", "a file that is not text", files={CONF: b"\0"}),
    row("boot-unsaved", CLIENT, "unknown", "files not observed", boot_files=None),
    row("boot-differs", BACKEND, "medium", "not live", files={CONF: f"{REUSE} = 1\n"}),
    row("boot-differs", BACKEND, "low", "Docker's", {"net.ipv4.ip_forward": "1"}, files={CONF: "net.ipv4.ip_forward = 0\n"}),
    row("boot-differs", BACKEND, "pass", "same, written otherwise", {RANGE: "16384\t65535"}, files={CONF: f"{RANGE} = 16384 65535\n"}),
    row("boot-differs", BACKEND, "pass", "refused, so it sets nothing", files={CONF: f"{REUSE} = 9\n"}),
    row("boot-differs", BACKEND, "pass", "no such key", files={CONF: f"{RECYCLE} = 1\n"}),
    row("boot-differs", BACKEND, "not_applicable", "not boot's", files={CONF: f"{REUSE} = 1\n"}, host={"boot_files_apply": False}),
    row("boot-differs", BACKEND, "unknown", "whose?", host={"boot_files_apply": None, "network_namespace": "own"}),
    row("boot-differs", BACKEND, "medium", "most likely boot's", files={CONF: f"{REUSE} = 1\n"}, host={"boot_files_apply": None}),
    row("boot-differs", BACKEND, "pass", "systemd, most likely", files={"/etc/sysctl.conf": f"{REUSE} = 1\n"}, host={"init": None}),
    row("boot-differs", BACKEND, "pass", "without a link systemd does not read it", files={"/etc/sysctl.conf": f"{REUSE} = 1\n"}),
    row("boot-differs", BACKEND, "unknown", "no reader is known", files={"/etc/sysctl.conf": f"{REUSE} = 1\n"}, host={"init": "other"}),
    row("boot-readers-disagree", BACKEND, "low", "only procps", files={"/etc/sysctl.conf": f"{REUSE} = 1\n"}),
    row("boot-readers-disagree", BACKEND, "low", "other order", files={CONF: f"{TS} = 1\n", "/etc/sysctl.conf": f"{TS} = 0\n"}),
    row("boot-readers-disagree", BACKEND, "pass", "same", files={CONF: f"{TS} = 1\n", "/etc/sysctl.conf": f"{TS}=0x1\n"}),
    row("boot-shadowed", BACKEND, "low", "later file", files={CONF: f"{TS} = 1\n", "/etc/sysctl.d/60.conf": f"{TS} = 0\n"}),
    row("boot-shadowed", BACKEND, "pass", "same value", files={CONF: f"{TS} = 1\n", "/etc/sysctl.d/60.conf": f"{TS} = 1\n"}),
    row("boot-shadowed", BACKEND, "pass", "vendor file", files={"/usr/lib/sysctl.d/10.conf": f"{TS} = 1\n", CONF: f"{TS} = 0\n"}),
    row(
        "boot-shadowed",
        BACKEND,
        "low",
        "by a vendor file",
        files={"/etc/sysctl.d/1.conf": f"{TS} = 1\n", "/run/sysctl.d/9.conf": f"{TS} = 0\n"},
    ),
    row("boot-shadowed", BACKEND, "pass", "another key", files={CONF: "kernel.x = 1\n", "/etc/sysctl.d/60.conf": "kernel.x = 0\n"}),
    row("boot-shadowed", BACKEND, "low", "by ufw", files={CONF: f"{TS} = 1\n", **ufw(f"{TS}=0\n")}),
    row("boot-differs", BACKEND, "medium", "ufw's", files=ufw(f"{TS}=0\n")),
    row("boot-differs", BACKEND, "pass", "ufw has the last word", {TS: "0"}, files={CONF: f"{TS} = 1\n", **ufw(f"{TS}=0\n")}),
    row("boot-other-writer", BACKEND, "medium", "against sysctl.d", {TS: "0"}, files={CONF: f"{TS} = 1\n", **ufw(f"{TS}=0\n")}),
    row("boot-other-writer", BACKEND, "medium", "against the kernel", files=ufw("net/ipv4/tcp_timestamps=0\n")),
    row("boot-other-writer", BACKEND, "info", "nobody else sets it", files=ufw(f"{TS} = 1\n")),
    row("boot-other-writer", BACKEND, "pass", "the same as sysctl.d", files={CONF: f"{TS} = 1\n", **ufw(f"{TS}=1\n")}),
    row("boot-other-writer", BACKEND, "pass", "refused by the kernel", files={CONF: f"{TS} = 1\n", **ufw(f"{TS}=x\n")}),
    row("boot-other-writer", BACKEND, "pass", "off", files={**ufw(f"{TS}=0\n"), "/etc/ufw/ufw.conf": "ENABLED=no\n"}),
    row("boot-other-writer", BACKEND, "info", "TuneD's, and sysctl.d does not have it", files=tuned(f"{TS}=1")),
    row("boot-other-writer", BACKEND, "pass", "TuneD applies sysctl.d again", files={CONF: f"{TS} = 1\n", **tuned(f"{TS}=0")}),
    row("boot-other-writer", BACKEND, "medium", "TuneD has the last word", files={CONF: f"{TS} = 1\n", **tuned(f"{TS}=0", "0")}),
    row("boot-other-writer", BACKEND, "unknown", "a profile that is not there", files={**tuned(""), "/etc/tuned/active_profile": "x"}),
    row("boot-differs", BACKEND, "unknown", "a function of TuneD", files=tuned(f"{TS}=${{f:x}}")),
    row("boot-differs", BACKEND, "medium", "TuneD applies what systemd does not read", files={MAIN: f"{TS} = 0\n", **tuned(f"{REUSE}=2")}),
    row("boot-file-unread", BACKEND, "pass", "TuneD reads it", files={MAIN: f"{TS} = 0\n", **tuned(f"{REUSE}=2")}),
    row("boot-other-writer", BACKEND, "medium", "rc.local", files={CONF: f"{TS} = 1\n", "/etc/rc.local": f"sysctl -w {TS}=0\n"}),
    row("boot-other-writer", BACKEND, "info", "only rc.local", files={"/etc/rc.local": f"sysctl -w {TS}=0\n"}),
    row("boot-other-writer", BACKEND, "pass", "rc.local agrees", files={CONF: f"{TS} = 1\n", "/etc/rc.local": f"sysctl -w {TS}=1\n"}),
    row("boot-other-writer", BACKEND, "unknown", "a script that is too long", files={"/etc/rc.local": "#" * 70000}),
    row("boot-unsaved", BACKEND, "pass", "a script that is too long", files={"/etc/rc.local": "#" * 70000}),
    row("boot-duplicate", BACKEND, "pass", "branches", files={"/etc/rc.local": f"sysctl -w {TS}=0\nsysctl -w {TS}=1\n"}),
    row("boot-differs", BACKEND, "pass", "nobody knows when", files={CONF: f"{TS} = 1\n", "/etc/rc.local": f"sysctl {TS}=0\n"}),
    row("boot-unsaved", BACKEND, "pass", "in rc.local", {TS: "0"}, files={"/etc/rc.local": f"sysctl {TS}=0\n"}),
    row("boot-other-writer", BACKEND, "unknown", "nobody looked", boot_files={**boot_files({}), "writers": None}),
    row("boot-other-writer", BACKEND, "unknown", "a file that is not text", files=ufw("\0")),
    row("boot-other-writer", BACKEND, "not_applicable", "not boot's", files=ufw(f"{TS}=0\n"), host={"boot_files_apply": False}),
    row("boot-differs", BACKEND, "medium", "OpenRC", files={MAIN: f"{TS} = 0\n", **OPENRC}, host={"init": "other"}),
    row("boot-differs", BACKEND, "unknown", "own script", files={**OPENRC, "/etc/init.d/sysctl": "mine\n"}, host={"init": "other"}),
    row("boot-readers-disagree", BACKEND, "not_applicable", "OpenRC", files={MAIN: f"{TS} = 0\n", **OPENRC}, host={"init": "other"}),
    row("boot-shadowed", BACKEND, "low", "OpenRC", files={CONF: f"{TS} = 1\n", MAIN: f"{TS} = 0\n", **OPENRC}, host={"init": "other"}),
    row("boot-duplicate", BACKEND, "low", "two values", files={CONF: f"{TS} = 1\n{TS} = 0\n"}),
    row("boot-duplicate", BACKEND, "pass", "the same twice", files={CONF: f"{TS} = 1\nnet/ipv4/tcp_timestamps=1\n"}),
    row("boot-unknown-key", BACKEND, "low", "misspelt", files={CONF: "net.ipv4.tcp_tw_resue = 1\n"}),
    row("boot-unknown-key", BACKEND, "low", "gone", files={CONF: "net.ipv4.tcp_low_latency = 1\n"}),
    row("boot-unknown-key", BACKEND, "low", "braces alone", files={CONF: "net.ipv4.tcp_{tw_reuse,rfc1337} = 1\n"}),
    row("boot-unknown-key", BACKEND, "pass", "braces in a pattern", files={CONF: "net.ipv4.tcp_{tw_reus?,rfc1337} = 1\n"}),
    row("boot-unknown-key", BACKEND, "pass", "tolerated", files={CONF: "-net.ipv4.tcp_low_latency = 1\n"}),
    row("boot-unknown-key", BACKEND, "pass", "recycle has its own rule", files={CONF: f"{RECYCLE} = 1\n"}),
    row("boot-unknown-key", BACKEND, "pass", "no TCP key", files={CONF: "net.ipv4.ip_forward = 1\n"}),
    row("boot-unknown-key", BACKEND, "pass", "kernel unknown", files={CONF: "net.ipv4.tcp_low_latency = 1\n"}, ipv4_keys=None),
    row("boot-unknown-key", BACKEND, "low", "no kernel has it", files={CONF: "net.ipv4.tcp_tw_resue = 1\n"}, ipv4_keys=None),
    row("boot-unknown-key", BACKEND, "pass", "init only", files={CONF: "net.ipv4.tcp_mem=1 2 3\n"}, host={"network_namespace": "own"}),
    row("boot-refused-value", BACKEND, "medium", "a dash", files={CONF: f"{RANGE} = 1024-65535\n"}),
    row("boot-refused-value", BACKEND, "medium", "one number", files={CONF: f"{RANGE} = 16384\n"}),
    row("boot-refused-value", BACKEND, "medium", "quotes", files={CONF: f'{TS} = "1"\n'}),
    row("boot-refused-value", BACKEND, "medium", "out of bounds", files={CONF: f"{REUSE} = 3\n"}),
    row("boot-refused-value", BACKEND, "medium", "a second word", files={CONF: f"{REUSE} = 1 2\n"}),
    row("boot-refused-value", BACKEND, "medium", "octal", files={CONF: f"{BUCKETS} = 0100000\n"}),
    row("boot-refused-value", BACKEND, "low", "a comment behind it", files={CONF: f"{BUCKETS} = 262144 # enough\n"}),
    row("boot-refused-value", BACKEND, "low", "a comment behind two ports", files={CONF: f"{RANGE} = 16384 65535 ; wide\n"}),
    row("boot-refused-value", BACKEND, "medium", "a comment in place of a port", files={CONF: f"{RANGE} = 16384 # 65535\n"}),
    row("boot-refused-value", BACKEND, "medium", "octal, with a comment", files={CONF: f"{BUCKETS} = 0100000 # enough\n"}),
    row("boot-refused-value", BACKEND, "pass", "hexadecimal", files={CONF: f"{REUSE} = 0x1\n"}),
    row("boot-refused-value", BACKEND, "pass", "plain", files={CONF: f"{RANGE} = 16384 65535\n{RESERVED} = 8080,9000-9010\n"}),
    row("boot-file-unread", BACKEND, "medium", "wrong name", files={"/etc/sysctl.d/tcp": f"{TS} = 1\n"}),
    row("boot-file-unread", BACKEND, "medium", "not linked", files={"/etc/sysctl.conf": f"{TS} = 1\n"}),
    row(
        "boot-file-unread",
        BACKEND,
        "pass",
        "linked",
        files={"/etc/sysctl.conf": f"{TS} = 1\n", "/etc/sysctl.d/99-sysctl.conf": "-> ../sysctl.conf"},
    ),
    row("boot-file-unread", BACKEND, "pass", "procps reads it", files={"/etc/sysctl.conf": f"{TS} = 1\n"}, host={"init": "other"}),
    row("boot-file-unread", BACKEND, "pass", "a backup", files={CONF + ".dpkg-old": f"{TS} = 1\n"}),
    row("boot-file-unread", BACKEND, "pass", "no TCP key", files={"/etc/sysctl.d/README": "kernel.panic = 1\n"}),
    row("waiver-expired", BACKEND, "not_applicable", "no waivers"),
]


@pytest.mark.parametrize("case", ROWS, ids=lambda case: f"{case.rule}: {case.note} ({case.profile})")
def test_rule(case: Row) -> None:
    results = judge(case.observed, case.profile, case.rule)
    outcomes = {result["severity"] if result["status"] == "fail" else result["status"] for result in results}
    assert outcomes == {case.outcome}, results
    assert all(result["reason"] for result in results if result["status"] in ("unknown", "not_applicable"))


def test_every_rule_has_rows_that_fail_and_rows_that_do_not() -> None:
    failing = {case.rule for case in ROWS if case.outcome in SEVERITIES}
    others = {case.rule for case in ROWS if case.outcome not in SEVERITIES}
    assert failing | {"waiver-expired"} == set(CATALOGUE)
    assert others == set(CATALOGUE)


def test_a_boot_file_is_named_with_its_line() -> None:
    files = {"/etc/sysctl.d/99-sysctl.conf": "-> ../sysctl.conf", "/etc/sysctl.conf": f"# notes\n\n{BUCKETS} = 5000\n"}
    (result,) = judge(snapshot(files=files), BACKEND, "buckets-too-small")
    assert (result["path"], result["line"]) == ("/etc/sysctl.conf", 3)


def test_a_near_miss_names_the_key_that_was_meant() -> None:
    (result,) = judge(snapshot(files={CONF: "net.ipv4.tcp_tw_resue = 1\n"}), BACKEND, "boot-unknown-key")
    assert result["expected"] == REUSE


@pytest.mark.parametrize(
    ("tracked_now", "words"),
    [
        ("1000", "is 10. The table is full (1000 of 1000): raise nf_conntrack_max first. A longer timeout alone makes it worse"),
        ("800", "is 10. The table is nearly full (800 of 1000): raise nf_conntrack_max first. A longer timeout alone makes it worse"),
        ("799", "is 10"),
    ],
)
def test_a_longer_timeout_is_not_asked_of_a_full_table(tracked_now: str, words: str) -> None:
    (result,) = judge(snapshot({CONNTRACK: "10", COUNT: tracked_now, MAX: "1000"}), BACKEND, "conntrack-forgets-early")
    assert result["observed"].endswith(words)


@pytest.mark.parametrize(
    ("keys", "without", "words"),
    [
        ({TW_TIMEOUT: None}, [], "tcp_tw_timeout = 3, and this kernel does not have the key"),
        ({TW_TIMEOUT: "60"}, [], "tcp_tw_timeout = 3"),
        ({}, [TW_TIMEOUT], "tcp_tw_timeout = 3, a key that exists in vendors' kernels only"),
    ],
)
def test_a_timeout_of_vendors_says_whose_it_is(keys: dict[str, str | None], without: list[str], words: str) -> None:
    (result,) = judge(snapshot(keys, without=without, files={CONF: f"{TW_TIMEOUT} = 3\n"}), BACKEND, "time-wait-timeout")
    assert result["observed"] == words


def test_usable_ports_are_reported_with_the_range_and_what_is_reserved_of_it() -> None:
    (result,) = judge(snapshot({RANGE: "40000 40019", RESERVED: "40000-40002,50000"}), CLIENT, "ports-few")
    assert result["observed"] == "17 usable ports (40000 to 40019, 3 of them reserved)"
    assert result["evidence"] == {"short connections per second to one destination": 0.3}


def test_without_a_usable_port_the_rate_is_0() -> None:
    (result,) = judge(snapshot({RANGE: "40000 40000", RESERVED: "40000"}), CLIENT, "ports-few")
    assert result["evidence"] == {"short connections per second to one destination": 0}


@pytest.mark.parametrize(("keys", "more"), [(5, False), (6, True)])
def test_of_an_unread_file_five_keys_are_named(keys: int, more: bool) -> None:
    lines = [f"net.ipv4.tcp_a{number} = 1\n" for number in range(keys)]
    (result,) = judge(snapshot(files={"/etc/sysctl.d/tcp": "".join(lines)}), BACKEND, "boot-file-unread")
    assert ("tcp_a4 and more" in result["observed"], result["evidence"]) == (more, {"keys": keys})
    assert "tcp_a5" not in result["observed"]


def test_listeners_are_reported_as_the_kernel_writes_ports() -> None:
    (result,) = judge(snapshot(**listening(50001, 50000, 50002, 40000)), BACKEND, "ports-under-listener")
    assert "40000,50000-50002" in result["observed"]


def test_vendor_files_may_be_overridden_in_a_repository_too(tmp_path: Path) -> None:
    for name, value in (("usr/lib/sysctl.d/10.conf", 1), ("etc/sysctl.d/50.conf", 0)):
        file = tmp_path / name
        file.parent.mkdir(parents=True)
        file.write_text(f"{TS} = {value}\n")
    (result,) = judge(load(str(tmp_path)), BACKEND, "boot-shadowed")
    assert result["status"] == "pass"


def test_a_named_pipe_stops_the_boot(tmp_path: Path) -> None:
    (tmp_path / "10.conf").write_text(f"{TS} = 1\n")
    os.mkfifo(tmp_path / "50.conf")
    (result,) = judge(load(str(tmp_path)), BACKEND, "boot-file-unread")
    assert (result["status"], result["severity"], result["subject"]) == ("fail", "high", f"{tmp_path}/50.conf")
    assert judge(load(str(tmp_path)), BACKEND, "boot-refused-value")[0]["status"] == "unknown"


def test_outgoing_connections_are_counted_once() -> None:
    (result,) = judge(snapshot({REUSE: "1"}, **in_use(towards(5, time_wait=3), outgoing=2)), BACKEND, "reuse-on-server")
    assert "5 outgoing connections" in result["observed"]


@pytest.mark.parametrize("profile", PROFILES)
def test_an_untuned_current_host_has_nothing_of_medium_or_above(profile: str) -> None:
    options = AuditOptions(profile=profile, today=TODAY)
    results = audit(snapshot(), "web1", options)["results"]
    loud = {result["id"] for result in results if result["status"] == "fail" and result["severity"] in ("critical", "high", "medium")}
    assert loud == set()


def test_nothing_known_is_unknown_and_never_a_pass() -> None:
    nothing = snapshot(sysctl=None, ipv4_keys=None, boot_files=None, sockstat=None, counters=None, sockets=None, nat=None)
    del nothing["open_changes"]
    results = audit(nothing, "web1", AuditOptions(profile="any", today=TODAY))["results"]
    assert {result["status"] for result in results} == {"unknown", "not_applicable"}
    assert {result["id"] for result in results if result["status"] == "not_applicable"} == {
        "waiver-expired",
        "peer-closes-never",
        "probe-failed",
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ports_many": 1}, "unknown threshold 'ports_many'"),
        ({"ports_few": "many"}, "ports_few must be a whole number"),
        ({"ports_few": True}, "ports_few must be a whole number"),
        ({"ports_few": 0}, "ports_few must be between 1 and 65535"),
        ({"ports_pressure_medium_percent": 90}, "ports_pressure_medium_percent must not be greater than ports_pressure_high_percent"),
    ],
)
def test_a_wrong_threshold_is_named(options: dict[str, object], message: str) -> None:
    with pytest.raises(ThresholdError, match=message):
        Thresholds.from_options(options)


@pytest.mark.parametrize(
    ("rule", "options", "observed"),
    [
        ("ports-few", {"ports_few": 49000}, snapshot()),
        ("buckets-nearly-full", {"buckets_nearly_full_percent": 1}, snapshot(sockstat={"TCP": {"tw": 2622}})),
        ("closes-first-as-client", {"closes_first_client_sockets": 1}, snapshot(sockets=sockets(time_wait_outgoing=1))),
        ("conntrack-forgets-early", {"conntrack_time_wait_seconds": 121}, snapshot()),
        ("ports-pressure", {"ports_pressure_medium_percent": 1}, snapshot(**in_use(towards(300)))),
        ("buckets-too-small", {"buckets_small": 40000}, snapshot(files={CONF: f"{BUCKETS} = 39999\n"})),
        ("fin-timeout-mistaken", {"fin_timeout_seconds": 61}, snapshot(files={CONF: "net.ipv4.tcp_fin_timeout = 60\n"})),
        ("resets-on-close", {"resets_percent": 2}, snapshot(grown={"TCPAbortOnData": 3, "PassiveOpens": 100})),
        ("closes-first-as-server", {"closes_first_server_percent": 0}, snapshot(sockets=sockets(time_wait_listening=1))),
    ],
)
def test_a_threshold_moves_its_rule(rule: str, options: dict[str, object], observed: Snapshot) -> None:
    assert {result["status"] for result in judge(observed, "any", rule)} == {"pass"}
    assert {result["status"] for result in judge(observed, "any", rule, Thresholds.from_options(options))} == {"fail"}


@pytest.mark.parametrize(("growth", "status"), [(15, "pass"), (16, "fail")])
@pytest.mark.parametrize(("rule", "counter"), [("buckets-overflow", "TCPTimeWaitOverflow"), ("syn-rejected-in-time-wait", "PAWSTimewait")])
def test_growth_up_to_the_threshold_is_allowed(rule: str, counter: str, growth: int, status: str) -> None:
    (result,) = judge(snapshot(grown={counter: growth}), BACKEND, rule, Thresholds(counter_growth=15))
    assert result["status"] == status


def test_a_line_that_no_reader_uses_in_the_end_is_not_too_small() -> None:
    """Only the line that wins is reported, not the earlier one that it overrides."""
    files = {CONF: f"{BUCKETS} = 6000\n", "/etc/sysctl.d/60.conf": f"{BUCKETS} = 7000\n"}
    (result,) = judge(snapshot(files=files), BACKEND, "buckets-too-small")
    assert (result["path"], result["line"]) == ("/etc/sysctl.d/60.conf", 1)
