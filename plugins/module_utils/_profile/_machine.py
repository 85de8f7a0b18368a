# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The machine during one call: its sysctl keys and files as they were at first and as they are now. In check mode writes stay in memory."""

from __future__ import annotations

import contextlib
from typing import Dict, Optional

from ._disk import Disk
from ._steps import File, FileStep, Step


class Machine:
    """What the host was at first, and what it is now.

    check: nothing is written, and what was to be written is what is read from then on.
    """

    def __init__(self, disk: Disk, check: bool) -> None:
        self.disk = disk
        self.check = check
        self.keys: Dict[str, Optional[str]] = {}
        self.files: Dict[str, Optional[File]] = {}
        self.first_keys: Dict[str, Optional[str]] = {}
        self.first_files: Dict[str, Optional[File]] = {}

    def key(self, key: str, again: bool = False) -> Optional[str]:
        """The raw value, or None where there is no such key; raises OSError. again: do not rely on an earlier reading."""
        if key not in self.keys or (again and not self.check):
            try:
                raw: Optional[str] = self.disk.read_key(key)
            except (FileNotFoundError, NotADirectoryError):
                raw = None
            self.first_keys.setdefault(key, raw)
            self.keys[key] = raw
        return self.keys[key]

    def set_key(self, key: str, raw: str) -> Optional[str]:
        """Write, and return what the key reads then; raises OSError."""
        if self.check:
            self.keys[key] = raw
            return raw
        self.disk.write_key(key, raw)
        return self.key(key, again=True)

    def file(self, path: str, again: bool = False) -> Optional[File]:
        if path not in self.files or (again and not self.check):
            file = self.disk.read_file(path)
            self.first_files.setdefault(path, file)
            self.files[path] = file
        return self.files[path]

    def set_file(self, path: str, file: Optional[File]) -> None:
        """Write the file, or remove it for None; raises OSError."""
        self.first_files.setdefault(path, None)
        if not self.check:
            if file is None:
                self.disk.remove_file(path)
            else:
                self.disk.write_file(path, file)
        self.files[path] = file

    def set_folder(self, path: str, there: bool) -> None:
        """Make the folder, or remove it where it is empty; raises OSError."""
        if not self.check:
            if there:
                self.disk.make_folder(path, 0o755)
            else:
                self.disk.remove_folder(path)

    def foresee(self, step: Step) -> None:
        """Count a step that comes later as done, so that the result shows it."""
        if isinstance(step, FileStep):
            self.first_files.setdefault(step.path, None)
            self.files[step.path] = step.after

    def look_again(self, keys: bool = True, files: bool = True) -> None:
        """Read everything again, as far as it can be read: after a failure the earlier readings may be wrong."""
        for key in self.keys if keys else ():
            with contextlib.suppress(OSError):
                self.key(key, again=True)
        for path in self.files if files else ():
            with contextlib.suppress(OSError):
                self.file(path, again=True)

    @property
    def changed(self) -> bool:
        return self.keys != self.first_keys or self.files != self.first_files
