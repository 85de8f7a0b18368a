# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What a transaction will do, in three steps: observe the host, plan the keys, plan the files. Only the first one reads; none writes."""

from __future__ import annotations

from typing import Callable, Dict, NamedTuple, Optional

from ._conflicts import OverridingLine
from ._machine import Machine
from ._observe import observe
from ._options import Options
from ._plan_files import FilePlan, plan_files
from ._plan_keys import Item, plan_keys
from ._reserved_ports import Listening, Question
from ._steps import Record, Step


class Plan(NamedTuple):
    """steps: in order, keys first. after: the record once all steps are done. lines: key to value in the boot file.

    conflicts: each with whether it is dealt with. not_known: sentences about what may override the boot file.
    """

    items: Dict[str, Item]
    steps: list[Step]
    after: Optional[Record]
    conflicts: list[tuple[OverridingLine, bool]]
    lines: Dict[str, str]
    reserved_ports: list[int]
    not_known: list[str]


NOTHING = Plan({}, [], None, [], {}, [], [])


def make_plan(options: Options, machine: Machine, record: Optional[Record], look: Callable[[Question], Listening]) -> Plan:
    """The plan for a host. Raises ProfileError or OSError where it cannot be read; refused values are in the items' status.

    look: asks who listens, as for observe().
    """
    before = record or Record(options.name, {}, None)
    observed = observe(options, machine, before, look)
    keys = plan_keys(options, observed, before)
    originals = keys.originals if options.live else before.keys
    files = FilePlan([], before.boot, {}, [], [])
    if options.boot and not any(item.status == "refused" for item in keys.items.values()):
        files = plan_files(options, observed, before, keys)
    name = options.name if options.present else before.name
    after = Record(name, originals, files.boot) if originals or files.boot else None
    return Plan(keys.items, [*keys.steps, *files.steps], after, files.conflicts, files.lines, keys.reserved_ports, files.not_known)
