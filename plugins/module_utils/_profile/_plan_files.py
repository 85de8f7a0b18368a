# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Plan files: the boot file, its folder and backup, and lines of other files that would override it. Pure: reads nothing."""

from __future__ import annotations

import os
from typing import Dict, Mapping, NamedTuple, Optional, Union

from .._sysctl._keys import SYSCTL_KEYS
from ._boot_file import Planned, backup_name, comment_out, render, uncomment, whose
from ._conflicts import OverridingLine, conflicts, may_be_edited, not_known
from ._errors import ProfileError
from ._observe import Observed
from ._options import Options
from ._plan_keys import AT_BOOT, KeyPlan, in_order
from ._steps import Boot, File, FileStep, FolderStep, Record, flat


class FilePlan(NamedTuple):
    """steps: in order. boot: what is remembered afterwards. lines: key to value in the boot file.

    conflicts: each with whether it is dealt with. not_known: sentences about what may override the boot file.
    """

    steps: list[Union[FileStep, FolderStep]]
    boot: Optional[Boot]
    lines: Dict[str, str]
    conflicts: list[tuple[OverridingLine, bool]]
    not_known: list[str]


def plan_files(options: Options, observed: Observed, record: Record, keys: KeyPlan) -> FilePlan:
    """What becomes of the files. Raises ProfileError where somebody besides root could tamper with the boot file's folder."""
    lines = _boot_lines(options, observed, keys)
    folder = options.boot_file.rpartition("/")[0]
    if lines and folder in observed.unsafe_folders:
        raise ProfileError(observed.unsafe_folders[folder])
    now, old = observed.files[options.boot_file], record.boot
    foreign = now is not None and whose(now.text) == "foreign"
    original = old.original if old else now if foreign else None
    # A file of somebody else that took the place of ours stays where it is.
    replaced = old is not None and foreign and now != original
    after: Optional[File] = now if replaced else original
    if lines:
        after = File(render(options.boot_file, options.name, options.claims, lines), 0o644, os.geteuid(), os.getegid())
    made_folder = old.made_folder if old else bool(lines) and not observed.boot_folder_exists

    steps: list[Union[FileStep, FolderStep]] = []
    if now != after:
        if lines and not observed.boot_folder_exists:
            steps.append(FolderStep(folder, True))
        edited = now is not None and (replaced or whose(now.text) == "edited")
        steps += _backup(options, observed, now if edited else None)
        steps.append(FileStep(options.boot_file, now, after))
    elif replaced and not lines:
        steps += _backup(options, observed, original)
    ours = {key.lstrip("-"): value for key, value in lines.items()}
    plain = _without_our_comments(options, observed, record)
    texts, found = _conflicts(options, observed, plain, ours, after) if lines and after else (plain, [])
    steps += _edits(observed, texts)
    if not lines and made_folder and not after:
        steps.append(FolderStep(folder, False))
    commented = {path: _plain_text(observed, plain, path) for path, text in texts.items() if text != _plain_text(observed, plain, path)}
    planned = Planned(observed.boot_tree, {**texts, observed.real_boot_file: after.text}) if lines and after else None
    unsure = not_known(planned, observed.real_boot_file, options.live) if planned else []
    return FilePlan(steps, Boot(original, made_folder, commented) if lines else None, ours, found, unsure)


def _boot_lines(options: Options, observed: Observed, keys: KeyPlan) -> Dict[str, str]:
    """The lines in an order in which no reader is refused at boot, where the kernel's defaults are what they meet."""
    if not options.present:
        return {}
    # Of a key that the collection does not know nobody can say that it is there at every boot: its interface or module may come later.
    dash = {key: "-" if observed.keys[key] is None or key not in SYSCTL_KEYS else "" for key in keys.targets}
    return {dash[key] + key: flat(keys.targets[key]) for key in in_order(keys.targets, AT_BOOT)}


def _backup(options: Options, observed: Observed, file: Optional[File]) -> list[FileStep]:
    """A copy beside the boot file, unless there is one already."""
    if not file:
        return []
    backup = backup_name(options.boot_file, file.text)
    return [FileStep(backup, None, file)] if observed.files[backup] is None else []


def _without_our_comments(options: Options, observed: Observed, record: Record) -> Dict[str, str]:
    """The text of each file in which lines were commented out, with these lines as they were."""
    files = {path: observed.files[path] for path in (record.boot.commented if record.boot else ())}
    return {path: uncomment(file.text, options.boot_file) for path, file in files.items() if file}


def _conflicts(
    options: Options, observed: Observed, plain: Mapping[str, str], ours: Mapping[str, str], boot_file: File
) -> tuple[Dict[str, str], list[tuple[OverridingLine, bool]]]:
    """The texts of other files as they will be, and the conflicts, each with whether it is then dealt with."""

    def left(texts: Mapping[str, str]) -> list[OverridingLine]:
        planned = Planned(observed.boot_tree, {**texts, observed.real_boot_file: boot_file.text})
        return conflicts(planned, observed.real_boot_file, ours)

    texts = dict(plain)
    found = left(texts)
    if not found or options.on_conflict != "comment_out":
        return texts, [(one, False) for one in found]
    lines: Dict[str, set[int]] = {}
    for one in found:
        if one.line is not None and may_be_edited(one.path, one.reader) and one.path.rpartition("/")[0] not in observed.unsafe_folders:
            lines.setdefault(one.path, set()).add(one.line)
    for path, numbers in lines.items():
        if observed.files.get(path):
            texts[path] = comment_out(_plain_text(observed, plain, path), numbers, options.boot_file)
    remaining = set(left(texts))
    return texts, [(one, one not in remaining) for one in found]


def _plain_text(observed: Observed, plain: Mapping[str, str], path: str) -> str:
    file = observed.files[path]
    return plain.get(path, file.text if file else "")


def _edits(observed: Observed, texts: Mapping[str, str]) -> list[FileStep]:
    steps = []
    for path, text in texts.items():
        file = observed.files[path]
        if file and file.text != text:
            steps.append(FileStep(path, file, file._replace(text=text)))
    return steps
