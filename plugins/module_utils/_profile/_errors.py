# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Errors of this folder, as sentences for a person."""

from __future__ import annotations

import errno
import os
from typing import Any, Dict, Optional

from .._tree import errno_name


class ProfileError(Exception):
    """Why the transaction is not possible, or was undone, as sentences for a person."""


class Failed(Exception):
    """The transaction is not done. result: what the module returns besides the message."""

    def __init__(self, message: str, result: Dict[str, Any]) -> None:
        super().__init__(message)
        self.result = result


def describe_error(error: Exception) -> str:
    """An OSError as a few words: the file where it is known, the kernel's name for the error, and what that means. Others as they are."""
    if not isinstance(error, OSError):
        return str(error)
    where = f"{error.filename}: " if isinstance(error.filename, str) else ""
    return f"{where}{errno_name(error)} ({error.strerror or 'no reason given'})"


NEEDS_ROOT = "needs root on the target: run with --become"


def lacks_privilege(error: Optional[BaseException]) -> bool:
    """Whether the error, or the one behind it, is that this user may not do what only root may."""
    if os.geteuid() == 0 or error is None:
        return False
    return (isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM)) or lacks_privilege(error.__cause__)
