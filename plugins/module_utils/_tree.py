# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""A host's files, read-only: the live host, or a folder that looks like one."""

from __future__ import annotations

import errno
import os
import stat
from typing import Callable, Protocol

# As many links as the kernel follows in one path (MAXSYMLINKS).
_MAX_LINKS = 40
_MAX_STEPS = 4096  # a path has at most 4095 bytes, and a link leads to another one
_NULL_DEVICE = "/dev/null"


class Tree(Protocol):
    """Read-only view of a host's files. All paths are absolute POSIX paths as on that host."""

    def read(self, path: str, limit: int) -> bytes:
        """The first limit + 1 bytes at most, so that a caller can tell that a file is larger; raises OSError."""

    def names(self, path: str) -> list[str]:
        """Sorted entries of a folder; raises OSError."""

    def real_path(self, path: str) -> str:
        """The path with all links resolved inside the tree; raises OSError (ELOOP, ENOENT for a dangling link)."""

    def kind(self, path: str) -> str:
        """What is there after links: "file", "folder", "null" (a character device), "pipe" (a named one), "missing" or "other"."""


class HostTree:
    """The live host (root "/"), or a folder with the same layout.

    In a folder an absolute link starts at the folder and ".." stops there: nothing outside it is ever read.
    The one exception is a link to /dev/null, which masks a boot file even where the folder has no devices.
    """

    def __init__(self, root: str = "/") -> None:
        self._root = os.path.abspath(root).rstrip("/")

    @property
    def live(self) -> bool:
        """Whether this is the running host, so that its kernel may be asked too."""
        return not self._root

    def read(self, path: str, limit: int) -> bytes:
        # Without O_NONBLOCK a named pipe in a boot folder would stop the run for ever.
        descriptor = os.open(self._outside(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            parts = [os.read(descriptor, limit + 1)]
            length = len(parts[0])
            # A full read may not be the last one: /proc hands out a page or a record at a time.
            while parts[-1] and length <= limit:
                parts.append(os.read(descriptor, limit + 1 - length))
                length += len(parts[-1])
            return b"".join(parts)
        finally:
            os.close(descriptor)

    def names(self, path: str) -> list[str]:
        return sorted(os.listdir(self._outside(path)))

    def real_path(self, path: str) -> str:
        return resolve(path, self._link_at)

    def _link_at(self, path: str) -> str | None:
        place = self._root + path
        return os.readlink(place) if stat.S_ISLNK(os.lstat(place).st_mode) else None

    def kind(self, path: str) -> str:
        try:
            mode = os.stat(self._outside(path)).st_mode
        except (FileNotFoundError, NotADirectoryError):
            return "missing"
        except OSError:
            return "other"
        if stat.S_ISREG(mode):
            return "file"
        if stat.S_ISDIR(mode):
            return "folder"
        if stat.S_ISFIFO(mode):
            return "pipe"
        return "null" if stat.S_ISCHR(mode) else "other"

    def writable(self, path: str) -> bool:
        """Whether the kernel would let this process open the path for writing; nothing is opened."""
        try:
            return os.access(self._outside(path), os.W_OK)
        except OSError:
            return False

    def link_target(self, path: str) -> str:
        """The text of a link itself, such as "net:[4026531840]" behind /proc/self/ns/net; raises OSError."""
        folder, _slash, name = path.rpartition("/")
        return os.readlink(self._outside(folder or "/") + "/" + name)

    def links(self, path: str) -> list[str]:
        """The texts of the links in a folder, without what is no link or gone by now; raises OSError where the folder cannot be listed."""
        folder, found = self._outside(path), []
        for name in os.listdir(folder):
            try:
                found.append(os.readlink(f"{folder}/{name}"))
            except OSError:
                continue
        return found

    def _outside(self, path: str) -> str:
        """Where the path is for this process."""
        if self.live:
            return path
        inside = self.real_path(path)
        return inside if inside == _NULL_DEVICE else self._root + inside


def resolve(path: str, link_at: Callable[[str], str | None]) -> str:
    """A path with all links resolved; ".." and absolute links stop at the root.

    link_at: the target of the link at a path whose folders are no links, None for what is no link; raises OSError for what is
    not there. Raises that OSError, ELOOP, and ENAMETOOLONG for more steps than one path may have.
    """
    done: list[str] = []
    pending = path.split("/")[::-1]
    links = steps = 0
    while pending:
        steps += 1
        if steps > _MAX_STEPS:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), path)
        part = pending.pop()
        if part in ("", "."):
            continue
        if part == "..":
            del done[-1:]
            continue
        target = link_at("/".join(["", *done, part]))
        if target is None:
            done.append(part)
            continue
        links += 1
        if links > _MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        if target == _NULL_DEVICE and not pending:
            return target
        if target.startswith("/"):
            done = []
        pending.extend(target.split("/")[::-1])
    return "/" + "/".join(done)


def errno_name(error: OSError) -> str:
    """The error's symbolic name ("EACCES"), or "EIO" where it has none."""
    return errno.errorcode.get(error.errno or 0, "EIO")
