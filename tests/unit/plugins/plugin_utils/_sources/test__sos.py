# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sosreports as folders and as archives, and archives made to do harm."""

from __future__ import annotations

import io
import os
import re
import tarfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Snapshot
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import SourceError, _archive, load, validate
from support.corpus import each_collection

STAMPS = "net.ipv4.tcp_timestamps"
FILES = {
    "sos_commands/kernel/sysctl_-a": f"kernel.osrelease = 5.4.0\nkernel.hostname = h\n{STAMPS} = 1\nnet.ipv4.tcp_max_orphans = 5\n",
    "sos_commands/kernel/uname_-a": "Linux other 5.5.5 x86_64\n",
    "sos_commands/networking/nstat_-zas": "#kernel\nTcpExtTW    7    0.0\nTcpActiveOpens   3   0.0\nIpInReceives  1  0.0\n",
    "sos_commands/networking/ss_-peaonmi": (
        "State Recv-Q Send-Q Local Address:Port Peer Address:Port Process\n"
        'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=1,fd=3)) ino:1 sk:1 <->\n'
        "ESTAB 0 0 10.0.0.1:50000 10.0.0.2:443 ino:2 sk:2 <->\n"
        "\t skmem:(r0) ts sack cubic wscale:7,7 rto:204 rtt:1/1\n"
    ),
    "proc/96/net/sockstat": "TCP: inuse 3 tw 5\n",
    "proc/96/net/netstat": "TcpExt: TW\nTcpExt: 9\n",
    "proc/96/net/snmp": "Tcp: MaxConn\nTcp: -1\n",
    "proc/meminfo": "MemTotal:  2 kB\n",
    "proc/sys/net/ipv4/tcp_tw_reuse": "2\n",
    "sos_commands/networking/ip_netns": "qrouter-1 (id: 0)\nblue\n",
    "etc/sysctl.conf": f"{STAMPS} = 0\n",
    "etc/shadow": "not wanted",
}


def as_folder(root: Path, files: Mapping[str, str] = MappingProxyType(FILES)) -> Path:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    (root / "etc/sysctl.d").mkdir(parents=True, exist_ok=True)
    (root / "etc/sysctl.d/99-sysctl.conf").symlink_to("../sysctl.conf")
    return root


def plain(snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot without where it came from."""
    validate(snapshot)
    return {name: value for name, value in snapshot.items() if name not in ("source", "not_seen")}


def test_a_folder(tmp_path: Path) -> None:
    snapshot = load(str(as_folder(tmp_path)))
    validate(snapshot)
    assert snapshot["source"] == {"kind": "sos", "path": str(tmp_path)}
    host = snapshot["host"]
    assert (host["hostname"], host["kernel_release"], host["memory_bytes"], host["network_namespace"]) == ("h", "5.4.0", 2048, "initial")
    assert host["boot_files_apply"] is True
    assert not any("boot files apply" in sentence for sentence in snapshot["not_seen"])
    (namespaces,) = [sentence for sentence in snapshot["not_seen"] if "namespace" in sentence]
    assert namespaces.startswith("2 other network namespaces were not looked at, ")
    sysctl = snapshot["sysctl"] or {}
    assert sysctl[STAMPS].get("raw") == "1"
    assert sysctl["net.ipv4.tcp_tw_reuse"].get("raw") == "2"
    assert snapshot["counters"] == {"TcpExt": {"TW": 9}, "Tcp": {"MaxConn": -1}}
    assert snapshot["sockstat"] == {"TCP": {"inuse": 3, "tw": 5}}
    assert snapshot["sockets"]
    assert snapshot["sockets"]["timestamps"] == [{"destination": "10.0.0.2", "destination_port": 443, "negotiated": 1, "not_negotiated": 0}]
    files = (snapshot["boot_files"] or {"files": []})["files"]
    assert {(file["path"], file["real_path"]) for file in files} == {
        ("/etc/sysctl.d/99-sysctl.conf", "/etc/sysctl.conf"),
        ("/etc/sysctl.conf",) * 2,
    }


def test_counters_of_nstat_where_proc_is_missing(tmp_path: Path) -> None:
    files = {name: content for name, content in FILES.items() if not name.startswith("proc/96")}
    assert load(str(as_folder(tmp_path, files)))["counters"] == {"TcpExt": {"TW": 7}, "Tcp": {"ActiveOpens": 3}, "Ip": {"InReceives": 1}}


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
@pytest.mark.parametrize("top", ["", ".", "sosreport-h-2026"])
def test_an_archive_tells_the_same_as_its_folder(tmp_path: Path, mode: str, top: str) -> None:
    folder = as_folder(tmp_path / "in")
    path = tmp_path / "sosreport-h.tar"
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        archive.add(folder, arcname=top)
    snapshot = load(str(path))
    assert snapshot["source"] == {"kind": "sos", "path": str(path)}
    assert plain(snapshot) == plain(load(str(folder)))


def test_a_folder_in_the_folder(tmp_path: Path) -> None:
    as_folder(tmp_path / "sosreport-h")
    assert plain(load(str(tmp_path))) == plain(load(str(tmp_path / "sosreport-h")))
    as_folder(tmp_path / "sosreport-i")
    with pytest.raises(SourceError, match="more than one sosreport: sosreport-h, sosreport-i"):
        load(str(tmp_path), "sos")


def member(name: str, content: bytes = b"", **fields: Any) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, content


def archive_of(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> str:
    with tarfile.open(path, "w") as archive:
        for info, content in [member("s/sos_commands/kernel/sysctl_-a", f"{STAMPS} = 1\n".encode()), *members]:
            archive.addfile(info, io.BytesIO(content))
    return str(path)


@pytest.mark.parametrize(
    ("dangerous", "words"),
    [
        (member("../etc/sysctl.conf", b"x"), r"the member '\.\./etc/sysctl\.conf' leads out"),
        (member("s/../../x", b"x"), r"the member 's/\.\./\.\./x' leads out"),
        (member("/etc/sysctl.conf", b"x"), r"the member '/etc/sysctl\.conf' leads out"),
        (
            member("s/etc/sysctl.conf", type=tarfile.SYMTYPE, linkname="../../../etc/passwd"),
            r"the link 's/etc/sysctl\.conf' leads out .*passwd",
        ),
        (member("s/anything", type=tarfile.SYMTYPE, linkname="../.."), "the link 's/anything' leads out"),
        (member("s/etc/sysctl.conf", type=tarfile.LNKTYPE, linkname="../etc/passwd"), "the link .* leads out"),
        (member("s/etc/sysctl.conf", type=tarfile.LNKTYPE, linkname="/etc/passwd"), "the link .* leads out"),
        (member("t/etc/sysctl.conf", b"a.b = 1\n"), "more than one host: 's/', 't/'"),
        (member("s/\x1b[31m/../../../x", b"x"), r"the member '.*\\x1b"),
    ],
)
def test_a_dangerous_member_is_refused_by_name(tmp_path: Path, dangerous: tuple[tarfile.TarInfo, bytes], words: str) -> None:
    path = archive_of(tmp_path / "x.tar", dangerous)
    with pytest.raises(SourceError, match=words) as caught:
        load(path)
    assert path in str(caught.value)


def test_an_absolute_link_means_the_archive(tmp_path: Path) -> None:
    path = archive_of(
        tmp_path / "x.tar",
        member("s/etc/sysctl.conf", type=tarfile.SYMTYPE, linkname="/etc/hostname"),
        member("s/etc/hostname", b"a.b = 1\n"),
    )
    files = (load(path)["boot_files"] or {"files": []})["files"]
    assert [(file["path"], file["real_path"]) for file in files] == [("/etc/sysctl.conf", "/etc/hostname")]


def test_a_hard_link_and_a_mask(tmp_path: Path) -> None:
    path = archive_of(
        tmp_path / "x.tar",
        member("s/etc/sysctl.conf", f"{STAMPS} = 0\n".encode()),
        member("s/etc/sysctl.d/a.conf", type=tarfile.LNKTYPE, linkname="s/etc/sysctl.conf"),
        member("s/etc/sysctl.d/m.conf", type=tarfile.CHRTYPE, devmajor=1, devminor=3),
        member("s/usr/lib/sysctl.d/m.conf", f"{STAMPS} = 2\n".encode()),
    )
    files = {file["path"]: file for file in (load(path)["boot_files"] or {"files": []})["files"]}
    assert files["/etc/sysctl.d/a.conf"]["assignments"][0]["value"] == "0"
    assert files["/usr/lib/sysctl.d/m.conf"]["masked_by"] == "/etc/sysctl.d/m.conf"


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("MAX_UNPACKED", 2_000_000, "unpacks to more than"),
        ("MAX_MEMBERS", 1, "unpacks to more than"),
        ("MAX_WANTED", 100, "more than 100 bytes"),
    ],
)
def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, words: str) -> None:
    path = archive_of(tmp_path / "x.tar", member("s/etc/sysctl.conf", b"a.b = 1\n" * 100), member("s/big", b"\0" * 3_000_000))
    monkeypatch.setattr(_archive, limit, value)
    with pytest.raises(SourceError, match=words):
        load(path)


def test_a_header_that_wants_all_memory_is_refused(tmp_path: Path) -> None:
    # A long name is read into memory whole by the archive reader.
    path = tmp_path / "x.tar"
    info = tarfile.TarInfo("././@LongLink")
    info.type = tarfile.GNUTYPE_LONGNAME
    info.size = 50_000_000
    path.write_bytes(info.tobuf() + b"a" * 20_000_000)
    with pytest.raises(SourceError, match="a header is larger than"):
        load(str(path))


@pytest.mark.parametrize("cut", [600, 1400, 1500, 40])
@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_a_cut_archive_is_refused(tmp_path: Path, mode: str, cut: int) -> None:
    folder = as_folder(tmp_path / "in")
    path = tmp_path / "x.tar"
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        archive.add(folder, arcname="s")
    whole = path.read_bytes()
    path.write_bytes(whole[: min(cut, len(whole) // 2)])
    with pytest.raises(SourceError, match=r"x\.tar"):
        load(str(path), "sos")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x28\xb5\x2f\xfd rest", "zstd"),
        (b"\x1f\x8b nonsense", "damaged"),
        (b"\xfd7zXZ\0 nonsense", "damaged"),
        (b"plain text", "damaged, or not a tar archive"),
        (b"", "damaged, or not a tar archive"),
    ],
)
def test_no_archive_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=rf"x\.tar: .*{words}"):
        load(str(path), "sos")


@pytest.mark.parametrize("name", ["sos_commands/kernel/uname_-a", "sos_commands/kernel/sysctl_-a", "sos_commands/networking/ss_-peaonmi"])
def test_a_file_that_is_no_text_is_named_with_the_report(tmp_path: Path, name: str) -> None:
    as_folder(tmp_path, {**FILES, name: "Local Address\0"})
    with pytest.raises(SourceError, match=rf"{re.escape(str(tmp_path))}.*{re.escape(name.rpartition('/')[2])}.*is a binary file"):
        load(str(tmp_path))


def test_a_named_pipe_does_not_stop_the_run(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    for kind in ("auto", "sos", "capture", "snapshot"):
        with pytest.raises(SourceError, match="pipe: is not a regular file"):
            load(str(path), kind)


def test_what_tells_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no folder sos_commands"):
        load(str(tmp_path), "sos")
    with pytest.raises(SourceError, match="no such file"):
        load(str(tmp_path / "missing"), "sos")
    (tmp_path / "sos_commands").mkdir()
    with pytest.raises(SourceError, match="has no sysctl values: neither"):
        load(str(tmp_path))


@each_collection
def test_a_real_one(tmp_path: Path, hosts: Path) -> None:
    folder = hosts / "tree" / "ubuntu2004-k8s-5.4"
    path = tmp_path / "k8s.tar.xz"
    with tarfile.open(path, "w:xz") as archive:
        archive.add(folder, arcname="sosreport-k8s")
    snapshot = load(str(path))
    assert plain(snapshot) == plain(load(str(folder)))
    assert snapshot["host"]["hostname"] == (folder / "sos_commands/kernel/uname_-a").read_text().split()[1]
    assert (snapshot["sysctl"] or {})["net.ipv4.tcp_max_tw_buckets"].get("value") == 16384
    assert (snapshot["sockstat"] or {})["TCP"]
    assert len((snapshot["boot_files"] or {"files": []})["files"]) > 10


@pytest.mark.parametrize("archived", [False, True])
def test_nat(tmp_path: Path, archived: bool) -> None:
    entry = "tcp 6 117 TIME_WAIT src=10.0.0.1 dst=192.0.2.1 sport=4 dport=443 src=192.0.2.1 dst=198.51.100.1 sport=443 dport=30001 use=1\n"
    files = {
        **FILES,
        "proc/96/net/stat/nf_conntrack": "entries drop\n00000003  0000001e\n",
        "proc/96/net/nf_conntrack": "ipv4 2 " + entry,
        "sos_commands/firewall_tables/nft_list_ruleset": "table ip t {\n tcp dport 443 snat to 198.51.100.1:30000-30199\n}\n",
        "sos_commands/firewall_tables/iptables_-t_nat_-nvL": "not wanted",
        "sos_commands/networking/conntrack_-L_-o_extended": "ipv4 2 " + entry,
    }
    path = as_folder(tmp_path / "sosreport-h", files)
    if archived:
        with tarfile.open(tmp_path / "x.tar.xz", "w:xz") as archive:
            archive.add(path, "sosreport-h")
        path = tmp_path / "x.tar.xz"
    snapshot = load(str(path))
    validate(snapshot)
    nat = snapshot["nat"]
    assert nat
    assert [(one["address"], one["ports"]) for one in nat["snat"] or ()] == [("198.51.100.1", 1)]
    assert [(one["first_port"], one["last_port"]) for one in nat["pools"] or ()] == [(30000, 30199)]
    assert (snapshot["counters"] or {})["nf_conntrack"] == {"drop": 30}


UNITS = "usr/lib/systemd/system"
WRITERS = {
    "etc/ufw/ufw.conf": "ENABLED=yes\n",
    "etc/default/ufw": "IPT_SYSCTL=/etc/ufw/sysctl.conf\n",
    "etc/ufw/sysctl.conf": "net/ipv4/tcp_timestamps=0\n",
    "etc/tuned/active_profile": "web\n",
    "etc/tuned/tuned-main.conf": "reapply_sysctl = 0\n",
    "etc/tuned/profiles/web/tuned.conf": "[main]\ninclude=base\n",
    "usr/lib/tuned/profiles/base/tuned.conf": "[sysctl]\nnet.ipv4.tcp_tw_reuse=0\n",
    "etc/rc.d/rc.local": "sysctl -w net.ipv4.tcp_fin_timeout=9\n",
    "var/spool/cron/root": "@reboot sysctl -w net.ipv4.tcp_fin_timeout=9\n",
    "etc/network/interfaces": "iface a inet dhcp\n  up sysctl -w net.ipv4.tcp_fin_timeout=9\n",
    "etc/NetworkManager/dispatcher.d/tcp": "sysctl -w net.ipv4.tcp_fin_timeout=9\n",
}


@pytest.mark.parametrize(
    ("more", "names"),
    [
        # Without a unit that is started, neither ufw nor TuneD is.
        ({"etc/systemd/system/x.target": ""}, ["rc.local", "cron", "NetworkManager", "ifupdown"]),
        (
            {f"etc/systemd/system/multi-user.target.wants/{name}.service": "" for name in ("ufw", "tuned")},
            ["ufw", "tuned", "rc.local", "cron", "NetworkManager", "ifupdown"],
        ),
        # Nothing of systemd is in the report.
        ({}, ["ufw", "tuned", "rc.local", "cron", "NetworkManager", "ifupdown"]),
    ],
)
def test_who_writes_at_boot_is_the_same_in_an_archive(tmp_path: Path, more: dict[str, str], names: list[str]) -> None:
    folder = as_folder(tmp_path / "in", {**FILES, **WRITERS, **more})
    path = tmp_path / "sosreport-h.tar"
    with tarfile.open(path, "w") as archive:
        archive.add(folder, arcname="sosreport-h")
    snapshot = load(str(folder))
    assert plain(load(str(path))) == plain(snapshot)
    assert snapshot["boot_files"]
    assert [writer["name"] for writer in snapshot["boot_files"]["writers"] or ()] == names
    assert not any("This sosreport has no" in sentence for sentence in snapshot["not_seen"])
    written = {line["key"] for file in snapshot["boot_files"]["files"] if "tuned" in file["readers"] for line in file["assignments"]}
    assert written == ({"net.ipv4.tcp_tw_reuse"} if "tuned" in names else set())


def test_what_a_report_has_not_is_told(tmp_path: Path) -> None:
    snapshot = load(str(as_folder(tmp_path, {**FILES, "etc/ufw/ufw.conf": "ENABLED=no\n", "etc/crontab": "", "etc/rc.local": "#" * 70000})))
    (told,) = [sentence for sentence in snapshot["not_seen"] if sentence.startswith("This sosreport has no ")]
    assert told == (
        "This sosreport has no /etc/tuned, no scripts of NetworkManager and ifupdown. If the host has them, what they set at boot is not "
        "known here."
    )
    assert "These boot files could not be read: /etc/rc.local (larger than 65536 bytes)." in snapshot["not_seen"]
