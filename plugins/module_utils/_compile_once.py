# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Import this first, for its effect: what is imported from module_utils after it is compiled once instead of twice.

ansible-core sends modules to the target in a zip archive, and Python's zipimport compiles each file in it twice: the first time
only to learn the file's name (seen on 3.8 to 3.13). Outside of an archive nothing happens.
"""

from __future__ import annotations

import sys
import zipimport

# Up to 3.9, zipimport tells a module its package only once the module is done.
_ENTRIES = list(sys.modules[__name__.rpartition(".")[0]].__path__)


class _Importer(zipimport.zipimporter):
    """Tells the file's name without compiling it: in this folder there are only packages and plain source files."""

    def get_filename(self, fullname: str) -> str:
        path = f"{self.archive}/{self.prefix}{fullname.rpartition('.')[2]}"
        return f"{path}/__init__.py" if self.is_package(fullname) else f"{path}.py"


def _below(entry: str) -> _Importer:
    """Path hook for the packages in the folder."""
    if entry.startswith(tuple(f"{ours}/" for ours in _ENTRIES)):
        return _Importer(entry)
    raise ImportError(entry)


if all(isinstance(sys.path_importer_cache.get(entry), zipimport.zipimporter) for entry in _ENTRIES):
    sys.path_importer_cache.update((entry, _Importer(entry)) for entry in _ENTRIES)
    sys.path_hooks.insert(0, _below)
