# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Rules about changes that this collection itself has begun."""

from __future__ import annotations

import typing as t

from ._base import everywhere, judge, rule

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from .._snapshot_types import OpenChange
    from ._base import Finding, Thresholds
    from ._view import View

_EXPECTED = "no open change"


@rule(
    "change-unconfirmed",
    title="A change of this collection is not finished",
    severities=everywhere("high"),
    rationale=(
        "A change that waits for its confirmation is in the running kernel alone: it is gone after a restart, and the guard undoes it "
        "when its time is over. A run that was killed has left the host half-way. Either way the values of this moment are not those "
        "that will stay, so all other results are about a state that will change."
    ),
    remedy=(
        "Wait until the run that made the change is done, and audit again. If nobody is at work, run the playbook again: "
        "it first undoes what is open. To undo it without a new change: ansible-playbook -i inventory.yml playbooks/rollback_tcp.yml"
    ),
    references=("[safety.md](safety.md)",),
    waiver_advice="Do not waive it: it ends by itself, or with the next run.",
)
def change_unconfirmed(host: View, _limits: Thresholds) -> Iterator[Finding]:
    changes = host.open_changes
    if not changes:
        yield judge(False, "changes", "no change of this collection is open", _EXPECTED)
    for change in changes:
        yield judge(
            True, change["journal"], _observed(change), _EXPECTED, evidence={"profile": change["profile"], "phase": change["phase"]}
        )


def _observed(change: OpenChange) -> str:
    if change["phase"] == "damaged":
        return f"the journal {change['journal']} is damaged, so the state of the host is not known"
    what = f"a change of profile {change['profile']}"
    if change["this_boot"] is False:
        return f"{what} was not finished before the host restarted"
    return f"{what} is waiting for its confirmation" if change["phase"] == "waiting" else f"{what} has begun and is not finished"
