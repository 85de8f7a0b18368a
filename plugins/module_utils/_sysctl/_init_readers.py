# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Which program applies the files of sysctl.d when a host boots, as its init is set up.

* systemd starts systemd-sysctl.service, which a link of sysinit.target wants, unless it is masked.
* System V init runs Debian's script procps by a link in rcS.d: sysctl --system.
* OpenRC starts the service sysctl where it is in a run level. Its own script, which Gentoo has, runs sysctl --system. Alpine's script
  runs sysctl -p for one file after the other: the vendor's folders, /etc/sysctl.d, /etc/sysctl.conf, /run/sysctl.d; a file of the same
  name in /etc or /run takes the vendor's place. An older script (with OpenRC 0.35) takes all files of the folders that it lists, in that
  order, and no name took the place of another. Where sysctl is BusyBox's, it knows neither patterns nor the dash.

Nothing else promises to read them: BusyBox init and runit run what somebody has written into a script.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, List, NamedTuple, Optional

from ._services import names_in, text_of

if TYPE_CHECKING:
    from .._tree import Tree
    from ._services import Services

_SYSCTL = ("/usr/sbin/sysctl", "/sbin/sysctl", "/usr/bin/sysctl", "/bin/sysctl")
_VENDOR = ("/lib/sysctl.d", "/usr/lib/sysctl.d")
_ONE_BY_ONE = re.compile(r"\bsysctl \$(?:quiet|\{quiet\}) -p ")
_LISTED = re.compile(r"(/[\w/]{1,60}/sysctl\.d)/\*\.conf\b|(/etc/sysctl\.conf)\b")
_MOST_LISTED = 20


class InitReader(NamedTuple):
    """name: of the reader, None where it is not known; why_not: then the reason. reads: its files where it is none of READERS."""

    name: Optional[str]
    why_not: Optional[str]
    reads: List[str]


def find(tree: Tree, services: Services) -> Optional[InitReader]:
    """The reader; None where nothing shows which init there is."""
    if services.init == "systemd":
        return _systemd(tree, services)
    if services.init == "sysv":
        return _script(tree, services, "procps", "procps.sh")
    if services.init == "openrc":
        return _script(tree, services, "sysctl", "procps")
    if services.init is None:
        return None
    return _unknown(
        "this host boots without systemd, OpenRC and System V scripts, and nothing else is known to apply sysctl files at its boot"
    )


def _unknown(reason: str) -> InitReader:
    return InitReader(None, reason, [])


def _systemd(tree: Tree, services: Services) -> Optional[InitReader]:
    if services.start("systemd-sysctl", "procps"):
        return InitReader("systemd", None, [])
    if not any(tree.kind(folder) == "folder" for folder in ("/usr/lib/systemd/system", "/lib/systemd/system")):
        # Not the whole host.
        return InitReader("systemd", None, [])
    return _unknown(
        "systemd-sysctl.service is masked, or no target wants it, so nothing is known to apply sysctl files at this host's boot"
    )


def _script(tree: Tree, services: Services, *names: str) -> InitReader:
    name = next((one for one in names if services.start(one)), None)
    if name is None:
        return _unknown(f"no run level has the service {names[0]}, so nothing is known to apply sysctl files at this host's boot")
    script = f"/etc/init.d/{name}"
    text = text_of(tree, script)
    if "sysctl.d/*.conf" in text and _ONE_BY_ONE.search(text):
        files = _one_by_one(tree) if "##*/" in text else _as_listed(tree, text)
        return InitReader("busybox" if _is_busybox(tree) else "openrc", None, files)
    if "--system" in text and not (services.init == "openrc" and _is_busybox(tree)):
        return InitReader("procps", None, [])
    return _unknown(f"{script} applies sysctl files in a way that is not known")


def _is_busybox(tree: Tree) -> bool:
    path = next((one for one in _SYSCTL if tree.kind(one) == "file"), None)
    return path is not None and tree.real_path(path).rpartition("/")[2].startswith("busybox")


def _one_by_one(tree: Tree) -> List[str]:
    """The files that Alpine's script applies, in its order."""
    run, etc = _files(tree, "/run/sysctl.d"), _files(tree, "/etc/sysctl.d")
    stronger = {path.rpartition("/")[2] for path in (*run, *etc)}
    vendor = [path for folder in _VENDOR for path in _files(tree, folder) if path.rpartition("/")[2] not in stronger]
    in_run = {path.rpartition("/")[2] for path in run}
    main = [path for path in ("/etc/sysctl.conf",) if tree.kind(path) == "file"]
    return [*vendor, *(path for path in etc if path.rpartition("/")[2] not in in_run), *main, *run]


def _as_listed(tree: Tree, text: str) -> List[str]:
    """The files of the folders that an older script of Alpine's names for Linux, in the order of the names."""
    found: List[str] = []
    for folder, file in _LISTED.findall(text.rpartition("Linux_sysctl()")[2])[:_MOST_LISTED]:
        found += _files(tree, folder) if folder else [file] * (tree.kind(file) == "file")
    return found


def _files(tree: Tree, folder: str) -> List[str]:
    names = [name for name in names_in(tree, folder) if name.endswith(".conf") and not name.startswith(".")]
    return [f"{folder}/{name}" for name in names if tree.kind(f"{folder}/{name}") == "file"]
