# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""From a file, or a folder of files, to the snapshot of one host."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from .. import _sysctl_a
from .._common import MAX_TEXT, SourceError, empty_snapshot, open_file, read_bytes, shown
from .._proc_files import ephemeral_ports
from ._answers import AnswerReader
from ._clean import lines_of, text_from
from ._observed import Observed, plain, short_name
from ._parts import Part, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..._snapshot_types import Snapshot

MAX_FILES = 200
_START_BYTES = 4096
_DETECTED_BYTES = 1024 * 1024
# A repository has folders of its own; a host's root, too.
_NOT_PASTES = frozenset((".git", "sos_commands", "etc", "usr", "roles", "plugins"))
# Files of which nobody expects answers of commands.
_NO_ANSWERS = (".conf", ".j2", ".md", ".sh", ".py", ".yml", ".yaml", ".nix", ".tf", ".json", ".rst", ".html")
_SETTINGS = (".conf", ".j2", ".sh", ".py", ".yml", ".yaml", ".nix", ".tf", ".json")
_SETTING = re.compile(r"-?[\w-]+(?:[./][\w:@*-]+)+[ \t]*=", re.ASCII)
# A text of nothing else is a listing or a file of settings, and is known for it at once.
_OTHER_LINE = re.compile(r"^(?![ \t]*(?:[\w-]+[./]\S*[ \t]*=|[ \t]*\r?$)).", re.MULTILINE | re.ASCII)


def is_file(start: bytes) -> bool:
    """The start of a text does not show enough: _detect asks is_paste about the whole text."""
    return False


def is_paste(data: bytes) -> bool:
    """Whether the first megabyte of a text has answers of commands.

    These are counters, sockets, lines of the kernel's log, and values under a prompt that asks for them.
    """
    try:
        text = text_from("", data[:_DETECTED_BYTES])
        if text.startswith("#!") or not _OTHER_LINE.search(text):
            return False
        return any(_is_evidence(one) for one in _observed(parts_of(lines_of(text))))
    except SourceError:
        # Two hosts in one text: only a paste can say so.
        return b"\0" not in data


def _is_evidence(observed: Observed) -> bool:
    return observed.beyond_a_listing or (observed.answered and observed.anything)


def is_folder(path: str) -> bool:
    """Whether a folder holds files with answers of commands, and is no repository and no host's root."""
    try:
        with os.scandir(path) as entries:
            found = sorted(((entry.name, entry.is_file()) for entry in entries), key=lambda one: one[0])
    except OSError:
        return False
    if len(found) > MAX_FILES or _NOT_PASTES & {name for name, _file in found}:
        return False
    names = [name for name, file in found if file and not name.endswith(_NO_ANSWERS) and not name.startswith(".")]
    return any(_starts_with_answers(os.path.join(path, name)) for name in names)


def _starts_with_answers(path: str) -> bool:
    try:
        with open_file(path) as handle:
            return is_paste(handle.read(_START_BYTES))
    except (SourceError, OSError):
        return False


def load(path: str) -> Snapshot:
    """The snapshot of the one host that the text, or the files of the folder, show.

    :raises SourceError: it cannot be read, shows nothing that can be audited, or shows two hosts that cannot be told apart.
    """
    not_seen: list[str] = []
    if os.path.isdir(path):
        parts = [part for name, data in _files(path, not_seen) for part in _parts(path, name, data, not_seen)]
    else:
        parts = parts_of(lines_of(text_from(path, read_bytes(path))))
    hosts = [one for one in _observed(parts) if one.anything]
    if not hosts:
        raise SourceError(
            f"{path}: has no answer of a command that is understood. Give the output of these commands: sysctl -a; netstat -s; ss -tan."
        )
    snapshot = _snapshot(path, hosts[0])
    snapshot["not_seen"] += not_seen
    if len(hosts) > 1:
        others = ", ".join(plain(one.label) if one.label else "lines without a host's name" for one in hosts[1:10])
        snapshot["not_seen"].append(f"Only the host {shown(hosts[0].label or 'without a name')} was checked. Left out: {others}.")
    return snapshot


def _files(path: str, not_seen: list[str]) -> Iterable[tuple[str, bytes]]:
    """Name and content of the files of a folder, as long as there is room for them."""
    room = MAX_TEXT
    folder = os.path.realpath(path)
    names = sorted(os.listdir(path))
    if len(names) > MAX_FILES:
        not_seen.append(f"{len(names) - MAX_FILES} files were not read: the limit is {MAX_FILES}.")
    for name in names[:MAX_FILES]:
        place = os.path.join(path, name)
        if os.path.commonpath([folder, os.path.realpath(place)]) != folder:
            not_seen.append(f"{shown(name)} was not read: it is a link that leads out of the folder.")
        elif os.path.isdir(place):
            not_seen.append(f"{shown(name)} was not read: it is a folder.")
        else:
            try:
                data = read_bytes(place, room)
            except SourceError as error:
                not_seen.append(f"{shown(name)} was not read: {str(error).rpartition(place + ': ')[2]}.")
                continue
            room -= len(data)
            yield name, data


def _parts(path: str, name: str, data: bytes, not_seen: list[str]) -> list[Part]:
    try:
        lines = lines_of(text_from(os.path.join(path, name), data))
    except SourceError:
        not_seen.append(f"{shown(name)} was not read: it is no text.")
        return []
    parts = parts_of(lines, plain(name))
    if name.endswith(_SETTINGS) or _sets(lines):
        for part in parts:
            part.settings = True
    return parts


def _sets(lines: list[str]) -> bool:
    """Whether a file has settings and remarks, and nothing else: sysctl prints no remarks."""
    used = [line.strip() for line in lines if line.strip()]
    remarks = sum(line.startswith(("#", ";")) for line in used)
    return 0 < remarks < len(used) and all(line.startswith(("#", ";")) or _SETTING.match(line) for line in used)


def _observed(parts: Sequence[Part]) -> list[Observed]:
    """What is seen of each host, in the order in which they appear. Parts without a name belong to the only host that has one."""
    named: dict[str, list[Part]] = {}
    for part in parts:
        named.setdefault(short_name(part.host) if part.host else "", []).append(part)
    hosts = {label: _read(label or None, its_parts) for label, its_parts in named.items()}
    with_name = [label for label, one in hosts.items() if label and one.anything]
    if len(with_name) == 1 and "" in hosts and hosts[""].anything:
        mine = [part for part in parts if not part.host or short_name(part.host) == with_name[0]]
        return [_read(with_name[0], mine)]
    return list(hosts.values())


def _read(label: str | None, parts: Sequence[Part]) -> Observed:
    observed = Observed(label)
    for part in parts:
        AnswerReader(part, observed).read()
    return observed


def _snapshot(path: str, seen: Observed) -> Snapshot:
    if not seen.values and not seen.errors and not seen.counters and not seen.kernel_log:
        what = "a list of sockets alone is" if seen.sockets.tables else "numbers of sockets alone are"
        raise SourceError(f"{path}: {what} not enough. Add the output of sysctl -a to the text, or put both into one folder.")
    snapshot = empty_snapshot("paste", path)
    if seen.values or seen.errors:
        listing = [f"{key} = {value}" for key, value in seen.values.items()]
        _sysctl_a.fill_in(snapshot, "\n".join([*listing, *seen.errors, ""]), path)
    else:
        snapshot["not_seen"].append(f"{path} has no values of sysctl keys: add the output of sysctl -a.")
    host = snapshot["host"]
    host["hostname"] = seen.hostname or host["hostname"] or seen.label
    host["kernel_release"] = host["kernel_release"] or seen.release
    host["uptime_seconds"] = seen.uptime
    snapshot["counters"] = seen.counters or None
    snapshot["sockstat"] = seen.sockstat or None
    snapshot["sockets"], partial = seen.sockets.result(ephemeral_ports(snapshot))
    snapshot["excerpt"] = {
        "counters": sorted(seen.counters.keys() - seen.whole_groups),
        "sockets": partial,
        "kernel_log": dict(sorted(seen.kernel_log.items())),
    }
    snapshot["not_seen"] += seen.sentences()
    return snapshot
