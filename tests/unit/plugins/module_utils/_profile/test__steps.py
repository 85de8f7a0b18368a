# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._steps import flat


@pytest.mark.parametrize(
    ("raw", "text"),
    [(None, ""), ("", ""), ("32768\t60999", "32768 60999"), (" 1 \n", "1"), ("4096 131072\t6291456", "4096 131072 6291456")],
)
def test_a_raw_value_on_one_line(raw: str | None, text: str) -> None:
    assert flat(raw) == text
