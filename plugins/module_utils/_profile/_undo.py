# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Putting back what a transaction changed: at once where a step fails, later where the run was killed or nobody confirmed."""

from __future__ import annotations

import time
from typing import Iterable, NamedTuple, Sequence

from .._sysctl._interfaces import may_spread, spread_rank
from .._sysctl._keys import same, sysctl_key
from ._boot_file import backup_name
from ._errors import ProfileError, describe_error
from ._journal import APPLYING, CONFIRMING, STATE_FOLDER, WAITING, Document, Open, State, Undone
from ._machine import Machine
from ._steps import FileStep, KeyStep, Step, flat

KEPT = f"The journal in {STATE_FOLDER} is kept: the next run tries again."


class Undo(NamedTuple):
    """What an undo put back, what it found changed by others, and what went wrong, as sentences or names."""

    back: list[str]
    left: list[str]
    errors: list[str]


def undo(machine: Machine, steps: Iterable[Step], forced: bool) -> Undo:
    """Put back, last step first, what the steps changed; steps that were not reached change nothing.

    forced: put a key back whatever it reads now. Otherwise only a key that still has the value of the step.
    """
    done = Undo([], [], [])
    # A key that spreads to interfaces goes back before theirs do; sorted() keeps the order of all others.
    last_first = reversed(list(steps))
    for step in sorted(last_first, key=lambda step: spread_rank(step.key) if isinstance(step, KeyStep) else -1):
        try:
            if isinstance(step, KeyStep):
                _undo_key(machine, step, forced, done)
            elif isinstance(step, FileStep):
                _undo_file(machine, step, done)
            else:
                machine.set_folder(step.folder, not step.made)
        except OSError as error:
            done.errors.append(f"{_name(step)} could not be restored: {describe_error(error)}")
    return done


def give_up(machine: Machine, state: State, document: Document, begun: Sequence[Step], steps: Iterable[Step], forced: bool) -> str:
    """Undo the steps that were begun, and close the journal. forced: as for undo(). Returns sentences on how that went."""
    done = undo(machine, touched(begun, steps), forced)
    if not done.errors:
        try:
            state.close(document._replace(open=None))
            return " ".join(["All changes were undone.", *(f"{left}." for left in done.left)])
        except OSError as error:
            done.errors.append(f"the journal could not be written: {describe_error(error)}")
    return f"Some changes could not be undone: {'; '.join(done.errors)}. {KEPT}"


def touched(begun: Sequence[Step], steps: Iterable[Step]) -> list[Step]:
    """The steps that were begun, and those whose key may have changed by them."""
    keys = [step.key for step in begun if isinstance(step, KeyStep)]
    return [step for step in steps if step in begun or (isinstance(step, KeyStep) and any(may_spread(key, step.key) for key in keys))]


def _undo_key(machine: Machine, step: KeyStep, forced: bool, done: Undo) -> None:
    now = machine.key(step.key, again=True)
    known = sysctl_key(step.key)
    if now is None or same(known, now, step.before):
        return
    if not forced and not same(known, now, step.after):
        done.left.append(f"{step.key} stays at {flat(now)}, because somebody has changed it since")
        return
    reads = machine.set_key(step.key, step.before)
    if reads is None or not same(known, reads, step.before):
        done.errors.append(f"{step.key} could not be restored to {flat(step.before)}: it reads {flat(reads)}")
    else:
        done.back.append(step.key)


def _undo_file(machine: Machine, step: FileStep, done: Undo) -> None:
    if not machine.check:
        machine.disk.drop_temporary(step.path)
    now = machine.file(step.path, again=True)
    if now == step.before:
        return
    if now is not None and now != step.after:
        backup = backup_name(step.path, now.text)
        machine.set_file(backup, now)
        done.left.append(f"{step.path} was edited since, and the edited file is kept as {backup}")
    machine.set_file(step.path, step.before)
    done.back.append(step.path)


def _name(step: Step) -> str:
    return step.key if isinstance(step, KeyStep) else step.path if isinstance(step, FileStep) else step.folder


def expired(opened: Open, state: State) -> bool:
    """Whether nobody will finish it: the run was killed (it would hold the lock), the host has booted, or the time is over."""
    if opened.phase != WAITING or not opened.guard or opened.boot_id != state.boot_id():
        return True
    return time.monotonic() >= opened.guard.deadline


def _steps_to_undo(opened: Open, same_boot: bool) -> list[Step]:
    """What may have been done: before its confirmation a guarded change is in the running kernel alone, and a restart ends it."""
    if opened.guard and opened.phase != CONFIRMING:
        return [step for step in opened.steps if isinstance(step, KeyStep)] if same_boot else []
    return opened.steps


def recover(document: Document, state: State, machine: Machine, by_guard: bool = False) -> str:
    """Undo an open transaction, and say so. Raises ProfileError where not all of it can be undone; the journal stays then."""
    opened = document.open
    if opened is None:
        return ""
    same_boot = opened.boot_id == state.boot_id()
    # A killed run may have left a key that reads back as another value than was written.
    forced = opened.phase == APPLYING and same_boot
    done = undo(machine, _steps_to_undo(opened, same_boot), forced)
    if not machine.check:
        for step in opened.steps:
            if isinstance(step, FileStep):
                machine.disk.drop_temporary(step.path)
    if opened.phase != WAITING:
        what = f"An earlier run of profile {opened.name} was interrupted"
    elif not same_boot:
        what = f"An earlier change of profile {opened.name} was not confirmed before the host restarted"
    elif expired(opened, state):
        what = f"An earlier change of profile {opened.name} was not confirmed in time"
    elif by_guard:
        what = f"An earlier change of profile {opened.name} was not confirmed before its guard was ended"
    else:
        what = f"An earlier change of profile {opened.name} was still waiting for its confirmation"
    if done.errors:
        raise ProfileError(f"{what}. It could not be undone: {'; '.join(done.errors)}. {KEPT}")
    if done.back:
        sentence = f"{what}. It was undone: {', '.join(done.back)}."
    elif not same_boot and not _steps_to_undo(opened, same_boot):
        sentence = f"{what}. The restart has undone it."
    elif opened.phase == WAITING or done.left:
        sentence = f"{what}. There was nothing left to undo."
    else:
        sentence = f"{what} before it changed anything."
    sentence = " ".join([sentence, *(f"{left}." for left in done.left)])
    if not machine.check:
        undone = Undone(opened.guard.token, sentence) if by_guard and opened.guard else None
        state.save(document._replace(open=None, undone=undone))
    return sentence
