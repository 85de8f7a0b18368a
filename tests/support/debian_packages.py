# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of Debian packages that are not installed: to be read, and to be run in namespaces. Their services never start here."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

CACHE = Path(__file__).resolve().parents[2] / ".cache" / "packages"


def unpacked(package: str) -> Path:
    """The folder with the files of a package of this machine's Debian, fetched once in this checkout; skips where that is not possible."""
    folder = CACHE / package
    if folder.is_dir():
        return folder
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program}")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
        done = subprocess.run(["apt-get", "download", "-qq", package], cwd=temporary, capture_output=True, text=True, check=False)
        found = sorted(Path(temporary).glob("*.deb"))
        if done.returncode or not found:
            pytest.skip(f"needs the Debian package {package}: {done.stderr.strip()[-200:]}")
        files = Path(temporary, "files")
        subprocess.run(["dpkg-deb", "-x", str(found[0]), str(files)], check=True)
        try:
            files.rename(folder)
        except OSError:
            # Another worker was faster.
            assert folder.is_dir()
    return folder
