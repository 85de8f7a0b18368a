# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every kind of source: only SourceError may come out; what is loaded passes the check of snapshots, and goes through audit and reports."""

from __future__ import annotations

import bz2
import contextlib
import functools
import gzip
import io
import json
import lzma
import os
import random
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import SourceError, load
from fuzz import mutate, seeds
from fuzz.engine import Target
from fuzz.targets.outputs import judge

# Reports take longest, and have a target of their own.
_WHOLE_EVERY = 32
# In memory where that is possible: each input is a file or a folder.
_PLACE = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
_SOS_PATHS = (
    "sos_commands/kernel/sysctl_-a",
    "sos_commands/networking/ss_-peaonmi",
    "sos_commands/networking/netstat_-W_-neopa",
    "proc/self/net/netstat",
    "proc/7/net/netstat",
    "hostname",
    "uname",
)
_CAPTURE_NAMES = ("sysctl-a.txt", "netstat.txt", "snmp.txt", "sockstat.txt", "nstat-az.txt", "ss-tan.txt", "proc_net_tcp.txt", "uname.txt")


@contextlib.contextmanager
def _file(data: bytes, name: str = "source") -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="tcp-fuzz-", dir=_PLACE) as parent:
        path = os.path.join(parent, name)
        Path(path).write_bytes(data)
        yield path


def _loaded(path: str, kind: str, size: int) -> None:
    refused, found = "", None
    try:
        found = load(path, kind)
    except SourceError as error:
        refused = str(error)
    if found is None:
        assert path in refused, f"the message does not name the path: {refused}"
        return
    judge(found, whole=size % _WHOLE_EVERY == 0)


def snapshot_file(data: bytes) -> None:
    with _file(data) as path:
        _loaded(path, "snapshot", len(data))


def capture(data: bytes) -> None:
    with _file(data) as path:
        _loaded(path, "capture", len(data))


def paste(data: bytes) -> None:
    with _file(data) as path:
        _loaded(path, "paste", len(data))


def sysctl_a(data: bytes) -> None:
    with _file(data) as path:
        _loaded(path, "sysctl_a", len(data))


def sysctl_d(data: bytes) -> None:
    with _file(data) as path:
        _loaded(path, "sysctl_d", len(data))


_REPOSITORY_NAMES = (
    *(
        "a.conf",
        "a.sh",
        "Dockerfile",
        "a.nix",
        "a.tf",
        "a.pp",
        "a.rb",
        "a.go",
        "a.md",
        "a.rst",
        "a.sls",
        "compose.yml",
        "a.conf.j2",
        ".gitignore",
    ),
    *("roles/a/tasks/main.yml", "roles/a/defaults/main.yml", "roles/a/vars/main.yml", "task.json"),
)
_REPOSITORY_WORDS = (
    *seeds.KEYS,
    *(
        " = 1\n",
        ": 1\n",
        "=>",
        "sysctl -w ",
        "--sysctl ",
        "echo 1 > /proc/sys/net/ipv4/",
        "name: ",
        "value: ",
        "net_ipv4_",
        "{{ x }}",
        "$X",
        "```\n",
    ),
    *(
        "if x\n",
        "fi\n",
        "{% if x %}",
        "{% endif %}",
        "{",
        "}",
        "- ",
        "sysctl.present:",
        "loop: ",
        "when: ",
        "state: absent",
        "<<EOF\n",
        "*\n",
        "!",
    ),
)


def repository(data: bytes) -> None:
    with _file(data, _REPOSITORY_NAMES[zlib.crc32(data) % len(_REPOSITORY_NAMES)].rpartition("/")[2]) as path:
        _loaded(path, "repository", len(data))


def repository_folder(data: bytes) -> None:
    _folder(data, "repository")


def detect(data: bytes) -> None:
    """Of a file with a name that says something, and of one with a name that does not."""
    with _file(data, "x.conf" if zlib.crc32(data) % 2 else "source") as path:
        _loaded(path, "auto", len(data))


def _lay_out(data: bytes, root: str) -> bool:
    """Make the folder that an input tells of. Returns whether it could be made: names may clash."""
    try:
        files = json.loads(data)
    except (ValueError, RecursionError):
        return False
    if not isinstance(files, dict):
        return False
    for name, content in list(files.items())[:100]:
        inside = os.path.normpath("/" + name.replace("\0", ""))
        place = root + inside
        with contextlib.suppress(OSError, UnicodeEncodeError):
            os.makedirs(os.path.dirname(place), exist_ok=True)
            # Through a link that an earlier entry made, a file would go elsewhere.
            if inside == "/" or not os.path.realpath(os.path.dirname(place)).startswith(root):
                continue
            if isinstance(content, dict) and isinstance(content.get("link"), str):
                os.symlink(content["link"], place)
            elif isinstance(content, str) and not os.path.islink(place):
                Path(place).write_bytes(content.encode("latin-1", "replace"))
    return True


def _folder(data: bytes, kind: str) -> None:
    root = os.path.realpath(tempfile.mkdtemp(prefix="tcp-fuzz-", dir=_PLACE))
    try:
        if _lay_out(data, root):
            _loaded(root, kind, len(data))
    finally:
        shutil.rmtree(root)


def sos_folder(data: bytes) -> None:
    _folder(data, "sos")


def capture_folder(data: bytes) -> None:
    _folder(data, "capture")


def paste_folder(data: bytes) -> None:
    _folder(data, "paste")


def sysctl_d_folder(data: bytes) -> None:
    _folder(data, "sysctl_d")


def detect_folder(data: bytes) -> None:
    _folder(data, "auto")


def sos_archive(data: bytes) -> None:
    with _file(data) as path:
        _loaded(path, "sos", len(data))


_TYPES = (
    *[tarfile.REGTYPE] * 12,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.DIRTYPE,
    tarfile.CHRTYPE,
    tarfile.FIFOTYPE,
    tarfile.CONTTYPE,
    b"Z",
)
# Without a time, so that the same seed makes the same bytes.
_GZIP = functools.partial(gzip.compress, mtime=0)
_PACKERS: tuple[Callable[[bytes], bytes], ...] = (*[bytes] * 4, _GZIP, bz2.compress, lzma.compress)


def _archive(files: dict[str, object], rng: random.Random | None = None) -> bytes:
    """A tar archive of a folder. rng: with odd members."""
    made = io.BytesIO()
    formats = (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
    with tarfile.open(fileobj=made, mode="w", format=rng.choice(formats) if rng else tarfile.GNU_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("\0", "") or "x")
            if isinstance(content, dict):
                member.type, member.linkname = tarfile.SYMTYPE, str(content.get("link"))
            if rng and rng.random() < 0.1:
                member.type = rng.choice(_TYPES)
                member.linkname = rng.choice((*seeds.BOOT_PATHS, "/etc/passwd", "../../x", name, ""))
                member.devmajor, member.devminor = 1, 3
            raw = content.encode("latin-1", "replace") if isinstance(content, str) else b""
            if member.type in (tarfile.REGTYPE, tarfile.CONTTYPE, b"Z"):
                member.size = len(raw)
            with contextlib.suppress(ValueError, UnicodeError):
                archive.addfile(member, io.BytesIO(raw))
    return made.getvalue()


def _archive_mutator() -> mutate.Mutator:
    folders = mutate.folder((*seeds.BOOT_PATHS, *seeds.PROC_PATHS, *_SOS_PATHS), seeds.KEYS)
    texts = mutate.text()

    def change(rng: random.Random, pool: mutate.Pool) -> bytes:
        if rng.random() < 0.3:
            return texts(rng, pool)
        files = json.loads(folders(rng, seeds.trees()))
        data: bytes = rng.choice(_PACKERS)(_archive(files, rng))
        return mutate.changed(rng, data, [data], [b"\0", b"ustar"]) if rng.random() < 0.3 else data

    return change


def _archive_seeds() -> list[bytes]:
    plain = [_archive(json.loads(tree)) for tree in seeds.trees()]
    return [*plain, *(pack(plain[-1]) for pack in _PACKERS[-3:])]


_LISTING_WORDS = (*seeds.KEYS, " = ", "sysctl: permission denied on key 'net.ipv4.tcp_mem'", 'error: "Invalid argument" reading key')
_CAPTURE_WORDS = ("@file ", "@link ", "@absent ", "@unreadable ", "@cut", "@again", "@end", "@names ", "@null ", "|", *seeds.PROC_PATHS)
_PASTE_WORDS = (
    *("$ ", "# ", "[root@h ~]# ", "user@h:~$ ", "> ", "```", "\x1b[0m", "<pre>", "sysctl -a", "netstat -s", "ss -tan", "ss -s", "cat "),
    *(" | grep tw", " | wc -l", "sysctl -w ", "<<EOF", "EOF", "ssh web1 ", "TcpExt:", " = 1", "TIME_WAIT 5", "net_ratelimit: 5 callbacks"),
    *("Linux h 5.4.0 x", "sysctl: cannot stat /proc/sys/", ": No such file or directory", "\r\n", "h | CHANGED | rc=0 >>"),
    *seeds.KEYS[:20],
    *seeds.PROC_PATHS[:20],
)
_SNAPSHOT_WORDS = (*seeds.KEYS, "present", "absent", "unreadable", "time_wait", "TcpExt", "Tcp", "systemd", "procps", "unread_because")


TARGETS = (
    Target("snapshot", snapshot_file, seeds.snapshots, mutate.data(_SNAPSHOT_WORDS, as_text=8), 300),
    Target("capture", capture, seeds.bundles, mutate.text(_CAPTURE_WORDS), 200),
    Target("capture_folder", capture_folder, seeds.capture_folders, mutate.folder(_CAPTURE_NAMES, _LISTING_WORDS), 150),
    Target("sos_folder", sos_folder, seeds.trees, mutate.folder((*seeds.BOOT_PATHS, *seeds.PROC_PATHS, *_SOS_PATHS), seeds.KEYS), 150),
    Target("sos_archive", sos_archive, _archive_seeds, _archive_mutator(), 250),
    Target("paste", paste, seeds.pastes, mutate.text(_PASTE_WORDS), 250),
    Target("paste_folder", paste_folder, seeds.capture_folders, mutate.folder(("a.txt", "b.log", "c"), _PASTE_WORDS), 100),
    Target("sysctl_a", sysctl_a, seeds.listings, mutate.text(_LISTING_WORDS), 150),
    Target("sysctl_d", sysctl_d, seeds.boot_files, mutate.text(seeds.KEYS), 200),
    Target("sysctl_d_folder", sysctl_d_folder, seeds.trees, mutate.folder(seeds.BOOT_PATHS, seeds.KEYS), 150),
    Target(
        "detect",
        detect,
        lambda: [*seeds.listings(), *seeds.boot_files(), *seeds.bundles(), *seeds.pastes()],
        mutate.text(_LISTING_WORDS),
        150,
    ),
    Target("repository", repository, lambda: [*seeds.boot_files(), *seeds.files("field")], mutate.text(_REPOSITORY_WORDS), 300),
    Target("repository_folder", repository_folder, seeds.trees, mutate.folder(_REPOSITORY_NAMES, _REPOSITORY_WORDS), 150),
    Target("detect_folder", detect_folder, lambda: [*seeds.trees(), *seeds.capture_folders()], mutate.folder(_CAPTURE_NAMES), 100),
)
