# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The disk: every single read and write of a transaction."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import Callable, Collection, Optional

from .._sysctl._keys import path_of
from .._tree import HostTree
from ._steps import File

_LARGEST_FILE = 1024 * 1024
_LONGEST_VALUE = 65536
_MEMORY = "/proc/meminfo"
# No reader of sysctl files takes a name with this ending, and listings of boot files call it a backup.
TEMPORARY = ".linux_tcp.new"
_MAX_LINKS = 40


class Disk:
    """Every read and write of a transaction.

    root: a folder with the layout of a host, for tests; "" is the host itself. step is called before each single operation
    with a few words that name it; tests use it to fail or to die there.
    """

    def __init__(self, root: str = "", step: Callable[[str], None] = lambda what: None) -> None:
        self.root = root
        self.step = step
        self.tree = HostTree(root or "/")

    def read_key(self, key: str) -> str:
        self.step("read " + key)
        return self.tree.read(path_of(key), _LONGEST_VALUE).decode("utf-8", "replace").rstrip("\n")

    def probe_key(self, key: str) -> None:
        """Raises the OSError with which a write of the key would be refused before its value is looked at. Writes nothing."""
        self.step("probe " + key)
        os.close(os.open(self.root + path_of(key), os.O_WRONLY | os.O_CLOEXEC))

    def is_write_only(self, key: str) -> bool:
        """Whether the kernel lets nobody read the key, not even root."""
        try:
            return not os.stat(self.root + path_of(key)).st_mode & 0o444
        except OSError:
            return False

    def write_key(self, key: str, raw: str) -> None:
        self.step("write " + key)
        descriptor = os.open(self.root + path_of(key), os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
        try:
            # The kernel wants a value in one piece.
            os.write(descriptor, (raw + "\n").encode("utf-8"))
        finally:
            os.close(descriptor)

    def read_file(self, path: str) -> Optional[File]:
        """The file, or None where there is none; raises OSError, ELOOP for a link and EINVAL for what is not a file."""
        self.step("read " + path)
        try:
            descriptor = os.open(self.root + path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        with os.fdopen(descriptor, "rb") as stream:
            info = os.fstat(descriptor)
            if not stat.S_ISREG(info.st_mode):
                raise OSError(errno.EINVAL, "it is not a regular file", path)
            if info.st_size > _LARGEST_FILE:
                raise OSError(errno.EFBIG, f"it is larger than {_LARGEST_FILE} bytes", path)
            return File(stream.read(_LARGEST_FILE).decode("latin-1"), stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid)

    def write_file(self, path: str, file: File) -> None:
        """Replace a file in one step that survives a power cut.

        Raises OSError; then the old file is there or the new one, and a temporary one may be beside it until drop_temporary().
        """
        temporary = self.root + path + TEMPORARY
        self.drop_temporary(path)
        self.step("create " + path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(temporary, flags, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as stream:
            self.step("fill " + path)
            data = file.text.encode("latin-1")
            while data:
                data = data[stream.write(data) :]
            os.fchown(descriptor, file.uid, file.gid)
            os.fchmod(descriptor, file.mode)
            self.step("sync " + path)
            os.fsync(descriptor)
        self.step("rename " + path)
        os.rename(temporary, self.root + path)
        self.sync_folder(path)

    def try_file(self, path: str, file: File) -> None:
        """See that write_file would find a folder that takes files, and space; leaves nothing behind. Raises OSError."""
        self.step("try " + path)
        temporary = self.root + path + TEMPORARY
        self.drop_temporary(path)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as stream:
                data = file.text.encode("latin-1")
                while data:
                    data = data[stream.write(data) :]
                os.fsync(descriptor)
        finally:
            self.drop_temporary(path)

    def refuse_read_only(self, folder: str) -> None:
        """Raises OSError where no entry of the folder could be made or removed."""
        self.step("look at " + folder)
        if not os.access(self.root + folder, os.W_OK | os.X_OK):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), folder)

    def drop_temporary(self, path: str) -> None:
        """What a write that failed or was killed may have left."""
        with contextlib.suppress(OSError):
            os.unlink(self.root + path + TEMPORARY)

    def remove_file(self, path: str) -> None:
        self.step("remove " + path)
        try:
            os.unlink(self.root + path)
        except FileNotFoundError:
            return
        self.sync_folder(path)

    def make_folder(self, path: str, mode: int) -> None:
        self.step("make " + path)
        try:
            os.mkdir(self.root + path)
        except FileExistsError:
            return
        try:
            os.chmod(self.root + path, mode)
            self.sync_folder(path)
        except OSError:
            with contextlib.suppress(OSError):
                os.rmdir(self.root + path)
            raise

    def remove_folder(self, path: str) -> None:
        """Only where it is empty."""
        self.step("remove " + path)
        try:
            os.rmdir(self.root + path)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
                raise

    def sync_folder(self, path: str) -> None:
        """Makes the entry of a path in its folder last."""
        folder = path.rpartition("/")[0]
        self.step("sync " + folder)
        descriptor = os.open(self.root + folder + "/", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def is_folder(self, path: str) -> bool:
        return self.tree.kind(path) == "folder"

    def memory_bytes(self) -> Optional[int]:
        """MemTotal; None where it cannot be read."""
        try:
            words = self.tree.read(_MEMORY, 4096).split()
            return int(words[words.index(b"MemTotal:") + 1]) * 1024
        except (OSError, ValueError, IndexError):
            return None

    def why_unsafe(self, folder: str) -> str:
        """Why nothing is written there: users other than root could put files into it, or make it lead elsewhere; "" where none can."""
        pending = folder.split("/")[::-1]
        here, links = "", 0
        while pending:
            part = pending.pop()
            if part in ("", "."):
                continue
            if part == "..":
                here = here.rpartition("/")[0]
                continue
            try:
                info = os.lstat(f"{self.root}{here}/{part}")
            except FileNotFoundError:
                return ""
            if not stat.S_ISLNK(info.st_mode):
                here += "/" + part
                continue
            links += 1
            if links > _MAX_LINKS:
                return f"{folder} has too many symbolic links in it; refusing to write there"
            why = self._who_else_writes(here)
            if why:
                return f"{folder} goes through the symbolic link {here}/{part}, and {why}"
            target = os.readlink(f"{self.root}{here}/{part}")
            if target.startswith("/"):
                here = ""
            pending.extend(target.split("/")[::-1])
        return self._who_else_writes(here)

    def _who_else_writes(self, folder: str) -> str:
        return who_else_writes(folder or "/", os.stat(self.root + folder + "/"), {0, os.getegid()})


def who_else_writes(folder: str, info: os.stat_result, groups: Collection[int] = ()) -> str:
    """That users other than root (and this one) may write to a folder, with the command that mends it; "" where none may.

    groups: those that may write.
    """
    if info.st_uid not in (0, os.geteuid()):
        return f"{folder} is owned by user id {info.st_uid}, not by root; refusing to use it. Fix: chown root {folder}"
    foreign_group = info.st_mode & stat.S_IWGRP and info.st_gid not in groups
    if info.st_mode & stat.S_IWOTH or foreign_group:
        mode = stat.S_IMODE(info.st_mode)
        return f"{folder} is writable by users other than root (mode {mode:04o}); refusing to use it. Fix: chmod go-w {folder}"
    return ""
