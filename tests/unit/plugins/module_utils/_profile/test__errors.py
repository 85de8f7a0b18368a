# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

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
def test_errors_are_described(error: Exception, text: str) -> None:
    assert describe_error(error) == text
