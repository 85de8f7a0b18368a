# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._proc import parse_conntrack_stat, parse_counters, parse_sockstat
from hypothesis import given
from hypothesis import strategies as st
from support.corpus import HOSTS


def dumps(*patterns: str) -> list[object]:
    found = [(hosts, path) for hosts in HOSTS for pattern in patterns for path in sorted(hosts.glob(pattern))]
    return [pytest.param(path, id=f"{hosts.name}-{path.relative_to(hosts)}") for hosts, path in found]


def test_counters_are_found_by_name() -> None:
    text = "TcpExt: TW PAWSEstab\nTcpExt: 12 0\nIpExt: InOctets\nIpExt: 18446744073709551615\n"
    assert parse_counters(text) == {"TcpExt": {"TW": 12, "PAWSEstab": 0}, "IpExt": {"InOctets": 2**64 - 1}}


def test_a_negative_value_and_a_last_line_without_its_end() -> None:
    assert parse_counters("Tcp: MaxConn RtoMin\nTcp: -1 200") == {"Tcp": {"MaxConn": -1, "RtoMin": 200}}


def test_a_group_in_several_pairs_of_lines_is_one_group() -> None:
    assert parse_counters("IcmpMsg: InType3\nIcmpMsg: 1\nIcmpMsg: OutType8\nIcmpMsg: 2\n") == {"IcmpMsg": {"InType3": 1, "OutType8": 2}}


@pytest.mark.parametrize("text", ["", "\n\n", "Udp:\nUdp:\n"])
def test_texts_without_counters(text: str) -> None:
    assert all(not counters for counters in parse_counters(text).values())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("TcpExt: TW A\nTcpExt: 1\n", r"'TcpExt' has 2 names but 1 values"),
        ("TcpExt: TW\nTcpExt: 1 2\n", r"'TcpExt' has 1 names but 2 values"),
        ("Tcp: A\nTcp: 1\nTcpExt: TW\n", r"'TcpExt' has names but no values"),
        ("TcpExt: TW\nTcpExt: many\n", r"'TcpExt' has a value that is not a number"),
        ("TcpExt: TW\nTcpExt: 1.5\n", r"'TcpExt' has a value that is not a number"),
        (f"TcpExt: TW\nTcpExt: {'9' * 21}\n", r"'TcpExt' has a value that is not a number"),
        (f"TcpExt: TW\nTcpExt: {2**64}\n", r"'TcpExt' has a value that is not a number"),
        (f"TcpExt: TW\nTcpExt: {-(2**63) - 1}\n", r"'TcpExt' has a value that is not a number"),
        ("no colon here\n", r"'no colon here' does not start with a group"),
        ("\x1b[31m" + "x" * 1000, r"line '\\x1b\[31mx{35}' does not"),
    ],
)
def test_counters_that_cannot_be_understood_are_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_counters(text)


def test_sockstat() -> None:
    text = "sockets: used 14\nTCP: inuse 1 orphan 0 tw 20 alloc 1 mem 29\nRAW: inuse 0\n"
    assert parse_sockstat(text) == {
        "sockets": {"used": 14},
        "TCP": {"inuse": 1, "orphan": 0, "tw": 20, "alloc": 1, "mem": 29},
        "RAW": {"inuse": 0},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("TCP: inuse 1 tw\n", "'TCP' has a field without a value"),
        ("TCP: inuse x\n", "'TCP' has a value that is not a number"),
        (f"TCP: inuse {2**64}\n", "'TCP' has a value that is not a number"),
        ("TCP inuse 1\n", "'TCP inuse 1' does not start with a group"),
    ],
)
def test_sockstat_that_cannot_be_understood_is_named(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_sockstat(text)


_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,20}", fullmatch=True)
_GROUPS = st.dictionaries(_NAMES, st.dictionaries(_NAMES, st.integers(-1, 2**64 - 1)), max_size=5)


@given(_GROUPS)
def test_written_counters_are_read_back(groups: dict[str, dict[str, int]]) -> None:
    text = "".join(f"{group}: {' '.join(counts)}\n{group}: {' '.join(map(str, counts.values()))}\n" for group, counts in groups.items())
    assert parse_counters(text) == groups


@given(_GROUPS)
def test_a_written_sockstat_is_read_back(groups: dict[str, dict[str, int]]) -> None:
    text = "".join(f"{group}: {' '.join(f'{name} {count}' for name, count in counts.items())}\n" for group, counts in groups.items())
    assert parse_sockstat(text) == groups


@given(st.text() | st.lists(st.sampled_from(["TcpExt: ", "TW ", "1 ", "\n", "²", "-", ":"])).map("".join))
def test_any_text_is_understood_or_refused(text: str) -> None:
    for parser in (parse_counters, parse_sockstat):
        try:
            groups = parser(text)
        except ValueError:
            continue
        assert all(isinstance(value, int) for counts in groups.values() for value in counts.values())


@pytest.mark.parametrize("path", dumps("netstat/*", "*/netstat.txt"))
def test_real_dumps_of_netstat(path: Path) -> None:
    words = path.read_text().split()
    counters = parse_counters(path.read_text())["TcpExt"]
    assert counters["TW"] == int(words[words.index("TcpExt:", 1) + words.index("TW")])


@pytest.mark.parametrize("path", dumps("snmp/*", "*/snmp.txt"))
def test_real_dumps_of_snmp(path: Path) -> None:
    counters = parse_counters(path.read_text())["Tcp"]
    assert {"MaxConn", "ActiveOpens", "PassiveOpens", "OutRsts"} <= counters.keys()


@pytest.mark.parametrize("path", dumps("sockstat/*", "*/sockstat.txt"))
def test_real_dumps_of_sockstat(path: Path) -> None:
    groups = parse_sockstat(path.read_text())
    assert {"inuse", "orphan", "tw", "alloc", "mem"} == groups["TCP"].keys()


def test_counters_of_connection_tracking_are_hexadecimal_and_summed_over_processors() -> None:
    lines = ("00000003  00000000 00000000 0000001e 0000000a", "00000003  00000001 00000000 00000002 ffffffff", "")
    text = "\n".join(("entries  found new insert_failed drop", *lines))
    assert parse_conntrack_stat(text) == {"found": 1, "new": 0, "insert_failed": 32, "drop": 10 + 0xFFFFFFFF}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("entries drop\n1 2 3\n", "other columns"),
        ("entries drop\n1 x\n", "'drop' has a value that is not a number"),
        ("entries drop\n1 -2\n", "'drop' has a value that is not a number"),
        (f"entries drop\n1 {'f' * 17}\n", "more than 64 bits"),
        (f"entries drop\n1 {'f' * 21}\n", "other columns"),
    ],
)
def test_counters_of_connection_tracking_that_cannot_be_understood(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_conntrack_stat(text)


@given(st.text() | st.lists(st.sampled_from(["drop ", "1 ", "0x1 ", "\n", "1_0", "²", "-"])).map("".join))
def test_any_text_of_connection_tracking_is_understood_or_refused(text: str) -> None:
    try:
        counters = parse_conntrack_stat(text)
    except ValueError:
        return
    assert all(0 <= value < 2**64 for value in counters.values())
