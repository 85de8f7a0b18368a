# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the inputs are made from: the dumps of hosts of tests/fixtures, and those of ../shared/corpus where they are there."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import SYSCTL_KEYS, path_of
from fuzz.mutate import MAX_BYTES, dumped
from support.corpus import HOSTS
from support.snapshots import UNTUNED, namespace, negotiated, probe, snapshot, sockets, towards

KEYS = (*SYSCTL_KEYS, "net.ipv4.tcp_fastopen_key", "net.ipv6.conf.all.stable_secret", "net.ipv4.conf.*.rp_filter", "kernel.osrelease")
BOOT_FOLDERS = ("etc/sysctl.d", "run/sysctl.d", "usr/local/lib/sysctl.d", "usr/lib/sysctl.d", "lib/sysctl.d")
BOOT_PATHS = (*(f"{place}/{name}.conf" for place in BOOT_FOLDERS for name in ("10-a", "99-z", ".x")), "etc/sysctl.conf", *BOOT_FOLDERS)
PROC_PATHS = (*(path_of(key)[1:] for key in UNTUNED), "proc/net/netstat", "proc/net/snmp", "proc/net/sockstat", "proc/net/tcp")
_MOST_FILES = 12
_FOLDER_FILE_BYTES = 4000

PATTERNS = b"net.ipv4.conf.*.rp_filter = 1\n-net.ipv4.conf.all.rp_filter\nnet.ipv4.tcp_[!a-s]* = 1\nnet/ipv4/{tcp,ip}_* = 2\n"


@functools.cache
def files(*folders: str) -> list[bytes]:
    """The contents of all files of these folders of the collections, the longest cut."""
    paths = [path for hosts in HOSTS for folder in folders for path in sorted((hosts / folder).rglob("*")) if path.is_file()]
    return list(dict.fromkeys(path.read_bytes()[:MAX_BYTES] for path in paths))


@functools.cache
def field(name: str) -> list[bytes]:
    """The files of one name of the collected hosts of the field."""
    paths = [path for hosts in HOSTS for path in sorted((hosts / "field").rglob(name))]
    return list(dict.fromkeys(path.read_bytes()[:MAX_BYTES] for path in paths))


def boot_files() -> list[bytes]:
    return [*files("conf"), *field("*.conf"), PATTERNS]


def counters() -> list[bytes]:
    return [*files("netstat", "snmp", "sockstat"), *(one for name in ("netstat.txt", "snmp.txt", "sockstat.txt") for one in field(name))]


def socket_tables() -> list[bytes]:
    tables = [*files("ss", "other", "local-6.18", "recycle-4.9"), *field("ss-tan.txt"), *field("proc_net_tcp.txt")]
    return [table for table in tables if b"ocal" in table[:400]]


def listings() -> list[bytes]:
    return [*files("sysctl-a"), *field("sysctl-a.txt"), *field("sysctl-net.txt")]


def folder_of(root: Path, names: Iterable[str] | None = None) -> bytes:
    """A folder as an input, its longest files cut."""
    found = {name: root / name for name in names} if names else {str(path.relative_to(root)): path for path in sorted(root.rglob("*"))}
    kept = {name: path.read_bytes()[:_FOLDER_FILE_BYTES] for name, path in found.items() if path.is_file()}
    return dumped({name: content.decode("latin-1") for name, content in kept.items()})


@functools.cache
def trees() -> list[bytes]:
    """Hosts with boot files, values and counters, as an archive of sos has them."""
    made = []
    for hosts in HOSTS:
        for tree in sorted((hosts / "tree").iterdir()):
            paths = [str(path.relative_to(tree)) for path in sorted(tree.rglob("*")) if path.is_file()]
            conf = [path for path in paths if path.endswith(".conf")]
            made += [folder_of(tree, paths[at : at + _MOST_FILES]) for at in range(0, len(paths), _MOST_FILES)]
            made.append(folder_of(tree, [*(path for path in paths if path not in conf), *conf[:2]][: 2 * _MOST_FILES]))
    return [*made, small_sos()]


def small_sos() -> bytes:
    """All that a sosreport may have, in few bytes."""
    values = {path_of(key)[1:]: value + "\n" for key, value in UNTUNED.items()}
    return dumped(
        {
            "sos_commands/kernel/sysctl_-a": "".join(f"{key} = {value}\n" for key, value in UNTUNED.items()),
            "sos_commands/kernel/uname_-a": "Linux host 5.4.0-88-generic #99-Ubuntu SMP x86_64 GNU/Linux\n",
            "sos_commands/networking/ss_-peaonmi": _text(files("ss"), b"Local Address")[:3000],
            "sos_commands/networking/nstat_-zas": _text(files("nstat"), b"TcpExt")[:3000],
            "proc/net/netstat": "TcpExt: TW PAWSPassive\nTcpExt: 5 12\n",
            "proc/net/snmp": "Tcp: ActiveOpens CurrEstab\nTcp: 50 3\n",
            "proc/net/sockstat": "TCP: inuse 3 tw 5\n",
            "proc/net/tcp": PROC_TCP,
            "proc/meminfo": "MemTotal:  1000 kB\n",
            "hostname": "host\n",
            "etc/sysctl.d/10-a.conf": PATTERNS.decode(),
            "etc/sysctl.d/99-sysctl.conf": {"link": "../sysctl.conf"},
            "etc/sysctl.conf": "net.ipv4.tcp_tw_recycle=1\n",
            **values,
        }
    )


PROC_TCP = (
    "  sl  local_address rem_address   st tx_queue\n"
    "   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00\n"
    "   1: 0100000A:0050 0200000A:9C40 06 00000000:00000000 00\n"
    "   2: 0100000A:9C41 0200000A:0050 01 00000000:00000000 00\n"
)


def _text(contents: Sequence[bytes], needed: bytes) -> str:
    return next((one.decode("latin-1") for one in contents if needed in one), "")


def bundles() -> list[bytes]:
    """Captures as capture.sh prints them."""
    values = {path_of(key): value for key, value in UNTUNED.items()}
    netstat, snmp = (next(one for one in files(name)).decode("utf-8", "replace") for name in ("netstat", "snmp"))
    looks = [("TcpExt: TW PAWSPassive\nTcpExt: 5 12\n", "Tcp: ActiveOpens CurrEstab\nTcp: 50 3\n"), (netstat, snmp)]
    return [_bundle(values, *look, tables) for look in looks for tables in (PROC_TCP, "")]


def _bundle(values: dict[str, str], netstat: str, snmp: str, tables: str) -> bytes:
    first = {
        **values,
        "/proc/sys/kernel/hostname": "old",
        "/proc/meminfo": "MemTotal:  1000 kB",
        "/proc/uptime": "100.00 5.00",
        "/proc/net/netstat": netstat,
        "/proc/net/snmp": snmp,
        "/proc/net/sockstat": "TCP: inuse 3 tw 5",
        "/proc/net/tcp": tables,
        "/etc/sysctl.d/10-a.conf": PATTERNS.decode() + "net.ipv4.tcp_fastopen_key = (left out)",
    }
    again = {"/proc/uptime": "105.00 5.00", "/proc/net/netstat": netstat, "/proc/net/snmp": snmp}
    lines = [
        "linux_tcp.capture/1",
        "@time 2026-01-31T12:00:00Z",
        "@root yes",
        "@names /proc/sys/net/ipv4",
        "|tcp_timestamps",
        "|ip_forward",
    ]
    lines += ["@absent /proc/sys/net/ipv4/tcp_tw_recycle", "@unreadable /proc/sys/net/ipv4/tcp_mem", "@folder /run/systemd/system"]
    lines += ["@link /etc/sysctl.d/99-sysctl.conf", "|../sysctl.conf", "@null /etc/sysctl.d/20-x.conf", "@other /etc/sysctl.d/pipe.conf"]
    for path, content in first.items():
        lines += [f"@file {path}", *(f"|{line}" for line in content.rstrip("\n").split("\n"))]
    lines += ["@cut", "@again"]
    for path, content in again.items():
        lines += [f"@file {path}", *(f"|{line}" for line in content.rstrip("\n").split("\n"))]
    return "\n".join([*lines, "@end", ""]).encode("utf-8", "replace")


PASTE = b"""[root@web1 ~]# netstat -s | grep -i time
    387158 passive connections rejected because of time stamp
[root@web1 ~]# sysctl -a | grep tw
net.ipv4.tcp_max_tw_buckets = 5000
net.ipv4.tcp_tw_recycle = 1
[root@web1 ~]# cat /proc/sys/net/ipv4/ip_local_port_range
32768\t60999
[root@web1 ~]# sysctl -w net.ipv4.tcp_tw_recycle=0
net.ipv4.tcp_tw_recycle = 0
[root@web1 ~]# netstat -ant | awk '{print $6}' | sort | uniq -c
    814 TIME_WAIT
[root@web1 ~]# ss -s
Total: 177 (kernel 1565)
TCP:   1193 (estab 5, closed 1178, orphaned 0, synrecv 0, timewait 1178/0), ports 0
[root@web1 ~]# dmesg | tail -1
[ 12.345678] nf_conntrack: table full, dropping packet
"""


def pastes() -> list[bytes]:
    """Answers of commands, one after the other, under prompts and without them."""
    answers = [one[:4000] for one in (*files("netstat-s", "ss", "nstat"), *socket_tables()[:3], *counters()[:3], *listings()[:2])]
    return [PASTE, b"".join(b"$ netstat -s\n" + one + b"\n" for one in answers[:6]), *answers]


def capture_folders() -> list[bytes]:
    made = [folder_of(hosts / name) for hosts in HOSTS for name in ("recycle-4.9", "local-6.18")]
    return [*made, *(folder_of(place) for hosts in HOSTS for place in sorted((hosts / "field").glob("*")) if place.is_dir())]


def snapshots() -> list[bytes]:
    """A healthy host, one with other network namespaces, a sick one, and one that is busy and has asked its peers."""
    busy = sockets(
        ports_in_use=[towards(900, 800), towards(3, destination="2001:db8::1")],
        time_wait_outgoing=800,
        outgoing=5,
        timestamps=[negotiated(5, 2), negotiated(0, 3, "192.0.2.81")],
    )
    boot: dict[str, str | bytes | None] = {"/etc/sysctl.d/10-a.conf": PATTERNS, "/etc/sysctl.conf": "net.ipv4.tcp_tw_recycle=1\n"}
    sick = {"net.ipv4.tcp_tw_recycle": "1", "net.ipv4.tcp_timestamps": "0"}
    node = snapshot()
    node["namespaces"] = [namespace(), namespace(name="unit x", kind="other", sockets=busy)]
    made = [
        snapshot(),
        node,
        snapshot(sick, files=boot, grown={"PAWSPassive": 4, "ActiveOpens": 7000}),
        snapshot(files=boot, sockets=busy, probes=[probe(False, "local"), probe(True, "peer", "192.0.2.81")]),
    ]
    return [dumped(one) for one in made]
