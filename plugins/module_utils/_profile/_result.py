# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What a transaction returns: each key, the files, the conflicts, and the texts for a diff."""

from __future__ import annotations

from typing import Any, Dict, Optional

from ._boot_file import is_backup, values
from ._diff import differences
from ._machine import Machine
from ._plan import Plan
from ._plan_keys import Item
from ._steps import flat


def describe(machine: Machine, boot_file: Optional[str], plan: Plan) -> Dict[str, Any]:
    """The module's return values. boot_file: None where no profile was applied."""
    first, last = (files.get(boot_file or "") for files in (machine.first_files, machine.files))
    boot_before, boot_after = (values(file.text) if file else {} for file in (first, last))
    return {
        "changed": machine.changed,
        "settings": [_setting(item, machine, boot_before, boot_after) for item in plan.items.values()],
        "boot_file": {"path": boot_file, "changed": first != last},
        "backup": next((path for path in machine.files if _is_new_backup(machine, path, boot_file)), None),
        "conflicts": [{**one._asdict(), "ours": plan.lines.get(one.key), "dealt_with": dealt_with} for one, dealt_with in plan.conflicts],
        "reserved_ports": plan.reserved_ports,
        "guard": None,
        "recovered": None,
        "diff": differences(machine, boot_file),
    }


def _is_new_backup(machine: Machine, path: str, boot_file: Optional[str]) -> bool:
    return bool(boot_file and is_backup(path, boot_file) and machine.files[path] and not machine.first_files[path])


def _setting(item: Item, machine: Machine, boot_before: Dict[str, str], boot_after: Dict[str, str]) -> Dict[str, Any]:
    before, after = machine.first_keys.get(item.key), machine.keys.get(item.key)
    in_file = boot_before.get(item.key), boot_after.get(item.key)
    same_now = before == after and in_file[0] == in_file[1]
    return {
        "key": item.key,
        "wanted": None if item.wanted is None else flat(item.wanted),
        "before": before,
        "after": after,
        "boot_before": in_file[0],
        "boot_after": in_file[1],
        "status": item.status or ("ok" if same_now else "changed"),
        "reason": item.reason,
    }
