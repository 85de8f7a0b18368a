# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What the collection's own manifest says about it."""

from __future__ import annotations

import contextlib
import json
from functools import cache
from pathlib import Path
from typing import Any

import yaml

NAME = "linux_tcp.hardening"


@cache
def _manifest() -> dict[str, Any]:
    """MANIFEST.json of an installed collection or galaxy.yml of a checkout; of the package tcp-sysctl-lint its version alone."""
    root = Path(__file__).parents[3]
    if (root / "MANIFEST.json").is_file():
        return dict(json.loads((root / "MANIFEST.json").read_text("utf-8"))["collection_info"])
    if (root / "galaxy.yml").is_file():
        return dict(yaml.safe_load((root / "galaxy.yml").read_text("utf-8")))
    # Only the package needs it, and it takes a while to import.
    from importlib import metadata

    with contextlib.suppress(metadata.PackageNotFoundError):
        return {"version": metadata.version("tcp-sysctl-lint")}
    return {}


def version() -> str:
    return str(_manifest().get("version", "0.0.0"))


def documentation_uri() -> str:
    """Where the rules are explained; without a public address the package URL, which names the collection without a place."""
    return str(_manifest().get("documentation") or f"pkg:generic/{NAME}@{version()}")


def information_uri() -> str:
    """The repository, where the manifest names one; otherwise the package URL, which names the collection without a place."""
    return str(_manifest().get("repository") or f"pkg:generic/{NAME}@{version()}")
