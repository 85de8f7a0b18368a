# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The watch as a text file for the textfile collector of Prometheus' node_exporter."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ._reports import ReportError
from ._reports._files import replace_all
from ._watch import WatchError

if t.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ._watch import Measure
    from ._watch_table import Watched

ENDING = ".prom"
"""The collector reads files of this name only."""
DEFAULT_NAME = "linux_tcp" + ENDING


@dataclasses.dataclass(frozen=True)
class Family:
    """One metric. value: what a host has of it; None leaves the host out, which is something else than 0."""

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
        "Time until TIME_WAIT sockets reach their limit at the present rate, left out where they do not.",
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
        "Time until a destination runs out of ports at the present rate, left out where none does.",
        lambda measured: measured["ports_left"] and measured["ports_left"]["seconds"],
    ),
    _counter("linux_tcp_active_opens_total", "Connections that the host opened", "ActiveOpens"),
    _counter("linux_tcp_passive_opens_total", "Connections that the host accepted", "PassiveOpens"),
    _counter("linux_tcp_time_wait_overflows_total", "TIME_WAIT sockets that were destroyed at the limit", "TCPTimeWaitOverflow"),
    _counter("linux_tcp_paws_passive_total", "Connection requests dropped for an old timestamp", "PAWSPassive"),
    _counter("linux_tcp_paws_active_total", "Answers to connection requests dropped for an old timestamp", "PAWSActive"),
    _counter("linux_tcp_paws_established_total", "Segments of connections dropped for an old timestamp", "PAWSEstab"),
    _counter("linux_tcp_paws_time_wait_total", "Segments to TIME_WAIT sockets dropped for an old timestamp", "PAWSTimewait"),
)


def render(hosts: Sequence[Watched], moment: float) -> str:
    """The file: of each metric HELP, TYPE and a line for each host that has it. moment: of this round, in Unix time."""
    seen = [(host, host.measure) for host in hosts if host.measure is not None]
    lines = _family(UP, [(host.name, int(host.measure is not None)) for host in hosts])
    lines += _family(MOMENT, [(host.name, round(moment, 3)) for host, _measure in seen])
    for family in FAMILIES:
        lines += _family(family, [(host.name, family.value(measured)) for host, measured in seen])
    return "".join(f"{line}\n" for line in lines)


def _family(family: Family, values: Sequence[tuple[str, float | None]]) -> list[str]:
    lines = [f'{family.name}{{host="{label(name)}"}} {value!r}' for name, value in values if value is not None]
    # A family without a line would say nothing.
    return [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}", *lines] if lines else []


def label(text: str) -> str:
    """Text as the value of a label, by the rules of the format; what UTF-8 cannot hold is written out."""
    text = text.encode("utf-8", "backslashreplace").decode()
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def file_path(path: str) -> str:
    """Where the file goes: into this folder, or where the name ends in .prom to this file. Raises WatchError where neither can be."""
    path = os.path.abspath(os.path.expanduser(path))
    if os.path.isdir(path):
        return os.path.join(path, DEFAULT_NAME)
    if not path.endswith(ENDING):
        raise WatchError(f"{path} is no folder; the name of a file must end in {ENDING}, because the collector reads no other")
    if not os.path.isdir(os.path.dirname(path)):
        raise WatchError(f"{os.path.dirname(path)} is no folder, so {os.path.basename(path)} cannot go there")
    return path


def write(path: str, text: str) -> None:
    """Put the text there as a whole: the collector never reads half of it. Raises WatchError naming what is in the way."""
    try:
        # The temporary file beside it does not end in .prom, so the collector leaves it alone.
        replace_all({path: text.encode("utf-8")})
    except ReportError as error:
        raise WatchError(str(error)) from error
