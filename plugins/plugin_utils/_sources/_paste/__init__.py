# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Source paste: answers of commands as people paste them, in one text or in the files of a folder, whatever their names.

Prompts, or the lines themselves, tell the answers apart: sysctl, netstat, nstat, ss, files of /proc, dmesg. What a line shows was observed;
what somebody only typed, or what stands in a file of settings, was not, and is named. So are lines that nobody here understands.
"""

from __future__ import annotations

from ._load import is_file, is_folder, is_paste, load

__all__ = ["is_file", "is_folder", "is_paste", "load"]
