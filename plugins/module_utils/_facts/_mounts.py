# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What is mounted where, by /proc/self/mountinfo (proc(5))."""

from __future__ import annotations

import os
import re
from typing import Iterator, Tuple

MOUNTS = "/proc/self/mountinfo"
# A line has some 2,000 bytes where a container's layers are mounted.
LONGEST_MOUNTS = 1 << 24
_OCTAL = re.compile(rb"\\([0-3][0-7]{2})")


def mount_lines(data: bytes) -> Iterator[Tuple[str, str, bytes, str]]:
    """Root, mount point, type and options of each filesystem in a mountinfo (proc(5)); a line of another form counts for nothing."""
    for line in data.split(b"\n"):
        # In between are optional fields. A blank in a name is written as \\040.
        place, _separator, filesystem = line.partition(b" - ")
        fields, types = place.split(b" "), filesystem.split(b" ")
        if len(fields) >= 6 and len(types) >= 3:
            yield _name(fields[3]), _name(fields[4]), types[0], types[2].decode("ascii", "replace")


def _name(field: bytes) -> str:
    return os.fsdecode(_OCTAL.sub(lambda match: bytes([int(match.group(1), 8)]), field))
