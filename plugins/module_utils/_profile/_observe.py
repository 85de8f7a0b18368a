# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Observe: everything that a plan needs to know of the host, read once. The plan itself (_plan_keys, _plan_files) reads nothing."""

from __future__ import annotations

from typing import Callable, Dict, Mapping, NamedTuple, Optional, Sequence, TypeVar

from .._sysctl._boot_files import collect
from .._tree import Tree
from ._boot_file import Planned, backup_name, real_name
from ._conflicts import may_be_edited
from ._errors import ProfileError
from ._machine import Machine
from ._options import Options
from ._reserved_ports import RANGE, RESERVED, UNPRIVILEGED, Listening, Question, ask
from ._steps import File, Record

CONGESTION = "net.ipv4.tcp_congestion_control"
_IPV4 = "/proc/sys/net/ipv4"

T = TypeVar("T")


class Observed(NamedTuple):
    """keys: key to raw value, None where the kernel does not have it. memory_bytes: None where it is not known or not needed.

    question, listening: who listens; None where nobody asks, or no port can be reserved. boot_tree: the files that are read at boot,
    none where scope leaves them out. real_boot_file: the boot file's path behind links. files: path to file, None where there is
    none: the boot file, its backup, and those with lines that are or may be commented out. boot_folder_exists: that of the boot
    file. unsafe_folders: folder to the reason why nothing is written there. unknown: the keys of the settings that neither the host
    has nor the collection knows, each with the names of keys that are like it. congestion: why the kernel would refuse the algorithm of
    congestion control.
    """

    keys: Mapping[str, Optional[str]]
    memory_bytes: Optional[int]
    question: Optional[Question]
    listening: Optional[Listening]
    boot_tree: Tree
    real_boot_file: str
    files: Mapping[str, Optional[File]]
    boot_folder_exists: bool
    unsafe_folders: Mapping[str, str]
    unknown: Mapping[str, Sequence[str]]
    congestion: Optional[str]


def observe(options: Options, machine: Machine, record: Record, look: Callable[[Question], Listening]) -> Observed:
    """Read the host. Raises ProfileError where it has no sysctl keys of IPv4, and OSError where a key or a file cannot be read.

    look: asks who listens; it is called only where the options want ports reserved.
    """
    if options.live and options.present and machine.disk.tree.kind(_IPV4) == "missing":
        raise ProfileError(f"{_IPV4} does not exist here. In an image build, use scope: boot")
    reserve = options.live and options.present and options.reserve_listening_ports
    needs_memory = options.live and any(setting.bytes_each for setting in options.settings)
    boot_tree, real_boot_file = BootTree(), ""
    files: Dict[str, Optional[File]] = {}
    if options.boot:
        files[options.boot_file] = machine.file(options.boot_file)
        for path in record.boot.commented if record.boot else ():
            files[path] = machine.file(path)
        known = {path: file.text if file else None for path, file in machine.files.items() if path != options.boot_file}
        boot_tree = BootTree(Planned(machine.disk.tree, known))
        real_boot_file = real_name(machine.disk.tree, options.boot_file)
        files.update(_more_files(options, machine, boot_tree, files, record))
    folders = {path.rpartition("/")[0] for path in (options.boot_file, *files)} if options.boot else set()
    keys = {key: _raw(options, machine, key) for key in _keys(options, record, reserve)}
    texts = {setting.sysctl_key.name: setting.text for setting in options.settings}
    question = ask(texts, keys, record.keys.get(RESERVED)) if reserve else None
    return Observed(
        keys=keys,
        memory_bytes=machine.disk.memory_bytes() if needs_memory else None,
        question=question,
        listening=look(question) if question else None,
        boot_tree=boot_tree,
        real_boot_file=real_boot_file,
        files=files,
        boot_folder_exists=options.boot and machine.disk.is_folder(options.boot_file.rpartition("/")[0]),
        unsafe_folders={folder: why for folder in sorted(folders) for why in [machine.disk.why_unsafe(folder)] if why},
        unknown=_unknown(options, machine, keys),
        congestion=_congestion(options, machine, keys.get(CONGESTION), texts.get(CONGESTION)),
    )


def _keys(options: Options, record: Record, reserve: bool) -> list[str]:
    keys = [setting.sysctl_key.name for setting in options.settings]
    if options.live:
        keys += record.keys
    if keys:
        keys += [RANGE, UNPRIVILEGED]
    if reserve:
        keys += [RANGE, RESERVED]
    return list(dict.fromkeys(keys))


def _raw(options: Options, machine: Machine, key: str) -> Optional[str]:
    """The live value. In an image build /proc/sys may be anything, so it counts only as far as it can be read."""
    try:
        return machine.key(key)
    except IsADirectoryError:
        raise ProfileError(f"{key} is a folder of sysctl keys, not a key. Nothing was changed.") from None
    except OSError as error:
        if not options.live:
            return None
        if machine.disk.is_write_only(key):
            raise ProfileError(f"{key} can only be written: nobody could put it back. Nothing was changed.") from error
        raise


def _unknown(options: Options, machine: Machine, keys: Mapping[str, Optional[str]]) -> Dict[str, Sequence[str]]:
    """Asks the host for names only where there is such a key."""
    names = [setting.sysctl_key.name for setting in options.settings if setting.sysctl_key.kind == "exact"]
    missing = [name for name in names if keys[name] is None]
    if not missing:
        return {}
    # The import takes longer than the rest of a call.
    from .._sysctl._nearest import nearest_keys

    return {name: nearest_keys(machine.disk.tree, name) for name in missing}


def _congestion(options: Options, machine: Machine, now: Optional[str], wanted: Optional[str]) -> Optional[str]:
    if not options.live or now is None or wanted is None or wanted == now:
        return None
    # Only loaded where it is asked for.
    from ._congestion import why_refused

    return why_refused(machine.disk.tree, wanted)


def _more_files(
    options: Options, machine: Machine, tree: BootTree, known: Mapping[str, Optional[File]], record: Record
) -> Dict[str, Optional[File]]:
    """The backups of what the boot file is and was, and the files in which lines may be commented out."""
    found: Dict[str, Optional[File]] = {}
    for file in (known[options.boot_file], record.boot.original if record.boot else None):
        if file:
            backup = backup_name(options.boot_file, file.text)
            found[backup] = machine.file(backup)
    if options.present and options.on_conflict == "comment_out":
        for path in tree.real_files():
            if path not in known and may_be_edited(path):
                found[path] = machine.file(path)
    return found


class BootTree:
    """All that collect() looks at, as it was at one moment. A Tree that asks the host nothing any more."""

    def __init__(self, tree: Optional[Tree] = None) -> None:
        """tree: where the files are read from; without one there are none."""
        self._tree = tree
        self._kinds: Dict[str, str] = {}
        self._names: Dict[str, object] = {}
        self._real_paths: Dict[str, object] = {}
        self._contents: Dict[str, object] = {}
        self._limits: Dict[str, int] = {}
        self._files = collect(self)["files"] if tree else []
        self._tree = None

    def real_files(self) -> list[str]:
        """Real paths of the files that somebody reads at boot and whose whole content is known."""
        known = [file["real_path"] for file in self._files if file["readers"] and file["unread_because"] != "unreadable"]
        return list(dict.fromkeys(known))

    def read(self, path: str, limit: int) -> bytes:
        real = self.real_path(path)
        if self._tree and self._limits.get(real, -1) < limit:
            tree = self._tree
            self._limits[real] = limit
            _remember(self._contents, real, lambda real: tree.read(real, limit))
        return _recall(self._contents, real, bytes)[: limit + 1]

    def names(self, path: str) -> list[str]:
        if self._tree:
            _remember(self._names, path, self._tree.names)
        return list(_recall(self._names, path, list))

    def real_path(self, path: str) -> str:
        if self._tree:
            _remember(self._real_paths, path, self._tree.real_path)
        return _recall(self._real_paths, path, str)

    def kind(self, path: str) -> str:
        if self._tree:
            self._kinds[path] = self._tree.kind(path)
        return self._kinds.get(path, "missing")


def _remember(answers: Dict[str, object], path: str, ask: Callable[[str], object]) -> object:
    """An answer, or the OSError in its place."""
    try:
        answers[path] = ask(path)
    except OSError as error:
        answers[path] = error
    return answers[path]


def _recall(answers: Mapping[str, object], path: str, kind: type[T]) -> T:
    answer = answers.get(path)
    if isinstance(answer, OSError):
        raise answer
    if not isinstance(answer, kind):
        raise FileNotFoundError(2, "No such file or directory", path)
    return answer
