# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""How rules ask for boot files: what they set, and what holds after the next boot."""

from __future__ import annotations

import dataclasses
import functools
import typing as t

from ...module_utils._sysctl import _boot_order as boot_order
from ...module_utils._sysctl._after_boot import AT_START, Write, boot, last_words
from ...module_utils._sysctl._boot_writers import boot_sequence
from ...module_utils._sysctl._keys import SYSCTL_KEYS, concerns_tcp
from ...module_utils._sysctl._lines import READERS, matches
from ._base import MissingFactError
from ._view_keys import UNPRIVILEGED_PORT_START, KeyView

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from .._snapshot_types import Assignment, BootFile, BootFiles

IPV4 = "net.ipv4."


@dataclasses.dataclass(frozen=True)
class BootSetting:
    """A boot-file line that sets one concrete key (a line with a glob makes one setting per key that it matches)."""

    key: str
    file: BootFile
    assignment: Assignment

    @property
    def text(self) -> str:
        return self.assignment["value"] or ""

    @property
    def path(self) -> str:
        """The file to edit, behind links."""
        return self.file["real_path"]

    @property
    def line(self) -> int:
        return self.assignment["line"]


@dataclasses.dataclass(frozen=True)
class BootValue:
    """What a key holds after boot: its raw value, the line that set it, and the program that did."""

    raw: str
    setting: boot_order.Applied
    program: str


class BootView(KeyView):
    """The same view, asked for boot files."""

    @property
    def boot_files(self) -> BootFiles:
        if self.snapshot["boot_files"] is None:
            raise MissingFactError("boot files were not observed")
        return self.snapshot["boot_files"]

    def unread_boot_files(self) -> list[str]:
        """Paths of the boot files that a reader reads and whose content is not known; without scripts, see unread_scripts."""
        programs = (*READERS, *(writer["name"] for writer in self.boot_files["writers"] or () if writer["order"] != "unknown"))
        return self._unread(*programs)

    def unread_scripts(self) -> list[str]:
        """Paths of the scripts, or of folders of them, that run at some time of a boot and whose content is not known."""
        return self._unread(*(writer["name"] for writer in self.boot_files["writers"] or () if writer["order"] == "unknown"))

    def _unread(self, *programs: str) -> list[str]:
        return sorted({path for program in programs for path in boot_order.unseen(self.boot_files, program)})

    @functools.cached_property
    def known_keys(self) -> list[str]:
        """Concrete keys that a glob in a boot file can match."""
        present = [key for key, found in (self.snapshot["sysctl"] or {}).items() if found["state"] != "absent"]
        names = self.snapshot["ipv4_keys"]
        if names is None:
            return sorted({*present, *SYSCTL_KEYS})
        return sorted({*present, *(IPV4 + name for name in names)})

    @functools.cached_property
    def boot_reader(self) -> str:
        """The reader that sets the keys at boot: the one that the init starts, or else systemd-sysctl where no other init is known.

        Where some other program may set them, or none, it is not guessed.
        """
        files = self.boot_files
        if files["applied_by"]:
            return files["applied_by"]
        if files["why_not_applied"]:
            raise MissingFactError(files["why_not_applied"])
        if self.snapshot["host"]["init"] == "other":
            raise MissingFactError("this host boots without systemd, and which program applies sysctl files at its boot is not known")
        return "systemd"

    def saved_keys(self) -> set[str]:
        """Keys that a line of some boot file sets, whichever program reads it."""
        return {setting.key for setting in self.boot_settings(*SYSCTL_KEYS)}

    @functools.cached_property
    def boot_sequence(self) -> list[str]:
        """Who sets keys at boot, one after the other: the reader of sysctl.d, and those who write before and after it."""
        return boot_sequence(self.boot_files, self.boot_reader)

    @functools.cached_property
    def at_start(self) -> dict[str, str]:
        """What keys hold before the first write of a boot, as far as that is known."""
        start = {key: key_of.default for key, key_of in SYSCTL_KEYS.items() if key_of.default is not None}
        start.update(AT_START)
        if self.shown(UNPRIVILEGED_PORT_START) == "absent":
            # Kernels before 4.11 have no bound for the range.
            start[UNPRIVILEGED_PORT_START] = "1"
        return start

    def boot_writes(self, *programs: str) -> list[Write]:
        """What programs write to SYSCTL_KEYS one after the other, each with what the kernel makes of it."""
        if programs not in self._boots:
            self._boots[programs] = list(boot(self.boot_files, programs, self.known_keys, self.at_start))
        return self._boots[programs]

    @functools.cached_property
    def _boots(self) -> dict[tuple[str, ...], list[Write]]:
        return {}

    def boot_values(self, *programs: str) -> dict[str, BootValue]:
        """What each of SYSCTL_KEYS holds after programs have written one after the other, as far as they set it and it is known."""
        return {
            key: BootValue(" ".join(write.raw.split()), write.text, write.program)
            for key, write in last_words(self.boot_writes(*programs)).items()
            if write.raw is not None and key in SYSCTL_KEYS
        }

    def unknown_at_boot(self) -> list[Write]:
        """The last writes of a boot to those of SYSCTL_KEYS whose value is only known to the program that works it out."""
        ends = last_words(self.boot_writes(*self.boot_sequence))
        return [write for key, write in ends.items() if write.raw is None and key in SYSCTL_KEYS]

    @functools.cached_property
    def boot_end(self) -> dict[str, BootValue]:
        """What each of SYSCTL_KEYS holds after a boot; nothing where it is not known what runs at boot."""
        try:
            return self.boot_values(*self.boot_sequence)
        except MissingFactError:
            return {}

    def boot_settings(self, *wanted: str) -> Iterator[BootSetting]:
        """Every line of a file that some reader reads, for these keys (all TCP keys where none is named), patterns included."""
        seen = set()
        for file in self.boot_files["files"]:
            if file["readers"] and file["real_path"] not in seen:
                seen.add(file["real_path"])
                yield from self.boot_settings_in(file, *wanted)

    def last_boot_settings(self, key: str) -> Iterator[BootSetting]:
        """Those lines of a key that win for one of the readers, or at the end of a boot."""
        real = {file["path"]: file["real_path"] for file in self.boot_files["files"]}
        ends = [self.boot_values(reader).get(key) for reader in READERS] + [self.boot_end.get(key)]
        last = [end.setting for end in ends if end]
        places = {(real[one.path], one.line) for one in last}
        return (one for one in self.boot_settings(key) if (one.path, one.line) in places)

    def boot_settings_in(self, file: BootFile, *wanted: str) -> Iterator[BootSetting]:
        """The same for one file, read or not."""
        for assignment in file["assignments"]:
            if assignment["value"] is None:
                continue
            if assignment["is_glob"]:
                candidates = wanted or [key for key in self.known_keys if concerns_tcp(key)]
                keys = [key for key in candidates if matches(assignment["key"], "systemd", key)]
            else:
                keys = [assignment["key"]] if (assignment["key"] in wanted if wanted else concerns_tcp(assignment["key"])) else []
            for key in keys:
                yield BootSetting(key, file, assignment)
