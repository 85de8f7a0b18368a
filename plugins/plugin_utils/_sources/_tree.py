# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""A host's files held in memory: what an archive, a capture bundle or a folder in a repository has of them."""

from __future__ import annotations

import errno
import os
import posixpath
from typing import TYPE_CHECKING

from ...module_utils._tree import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator


# As long as a path may be for the kernel (PATH_MAX less its last byte). A folder of each name in a path is kept, so that an endless one
# would take all memory.
MAX_PATH = 4095


class MemoryTree:
    """Files, links and folders by absolute path, as a Tree of module_utils/_tree. Links never lead out of it.

    To add a path or the target of a link that is longer than MAX_PATH raises OSError (ENAMETOOLONG), as on a host.
    """

    live = False

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._links: dict[str, str] = {}
        self._errors: dict[str, int] = {}
        self._nulls: set[str] = set()
        self._folders: dict[str, set[str]] = {"/": set()}
        self.add_null("/dev/null")

    def add_file(self, path: str, content: bytes) -> None:
        self._files[self._enter(path)] = content

    def add_link(self, path: str, target: str) -> None:
        _check_length(target)
        self._links[self._enter(path)] = target

    def add_null(self, path: str) -> None:
        """A character device such as /dev/null."""
        self._nulls.add(self._enter(path))

    def add_error(self, path: str, number: int) -> None:
        """A path that exists and that the system refuses with this errno. ENOENT: it is known not to exist."""
        self._errors[posixpath.normpath(path) if number == errno.ENOENT else self._enter(path)] = number

    def add_folder(self, path: str) -> None:
        self._folders.setdefault(self._enter(path), set())

    def _enter(self, path: str) -> str:
        _check_length(path)
        path = "/" + posixpath.normpath(path).strip("/")
        here = path
        while here != "/":
            folder, name = posixpath.split(here)
            names = self._folders.setdefault(folder, set())
            if name in names:
                break
            names.add(name)
            here = folder
        return path

    def files(self) -> Iterator[str]:
        """The paths of all files."""
        yield from self._files

    def known_missing(self, path: str) -> bool:
        """Whether somebody looked for the path and it was not there."""
        return self._errors.get(path) == errno.ENOENT

    def refusal(self, path: str) -> int | None:
        """The errno with which the path was refused, or None."""
        return self._errors.get(path)

    def real_path(self, path: str) -> str:
        return resolve(path, self._link_at)

    def _link_at(self, path: str) -> str | None:
        if path in self._links:
            return self._links[path]
        if path in self._errors:
            raise _os_error(self._errors[path], path)
        if path not in self._files and path not in self._folders and path not in self._nulls:
            raise _os_error(errno.ENOENT, path)
        return None

    def read(self, path: str, limit: int) -> bytes:
        real = self.real_path(path)
        if real in self._files:
            return self._files[real][: limit + 1]
        if real in self._nulls:
            return b""
        raise _os_error(errno.EISDIR, path)

    def names(self, path: str) -> list[str]:
        real = self.real_path(path)
        if real not in self._folders:
            raise _os_error(errno.ENOTDIR, path)
        return sorted(self._folders[real])

    def kind(self, path: str) -> str:
        try:
            real = self.real_path(path)
        except OSError as error:
            return "missing" if error.errno == errno.ENOENT else "other"
        if real in self._files:
            return "file"
        return "null" if real in self._nulls else "folder"

    def writable(self, path: str) -> bool:
        return False

    def link_target(self, path: str) -> str:
        if path not in self._links:
            raise _os_error(errno.ENOENT, path)
        return self._links[path]


def _check_length(path: str) -> None:
    if len(path) > MAX_PATH:
        raise _os_error(errno.ENAMETOOLONG, path)


def _os_error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)
