# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of sockets, whole ones and parts, and counted states."""

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._paste._command import parse
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._paste._sockets import (
    ONLY_COUNTED,
    PARTIAL_LIST,
    SocketReader,
    SocketsSeen,
    counted_state,
)

RANGE = (32768, 60999)
WAITING = "TIME-WAIT 0 0 10.0.0.5:40000 10.0.0.9:8080"
LISTENER = "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*"


def seen(*answers: tuple[str | None, list[str]]) -> SocketsSeen:
    """What is seen of answers, each a command and its lines, all of which must belong to a table."""
    found = SocketsSeen()
    for command, lines in answers:
        reader = SocketReader(parse(command) if command else None)
        for line in lines:
            assert reader.takes(line, line.strip()), line
        found.tables.append(reader.table)
    return found


def states(found: SocketsSeen) -> dict[str, int]:
    sockets, _why = found.result(RANGE)
    assert sockets is not None
    return {state: count for counts in sockets["states"].values() for state, count in counts.items()}


@pytest.mark.parametrize(
    ("command", "lines", "counts", "why"),
    [
        ("ss -tan", ["State Recv-Q Send-Q Local Address:Port Peer Address:Port", WAITING, LISTENER], {"time_wait": 1, "listen": 1}, None),
        ("ss -tan", [WAITING], {"time_wait": 1}, None),
        (None, [WAITING], {"time_wait": 1}, PARTIAL_LIST),
        (None, [WAITING, LISTENER], {"time_wait": 1, "listen": 1}, None),
        ("ss -tan | grep WAIT", [WAITING], {"time_wait": 1}, PARTIAL_LIST),
        (
            "ss -tan state time-wait",
            ["Recv-Q Send-Q Local Address:Port Peer", "0 0 10.0.0.5:40000 10.0.0.9:80"],
            {"time_wait": 1},
            PARTIAL_LIST,
        ),
        (
            "netstat -ant",
            [
                "Active Internet connections (servers and established)",
                "Proto Recv-Q Send-Q",
                "tcp 0 0 10.0.0.5:40000 10.0.0.9:80 TIME_WAIT",
            ],
            {"time_wait": 1},
            None,
        ),
        (
            "netstat -an",
            ["udp 0 0 0.0.0.0:53 0.0.0.0:*", "unix 2 [ ] DGRAM 1", "tcp 0 0 1.1.1.1:40000 2.2.2.2:80 TIME_WAIT"],
            {"time_wait": 1},
            None,
        ),
        (
            "cat /proc/net/tcp",
            [
                "  sl  local_address rem_address   st",
                "   0: 0500000A:9C40 0900000A:1F90 06 00000000:00000000 03:00000EAA 00000000 0 0 0 3 0",
            ],
            {"time_wait": 1},
            PARTIAL_LIST,
        ),
        ("ss -tani", ["ESTAB 0 0 10.0.0.5:40000 10.0.0.9:80", "\t cubic rto:204 ts sack"], {"established": 1}, None),
    ],
)
def test_lists(command: str | None, lines: list[str], counts: dict[str, int], why: str | None) -> None:
    found = seen((command, lines))
    assert states(found) == counts
    assert found.result(RANGE)[1] == why


def test_details_of_a_connection_are_read() -> None:
    found = seen(("ss -tani", ["ESTAB 0 0 10.0.0.5:40000 10.0.0.9:80", "\t ts sack cubic rto:204"]))
    sockets, _why = found.result(RANGE)
    assert sockets
    assert sockets["timestamps"][0]["negotiated"] == 1


def test_the_whole_list_counts_and_a_socket_counts_once() -> None:
    found = seen(("ss -tan", [WAITING, LISTENER]), ("ss -tan state time-wait", ["0 0 10.0.0.5:40000 10.0.0.9:80"] * 5))
    assert states(found) == {"time_wait": 1, "listen": 1}


def test_listeners_of_another_list_are_added() -> None:
    accepted = "TIME-WAIT 0 0 10.0.0.5:22 10.0.0.9:41000"
    sockets, why = seen(("ss -tn state time-wait", [accepted]), ("ss -ltn", [LISTENER])).result(RANGE)
    assert sockets
    assert (sockets["time_wait_listening"], why) == (1, PARTIAL_LIST)


def test_sockets_that_were_counted_and_not_listed_are_somewhere() -> None:
    found = seen(("ss -tan | head", [WAITING]))
    found.counted = {"time_wait": 1, "close_wait": 2212}
    assert states(found) == {"time_wait": 1, "close_wait": 2212}
    found = seen(("ss -tan", [WAITING]))
    found.counted = {"close_wait": 2212}
    assert states(found) == {"time_wait": 1}


def test_both_tables_of_proc_are_one_list() -> None:
    four = "0: 0500000A:9C40 0900000A:1F90 06 00000000:00000000 00:00000000 00000000 0 0 0"
    six = f"0: {'0' * 32}:0016 {'0' * 32}:0000 0A 00000000:00000000 00:00000000 00000000 0 0 0"
    found = seen(("cat /proc/net/tcp", [four]), ("cat /proc/net/tcp6", [six]))
    assert states(found) == {"time_wait": 1, "listen": 1}
    assert found.result(RANGE)[1] is None


@pytest.mark.parametrize(
    ("line", "counted"),
    [
        ("814 TIME_WAIT", ("time_wait", 814)),
        ("814 TIME-WAIT", ("time_wait", 814)),
        ("TIME_WAIT 814", ("time_wait", 814)),
        ('"CLOSE_WAIT": 5,', ("close_wait", 5)),
        ("3 ESTAB", ("established", 3)),
        ("1 established)", ("", 0)),
        ("1 Foreign", ("", 0)),
        ("150 10.0.0.9", None),
        ("5 ABCDE", None),
        ("TIME_WAIT", None),
    ],
)
def test_counted_states(line: str, counted: tuple[str, int] | None) -> None:
    assert counted_state(line) == counted


def test_counted_states_alone_tell_no_ports() -> None:
    found = SocketsSeen()
    assert found.result(RANGE) == (None, None)
    found.counted = {"time_wait": 814}
    sockets, why = found.result(RANGE)
    assert sockets
    assert (sockets["states"], sockets["ports_in_use"], why) == ({"any": {"time_wait": 814}}, [], ONLY_COUNTED)
