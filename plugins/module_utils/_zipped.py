# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Modules come to the target in a zip archive, and Python compiles each file in it twice: first to tell the file's name."""

from __future__ import annotations

import sys
import zipimport


class _Importer(zipimport.zipimporter):
    """Tells the name without compiling: module_utils of this collection are plain source files."""

    def get_filename(self, fullname: str) -> str:
        return f"{self.archive}/{self.prefix}{fullname.rpartition('.')[2]}.py"


def compile_once() -> None:
    """Halve the time that the imports of other module_utils take after this, where they are in an archive."""
    for entry in sys.modules[__package__].__path__:
        if isinstance(sys.path_importer_cache.get(entry), zipimport.zipimporter):
            sys.path_importer_cache[entry] = _Importer(entry)
