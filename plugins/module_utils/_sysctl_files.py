# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What the files in sysctl.d set: once as systemd-sysctl applies them at boot, once as sysctl --system does.

Modelled on, and tested against, systemd 252 and procps 4.0.2. Both take the file names that end in .conf from the same
folders; a name in a stronger folder hides the same name in weaker ones, whatever it is (a file, an empty file, a dangling
link); the names, not the folders, give the order. They differ in this:

* systemd-sysctl knows /etc/sysctl.conf only through a link such as /etc/sysctl.d/99-sysctl.conf; sysctl --system reads it
  last, even where that link made it read the file once before.
* systemd-sysctl leaves hidden files out.
* systemd-sysctl collects all settings first and writes each key once, so that a key's last setting is the only one the
  kernel sees. sysctl --system writes every one: where the kernel refuses the last, the one before it stays. writes() tells.
* A setting of one key beats patterns that match the key in both, wherever it stands. "-key" without a value takes the key
  out of patterns; in systemd-sysctl it also cancels an earlier setting of the key.
* A pattern that is set again to the value it had keeps its place among the patterns in systemd-sysctl.

Not modelled, because nobody writes it and the model would be harder to read: shell patterns in the names of files (sysctl
--system expands them), classes such as [[:alpha:]] in keys, a key with a leading or repeated separator next to a pattern
that matches it (sysctl --system then writes both), a carriage return right before a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Collection, NamedTuple, Sequence

from ._host import errno_name
from ._sysctl_lines import READERS, matches, parse, used_by, value_for

if TYPE_CHECKING:
    from ._host import Tree
    from ._snapshot_types import Assignment, BootFile, BootFiles, LineProblem

__all__ = ["DIRECTORIES", "MAIN_FILE", "READERS", "Applied", "Overridden", "applied", "collect", "earlier", "parse", "unseen", "writes"]

# The strongest first. Both readers have the same list; /lib is often a link to /usr/lib.
DIRECTORIES = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
MAIN_FILE = "/etc/sysctl.conf"

MAX_FILE_BYTES = 256 * 1024
MAX_ALL_BYTES = 4 * 1024 * 1024
MAX_FILES = 1000
MAX_LINES = 5000

_BACKUP_ENDINGS = (
    *("~", ".bak", ".old", ".orig", ".save", ".new", ".tmp", ".swp", ".swo", ".rpmnew", ".rpmsave", ".rpmorig"),
    *(".dpkg-old", ".dpkg-new", ".dpkg-dist", ".dpkg-tmp", ".dpkg-bak", ".dpkg-backup", ".dpkg-remove"),
    *(".ucf-old", ".ucf-new", ".ucf-dist", ".pacnew", ".pacsave", ".pacorig"),
)


class Applied(NamedTuple):
    """One text that a reader writes to a key.

    value: None for a secret, and in earlier() for an exclusion. path: as the reader opens it; real_path: the file to edit.
    pattern: the key as the line has it where that is a shell pattern, else "".
    """

    value: str | None
    path: str
    real_path: str
    line: int
    ignore_failure: bool
    pattern: str


class Overridden(NamedTuple):
    """A setting of a key (value, path, line) and the next one, which takes its place (by_value, by_path, by_line)."""

    key: str
    value: str | None
    path: str
    line: int
    by_value: str | None
    by_path: str
    by_line: int


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

    def collect(self) -> BootFiles:
        for directory in DIRECTORIES:
            self.folder(directory)
        self.masks()
        by_name = sorted(self.strongest.items(), key=lambda item: item[0].encode("utf-8", "surrogateescape"))
        order = {reader: [found["path"] for _name, found in by_name if reader in found["readers"]] for reader in READERS}
        self.main_file(order)
        return {"files": self.files, "order": order}

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

    def boot_file(self, path: str, name: str) -> BootFile | None:
        """One entry of a folder; None for what cannot be a sysctl file (a folder without .conf)."""
        readers = ["procps"] if name.startswith(".") else list(READERS)
        kind = self.tree.kind(path)
        if not name.endswith(".conf"):
            if kind != "file":
                return None
            readers = []
        try:
            real = self.tree.real_path(path)
        except OSError as error:
            return _boot_file(_shown(path), _despite(error, readers), "unreadable", errno_name(error))
        if kind == "null":
            self.empty.add(_shown(path))
            return _boot_file(_shown(path), readers, None, None, real)
        if kind != "file":
            return _boot_file(_shown(path), [], "unreadable", "EISDIR" if kind == "folder" else "not a regular file", _shown(real))
        if real not in self.parsed:
            self.parsed[real] = self.content(path)
        content = self.parsed[real]
        if content.empty:
            self.empty.add(_shown(path))
        because = "unreadable" if content.reason else None
        if not readers:
            because = "backup" if name.lower().endswith(_BACKUP_ENDINGS) else "name"
        found = _boot_file(_shown(path), readers, because, content.reason, _shown(real))
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
        assignments, problems = parse(data)
        if len(assignments) + len(problems) > MAX_LINES:
            return _unknown(f"more than {MAX_LINES} lines besides comments")
        return _Content(None, not data, assignments, problems)


def _shown(path: str) -> str:
    """A path as text that any file and any terminal can take: bytes that are not UTF-8 become U+FFFD."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


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


def unseen(boot_files: BootFiles, reader: str) -> list[str]:
    """Files that the reader ("systemd" or "procps") reads and whose content is not known here: what they set may be anything."""
    return [found["path"] for found in boot_files["files"] if found["unread_because"] == "unreadable" and reader in found["readers"]]


def applied(boot_files: BootFiles, reader: str, keys: Collection[str]) -> dict[str, Applied]:
    """What the reader writes last to each key, for the keys given (those that exist, for patterns) and those named in the files.

    A key that the reader leaves alone is not in the result.
    """
    return {key: texts[-1] for key, texts in writes(boot_files, reader, keys).items()}


def writes(boot_files: BootFiles, reader: str, keys: Collection[str]) -> dict[str, list[Applied]]:
    """Everything that the reader writes to each key, in order; where the kernel refuses a text, the one before it stays.

    reader: "systemd" or "procps". keys: dotted keys, for the shell patterns in the files; keys that the files name are added.
    """
    explicit, patterns = _settings(boot_files, reader, boot_files["order"].get(reader, []))
    result: dict[str, list[Applied]] = {}
    for key in dict.fromkeys([*keys, *explicit]):
        settings = explicit.get(key) or _matching(patterns, reader, key)
        if reader == "systemd":
            settings = _latest(settings)
        texts = [setting.applied for setting in settings if not setting.excludes]
        if texts:
            result[key] = texts
    return result


def earlier(boot_files: BootFiles, reader: str, keys: Collection[str]) -> list[Overridden]:
    """The settings that a later one takes the place of, key by key, each with the next one; values may be the same.

    A pattern that gives way to a setting of the one key is not among them: that is what such settings are for. A file that is
    read twice through a link counts once, at its last reading. For systemd-sysctl an exclusion that cancels a setting is.
    Same path: the file says it twice. Different paths: one file overrides another.
    """
    order = boot_files["order"].get(reader, [])
    real_paths = {found["path"]: found["real_path"] for found in boot_files["files"]}
    last_reading = {real_paths.get(path, path): index for index, path in enumerate(order)}
    once = [path for index, path in enumerate(order) if last_reading[real_paths.get(path, path)] == index]
    explicit, patterns = _settings(boot_files, reader, once)
    result: list[Overridden] = []
    for key in dict.fromkeys([*keys, *explicit]):
        settings = explicit.get(key) or _matching(patterns, reader, key)
        if reader != "systemd":
            settings = [setting for setting in settings if not setting.excludes]
        for first, second in zip(settings, settings[1:]):
            if not first.excludes:
                lost, by = first.applied, second.applied
                result.append(Overridden(key, lost.value, lost.path, lost.line, by.value, by.path, by.line))
    return result


class _Setting(NamedTuple):
    """excludes: the line takes its key out of patterns and sets nothing."""

    applied: Applied
    excludes: bool


def _settings(boot_files: BootFiles, reader: str, order: Sequence[str]) -> tuple[dict[str, list[_Setting]], list[_Setting]]:
    """The settings of single keys, by key, and those of patterns, all in reading order."""
    files = {found["path"]: found for found in boot_files["files"]}
    explicit: dict[str, list[_Setting]] = {}
    patterns: list[_Setting] = []
    newest: dict[str, _Setting] = {}
    for path in order:
        found = files.get(path)
        if found is None:
            continue
        for assignment in used_by(reader, found):
            key, is_glob = assignment["key"], assignment["is_glob"]
            value = value_for(reader, assignment["value"])
            excludes = value is None and not assignment["secret"]
            text = Applied(value, path, found["real_path"], assignment["line"], assignment["ignore_failure"], key if is_glob else "")
            setting = _Setting(text, excludes)
            if not is_glob:
                explicit.setdefault(key, []).append(setting)
            elif reader == "systemd" and key in newest and newest[key].applied.value == value and newest[key].excludes == excludes:
                pass  # the same again: the pattern keeps its place
            else:
                newest[key] = setting
                patterns.append(setting)
    return explicit, patterns


def _matching(patterns: list[_Setting], reader: str, key: str) -> list[_Setting]:
    return [setting for setting in patterns if matches(setting.applied.pattern, reader, key)]


def _latest(settings: list[_Setting]) -> list[_Setting]:
    """What systemd-sysctl keeps of the settings of one key: each pattern (or the key itself) once, where it was set last."""
    kept: dict[str, _Setting] = {}
    for setting in settings:
        kept.pop(setting.applied.pattern, None)
        kept[setting.applied.pattern] = setting
    return list(kept.values())
