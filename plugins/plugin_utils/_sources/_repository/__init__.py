# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Source repository: a folder of any files, or one file that is no sysctl file, searched for settings in the forms that people use.

What stands in one place (a file, a list, a branch) is judged together; places are never merged, and what a place does not say is
not known. Nothing outside of the folder is read, and no link is followed.
"""

from __future__ import annotations

import os
import re
import typing as t
from collections import Counter

from ....module_utils._text import path_as_text
from .._common import SourceError, empty_snapshot, read_bytes
from ._places import Reader
from ._text import MAX_SETTINGS
from ._walk import MAX_FILE_BYTES, Walk, read_file

if t.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..._snapshot_types import Place, Snapshot

_NAME = r"[\w*-]+(?:[./][\w:@*\[\]?-]+)+[ \t]*"
_SYSCTL_LINE = re.compile(rf"[ \t]*(?:[#;].*|-?{_NAME}=.*|-{_NAME})?\r?\Z", re.ASCII)
MAX_PLACES = 20_000
_NAMED = 10


def load(path: str) -> Snapshot:
    """The snapshot of the places that were found.

    :raises SourceError: the path cannot be read, or is one file that is too large or binary.
    """
    search = _Search()
    if os.path.isdir(path):
        search.folder(path, "")
    else:
        search.file(path, os.path.basename(path), lambda _name: None)
    return search.snapshot(path)


def load_all(paths: Sequence[str]) -> Snapshot:
    """The snapshot of several folders and files, which are in the current folder, as one repository.

    :raises SourceError: a path cannot be read, or is a file that is too large or binary.
    """
    search = _Search()
    for path in paths:
        name = os.path.relpath(path)
        if os.path.isdir(path):
            search.folder(path, "" if name == "." else name + "/")
        else:
            search.file(path, name, lambda other: _other_file(".", other))
    return search.snapshot(" ".join(paths))


class _Search:
    """Searches folders and files. places: what was found so far."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self._files = self._with_settings = self._too_many = 0
        self._left_out: Counter[str] = Counter()
        self._unreadable: list[str] = []
        self._cut_off: list[str] = []
        self._without: list[str] = []

    def folder(self, path: str, prefix: str) -> None:
        """prefix: what the paths of its files begin with in the snapshot."""
        walk = Walk(path)
        reader = Reader(lambda name: _other_file(path, name[len(prefix) :]))
        for name, data in walk.interesting():
            self._add(reader.places(prefix + name, data))
        self._files += walk.files
        self._left_out.update(walk.left_out)
        self._unreadable += [path_as_text(prefix + name) for name in walk.unreadable]
        self._cut_off += reader.cut_off
        self._without += reader.without

    def file(self, path: str, name: str, read: Callable[[str], bytes | None]) -> None:
        """name: its path in the snapshot. read: the content of another file of the repository. Raises SourceError."""
        data = read_bytes(path, MAX_FILE_BYTES)
        if b"\0" in data:
            raise SourceError(f"{path}: is a binary file. Give a text file.")
        reader = Reader(read)
        self._add(reader.places(name, data))
        self._files += 1
        self._cut_off += reader.cut_off
        self._without += reader.without

    def _add(self, found: list[Place]) -> None:
        self._with_settings += bool(found)
        if len(self.places) + len(found) > MAX_PLACES:
            self._too_many += 1
        else:
            self.places += found

    def snapshot(self, name: str) -> Snapshot:
        """name: of the source, for people."""
        snapshot = empty_snapshot("repository", name)
        snapshot["places"] = self.places
        snapshot["not_seen"] = self._told()
        return snapshot

    def _told(self) -> list[str]:
        """What was looked at, and what was not."""
        where = f"Settings were found in {self._with_settings:,} of them" if self._with_settings else "No TCP setting was found"
        told = [f"{_files(self._files, 'read')}. {where}."]
        if self._left_out:
            told.append("Left out: " + ", ".join(f"{count} {reason}" for reason, count in sorted(self._left_out.items())) + ".")
        if self._unreadable:
            told.append(f"These could not be read: {_some(self._unreadable)}.")
        if self._cut_off:
            told.append(f"Only the first {MAX_SETTINGS:,} settings of each of these were judged: {_some(self._cut_off)}.")
        if self._without:
            told.append(f"These name TCP settings, but nothing in them was taken for one: {_some(self._without)}.")
        unknown = sum(one["value"] is None for place in self.places for one in place["settings"])
        if unknown:
            settings = "1 setting has" if unknown == 1 else f"{unknown:,} settings have"
            told.append(f"{settings} a variable or a template as the value, so the value is not known.")
        if self._too_many:
            told.append(f"More than {MAX_PLACES:,} places have settings. {_files(self._too_many, 'not judged')}.")
        return told


def _other_file(root: str, name: str) -> bytes | None:
    """A file of the repository; None where it is missing, a link or too large, or where a folder on the way to it is a link."""
    folder = root
    for part in name.split("/")[:-1]:
        folder = os.path.join(folder, part)
        if part in ("..", "") or os.path.islink(folder):
            return None
    try:
        return read_file(os.path.join(root, name), MAX_FILE_BYTES)
    except OSError:
        return None


def _files(count: int, what: str) -> str:
    return f"1 file was {what}" if count == 1 else f"{count:,} files were {what}"


def _some(names: list[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(name or "the folder itself" for name in names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def is_sysctl_file(text: str) -> bool:
    """Whether each line of a text is one of a sysctl file, and one of them is a setting. Scripts and pages have other lines."""
    if text.startswith("#!"):
        return False
    lines = text.split("\n")
    return all(map(_SYSCTL_LINE.match, lines)) and any("=" in line and line.lstrip()[0] not in "#;" for line in lines)


def has_settings(path: str, text: str) -> bool:
    """Whether a file has settings in some other form than that of sysctl files."""
    return len(text) <= MAX_FILE_BYTES and bool(Reader(lambda _path: None).places(os.path.basename(path), text.encode()))


def is_other_json(path: str) -> bool:
    """Whether a file that looks like JSON is no snapshot of this collection, and has settings."""
    data = read_bytes(path)
    return b"linux_tcp" not in data and has_settings(path, data.decode("utf-8-sig", "replace"))


def is_file(start: bytes) -> bool:
    """The start of a text does not show enough: _detect looks at the whole text."""
    return False


def is_folder(path: str) -> bool:
    """Whether a folder is a checkout, or holds some file in which a setting stands. Asked last, when no other kind takes the folder."""
    if os.path.lexists(os.path.join(path, ".git")):
        return True
    return next(iter(Walk(path).interesting()), None) is not None
