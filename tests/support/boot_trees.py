# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Folders with boot files for tests, as collect() finds them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._boot_files import collect
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import BootFiles


def boot_tree(root: Path, files: dict[str, Any]) -> BootFiles:
    """Text or bytes make a file, a tuple a link, None a folder."""
    for path, content in files.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            place.mkdir()
        elif isinstance(content, tuple):
            place.symlink_to(content[0])
        else:
            place.write_bytes(content if isinstance(content, bytes) else content.encode())
    # The result is plain data.
    found = collect(HostTree(str(root)))
    json.dumps(found)
    return found
