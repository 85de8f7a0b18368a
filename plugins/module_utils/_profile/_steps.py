# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Steps and records: what a transaction does, one step after the other, and what it remembers to put back."""

from __future__ import annotations

from typing import Dict, NamedTuple, Optional, Union


class File(NamedTuple):
    """A file as it has to be put back. text: its bytes, each as the character of the same number (Latin-1). mode: permission bits."""

    text: str
    mode: int
    uid: int
    gid: int


class KeyStep(NamedTuple):
    """Write a key. before, after: raw values."""

    key: str
    before: str
    after: str


class FileStep(NamedTuple):
    """Replace, make or remove a file; None where there is none."""

    path: str
    before: Optional[File]
    after: Optional[File]


class FolderStep(NamedTuple):
    """Make a folder; with made false, remove it if it is empty."""

    folder: str
    made: bool


Step = Union[KeyStep, FileStep, FolderStep]


class Original(NamedTuple):
    """A key: its raw value before the profile, and the one that the profile has set."""

    before: str
    ours: str


class Boot(NamedTuple):
    """original: the file that stood where the boot file is. commented: path to text of other files before lines were commented out."""

    original: Optional[File]
    made_folder: bool
    commented: Dict[str, str]


class Record(NamedTuple):
    """What is put back when the profile is removed. name: of the profile. keys: by key."""

    name: str
    keys: Dict[str, Original]
    boot: Optional[Boot]


def flat(raw: Optional[str]) -> str:
    """A raw value on one line, as boot files and people write it."""
    return " ".join((raw or "").split())
