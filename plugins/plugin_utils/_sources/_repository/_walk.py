# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Which files of a folder are looked at, and how many are left out for which reason. Links are never followed."""

from __future__ import annotations

import os
import re
import stat
import typing as t
from collections import Counter

from ._ignored import MAX_BYTES, Ignored

if t.TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FILE_BYTES = 1024 * 1024
"""Of one file: hand-written settings are never in a larger one."""

# What tools fetch or make; nobody edits it there.
_NOT_OWN = frozenset(
    (
        *("node_modules", "bower_components", "vendor", "third_party", "third-party", "site-packages", "__pycache__"),
        *(".venv", "venv", ".tox", ".nox", ".cache", ".terraform", ".terragrunt-cache", ".eggs", ".gradle", ".mypy_cache", ".pytest_cache"),
        *(".ruff_cache", ".bundle", ".yarn", ".direnv", ".molecule", ".vagrant", ".idea"),
    )
)
_VERSION_CONTROL = frozenset((".git", ".hg", ".svn", ".bzr", ".jj"))
# One search over the bytes in lower case, before anything is decoded or parsed.
_WORTH_READING = re.compile(rb"net[./_]?(?:ipv4|core|netfilter|nf_conntrack)|tcp_(?:tw_|timestamps|fin_timeout|max_|rfc1337)|ip_local_")
# Files in base64, in those of Ignition and machine configurations.
_ENCODED = re.compile(rb"data:[\w/;=.+-]{0,80};base64,")
_MAY_HOLD_FILES = (".yml", ".yaml", ".json", ".ign", ".bu")


class Walk:
    """Walks a folder once. files: how many were read. left_out: reason to number of files, or of folders with all that is in them."""

    def __init__(self, root: str) -> None:
        self._root = root
        self.files = 0
        self.left_out: Counter[str] = Counter()
        self.unreadable: list[str] = []

    def interesting(self) -> Iterator[tuple[str, bytes]]:
        """The path, relative to the root, and the content of each file in which a setting may stand, in order of the paths."""
        for path in self._paths():
            data = self._read(path)
            if data is not None and _is_worth_reading(path, data):
                if b"\0" in data:
                    self.files -= 1
                    self.left_out["binary files"] += 1
                else:
                    yield path, data

    def _paths(self) -> Iterator[str]:
        # Each folder with the .gitignore files that speak about it: the prefix of the paths in them, and what they say.
        waiting: list[tuple[str, tuple[tuple[int, Ignored], ...]]] = [("", ())]
        while waiting:
            folder, rules = waiting.pop()
            try:
                with os.scandir(os.path.join(self._root, folder)) as entries:
                    found = sorted(entries, key=lambda entry: entry.name)
            except OSError:
                self.unreadable.append(folder)
                continue
            rules = (*rules, *self._rules(folder, {entry.name for entry in found}))
            folders = []
            for entry in found:
                path = folder + entry.name
                kind = self._kind(entry, path, rules)
                if kind == "folder":
                    folders.append((path + "/", rules))
                elif kind == "file":
                    yield path
            waiting += reversed(folders)

    def _rules(self, folder: str, names: set[str]) -> Iterator[tuple[int, Ignored]]:
        wanted = [".git/info/exclude"] if not folder and ".git" in names else []
        wanted += [".gitignore"] if ".gitignore" in names else []
        for name in wanted:
            try:
                data = read_file(os.path.join(self._root, folder, name), MAX_BYTES)
            except OSError:
                # Not there, or a link, which git does not follow either.
                continue
            if data is not None:
                yield len(folder), Ignored(data.decode("utf-8", "replace"))

    def _kind(self, entry: os.DirEntry[str], path: str, rules: tuple[tuple[int, Ignored], ...]) -> str:
        """What is to be done with an entry: "folder", "file" or nothing, which is counted."""
        try:
            folder = entry.is_dir(follow_symlinks=False)
            file = entry.is_file(follow_symlinks=False)
            link = entry.is_symlink()
        except OSError:
            folder = file = link = False
        if folder and entry.name in _VERSION_CONTROL:
            return ""
        if link:
            self.left_out["links"] += 1
        elif not folder and not file:
            self.left_out["special files"] += 1
        elif folder and entry.name in _NOT_OWN:
            self.left_out["folders of other people's code or of tools"] += 1
        elif _is_ignored(path, folder, rules):
            self.left_out["folders that .gitignore names" if folder else "files that .gitignore names"] += 1
        else:
            return "folder" if folder else "file"
        return ""

    def _read(self, path: str) -> bytes | None:
        full = os.path.join(self._root, path)
        try:
            data = read_file(full, MAX_FILE_BYTES)
        except OSError:
            self.unreadable.append(path)
            return None
        if data is None:
            self.left_out[f"files larger than {MAX_FILE_BYTES // 1024} KiB"] += 1
            return None
        self.files += 1
        return data


def _is_worth_reading(path: str, data: bytes) -> bool:
    return bool(_WORTH_READING.search(data.lower()) or (path.endswith(_MAY_HOLD_FILES) and _ENCODED.search(data)))


def read_file(path: str, limit: int) -> bytes | None:
    """The content of a regular file, or None where it is larger than limit. No link is followed. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise OSError(22, "not a regular file", path)
        if about.st_size > limit:
            return None
        data = b""
        while len(data) <= limit:
            piece = os.read(descriptor, limit + 1 - len(data))
            if not piece:
                return data
            data += piece
        return None
    finally:
        os.close(descriptor)


def _is_ignored(path: str, is_folder: bool, rules: tuple[tuple[int, Ignored], ...]) -> bool:
    # The deepest .gitignore that says something decides.
    for prefix, ignored in reversed(rules):
        says = ignored.says(path[prefix:], is_folder)
        if says is not None:
            return says
    return False
