# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What the rules about boot files share."""

from __future__ import annotations

import typing as t

from ...module_utils._sysctl._keys import SYSCTL_KEYS, Accepted, kernel_reads
from ._base import Finding

if t.TYPE_CHECKING:
    from ._view import Setting, View


def number_set(setting: Setting) -> int | None:
    """The number that the kernel takes from the line of a key that holds one; None where it refuses the line."""
    read = kernel_reads(SYSCTL_KEYS[setting.key], setting.text)
    return int(read.raw) if isinstance(read, Accepted) and read.raw is not None else None


def no_failure(host: View, subject: str, observed: str) -> Finding:
    """What to say when no boot file was found to be at fault: a pass only where every file could be read."""
    hidden = host.unread_boot_files()
    if hidden:
        return Finding("unknown", subject, observed, reason=f"not every boot file could be read: {', '.join(hidden)}")
    return Finding("pass", subject, observed)
