# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The guard: a process that outlives the connection and undoes a change that nobody confirms."""

from __future__ import annotations

import errno
import os
import signal
import time
from typing import Callable

_POLL_SECONDS = 1.0
_TRIES = 60


def detach(deadline: float, waiting: Callable[[], bool], undo: Callable[[], bool]) -> int:
    """Start the guard and return its process id. Raises OSError where no process can be started.

    deadline: on the monotonic clock. waiting: whether there is still something to guard. undo: true when it is done; it is
    called after the deadline, or as soon as the guard gets SIGTERM, again and again for a minute. The guard needs no file of the
    module: all it uses is loaded.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        with os.fdopen(reader, "rb") as stream:
            answer = stream.read()
        if os.waitpid(child, 0)[1] or not answer.isdigit():
            raise OSError(errno.EAGAIN, "the guard process could not be started")
        return int(answer)
    code = 1
    try:
        # A session of its own, and a parent that is gone: neither the terminal nor the connection can end it.
        os.setsid()
        guard = os.fork()
        if guard == 0:
            _let_go()
            _watch(deadline, waiting, undo)
        else:
            os.write(writer, str(guard).encode("ascii"))
        code = 0
    finally:
        # Whatever the parent has registered for its own end is not for this process.
        os._exit(code)


def _let_go() -> None:
    """Keep no file, folder or terminal of the parent; whoever waits for the end of its output does not wait for the guard."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    # _watch asks for it, so that it never ends an undo half-way.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.closerange(3, min(os.sysconf("SC_OPEN_MAX"), 65536))


def _watch(deadline: float, waiting: Callable[[], bool], undo: Callable[[], bool]) -> None:
    while waiting():
        left = deadline - time.monotonic()
        # Whoever ends the guard ends the waiting: the session that made it, an administrator, the shutdown.
        if left <= 0 or signal.sigtimedwait({signal.SIGTERM}, min(_POLL_SECONDS, left)):
            break
    for _try in range(_TRIES):
        if not waiting() or undo():
            return
        time.sleep(_POLL_SECONDS)
