# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The boot file of a profile: its text, whose it is, and the lines of other boot files that would override it."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Collection, Mapping, NamedTuple, Optional, Sequence

from .._sysctl._boot_files import DIRECTORIES, collect
from .._sysctl._boot_order import applied, earlier
from .._sysctl._keys import SYSCTL_KEYS, Accepted, kernel_reads, same
from .._sysctl._lines import READERS, parse
from ._machine import ProfileError

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import BootFiles
    from .._tree import HostTree

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}\.conf\Z")
_HEADER = re.compile(r"# Managed by linux_tcp\.hardening for the profile [a-z0-9_]+, checksum ([0-9a-f]{8})\.\n")


def check_path(path: str) -> None:
    """Raises ProfileError where no reader of sysctl files would take the path, or where it is not a plain one."""
    folder, _slash, name = path.rpartition("/")
    if folder not in DIRECTORIES or not _NAME.match(name):
        raise ProfileError(f"boot_file {path[:200]!r} must be a name ending in .conf, directly in one of {', '.join(DIRECTORIES)}")


def render(name: str, claims: Sequence[str], lines: Mapping[str, str]) -> str:
    """The text of the boot file. lines: key, with "-" before it where the readers are to forgive its absence, to value."""
    text = (
        "# Do not edit it: the next run replaces it, and keeps an edited one beside it.\n"
        f"# The way back: the module linux_tcp.hardening.tcp_profile with name: {name} and state: absent.\n"
    )
    if claims:
        text += f"# It rests on {', '.join(claims)}.\n"
    text += "\n" + "".join(f"{key} = {value}".rstrip() + "\n" for key, value in lines.items())
    return f"# Managed by linux_tcp.hardening for the profile {name}, checksum {_checksum(text)}.\n{text}"


def _checksum(text: str) -> str:
    return f"{zlib.crc32(text.encode('latin-1')):08x}"


def whose(text: str) -> str:
    """ "ours", "edited" (ours once), or "foreign"."""
    header = _HEADER.match(text)
    if not header:
        return "foreign"
    return "ours" if header.group(1) == _checksum(text[header.end() :]) else "edited"


def values(text: str) -> dict[str, str]:
    """What a boot file sets, by key, the last setting of each."""
    return {one["key"]: one["value"] for one in parse(text.encode("latin-1"))[0] if one["value"] is not None}


def shown(text: str) -> str:
    """A boot file's text for a diff: as text, and without lines that hold a secret."""
    readable = text.encode("latin-1").decode("utf-8", "replace")
    assignments, problems = parse(readable)
    hidden = {one["line"] for one in assignments if one["secret"]} | {one["line"] for one in problems if "secret" in one["problem"]}
    lines = readable.split("\n")
    return "\n".join("(a secret, not shown)" if number in hidden else line for number, line in enumerate(lines, 1))


def backup_name(path: str, text: str) -> str:
    """Where an edited boot file is kept: beside it, under a name that no reader takes, the same for the same text."""
    return f"{path}.edited-{_checksum(text)}.bak"


def _mark(boot_file: str) -> str:
    return f"# {boot_file} has this key (linux_tcp.hardening): "


def comment_out(text: str, lines: set[int], boot_file: str) -> str:
    mark = _mark(boot_file)
    return "\n".join(mark + line if number in lines else line for number, line in enumerate(text.split("\n"), 1))


def uncomment(text: str, boot_file: str) -> str:
    """The text without our marks; the lines behind them count again."""
    mark = _mark(boot_file)
    return "\n".join(line[len(mark) :] if line.startswith(mark) else line for line in text.split("\n"))


class Planned:
    """A host's files as they will be. texts: real path to text (Latin-1), None for a file that will be gone. A Tree."""

    def __init__(self, host: HostTree, texts: Mapping[str, Optional[str]]) -> None:
        self._host = host
        self._texts = texts

    def read(self, path: str, limit: int) -> bytes:
        text = self._texts.get(self.real_path(path))
        return self._host.read(path, limit) if text is None else text.encode("latin-1")[: limit + 1]

    def names(self, path: str) -> list[str]:
        folder = real_folder(self._host, path)
        ours = {real.rpartition("/")[2]: text for real, text in self._texts.items() if real.rpartition("/")[0] == folder}
        try:
            names = set(self._host.names(path))
        except FileNotFoundError:
            if not any(text is not None for text in ours.values()):
                raise
            names = set()
        gone = {name for name, text in ours.items() if text is None}
        return sorted((names | set(ours)) - gone)

    def real_path(self, path: str) -> str:
        try:
            return self._host.real_path(path)
        except FileNotFoundError:
            folder, _slash, name = path.rpartition("/")
            real = real_folder(self._host, folder) + "/" + name
            if self._texts.get(real) is not None or any(planned.startswith(path + "/") for planned in self._texts):
                return real
            raise

    def kind(self, path: str) -> str:
        try:
            real = self.real_path(path)
        except OSError:
            return self._host.kind(path)
        if real in self._texts:
            return "missing" if self._texts[real] is None else "file"
        return self._host.kind(path)


def real_folder(host: HostTree, folder: str) -> str:
    """The folder with links resolved; a folder that is not there yet is its own."""
    try:
        return host.real_path(folder)
    except FileNotFoundError:
        return folder


def real_name(host: HostTree, boot_file: str) -> str:
    """The boot file's path with links in its folder resolved; the file need not be there."""
    folder, _slash, name = boot_file.rpartition("/")
    return f"{real_folder(host, folder)}/{name}"


def set_by_others(host: HostTree, boot_file: str, keys: Collection[str]) -> dict[str, str]:
    """What boot sets without our file, by key: what systemd-sysctl sets, or else what sysctl --system does."""
    files = collect(Planned(host, {real_name(host, boot_file): None}))
    found: dict[str, str] = {}
    for reader in READERS:
        for key, one in applied(files, reader, keys).items():
            answer = kernel_reads(SYSCTL_KEYS[key], one.value or "") if key in SYSCTL_KEYS else None
            if isinstance(answer, Accepted) and answer.raw is not None:
                found.setdefault(key, answer.raw)
    return found


class Conflict(NamedTuple):
    """A line that takes the place of ours. line: None where another file hides ours altogether. value: None where it sets nothing."""

    key: str
    reader: str
    path: str
    line: Optional[int]
    value: Optional[str]


def conflicts(tree: Planned, boot_file: str, wanted: Mapping[str, str]) -> list[Conflict]:
    """The lines that come after ours and set something else, for each reader and each of our keys.

    boot_file: real path of a file that the tree has. wanted: key to the value in it.
    """
    files = collect(tree)
    real = {found["path"]: found["real_path"] for found in files["files"]}
    found = []
    for reader in READERS:
        ours = [path for path in files["order"][reader] if real.get(path) == boot_file]
        if not ours:
            hiding = _hiding(files, boot_file)
            found += [Conflict(key, reader, hiding, None, None) for key in wanted]
            continue
        found += _later(files, reader, boot_file, wanted)
    return found


def _hiding(files: BootFiles, boot_file: str) -> str:
    return next((str(one["masked_by"]) for one in files["files"] if one["real_path"] == boot_file and one["masked_by"]), boot_file)


def _later(files: BootFiles, reader: str, boot_file: str, wanted: Mapping[str, str]) -> list[Conflict]:
    real = {found["path"]: found["real_path"] for found in files["files"]}
    last = applied(files, reader, wanted)
    later: dict[str, list[Conflict]] = {}
    for one in earlier(files, reader, wanted):
        if one.key in wanted and (one.key in later or real[one.path] == boot_file):
            later.setdefault(one.key, []).append(Conflict(one.key, reader, real[one.by_path], one.by_line, one.by_value))
    found = []
    for key, ours in wanted.items():
        if key in last and same(SYSCTL_KEYS[key], last[key].value or "", ours):
            continue
        found += [one for one in later.get(key, ()) if one.value is None or not same(SYSCTL_KEYS[key], one.value, ours)]
    return found


def may_be_edited(path: str) -> bool:
    """Files that belong to packages or that do not outlive a boot are left as they are."""
    return path.startswith("/etc/")
