# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Where the inventory names a host: that line is what a person looks at when a live host has a result that no file of its own causes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence

_MAX_BYTES = 16 << 20
_NAME = re.compile(r"[\w.:-]*\w")


def places_of(hosts: Iterable[str], inventories: Sequence[str]) -> dict[str, tuple[str, int]]:
    """Host name to the file and the line that names it first; a path below the current folder is relative to it.

    inventories: files and folders; what is neither (a list of hosts, a script's output) names no line. A file that cannot be read, or
    has more than 16 MiB, is passed over.
    """
    wanted = set(hosts)
    found: dict[str, tuple[str, int]] = {}
    for path in _files(inventories):
        for number, line in _lines(path):
            for name in _NAME.findall(line):
                if name in wanted and name not in found:
                    found[name] = (_shown(path), number)
    return found


def _files(inventories: Sequence[str]) -> Iterator[str]:
    for path in inventories:
        if os.path.isfile(path):
            yield path
        elif os.path.isdir(path):
            for folder, folders, names in os.walk(path):
                folders.sort()
                yield from (os.path.join(folder, name) for name in sorted(names))


def _lines(path: str) -> Iterator[tuple[int, str]]:
    try:
        # Of a script the text says nothing about its hosts.
        if os.path.getsize(path) > _MAX_BYTES or os.access(path, os.X_OK):
            return
        with open(path, encoding="utf-8", errors="replace") as file:
            yield from enumerate(file, 1)
    except OSError:
        return


def _shown(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
