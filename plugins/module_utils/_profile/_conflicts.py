# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The lines of other boot files, and of programs that write after them, that would override the boot file of a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping, NamedTuple, Optional

from .._sysctl._after_boot import AT_START, PORT_RANGE, UNPRIVILEGED_PORT_START, boot
from .._sysctl._boot_files import collect
from .._sysctl._boot_order import applied, earlier
from .._sysctl._boot_writers import OWN_SYNTAX, later_writers
from .._sysctl._keys import Refused, same, sysctl_key
from .._sysctl._lines import READERS

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import BootFiles
    from .._sysctl._after_boot import Write
    from ._boot_file import Planned

_BOUNDED_BY = {PORT_RANGE: UNPRIVILEGED_PORT_START, UNPRIVILEGED_PORT_START: PORT_RANGE}


class OverridingLine(NamedTuple):
    """A line that takes the place of ours. line: None where another file hides ours altogether. value: None where it sets nothing.

    reader: who reads the line. key: ours, or the one whose value makes the kernel refuse ours.
    """

    key: str
    reader: str
    path: str
    line: Optional[int]
    value: Optional[str]


def conflicts(tree: Planned, boot_file: str, wanted: Mapping[str, str]) -> list[OverridingLine]:
    """The lines that come after ours and set something else, for each reader and each of our keys.

    boot_file: real path of a file that the tree has. wanted: key to the value in it.
    """
    files = collect(tree)
    real = {found["path"]: found["real_path"] for found in files["files"]}
    found: list[OverridingLine] = []
    for reader in dict.fromkeys((*READERS, files["applied_by"] or READERS[0])):
        ours = [path for path in files["order"].get(reader, []) if real.get(path) == boot_file]
        if not ours:
            hiding = _hiding(files, boot_file)
            found += [OverridingLine(key, reader, hiding, None, None) for key in wanted]
            continue
        found += [*_later(files, reader, boot_file, wanted), *_refusing(files, reader, boot_file, wanted)]
    return found + _other_programs(files, boot_file, wanted)


def not_known(tree: Planned, boot_file: str, live: bool) -> list[str]:
    """Sentences about what nobody can say of the next boot: files that are read after ours, and whether ours is applied at all.

    live: whether this host is the one that boots.
    """
    files = collect(tree)
    found: dict[str, str] = {}
    if live and files["why_not_applied"]:
        found[""] = f"{boot_file} may have no effect at the next boot: {files['why_not_applied']}"
    by_path = {one["path"]: one for one in files["files"]}
    for reader in (*READERS, *later_writers(files)):
        order = files["order"].get(reader, [])
        ours = [place for place, path in enumerate(order) if path in by_path and by_path[path]["real_path"] == boot_file]
        for path in order[ours[-1] + 1 if ours else 0 :]:
            one = by_path.get(path)
            if one and one["unread_because"] == "unreadable":
                found[path] = f"{path} comes after {boot_file} at boot and may override it: what it sets is not known ({one['reason']})"
    return list(found.values())


def _hiding(files: BootFiles, boot_file: str) -> str:
    return next((str(one["masked_by"]) for one in files["files"] if one["real_path"] == boot_file and one["masked_by"]), boot_file)


def _later(files: BootFiles, reader: str, boot_file: str, wanted: Mapping[str, str]) -> list[OverridingLine]:
    real = {found["path"]: found["real_path"] for found in files["files"]}
    last = applied(files, reader, wanted)
    later: dict[str, list[OverridingLine]] = {}
    for one in earlier(files, reader, wanted):
        if one.key in wanted and (one.key in later or real[one.path] == boot_file):
            later.setdefault(one.key, []).append(OverridingLine(one.key, reader, real[one.by_path], one.by_line, one.by_value))
    found = []
    for key, ours in wanted.items():
        if key in last and same(sysctl_key(key), last[key].value or "", ours):
            continue
        found += [one for one in later.get(key, ()) if one.value is None or not same(sysctl_key(key), one.value, ours)]
    return found


def _refusing(files: BootFiles, reader: str, boot_file: str, wanted: Mapping[str, str]) -> list[OverridingLine]:
    """The lines before ours that make the kernel refuse ours: the port range and the first unprivileged port bound one another."""
    found = []
    last: dict[str, Write] = {}
    for write in boot(files, [reader], list(wanted), AT_START):
        blamed = last.get(_BOUNDED_BY.get(write.key, ""))
        if not isinstance(write.answer, Refused):
            last[write.key] = write
        elif write.text.real_path == boot_file and write.key in wanted and blamed and blamed.text.real_path != boot_file:
            found.append(OverridingLine(blamed.key, reader, blamed.text.real_path, blamed.text.line, blamed.text.value))
    return found


def _other_programs(files: BootFiles, boot_file: str, wanted: Mapping[str, str]) -> list[OverridingLine]:
    """The lines of programs that write after the readers of sysctl.d, where the last of them leaves another value than ours."""
    programs = later_writers(files)
    later: dict[str, list[Write]] = {}
    for write in boot(files, [files["applied_by"] or READERS[0], *programs], list(wanted), AT_START):
        if write.program in programs and write.key in wanted and not isinstance(write.answer, Refused):
            later.setdefault(write.key, []).append(write)
    return [
        OverridingLine(key, write.program, write.text.real_path, write.text.line, write.text.value)
        for key, ours in wanted.items()
        if key in later and not _same(key, later[key][-1].raw, ours)
        for write in later[key]
        if write.text.real_path != boot_file and not _same(key, write.raw, ours)
    ]


def _same(key: str, value: Optional[str], ours: str) -> bool:
    return value is not None and same(sysctl_key(key), value, ours)


def may_be_edited(path: str, reader: str = "") -> bool:
    """Files of packages, and files that a boot removes, are not edited; nor are those in another syntax than sysctl.d's."""
    return path.startswith("/etc/") and reader not in OWN_SYNTAX
