# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After the rollback: every value and every file is what it was, and no trace of the profile is left in the boot files."""

from __future__ import annotations

import pytest
from containers.hosts import host


@pytest.mark.parametrize("name", ["client", "balancer", "server"])
def test_every_value_and_file_is_back(name: str) -> None:
    assert host(name).state() == host(name).remembered()
