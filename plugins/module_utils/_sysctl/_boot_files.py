# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Finding and reading the files in sysctl.d: which there are, what is in each, and which reader opens them (see _boot_order)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Collection, NamedTuple, Sequence

from .._text import path_as_text
from .._tree import errno_name
from . import _init_readers
from ._boot_writers import other_writers
from ._lines import MAX_PATTERN_CHARACTERS, READERS, TooManyPatternsError, may_be_shown, parse, possible_keys
from ._services import Services

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import Assignment, BootFile, BootFiles, LineProblem, Writer
    from .._tree import Tree


# The strongest first. Both readers have the same list; /lib is often a link to /usr/lib.
DIRECTORIES = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
MAIN_FILE = "/etc/sysctl.conf"

MAX_FILE_BYTES = 256 * 1024
MAX_ALL_BYTES = 4 * 1024 * 1024
MAX_FILES = 1000
MAX_LINES = 5000
_NAMED = 10
PIPE = "a named pipe: whoever opens it waits for ever"

_BACKUP_ENDINGS = (
    *("~", ".bak", ".old", ".orig", ".save", ".new", ".tmp", ".swp", ".swo", ".rpmnew", ".rpmsave", ".rpmorig"),
    *(".dpkg-old", ".dpkg-new", ".dpkg-dist", ".dpkg-tmp", ".dpkg-bak", ".dpkg-backup", ".dpkg-remove"),
    *(".ucf-old", ".ucf-new", ".ucf-dist", ".pacnew", ".pacsave", ".pacorig"),
)


class _Content(NamedTuple):
    """reason: why the file's content is not known here, None where it is."""

    reason: str | None
    empty: bool
    assignments: list[Assignment]
    problems: list[LineProblem]


def collect(tree: Tree) -> BootFiles:
    """Find and parse every file that stands where sysctl files are read.

    Never raises for what it finds: a file that cannot be read says why. Assignments are also given for files that nothing
    reads; problems only for files that something reads. See BootFile for the fields. A file that this process could not
    read or that is too large has both its readers and unread_because "unreadable": they read it, its content is not known
    here (unseen() lists those).
    """
    return _Collector(tree).collect()


def withhold_values(boot_files: BootFiles, ipv4_names: Collection[str]) -> None:
    """Take out the values that are not to leave the host: those of keys that the collection does not speak about.

    ipv4_names: the names in /proc/sys/net/ipv4 for which a pattern may stand, besides the known ones.
    """
    possible = possible_keys(ipv4_names)
    for found in boot_files["files"]:
        for assignment in found["assignments"]:
            if assignment["value"] is not None and not may_be_shown(assignment, possible):
                assignment["value"], assignment["withheld"] = None, True


def not_read(boot_files: BootFiles) -> list[str]:
    """A sentence about the files whose content is not known; none where there is no such file."""
    unread = [f"{found['path']} ({found['reason']})" for found in boot_files["files"] if found["unread_because"] == "unreadable"]
    more = f" and {len(unread) - _NAMED} more" if len(unread) > _NAMED else ""
    return [f"These boot files could not be read: {', '.join(unread[:_NAMED])}{more}."] if unread else []


class _Collector:
    """strongest: .conf name to the file that the readers open for it. real_folders: those already listed, links resolved."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.files: list[BootFile] = []
        self.strongest: dict[str, BootFile] = {}
        self.real_folders: list[str] = []
        self.empty: set[str] = set()
        self.parsed: dict[str, _Content] = {}
        self.bytes_left = MAX_ALL_BYTES
        self.pattern_characters_left = MAX_PATTERN_CHARACTERS

    def collect(self) -> BootFiles:
        for directory in DIRECTORIES:
            self.folder(directory)
        self.masks()
        by_name = sorted(self.strongest.items(), key=lambda item: item[0].encode("utf-8", "surrogateescape"))
        order = {reader: [found["path"] for _name, found in by_name if reader in found["readers"]] for reader in READERS}
        self.main_file(order)
        services = Services(self.tree)
        reader = _init_readers.find(self.tree, services)
        if reader and reader.name and reader.reads:
            self.read_in_order(reader.name, reader.reads, order)
        return {
            "files": self.files,
            "order": order,
            "writers": self.writers(services, order),
            "applied_by": reader.name if reader else None,
            "why_not_applied": reader.why_not if reader else None,
        }

    def folder(self, directory: str) -> None:
        try:
            names = self.tree.names(directory)
            real = self.tree.real_path(directory)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            self.files.append(_boot_file(directory, _despite(error, READERS), "unreadable", errno_name(error)))
            return
        if real in self.real_folders:
            return
        self.real_folders.append(real)
        for name in names:
            if len(self.files) >= MAX_FILES:
                self.files.append(_boot_file(directory, list(READERS), "unreadable", f"more than {MAX_FILES} files"))
                return
            found = self.boot_file(directory + "/" + name, name)
            if found is None:
                continue
            self.files.append(found)
            if name.endswith(".conf"):
                stronger = self.strongest.setdefault(name, found)
                if stronger is not found:
                    found["readers"], found["problems"] = [], []
                    found["unread_because"], found["reason"], found["masked_by"] = "masked", None, stronger["path"]

    def masks(self) -> None:
        """Files that hold nothing and are there to hide others."""
        hiding = {found["masked_by"] for found in self.files}
        for found in self.files:
            if found["path"] in hiding and found["path"] in self.empty:
                found["readers"], found["unread_because"] = [], "mask"

    def main_file(self, order: dict[str, list[str]]) -> None:
        if self.tree.kind(MAIN_FILE) in ("missing", "null"):
            return
        found = self.boot_file(MAIN_FILE, "sysctl.conf")
        if found is None:
            return
        linked = any(other["real_path"] == found["real_path"] and "systemd" in other["readers"] for other in self.files)
        if found["readers"]:
            found["readers"] = list(READERS) if linked else ["procps"]
            order["procps"].append(MAIN_FILE)
        self.files.append(found)

    def writers(self, services: Services, order: dict[str, list[str]]) -> list[Writer]:
        found = other_writers(self.tree, services)
        for one in found:
            name = one.writer["name"]
            self.files += one.files
            order[name] = [file["path"] for file in one.files]
            self.read_in_order(name, one.reads, order)
        return [one.writer for one in found]

    def read_in_order(self, name: str, paths: Sequence[str], order: dict[str, list[str]]) -> None:
        for path in paths:
            self.read_by(name, path)
            order.setdefault(name, []).append(path_as_text(path))

    def read_by(self, name: str, path: str) -> None:
        """A program reads a file of sysctl.d syntax, which the readers of sysctl.d may read too."""
        file = next((file for file in self.files if file["path"] == path_as_text(path)), None)
        if file is None:
            self.files.append(self.file(path, [name]))
        elif not file["readers"]:
            file.update(self.file(path, [name]))
        else:
            file["readers"] = [*file["readers"], name]

    def boot_file(self, path: str, name: str) -> BootFile | None:
        """One entry of a folder; None for what cannot be a sysctl file (a folder without .conf)."""
        if name.endswith(".conf"):
            return self.file(path, ["procps"] if name.startswith(".") else list(READERS))
        if self.tree.kind(path) != "file":
            return None
        found = self.file(path, [])
        found["unread_because"] = "backup" if name.lower().endswith(_BACKUP_ENDINGS) else "name"
        return found

    def file(self, path: str, readers: list[str]) -> BootFile:
        """A file of sysctl.d syntax, and who reads it."""
        kind = self.tree.kind(path)
        try:
            real = self.tree.real_path(path)
        except OSError as error:
            return _boot_file(path_as_text(path), _despite(error, readers), "unreadable", errno_name(error))
        if kind == "null":
            self.empty.add(path_as_text(path))
            return _boot_file(path_as_text(path), readers, None, None, real)
        if kind == "pipe":
            return _boot_file(path_as_text(path), readers, "unreadable", PIPE, path_as_text(real))
        if kind != "file":
            why = "EISDIR" if kind == "folder" else "not a regular file"
            return _boot_file(path_as_text(path), [], "unreadable", why, path_as_text(real))
        if real not in self.parsed:
            self.parsed[real] = self.content(path)
        content = self.parsed[real]
        if content.empty:
            self.empty.add(path_as_text(path))
        found = _boot_file(path_as_text(path), readers, "unreadable" if content.reason else None, content.reason, path_as_text(real))
        found["assignments"] = list(content.assignments)
        found["problems"] = list(content.problems) if readers else []
        return found

    def content(self, path: str) -> _Content:
        if self.bytes_left <= 0:
            return _unknown(f"all files together are larger than {MAX_ALL_BYTES} bytes")
        try:
            data = self.tree.read(path, MAX_FILE_BYTES)
        except OSError as error:
            return _unknown(errno_name(error))
        self.bytes_left -= len(data)
        if len(data) > MAX_FILE_BYTES:
            return _unknown(f"larger than {MAX_FILE_BYTES} bytes")
        if b"\0" in data:
            return _unknown("not text")
        try:
            assignments, problems = parse(data, self.pattern_characters_left)
        except TooManyPatternsError as error:
            self.pattern_characters_left = 0
            return _unknown(str(error))
        self.pattern_characters_left -= sum(len(one["key"]) for one in assignments if one["is_glob"])
        if len(assignments) + len(problems) > MAX_LINES:
            return _unknown(f"more than {MAX_LINES} lines besides comments")
        return _Content(None, not data, assignments, problems)


def _despite(error: OSError, readers: Sequence[str]) -> list[str]:
    """Who reads a file that this process cannot: the readers run as root and are not refused."""
    return list(readers) if isinstance(error, PermissionError) else []


def _unknown(reason: str) -> _Content:
    return _Content(reason, False, [], [])


def _boot_file(path: str, readers: list[str], because: str | None, reason: str | None, real_path: str | None = None) -> BootFile:
    return {
        "path": path,
        "real_path": path if real_path is None else real_path,
        "readers": readers,
        "unread_because": because,
        "masked_by": None,
        "reason": reason,
        "assignments": [],
        "problems": [],
    }
