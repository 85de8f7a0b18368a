# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Telling kinds of sources apart, and every file of the collected hosts."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import KINDS, SourceError, _common, load, validate
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._detect import detect_kind
from support.corpus import each_collection, files_of

LINE = "net.ipv4.tcp_timestamps = 1\n"


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("x", "linux_tcp.capture/1\n@end\n", "capture"),
        ("x", "linux_tcp.capture/9\n", "capture"),
        ("x", '  {"schema": "linux_tcp.snapshot/3"}', "snapshot"),
        ("x", "\ufeff{}", "snapshot"),
        ("x.txt", "kernel.osrelease = 6\n" + LINE, "sysctl_a"),
        ("x.txt", LINE * 300, "sysctl_a"),
        ("x.txt", "sysctl: permission denied on key 'a.b'\n\nkernel.osrelease = 6\n", "sysctl_a"),
        ("x.txt", "# remark\nkernel.osrelease = 6\n" + LINE, "sysctl_d"),
        ("x.conf", LINE, "sysctl_d"),
        ("x.conf", "# nothing but a remark\n", "sysctl_d"),
        ("x.txt", "# remark\n" + LINE, "sysctl_d"),
        ("x.txt", "net.ipv4.tcp_timestamps=1\n", "sysctl_d"),
        ("x.sh", "cat >> /etc/sysctl.conf <<END\n" + LINE + "END\n", "repository"),
        ("x.nix", '{ config, ... }:\n{ boot.kernel.sysctl."net.ipv4.tcp_timestamps" = 1; }\n', "repository"),
        ("x.md", "```\n" + LINE + "```\n", "repository"),
        ("x.yml", "sysctls:\n  net.ipv4.tcp_timestamps: 1\n", "repository"),
        ("x.json", '{"systemControls": [{"namespace": "net.ipv4.tcp_timestamps", "value": "0"}]}', "repository"),
    ],
)
def test_a_file(tmp_path: Path, name: str, content: str, kind: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    assert detect_kind(str(path)) == kind


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.txt", LINE, "can be a part of the output of sysctl -a, or a sysctl.d file"),
        ("x.nix", "{ config, ... }:\n{ boot.kernel.sysctl = { a.b = 1; }; }\n", "looks like none of them"),
        ("x.txt", "hello\n", "looks like none of them"),
        ("x.txt", "State Recv-Q Send-Q Local Address:Port\n", "list of sockets alone"),
        ("x.txt", "", "the file is empty"),
        ("x.bin", "a\0b", "is a binary file"),
    ],
)
def test_a_file_of_an_unknown_kind(tmp_path: Path, name: str, content: str, words: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(SourceError) as caught:
        load(str(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)


def test_folders(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="looks like none of them"):
        load(str(tmp_path))
    (tmp_path / "a.conf").write_text(LINE)
    assert detect_kind(str(tmp_path)) == "sysctl_d"
    (tmp_path / "sysctl-a.txt").write_text(LINE)
    (tmp_path / "netstat.txt").write_text("TcpExt: TW\nTcpExt: 1\n")
    assert detect_kind(str(tmp_path)) == "capture"
    (tmp_path / "netstat.txt").write_text("TcpExt:\n    5 resets sent\n")
    assert detect_kind(str(tmp_path)) == "paste"
    (tmp_path / "sos_commands").mkdir()
    assert detect_kind(str(tmp_path)) == "sos"


@pytest.mark.parametrize("kind", ["", "json", "sysctl-a"])
def test_an_unknown_kind_is_refused(kind: str) -> None:
    with pytest.raises(SourceError, match=", ".join(KINDS)):
        load("/nowhere", kind)


@pytest.mark.parametrize("kind", ["auto", *KINDS])
def test_what_is_not_there_is_refused_by_name(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "missing"
    with pytest.raises(SourceError, match="missing: no such file"):
        load(str(path), kind)


@pytest.mark.parametrize("kind", ["snapshot", "sysctl_a"])
def test_a_folder_is_no_file(tmp_path: Path, kind: str) -> None:
    with pytest.raises(SourceError, match="is a folder"):
        load(str(tmp_path), kind)


@pytest.mark.parametrize("kind", ["auto", "snapshot", "capture", "sysctl_a", "sysctl_d"])
def test_a_huge_file_is_not_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as handle:
        handle.truncate(200 * 1024 * 1024)
    with pytest.raises(SourceError, match=r"huge: too large"):
        load(str(path), kind)
    assert _common.MAX_TEXT < 200 * 1024 * 1024


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_no_path_at_all(path: str) -> None:
    with pytest.raises(SourceError):
        load(path)


# Kinds that most of these files can be taken for.
LOADED = {"auto": 61, "sysctl_a": 61, "sysctl_d": 61}


@each_collection
@pytest.mark.parametrize("kind", ["auto", *KINDS])
def test_every_real_file_loads_or_is_refused_by_name(hosts: Path, kind: str) -> None:
    loaded = 0
    for name in files_of(hosts):
        path = str(hosts / name)
        try:
            snapshot = load(path, kind)
        except SourceError as error:
            assert path in str(error)  # noqa: PT017 - both ways out are right
        else:
            validate(snapshot)
            loaded += 1
    assert loaded >= LOADED.get(kind, 0)


# The kinds of what the hosts have to tell about TCP, by folder; all else there is a single output, which is refused.
@each_collection
@pytest.mark.parametrize(
    ("pattern", "kind", "refused"),
    [
        ("sysctl-a/*", "sysctl_a", {"moby25519_selected-4.14.txt"}),
        ("conf/*[!h]", "sysctl_d", {"kspp-sysctl.txt"}),
        ("conf/*.sh", "repository", set()),
        ("tree/ubuntu2004-k8s*", "sos", set()),
        ("tree/ubuntu2004-openstack*", "sysctl_d", set()),
        ("recycle-4.9", "capture", set()),
        ("local-6.18", "capture", set()),
    ],
)
def test_real_sources_are_taken_for_what_they_are(hosts: Path, pattern: str, kind: str, refused: set[str]) -> None:
    for path in sorted(hosts.glob(pattern)):
        if path.name in refused:
            with pytest.raises(SourceError, match="unknown kind of source"):
                load(str(path))
        else:
            assert load(str(path))["source"]["kind"] == kind
