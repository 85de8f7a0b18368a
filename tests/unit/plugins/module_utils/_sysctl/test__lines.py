# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The syntax of one line, and which reader understands it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Optional, Tuple

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_order import applied
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._lines import (
    MAX_PATTERN_CHARACTERS,
    READERS,
    TooManyPatternsError,
    parse,
)
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import BootFile, BootFiles
from hypothesis import given
from hypothesis import strategies as st
from support.boot_trees import boot_tree
from support.steps import steps

FIN = "net.ipv4.tcp_fin_timeout"
LO = "net.ipv4.conf.lo.rp_filter"
GLOB = "net.ipv4.conf.*.rp_filter"
ETC = "/etc/sysctl.d/"
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
    found = boot_tree(tmp_path, {ETC + "a.conf": text})
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
            "net.ipv4.tcp_fastopen_ke[^x] = {}",
            "net.ipv4.tcp_fastopen_{{k,x}}ey = {}",
            "net.ipv4.tcp_fastopen\\_ke? = {}",
            "net.ipv4.tcp_fastopen_[[:lower:]]ey = {}",
            "net/ipv4/{{.,x}}/tcp_fastopen_ke? = {}",
            "net.ipv6.conf.eth?.stable_secre[t] = {}",
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


def test_exclusions_are_told_from_what_was_withheld() -> None:
    assert [(one["value"], one["withheld"]) for one in parse("-net.ipv4.tcp_fastopen_key\nnet.ipv4.tcp_fastopen_key = 1\n")[0]] == [
        (None, False),
        (None, True),
    ]


def test_a_file_has_only_so_many_patterns() -> None:
    """Each pattern is tried on each key, so a file of nothing else would keep a host busy for minutes."""
    line = "net.ipv4.conf.{*,*}.tag = 1\n"
    usual = MAX_PATTERN_CHARACTERS // len(line)
    assert len(parse(line * usual)[0]) == usual
    with pytest.raises(TooManyPatternsError, match="more than 8192 characters of shell patterns"):
        parse(line * 2 * usual)


@pytest.mark.parametrize("line", ["net.ipv4.tcp_x = 1\n", "a" * 50 + "\n", "=\r" * 20 + "\n", "a.b/../" * 8 + "= 1\n", "-{}" * 12 + "=1\n"])
def test_twice_the_text_is_twice_the_work(line: str) -> None:
    assert steps(lambda: parse(line * 200)) <= 2.2 * steps(lambda: parse(line * 100))


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
    order = {"systemd": [path], "procps": [path]}
    return {"files": [found], "order": order, "writers": [], "applied_by": None, "why_not_applied": None}
