# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tests that have a kernel's network settings, and the folders of a transaction, for themselves alone."""

from __future__ import annotations

import ctypes
import functools
import os
import signal
import subprocess
import time
import traceback
import typing as t

import pytest

_NEW_NETWORK, _NEW_MOUNTS = 0x40000000, 0x00020000
# Hidden behind empty folders, so that nothing of this machine's can be read or written there.
HIDDEN = ("/etc/sysctl.d", "/usr/lib/sysctl.d", "/usr/local/lib", "/run", "/var/lib")
_SKIP = "skip: "
PATIENCE_SECONDS = 60

Test = t.TypeVar("Test", bound=t.Callable[..., None])


def own_namespaces(test: Test) -> Test:
    """Run the test in a child with a network namespace and mounts of its own; the child's traceback is the test's."""

    @functools.wraps(test)
    def wrapped(*arguments: object, **named: object) -> None:
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            os.close(reader)
            answer = b""
            try:
                _enter()
                test(*arguments, **named)
            except _Unavailable as why:
                answer = (_SKIP + str(why)).encode()
            except BaseException:
                answer = traceback.format_exc().encode()
            os.write(writer, answer[-60000:])
            os._exit(0)
        os.close(writer)
        # A guard closes what it inherits, so that the end of the pipe is the end of the test.
        with os.fdopen(reader, "rb") as stream:
            answered = stream.read().decode()
        status = os.waitpid(child, 0)[1]
        if answered.startswith(_SKIP):
            pytest.skip(answered[len(_SKIP) :])
        if answered or status:
            pytest.fail(answered or f"the test's process ended with {status}", pytrace=False)

    return t.cast("Test", wrapped)


class _Unavailable(Exception):
    """Why there are no namespaces here."""


def _enter() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_NEW_NETWORK | _NEW_MOUNTS):
        raise _Unavailable(f"needs namespaces of its own: {os.strerror(ctypes.get_errno())}")
    commands = [["mount", "--make-rprivate", "/"], ["ip", "link", "set", "lo", "up"]]
    commands += [["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder] for folder in HIDDEN if os.path.isdir(folder)]
    for command in commands:
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise _Unavailable(f"needs {command[0]}: {getattr(error, 'stderr', error)}") from None


def others() -> list[int]:
    """The other processes of this network namespace."""
    here = os.readlink("/proc/self/ns/net")
    found = []
    for name in os.listdir("/proc"):
        if name.isdecimal() and int(name) != os.getpid():
            try:
                if os.readlink(f"/proc/{name}/ns/net") == here and "State:\tZ" not in _status(name):
                    found.append(int(name))
            except OSError:
                pass
    return found


def _status(pid: str) -> str:
    with open(f"/proc/{pid}/status") as stream:
        return stream.read()


def until(condition: t.Callable[[], object]) -> None:
    """Wait for something that is bound to happen."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    until(lambda: pid not in others())
