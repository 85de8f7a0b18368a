# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The watch as text: one line for each host in each round, and one line for each host at the end. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from ..module_utils._facts._sockets import STUCK
from ._addresses import endpoint
from ._escape import one_line
from ._shapes import ShapeError, check
from ._watch import PAWS, first_limit, paws_rate
from ._watch_namespaces import NOTABLE, is_known, is_notable, nearness
from ._watch_state import WatchState

if t.TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._watch_types import Busiest, Measure, Namespaces, Observation, Peak

NOT_KNOWN = "-"
ABSENT = "absent"
_NAME_LIMIT = 40
_NAMESPACE_LIMIT = 60
_MOST_NAMESPACES = 10
_FAILURE_LIMIT = 160
_WHOLE_MINUTES = 10
_LIMITS = ("MINUTES LEFT", "PORTS", "BUSIEST")


@dataclasses.dataclass(frozen=True)
class Watched:
    """One host after a round.

    measure: None where it was not seen in this round. peak: None where it was never seen. failure: the sentence about why it was
    not seen, or empty. failed_looks: how many rounds did not see it. namespaces: the other ones of the host.
    sample: what the last look that saw it counted.
    """

    name: str
    measure: Measure | None
    peak: Peak | None
    failure: str
    failed_looks: int
    namespaces: Namespaces | None = None
    sample: Observation | None = None

    @property
    def shown_name(self) -> str:
        return one_line(self.name, _NAME_LIMIT)


def watched(hosts: Mapping[str, t.Any]) -> list[Watched]:
    """The hosts by name, from the registered results of tcp_watch. Whatever one holds, it costs no other host its line."""
    return [_watched(name, entry) for name, entry in sorted((str(name), entry) for name, entry in hosts.items())]


def _watched(name: str, entry: t.Any) -> Watched:
    try:
        state = check(WatchState, entry)
    except ShapeError as error:
        return Watched(name, None, None, f"UNREADABLE: the answer of tcp_watch has an unexpected form: {one_line(str(error))}", 0)
    # A task that failed before tcp_watch could run has nothing but Ansible's own words.
    failure = state["failure"] or ({} if state["measure"] else entry)
    text = _failure_text(failure, state["skip_looks"]) if failure or not state["measure"] else ""
    return Watched(name, state["measure"], state["peak"], text, state["failed_looks"], state["namespaces"], state["sample"])


def _failure_text(failure: Mapping[str, t.Any], skip_looks: int) -> str:
    word = "UNREACHABLE" if failure.get("unreachable") else "FAILED" if failure.get("failed") else "NOT ASKED"
    skipped = f" (skipped for {skip_looks} more round{'' if skip_looks == 1 else 's'})" if skip_looks else ""
    return f"{word}: {one_line(str(failure.get('msg') or 'no reason given'), _FAILURE_LIMIT)}{skipped}"


def round_table(hosts: Sequence[Watched], title: str) -> str:
    """One round: a line for each host, and below it one for each other network namespace that is near a limit."""
    heads = (
        [*[""] * 3, "OPENS/S", "", "", "PAWS/S"],
        [
            "HOST",
            "TIME_WAIT",
            "CONNTRACK",
            "OUT",
            "IN",
            "OVERFLOW/S",
            "PASSIVE",
            "ACTIVE",
            "ESTAB",
            "TIMEWAIT",
            "MINUTES LEFT",
            "PORTS",
            "BUSIEST",
        ],
    )
    rows = [row for host in hosts for row in ([host.shown_name, *_cells(host)], *_namespace_rows(host.namespaces))]
    notes = [f"{host.shown_name}: {note}" for host in hosts if host.measure for note in _notes(host.measure, host.namespaces)]
    return "\n".join([title, *_lines(heads, rows), *notes]) + "\n"


def _cells(host: Watched) -> list[str]:
    measured = host.measure
    return [host.failure] if measured is None else _figures(measured)


def _figures(measured: Measure) -> list[str]:
    return [
        _whole(measured["time_wait"]),
        _fill(measured),
        *(_counter(measured, name) for name in ("ActiveOpens", "PassiveOpens", "TCPTimeWaitOverflow", *PAWS)),
        left_text(measured),
        *_busiest(measured["busiest"]),
    ]


def _namespace_rows(namespaces: Namespaces | None) -> list[list[str]]:
    """Those that have something to say, nearest to a limit first, and how many others there are."""
    if namespaces is None or not namespaces["seen"]:
        return []
    measures = namespaces["measures"]
    shown = [one for one in measures if is_notable(one["measure"])][:_MOST_NAMESPACES]
    rows = [[_namespace_name(one["name"]), *_figures(one["measure"])] for one in shown]
    highest = max((nearness(one["measure"]) for one in measures if one not in shown), default=0.0)
    others = namespaces["seen"] - namespaces["unknown"] - sum(is_known(one["measure"]) for one in shown)
    if others > 0:
        rows.append([f"  {_how_many(others, bool(rows))}", _how_near(highest, others)])
    if namespaces["unknown"]:
        rows.append([f"  {_how_many(namespaces['unknown'], bool(rows))}", "their ports and sockets are not known"])
    return rows


def _how_many(count: int, follows: bool) -> str:
    noun = "other" if follows else "namespace"
    return f"{'and ' if follows else ''}{count:,} {noun}{'' if count == 1 else 's'}"


def _how_near(highest: float, count: int) -> str:
    if highest >= NOTABLE:
        return f"the nearest to a limit is at {100 * highest:.0f} %"
    below = f"below {100 * NOTABLE:.0f} % of"
    return f"{below} its limits" if count == 1 else f"all {below} their limits"


def _namespace_name(name: str) -> str:
    return f"  {one_line(name, _NAMESPACE_LIMIT)}"


def _notes(measured: Measure, namespaces: Namespaces | None) -> list[str]:
    """What the figures alone do not say, in the round in which it is new."""
    notes = ["restarted since the last round, so this round has no rates"] if measured["restarted"] else []
    if measured["seconds"] is None:
        notes += [one_line(str(note)) for note in measured["not_seen"]]
    return notes + [one_line(note) for note in (namespaces["news"] if namespaces else ())]


def summary_table(hosts: Sequence[Watched], title: str) -> str:
    """The end: for each host the last figures and, in brackets, the highest ones."""
    heads = (["HOST", "SEEN", "TIME_WAIT", "OUT/S", "IN/S", "OVERFLOW/S", "PAWS/S", "FEWEST MINUTES", "PORTS", "BUSIEST"],)
    rows = [row for host in hosts for row in ([host.shown_name, *_summary(host)], *_peak_rows(host.namespaces))]
    return "\n".join([title, *_lines(heads, rows)]) + "\n"


def _peak_rows(namespaces: Namespaces | None) -> list[list[str]]:
    return [
        [_namespace_name(one["name"]), f"{one['peak']['seen']}", *_highest(one["peak"])] for one in (namespaces or {"peaks": []})["peaks"]
    ]


def _summary(host: Watched) -> list[str]:
    highest = host.peak
    if highest is None:
        return [host.failure]
    return [f"{highest['seen']}/{highest['seen'] + host.failed_looks}", *_highest(highest)]


def _highest(highest: Peak) -> list[str]:
    last = highest["last"]
    return [
        f"{_whole(last['time_wait'])} ({_whole(highest['time_wait'])})",
        *(
            f"{_counter(last, name)} ({_rate(highest['rates'].get(name))})"
            for name in ("ActiveOpens", "PassiveOpens", "TCPTimeWaitOverflow")
        ),
        f"{_rate(paws_rate(last))} ({_rate(highest['paws'])})",
        minutes_text(highest["soonest"], last["reuse"]),
        f"{_busiest(last['busiest'])[0]} ({_busiest(highest['busiest'])[0]})",
        _busiest(highest["busiest"])[1],
    ]


def left_text(measured: Measure) -> str:
    """Minutes until the first limit is reached, and which one it is; before that, minutes until half of the ports are taken."""
    first, knee = first_limit(measured), measured["knee_left"]
    text = minutes_text(first, measured["reuse"])
    if knee is None or not knee["seconds"] or (first is not None and first[1] <= knee["seconds"]):
        return text
    half = f"{_minutes(knee['seconds'])} half"
    return half if first is None else f"{half}, {text}"


def minutes_text(limit: Sequence[t.Any] | None, reuse: bool) -> str:
    """A limit and the seconds until it, as minutes; "-" for none."""
    if limit is None:
        return NOT_KNOWN
    name, seconds = limit
    return f"{_minutes(seconds)} {name}{', reuse on' if reuse and name == 'ports' else ''}"


def _minutes(seconds: float) -> str:
    minutes = seconds / 60
    return "now" if not minutes else "<0.1" if minutes < 0.1 else f"{minutes:,.0f}" if minutes >= _WHOLE_MINUTES else f"{minutes:.1f}"


def _fill(measured: Measure) -> str:
    """How full connection tracking is."""
    tracked, limit = measured["tracked"], measured["tracked_limit"]
    return NOT_KNOWN if tracked is None or not limit else f"{100 * tracked / limit:.0f} %"


def _whole(count: int | None) -> str:
    return NOT_KNOWN if count is None else f"{count:,}"


def _counter(measured: Measure, name: str) -> str:
    return ABSENT if name in measured["absent"] else _rate(measured["rates"].get(name))


def _rate(rate: float | None) -> str:
    """A rate above 0 is never shown as 0."""
    if rate is None:
        return NOT_KNOWN
    if rate == 0:
        return "0"
    return "<0.01" if rate < 0.01 else f"{rate:.2f}" if rate < 10 else f"{rate:,.1f}" if rate < 1000 else f"{rate:,.0f}"


def _busiest(busiest: Busiest | None) -> tuple[str, str]:
    if busiest is None:
        return NOT_KNOWN, NOT_KNOWN
    where = endpoint(one_line(busiest["destination"], 64), busiest["destination_port"])
    # Open connections and TIME_WAIT are what one expects; others stay until a program or a peer does something.
    stuck = [f", {_whole(busiest['states'][state])} {state.upper()}" for state in STUCK if busiest["states"].get(state)]
    return f"{100 * busiest['share']:.1f} %", f"{where}, {_whole(busiest['ports'])} ports{''.join(stuck)}"


def _lines(heads: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> list[str]:
    """Aligned columns: the first and the last to the left, the others to the right. A row of two cells is a host and a sentence."""
    columns = len(heads[-1])
    full = [row for row in (*heads, *rows) if len(row) > 2]
    widths = [max(len(row[column]) for row in full if column < len(row)) for column in range(columns)]
    widths[0] = max([len(row[0]) for row in rows] + [widths[0]])
    lines = []
    for row in (*heads, *rows):
        cells = [row[0].ljust(widths[0]), *(cell.rjust(widths[number]) for number, cell in enumerate(row[1:-1], 1)), row[-1]]
        lines.append("  ".join(cells).rstrip())
    return lines
