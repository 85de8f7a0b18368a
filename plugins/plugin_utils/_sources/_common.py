# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What all sources share: their error, their limits, and a snapshot with nothing in it."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, BinaryIO, Literal

from ...module_utils._sysctl._keys import SYSCTL_KEYS, parse

if TYPE_CHECKING:
    from .._snapshot_types import Snapshot, Sysctl

SCHEMA = "linux_tcp.snapshot/3"

# A snapshot of the busiest host has a few megabytes. What is larger is some other file.
MAX_TEXT = 64 * 1024 * 1024
_SHOWN = 60
# What to do about network namespaces that no kind of source has.
OF_THE_LIVE_HOST = "To look at them, audit the live host: -e tcp_namespaces=all"


class SourceError(Exception):
    """A source that cannot be used. The message names the path, and says why."""


def shown(text: str) -> str:
    """An untrusted text for a message: cut, quoted, without control characters."""
    return ascii(text[:_SHOWN]) if not text.isprintable() else repr(text[:_SHOWN])


def cannot_read(path: str, error: OSError) -> SourceError:
    """The error with what the operating system says about a path."""
    return SourceError(f"{path}: {(error.strerror or 'cannot be read').lower()}")


def open_file(path: str) -> BinaryIO:
    """A regular file, open for reading.

    :raises SourceError: it is missing, unreadable or no file.
    """
    try:
        # Without O_NONBLOCK a named pipe would stop the run for ever.
        handle = open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")  # noqa: SIM115 - the caller closes it
    except IsADirectoryError:
        raise SourceError(f"{path}: is a folder. Give a file.") from None
    except OSError as error:
        raise cannot_read(path, error) from None
    if not stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
        handle.close()
        raise SourceError(f"{path}: is not a regular file")
    return handle


def read_bytes(path: str, limit: int = MAX_TEXT) -> bytes:
    """The content of a regular file.

    :raises SourceError: it is missing, unreadable, no file, empty or larger than limit.
    """
    with open_file(path) as handle:
        size = os.fstat(handle.fileno()).st_size
        if size > limit:
            raise SourceError(f"{path}: too large ({size} bytes). The limit is {limit} bytes.")
        data = handle.read(limit + 1)
    if len(data) > limit:
        raise SourceError(f"{path}: too large. The limit is {limit} bytes.")
    if not data.strip():
        raise SourceError(f"{path}: the file is empty")
    return data


def text_of(path: str, data: bytes) -> str:
    """Bytes as text; a byte that is not UTF-8 becomes U+FFFD, for what a host wrote may be in any encoding.

    :raises SourceError: the bytes are not text at all.
    """
    if b"\0" in data:
        raise SourceError(f"{path}: is a binary file. Give a text file.")
    return data.decode("utf-8-sig", "replace")


def read_text(path: str, limit: int = MAX_TEXT) -> str:
    """The content of a text file; raises SourceError as read_bytes and text_of do."""
    return text_of(path, read_bytes(path, limit))


def empty_snapshot(kind: str, path: str) -> Snapshot:
    """A snapshot of which nothing has been observed."""
    return {
        "schema": SCHEMA,
        "collected_at": None,
        "source": {"kind": kind, "path": path},
        "host": {
            "hostname": None,
            "kernel_release": None,
            "network_namespace": None,
            "boot_files_apply": None,
            "proc_sys_writable": None,
            "init": None,
            "memory_bytes": None,
            "root": None,
            "uptime_seconds": None,
        },
        "sysctl": None,
        "ipv4_keys": None,
        "boot_files": None,
        "sockstat": None,
        "counters": None,
        "sample": None,
        "sockets": None,
        "nat": None,
        "not_seen": [],
    }


def present(key: str, raw: str, origin: Literal["listing", "boot_file", "kernel_default"] | None = None) -> Sysctl:
    """A key that was seen with a raw value. The key is one of SYSCTL_KEYS, which holds no secrets."""
    raw = raw.strip()
    one: Sysctl = {"state": "present", "raw": raw, "value": parse(SYSCTL_KEYS[key], raw)}
    if origin is not None:
        one["origin"] = origin
    return one
