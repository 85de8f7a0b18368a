# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Source sysctl_d: files of sysctl.d syntax, checked as a host that has booted with them.

A folder that holds etc/sysctl.d, usr/lib/sysctl.d and the like is taken for a host's root. Any other folder, and a single file
of any name, is taken for what will stand in /etc/sysctl.d. Paths in the snapshot are the files' own, so that CI can point at them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ...module_utils._sysctl._after_boot import AT_START, boot, last_words
from ...module_utils._sysctl._boot_files import DIRECTORIES, MAIN_FILE, MAX_FILE_BYTES, MAX_FILES, collect, not_read
from ...module_utils._sysctl._boot_writers import boot_sequence
from ...module_utils._sysctl._keys import SYSCTL_KEYS
from ...module_utils._tree import HostTree
from ._common import SourceError, empty_snapshot, present, read_text
from ._tree import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...module_utils._tree import Tree
    from .._snapshot_types import BootFiles, Snapshot, Sysctl

_HOME = "/etc/sysctl.d"


def load(path: str) -> Snapshot:
    """The snapshot of a host that has booted with the files.

    :raises SourceError: the path cannot be read, or there is no such file in it.
    """
    tree, own_path = _tree_of(path)
    found = collect(tree)
    snapshot = empty_snapshot("sysctl_d", path)
    snapshot["host"]["boot_files_apply"] = True
    snapshot["sysctl"] = after_boot(found)
    snapshot["boot_files"] = found = _renamed(found, own_path)
    snapshot["not_seen"] += not_read(found)
    return snapshot


def is_file(start: bytes) -> bool:
    """The start of a text does not show enough: _detect looks at the whole text."""
    return False


def is_folder(path: str) -> bool:
    """Whether a folder looks like a host's root, or holds a *.conf file itself, and is no checkout."""
    return not os.path.lexists(os.path.join(path, ".git")) and (_is_root(path) or _has_conf(path))


def _is_root(path: str) -> bool:
    return any(os.path.lexists(path.rstrip("/") + found) for found in (*DIRECTORIES, MAIN_FILE))


def _has_conf(path: str) -> bool:
    try:
        return any(name.endswith(".conf") for name in os.listdir(path))
    except OSError:
        return False


def _tree_of(path: str) -> tuple[Tree, Callable[[str], str]]:
    """The files as a host has them, and what turns a host's path into their own."""
    path = path.rstrip("/") or "/"
    if not os.path.isdir(path):
        text = read_text(path, MAX_FILE_BYTES)
        tree = MemoryTree()
        # The name decides nothing here: that somebody asks about the file says that it is meant to be read.
        tree.add_file(_HOME + "/the.conf", text.encode())
        return tree, lambda _path: path
    if _is_root(path):
        return HostTree(path), lambda inside: inside if inside == "/dev/null" else path.rstrip("/") + inside
    names = os.listdir(path)
    if not any(name.endswith(".conf") for name in names):
        raise SourceError(f"{path}: has no *.conf file, and none of {', '.join(place[1:] for place in (*DIRECTORIES, MAIN_FILE))}")
    if len(names) > MAX_FILES:
        raise SourceError(f"{path}: too many files ({len(names)}). The limit is {MAX_FILES}.")
    return _AsSysctlFolder(path), lambda inside: path.rstrip("/") + inside[len(_HOME) :] if inside.startswith(_HOME) else inside


class _AsSysctlFolder:
    """A folder, seen as the /etc/sysctl.d of a host that has nothing else."""

    def __init__(self, path: str) -> None:
        self._inside = HostTree(path)

    def _path(self, path: str) -> str:
        if path == _HOME or path.startswith(_HOME + "/"):
            return path[len(_HOME) :] or "/"
        raise FileNotFoundError(2, os.strerror(2), path)

    def read(self, path: str, limit: int) -> bytes:
        return self._inside.read(self._path(path), limit)

    def names(self, path: str) -> list[str]:
        return self._inside.names(self._path(path))

    def real_path(self, path: str) -> str:
        real = self._inside.real_path(self._path(path))
        return real if real == "/dev/null" else (_HOME + real).rstrip("/")

    def kind(self, path: str) -> str:
        if path == "/dev/null":
            return "null"
        try:
            return self._inside.kind(self._path(path))
        except FileNotFoundError:
            return "missing"


def after_boot(boot_files: BootFiles) -> dict[str, Sysctl]:
    """Every key whose value after boot is known: set by a file that a boot applies, or the same default on all kernels.

    The kernel is not known: a key that has no such default and is not set is left out.
    """
    start = {**{key: one.default for key, one in SYSCTL_KEYS.items() if one.default is not None}, **AT_START}
    set_at_boot = last_words(boot(boot_files, boot_sequence(boot_files, "systemd"), list(SYSCTL_KEYS), start))
    result: dict[str, Sysctl] = {}
    for key, sysctl_key in SYSCTL_KEYS.items():
        last = set_at_boot.get(key)
        raw = last.raw if last else sysctl_key.default
        if raw is not None:
            result[key] = present(key, raw, "boot_file" if last else "kernel_default")
    return result


def _renamed(boot_files: BootFiles, own_path: Callable[[str], str]) -> BootFiles:
    for file in boot_files["files"]:
        file["path"] = own_path(file["path"])
        file["real_path"] = own_path(file["real_path"])
        if file["masked_by"] is not None:
            file["masked_by"] = own_path(file["masked_by"])
    boot_files["order"] = {reader: list(map(own_path, paths)) for reader, paths in boot_files["order"].items()}
    for writer in boot_files["writers"] or ():
        writer["path"] = own_path(writer["path"])
    return boot_files
