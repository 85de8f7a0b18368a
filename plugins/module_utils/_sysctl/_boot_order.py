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
* A pattern or key that is set again to the value it had keeps its place in systemd-sysctl.

Not modelled, because nobody writes it and the model would be harder to read: shell patterns in the names of files (sysctl
--system expands them), what _shell_pattern says that it does not model, a key with a leading or repeated separator next to a pattern
that matches it (sysctl --system then writes both), a carriage return right before a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Collection, Iterator, NamedTuple, Sequence

from ._lines import matches, used_by, value_for

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import BootFiles


class Applied(NamedTuple):
    """One text that a reader writes to a key.

    value: None where it is withheld, and in earlier() for an exclusion. path: as the reader opens it; real_path: the file to edit.
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
    return {key: [line.applied for line in lines] for key, lines in _written(boot_files, reader, keys)}


def in_turn(boot_files: BootFiles, reader: str, keys: Collection[str]) -> list[tuple[str, Applied]]:
    """The same writes, of all keys, in the order in which the reader makes them: each with its key."""
    lines = [(key, line) for key, lines in _written(boot_files, reader, keys) for line in lines]
    return [(key, line.applied) for key, line in sorted(lines, key=lambda one: one[1].place)]


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
    explicit, patterns = _lines(boot_files, reader, once)
    result: list[Overridden] = []
    for key in dict.fromkeys([*keys, *explicit]):
        lines = explicit.get(key) or _matching(patterns, reader, key)
        if reader != "systemd":
            lines = [line for line in lines if not line.excludes]
        for first, second in zip(lines, lines[1:]):
            if not first.excludes:
                lost, by = first.applied, second.applied
                result.append(Overridden(key, lost.value, lost.path, lost.line, by.value, by.path, by.line))
    return result


class _Line(NamedTuple):
    """excludes: the line takes its key out of patterns and sets nothing. place: how many lines were read before it."""

    applied: Applied
    excludes: bool
    place: int


def _written(boot_files: BootFiles, reader: str, keys: Collection[str]) -> Iterator[tuple[str, list[_Line]]]:
    """For each key that the reader writes, its lines."""
    explicit, patterns = _lines(boot_files, reader, boot_files["order"].get(reader, []))
    for key in dict.fromkeys([*keys, *explicit]):
        lines = explicit.get(key) or _matching(patterns, reader, key)
        if reader == "systemd":
            lines = _latest(lines)
        lines = [line for line in lines if not line.excludes]
        if lines:
            yield key, lines


def _lines(boot_files: BootFiles, reader: str, order: Sequence[str]) -> tuple[dict[str, list[_Line]], list[_Line]]:
    """The settings of single keys, by key, and those of patterns, all in reading order."""
    files = {found["path"]: found for found in boot_files["files"]}
    explicit: dict[str, list[_Line]] = {}
    patterns: list[_Line] = []
    newest: dict[str, _Line] = {}
    place = 0
    for path in order:
        found = files.get(path)
        if found is None:
            continue
        for assignment in used_by(reader, found):
            key, is_glob = assignment["key"], assignment["is_glob"]
            if reader in ("tuned", "busybox") and (is_glob or assignment["ignore_failure"]):
                continue
            value = value_for(reader, assignment["value"])
            # An older snapshot has no mark for what was withheld but that it was a secret.
            excludes = value is None and not assignment["withheld"] and not assignment["secret"]
            text = Applied(value, path, found["real_path"], assignment["line"], assignment["ignore_failure"], key if is_glob else "")
            line = _Line(text, excludes, place)
            place += 1
            if not is_glob:
                before = explicit.setdefault(key, [])
                if reader == "systemd" and before and before[-1].applied.value == value and before[-1].excludes == excludes:
                    line = line._replace(place=before[-1].place)
                before.append(line)
            elif reader == "systemd" and key in newest and newest[key].applied.value == value and newest[key].excludes == excludes:
                pass  # the same again: the pattern keeps its place
            else:
                newest[key] = line
                patterns.append(line)
    return explicit, patterns


def _matching(patterns: list[_Line], reader: str, key: str) -> list[_Line]:
    return [line for line in patterns if matches(line.applied.pattern, reader, key)]


def _latest(lines: list[_Line]) -> list[_Line]:
    """What systemd-sysctl keeps of the settings of one key: each pattern (or the key itself) once, where it was set last."""
    kept: dict[str, _Line] = {}
    for line in lines:
        kept.pop(line.applied.pattern, None)
        kept[line.applied.pattern] = line
    return list(kept.values())
