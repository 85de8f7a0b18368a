# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The version is read where it stands."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import _manifest

FILE = Path(_manifest.__file__)


def seen_from(root: Path) -> list[str]:
    """What a copy of the file says in a collection at root."""
    folder = root / "plugins" / "plugin_utils" / "_reports"
    folder.mkdir(parents=True)
    shutil.copy(FILE, folder / "_manifest.py")
    program = "import _manifest; print(_manifest.version()); print(_manifest.information_uri())"
    done = subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_checkout_has_galaxy_yml(tmp_path: Path) -> None:
    (tmp_path / "galaxy.yml").write_text("version: 1.2.3\n")
    assert seen_from(tmp_path) == ["1.2.3", "pkg:generic/linux_tcp.hardening@1.2.3"]


def test_an_installed_collection_has_a_manifest(tmp_path: Path) -> None:
    info = {"version": "1.2.4", "repository": "https://example.invalid/tcp"}
    (tmp_path / "MANIFEST.json").write_text(json.dumps({"collection_info": info}))
    assert seen_from(tmp_path) == ["1.2.4", "https://example.invalid/tcp"]


def test_a_bare_copy_has_neither(tmp_path: Path) -> None:
    assert seen_from(tmp_path)[0] == "0.0.0"
