# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet of any size: audits by the collection's own rules of many different hosts, under names of their own.

python -m support.fleets HOSTS FOLDER [FILES]: its JSON reports, in so many files.
"""

from __future__ import annotations

import datetime
import json
import random
import sys
import typing as t
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._json import AUDITS, SCHEMA
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._saved import saved
from support.snapshots import nat, negotiated, snapshot, sockets, towards

TODAY = datetime.date(2026, 11, 21)
KERNELS = ("6.1.0-40-amd64", "6.1.0-40-amd64", "6.1.0-40-amd64", "6.12.57-1-amd64", "5.10.0-36-amd64")
PROFILES = ("client_host", "backend", "backend", "fullnat_lb", "any")
# Beyond so many, hosts have the figures of others.
DIFFERENT = 1000


def fleet(hosts: int, seed: int = 1) -> t.Iterator[dict[str, t.Any]]:
    """Audits as tcp_audit returns them. Three of a hundred hosts were not audited, as many have no counters and no sockets."""
    chance = random.Random(seed)
    different: list[dict[str, t.Any]] = []
    for number in range(hosts):
        host = f"web-{number:05}.dc{number % 7}.example.net"
        if number % 100 in (17, 43, 71):
            yield {"host": host, "failed": True, "unreachable": number % 100 != 43, "msg": chance.choice(REASONS), "changed": False}
            continue
        if len(different) < DIFFERENT:
            different.append(_audited(chance, number))
        one = different[number % len(different)]
        yield {**one, "host": host, "hostname": host.partition(".")[0]}


REASONS = (
    "Failed to connect to the host via ssh: Connection timed out",
    "Failed to connect to the host via ssh: Permission denied (publickey).",
    "/usr/bin/python3: not found",
)


def _audited(chance: random.Random, number: int) -> dict[str, t.Any]:
    kind = number % 20
    keys: dict[str, str] = {"net.ipv4.tcp_max_tw_buckets": chance.choice(["262144", "262144", "262144", "131072"])}
    parts: dict[str, t.Any] = {"host": {"kernel_release": chance.choice(KERNELS), "uptime_seconds": chance.randrange(10**4, 10**7)}}
    files: dict[str, str] = {"/etc/sysctl.d/50-net.conf": "net.ipv4.tcp_fin_timeout = 60\n"}
    if kind in (3, 4):
        keys.update({"net.ipv4.tcp_timestamps": "0", "net.ipv4.tcp_tw_reuse": "1"})
        files["/etc/sysctl.d/90-tuning.conf"] = "net.ipv4.tcp_timestamps = 0\nnet.ipv4.tcp_tw_reuse = 1\n"
    if kind in (5, 6, 7):
        ports = chance.randrange(15_000, 28_000)
        parts["sockets"] = sockets(ports_in_use=[towards(ports, ports - 900)], outgoing=ports, timestamps=[negotiated(40)])
    if kind == 8:
        keys["net.ipv4.tcp_max_tw_buckets"] = "5000"
        parts["sockstat"] = {"TCP": {"inuse": 42, "orphan": 0, "tw": chance.randrange(4000, 5000), "alloc": 50, "mem": 3}}
    if kind == 9:
        parts.update(counters=None, sockets=None, nat=None, not_seen=["the counters could not be read (EACCES)"])
    if kind == 10:
        files["/etc/sysctl.d/99-old.conf"] = "net.ipv4.tcp_tw_recycle = 1\nnet.ipv4.tcp_fin_timeout = 15\n"
    if kind == 11:
        parts["nat"] = nat()
    counted = {"TCPTimeWaitOverflow": chance.randrange(1, 9000) if kind == 8 else 0, "TW": chance.randrange(10**6)}
    seen = snapshot(keys, files=files, counted=counted, **parts)
    audited = audit(seen, f"host{number}", AuditOptions(chance.choice(PROFILES), TODAY, fail_on="never"))
    return {**saved(audited), "changed": False}


def report(hosts: t.Iterable[dict[str, t.Any]]) -> str:
    """The JSON report of these audits, made without the collection's reader."""
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in hosts)
    return f'{{\n"schema": "{SCHEMA}",\n"title": "TCP audit",\n"rules": {{}},\n"cures": {{}},\n{AUDITS}{lines}\n]\n}}\n'


def write(hosts: int, folder: Path, files: int = 1, seed: int = 1) -> list[Path]:
    """The reports of a fleet in so many files of the folder."""
    audits = list(fleet(hosts, seed))
    paths = [folder / f"slice-{number}.json" for number in range(files)]
    for number, path in enumerate(paths):
        path.write_text(report(audits[number::files]), "utf-8")
    return paths


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
