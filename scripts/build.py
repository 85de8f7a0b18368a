# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the collection's archive from a clean copy, so that nothing which merely lies about gets into it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from scripts.tree import copy_project


def build(folder: Path) -> Path:
    """Write the archive to folder and return its path. Raises subprocess.CalledProcessError."""
    before = set(folder.glob("*.tar.gz"))
    with tempfile.TemporaryDirectory(prefix="tcp-build-") as parent:
        copy = copy_project(Path(parent))
        command = [sys.executable, "-m", "ansible", "galaxy", "collection", "build", "--force", "--output-path", str(folder), str(copy)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    written = set(folder.glob("*.tar.gz")) - before
    return written.pop() if written else max(before, key=lambda archive: archive.stat().st_mtime)


if __name__ == "__main__":
    print(build(Path.cwd()).name)
