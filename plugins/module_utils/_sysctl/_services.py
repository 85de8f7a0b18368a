# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Which init a host boots with, and which services it starts: by links and folders, never by a distribution's name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Dict, Iterator, NamedTuple, Optional

from .._tree import errno_name

if TYPE_CHECKING:
    from .._tree import Tree

# The strongest first, as in systemd.unit(5).
UNIT_FOLDERS = (
    *("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system"),
    *("/usr/lib/systemd/system", "/lib/systemd/system"),
)
_WANTS = re.compile(r"[\w@.\\-]{1,200}\.target\.(?:wants|requires)\Z")
# A run level that every boot goes through, or one that a host stays in.
_RC_FOLDERS = tuple(f"/etc/rc{level}.d" for level in "S2345")
_RC_LINK = re.compile(r"S(\d\d)(.{1,200})\Z")
_MAX_BYTES = 65536
RUNLEVELS = "/etc/runlevels"
# The level in which the host stays.
_SOFTLEVEL = "/run/openrc/softlevel"


class Start(NamedTuple):
    """path: the link that starts a service. number: its place among those of a System V run level, None for other inits."""

    path: str
    number: Optional[int] = None


class Services:
    """init: "systemd", "openrc", "sysv" (links in /etc/rcS.d), "other", or None where nothing shows which one there is."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.init = _init(tree)
        self._started: Dict[str, Start] = {}
        if self.init == "systemd":
            self._started = dict(_units(tree))
        elif self.init == "openrc":
            self._started = dict(_in_runlevels(tree))
        elif self.init == "sysv":
            self._started = dict(_rc_links(tree))

    def start(self, *names: str) -> Optional[Start]:
        """What starts the first of these services that is started; None where none is, as far as one can see."""
        return next((self._started[name] for name in names if name in self._started), None)


def _init(tree: Tree) -> Optional[str]:
    # The folder that systemd makes to say that it runs (sd_booted(3)); OpenRC keeps its state in a folder of its own.
    if tree.kind("/run/systemd/system") == "folder":
        return "systemd"
    if tree.kind("/run/openrc") == "folder":
        return "openrc"
    running = tree.kind("/proc/1") == "folder"
    if not running and tree.kind("/etc/systemd/system") == "folder":
        return "systemd"
    if not running and tree.kind(RUNLEVELS) == "folder":
        return "openrc"
    if _runs_rc_links(tree):
        return "sysv"
    return "other" if running else None


def _runs_rc_links(tree: Tree) -> bool:
    """Whether init(8) is told to run the links in /etc/rcS.d: by the script rcS or rc."""
    if tree.kind("/etc/rcS.d") != "folder":
        return False
    lines = text_of(tree, "/etc/inittab").split("\n")
    return any(line.split(":")[2:3] == ["sysinit"] and "/etc/init.d/rc" in line for line in lines if not line.startswith("#"))


def _units(tree: Tree) -> Iterator[tuple[str, Start]]:
    """The services that a target wants, weaker folders first. A unit that is masked is started by nobody."""
    masked = set()
    found = []
    for folder in reversed(UNIT_FOLDERS):
        for name in names_in(tree, folder):
            if name.endswith(".service") and _is_null(tree, f"{folder}/{name}"):
                masked.add(name)
            elif _WANTS.match(name):
                found += [(unit, f"{folder}/{name}/{unit}") for unit in names_in(tree, f"{folder}/{name}")]
    for unit, path in found:
        if unit not in masked and not _is_null(tree, path):
            yield unit[: -len(".service")] if unit.endswith(".service") else unit, Start(path)


def _is_null(tree: Tree, path: str) -> bool:
    return tree.kind(path) == "null"


def _in_runlevels(tree: Tree) -> Iterator[tuple[str, Start]]:
    """The services of the levels that a boot goes through; a level in a level belongs to it (rc-update --stack)."""
    waiting = ["sysinit", "boot", text_of(tree, _SOFTLEVEL).strip() or "default"]
    known = set(waiting)
    while waiting:
        level = waiting.pop()
        for name in names_in(tree, f"{RUNLEVELS}/{level}"):
            if tree.kind(f"{RUNLEVELS}/{name}") != "folder":
                yield name, Start(f"{RUNLEVELS}/{level}/{name}")
            elif name not in known:
                known.add(name)
                waiting.append(name)


def _rc_links(tree: Tree) -> Iterator[tuple[str, Start]]:
    for folder in reversed(_RC_FOLDERS):
        for name in names_in(tree, folder):
            link = _RC_LINK.match(name)
            if link:
                # Those of rcS.d run before all others.
                yield link.group(2), Start(f"{folder}/{name}", int(link.group(1)) + (0 if folder == "/etc/rcS.d" else 100))


def names_in(tree: Tree, folder: str) -> list[str]:
    """The entries of a folder; none where it cannot be listed."""
    try:
        return tree.names(folder)
    except OSError:
        return []


def text_of(tree: Tree, path: str) -> str:
    """The text of a small file; empty where it is missing, unreadable, larger or no regular file."""
    return _small_file(tree, path)[0]


def why_unreadable(tree: Tree, path: str) -> Optional[str]:
    """Why text_of cannot tell what is in a file that is there; None where it can, or there is none."""
    return _small_file(tree, path)[1]


def _small_file(tree: Tree, path: str) -> tuple[str, Optional[str]]:
    kind = tree.kind(path)
    if kind not in ("file", "other"):
        return "", None
    try:
        if kind == "other":
            # Somebody refuses to say what it is, or it is no regular file.
            tree.real_path(path)
            return "", None
        data = tree.read(path, _MAX_BYTES)
    except OSError as error:
        return "", errno_name(error)
    if len(data) > _MAX_BYTES:
        return "", f"larger than {_MAX_BYTES} bytes"
    return data.decode("utf-8", "replace"), None
