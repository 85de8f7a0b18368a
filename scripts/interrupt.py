# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ctrl-C and SIGTERM: every process that a run has started ends before the run itself does."""

from __future__ import annotations

import os
import signal
import time
import types
from pathlib import Path

EXIT_CODE = 130
# In the environment of all that a run starts, so that it is found even when its parent has gone.
MARK = "LINUX_TCP_TEST_RUN"
PATIENCE_SECONDS = 5.0
# These keep a container, and the user namespace of podman without root. podman itself ends them.
KEPT_BY_PODMAN = {"conmon", "catatonit"}


# Whether a signal has come.
stopped = False


def arm() -> None:
    """From now on SIGINT, SIGTERM and SIGHUP first end all that this process has started, and then raise KeyboardInterrupt in it, once.

    Start processes with start_new_session=True: a terminal sends SIGINT to its whole group, and not all of them take it well.
    """
    os.environ[MARK] = str(os.getpid())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # nohup ignores SIGHUP, and shall keep its word.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(_number: int, _frame: types.FrameType | None) -> None:
    global stopped  # noqa: PLW0603
    stopped = True
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # Not by print: the signal may have come in the middle of one.
    os.write(2, b"\nStopping. This removes the containers first and takes some seconds.\n")
    end_started()
    raise KeyboardInterrupt


def end_started() -> None:
    """Send SIGTERM to all that this process has started, wait until it is gone, and send SIGKILL to what is not after PATIENCE_SECONDS."""
    begin = time.monotonic()
    asked: set[int] = set()
    while (left := started()) and time.monotonic() - begin < 2 * PATIENCE_SECONDS:
        late = time.monotonic() - begin > PATIENCE_SECONDS
        for pid in left if late else left - asked:
            try:
                os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
            except (ProcessLookupError, PermissionError):
                continue
        asked |= left
        time.sleep(0.05)


def started() -> set[int]:
    """The processes that this one has started and those that they have: by their parents, and by the mark where a parent has gone."""
    mark = f"{MARK}={os.getpid()}".encode()
    found = set()
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, _bracket, rest = folder.joinpath("stat").read_text(errors="replace").partition("(")[2].rpartition(") ")
            state, parent = rest.split()[:2]
            marked = mark in folder.joinpath("environ").read_bytes().split(b"\0")
        except (OSError, ValueError):
            # It has ended meanwhile, or is another user's.
            continue
        if state in "ZX" or name in KEPT_BY_PODMAN or int(folder.name) == os.getpid():
            continue
        parents[int(folder.name)] = int(parent)
        if marked or int(parent) == os.getpid():
            found.add(int(folder.name))
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found
