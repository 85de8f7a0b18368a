# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The journal: what a profile found on a host, and what a transaction is about to do, on disk before it is done.

There is one document for each boot file, in a folder that only root can enter. It outlives the transaction as the record of
what was there before the profile, and goes when the profile is undone.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import time
import zlib
from typing import Dict, NamedTuple, Optional

from .._sysctl._keys import sysctl_key
from ._disk import TEMPORARY, Disk, who_else_writes
from ._errors import ProfileError
from ._steps import Boot, File, FileStep, FolderStep, KeyStep, Original, Record, Step

SCHEMA = "linux_tcp.journal/2"
STATE_FOLDER = "/var/lib/linux_tcp_hardening"
LOCK_SECONDS = 10.0
_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_LOCK_PAUSE = 0.05


class Guard(NamedTuple):
    """deadline: on the monotonic clock of the boot that the journal names."""

    token: str
    seconds: int
    deadline: float


# The steps are being taken: with a guard those of the running kernel alone.
APPLYING = "applying"
# The running kernel is changed, and no file yet: the confirmation is missing.
WAITING = "waiting"
# The confirmation has come, and the files are being written.
CONFIRMING = "confirming"


class Open(NamedTuple):
    """A transaction that is not closed. after: the record once it is closed. phase: APPLYING, WAITING or CONFIRMING."""

    name: str
    boot_id: str
    steps: list[Step]
    after: Optional[Record]
    guard: Optional[Guard]
    phase: str


class Undone(NamedTuple):
    """What a guard did, until the next run has reported it."""

    token: str
    sentence: str


class Document(NamedTuple):
    boot_file: str
    record: Optional[Record] = None
    open: Optional[Open] = None
    undone: Optional[Undone] = None


class State:
    """The folder with the documents, and the lock on it. check: nothing in it may change."""

    def __init__(self, disk: Disk, check: bool = False) -> None:
        self.disk = disk
        self.check = check
        self._descriptor: Optional[int] = None

    @property
    def locked(self) -> bool:
        return self._descriptor is not None

    def lock(self, create: bool) -> None:
        """Wait for other runs, for a while. Without the folder there is nothing to lock, unless it is to be made.

        Raises ProfileError where another run holds the lock all the time, OSError where the folder cannot be used.
        """
        deadline = time.monotonic() + LOCK_SECONDS
        while not self.locked:
            if create:
                self._make()
            try:
                self._try_lock()
                return
            except FileNotFoundError:
                if not create:
                    return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ProfileError(
                        f"{STATE_FOLDER} is locked by another run. Nothing was changed. Try again when that run has ended"
                    ) from None
                time.sleep(_LOCK_PAUSE)

    def _make(self) -> None:
        for folder, mode in (("/var", 0o755), ("/var/lib", 0o755), (STATE_FOLDER, 0o700)):
            if not self.disk.is_folder(folder):
                self.disk.make_folder(folder, mode)

    def _try_lock(self) -> None:
        path = self.disk.root + STATE_FOLDER
        self.disk.step("lock " + STATE_FOLDER)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            info = os.fstat(descriptor)
            unsafe = who_else_writes(STATE_FOLDER, info)
            if unsafe:
                raise ProfileError(unsafe)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had the lock may have removed the folder at the end.
            if not os.path.samestat(info, os.stat(path)):
                raise FileNotFoundError(errno.ENOENT, "it has gone", path)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def unlock(self) -> None:
        """Release the lock. Remove the folder if it is empty, or has only temporary files of killed runs."""
        if self._descriptor is None:
            return
        if not self.check:
            with contextlib.suppress(OSError):
                for name in os.listdir(self._descriptor):
                    if name.endswith(TEMPORARY):
                        os.unlink(name, dir_fd=self._descriptor)
                os.rmdir(self.disk.root + STATE_FOLDER)
        # Not only closed: a child that was forked meanwhile has the same lock.
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        os.close(self._descriptor)
        self._descriptor = None

    def documents(self) -> Dict[str, Document]:
        """All documents, by boot file. Raises ProfileError naming the file that cannot be understood; OSError."""
        if not self.locked:
            return {}
        found = {}
        for name in sorted(os.listdir(self.disk.root + STATE_FOLDER)):
            if name.endswith(".json"):
                document = self._read(f"{STATE_FOLDER}/{name}")
                found[document.boot_file] = document
        return found

    def read(self, boot_file: str) -> Document:
        return self._read(_path(boot_file))

    def _read(self, path: str) -> Document:
        file = self.disk.read_file(path)
        if file is None:
            raise ProfileError(f"the journal {path} was removed while it was in use. Nothing was changed. Try again")
        try:
            data = json.loads(file.text)
            schema = data["schema"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ProfileError(f"the journal {path} is damaged. Nothing was changed. {_ADVICE}") from None
        if schema != SCHEMA:
            versions = f"has the format {str(schema)[:60]!r}; this version of the collection reads only {SCHEMA!r}"
            raise ProfileError(f"the journal {path} {versions}. Nothing was changed. {_ADVICE}")
        try:
            document = _document(data)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            raise ProfileError(f"the journal {path} is damaged. Nothing was changed. {_ADVICE}") from None
        # One bit that has flipped anywhere is another text, or another checksum.
        if _text(document) != file.text:
            raise ProfileError(f"the journal {path} is damaged. Nothing was changed. {_ADVICE}")
        if _path(document.boot_file) != path:
            raise ProfileError(f"the journal {path} was renamed: it belongs to {document.boot_file}. Nothing was changed. {_ADVICE}")
        return document

    def save(self, document: Document) -> None:
        """Write the document, or remove it where it says nothing any more; raises OSError."""
        path, text = _path(document.boot_file), _text(document)
        if text:
            self.disk.write_file(path, File(text, 0o600, os.geteuid(), os.getegid()))
        else:
            self.disk.remove_file(path)

    def close(self, document: Document) -> None:
        """Save a document that closes a transaction; raises OSError only where it is not in place.

        Where just the last sync failed, a power cut may bring the journal back, and the next call undoes the transaction.
        """
        try:
            self.save(document)
        except OSError:
            path = self.disk.root + _path(document.boot_file)
            try:
                with open(path, encoding="ascii") as stream:
                    now = stream.read()
            except FileNotFoundError:
                now = ""
            if now != _text(document):
                raise

    def boot_id(self) -> str:
        try:
            return self.disk.tree.read(_BOOT_ID, 100).decode("ascii", "replace").strip()
        except OSError:
            return ""


_ADVICE = "Read it, restore by hand the values that it lists, then move it to another folder"


def _path(boot_file: str) -> str:
    return f"{STATE_FOLDER}/{boot_file[1:].replace('/', '_')}.json"


def _text(document: Document) -> str:
    """The only text that says this; "" where there is nothing to say. Its checksum is that of the text without it."""
    if not (document.record or document.open or document.undone):
        return ""
    plain: Dict[str, object] = {"schema": SCHEMA, **{name: _plain(part) for name, part in document._asdict().items()}}
    plain["checksum"] = f"{zlib.crc32(json.dumps(plain, indent=1).encode('ascii')):08x}"
    return json.dumps(plain, indent=1) + "\n"


def _plain(value: object) -> object:
    """Named tuples as dictionaries, all the way down."""
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(part) for name, part in value._asdict().items()}
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _is(value: object, *kinds: type) -> object:
    # True is an int to Python.
    if type(value) not in kinds:
        raise TypeError
    return value


def _file(data: object) -> Optional[File]:
    if data is None:
        return None
    file = File(**_is(data, dict))  # type: ignore[arg-type]
    _is(file.text, str).encode("latin-1")  # type: ignore[attr-defined]
    for number in file[1:]:
        _is(number, int)
    return file


def _step(data: Dict[str, object]) -> Step:
    if "key" in data:
        step = KeyStep(**data)  # type: ignore[arg-type]
        for text in step:
            _is(text, str)
        sysctl_key(step.key)
        return step
    if "folder" in data:
        return FolderStep(str(_is(data["folder"], str)), bool(_is(data["made"], bool)))
    return FileStep(str(_is(data["path"], str)), _file(data["before"]), _file(data["after"]))


def _record(data: object) -> Optional[Record]:
    if data is None:
        return None
    fields = dict(data)  # type: ignore[call-overload]
    keys = {key: Original(str(_is(old["before"], str)), str(_is(old["ours"], str))) for key, old in fields["keys"].items()}
    for key in keys:
        sysctl_key(key)
    boot = fields["boot"]
    if boot is not None:
        commented = {path: str(_is(text, str)) for path, text in boot["commented"].items()}
        boot = Boot(_file(boot["original"]), bool(_is(boot["made_folder"], bool)), commented)
    return Record(str(_is(fields["name"], str)), keys, boot)


def _open(data: object) -> Optional[Open]:
    if data is None:
        return None
    fields = dict(data)  # type: ignore[call-overload]
    guard = fields["guard"]
    if guard is not None:
        guard = Guard(str(_is(guard["token"], str)), int(guard["seconds"]), float(guard["deadline"]))
    name, boot_id = (str(_is(fields[part], str)) for part in ("name", "boot_id"))
    steps = [_step(step) for step in fields["steps"]]
    if fields["phase"] not in (APPLYING, WAITING, CONFIRMING):
        raise ValueError
    return Open(name, boot_id, steps, _record(fields["after"]), guard, fields["phase"])


def _document(data: Dict[str, object]) -> Document:
    undone = data["undone"]
    if undone is not None:
        undone = Undone(**_is(undone, dict))  # type: ignore[arg-type]
        for text in undone:
            _is(text, str)
    return Document(str(_is(data["boot_file"], str)), _record(data["record"]), _open(data["open"]), undone)
