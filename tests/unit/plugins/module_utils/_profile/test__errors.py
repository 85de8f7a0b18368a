# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._errors import ProfileError, describe_error


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(13, "Permission denied", "/etc/x"), "/etc/x: EACCES (Permission denied)"),
        (OSError(28, "No space left on device"), "ENOSPC (No space left on device)"),
        (OSError("no number"), "EIO (no reason given)"),
        (OSError(9, "Bad file descriptor", 7), "EBADF (Bad file descriptor)"),
        (ProfileError("a sentence"), "a sentence"),
    ],
)
def test_errors_are_described(monkeypatch: pytest.MonkeyPatch, error: Exception, text: str) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert describe_error(error) == text


def test_without_root_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert describe_error(OSError(13, "Permission denied", "/x")) == "/x: EACCES (Permission denied; use become: true)"
    assert describe_error(OSError(30, "Read-only file system", "/x")) == "/x: EROFS (Read-only file system)"
