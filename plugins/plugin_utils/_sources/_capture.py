# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Source capture: the bundle that playbooks/files/capture.sh prints, or a folder of such outputs in files of their own.

The folder holds sysctl-a.txt or sysctl-net.txt (`sysctl -a`), netstat.txt, snmp.txt, sockstat.txt, proc_net_tcp.txt and
proc_net_tcp6.txt, proc_net_udp.txt, proc_net_udp6.txt and proc_net_stat_nf_conntrack.txt (files of /proc/net), or nstat-az.txt,
ss-tan.txt and conntrack-S.txt in their place, uptime.txt (/proc/uptime), and uname.txt (`uname -a`).
"""

from __future__ import annotations

import errno
import os
import re
from typing import TYPE_CHECKING

from ...module_utils._facts._namespace_count import not_looked_at
from ...module_utils._facts._proc import deltas
from ...module_utils._sysctl._keys import SYSCTL_KEYS, path_of
from . import _nat_tables, _proc_files, _sysctl_a
from ._common import MAX_TEXT, OF_THE_LIVE_HOST, SourceError, empty_snapshot, open_file, present, read_bytes, read_text, shown
from ._tree import MAX_PATH, MemoryTree

if TYPE_CHECKING:
    from .._snapshot_types import Snapshot, Sysctl

# The first line of a bundle.
HEADER = b"linux_tcp.capture/1"
# What capture.sh writes in place of a value that may be a secret.
LEFT_OUT = "(left out)"
_ANY_HEADER = b"linux_tcp.capture/"
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z", re.ASCII)
_UPTIME = re.compile(rb"(\d{1,12}\.\d\d) ")
# Exists wherever there is a /proc/sys.
_ALWAYS = path_of("net.ipv4.ip_forward")
_TABLE_FILES = ("/proc/net/tcp", "/proc/net/tcp6")
_ENTRIES = ("/proc/net/nf_conntrack",)
_MOST_PORTS = 65535
_NAMESPACES = "ls -ld /proc/*/ns/net"
_OWN_NAMESPACE = "/proc/self/ns/net"
_MOST_NAMED = 10
# What a record says of a path that has no content in the bundle.
_REFUSED = {"absent": errno.ENOENT, "unreadable": errno.EACCES, "other": errno.EINVAL, "named": errno.ENODATA}
_WITH_CONTENT = ("file", "link", "names", "output")

_FOLDER_FILES = {"/proc/net/netstat": "netstat.txt", "/proc/net/snmp": "snmp.txt", "/proc/net/sockstat": "sockstat.txt"}
_MORE_FILES = {
    "/proc/net/stat/nf_conntrack": "proc_net_stat_nf_conntrack.txt",
    "/proc/net/udp": "proc_net_udp.txt",
    "/proc/net/udp6": "proc_net_udp6.txt",
    "/proc/uptime": "uptime.txt",
}
# People give the name netstat.txt to other outputs of netstat, too.
_FIRST_BYTES = {"netstat.txt": b"TcpExt: ", "snmp.txt": b"Ip: ", "sockstat.txt": b"sockets: "}
_CONNTRACK_S = "conntrack-S.txt"
_LISTINGS = ("sysctl-a.txt", "sysctl-net.txt")
_TABLES = (("proc_net_tcp.txt", "proc_net_tcp6.txt"), ("ss-tan.txt",))


def is_file(start: bytes) -> bool:
    """Whether a file that starts so is a bundle, of whatever version."""
    return start.startswith(_ANY_HEADER)


def is_folder(path: str) -> bool:
    """Whether a folder is the unpacked form."""
    names = [*_LISTINGS, *_FOLDER_FILES.values(), "nstat-az.txt"]
    found = [name for name in names if os.path.isfile(os.path.join(path, name))]
    return len(found) >= 2 and all(_begins(os.path.join(path, name), _FIRST_BYTES.get(name, b"")) for name in found)


def _begins(path: str, start: bytes) -> bool:
    try:
        with open_file(path) as handle:
            # An empty file is a damaged capture, which is told when it is read.
            return not (first := handle.read(len(start)).lstrip()) or first == start
    except SourceError:
        return True


def load(path: str) -> Snapshot:
    """The snapshot of a bundle, or of a folder of outputs.

    :raises SourceError: it cannot be read, is incomplete, is of another version or is no capture at all.
    """
    return _from_folder(path) if os.path.isdir(path) else _from_bundle(path)


class Bundle:
    """A bundle's content. tree: what was read, links included; again: the files of the second look at them; outputs: command to output."""

    def __init__(self) -> None:
        self.tree = MemoryTree()
        self.again: dict[str, bytes] = {}
        self.names: list[str] | None = None
        self.time: str | None = None
        self.root: bool | None = None
        self.cut: list[str] = []
        self.outputs: dict[str, bytes] = {}


def parse_bundle(data: bytes) -> Bundle:
    """Read the records of a bundle.

    :raises SourceError: saying what is wrong, and in which line.
    """
    lines = data.split(b"\n")
    if lines[0].endswith(b"\r"):
        # It came through a terminal, which puts one of these before each line end.
        lines = [line[:-1] if line.endswith(b"\r") else line for line in lines]
    if lines[0] != HEADER:
        if is_file(data):
            raise SourceError(f"unknown version {shown(lines[0].decode('utf-8', 'replace'))}. This collection reads {HEADER.decode()}.")
        raise SourceError(f"not a capture bundle: the first line is not {HEADER.decode()}")
    bundle = Bundle()
    reader = _Reader(bundle)
    for number, line in enumerate(lines[1:], start=2):
        if reader.ended:
            if line.strip():
                raise SourceError(f"line {number}: there is text after @end")
        elif line.startswith(b"|"):
            reader.content(number, line[1:])
        elif line.startswith(b"@"):
            reader.record(number, line[1:].decode("utf-8", "replace"))
        elif line:
            raise SourceError(f"line {number}: starts neither with @ nor with |: {shown(line.decode('utf-8', 'replace'))}")
    if not reader.ended:
        raise SourceError("incomplete: the last line, @end, is missing. Capture the host again.")
    return bundle


class _Reader:
    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.ended = False
        self._again = False
        self._word = ""
        self._path = ""
        self._lines: list[bytes] = []

    def content(self, number: int, line: bytes) -> None:
        if self._word not in _WITH_CONTENT:
            raise SourceError(f"line {number}: content without a file before it")
        self._lines.append(line)

    def record(self, number: int, text: str) -> None:
        word, _blank, rest = text.partition(" ")
        if word == "cut" and self._word in ("file", "output"):
            if self.bundle.cut[-1:] != [self._path]:
                self.bundle.cut.append(self._path)
            return
        self._finish()
        self._word, self._path, self._lines = word, rest, []
        if word in ("end", "again"):
            self.ended = word == "end"
            self._again = True
        elif word == "time":
            self.bundle.time = rest if _TIME.match(rest) else None
        elif word == "root":
            self.bundle.root = {"yes": True, "no": False}.get(rest)
        elif word == "output":
            return
        elif not rest.startswith("/"):
            raise SourceError(f"line {number}: {shown(rest)} is not an absolute path")
        elif len(rest) > MAX_PATH:
            raise SourceError(f"line {number}: {shown(rest)} is longer than a path may be")
        elif word == "folder":
            self.bundle.tree.add_folder(rest)
        elif word == "null":
            self.bundle.tree.add_null(rest)
        elif word in _REFUSED:
            self.bundle.tree.add_error(rest, _REFUSED[word])
        elif word not in _WITH_CONTENT:
            raise SourceError(f"line {number}: unknown record {shown('@' + word)}")

    def _finish(self) -> None:
        """Store the record whose content is complete now."""
        content = b"".join(line + b"\n" for line in self._lines)
        if self._word == "file" and self._again:
            self.bundle.again[self._path] = content
        elif self._word == "file" and self._path in self.bundle.cut and not self._path.startswith("/proc/"):
            # What stands in the rest of a boot file may be the line that counts.
            self.bundle.tree.add_error(self._path, errno.EFBIG)
        elif self._word == "file":
            self.bundle.tree.add_file(self._path, content)
        elif self._word == "output":
            self.bundle.outputs[self._path[:MAX_PATH]] = content
        elif self._word == "link" and self._lines:
            self.bundle.tree.add_link(self._path, self._lines[0].decode("utf-8", "replace"))
        elif self._word == "names":
            self.bundle.names = [line.decode("utf-8", "replace") for line in self._lines]


def _from_bundle(path: str) -> Snapshot:
    try:
        bundle = parse_bundle(read_bytes(path))
    except SourceError as error:
        # An error from reading the file names the path already.
        raise SourceError(str(error) if str(error).startswith(path) else f"{path}: {error}") from None
    snapshot = empty_snapshot("capture", path)
    snapshot["collected_at"] = bundle.time
    snapshot["sysctl"] = _sysctl(bundle.tree)
    _proc_files.fill_in(snapshot, bundle.tree, boot_files=True)
    _mark_withheld(snapshot)
    _say_what_stayed_there(snapshot)
    snapshot["host"]["root"] = bundle.root
    if bundle.names is not None:
        snapshot["ipv4_keys"] = sorted({name for name in bundle.names if re.match(r"(?:tcp|ip_local)_\w{1,80}\Z", name)})
    _sample(snapshot, bundle)
    tables = [(name, bundle.tree.read(name, MAX_TEXT)) for name in _TABLE_FILES if bundle.tree.kind(name) == "file"]
    _proc_files.sockets(snapshot, tables)
    if snapshot["sockets"] is not None and any(name in bundle.cut for name in _TABLE_FILES):
        snapshot["sockets"]["error_bound"] = _MOST_PORTS
    _proc_files.udp(snapshot, bundle.tree)
    namespaces = set(bundle.outputs.pop(_NAMESPACES, b"").split()) - {_target(bundle, _OWN_NAMESPACE)}
    snapshot["not_seen"] += not_looked_at(len(namespaces), OF_THE_LIVE_HOST)
    _nat(snapshot, bundle)
    snapshot["not_seen"] += [
        f"{shown(name)[1:-1]} was too long for a capture and was cut: the real figures are higher." for name in bundle.cut
    ]
    return snapshot


def _nat(snapshot: Snapshot, bundle: Bundle) -> None:
    entries = [_text(bundle, name) for name in _ENTRIES if bundle.tree.kind(name) == "file"]
    rules = {command: content.decode("utf-8", "replace") for command, content in bundle.outputs.items()}
    ipvs = _text(bundle, "/proc/net/ip_vs") if bundle.tree.kind("/proc/net/ip_vs") == "file" else ""
    complete = not any(name in bundle.cut for name in (*_ENTRIES, *rules))
    _nat_tables.fill_in(snapshot, entries, rules, ipvs, complete)


def _target(bundle: Bundle, link: str) -> bytes:
    try:
        return bundle.tree.link_target(link).encode()
    except OSError:
        return b""


def _text(bundle: Bundle, name: str) -> str:
    return bundle.tree.read(name, MAX_TEXT).decode("utf-8", "replace")


def _mark_withheld(snapshot: Snapshot) -> None:
    """The capture writes a sentence in place of what is not to leave the host; it is no value to judge."""
    for file in snapshot["boot_files"]["files"] if snapshot["boot_files"] else ():
        for assignment in file["assignments"]:
            if assignment["value"] == LEFT_OUT:
                assignment["value"], assignment["withheld"] = None, True


def _say_what_stayed_there(snapshot: Snapshot) -> None:
    """Of scripts a capture has the names alone."""
    name, why = "ENODATA", "it names sysctl keys, and a capture has no text of scripts"
    for file in snapshot["boot_files"]["files"] if snapshot["boot_files"] else ():
        if file["reason"] == name:
            file["reason"] = why
    snapshot["not_seen"] = [sentence.replace(f"({name})", f"({why})") for sentence in snapshot["not_seen"]]


def _sysctl(tree: MemoryTree) -> dict[str, Sysctl] | None:
    """The keys; None where the host had no /proc/sys to look at, which makes no key absent."""
    if tree.known_missing(_ALWAYS):
        return None
    found: dict[str, Sysctl] = {}
    for key in SYSCTL_KEYS:
        place = path_of(key)
        if tree.kind(place) == "file":
            found[key] = present(key, tree.read(place, MAX_TEXT).decode("utf-8", "replace"))
        elif tree.known_missing(place):
            found[key] = {"state": "absent"}
        elif tree.refusal(place) is not None:
            found[key] = {"state": "unreadable", "reason": "EACCES"}
    return found


def _sample(snapshot: Snapshot, bundle: Bundle) -> None:
    second = _proc_files.counters(bundle.again)
    times = [_UPTIME.match(text) for text in (_first(bundle, "/proc/uptime"), bundle.again.get("/proc/uptime", b""))]
    if snapshot["counters"] is None or second is None or times[0] is None or times[1] is None:
        return
    seconds = round(float(times[1].group(1)) - float(times[0].group(1)), 2)
    if seconds > 0:
        snapshot["sample"] = {"seconds": seconds, "deltas": deltas(snapshot["counters"], second), "states": None}


def _first(bundle: Bundle, path: str) -> bytes:
    return bundle.tree.read(path, 200) if bundle.tree.kind(path) == "file" else b""


def _from_folder(path: str) -> Snapshot:
    names = set(os.listdir(path))

    def content(name: str) -> bytes:
        return read_bytes(inside(name))

    def inside(name: str) -> str:
        place = os.path.join(path, name)
        folder = os.path.realpath(path)
        if os.path.commonpath([folder, os.path.realpath(place)]) != folder:
            raise SourceError(f"{path}: refused, because {name} is a link that leads out of the folder")
        return place

    listing = next((name for name in _LISTINGS if name in names), None)
    files = {place: name for place, name in _FOLDER_FILES.items() if name in names}
    more = {place: name for place, name in _MORE_FILES.items() if name in names}
    if listing is None and not files:
        raise SourceError(f"{path}: has none of the files {', '.join([*_LISTINGS, *_FOLDER_FILES.values()])}")
    snapshot = empty_snapshot("capture", path)
    if listing is not None:
        place = inside(listing)
        _sysctl_a.fill_in(snapshot, read_text(place), place)
    tree = MemoryTree()
    for place, name in {**files, **more}.items():
        tree.add_file(place, content(name))
    known = snapshot["host"]["network_namespace"]
    _proc_files.fill_in(snapshot, tree, boot_files=False)
    snapshot["host"]["network_namespace"] = known
    if snapshot["counters"] is None and "nstat-az.txt" in names:
        snapshot["counters"] = _proc_files.nstat(read_text(inside("nstat-az.txt")))
    if snapshot["counters"] is not None and "nf_conntrack" not in snapshot["counters"] and _CONNTRACK_S in names:
        found = _proc_files.conntrack_s(read_text(inside(_CONNTRACK_S)))
        if found:
            snapshot["counters"]["nf_conntrack"] = found
    if "uname.txt" in names:
        _proc_files.uname(snapshot, read_text(inside("uname.txt")))
    tables = next((found for found in ([name for name in choice if name in names] for choice in _TABLES) if found), [])
    _proc_files.sockets(snapshot, [(os.path.join(path, name), content(name)) for name in tables])
    _proc_files.udp(snapshot, tree)
    snapshot["not_seen"] += _unread(names)
    return snapshot


def _unread(names: set[str]) -> list[str]:
    """A sentence about the files that have none of the known names."""
    tables = {name for choice in _TABLES for name in choice}
    known = {*_LISTINGS, *_FOLDER_FILES.values(), *_MORE_FILES.values(), *tables, _CONNTRACK_S, "nstat-az.txt", "uname.txt"}
    others = sorted(names - known)
    more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
    return [f"These files were not read: {', '.join(map(shown, others[:_MOST_NAMED]))}{more}."] if others else []
