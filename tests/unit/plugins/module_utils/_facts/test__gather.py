# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterable

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts import _gather as _facts
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._gather import SUBSETS, chosen_subset, gather
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._proc import deltas
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._sockets import count_sockets
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import SYSCTL_KEYS, is_secret
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree

NETSTAT = "TcpExt: TW PAWSEstab\nTcpExt: {} {}\n"
SNMP = "Tcp: MaxConn ActiveOpens\nTcp: -1 5\n"
SOCKSTAT = "sockets: used 3\nTCP: inuse 1 orphan 0 tw 2 alloc 1 mem 1\n"


class FolderHost(HostTree):
    """A folder as the live host would be, whose counters are another text at each reading."""

    def __init__(self, root: Path) -> None:
        super().__init__(str(root))
        self.netstat: list[str] = []

    def read(self, path: str, limit: int) -> bytes:
        if path == "/proc/net/netstat" and self.netstat:
            return self.netstat.pop(0).encode()
        return super().read(path, limit)


@pytest.fixture
def host(tmp_path: Path) -> FolderHost:
    write(tmp_path, "/proc/net/netstat", NETSTAT.format(12, 3))
    write(tmp_path, "/proc/net/snmp", SNMP)
    write(tmp_path, "/proc/net/sockstat", SOCKSTAT)
    write(tmp_path, "/proc/meminfo", "MemTotal:       24684084 kB\nMemFree: 1 kB\n")
    write(tmp_path, "/proc/uptime", "93784.52 180000.10\n")
    write(tmp_path, "/proc/sys/kernel/hostname", "web1\n")
    write(tmp_path, "/proc/sys/kernel/osrelease", "4.9.154\n")
    write(tmp_path, "/proc/sys/net/ipv4/ip_forward", "0\n")
    write(tmp_path, "/proc/sys/net/ipv4/tcp_max_orphans", "8192\n")
    write(tmp_path, "/proc/sys/net/ipv4/tcp_tw_recycle", "1\n")
    write(tmp_path, "/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n")
    for process in ("self", "1"):
        (tmp_path / "proc" / process / "ns").mkdir(parents=True)
        (tmp_path / "proc" / process / "ns/net").symlink_to("net:[4026531840]")
    return FolderHost(tmp_path)


def write(root: Path, path: str, text: str | bytes) -> None:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())


def test_the_snapshot_of_a_folder(host: FolderHost) -> None:
    snapshot = gather(host, set(SUBSETS))
    assert snapshot["schema"] == "linux_tcp.snapshot/3"
    assert snapshot["source"] == {"kind": "live", "path": None}
    assert snapshot["host"] == {
        "hostname": "web1",
        "kernel_release": "4.9.154",
        "network_namespace": "initial",
        "boot_files_apply": True,
        "proc_sys_writable": None,
        "init": "other",
        "memory_bytes": 24684084 * 1024,
        "root": None,
        "uptime_seconds": 93784,
    }
    assert snapshot["counters"] == {"TcpExt": {"TW": 12, "PAWSEstab": 3}, "Tcp": {"MaxConn": -1, "ActiveOpens": 5}}
    assert snapshot["sockstat"] == {"sockets": {"used": 3}, "TCP": {"inuse": 1, "orphan": 0, "tw": 2, "alloc": 1, "mem": 1}}
    assert snapshot["ipv4_keys"] == ["ip_local_port_range", "tcp_max_orphans", "tcp_tw_recycle"]
    assert snapshot["sockets"] is None
    assert snapshot["sample"] is None
    assert snapshot["not_seen"] == ["Sockets were not counted: only a live host has sockets."]


def test_keys_are_present_absent_or_unreadable(host: FolderHost, tmp_path: Path) -> None:
    (tmp_path / "proc/sys/net/ipv4/tcp_timestamps").mkdir()
    write(tmp_path, "/proc/sys/net/ipv4/tcp_fin_timeout", b"6\xff0\n")
    write(tmp_path, "/proc/sys/net/ipv4/tcp_rmem", "4096 131072 " + "6" * 10_000)
    snapshot = gather(host, {"sysctl"})
    sysctl = snapshot["sysctl"]
    assert sysctl is not None
    assert sysctl["net.ipv4.tcp_tw_recycle"] == {"state": "present", "raw": "1", "value": 1}
    assert sysctl["net.ipv4.ip_local_port_range"] == {"state": "present", "raw": "32768\t60999", "value": [32768, 60999]}
    assert sysctl["net.ipv4.tcp_tw_reuse"] == {"state": "absent"}
    assert sysctl["net.ipv4.tcp_timestamps"] == {"state": "unreadable", "reason": "EISDIR"}
    assert sysctl["net.ipv4.tcp_fin_timeout"] == {"state": "present", "raw": "6\N{REPLACEMENT CHARACTER}0", "value": None}
    assert sysctl["net.ipv4.tcp_rmem"] == {"state": "unreadable", "reason": "EFBIG"}
    assert len(snapshot["not_seen"]) == 1
    assert "net.ipv4.tcp_timestamps (EISDIR), net.ipv4.tcp_rmem (EFBIG)" in snapshot["not_seen"][0]


def test_a_long_list_of_reserved_ports_is_read_whole(host: FolderHost, tmp_path: Path) -> None:
    write(tmp_path, "/proc/sys/net/ipv4/ip_local_reserved_ports", ",".join(map(str, range(1, 65536, 2))) + "\n")
    sysctl = gather(host, {"sysctl"})["sysctl"]
    assert sysctl is not None
    ports = sysctl["net.ipv4.ip_local_reserved_ports"]["value"]
    assert isinstance(ports, list)
    assert len(ports) == 32768


@pytest.mark.parametrize("subset", [set[str](), *({one} for one in SUBSETS)])
def test_parts_that_are_not_asked_for_are_none(host: FolderHost, subset: set[str]) -> None:
    snapshot = gather(host, subset)
    present = {part for part in ("sysctl", "ipv4_keys", "boot_files", "sockstat", "counters") if snapshot[part] is not None}
    parts = {"sysctl": {"sysctl", "ipv4_keys"}, "boot_files": {"boot_files"}, "counters": {"sockstat", "counters"}, "sockets": set[str]()}
    assert present == set[str]().union(*(parts[one] for one in subset))
    assert snapshot["host"]["hostname"] == "web1"


@pytest.mark.parametrize(("init_only", "always", "namespace"), [(True, True, "initial"), (False, True, "own"), (False, False, None)])
def test_the_network_namespace_shows_in_its_keys(
    host: FolderHost, tmp_path: Path, init_only: bool, always: bool, namespace: str | None
) -> None:
    for name, exists in (("tcp_max_orphans", init_only), ("ip_forward", always)):
        if not exists:
            (tmp_path / "proc/sys/net/ipv4" / name).unlink()
    assert gather(host, set())["host"]["network_namespace"] == namespace


@pytest.mark.parametrize(
    ("of_pid_1", "initial", "apply", "sentences"),
    [("net:[4026531840]", False, True, 0), ("net:[4026532000]", False, False, 0), (None, True, True, 0), (None, False, None, 1)],
)
def test_boot_files_apply_where_pid_1_lives(
    host: FolderHost, tmp_path: Path, of_pid_1: str | None, initial: bool, apply: bool | None, sentences: int
) -> None:
    (tmp_path / "proc/1/ns/net").unlink()
    if of_pid_1:
        (tmp_path / "proc/1/ns/net").symlink_to(of_pid_1)
    if not initial:
        (tmp_path / "proc/sys/net/ipv4/tcp_max_orphans").unlink()
    snapshot = gather(host, set())
    assert snapshot["host"]["boot_files_apply"] is apply
    assert len(snapshot["not_seen"]) == sentences


@pytest.mark.parametrize(
    ("pid_namespace", "systemd", "apply"),
    [("pid:[4026531836]", False, True), ("pid:[4026532000]", False, False), ("pid:[4026532000]", True, True)],
)
def test_nobody_applies_boot_files_in_a_container_without_systemd(
    host: FolderHost, tmp_path: Path, pid_namespace: str, systemd: bool, apply: bool
) -> None:
    (tmp_path / "proc/self/ns/pid").symlink_to(pid_namespace)
    if systemd:
        (tmp_path / "run/systemd/system").mkdir(parents=True)
    assert gather(host, set())["host"]["boot_files_apply"] is apply


def test_systemd_is_init_where_its_folder_is(host: FolderHost, tmp_path: Path) -> None:
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    assert gather(host, set())["host"]["init"] == "systemd"


@pytest.mark.parametrize("meminfo", ["", "MemTotal: many kB\n", "MemTotal: ² kB\n", "MemTotal:\n", "\xff\n", f"MemTotal: {10**15} kB\n"])
def test_memory_that_is_not_given_is_none(host: FolderHost, tmp_path: Path, meminfo: str) -> None:
    write(tmp_path, "/proc/meminfo", meminfo)
    assert gather(host, set())["host"]["memory_bytes"] is None


def test_an_empty_folder_gives_an_empty_snapshot_and_says_so(tmp_path: Path) -> None:
    snapshot = gather(HostTree(str(tmp_path)), set(SUBSETS))
    assert set(snapshot["host"].values()) == {None}
    parts = (snapshot["counters"], snapshot["sockstat"], snapshot["ipv4_keys"], snapshot["sysctl"])
    assert parts == (None, None, None, None), "not seen is something else than absent"
    for path in ("/proc/net/netstat", "/proc/net/snmp", "/proc/net/sockstat", "/proc/sys/net/ipv4"):
        assert f"{path} could not be read (ENOENT)." in snapshot["not_seen"]


@pytest.mark.parametrize(
    ("path", "text", "sentence"),
    [
        (
            "/proc/net/netstat",
            "TcpExt: TW\nTcpExt: 1 2\n",
            "/proc/net/netstat has an unknown format: group 'TcpExt' has 1 names but 2 values.",
        ),
        ("/proc/net/netstat", "IpExt: A\nIpExt: 1\n", "/proc/net/netstat has no group TcpExt."),
        ("/proc/net/sockstat", "TCP: inuse\n", "/proc/net/sockstat has an unknown format: group 'TCP' has a field without a value."),
    ],
)
def test_counters_that_cannot_be_understood_are_reported(host: FolderHost, tmp_path: Path, path: str, text: str, sentence: str) -> None:
    write(tmp_path, path, text)
    snapshot = gather(host, {"counters"})
    assert snapshot["not_seen"] == [sentence]
    assert snapshot["sockstat" if "sockstat" in path else "counters"] in (None, {"Tcp": {"MaxConn": -1, "ActiveOpens": 5}})


def test_a_second_sample_gives_deltas(host: FolderHost) -> None:
    host.netstat = [NETSTAT.format(12, 3), NETSTAT.format(20, 2)]
    snapshot = gather(host, {"counters"}, sample_seconds=0.01)
    assert snapshot["counters"] is not None
    assert snapshot["counters"]["TcpExt"] == {"TW": 12, "PAWSEstab": 3}
    assert snapshot["sample"] is not None
    assert snapshot["sample"]["deltas"] == {"TcpExt": {"TW": 8, "PAWSEstab": None}, "Tcp": {"MaxConn": 0, "ActiveOpens": 0}}
    assert snapshot["sample"]["seconds"] >= 0.01


def test_a_gauge_may_go_down() -> None:
    first, second = {"Tcp": {"CurrEstab": 9, "ActiveOpens": 9}}, {"Tcp": {"CurrEstab": 4, "ActiveOpens": 4}}
    assert deltas(first, second) == {"Tcp": {"CurrEstab": -5, "ActiveOpens": None}}


def test_a_counter_that_is_in_one_sample_only_has_no_delta(host: FolderHost) -> None:
    host.netstat = [NETSTAT.format(1, 1), "TcpExt: TW TWKilled\nTcpExt: 2 9\n"]
    sample = gather(host, {"counters"}, sample_seconds=0.001)["sample"]
    assert sample is not None
    assert sample["deltas"]["TcpExt"] == {"TW": 1}


@pytest.mark.parametrize("subset", [{"counters"}, {"sysctl"}])
def test_no_second_sample_unless_it_is_asked_for(host: FolderHost, subset: set[str]) -> None:
    seconds = 0 if "counters" in subset else 60
    assert gather(host, subset, seconds)["sample"] is None


def test_boot_files_that_cannot_be_read_are_reported(host: FolderHost, tmp_path: Path) -> None:
    for number in range(12):
        (tmp_path / "etc/sysctl.d" / f"{number:02}.conf").parent.mkdir(parents=True, exist_ok=True)
        write(tmp_path, f"/etc/sysctl.d/{number:02}.conf", b"net.ipv4.tcp_tw_reuse = 1\0\n" if number else b"net.ipv4.tcp_tw_reuse = 1\n")
    snapshot = gather(host, {"boot_files"})
    assert snapshot["boot_files"] is not None
    unread = [file["path"] for file in snapshot["boot_files"]["files"] if file["unread_because"] == "unreadable"]
    assert len(unread) == 11
    assert unread[0] in snapshot["not_seen"][0]
    assert snapshot["not_seen"][0].endswith("and 1 more.")


def test_names_in_another_encoding_do_not_break_the_answer(host: FolderHost, tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path / "etc/sysctl.d")
    os.makedirs(folder)
    for name, text in ((b"\xff.conf", b"net.ipv4.tcp_tw_reuse = \xc3\xa9\n"), ("\N{SNOWMAN}.conf".encode(), b"\xff\0")):
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(text)
    snapshot = gather(host, {"boot_files"})
    assert json.dumps(snapshot, ensure_ascii=False).encode()
    assert snapshot["boot_files"] is not None
    assert [file["real_path"] for file in snapshot["boot_files"]["files"]] == [
        "/etc/sysctl.d/\N{SNOWMAN}.conf",
        "/etc/sysctl.d/\N{REPLACEMENT CHARACTER}.conf",
    ]


@pytest.mark.parametrize(
    ("wanted", "subset"),
    [
        (["all"], set(SUBSETS)),
        ([], set(SUBSETS)),
        (["sysctl"], {"sysctl"}),
        (["sysctl", "sockets"], {"sysctl", "sockets"}),
        (["!sockets"], {"sysctl", "boot_files", "counters"}),
        (["all", "!sockets", "!counters"], {"sysctl", "boot_files"}),
        (["sysctl", "!sysctl"], set()),
        (["!all"], set()),
        (["all", "!all"], set()),
        (["!all", "counters"], {"counters"}),
    ],
)
def test_chosen_subsets(wanted: Iterable[str], subset: set[str]) -> None:
    assert chosen_subset(wanted) == subset


def test_the_live_host(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int] | None] = []

    def spy(ephemeral: tuple[int, int] | None, top: int) -> Any:
        asked.append(ephemeral)
        return count_sockets(ephemeral, top)

    monkeypatch.setattr(_facts, "count_sockets", spy)
    snapshot = gather(HostTree(), set(SUBSETS))
    assert json.loads(json.dumps(snapshot)) == snapshot
    low, high = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    assert asked == [(low, high)]
    assert snapshot["host"]["kernel_release"] == os.uname().release
    assert snapshot["host"]["root"] == (os.geteuid() == 0)
    names = [name for name in os.listdir("/proc/sys/net/ipv4") if name.startswith(("tcp_", "ip_local_"))]
    assert snapshot["ipv4_keys"] == sorted(names)
    for key, one in (snapshot["sysctl"] or {}).items():
        path = Path("/proc/sys", key.replace(".", "/"))
        assert (one["state"] == "absent") == (not path.exists())
        if one["state"] == "present" and not key.endswith("_count"):
            assert one["raw"] == path.read_text().strip()
            assert one["writable"] == os.access(path, os.W_OK)


def test_sockets_that_cannot_be_counted_are_none_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_facts, "count_sockets", lambda ephemeral, top: (None, ["Sockets were not counted: EPERM."]))
    snapshot = gather(HostTree(), {"sockets"})
    assert snapshot["sockets"] is None
    assert "Sockets were not counted: EPERM." in snapshot["not_seen"]


def test_no_secret_key_is_read() -> None:
    assert not [key for key in SYSCTL_KEYS if is_secret(key)]
    assert "tcp_fastopen_key" not in (gather(HostTree(), {"sysctl"})["sysctl"] or {})


def test_values_that_nobody_needs_do_not_leave_the_host(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/sysctl.conf").write_text(
        "kernel.core_pattern = |/bin/s3cret\nnet.ipv4.tcp_sack = 1\nnet.ipv4.tcp_fastopen_ke[^x] = s3cret\n"
    )
    snapshot = gather(HostTree(str(tmp_path)), {"boot_files"})
    assert snapshot["boot_files"] is not None
    (file,) = snapshot["boot_files"]["files"]
    assert [(one["value"], one["withheld"], one["secret"]) for one in file["assignments"]] == [
        (None, True, False),
        ("1", False, False),
        (None, True, True),
    ]
    assert "s3cret" not in json.dumps(snapshot)


_IN_NAMESPACE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._gather import gather
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
json.dump(gather(HostTree(), {"sysctl", "counters", "sockets"}), sys.stdout)
"""


def in_namespace(*unshare: str) -> Any:
    """A snapshot taken in a namespace of its own, with the folder of imports as the first argument."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", *unshare, "true"], check=False, capture_output=True).returncode:
        pytest.skip(f"needs namespaces of its own (unshare {' '.join(unshare)}), which this machine does not allow")
    collections = Path(__file__).resolve().parents[5] / "playbooks/collections"
    command = ["unshare", *unshare, sys.executable, "-c", _IN_NAMESPACE, str(collections)]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_a_network_namespace_of_its_own() -> None:
    snapshot = in_namespace("-r", "-n")
    assert snapshot["host"]["network_namespace"] == "own"
    # Pid 1 may belong to somebody else in there, and then cannot be asked.
    assert snapshot["host"]["boot_files_apply"] in (False, None)
    assert snapshot["sysctl"]["net.ipv4.tcp_max_orphans"] == {"state": "absent"}
    assert snapshot["sysctl"]["net.ipv4.tcp_tw_reuse"]["writable"] is True
    assert snapshot["counters"]["TcpExt"]["TW"] == 0
    assert snapshot["sockets"]["states"] == {"ipv4": {}, "ipv6": {}}
