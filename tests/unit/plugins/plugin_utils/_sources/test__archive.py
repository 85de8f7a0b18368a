# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives: which members are read, where they belong, and what is never followed."""

from __future__ import annotations

import io
import lzma
import struct
import tarfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import SourceError, _archive
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._tree import MemoryTree


def made(path: Path, *members: tuple[str, bytes, dict[str, Any]], mode: str = "w") -> str:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for name, content, fields in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            for field, value in fields.items():
                setattr(info, field, value)
            archive.addfile(info, io.BytesIO(content))
    return str(path)


def etc_only(name: str) -> str | None:
    return f"/{name}" if name.startswith("etc/") else None


def read(path: str) -> MemoryTree:
    return _archive.read(path, etc_only)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
def test_only_wanted_members_are_kept(tmp_path: Path, mode: str) -> None:
    path = made(tmp_path / "x", ("etc/a", b"one", {}), ("var/b", b"two", {}), ("host/etc/c", b"three", {}), mode=mode)
    assert _archive.is_archive(Path(path).read_bytes()[:512])
    with pytest.raises(SourceError, match="more than one host"):
        read(path)
    path = made(tmp_path / "y", ("etc/a", b"one", {}), ("var/b", b"two", {}), mode=mode)
    assert sorted(read(path).files()) == ["/etc/a"]


def test_the_folder_that_an_archive_starts_with_is_left_out(tmp_path: Path) -> None:
    tree = read(made(tmp_path / "x", ("./report-1/etc/a", b"one", {})))
    assert tree.read("/etc/a", 10) == b"one"


def test_links_devices_and_folders(tmp_path: Path) -> None:
    tree = read(
        made(
            tmp_path / "x",
            ("etc/a", b"one", {}),
            ("etc/soft", b"", {"type": tarfile.SYMTYPE, "linkname": "a"}),
            ("etc/hard", b"", {"type": tarfile.LNKTYPE, "linkname": "etc/a"}),
            ("etc/null", b"", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}),
            ("etc/zero", b"", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5}),
            ("etc/d", b"", {"type": tarfile.DIRTYPE}),
        )
    )
    assert (tree.read("/etc/soft", 10), tree.read("/etc/hard", 10)) == (b"one", b"one")
    assert (tree.kind("/etc/null"), tree.kind("/etc/zero"), tree.names("/etc/d")) == ("null", "missing", [])


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("../etc/a", {}, "the member '../etc/a' leads out of the archive"),
        ("/etc/a", {}, "the member '/etc/a' leads out of the archive"),
        ("etc/a", {"type": tarfile.SYMTYPE, "linkname": "../../x"}, "the link 'etc/a' leads out of the archive, to '../../x'"),
        ("etc/a", {"type": tarfile.LNKTYPE, "linkname": "/x"}, "the link 'etc/a' leads out of the archive, to '/x'"),
    ],
)
def test_what_leads_out_is_refused_even_where_it_is_not_wanted(tmp_path: Path, name: str, fields: dict[str, Any], words: str) -> None:
    path = made(tmp_path / "x", (name, b"", fields))
    with pytest.raises(SourceError) as caught:
        _archive.read(path, lambda name: None)
    assert str(caught.value) == f"{path}: refused, because {words}"


def test_zstd_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x28\xb5\x2f\xfd rest")
    with pytest.raises(SourceError, match=r"not supported\. Unpack it and give the folder"):
        read(str(tmp_path / "x"))


def asking_for(dictionary: int) -> bytes:
    """The start of an xz file whose block wants a dictionary of so many bytes: 4 GiB where it is 40."""
    header = bytes([2, 0, 0x21, 1, dictionary, 0, 0, 0])
    return b"\xfd7zXZ\0\0\4" + struct.pack("<I", zlib.crc32(b"\0\4")) + header + struct.pack("<I", zlib.crc32(header)) + b"\1\0\0" * 100


def test_an_xz_file_that_asks_for_memory_gets_none(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(asking_for(40))
    with pytest.raises(SourceError) as caught:
        read(str(tmp_path / "x"))
    assert str(caught.value) == f"{tmp_path}/x: needs more than 256 MiB of memory to unpack. Unpack it and give the folder."


@pytest.mark.parametrize("between", [b"", b"\0" * 4, b"\0" * 70_000])
def test_an_xz_file_of_several_streams(tmp_path: Path, between: bytes) -> None:
    plain = Path(made(tmp_path / "plain", ("etc/a", b"one" * 100_000, {}), ("etc/b", b"two", {}))).read_bytes()
    packed = between.join(lzma.compress(plain[place : place + 100_000]) for place in range(0, len(plain), 100_000))
    (tmp_path / "x").write_bytes(packed + between)
    tree = read(str(tmp_path / "x"))
    assert (tree.read("/etc/a", 10**6), tree.read("/etc/b", 10)) == (b"one" * 100_000, b"two")


@pytest.mark.parametrize("cut", [13, 100, 200])
def test_an_xz_file_that_ends_too_early(tmp_path: Path, cut: int) -> None:
    plain = Path(made(tmp_path / "plain", ("etc/a", bytes(range(256)) * 50, {}))).read_bytes()
    (tmp_path / "x").write_bytes(lzma.compress(plain)[:cut])
    with pytest.raises(SourceError, match="damaged, or not a tar archive"):
        read(str(tmp_path / "x"))
