# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots from JSON: what is let in, and what the refusal says."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._gather import SUBSETS, gather
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import SourceError, load, validate
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._common import empty_snapshot, present
from hypothesis import given
from hypothesis import strategies as st
from support.snapshots import listener, nat, probe, sockets, towards
from support.snapshots import snapshot as healthy

REUSE = "net.ipv4.tcp_tw_reuse"
BOOT_FILE = {
    "path": "/etc/sysctl.conf",
    "real_path": "/etc/sysctl.conf",
    "readers": ["procps"],
    "unread_because": None,
    "masked_by": None,
    "reason": None,
    "problems": [],
    "assignments": [],
}


def full() -> dict[str, Any]:
    snapshot: dict[str, Any] = dict(empty_snapshot("live", "x"))
    snapshot["sysctl"] = {
        REUSE: present(REUSE, "2"),
        "net.ipv4.tcp_tw_recycle": {"state": "absent"},
        "net.ipv4.tcp_mem": {"state": "unreadable", "reason": "EACCES"},
        "net.ipv4.ip_local_reserved_ports": present("net.ipv4.ip_local_reserved_ports", "1,3-4"),
    }
    snapshot["counters"] = {"TcpExt": {"TW": 2**63}, "Tcp": {"MaxConn": -1}}
    snapshot["sample"] = {"seconds": 5, "deltas": {"TcpExt": {"TW": None}}, "states": None}
    return snapshot


def changed(path: str, value: object) -> dict[str, Any]:
    """The full snapshot with one place changed; the last part may be "-name" to take it out."""
    snapshot = full()
    inside: Any = snapshot
    *way, last = path.split("/")
    for part in way:
        inside = inside[part]
    if last.startswith("-"):
        del inside[last[1:]]
    else:
        inside[last] = value
    return snapshot


def test_a_full_snapshot_is_let_in() -> None:
    assert validate(full()) == full()


def test_probes_are_let_in_and_may_be_missing() -> None:
    probed = {**full(), "probes": [probe(closes="local"), probe(None, address=None, reached=False, error="NAME_NOT_RESOLVED")]}
    assert validate(probed) == probed
    assert "probes" not in validate(full())


@pytest.mark.parametrize(
    ("probes", "words"),
    [
        (None, "probes must be a list, not null"),
        ([{}], "probes[0].host is missing"),
        ([{**probe(), "port": "80"}], "probes[0].port must be a whole number, not the string '80'"),
        ([{**probe(), "timestamps": "yes"}], "probes[0].timestamps must be true or false, not the string 'yes'"),
        ([{**probe(), "extra": 1}], "probes[0].extra is an unknown key"),
        ([probe(closes="them")], "probes[0].http.closes.connection_close must be one of peer, local, reset, error, not the string 'them'"),
    ],
)
def test_probes_of_another_shape_are_refused(probes: object, words: str) -> None:
    with pytest.raises(SourceError, match=re.escape(words)):
        validate({**full(), "probes": probes})


def test_what_this_host_gives_is_let_in() -> None:
    validate(json.loads(json.dumps(gather(HostTree("/"), SUBSETS))))


@pytest.mark.parametrize("around", [{}, {"linux_tcp": None}, {"ansible_facts": {"linux_tcp": None}}])
def test_alone_or_as_ansible_saves_it(tmp_path: Path, around: dict[str, Any]) -> None:
    content: dict[str, Any] = full()
    if "linux_tcp" in around:
        content = {"linux_tcp": content, "other": 1}
    elif around:
        content = {"ansible_facts": {"linux_tcp": content}, "changed": False}
    path = tmp_path / "host.json"
    path.write_text(json.dumps(content))
    snapshot = load(str(path))
    assert snapshot["source"] == {"kind": "snapshot", "path": str(path)}
    assert snapshot["sysctl"] == full()["sysctl"]


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        ("schema", "linux_tcp.snapshot/2", ["'linux_tcp.snapshot/2'", "linux_tcp.snapshot/3"]),
        ("schema", 1, ["'1'"]),
        ("-schema", 0, ["schema"]),
        ("-host", 0, ["host is missing"]),
        ("more", 0, ["more is an unknown key"]),
        ("not_seen", "x", ["not_seen", "a list"]),
        ("not_seen", [1], ["not_seen[0]", "a string"]),
        ("host/root", 1, ["host.root", "true or false"]),
        ("host/init", "upstart", ["host.init", "systemd"]),
        ("host/hostname", "\ud800", ["host.hostname"]),
        ("host/memory_bytes", 1.5, ["host.memory_bytes", "a whole number"]),
        ("host/memory_bytes", True, ["host.memory_bytes"]),
        ("host/memory_bytes", 2**64, ["host.memory_bytes"]),
        (f"sysctl/{REUSE}/state", "there", [f"sysctl['{REUSE}'].state", "present"]),
        (f"sysctl/{REUSE}/-raw", 0, [f"sysctl['{REUSE}'].raw is missing"]),
        (f"sysctl/{REUSE}/raw", 2, [f"sysctl['{REUSE}'].raw", "a string"]),
        (f"sysctl/{REUSE}/value", "2", [f"sysctl['{REUSE}'].value", "'2'"]),
        (f"sysctl/{REUSE}/value", 1, [f"sysctl['{REUSE}'].value"]),
        (f"sysctl/{REUSE}/value", {}, [f"sysctl['{REUSE}'].value"]),
        ("sysctl/net.ipv4.tcp_mem/-reason", 0, ["tcp_mem'].reason is missing"]),
        ("sysctl/net.ipv4.tcp_fastopen_key", {"state": "absent"}, ["is a secret"]),
        ("counters/TcpExt", [], ["counters['TcpExt']", "a dictionary"]),
        ("counters/TcpExt/TW", "1", ["counters['TcpExt']['TW']", "a whole number"]),
        ("sample/seconds", "5", ["sample.seconds", "a number"]),
        ("boot_files", {"files": [{}], "order": {}}, ["boot_files.files[0].path is missing"]),
    ],
)
def test_a_wrong_place_is_named(place: str, value: object, words: list[str]) -> None:
    with pytest.raises(SourceError) as caught:
        validate(changed(place, value))
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("part", "place", "value", "words"),
    [
        ("sockets", ["outgoing"], -1, "sockets.outgoing must be 0 or more, not the number -1"),
        ("sockets", ["states", "ipv4", "time_wait"], -1, "sockets.states['ipv4']['time_wait'] must be 0 or more, not the number -1"),
        (
            "boot_files",
            ["files", 0, "assignments", 0, "line"],
            0,
            "boot_files.files[0].assignments[0].line must be 1 or more, not the number 0",
        ),
    ],
)
def test_nothing_is_counted_below_zero_and_lines_start_at_one(part: str, place: list[Any], value: int, words: str) -> None:
    data: Any = healthy(files={"/etc/sysctl.d/a.conf": f"{REUSE} = 1\n"})
    inside = data[part]
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = value
    with pytest.raises(SourceError) as caught:
        validate(data)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", ["not JSON", "line 1"]),
        (b"{}", ["not a snapshot"]),
        (b"[]", ["not a snapshot"]),
        (b'{"schema": NaN}', ["NaN"]),
        (b'{"schema": "a", "schema": "b"}', ["'schema'", "twice"]),
        (b'{"schema": ' + b"[" * 100_000, ["nested too deeply"]),
        (b'{"schema": "\xff"}', ["UTF-8"]),
        (b"", ["is empty"]),
        (b" \n", ["is empty"]),
        (json.dumps(changed("sample/seconds", 0)).replace('"seconds": 0', '"seconds": 1e999').encode(), ["sample.seconds"]),
    ],
)
def test_a_bad_file_is_refused_by_name(tmp_path: Path, content: bytes, words: list[str]) -> None:
    path = tmp_path / "host.json"
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        load(str(path), "snapshot")
    for word in [str(path), *words]:
        assert word in str(caught.value)


def pattern_line(number: int) -> dict[str, Any]:
    return {"line": number, "key": "net.ipv4.conf.*.tag", "value": "1", "ignore_failure": False, "is_glob": True, "secret": False}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ipv4_keys": ["tcp_x"] * 2001}, "ipv4_keys has 2001 entries. The limit is 2000."),
        ({"sysctl": {f"a.{number}": {"state": "absent"} for number in range(2001)}}, "sysctl has 2001 entries. The limit is 2000."),
        ({"probes": [probe()] * 4097}, "probes has 4097 entries. The limit is 4096."),
        (
            {"sockets": {**sockets(), "ports_in_use": [towards(1, 1)] * 1001}},
            "sockets.ports_in_use has 1001 entries. The limit is 1000.",
        ),
        ({"sockets": sockets(udp=[listener(51820)] * 1001)}, "sockets.udp has 1001 entries. The limit is 1000."),
        ({"nat": nat(dnat=[{"protocol": "tcp", "first_port": 1, "last_port": 1}] * 1001)}, "nat.dnat has 1001 entries. The limit is 1000."),
        (
            {"boot_files": {"files": [{**BOOT_FILE, "assignments": [pattern_line(1)] * 432}], "order": {}}},
            "boot_files has more than 8192 characters of shell patterns",
        ),
        (
            {"boot_files": {"files": [BOOT_FILE], "order": {"procps": ["/etc/sysctl.conf"] * 3}}},
            "boot_files.order['procps'] has a path more than twice",
        ),
    ],
)
def test_more_than_any_host_has_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError) as caught:
        validate({**healthy(), **change})
    assert str(caught.value) == message


def test_a_line_from_before_there_was_a_mark_for_withheld_values() -> None:
    found = validate({**healthy(), "boot_files": {"files": [{**BOOT_FILE, "assignments": [pattern_line(1)]}], "order": {}}})
    assert found["boot_files"] is not None
    assert found["boot_files"]["files"][0]["assignments"] == [{**pattern_line(1), "withheld": False}]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(place=st.sampled_from(sorted(full())), value=anything)
def test_whatever_stands_there_is_let_in_or_refused(place: str, value: object) -> None:
    snapshot = changed(place, value)
    before = copy.deepcopy(snapshot)
    # A refusal is as good as an acceptance; anything else is not.
    with contextlib.suppress(SourceError):
        validate(snapshot)
    assert repr(snapshot) == repr(before)
