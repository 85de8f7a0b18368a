# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Enters a network namespace, and tells which one it is. For a child process: it does not come back."""

from __future__ import annotations

import os
import socket
import sys
import time
from typing import Optional, TypedDict

from .._text import printable
from ._namespace_names import LONGEST_NAME
from ._namespaces import Namespace, opened

NEW_NETWORK, NEW_UTS = 0x40000000, 0x04000000
# asm-generic/socket.h, from Linux 5.14.
_SO_NETNS_COOKIE = 71


class Moment(TypedDict):
    """identity: of the namespace, which none that is made later has. clock: CLOCK_BOOTTIME in seconds, right before a look inside."""

    identity: str
    clock: float


def enter_network(namespace: Namespace) -> None:
    """Raises OSError."""
    descriptor = opened(namespace)
    try:
        enter(descriptor, NEW_NETWORK)
    finally:
        os.close(descriptor)


def hostname_of(path: Optional[str]) -> Optional[str]:
    """The host name of another UTS namespace; None where it is ours, or where it has gone."""
    if path is None:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        enter(descriptor, NEW_UTS)
        return printable(os.uname().nodename, LONGEST_NAME)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def moment_in(namespace: Namespace) -> Moment:
    """Of the namespace that this process is in. An inode's number is used again as soon as its namespace has gone; a cookie never is."""
    identity = str(namespace.inode)
    try:
        with socket.socket(socket.AF_UNIX) as one:
            identity += f".{int.from_bytes(one.getsockopt(socket.SOL_SOCKET, _SO_NETNS_COOKIE, 8), sys.byteorder)}"
    except OSError:
        pass  # a kernel that has none
    return {"identity": identity, "clock": time.clock_gettime(time.CLOCK_BOOTTIME)}


def enter(descriptor: int, kind: int) -> None:
    """setns(2). Raises OSError."""
    setns = getattr(os, "setns", None)
    if setns is not None:
        setns(descriptor, kind)
        return
    # Before Python 3.12.
    import ctypes

    if ctypes.CDLL(None, use_errno=True).setns(descriptor, kind):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
