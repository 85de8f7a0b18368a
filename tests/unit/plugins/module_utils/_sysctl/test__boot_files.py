# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Boot files: lines, files, and who overrides whom. What the real readers make of them is in the differential test."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Optional, Tuple

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl import _boot_files
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_files import collect
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_order import Applied, applied, earlier, unseen, writes
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._lines import READERS, parse
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import BootFile, BootFiles
from hypothesis import given
from hypothesis import strategies as st
from support.corpus import each_collection

FIN, KEEP, RECYCLE = "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_tw_recycle"
LO, ALL = "net.ipv4.conf.lo.rp_filter", "net.ipv4.conf.all.rp_filter"
GLOB = "net.ipv4.conf.*.rp_filter"
ETC, USR = "/etc/sysctl.d/", "/usr/lib/sysctl.d/"

Line = Tuple[int, str, Optional[str], str]


def lines(text: str | bytes) -> list[Line]:
    """line, key, value, flags: i ignore_failure, g is_glob, s secret."""
    return [
        (found["line"], found["key"], found["value"], "i" * found["ignore_failure"] + "g" * found["is_glob"] + "s" * found["secret"])
        for found in parse(text)[0]
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" net.ipv4.tcp_fin_timeout\t=  7 \n", [(1, FIN, "7", "")]),
        ("# a\n; b\n\n  # c\nnet.ipv4.tcp_fin_timeout=7", [(5, FIN, "7", "")]),
        ("net.ipv4.tcp_fin_timeout = 7 # why\n", [(1, FIN, "7 # why", "")]),
        ('net.ipv4.tcp_fin_timeout = "7"\n', [(1, FIN, '"7"', "")]),
        ("net.ipv4.tcp_fin_timeout = 7 = 8\n", [(1, FIN, "7 = 8", "")]),
        ("net.ipv4.ip_local_port_range = 1024\t65535\n", [(1, "net.ipv4.ip_local_port_range", "1024\t65535", "")]),
        ("net.ipv4.tcp_fin_timeout=\n", [(1, FIN, "", "")]),
        ("net.ipv4.tcp_fin_timeout=7\r\nnet.ipv4.tcp_fin_timeout=8\r\n", [(1, FIN, "7", ""), (2, FIN, "8", "")]),
        (b"net.ipv4.tcp_fin_timeout=\xff\n", [(1, FIN, "\ufffd", "")]),
        (b"\xef\xbb\xbf# c\nnet.ipv4.tcp_fin_timeout=7\n", [(2, FIN, "7", "")]),
        (b"\xef\xbb\xbfnet.ipv4.tcp_fin_timeout=7\n", []),
        ("net/ipv4/tcp_fin_timeout=7\n", [(1, FIN, "7", "")]),
        ("net/ipv4/conf/eth0.100/rp_filter=1\n", [(1, "net.ipv4.conf.eth0/100.rp_filter", "1", "")]),
        ("net.ipv4.conf.eth0/100.rp_filter=1\n", [(1, "net.ipv4.conf.eth0/100.rp_filter", "1", "")]),
        ("net/ipv4.tcp_fin_timeout=7\n", [(1, "net.ipv4/tcp_fin_timeout", "7", "")]),
        ("-net.ipv4.tcp_fin_timeout=7\n", [(1, FIN, "7", "i")]),
        ("-net.ipv4.conf.lo.rp_filter\n", [(1, LO, None, "i")]),
        ("net.ipv4.conf.*.rp_filter=1\n", [(1, GLOB, "1", "g")]),
        ("-net/ipv4/conf/*/rp_filter=1\n", [(1, GLOB, "1", "ig")]),
        ("net.ipv4.tcp_fastopen_key = 0-1-2-3\n", [(1, "net.ipv4.tcp_fastopen_key", None, "s")]),
        ("net/ipv6/conf/eth0/stable_secret = 1::2\n", [(1, "net.ipv6.conf.eth0.stable_secret", None, "s")]),
        ("net.ipv4.tcp_* = 1\n", [(1, "net.ipv4.tcp_*", None, "gs")]),
        ("net.ipv4.tcp_fin_timeout = 7 net.ipv4.tcp_fastopen_key=0\n", [(1, FIN, None, "s")]),
    ],
)
def test_settings_of_a_text(text: str | bytes, expected: list[Line]) -> None:
    assert lines(text) == expected


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("net.ipv4.tcp_fin_timeout 7\n", "no ="),
        (" = 7\n", "no key"),
        ("-\n", "no key"),
        ("..=7\n", "no key"),
        ("sysctl -w net.ipv4.tcp_fin_timeout = 7\n", "contains a space"),
        ("net.ipv4.tcp_fin\x07_timeout = 7\n", "control character"),
        ("x" * 5000 + "=1\n", "longer than a path"),
        ("\ufeffnet.ipv4.tcp_fin_timeout = 7\n", "byte order mark"),
        ("net.ipv4.tcp_fastopen_key:0 = 1\n", "secret"),
    ],
)
def test_lines_that_no_reader_can_use(text: str, words: str) -> None:
    settings, problems = parse("# first\n" + text if not text.startswith("\ufeff") else text)
    assert settings == []
    assert len(problems) == 1
    assert problems[0]["line"] == (1 if text.startswith("\ufeff") else 2)
    assert words in problems[0]["problem"]


@pytest.mark.parametrize("text", ["# a=1", ";a=1", " \t# a", "#", "", " \t\r", "\ufeff"])
def test_comments_and_blank_lines_are_nobodys_problem(text: str) -> None:
    assert parse(text + "\n") == ([], [])


@pytest.mark.parametrize(
    ("text", "reader"),
    [
        ("- net.ipv4.tcp_fin_timeout=7\n", "systemd"),
        ("net.ipv4.tcp_fin_timeout.=7\n", "systemd"),
        ("net.ipv4.tcp_fin_timeout=7\rx=1\n", "systemd"),
        ("--net.ipv4.tcp_fin_timeout=7\n", "procps"),
        ("\vnet.ipv4.tcp_fin_timeout=7\n", "procps"),
        ("net/ipv6/../ipv4/tcp_fin_timeout=7\n", "procps"),
    ],
)
def test_lines_that_one_reader_can_use(tmp_path: Path, text: str, reader: str) -> None:
    found = tree(tmp_path, {ETC + "a.conf": text})
    assert [name for name in READERS if FIN in applied(found, name, [])] == [reader]
    assert [problem["line"] for problem in found["files"][0]["problems"]] == [1]


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200), st.text(alphabet="ab.=-/*[]{}#; \t\r\n\v\ufeff", max_size=80)))
def test_any_text_is_parsed(text: str | bytes) -> None:
    settings, problems = parse(text)
    last = (text.count(b"\n") if isinstance(text, bytes) else text.count("\n")) + 1
    for found in settings:
        assert 1 <= found["line"] <= last
        assert found["key"]
        for reader in READERS:
            assert isinstance(applied(only(settings), reader, [FIN, found["key"]]), dict)
    for problem in problems:
        assert 1 <= problem["line"] <= last
    json.dumps([settings, problems])


_names = st.text(alphabet="abcxyz019_-:@", min_size=1, max_size=8).filter(lambda name: not name.startswith("-"))
_values = st.text(alphabet="abc019 \t#;=\"'-*", max_size=12).map(str.strip)


@given(st.lists(st.tuples(st.lists(_names, min_size=2, max_size=4), _values, st.booleans(), st.sampled_from(["\n", "\r\n", "\n\n"]))))
def test_settings_are_found_as_they_were_written(settings: list[tuple[list[str], str, bool, str]]) -> None:
    text = "".join(f"{'/'.join(key) if slashes else '.'.join(key)} = {value}{end}" for key, value, slashes, end in settings)
    assert [(key, value) for _line, key, value, _flags in lines(text)] == [
        (".".join(key), value) for key, value, _slashes, _end in settings
    ]


@given(
    st.sampled_from(
        [
            "net.ipv4.tcp_fastopen_key = {}",
            "net.ipv4.tcp_fastopen_key {}",
            "-net.ipv4.tcp_fastopen_key {}",
            "-net/ipv4/tcp_fastopen_key={}",
            "net.ipv4.tcp_fastopen_key={} = 1",
            "net.ipv4.tcp_fastopen_key:{} = 1",
            "net.*.tcp_fastopen_k?y = {}",
            "net.ipv4.tcp_fastopen_{{key,*}} = {}",
            "net.ipv6.conf.*.stable_secret = {}",
            "net.ipv6.conf.eth0/1.stable_secret = {}",
            "net.core.netdev_rss_key = {}",
            "sysctl -w net.ipv4.tcp_fastopen_key={}",
            "x = net.ipv4.tcp_fastopen_key={}",
            "#\rnet.ipv4.tcp_fastopen_key={}",
            "\ufeffnet.ipv4.tcp_fastopen_key={}",
        ]
    ),
    st.uuids().map(str),
)
def test_secrets_are_left_out(shape: str, secret: str) -> None:
    assert secret not in json.dumps(parse(shape.format(secret) + "\n"))


def tree(root: Path, files: dict[str, Any]) -> BootFiles:
    """Text or bytes make a file, a tuple a link, None a folder."""
    for path, content in files.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            place.mkdir()
        elif isinstance(content, tuple):
            place.symlink_to(content[0])
        else:
            place.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = collect(HostTree(str(root)))
    json.dumps(found)
    return found


def only(settings: Any) -> BootFiles:
    """One file with these settings."""
    path = ETC + "a.conf"
    found: BootFile = {
        "path": path,
        "real_path": path,
        "readers": ["systemd", "procps"],
        "unread_because": None,
        "masked_by": None,
        "reason": None,
        "assignments": settings,
        "problems": [],
    }
    return {"files": [found], "order": {"systemd": [path], "procps": [path]}}


BOTH = "systemd procps"


@pytest.mark.parametrize(
    ("files", "path", "readers", "because", "reason"),
    [
        ({ETC + "a.conf": "a=1"}, ETC + "a.conf", BOTH, None, None),
        ({ETC + "a.conf": ""}, ETC + "a.conf", BOTH, None, None),
        ({ETC + ".a.conf": "a=1"}, ETC + ".a.conf", "procps", None, None),
        ({ETC + "README": "a=1"}, ETC + "README", "", "name", None),
        ({ETC + "a.CONF": "a=1"}, ETC + "a.CONF", "", "name", None),
        ({ETC + "a.conf.rpmsave": "a=1"}, ETC + "a.conf.rpmsave", "", "backup", None),
        ({ETC + "a.conf.dpkg-old": "a=1"}, ETC + "a.conf.dpkg-old", "", "backup", None),
        ({ETC + "a.conf~": "a=1"}, ETC + "a.conf~", "", "backup", None),
        ({ETC + "a.conf.BAK": "a=1"}, ETC + "a.conf.BAK", "", "backup", None),
        ({ETC + "a.conf": ("/dev/null",), USR + "a.conf": "a=1"}, ETC + "a.conf", "", "mask", None),
        ({ETC + "a.conf": "", USR + "a.conf": "a=1"}, ETC + "a.conf", "", "mask", None),
        ({ETC + "a.conf": "# none", USR + "a.conf": "a=1"}, ETC + "a.conf", BOTH, None, None),
        ({ETC + "a.conf": "", USR + "a.conf": "a=1"}, USR + "a.conf", "", "masked", None),
        ({ETC + "a.conf": ("nowhere",)}, ETC + "a.conf", "", "unreadable", "ENOENT"),
        ({ETC + "a.conf": ("a.conf",)}, ETC + "a.conf", "", "unreadable", "ELOOP"),
        ({ETC + "a.conf": None}, ETC + "a.conf", "", "unreadable", "EISDIR"),
        ({ETC + "a.conf": b"a=1\0"}, ETC + "a.conf", BOTH, "unreadable", "not text"),
        ({ETC + "a.conf": "a=1\n".encode("utf-16")}, ETC + "a.conf", BOTH, "unreadable", "not text"),
        ({ETC + "a.conf": "#" * 300_000}, ETC + "a.conf", BOTH, "unreadable", "larger than 262144 bytes"),
        ({ETC + "a.conf": "a=1\n" * 6000}, ETC + "a.conf", BOTH, "unreadable", "more than 5000 lines besides comments"),
        ({"/etc/sysctl.conf": "a=1"}, "/etc/sysctl.conf", "procps", None, None),
        ({"/etc/sysctl.conf": "a=1", ETC + "99-sysctl.conf": ("../sysctl.conf",)}, "/etc/sysctl.conf", BOTH, None, None),
        ({"/etc/sysctl.conf": "a=1", ETC + "99-sysctl.conf": ("/etc/sysctl.conf",)}, "/etc/sysctl.conf", BOTH, None, None),
        ({"/etc/sysctl.conf": "a=1", ETC + "sysctl.txt": ("/etc/sysctl.conf",)}, "/etc/sysctl.conf", "procps", None, None),
        ({"/etc/sysctl.conf": "a=1", ETC + ".s.conf": ("/etc/sysctl.conf",)}, "/etc/sysctl.conf", "procps", None, None),
        ({"/etc/sysctl.conf": None}, "/etc/sysctl.conf", "", "unreadable", "EISDIR"),
        ({"/lib": ("usr/lib",), USR + "a.conf": "a=1"}, USR + "a.conf", BOTH, None, None),
        ({"/etc/sysctl.d": ("sysctl.d",)}, "/etc/sysctl.d", "", "unreadable", "ELOOP"),
    ],
)
def test_who_reads_a_file(tmp_path: Path, files: dict[str, Any], path: str, readers: str, because: str | None, reason: str | None) -> None:
    found = tree(tmp_path, files)
    entries = [entry for entry in found["files"] if entry["path"] == path]
    assert [(" ".join(entry["readers"]), entry["unread_because"], entry["reason"]) for entry in entries] == [(readers, because, reason)]
    for reader in READERS:
        opened = reader in readers and path != "/etc/sysctl.conf"
        assert (path in found["order"][reader]) == (opened or (path == "/etc/sysctl.conf" and reader == "procps" and "procps" in readers))
        assert (path in unseen(found, reader)) == (because == "unreadable" and reader in readers)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"/etc/sysctl.d": None},
        {"/etc/sysctl.d": "a file"},
        {"/etc/sysctl.conf": ("nowhere",)},
        {"/etc/sysctl.conf": ("/dev/null",)},
        {ETC + "notes": None},
        {ETC + "notes": ("nowhere",)},
    ],
)
def test_nothing_to_tell(tmp_path: Path, files: dict[str, Any]) -> None:
    found = tree(tmp_path, files)
    assert (found["files"], found["order"]) == ([], {"systemd": [], "procps": []})


def test_folder_that_is_a_link_to_another_counts_once(tmp_path: Path) -> None:
    found = tree(tmp_path, {"/lib": ("usr/lib",), USR + "a.conf": "a=1"})
    assert [entry["path"] for entry in found["files"]] == [USR + "a.conf"]


def test_masked_file_names_the_file_that_hides_it(tmp_path: Path) -> None:
    found = tree(tmp_path, {"/run/sysctl.d/a.conf": "a=2", USR + "a.conf": "a=1\nb", "/lib/sysctl.d/a.conf": "a=3"})
    assert [entry["masked_by"] for entry in found["files"]] == [None, "/run/sysctl.d/a.conf", "/run/sysctl.d/a.conf"]
    assert [entry["value"] for file in found["files"] for entry in file["assignments"]] == ["2", "1", "3"]
    assert found["files"][1]["problems"] == []


def test_order_is_that_of_the_names(tmp_path: Path) -> None:
    found = tree(
        tmp_path, {ETC + "b.conf": "", USR + "10.conf": "", "/run/sysctl.d/B.conf": "", USR + "é.conf": "", "/etc/sysctl.conf": ""}
    )
    systemd = [USR + "10.conf", "/run/sysctl.d/B.conf", ETC + "b.conf", USR + "é.conf"]
    assert found["order"] == {"systemd": systemd, "procps": [*systemd, "/etc/sysctl.conf"]}


def test_named_pipe_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "etc/sysctl.d").mkdir(parents=True)
    os.mkfifo(tmp_path / "etc/sysctl.d/a.conf")
    assert [(entry["readers"], entry["reason"]) for entry in collect(HostTree(str(tmp_path)))["files"]] == [([], "not a regular file")]


def test_name_that_is_not_utf8_can_be_shown(tmp_path: Path) -> None:
    found = tree(tmp_path, {os.fsdecode(b"/etc/sysctl.d/\xff.conf"): "a=1"})
    assert found["order"]["systemd"] == [ETC + "\ufffd.conf"]
    assert applied(found, "systemd", [])["a"].value == "1"


class _Refusing(HostTree):
    """A host that refuses to read some paths, as it does for a user who is not root."""

    refused: tuple[str, ...] = ()

    def read(self, path: str, limit: int) -> bytes:
        if path in self.refused:
            raise PermissionError(13, "Permission denied", path)
        return super().read(path, limit)

    def names(self, path: str) -> list[str]:
        if path in self.refused:
            raise PermissionError(13, "Permission denied", path)
        return super().names(path)


@pytest.mark.parametrize("refused", [ETC + "a.conf", "/etc/sysctl.d"])
def test_file_that_only_root_may_read(tmp_path: Path, refused: str) -> None:
    tree(tmp_path, {ETC + "a.conf": "a=1", USR + "b.conf": "b=1"})
    host = _Refusing(str(tmp_path))
    host.refused = (refused,)
    found = collect(host)
    assert unseen(found, "systemd") == unseen(found, "procps") == [refused]
    assert found["files"][0]["reason"] == "EACCES"
    assert set(applied(found, "systemd", [])) == {"b"}


def test_sizes_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_boot_files, "MAX_ALL_BYTES", 5)
    monkeypatch.setattr(_boot_files, "MAX_FILES", 3)
    found = tree(tmp_path, {f"{ETC}{number}.conf": "a=1\n" for number in range(5)})
    assert [entry["reason"] for entry in found["files"]] == [None, None, "all files together are larger than 5 bytes", "more than 3 files"]


def at(path: str, line: int, value: str | None) -> tuple[str | None, str, int]:
    return (value, path, line)


def told(found: BootFiles, reader: str, key: str) -> list[tuple[str | None, str, int]]:
    return [(text.value, text.path, text.line) for text in writes(found, reader, [LO, ALL, FIN]).get(key, [])]


A, B = ETC + "a.conf", ETC + "b.conf"


@pytest.mark.parametrize(
    ("files", "key", "systemd", "procps"),
    [
        ({A: f"{FIN}=1\n{FIN}=2"}, FIN, [at(A, 2, "2")], [at(A, 1, "1"), at(A, 2, "2")]),
        ({A: f"{FIN}=1", B: "net/ipv4/tcp_fin_timeout=1 "}, FIN, [at(B, 1, "1")], [at(A, 1, "1"), at(B, 1, "1")]),
        ({A: f"{FIN}=1\v"}, FIN, [at(A, 1, "1\v")], [at(A, 1, "1")]),
        ({A: f"{GLOB}=1", B: f"{LO}=2"}, LO, [at(B, 1, "2")], [at(B, 1, "2")]),
        ({A: f"{LO}=2", B: f"{GLOB}=1"}, LO, [at(A, 1, "2")], [at(A, 1, "2")]),
        ({A: f"{LO}=2", B: f"{GLOB}=1"}, ALL, [at(B, 1, "1")], [at(B, 1, "1")]),
        ({A: f"-{LO}", B: f"{GLOB}=1"}, LO, [], []),
        ({A: f"{LO}=2\n-{LO}", B: f"{GLOB}=1"}, LO, [], [at(A, 1, "2")]),
        ({A: f"-{LO}\n{LO}=2"}, LO, [at(A, 2, "2")], [at(A, 2, "2")]),
        ({A: f"{GLOB}=1\n-{GLOB}"}, LO, [], [at(A, 1, "1")]),
        (
            {A: f"{GLOB}=1\nnet.ipv4.conf.l*.rp_filter=2\n{GLOB}=1"},
            LO,
            [at(A, 1, "1"), at(A, 2, "2")],
            [at(A, 1, "1"), at(A, 2, "2"), at(A, 3, "1")],
        ),
        (
            {A: f"{GLOB}=1\nnet.ipv4.conf.l*.rp_filter=2\n{GLOB}=3"},
            LO,
            [at(A, 2, "2"), at(A, 3, "3")],
            [at(A, 1, "1"), at(A, 2, "2"), at(A, 3, "3")],
        ),
        ({A: "net.ipv4.conf.{lo,eth*}.rp_filter=1"}, LO, [at(A, 1, "1")], []),
        ({A: "net.ipv4.conf.[lo.rp_filter=1"}, LO, [], []),
        ({A: "net.ipv4.tcp_fastopen_key=1"}, "net.ipv4.tcp_fastopen_key", [at(A, 1, None)], [at(A, 1, None)]),
        ({"/etc/sysctl.conf": f"{FIN}=1"}, FIN, [], [at("/etc/sysctl.conf", 1, "1")]),
    ],
)
def test_what_each_reader_writes(
    tmp_path: Path,
    files: dict[str, str],
    key: str,
    systemd: list[tuple[str | None, str, int]],
    procps: list[tuple[str | None, str, int]],
) -> None:
    found = tree(tmp_path, files)
    assert told(found, "systemd", key) == systemd
    assert told(found, "procps", key) == procps
    for reader, texts in (("systemd", systemd), ("procps", procps)):
        last = applied(found, reader, [LO, ALL, FIN]).get(key)
        assert (last and (last.value, last.path, last.line)) == (texts[-1] if texts else None)


def test_what_is_applied_tells_where_it_comes_from(tmp_path: Path) -> None:
    found = tree(tmp_path, {"/etc/sysctl.conf": f"\n-{GLOB} = 1", ETC + "99-sysctl.conf": ("../sysctl.conf",)})
    assert applied(found, "systemd", [LO]) == {
        LO: Applied("1", ETC + "99-sysctl.conf", "/etc/sysctl.conf", 2, ignore_failure=True, pattern=GLOB)
    }
    assert applied(found, "procps", [LO])[LO].path == "/etc/sysctl.conf"


@pytest.mark.parametrize(
    ("files", "systemd", "procps"),
    [
        ({A: f"{FIN}=1"}, [], []),
        ({A: f"{FIN}=1", B: f"{FIN}=2"}, [(FIN, "1", A, 1, "2", B, 1)], [(FIN, "1", A, 1, "2", B, 1)]),
        (
            {A: f"{FIN}=1\n\n{FIN}=2\n{FIN}=3"},
            [(FIN, "1", A, 1, "2", A, 3), (FIN, "2", A, 3, "3", A, 4)],
            [(FIN, "1", A, 1, "2", A, 3), (FIN, "2", A, 3, "3", A, 4)],
        ),
        ({A: f"{GLOB}=1", B: f"{LO}=2"}, [], []),
        (
            {A: f"{GLOB}=1", B: "net.ipv4.conf.l*.rp_filter=2"},
            [(LO, "1", A, 1, "2", B, 1)],
            [(LO, "1", A, 1, "2", B, 1)],
        ),
        ({A: f"{LO}=1", B: f"-{LO}"}, [(LO, "1", A, 1, None, B, 1)], []),
        ({A: f"-{LO}", B: f"{LO}=1"}, [], []),
        ({"/etc/sysctl.conf": f"{FIN}=1", ETC + "99-sysctl.conf": ("../sysctl.conf",)}, [], []),
        (
            {"/etc/sysctl.conf": f"{FIN}=1", ETC + "99-sysctl.conf": ("../sysctl.conf",), ETC + "99-z.conf": f"{FIN}=2"},
            [(FIN, "1", ETC + "99-sysctl.conf", 1, "2", ETC + "99-z.conf", 1)],
            [(FIN, "2", ETC + "99-z.conf", 1, "1", "/etc/sysctl.conf", 1)],
        ),
    ],
)
def test_what_is_overridden(tmp_path: Path, files: dict[str, Any], systemd: list[Any], procps: list[Any]) -> None:
    found = tree(tmp_path, files)
    assert [tuple(lost) for lost in earlier(found, "systemd", [LO, ALL])] == systemd
    assert [tuple(lost) for lost in earlier(found, "procps", [LO, ALL])] == procps


def test_result_is_plain_data(tmp_path: Path) -> None:
    """A snapshot travels as JSON: nothing is lost on the way, quirks of lines included."""
    found = tree(tmp_path, {A: f"- {FIN}=1\n--{KEEP}=2\n{GLOB}=3", ETC + "c.conf": ("/dev/null",)})
    again = json.loads(json.dumps(found))
    for reader in READERS:
        assert writes(again, reader, [LO]) == writes(found, reader, [LO])
    assert set(applied(again, "systemd", [LO])) == {FIN, LO}
    assert set(applied(again, "procps", [LO])) == {KEEP, LO}


@each_collection
def test_real_files_are_parsed(hosts: Path) -> None:
    files = sorted((hosts / "conf").iterdir())
    assert files
    for file in files:
        settings, problems = parse(file.read_bytes())
        assert settings or problems, file.name
    recycling = {file.name for file in files if (RECYCLE, "1") in {(key, value) for _line, key, value, _flags in lines(file.read_bytes())}}
    assert {"CooLoongWu_AutoDeploy.conf", "biglovewheat_roles.conf", "cc30c_installphp.conf"} <= recycling


@each_collection
@pytest.mark.parametrize("name", ["ubuntu2004-k8s-5.4", "ubuntu2004-openstack-5.4"])
def test_real_trees_are_read(hosts: Path, name: str) -> None:
    found = collect(HostTree(str(hosts / "tree" / name)))
    assert len(found["order"]["systemd"]) > 10
    assert unseen(found, "systemd") == []
    assert applied(found, "systemd", [])["kernel.pid_max"].path == USR + "50-pid-max.conf"
