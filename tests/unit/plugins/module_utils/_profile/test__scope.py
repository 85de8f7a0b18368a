# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The message to systemd, and what is made of its answers; molecule's scenario `guard` moves real processes."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile import _scope
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._scope import outlives_session, start_transient_unit

NAME = "linux-tcp-hardening-guard-7f3c.scope"


def reply(kind: int, order: bytes = b"l", body: int = 0) -> bytes:
    return order + bytes((kind, 0, 1)) + body.to_bytes(4, "little") + b"\1\0\0\0" + b"\0\0\0\0" + b"\0" * body


class Systemd:
    """Answers on a socket like systemd's. answers: what it says after the authentication."""

    def __init__(self, folder: Path, answers: t.Sequence[bytes], greeting: bytes = b"OK 0123\r\n") -> None:
        self.received = b""
        self._greeting, self._answers = greeting, answers
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / "private"))
        self._listener.listen(1)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _address = self._listener.accept()
        # The other side may have gone.
        with connection, contextlib.suppress(OSError):
            self.received += connection.recv(4096)
            connection.sendall(self._greeting)
            self.received += connection.recv(4096)
            for answer in self._answers:
                connection.sendall(answer)
            connection.recv(4096)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(_scope, "_RUNS_SYSTEMD", str(tmp_path))
    monkeypatch.setattr(_scope, "_SOCKET", str(tmp_path / "private"))
    return tmp_path


def test_without_systemd_nobody_ends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_scope, "_RUNS_SYSTEMD", str(tmp_path / "missing"))
    assert outlives_session(os.getpid(), NAME)


def test_a_systemd_that_cannot_be_asked(folder: Path) -> None:
    assert not outlives_session(os.getpid(), NAME)


@pytest.mark.parametrize(
    ("answers", "greeting"),
    [
        ([reply(3)], b"OK 1\r\n"),
        ([reply(2, order=b"B")], b"OK 1\r\n"),
        ([b"l"], b"OK 1\r\n"),
        ([reply(2, body=70000)], b"OK 1\r\n"),
        ([reply(2)], b"REJECTED EXTERNAL\r\n"),
        ([reply(2)], b"x" * 2000),
        ([], b""),
    ],
)
def test_a_systemd_that_refuses(folder: Path, answers: list[bytes], greeting: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_scope, "_SECONDS", 0.5)
    monkeypatch.setattr(_scope, "_is_in", lambda pid, name: True)
    Systemd(folder, answers, greeting)
    assert not outlives_session(os.getpid(), NAME)


@pytest.mark.parametrize("signals_before", [0, 2])
def test_what_proc_says_decides(folder: Path, monkeypatch: pytest.MonkeyPatch, signals_before: int) -> None:
    asked: list[int] = []

    def is_in(pid: int, name: str) -> bool:
        asked.append(pid)
        return len(asked) > 2

    monkeypatch.setattr(_scope, "_is_in", is_in)
    systemd = Systemd(folder, [reply(4, body=24)] * signals_before + [reply(2)])
    assert outlives_session(4711, NAME)
    assert asked == [4711] * 3
    assert systemd.received.startswith(b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode() + b"\r\n")
    assert b"BEGIN\r\n" in systemd.received


def test_a_promise_of_systemd_that_is_not_kept(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_scope, "_SECONDS", 0.2)
    Systemd(folder, [reply(2)])
    assert not outlives_session(os.getpid(), NAME)


def test_the_message_is_a_method_call_of_dbus() -> None:
    """Its lengths are those of what follows, and each value stands where the specification has it."""
    message = start_transient_unit(4711, NAME)
    body, fields = (int.from_bytes(message[place : place + 4], "little") for place in (4, 12))
    start = 16 + -(-fields // 8) * 8
    assert message[:4] == b"l\1\0\1"
    assert len(message) == start + body
    assert message[start : start + 4] == len(NAME).to_bytes(4, "little")
    assert (4711).to_bytes(4, "little") in message[start:]
    assert b"system.slice\0" in message[start:]
