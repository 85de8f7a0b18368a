# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Writing several files so that each is there whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Mapping

from ._input import ReportError


def make_folder(folder: str) -> None:
    """Create folder and its parents with mode 0755; raises ReportError where that fails or something else is in the way."""
    if os.path.isdir(folder):
        return
    if os.path.lexists(folder):
        raise ReportError(f"{folder} is not a folder, so no report can be written there. Choose another dest.")
    try:
        os.makedirs(folder, mode=0o755)
        os.chmod(folder, 0o755)
    except OSError as error:
        raise ReportError(f"cannot create the folder {folder}: {error.strerror}") from error


def differs(path: str, content: bytes) -> bool:
    """Whether the file at path is missing or holds something else; raises ReportError where that cannot be read, or is no plain file."""
    try:
        # What is there may be replaced meanwhile: neither may a named pipe stop the run, nor a link lead elsewhere.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _in_the_way(path, "not a plain file")
            return file.read(len(content) + 1) != content
    except FileNotFoundError:
        return True
    except IsADirectoryError as error:
        raise _in_the_way(path, "a folder") from error
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise _in_the_way(path, "a link" if error.errno == errno.ELOOP else "not a plain file") from error
        raise ReportError(f"cannot read the earlier report {path}: {error.strerror}") from error


def _in_the_way(path: str, what: str) -> ReportError:
    return ReportError(f"{path} is {what}, so the report cannot be written there. Remove it, or choose another basename.")


def replace_all(contents: Mapping[str, bytes]) -> None:
    """Write every content to a temporary file beside its path, and only when all are on the disk rename them into place.

    Raises ReportError naming the path; until the renames begin, every earlier file is untouched. An earlier file's
    permissions are kept, a new one gets 0644.
    """
    temporary: dict[str, str] = {}
    path = ""
    try:
        for path, content in contents.items():
            temporary[path] = _write_beside(path, content)
        for path in contents:
            os.replace(temporary[path], path)
            del temporary[path]
        for folder in {os.path.dirname(path) for path in contents}:
            _sync_folder(folder)
    except OSError as error:
        raise ReportError(f"cannot write {path}: {error.strerror}") from error
    finally:
        for leftover in temporary.values():
            os.unlink(leftover)


def _write_beside(path: str, content: bytes) -> str:
    folder, name = os.path.split(path)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name[:64]}.", dir=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fchmod(file.fileno(), _mode(path))
            os.fsync(file.fileno())
    except BaseException:
        os.unlink(temporary)
        raise
    return temporary


def _mode(path: str) -> int:
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return 0o644


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder or ".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
