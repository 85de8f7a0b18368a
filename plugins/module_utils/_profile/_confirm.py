# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Confirmations: the guard that waits for one, and what is made permanent when the controller has come back."""

from __future__ import annotations

import functools
from typing import Any, Dict

from ._apply import take
from ._disk import Disk
from ._errors import Failed, ProfileError, describe_error
from ._guard import detach
from ._journal import CONFIRMING, WAITING, Document, Guard, Open, State
from ._machine import Machine
from ._plan import NOTHING
from ._result import describe
from ._scope import outlives_session
from ._steps import FileStep, KeyStep, Step
from ._undo import expired, give_up, recover


def arm(guard: Guard, boot_file: str, state: State) -> bool:
    """Start the guard of a transaction. Returns whether it outlives the session. Raises OSError where no process can be started."""
    waits, undo_it = (functools.partial(what, state, boot_file, guard) for what in (_waits, _undo))
    pid = detach(guard.deadline, waits, undo_it)
    return outlives_session(pid, f"linux-tcp-hardening-guard-{guard.token}.scope")


def _waits(state: State, boot_file: str, guard: Guard) -> bool:
    """Whether the guard's transaction is open; a journal that cannot be read just now says nothing."""
    try:
        opened = state.read(boot_file).open
        return bool(opened and opened.guard and opened.guard.token == guard.token)
    except OSError:
        return True
    except ProfileError:
        return False


def _undo(state: State, boot_file: str, guard: Guard) -> bool:
    try:
        state.lock(create=False)
        if state.locked and _waits(state, boot_file, guard):
            recover(state.read(boot_file), state, Machine(state.disk, False), by_guard=True)
        return True
    except (ProfileError, OSError):
        return False
    finally:
        state.unlock()


def confirm(token: str, disk: Disk, check: bool) -> Dict[str, Any]:
    """Close the transaction that waits for this token. Raises Failed where there is none, or where it is too late."""
    state = State(disk, check)
    machine = Machine(disk, check)
    try:
        state.lock(create=False)
        _confirm(token, state, machine)
    except (ProfileError, OSError) as error:
        raise Failed(describe_error(error), describe(machine, None, NOTHING)) from error
    finally:
        state.unlock()
    return describe(machine, None, NOTHING)


def _confirm(token: str, state: State, machine: Machine) -> None:
    late = ""
    for document in state.documents().values():
        opened = document.open
        if opened and opened.guard and opened.guard.token == token and opened.phase == WAITING and not expired(opened, state):
            if not machine.check:
                _make_permanent(document, opened, state, machine)
            return
        if opened and expired(opened, state):
            sentence = recover(document, state, machine)
            late = sentence if opened.guard and opened.guard.token == token else late
        elif document.undone and document.undone.token == token:
            late = document.undone.sentence
    raise ProfileError(
        f"The confirmation came too late. {late}"
        if late
        else f"No change is waiting for the confirmation token {token[:40]!r}. Nothing was done."
    )


def _make_permanent(document: Document, opened: Open, state: State, machine: Machine) -> None:
    """Write the files of a change that waits, and close it. Where that fails everything is undone. Raises ProfileError."""
    state.save(document._replace(open=opened._replace(phase=CONFIRMING)))
    begun: list[Step] = [step for step in opened.steps if isinstance(step, KeyStep)]
    try:
        for step in opened.steps:
            if isinstance(step, KeyStep):
                continue
            if isinstance(step, FileStep) and machine.file(step.path) != step.before:
                raise ProfileError(f"{step.path}: somebody changed this file before the confirmation")
            begun.append(step)
            take(machine, step)
        state.close(Document(document.boot_file, opened.after))
    except (OSError, ProfileError) as error:
        sentences = give_up(machine, state, document, begun, opened.steps, forced=False)
        raise ProfileError(f"{describe_error(error)}. {sentences}") from error
