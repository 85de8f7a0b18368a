# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The watch as a text file for the textfile collector of Prometheus' node_exporter."""

from __future__ import annotations

import dataclasses
import os
import shlex
import typing as t

from ..module_utils._facts._sockets import STUCK
from ._reports import ReportError
from ._reports._files import replace_all
from ._reports._prometheus import ENDING, label, metric, text_of
from ._watch import WatchError
from ._watch_destinations import DEFAULT as DEFAULT_DESTINATIONS
from ._watch_destinations import lines as destination_lines

if t.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ._watch_table import Watched
    from ._watch_types import Measure, Namespaces

DEFAULT_NAME = "linux_tcp" + ENDING
MOST_NAMESPACES = 100
"""How many of a host have lines: each one has about 20, and pods come and go, so a server would keep many series."""


@dataclasses.dataclass(frozen=True)
class Family:
    """One metric. value: that of a host or of one of its other network namespaces. None leaves the host out; it does not mean 0."""

    name: str
    kind: t.Literal["gauge", "counter"]
    help: str
    value: Callable[[Measure], float | None]


def _counter(name: str, help_text: str, counter: str) -> Family:
    return Family(name, "counter", f"{help_text} ({counter}).", lambda measured: measured["counters"].get(counter))


UP = Family("linux_tcp_watch_up", "gauge", "Whether the host was seen in the last round.", lambda measured: 1)
MOMENT = Family("linux_tcp_watch_timestamp_seconds", "gauge", "When the last round was taken, in Unix time.", lambda measured: None)

FAMILIES = (
    Family("linux_tcp_time_wait_sockets", "gauge", "TIME_WAIT sockets.", lambda measured: measured["time_wait"]),
    Family(
        "linux_tcp_time_wait_limit_sockets",
        "gauge",
        "Limit of TIME_WAIT sockets (tcp_max_tw_buckets).",
        lambda measured: measured["bucket_limit"],
    ),
    Family(
        "linux_tcp_time_wait_exhaustion_seconds",
        "gauge",
        "Time until the TIME_WAIT sockets reach their limit at this rate. Left out if they do not reach it.",
        lambda measured: measured["buckets_left"],
    ),
    Family(
        "linux_tcp_ports_usable",
        "gauge",
        "Ephemeral ports that are not reserved, per destination.",
        lambda measured: measured["usable_ports"],
    ),
    Family(
        "linux_tcp_ports_busiest",
        "gauge",
        "Ephemeral ports that connections to the busiest destination hold.",
        lambda measured: measured["busiest"] and measured["busiest"]["ports"],
    ),
    Family(
        "linux_tcp_ports_busiest_ratio",
        "gauge",
        "Share of the usable ports that connections to the busiest destination hold, from 0 to 1.",
        lambda measured: measured["busiest"] and measured["busiest"]["share"],
    ),
    Family(
        "linux_tcp_ports_exhaustion_seconds",
        "gauge",
        "Time until one destination has no free port left at this rate. Left out if none runs out.",
        lambda measured: measured["ports_left"] and measured["ports_left"]["seconds"],
    ),
    Family(
        "linux_tcp_ports_knee_seconds",
        "gauge",
        "Time until one destination holds half of the usable ports at this rate. Left out if none gets there.",
        lambda measured: measured["knee_left"] and measured["knee_left"]["seconds"],
    ),
    *(
        Family(
            f"linux_tcp_ports_busiest_{state}",
            "gauge",
            f"Sockets in {state.upper()} towards the busiest destination.",
            lambda measured, state=state: measured["busiest"] and measured["busiest"]["states"].get(state, 0),  # type: ignore[misc]
        )
        for state in STUCK
    ),
    Family(
        "linux_tcp_conntrack_entries", "gauge", "Entries of connection tracking (nf_conntrack_count).", lambda measured: measured["tracked"]
    ),
    Family(
        "linux_tcp_conntrack_limit_entries",
        "gauge",
        "Limit of entries of connection tracking (nf_conntrack_max).",
        lambda measured: measured["tracked_limit"],
    ),
    _counter("linux_tcp_active_opens_total", "Connections that the host opened", "ActiveOpens"),
    _counter("linux_tcp_passive_opens_total", "Connections that the host accepted", "PassiveOpens"),
    _counter("linux_tcp_time_wait_overflows_total", "TIME_WAIT sockets destroyed because the limit was reached", "TCPTimeWaitOverflow"),
    _counter("linux_tcp_paws_passive_total", "SYNs dropped because of an old timestamp", "PAWSPassive"),
    _counter("linux_tcp_paws_active_total", "SYN-ACKs dropped because of an old timestamp", "PAWSActive"),
    _counter("linux_tcp_paws_established_total", "Segments of established connections dropped because of an old timestamp", "PAWSEstab"),
    _counter("linux_tcp_paws_time_wait_total", "Segments to TIME_WAIT sockets dropped because of an old timestamp", "PAWSTimewait"),
)


NAMESPACES = Family(
    "linux_tcp_watch_namespaces",
    "gauge",
    "Other network namespaces that the last round saw. Left out if nobody asked for them.",
    lambda measured: None,
)
LEFT_OUT = Family(
    "linux_tcp_watch_namespaces_left_out",
    "gauge",
    f"How many of them have no metrics here. Only the {MOST_NAMESPACES} that are nearest to a limit have.",
    lambda measured: None,
)

ALL_SEEN = Family(
    "linux_tcp_watch_namespaces_all_seen",
    "gauge",
    "Whether all of them could be looked at, and all in them could be read. Left out if nobody asked for them.",
    lambda measured: None,
)
ABOUT_THE_WATCH = (UP, MOMENT, NAMESPACES, LEFT_OUT, ALL_SEEN)
"""These have the label host alone."""


def render(hosts: Sequence[Watched], moment: float, destinations: int = DEFAULT_DESTINATIONS) -> str:
    """The text of the file: for each metric HELP, TYPE and a line for each host and namespace that has it.

    moment: of this round, in Unix time. destinations: how many of each host have lines of their own. The label namespace is empty for
    the host's own, which to Prometheus is as good as absent: so all lines of a metric have the same labels.
    """
    seen = [(host, host.measure) for host in hosts if host.measure is not None]
    lines = _family(UP, [(_host(host), int(host.measure is not None)) for host in hosts])
    lines += _family(MOMENT, [(_host(host), round(moment, 3)) for host, _measure in seen])
    measures = [(_namespace(host), measured) for host, measured in seen]
    asked = []
    for host, _measure in seen:
        others = host.namespaces
        if others and others["seen"] is not None:
            shown = _by_name(others)
            measures += [(_namespace(host, name), measured) for name, measured in shown.items()]
            asked.append((_host(host), others["seen"], max(0, others["seen"] - len(shown)), int(not others["not_seen"])))
    lines += _family(NAMESPACES, [(labels, count) for labels, count, _left_out, _all_seen in asked])
    lines += _family(LEFT_OUT, [(labels, left_out) for labels, _count, left_out, _all_seen in asked])
    lines += _family(ALL_SEEN, [(labels, all_seen) for labels, _count, _left_out, all_seen in asked])
    for family in FAMILIES:
        lines += _family(family, [(labels, family.value(measured)) for labels, measured in measures])
    lines += destination_lines(hosts, destinations)
    return text_of(lines)


def _by_name(namespaces: Namespaces) -> dict[str, Measure]:
    """Those that have lines. The collector refuses a whole file that has the same line twice."""
    found: dict[str, Measure] = {}
    for one in namespaces["measures"]:
        if len(found) < MOST_NAMESPACES and one["name"]:
            found.setdefault(one["name"], one["measure"])
    return found


def _host(host: Watched) -> str:
    return f'host="{label(host.name)}"'


def _namespace(host: Watched, name: str = "") -> str:
    return f'{_host(host)},namespace="{label(name)}"'


def _family(family: Family, values: Sequence[tuple[str, float | None]]) -> list[str]:
    return metric(family.name, family.kind, family.help, ((labels, value) for labels, value in values if value is not None))


def file_path(path: str) -> str:
    """The path of the file: linux_tcp.prom in this folder, or this file if its name ends in .prom. Raises WatchError if it is neither."""
    path = os.path.abspath(os.path.expanduser(path))
    if os.path.isdir(path):
        return os.path.join(path, DEFAULT_NAME)
    if not path.endswith(ENDING):
        raise WatchError(
            f"textfile: {path} is not a folder. Give a folder, or a file name that ends in {ENDING} (the collector reads only those)."
        )
    if not os.path.isdir(os.path.dirname(path)):
        raise WatchError(f"textfile: there is no folder {os.path.dirname(path)}. Create it: mkdir -p {shlex.quote(os.path.dirname(path))}")
    return path


def write(path: str, text: str) -> None:
    """Replace the whole file at once, so that the collector never reads half of it. Raises WatchError saying why it cannot."""
    try:
        # The temporary file beside it does not end in .prom, so the collector leaves it alone.
        replace_all({path: text.encode("utf-8")})
    except ReportError as error:
        raise WatchError(str(error)) from error
