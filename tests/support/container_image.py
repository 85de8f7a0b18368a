# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The image of the scenarios, for tests that need one container and not a scenario."""

from __future__ import annotations

import shutil

import pytest
from containers import engine


def image() -> str:
    """The newest image of the tests. It takes a minute to build, which is not for a single test to do: without it that is skipped."""
    if not shutil.which("podman"):
        pytest.skip("needs podman")
    try:
        engine.configure()
        images = engine.podman("images", "--format={{.Repository}}:{{.Tag}}", engine.IMAGE_NAME).stdout.split()
    except engine.Problem as problem:
        pytest.skip(f"needs containers: {problem}")
    if not images:
        pytest.skip("needs the image of the containers, which the scenarios build")
    return images[0]
