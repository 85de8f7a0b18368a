# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Changes of this collection that are not finished: what the journals of tcp_profile (_profile/_journal) say, read and not judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, List, Optional

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import OpenChange
    from .._tree import Tree

STATE_FOLDER = "/var/lib/linux_tcp_hardening"
_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_PHASES = ("applying", "waiting", "confirming")
_LARGEST_JOURNAL = 1 << 20
_MOST_JOURNALS = 50
_LONGEST_NAME = 200


def open_changes(tree: Tree) -> List[OpenChange]:
    """The changes that are open, by the names of their journals. Raises OSError where the folder cannot be listed.

    A journal that cannot be read or understood counts as one that is damaged: tcp_profile refuses to go on, too.
    """
    try:
        names = tree.names(STATE_FOLDER)
    except (FileNotFoundError, NotADirectoryError):
        return []
    boot_id = _boot_id(tree)
    found = []
    for name in [name for name in names if name.endswith(".json")][:_MOST_JOURNALS]:
        change = _open_change(tree, name, boot_id)
        if change:
            found.append(change)
    return found


def _open_change(tree: Tree, name: str, boot_id: str) -> Optional[OpenChange]:
    damaged: OpenChange = {"journal": name[:_LONGEST_NAME], "profile": "", "phase": "damaged", "this_boot": None}
    try:
        data = tree.read(f"{STATE_FOLDER}/{name}", _LARGEST_JOURNAL)
        opened = json.loads(data.decode("ascii"))["open"]
        if opened is None:
            return None
        profile, phase, of_boot = opened["name"], opened["phase"], opened["boot_id"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return damaged
    if phase not in _PHASES or not isinstance(profile, str) or not isinstance(of_boot, str):
        return damaged
    return {**damaged, "profile": profile[:_LONGEST_NAME], "phase": phase, "this_boot": of_boot == boot_id if boot_id else None}


def _boot_id(tree: Tree) -> str:
    try:
        return tree.read(_BOOT_ID, 100).decode("ascii", "replace").strip()
    except OSError:
        return ""
