# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What the rules about boot files share."""

from __future__ import annotations

import typing as t

from ...module_utils._sysctl._keys import SYSCTL_KEYS, Accepted, kernel_reads, same
from ._base import Finding

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from ._view import View
    from ._view_boot import BootSetting

READER_MANUALS = ("sysctl.d(5)", "systemd-sysctl(8)", "sysctl(8)")


def number_set(setting: BootSetting) -> int | None:
    """The number that the kernel takes from the line of a key that holds one; None where it refuses the line."""
    read = kernel_reads(SYSCTL_KEYS[setting.key], setting.text)
    return int(read.raw) if isinstance(read, Accepted) and read.raw is not None else None


def no_failure(host: View, subject: str, observed: str, unread_scripts: Sequence[str] = ()) -> Finding:
    """The result where no boot file is at fault: a pass only where every file could be read.

    unread_scripts: for the rule that looks at scripts, too, those that could not be read.
    """
    hidden = [*host.unread_boot_files(), *unread_scripts]
    if hidden:
        return Finding("unknown", subject, observed, reason=f"some boot files could not be read: {', '.join(hidden)}")
    return Finding("pass", subject, observed)


def same_text(key: str, first: str, second: str) -> bool:
    """Whether two texts mean the same value of a key to the kernel; of keys that are not known the texts must be equal."""
    return first == second or (key in SYSCTL_KEYS and same(SYSCTL_KEYS[key], first, second))
