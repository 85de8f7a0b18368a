# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Reads wanted members of a tar archive, compressed or not, into memory. Nothing is ever written to disk.

The archive is not trusted: its size unpacked, the number of members, the wanted bytes and each header are bounded, and a
member or link that leads out of the archive makes it refused.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import posixpath
import tarfile
import zlib
from collections.abc import Callable
from typing import IO, Any

from ._common import SourceError, cannot_read, open_file, shown
from ._tree import MemoryTree

MAX_MEMBERS = 500_000
MAX_UNPACKED = 4 * 1024**3
MAX_WANTED = 256 * 1024**2
# A long name or an extended header has some kilobytes; tarfile would read any size into memory.
_HEADER_ROOM = 1024**2

# xz -9 needs 65 MiB. A header may ask for 4 GiB, and gets them before a byte is unpacked.
_XZ_MEMORY = 256 * 1024**2
_XZ_READ = 64 * 1024

_ZSTD = b"\x28\xb5\x2f\xfd"
_NULL_DEVICE = (1, 3)


class _TooMuchMemoryError(Exception):
    """An xz file asks for more than _XZ_MEMORY."""


class _Xz:
    """The unpacked content of an xz file, of one stream or several, with a bound on the memory."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._unpacker: lzma.LZMADecompressor | None = None
        self._waiting = b""

    def read(self, size: int) -> bytes:
        """Up to size bytes; none at the end. Raises lzma.LZMAError, EOFError and _TooMuchMemoryError."""
        while True:
            if self._unpacker is None or self._unpacker.eof:
                if self._unpacker is not None:
                    # Padding between streams is zeros.
                    self._waiting = self._unpacker.unused_data.lstrip(b"\0")
                self._waiting = self._waiting or self._packed.read(_XZ_READ).lstrip(b"" if self._unpacker is None else b"\0")
                if not self._waiting:
                    return b""
                self._unpacker = lzma.LZMADecompressor(memlimit=_XZ_MEMORY)
            elif self._unpacker.needs_input:  # pylint: disable=using-constant-test  # it is an attribute
                self._waiting = self._packed.read(_XZ_READ)
                if not self._waiting:
                    raise EOFError("it ends in the middle")
            try:
                data = self._unpacker.decompress(self._waiting, size)
            except lzma.LZMAError as error:
                if "emory" in str(error):
                    raise _TooMuchMemoryError from error
                raise
            self._waiting = b""
            if data:
                return data


_OPENERS: dict[bytes, Callable[[Any], Any]] = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\0": _Xz, b"BZh": bz2.open}


def is_archive(start: bytes) -> bool:
    """Whether the first 512 bytes of a file are those of a tar archive or of a compressed file."""
    return start.startswith((*_OPENERS, _ZSTD)) or start[257:262] == b"ustar"


def read(path: str, wanted: Callable[[str], str | None]) -> MemoryTree:
    """The wanted members as a tree.

    :param wanted: the path inside the host of a member's name, such as "/etc/sysctl.conf", or None to leave the member out.
    :raises SourceError: the archive cannot be read, is damaged, is too large, or has a member that leads out of it.
    """
    try:
        with open_file(path) as packed:
            start = packed.read(512)
            packed.seek(0)
            if start.startswith(_ZSTD):
                raise SourceError(f"{path}: compressed with zstd, which is not supported. Unpack it and give the folder.")
            opener = next((opener for magic, opener in _OPENERS.items() if start.startswith(magic)), None)
            unpacked: IO[bytes] = opener(packed) if opener else packed
            metered = _Metered(path, unpacked)
            with tarfile.open(fileobj=metered, mode="r|") as archive:  # type: ignore[call-overload]  # read() is all it needs
                return _Members(path, metered, wanted).read(archive)
    except _TooMuchMemoryError:
        limit = _XZ_MEMORY // 1024**2
        raise SourceError(f"{path}: needs more than {limit} MiB of memory to unpack. Unpack it and give the folder.") from None
    except (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError) as error:
        raise SourceError(f"{path}: damaged, or not a tar archive ({error})") from None
    except OSError as error:
        if error.errno is None:
            raise SourceError(f"{path}: damaged ({error})") from None
        raise cannot_read(path, error) from None


class _Metered:
    """A stream that may be read as far as was allowed."""

    def __init__(self, path: str, stream: IO[bytes]) -> None:
        self._path = path
        self._stream = stream
        self.allowed = _HEADER_ROOM

    def read(self, size: int) -> bytes:
        data = self._stream.read(size)
        self.allowed -= len(data)
        if self.allowed < 0:
            raise SourceError(f"{self._path}: refused, because a header is larger than {_HEADER_ROOM} bytes")
        return data


class _Members:
    def __init__(self, path: str, metered: _Metered, wanted: Callable[[str], str | None]) -> None:
        self._path = path
        self._metered = metered
        self._wanted = wanted
        self._bytes = 0
        self._tops: dict[str, None] = {}

    def read(self, archive: tarfile.TarFile) -> MemoryTree:
        tree = MemoryTree()
        unpacked = 0
        for number, member in enumerate(archive):
            # Room for this member's data, the rest of a block that the archive reader takes at once, and the next header.
            self._metered.allowed = member.size + 2 * _HEADER_ROOM
            unpacked += member.size
            if unpacked > MAX_UNPACKED or number >= MAX_MEMBERS:
                raise SourceError(
                    f"{self._path}: too large. It unpacks to more than {MAX_UNPACKED} bytes or {MAX_MEMBERS} members. "
                    "Unpack it and give the folder."
                )
            name = self._safe_name(member)
            inside = self._place(name)
            if inside is not None:
                self._add(tree, archive, member, name, inside)
        if len(self._tops) > 1:
            raise SourceError(f"{self._path}: has files of more than one host: {', '.join(map(shown, list(self._tops)[:5]))}")
        return tree

    def _safe_name(self, member: tarfile.TarInfo) -> str:
        """The member's name without needless dots. Raises SourceError where it, or its link, leads out of the archive."""
        name = posixpath.normpath(member.name)
        if name == ".." or name.startswith(("/", "../")):
            raise SourceError(f"{self._path}: refused, because the member {shown(member.name)} leads out of the archive")
        if member.issym() and not member.linkname.startswith("/"):
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname))
        elif member.islnk():
            target = posixpath.normpath(member.linkname)
        else:
            return name
        if target == ".." or target.startswith(("../", "/")):
            raise SourceError(
                f"{self._path}: refused, because the link {shown(member.name)} leads out of the archive, to {shown(member.linkname)}"
            )
        return name

    def _place(self, name: str) -> str | None:
        """Where a member belongs on the host: names may start with a folder of the archive's own."""
        top, slash, rest = name.partition("/")
        for prefix, candidate in (("", name), (top + slash, rest)):
            inside = self._wanted(candidate)
            if inside is not None:
                self._tops[prefix] = None
                return inside
        return None

    def _add(self, tree: MemoryTree, archive: tarfile.TarFile, member: tarfile.TarInfo, name: str, inside: str) -> None:
        if member.isdir():
            tree.add_folder(inside)
        elif member.issym():
            tree.add_link(inside, member.linkname)
        elif member.islnk():
            target = self._place(posixpath.normpath(member.linkname))
            if target is not None and target != inside:
                tree.add_link(inside, target)
        elif member.ischr() and (member.devmajor, member.devminor) == _NULL_DEVICE:
            tree.add_null(inside)
        elif member.isreg():
            self._bytes += member.size
            if self._bytes > MAX_WANTED:
                raise SourceError(f"{self._path}: too large. Its files about TCP have more than {MAX_WANTED} bytes (at {shown(name)}).")
            data = archive.extractfile(member)
            tree.add_file(inside, data.read() if data else b"")
