# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Taking the steps of a transaction, and checking what each one did."""

from __future__ import annotations

from typing import Iterable, Mapping

from .._sysctl._keys import same, sysctl_key
from ._disk import Disk
from ._errors import ProfileError, describe_error
from ._machine import Machine
from ._steps import FileStep, FolderStep, KeyStep, Step, flat


class KeyNotSet(ProfileError):
    """A key that did not get its value. status: "refused" or "not_verified"."""

    def __init__(self, key: str, status: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}")
        self.key = key
        self.status = status
        self.reason = reason


def take(machine: Machine, step: Step) -> None:
    """Take one step. Raises OSError, and KeyNotSet where the kernel refuses a value or reads back another one."""
    if isinstance(step, FileStep):
        machine.set_file(step.path, step.after)
    elif isinstance(step, FolderStep):
        machine.set_folder(step.folder, step.made)
    else:
        _take_key(machine, step)


def _take_key(machine: Machine, step: KeyStep) -> None:
    try:
        reads = machine.set_key(step.key, step.after)
    except OSError as error:
        raise KeyNotSet(step.key, "refused", f"the kernel refused {flat(step.after)}: {describe_error(error)}") from error
    if reads is None or not same(sysctl_key(step.key), reads, step.after):
        raise KeyNotSet(step.key, "not_verified", f"wrote {flat(step.after)}, read back {flat(reads)}")


def read_back(machine: Machine, values: Mapping[str, str]) -> None:
    """See that all keys still have their values: a write may change another key, as two names of one value do.

    values: raw values, by key, which the machine knows to be the keys' own. Raises OSError, and KeyNotSet where one has another value.
    """
    for key, raw in values.items():
        known, reads = machine.key(key), machine.key(key, again=True)
        if reads != known and (reads is None or not same(sysctl_key(key), reads, raw)):
            raise KeyNotSet(key, "not_verified", f"another write changed it from {flat(raw)} to {flat(reads)}")


def rehearse(disk: Disk, steps: Iterable[Step]) -> None:
    """See that files can be written where the steps will write them, and that there is space. Raises OSError where not.

    The contents are written under a temporary name and removed again.
    """
    made = set()
    for step in steps:
        if isinstance(step, FolderStep):
            disk.refuse_read_only(step.folder.rpartition("/")[0] or "/")
            made.add(step.folder)
        elif isinstance(step, FileStep):
            folder = step.path.rpartition("/")[0]
            if folder in made:
                continue
            if step.after is None:
                disk.refuse_read_only(folder)
            else:
                disk.try_file(step.path, step.after)
