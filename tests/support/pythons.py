# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Pythons of this machine that a target may have."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

VERSIONS = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
TOO_OLD = ("2.7", "3.6", "3.7")


@functools.lru_cache(maxsize=None)
def python(version: str) -> str | None:
    """The path of an interpreter of this version that really runs (version managers leave ones on the path that do not), or None."""
    candidates = [f"/usr/bin/python{version}", f"python{version}"]
    candidates += map(str, sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))
    for candidate in filter(None, map(shutil.which, candidates)):
        tried = subprocess.run(
            [candidate, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], check=False, capture_output=True, text=True
        )
        if tried.stdout.strip() == version:
            return candidate
    return None


def found() -> dict[str, str]:
    """Version to interpreter, for all that there are."""
    return {version: path for version in VERSIONS if (path := python(version)) is not None}
