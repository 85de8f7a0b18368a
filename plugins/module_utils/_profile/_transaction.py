# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""One application of settings: all keys take effect and are read back, or none stays changed.

The steps: take the lock, undo what an earlier run left, plan, write the journal, write and read back the keys, write the files,
close the journal. With a guard the files wait for the confirmation (_confirm). If a step fails, all steps before it are undone in
reverse. If the process is killed, the journal stays, and the next run undoes the change before it does anything else.
"""

from __future__ import annotations

import errno
import functools
import os
import time
from typing import Any, Dict, Optional

from ._apply import KeyNotSet, read_back, rehearse, take
from ._disk import Disk
from ._errors import NEEDS_ROOT, Failed, ProfileError, describe_error, lacks_privilege
from ._journal import APPLYING, WAITING, Document, Guard, Open, State
from ._machine import Machine
from ._options import Options
from ._plan import NOTHING, make_plan
from ._plan_keys import Item
from ._reserved_ports import Listening, Question
from ._result import describe
from ._steps import KeyStep, Step

_TIMESTAMPS = "net.ipv4.tcp_timestamps"
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


def run(options: Options, disk: Disk, check: bool) -> Dict[str, Any]:
    """Apply the profile, or undo it; returns what the module returns. Raises Failed."""
    call = _Call(options, disk, check)
    try:
        call.run()
        return call.result()
    except (ProfileError, OSError) as error:
        call.leave()
        reason = describe_error(error)
        raise Failed(f"{NEEDS_ROOT}. The error: {reason}" if lacks_privilege(error) else reason, call.result()) from error
    finally:
        call.state.unlock()


def _look(question: Question) -> Listening:
    # Only loaded where it is asked for.
    from ._listeners import look

    return look(question)


class _Call:
    """One run of the module, other than a confirmation."""

    def __init__(self, options: Options, disk: Disk, check: bool) -> None:
        self.options = options
        self.disk = disk
        self.check = check
        self.state = State(disk, check)
        self.machine = Machine(disk, check)
        # A look takes time, and a call may plan twice.
        self.look = functools.lru_cache(maxsize=None)(_look)
        self.plan = NOTHING
        self.keys_read_back = False
        self.recovered: Optional[str] = None
        self.guard: Optional[Guard] = None
        self.outlives_session = False
        self.warnings: list[str] = []

    def run(self) -> None:
        self.state.lock(create=False)
        document = self.prepare()
        if not self.work(document) or self.check:
            return
        if not self.state.locked:
            self.state.lock(create=True)
            # Another run may have been first.
            self.machine = Machine(self.disk, self.check)
            document = self.prepare()
        if self.plan.steps:
            self.execute(document)
        elif self.work(document):
            self.state.save(Document(document.boot_file, self.plan.after if document.record else None))

    def work(self, document: Document) -> bool:
        """Whether there is something to write; a record that nothing else would be written for is not begun."""
        return bool(self.plan.steps or document.undone or (document.record and document.record != self.plan.after))

    def prepare(self) -> Document:
        """Recover and plan. Raises ProfileError with the reasons of what is refused."""
        documents = self.state.documents()
        ours = documents.get(self.options.boot_file, Document(self.options.boot_file))
        self.recovered = self.recover(documents, ours)
        ours = ours._replace(open=None)
        self.plan = make_plan(self.options, self.machine, ours.record, self.look)
        self.refuse()
        self.conflict()
        for step in self.plan.steps:
            if isinstance(step, KeyStep):
                self.probe(step.key)
        self.refuse()
        self.warn()
        if self.check:
            for step in self.plan.steps:
                self.take(step)
        return ours

    def recover(self, documents: Dict[str, Document], ours: Document) -> Optional[str]:
        """Undo what earlier runs left open here, or anywhere if nobody else will. Returns sentences for the user."""
        sentences = []
        if any(document.open for document in documents.values()):
            # Most runs have nothing to undo, so it is only loaded here and where one fails.
            from ._undo import expired, recover

            for document in documents.values():
                if document.open and (document is ours or expired(document.open, self.state)):
                    sentences.append(recover(document, self.state, self.machine))
        if ours.undone:
            sentences.append(ours.undone.sentence)
        return " ".join(sentences) or None

    def warn(self) -> None:
        self.warnings = list(self.plan.not_known)
        if any(isinstance(step, KeyStep) and step.key == _TIMESTAMPS and step.after == "0" != step.before for step in self.plan.steps):
            # Only loaded where it is asked for.
            from ._warnings import before_timestamps_go

            self.warnings += before_timestamps_go(self.disk.tree)

    def refuse(self) -> None:
        wrong: Dict[str, list[str]] = {}
        for item in self.plan.items.values():
            if item.status in ("refused", "read_only"):
                wrong.setdefault(item.reason, []).append(item.key)
        if wrong:
            raise ProfileError("; ".join(f"{', '.join(keys)}: {reason}" for reason, keys in wrong.items()) + ". Nothing was changed.")

    def conflict(self) -> None:
        if self.options.on_conflict == "fail" and self.plan.conflicts:
            overriding = dict.fromkeys(
                f"{one.path} hides the whole file" if one.line is None else f"{one.path}:{one.line} sets {one.key}"
                for one, _dealt in self.plan.conflicts
            )
            raise ProfileError(
                f"{self.options.boot_file} would be overridden at boot: {'; '.join(overriding)}. Nothing was changed. "
                "Remove these, or use on_conflict: comment_out"
            )

    def probe(self, key: str) -> None:
        try:
            self.disk.probe_key(key)
        except OSError as error:
            if lacks_privilege(error):
                # It is the same for every other key.
                raise ProfileError(f"{describe_error(error)}. Nothing was changed.") from error
            reason = f"it cannot be written here: {describe_error(error)}"
            if error.errno == errno.EROFS:
                reason = "/proc/sys is read-only here (EROFS; a container?)"
            self.mark(key, "read_only" if error.errno in _READ_ONLY else "refused", reason)

    def mark(self, key: str, status: str, reason: str) -> None:
        self.plan.items[key] = self.plan.items.get(key, Item(key))._replace(status=status, reason=reason)

    def execute(self, document: Document) -> None:
        # Loaded before the first change: what fails later may be the reading of the module's own files.
        from ._undo import give_up

        plan, options = self.plan, self.options
        if options.confirm_seconds:
            from ._confirm import arm

            deadline = time.monotonic() + options.confirm_seconds
            self.guard = Guard(os.urandom(12).hex(), options.confirm_seconds, deadline)
        opened = Open(options.name, self.state.boot_id(), plan.steps, plan.after, self.guard, APPLYING)
        # Nothing is permanent before it is confirmed: until then there are the running kernel and the journal.
        later = [step for step in plan.steps if self.guard and not isinstance(step, KeyStep)]
        begun: list[Step] = []
        try:
            self.state.save(document._replace(open=opened, undone=None))
            rehearse(self.disk, later)
            if self.guard:
                self.outlives_session = arm(self.guard, options.boot_file, State(self.disk))
            for step in plan.steps:
                if step not in later:
                    begun.append(step)
                    self.take(step)
            self.read_back()
            if self.guard:
                self.state.close(document._replace(open=opened._replace(phase=WAITING), undone=None))
            else:
                self.state.close(Document(options.boot_file, plan.after))
        except (OSError, ProfileError) as error:
            self.guard, self.keys_read_back = None, False
            sentences = give_up(self.machine, self.state, document, begun, plan.steps, forced=True)
            raise ProfileError(f"{describe_error(error)}. {sentences}") from error
        for step in later:
            self.machine.foresee(step)

    def take(self, step: Step) -> None:
        try:
            take(self.machine, step)
        except KeyNotSet as error:
            self.mark(error.key, error.status, error.reason)
            raise

    def read_back(self) -> None:
        values = {item.key: item.wanted for item in self.plan.items.values() if not item.status and item.wanted is not None}
        try:
            read_back(self.machine, values if self.options.live else {})
            self.keys_read_back = True
        except KeyNotSet as error:
            self.mark(error.key, error.status, error.reason)
            raise

    def leave(self) -> None:
        """Mark the keys that were to change as not changed."""
        for step in self.plan.steps:
            if isinstance(step, KeyStep) and not self.plan.items[step.key].status:
                self.mark(step.key, "left_alone", "not changed, because the run failed")

    def result(self) -> Dict[str, Any]:
        if self.plan.steps and not self.check:
            # The files of a change that waits are not written yet.
            self.machine.look_again(keys=not self.keys_read_back, files=not self.guard)
        guard = None
        if self.guard:
            guard = {"token": self.guard.token, "seconds": self.guard.seconds, "outlives_session": self.outlives_session}
        described = describe(self.machine, self.options.boot_file, self.plan)
        return {**described, "guard": guard, "recovered": self.recovered, "warnings": self.warnings}
