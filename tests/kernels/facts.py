# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts of tcp_facts against what other programs read right before and right after."""

from __future__ import annotations

import shlex
import subprocess
import typing as t
from contextlib import contextmanager

from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import SYSCTL_KEYS
from kernels.readings import NOT_IN_NSTAT, SCRIPT, Reading, parse
from kernels.result import Check

if t.TYPE_CHECKING:
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Snapshot
    from kernels.guest import Guest
    from kernels.runs import Ansible

_COUNT = "net.netfilter.nf_conntrack_count"
# Sockets that stay as they are: 20 established at either end, 3 half closed, and 12 in TIME_WAIT for a minute.
_TRAFFIC = """
import socket, sys
server = socket.create_server(("0.0.0.0", 25001), backlog=64)
kept = []
def pair():
    client = socket.create_connection(("10.0.2.15", 25001)); peer = server.accept()[0]
    return client, peer
for number in range(20):
    kept.append(pair())
for number in range(3):
    client, peer = pair(); client.shutdown(socket.SHUT_WR); kept.append((client, peer))
for number in range(12):
    client, peer = pair(); client.close(); peer.recv(1); peer.close()
print("ready", flush=True)
sys.stdin.read()
"""
# Without a rule nothing is tracked.
_TRACK = "nft add table ip t && nft 'add chain ip t c { type filter hook output priority 0; }' && nft add rule ip t c ct state new accept"


@contextmanager
def _traffic(guest: Guest) -> t.Iterator[None]:
    guest.shell(_TRACK)
    command = [*guest.ssh_command(), f"python3 -c {shlex.quote(_TRAFFIC)}"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdin
        try:
            assert process.stdout.readline() == "ready\n"
            yield
        finally:
            process.stdin.close()
            process.wait(timeout=60)
    guest.shell("nft delete table ip t")


def compare(before: Reading, facts: Snapshot, after: Reading) -> Check:
    """Nothing may differ that did not change between the two readings."""
    differences: list[str] = []
    keys, absent = _keys(before, facts, after, differences)
    names = set(facts["ipv4_keys"] or ())
    shown = {key.split(".")[2] for key in before.sysctl if key.startswith(("net.ipv4.tcp_", "net.ipv4.ip_local_")) and key.count(".") == 2}
    differences += [f"the key {name}: tcp_facts and sysctl -a do not both list it" for name in sorted(names ^ shown)]
    counters = _counters(before, facts, after, differences)
    sockets = _sockets(before, facts, after, differences)
    tracked = _tracked(before, facts, after, differences)
    figures = {"keys": keys, "absent": absent, "names": len(names), "counters": counters, "sockets": sockets, "tracked": tracked}
    return Check(not differences, figures, differences)


def _between(name: str, low: int, value: int | None, high: int, differences: list[str]) -> None:
    if value is None or not min(low, high) <= value <= max(low, high):
        differences.append(f"{name}: tcp_facts has {value}, the other program {low} before and {high} after")


def _keys(before: Reading, facts: Snapshot, after: Reading, differences: list[str]) -> tuple[int, list[str]]:
    """How many keys are the same, and which this kernel does not have."""
    seen = facts["sysctl"] or {}
    for key in SYSCTL_KEYS:
        entry = seen.get(key)
        raw = " ".join(str(entry.get("raw", "")).split()) if entry and entry["state"] == "present" else None
        if key == _COUNT and raw is not None and key in before.sysctl:
            _between(key, int(before.sysctl[key]), int(raw), int(after.sysctl[key]), differences)
        elif raw != before.sysctl.get(key):
            state = entry["state"] if entry else "missing"
            differences.append(f"{key}: tcp_facts has {raw} ({state}), sysctl -a {before.sysctl.get(key)}")
    absent = [key for key in SYSCTL_KEYS if key not in before.sysctl]
    return len(SYSCTL_KEYS) - len(absent), absent


def _counters(before: Reading, facts: Snapshot, after: Reading, differences: list[str]) -> int:
    counters = facts["counters"] or {}
    compared = 0
    for group, numbers in before.counters.items():
        seen = counters.get(group, {})
        for name in sorted(set(seen) ^ set(numbers)):
            if name not in NOT_IN_NSTAT:
                differences.append(f"the counter {group} {name}: tcp_facts and nstat do not both have it")
        for name in sorted(set(seen) & set(numbers)):
            compared += 1
            _between(f"{group} {name}", numbers[name], seen[name], after.counters[group][name], differences)
    return compared


def _sockets(before: Reading, facts: Snapshot, after: Reading, differences: list[str]) -> dict[str, int]:
    assert facts["sockets"] is not None
    seen: dict[str, int] = {}
    for states in facts["sockets"]["states"].values():
        for state, count in states.items():
            seen[state] = seen.get(state, 0) + count
    for state in sorted({*before.states, *seen, *after.states}):
        # The connections of ssh come and go.
        slack = 2 if state in ("established", "time_wait") else 0
        low, high = sorted((before.states.get(state, 0), after.states.get(state, 0)))
        _between(f"sockets in {state}", max(0, low - slack), seen.get(state, 0), high + slack, differences)
    return dict(sorted(seen.items()))


def _tracked(before: Reading, facts: Snapshot, after: Reading, differences: list[str]) -> int:
    seen = (facts["counters"] or {}).get("nf_conntrack", {})
    for name in ("insert_failed", "drop", "early_drop", "invalid"):
        if name in before.drops and name in seen:
            _between(f"nf_conntrack {name}", before.drops[name], seen[name], after.drops[name], differences)
    return before.tracked


def check(guest: Guest, ansible: Ansible) -> Check:
    with _traffic(guest):
        before = parse(guest.shell(SCRIPT))
        facts = ansible.facts()
        after = parse(guest.shell(SCRIPT))
    return compare(before, facts, after)
