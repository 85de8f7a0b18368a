# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Capture bundles: the script run for real by small shells on made folders, and bundles that are damaged."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_files import collect
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import SYSCTL_KEYS, path_of
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._lines import may_be_shown, possible_keys
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import SourceError, load, validate
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._capture import Bundle, parse_bundle
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.corpus import each_collection
from support.namespaces import Unavailable, own_namespaces

SCRIPT = Path(__file__).resolve().parents[5] / "playbooks" / "files" / "capture.sh"
STAMPS = "/proc/sys/net/ipv4/tcp_timestamps"
KEY = "net.ipv4.tcp_fastopen_key"
SECRET = "0a1b2c3d-deadbeef-00000000-5eca1105"

SHELLS = {"dash": ["dash"], "busybox": ["busybox", "sh"]}
shells = pytest.mark.parametrize(
    "shell",
    [
        pytest.param(name, marks=pytest.mark.skipif(not shutil.which(words[0]), reason=f"needs {words[0]}"))
        for name, words in SHELLS.items()
    ],
)


def capture(shell: str, root: Path, seconds: str = "0", tools: Path | None = None) -> bytes:
    """What the script prints of a folder."""
    words = SHELLS[shell]
    program = shutil.which(words[0])
    assert program
    done = subprocess.run(
        [program, *words[1:], str(SCRIPT), seconds, str(root)],
        capture_output=True,
        check=True,
        timeout=300,
        env={"PATH": str(tools) if tools else os.environ["PATH"]},
    )
    assert not done.stderr
    return done.stdout


def put(root: Path, path: str, content: str | bytes) -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content if isinstance(content, bytes) else content.encode())


@shells
def test_a_host_comes_back_as_it_was(tmp_path: Path, shell: str) -> None:
    put(tmp_path, STAMPS, "1\n")
    put(tmp_path, "/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n")
    put(tmp_path, "/proc/sys/net/ipv4/ip_local_reserved_ports", "\n")
    put(tmp_path, "/proc/sys/net/ipv4/ip_forward", "0\n")
    put(tmp_path, "/proc/sys/net/ipv4/tcp_fastopen_key", SECRET)
    put(tmp_path, "/proc/sys/kernel/osrelease", "4.9.154\n")
    put(tmp_path, "/proc/sys/kernel/hostname", "old\n")
    put(tmp_path, "/proc/meminfo", "MemTotal:  1000 kB\nMemFree: 5 kB\n")
    put(tmp_path, "/proc/net/netstat", "TcpExt: TW PAWSPassive\nTcpExt: 5 12\n")
    put(tmp_path, "/proc/net/snmp", "Tcp: MaxConn\nTcp: -1\n")
    put(tmp_path, "/proc/net/stat/nf_conntrack", "entries  insert_failed drop\n00000007  0000001e 0000001f\n00000007  00000000 00000000\n")
    put(tmp_path, "/proc/uptime", "93784.52 180000.10\n")
    put(tmp_path, "/proc/net/sockstat", "TCP: inuse 3 tw 5\n")
    put(
        tmp_path,
        "/proc/net/udp",
        "  sl  local_address rem_address   st tx_queue\n  100: 00000000:CA6C 00000000:0000 07 00000000:00000000 00\n",
    )
    put(
        tmp_path,
        "/proc/net/tcp",
        "  sl  local_address rem_address   st tx_queue\n"
        "   0: 00000000:0050 00000000:0000 0A 00000000:00000000 00\n"
        "   1: 0100000A:0050 0200000A:9C40 06 00000000:00000000 00\n"
        "   2: 0100000A:9C41 0200000A:0050 01 00000000:00000000 00\n",
    )
    put(tmp_path, "/etc/sysctl.d/10-a.conf", f"net.ipv4.tcp_tw_recycle = 1\n{KEY} = {SECRET}\n")
    path = tmp_path / "host.capture"
    path.write_bytes(capture(shell, tmp_path))
    assert SECRET.encode() not in path.read_bytes()
    snapshot = load(str(path))
    validate(snapshot)
    assert snapshot["source"] == {"kind": "capture", "path": str(path)}
    assert snapshot["host"]["hostname"] == "old"
    assert snapshot["host"]["kernel_release"] == "4.9.154"
    assert snapshot["host"]["memory_bytes"] == 1024000
    assert snapshot["host"]["network_namespace"] == "own"
    sysctl = snapshot["sysctl"] or {}
    assert sysctl["net.ipv4.tcp_timestamps"] == {"state": "present", "raw": "1", "value": 1}
    assert sysctl["net.ipv4.ip_local_reserved_ports"] == {"state": "present", "raw": "", "value": []}
    assert sysctl["net.ipv4.tcp_tw_recycle"] == {"state": "absent"}
    assert sysctl.keys() == SYSCTL_KEYS.keys()
    assert snapshot["ipv4_keys"] == ["ip_local_port_range", "ip_local_reserved_ports", "tcp_fastopen_key", "tcp_timestamps"]
    assert snapshot["counters"] == {
        "TcpExt": {"TW": 5, "PAWSPassive": 12},
        "Tcp": {"MaxConn": -1},
        "nf_conntrack": {"insert_failed": 30, "drop": 31},
    }
    assert snapshot["host"]["uptime_seconds"] == 93784
    assert snapshot["sockstat"] == {"TCP": {"inuse": 3, "tw": 5}}
    sockets = snapshot["sockets"]
    assert sockets
    assert sockets["states"]["ipv4"] == {"listen": 1, "time_wait": 1, "established": 1}
    assert (sockets["time_wait_listening"], sockets["outgoing"]) == (1, 1)
    assert sockets["ports_in_use"] == [
        {
            "device": None,
            "source": "10.0.0.1",
            "destination": "10.0.0.2",
            "destination_port": 80,
            "ports": 1,
            "begun": None,
            "bind_parity": None,
            "states": {"established": 1},
        }
    ]
    assert [one["port"] for one in sockets["udp"] or ()] == [51820]
    (file,) = (snapshot["boot_files"] or {"files": []})["files"]
    assert [(one["key"], one["value"]) for one in file["assignments"]] == [("net.ipv4.tcp_tw_recycle", "1"), (KEY, None)]


def test_this_machine_with_a_second_look(tmp_path: Path) -> None:
    path = tmp_path / "host.capture"
    path.write_bytes(capture("dash" if shutil.which("dash") else "busybox", Path("/"), "1"))
    snapshot = load(str(path))
    validate(snapshot)
    assert snapshot["sample"]
    assert snapshot["sample"]["seconds"] >= 1
    assert set(snapshot["sample"]["deltas"]) >= {"TcpExt", "Tcp", "Ip"}
    assert snapshot["collected_at"]
    assert (snapshot["sysctl"] or {})["net.ipv4.tcp_timestamps"]["state"] == "present"


@shells
@pytest.mark.parametrize("tools", [["cat"], ["sed"], ["cat", "sed", "ls"]])
def test_few_tools_are_enough(tmp_path: Path, shell: str, tools: list[str]) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in tools:
        (folder / tool).symlink_to(shutil.which(tool) or "")
    root = tmp_path / "root"
    put(root, STAMPS, "1\n")
    put(root, "/proc/net/tcp", "header\nlast line without end")
    put(root, "/etc/sysctl.d/10-a.conf", "net.ipv4.tcp_sack = 1\nc.d = 2")
    bundle = parse_bundle(capture(shell, root, tools=folder))
    assert bundle.tree.read(STAMPS, 100) == b"1\n"
    assert bundle.tree.read("/proc/net/tcp", 100) == b"header\nlast line without end\n"
    assert bundle.tree.read("/etc/sysctl.d/10-a.conf", 100) == b"net.ipv4.tcp_sack = 1\nc.d = (left out)\n"


@shells
@pytest.mark.parametrize("tools", [["cat"], ["cat", "sed"]])
def test_a_long_file_is_cut(tmp_path: Path, shell: str, tools: list[str]) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in tools:
        (folder / tool).symlink_to(shutil.which(tool) or "")
    root = tmp_path / "root"
    put(root, "/proc/meminfo", "x\n" * 10_005)
    put(root, "/proc/net/sockstat", "x\n" * 10_000)
    bundle = parse_bundle(capture(shell, root, tools=folder))
    assert bundle.cut == ["/proc/meminfo"]
    assert len(bundle.tree.read("/proc/meminfo", 10**6)) == len(bundle.tree.read("/proc/net/sockstat", 10**6)) == 20_000


@pytest.mark.parametrize(("tools", "most"), [(("cat", "sed", "grep"), 20), (("cat", "sed"), 90)], ids=["grep", "no grep"])
def test_few_processes_read_many_keys(tmp_path: Path, tools: tuple[str, ...], most: int) -> None:
    """Each process takes a tenth of a second and more on a slow host."""
    if not shutil.which("dash"):
        pytest.skip("needs dash")
    folder, log, root = tmp_path / "bin", tmp_path / "log", tmp_path / "root"
    folder.mkdir()
    for tool in tools:
        (folder / tool).write_text(f'#!/bin/sh\necho {tool} >> {log}\nexec {shutil.which(tool)} "$@"\n')
        (folder / tool).chmod(0o755)
    for number, key in enumerate(SYSCTL_KEYS):
        put(root, "/proc/sys/" + key.replace(".", "/"), f"{number}\t7\n")
    put(root, "/proc/sys/net/ipv4/ip_local_reserved_ports", "\n")
    put(root, "/proc/sys/net/ipv4/tcp_retries2", "without a line end")
    bundle = parse_bundle(capture("dash", root, tools=folder))
    read = {key: bundle.tree.read("/proc/sys/" + key.replace(".", "/"), 100) for key in SYSCTL_KEYS}
    wanted = {key: f"{number}\t7\n".encode() for number, key in enumerate(SYSCTL_KEYS)}
    wanted.update({"net.ipv4.ip_local_reserved_ports": b"\n", "net.ipv4.tcp_retries2": b"without a line end\n"})
    assert read == wanted
    assert len(log.read_text().splitlines()) <= most


def test_no_tools_are_not(tmp_path: Path) -> None:
    shell = shutil.which("dash")
    if not shell:
        pytest.skip("needs dash")
    done = subprocess.run(
        [shell, str(SCRIPT), "0", str(tmp_path)], capture_output=True, text=True, env={"PATH": str(tmp_path)}, check=False
    )
    assert done.returncode == 1
    assert "neither cat nor sed" in done.stderr


@pytest.mark.parametrize("seconds", ["-1", "x", "1;id", "99999", "1.5"])
def test_bad_seconds_are_refused(tmp_path: Path, seconds: str) -> None:
    done = subprocess.run(["sh", str(SCRIPT), seconds, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "seconds" in done.stderr
    assert not done.stdout


def test_the_script_reads_every_sysctl_key() -> None:
    listed = re.search(r'\ntcp_keys="\n(.*?)\n"\n', SCRIPT.read_text(), re.DOTALL)
    assert listed
    assert [f"/proc/sys/{key}" for key in listed.group(1).split()] == [path_of(key) for key in SYSCTL_KEYS]


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="needs shellcheck")
def test_shellcheck_finds_nothing() -> None:
    subprocess.run(["shellcheck", str(SCRIPT)], check=True)


# Any tree of boot files, as the model of the live host sees it and as it comes back out of a bundle.

names = st.sampled_from(["10-a.conf", "10-b.conf", "99-sysctl.conf", "README", "a b.conf", ".hidden.conf", "é.conf", "x.conf~", "-n.conf"])
folders = st.sampled_from(["/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d"])
lines = st.sampled_from(
    [
        "net.ipv4.tcp_timestamps = 1",
        "-net/ipv4/tcp_tw_reuse=0 ",
        "net.ipv4.conf.*.rp_filter = 2",
        "# a remark",
        "; another\r",
        "",
        "  |bar",
        "@end",
        "\\n back\\slash %s $HOME `id`",
        "net.ipv4.tcp_rmem\t=\t4096 8192",
        "schlüssel = ü",
        f"{KEY} = {SECRET}",
        f"net/ipv6/conf/all/stable_secret={SECRET}",
        f"net.ipv4.tcp_f*_key = {SECRET}",
        f"net.ipv4.tcp_fastopen[_]key = {SECRET}",
        f"echo {SECRET} > /proc/sys/net/ipv4/tcp_fastopen_key",
        f"net.ipv4.tcp_fastopen_ke[^x] = {SECRET}",
        f"net.ipv4.tcp_fastopen_{{k,x}}ey = {SECRET}",
        f"net.ipv4.tcp_fastopen\\_ke? = {SECRET}",
        f"net.ipv4.tcp_fastopen_[[:lower:]]ey = {SECRET}",
        f"net.ipv6.conf.et?0.stable_secre? = {SECRET}",
        f"*/*/*_key = {SECRET}",
        f"kernel.core_pattern = |/bin/{SECRET}",
        f"#net.ipv4.tcp_fastopen_key {SECRET}",
        f"sysctl -w net.ipv4.tcp_fastopen_key={SECRET}",
        f"net.ipv4.tcp_fastopen_key {SECRET}",
        f"{SECRET}",
        "net.ipv4.tcp_tw_r* = 1",
        "net.ipv4.ip_local_made_up = 1",
        "-net.ipv4.conf.eth0.rp_filter",
    ]
)
contents = st.builds(lambda parts, end: "\n".join(parts) + end, st.lists(lines, max_size=6), st.sampled_from(["", "\n"]))
targets = st.sampled_from(
    [
        "/dev/null",
        "../sysctl.conf",
        "10-a.conf",
        "/opt/x.conf",
        "../../../../etc/sysctl.conf",
        "nothing",
        "/etc/sysctl.d/99-sysctl.conf",
        ".",
    ]
)
trees = st.dictionaries(st.tuples(folders, names), contents | targets.map(lambda target: ("link", target)), max_size=6)


@shells
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tree=trees, main=st.none() | contents, merged=st.booleans())
def test_any_boot_files_come_back(
    tmp_path_factory: pytest.TempPathFactory, shell: str, tree: dict[tuple[str, str], str | tuple[str, str]], main: str | None, merged: bool
) -> None:
    root = tmp_path_factory.mktemp("root")
    put(root, "/opt/x.conf", "net.ipv4.tcp_sack = 1\n")
    if main is not None:
        put(root, "/etc/sysctl.conf", main)
    if merged:
        (root / "usr" / "lib").mkdir(parents=True, exist_ok=True)
        (root / "lib").symlink_to("usr/lib")
    for (folder, name), what in tree.items():
        if isinstance(what, str):
            put(root, f"{folder}/{name}", what)
        else:
            (root / folder[1:]).mkdir(parents=True, exist_ok=True)
            (root / folder[1:] / name).symlink_to(what[1])
    printed = capture(shell, root)
    assert SECRET.encode() not in printed
    assert without_what_was_left_out(parse_bundle(printed)) == without_what_was_left_out(root)


@shells
@pytest.mark.parametrize("line", ["*?" * 120, "net/ipv4/tcp_" + "*?" * 100, "[" * 250, " " * 3900, "x" * 300_000, "{*,*}" * 50, "." * 250])
def test_no_line_keeps_a_shell_busy(tmp_path: Path, shell: str, line: str) -> None:
    """A shell that tried such a pattern on a name would still be at it tomorrow: then the time limit of capture() ends the test."""
    put(tmp_path, "/etc/sysctl.d/a.conf", f"{line} = 1\n" * 20)
    assert b"@end" in capture(shell, tmp_path)


def without_what_was_left_out(source: Bundle | Path) -> object:
    """The model's view, less the lines that the capture changes."""
    possible = possible_keys()
    found = collect(source.tree if isinstance(source, Bundle) else HostTree(str(source)))
    for file in found["files"]:
        file["assignments"] = [one for one in file["assignments"] if may_be_shown(one, possible) or one["value"] is None]
        file["problems"] = []
    return found


def test_what_was_left_out_is_no_value(tmp_path: Path) -> None:
    (tmp_path / "host.capture").write_bytes(
        bundle_of("@file /etc/sysctl.d/a.conf", "|net.ipv4.tcp_[ft]* = (left out)", "|net.ipv4.tcp_sack = 1", "@end")
    )
    snapshot = load(str(tmp_path / "host.capture"), "capture")
    assert snapshot["boot_files"] is not None
    (file,) = snapshot["boot_files"]["files"]
    assert [(one["value"], one["withheld"]) for one in file["assignments"]] == [(None, True), ("1", False)]


def bundle_of(*lines: str) -> bytes:
    return ("\n".join(["linux_tcp.capture/1", *lines]) + "\n").encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (bundle_of("@file /a", "|x"), "incomplete"),
        (b"linux_tcp.capture/1", "incomplete"),
        (bundle_of("@end", "|x"), "line 3: there is text after @end"),
        (bundle_of("|x", "@end"), "line 2: content without a file before it"),
        (bundle_of("@folder /a", "|x", "@end"), "line 3: content"),
        (bundle_of("hello", "@end"), "line 2: starts neither with @ nor with |"),
        (bundle_of("@nonsense /a", "@end"), "line 2: unknown record '@nonsense'"),
        (bundle_of("@file etc/x", "@end"), "line 2: 'etc/x' is not an absolute path"),
        (bundle_of("@file " + "/a" * 2048, "@end"), "line 2: '/a/a"),
        (bundle_of("@link /etc/sysctl.conf", "|" + "../" * 2048, "@end"), "file name too long"),
        (b"linux_tcp.capture/2\n@end\n", "linux_tcp.capture/2'. This collection reads linux_tcp.capture/1."),
        (b"something else\n", "not a capture bundle"),
    ],
)
def test_a_damaged_bundle_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    path = tmp_path / "x.capture"
    path.write_bytes(data)
    with pytest.raises(SourceError) as caught:
        load(str(path), "capture")
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)


def test_a_terminal_in_between_changes_nothing() -> None:
    data = bundle_of("@file /etc/sysctl.conf", "|a.b = 1\r", "|c.d = 2", "@end")
    through_terminal = data.replace(b"\n", b"\r\n")
    assert parse_bundle(through_terminal).tree.read("/etc/sysctl.conf", 99) == b"a.b = 1\r\nc.d = 2\n"
    assert parse_bundle(data).tree.read("/etc/sysctl.conf", 99) == b"a.b = 1\r\nc.d = 2\n"


def test_a_bundle_that_was_cut_by_its_own_limit_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.capture"
    path.write_bytes(bundle_of("@file /proc/net/tcp", "|  sl  local_address rem_address   st", "@cut", "@end"))
    snapshot = load(str(path))
    assert any("/proc/net/tcp was too long for a capture" in sentence for sentence in snapshot["not_seen"])
    assert snapshot["sockets"] is not None
    assert snapshot["sockets"]["error_bound"] == 65535, "any number of ports may be missing"


@shells
def test_without_proc_no_key_is_absent(shell: str, tmp_path: Path) -> None:
    path = tmp_path / "x.capture"
    path.write_bytes(capture(shell, tmp_path))
    assert load(str(path))["sysctl"] is None


@pytest.mark.parametrize(("own", "first", "apply"), [("net:[1]", "net:[1]", True), ("net:[2]", "net:[1]", False), ("net:[2]", None, None)])
def test_whether_boot_files_apply(tmp_path: Path, own: str, first: str | None, apply: bool | None) -> None:
    path = tmp_path / "x.capture"
    one = ["@link /proc/1/ns/net", f"|{first}"] if first else []
    path.write_bytes(bundle_of("@link /proc/self/ns/net", f"|{own}", *one, "@end"))
    assert load(str(path))["host"]["boot_files_apply"] is apply


@shells
def test_a_container_is_known_by_its_processes(shell: str, tmp_path: Path) -> None:
    for process in ("self", "1"):
        (tmp_path / "proc" / process / "ns").mkdir(parents=True)
        (tmp_path / "proc" / process / "ns/net").symlink_to("net:[4026532000]")
    (tmp_path / "proc/self/ns/pid").symlink_to("pid:[4026532001]")
    path = tmp_path / "x.capture"
    path.write_bytes(capture(shell, tmp_path))
    assert load(str(path))["host"]["boot_files_apply"] is False


@shells
def test_other_network_namespaces_are_counted(shell: str, tmp_path: Path) -> None:
    for process, number in (("self", 1), ("1", 1), ("7", 1), ("20", 2), ("21", 2), ("30", 3)):
        (tmp_path / "proc" / process / "ns").mkdir(parents=True)
        (tmp_path / "proc" / process / "ns/net").symlink_to(f"net:[{number}]")
    path = tmp_path / "x.capture"
    path.write_bytes(capture(shell, tmp_path))
    (sentence,) = [sentence for sentence in load(str(path))["not_seen"] if "namespace" in sentence]
    assert sentence.startswith("2 other network namespaces were not looked at, such as containers and pods. ")


NATED = (
    "ipv4 2 udp 17 29 src=127.0.0.1 dst=127.0.0.9 sport=42581 dport=99 src=127.0.0.9 dst=127.0.0.5 sport=99 dport=30076 mark=0 zone=0 use=2"
)


def test_nat_of_a_bundle(tmp_path: Path) -> None:
    path = tmp_path / "x.capture"
    stat = ("entries drop", "00000003  0000001e", "00000003  00000001")
    lines = ["@file /proc/net/stat/nf_conntrack", *(f"|{line}" for line in stat), "@file /proc/net/nf_conntrack", f"|{NATED}"]
    lines += ["@output nft list ruleset", "|table ip t {", "| udp dport 99 snat to 127.0.0.5:30000-30199", "@cut", "@end"]
    path.write_bytes(bundle_of(*lines))
    snapshot = load(str(path))
    validate(snapshot)
    nat = snapshot["nat"]
    assert nat
    assert [(one["address"], one["ports"]) for one in nat["snat"] or ()] == [("127.0.0.5", 1)]
    assert [(one["first_port"], one["last_port"]) for one in nat["pools"] or ()] == [(30000, 30199)]
    assert not nat["complete"]
    assert any("nft list ruleset was too long" in sentence for sentence in snapshot["not_seen"])
    assert (snapshot["counters"] or {})["nf_conntrack"] == {"drop": 31}


POOL = """\
table ip t {
  chain c {
    type nat hook postrouting priority srcnat
    ip daddr 127.0.0.9 udp dport 99 snat to 127.0.0.5:30000-30199 comment "the password is 12345"
    ip daddr 127.0.0.8 drop
  }
}
"""


@own_namespaces
def test_a_gateway(tmp_path: Path) -> None:
    try:
        subprocess.run(["nft", "-f", "-"], input=POOL, text=True, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise Unavailable(f"needs nft: {error}") from None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", ("127.0.0.9", 99))
        path = tmp_path / "host.capture"
        path.write_bytes(capture("dash", Path("/")))
        own_port = one.getsockname()[1]
    assert b"12345" not in path.read_bytes()
    assert b"127.0.0.8" not in path.read_bytes()
    snapshot = load(str(path))
    nat = snapshot["nat"]
    assert nat
    assert [(one["address"], one["ports"]) for one in nat["snat"] or ()] == [("127.0.0.5", 1)]
    assert [(one["first_port"], one["last_port"]) for one in nat["pools"] or ()] == [(30000, 30199)]
    assert "nf_conntrack" in (snapshot["counters"] or {})
    sockets = snapshot["sockets"]
    assert sockets
    assert own_port in [listener["port"] for listener in sockets["udp"] or ()]


@given(cut=st.integers(0, 400), extra=st.binary(max_size=20))
def test_any_damage_is_an_error_or_a_valid_snapshot(tmp_path_factory: pytest.TempPathFactory, cut: int, extra: bytes) -> None:
    whole = bundle_of(
        "@time 2026-01-31T12:00:00Z", f"@file {STAMPS}", "|1", "@link /etc/sysctl.d/a.conf", "|../b", "@names /proc/sys/net/ipv4", "|tcp_x",
        "@unreadable /etc/sysctl.conf", "@null /etc/sysctl.d/n.conf", "@again", "@file /proc/uptime", "|1.00 2.00", "@end",
    )  # fmt: skip
    path = tmp_path_factory.mktemp("cut") / "x.capture"
    path.write_bytes(whole[:cut] + extra + whole[cut:])
    try:
        snapshot = load(str(path), "capture")
    except SourceError as error:
        assert str(error).startswith(str(path))  # noqa: PT017 - both ways out are right
    else:
        validate(snapshot)


def nstat(folder: Path, counter: str) -> int:
    """What nstat counted in the same moment."""
    lines = (folder / "nstat-az.txt").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{counter} "))


@each_collection
@pytest.mark.parametrize(("name", "counter"), [("recycle-4.9", "PAWSPassive"), ("local-6.18", "TW")])
def test_real_folders(hosts: Path, name: str, counter: str) -> None:
    snapshot = load(str(hosts / name))
    validate(snapshot)
    assert snapshot["source"]["kind"] == "capture"
    assert (snapshot["counters"] or {})["TcpExt"][counter] == nstat(hosts / name, f"TcpExt{counter}") > 0
    assert snapshot["sockstat"]
    assert snapshot["sockets"]


@each_collection
def test_the_host_that_recycled(hosts: Path) -> None:
    snapshot = load(str(hosts / "recycle-4.9"))
    sysctl = snapshot["sysctl"] or {}
    assert (sysctl["net.ipv4.tcp_tw_recycle"].get("value"), sysctl["net.ipv4.tcp_timestamps"].get("value")) == (1, 1)
    assert snapshot["host"]["kernel_release"] == "4.9.154"
    assert snapshot["host"]["network_namespace"] == "initial"


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has none of"):
        load(str(tmp_path), "capture")


def test_files_of_other_names_are_told(tmp_path: Path) -> None:
    (tmp_path / "sysctl-a.txt").write_text("net.ipv4.tcp_sack = 1\n")
    (tmp_path / "netstat.txt").write_text("TcpExt: TW\nTcpExt: 1\n")
    assert not [sentence for sentence in load(str(tmp_path))["not_seen"] if "not read" in sentence]
    for number in range(12):
        (tmp_path / f"{number:02}.log").write_text("")
    told = next(sentence for sentence in load(str(tmp_path))["not_seen"] if "not read" in sentence)
    assert told.startswith("These files were not read: '00.log', '01.log'")
    assert told.endswith("'09.log' and 2 more.")


@pytest.mark.parametrize("name", ["sysctl-a.txt", "uname.txt", "netstat.txt"])
@pytest.mark.parametrize("target", ["../outside", "/etc/hostname"])
def test_a_link_that_leads_out_of_a_folder_is_refused(tmp_path: Path, name: str, target: str) -> None:
    (tmp_path / "outside").write_text("net.ipv4.tcp_sack = 1\n")
    folder = tmp_path / "host"
    folder.mkdir()
    (folder / "sysctl-a.txt").write_text("net.ipv4.tcp_sack = 1\n")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(target)
    with pytest.raises(SourceError) as caught:
        load(str(folder), "capture")
    assert str(caught.value) == f"{folder}: refused, because {name} is a link that leads out of the folder"
    (folder / name).unlink()
    (folder / "inside").write_text("net.ipv4.tcp_sack = 1\n")
    (folder / "sysctl-a.txt").unlink(missing_ok=True)
    (folder / "sysctl-a.txt").symlink_to("inside")
    assert (load(str(folder), "capture")["sysctl"] or {})["net.ipv4.tcp_sack"]["state"] == "present"


@shells
def test_a_very_long_boot_file_is_cut_and_then_counts_as_unread(tmp_path: Path, shell: str) -> None:
    put(tmp_path, "/proc/sys/net/ipv4/ip_forward", "0\n")
    put(tmp_path, "/etc/sysctl.d/10-long.conf", "#\n" * 10001 + "net.ipv4.tcp_tw_reuse = 1\n")
    put(tmp_path, "/etc/sysctl.d/20-fits.conf", "#\n" * 9999 + "net.ipv4.tcp_tw_reuse = 1\n")
    path = tmp_path / "host.capture"
    path.write_bytes(capture(shell, tmp_path))
    files = {one["path"]: one for one in (load(str(path))["boot_files"] or {"files": []})["files"]}
    assert (files["/etc/sysctl.d/10-long.conf"]["unread_because"], files["/etc/sysctl.d/10-long.conf"]["reason"]) == ("unreadable", "EFBIG")
    assert [one["key"] for one in files["/etc/sysctl.d/20-fits.conf"]["assignments"]] == ["net.ipv4.tcp_tw_reuse"]


def test_a_folder_tells_connection_tracking_and_udp(tmp_path: Path) -> None:
    (tmp_path / "sysctl-a.txt").write_text("net.ipv4.ip_local_port_range = 32768\t60999\n")
    (tmp_path / "netstat.txt").write_text("TcpExt: TW\nTcpExt: 5\n")
    (tmp_path / "conntrack-S.txt").write_text("cpu=0   found=1 insert_failed=30 drop=1\ncpu=1   found=0 insert_failed=0 drop=2\n")
    assert (load(str(tmp_path), "capture")["counters"] or {})["nf_conntrack"] == {"found": 1, "insert_failed": 30, "drop": 3}
    (tmp_path / "proc_net_stat_nf_conntrack.txt").write_text("entries insert_failed\n00000001 0000000a\n")
    (tmp_path / "proc_net_tcp.txt").write_text("  sl  local_address rem_address   st\n")
    (tmp_path / "proc_net_udp.txt").write_text("  sl  local_address rem_address   st\n  1: 00000000:CA6C 00000000:0000 07 0\n")
    snapshot = load(str(tmp_path), "capture")
    assert (snapshot["counters"] or {})["nf_conntrack"] == {"insert_failed": 10}
    assert snapshot["sockets"]
    assert [one["port"] for one in snapshot["sockets"]["udp"] or ()] == [51820]
