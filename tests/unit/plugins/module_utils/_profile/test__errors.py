# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._errors import ProfileError, describe_error, lacks_privilege


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
def test_errors_are_described(error: Exception, text: str) -> None:
    assert describe_error(error) == text


@pytest.mark.parametrize(
    ("number", "user", "lacks"), [(13, 1000, True), (1, 1000, True), (13, 0, False), (1, 0, False), (30, 1000, False), (28, 1000, False)]
)
@pytest.mark.parametrize("inside", [False, True])
def test_what_only_root_may_do(monkeypatch: pytest.MonkeyPatch, number: int, user: int, lacks: bool, inside: bool) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)
    error: Exception = OSError(number, os.strerror(number))
    if inside:
        cause, error = error, ProfileError("a sentence")
        error.__cause__ = cause
    assert lacks_privilege(error) == lacks


def test_a_sentence_is_no_lack_of_privilege(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert not lacks_privilege(ProfileError("EACCES"))
