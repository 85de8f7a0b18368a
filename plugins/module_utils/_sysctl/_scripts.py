# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Scripts that run at boot or when an interface comes up, and write sysctl keys: evidence, for nobody can tell when, or whether, they do.

Their lines are found by _shell_writes. Looked at are rc.local, OpenRC's local.d, the @reboot lines of cron, dispatcher scripts of
NetworkManager, and those of ifupdown with the commands in /etc/network/interfaces.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, List, Optional, Tuple

from .._tree import errno_name
from ._lines import swapped
from ._services import text_of, why_unreadable
from ._shell_writes import command_writes, shell_writes
from ._writer import Found, file_of, setting, unknown_file

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import Assignment, BootFile
    from .._tree import Tree

NAMES = ("rc.local", "local.d", "cron", "NetworkManager", "ifupdown")
MAX_FILES = 50
MAX_WRITES = 200
_RC_LOCAL = ("/etc/rc.local", "/etc/rc.d/rc.local")
_CRON_FILES = ("/etc/crontab",)
_CRON_FOLDERS = ("/etc/cron.d", "/var/spool/cron/crontabs", "/var/spool/cron")
_DISPATCHER = ("/etc/NetworkManager/dispatcher.d", "/etc/NetworkManager/dispatcher.d/pre-up.d", "/usr/lib/NetworkManager/dispatcher.d")
_IFUPDOWN = ("/etc/network/if-pre-up.d", "/etc/network/if-up.d")
_FOLDERS = (*_CRON_FOLDERS, *_DISPATCHER, *_IFUPDOWN)
_INTERFACES = "/etc/network/interfaces"
_REBOOT = re.compile(r"[ \t]*@reboot[ \t]+(.*)")
_UP = re.compile(r"[ \t]*(?:pre-up|up|post-up)[ \t]+(.*)")

_COMMANDS = ("sysctl", "echo", "printf", "sh", "bash", "sudo")

_Write = Tuple[int, str, Optional[str]]
_Understand = Callable[[str], Iterable[_Write]]


def find(tree: Tree) -> List[Found]:
    """One entry for each kind of script that writes keys, or that has a file of which nobody here can tell whether it does."""
    found = []
    for name, files in zip(NAMES, (_rc_local(tree), _local_d(tree), _cron(tree), _dispatcher(tree), _ifupdown(tree))):
        writing = [file for file in files if file["assignments"] or file["unread_because"]]
        if writing:
            detail = "nobody can tell when it runs, or whether the line is reached"
            found.append(Found({"name": name, "order": "unknown", "path": writing[0]["path"], "detail": detail}, writing, []))
    return found


def _rc_local(tree: Tree) -> Iterator[BootFile]:
    for path in _RC_LOCAL:
        yield _file(tree, path, "rc.local", shell_writes)


def _local_d(tree: Tree) -> Iterator[BootFile]:
    return _folder(tree, "/etc/local.d", "local.d", shell_writes, ".start")


def _cron(tree: Tree) -> Iterator[BootFile]:
    for path in _CRON_FILES:
        yield _file(tree, path, "cron", _at_reboot)
    for folder in _CRON_FOLDERS:
        yield from _folder(tree, folder, "cron", _at_reboot)


def _dispatcher(tree: Tree) -> Iterator[BootFile]:
    for folder in _DISPATCHER:
        yield from _folder(tree, folder, "NetworkManager", shell_writes)


def _ifupdown(tree: Tree) -> Iterator[BootFile]:
    for folder in _IFUPDOWN:
        yield from _folder(tree, folder, "ifupdown", shell_writes)
    yield _file(tree, _INTERFACES, "ifupdown", lambda text: _commands(text, _UP))


def _folder(tree: Tree, folder: str, name: str, understand: _Understand, ending: str = "") -> Iterator[BootFile]:
    """The regular files of a folder. A folder that cannot be listed, or has too many, is told like a file."""
    try:
        names = tree.names(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        yield unknown_file(folder, name, errno_name(error))
        return
    names = [one for one in names if one.endswith(ending) and not one.endswith("~") and f"{folder}/{one}" not in _FOLDERS]
    for one in names[:MAX_FILES]:
        if tree.kind(f"{folder}/{one}") in ("file", "other"):
            yield _file(tree, f"{folder}/{one}", name, understand)
    if len(names) > MAX_FILES:
        yield unknown_file(folder, name, f"more than {MAX_FILES} files")


def _file(tree: Tree, path: str, name: str, understand: _Understand) -> BootFile:
    why = why_unreadable(tree, path)
    if why:
        return unknown_file(path, name, why)
    text = text_of(tree, path)
    writes = list(understand(text)) if "sysctl" in text or "/proc/sys" in text else []
    if len(writes) > MAX_WRITES:
        return unknown_file(path, name, f"more than {MAX_WRITES} settings")
    lines: List[Assignment] = []
    for line, key, value in writes:
        lines += setting(line, swapped(key), value)
    return file_of(path, name, lines)


def _at_reboot(text: str) -> Iterable[_Write]:
    return _commands(text, _REBOOT)


def _commands(text: str, pattern: re.Pattern[str]) -> Iterator[_Write]:
    """The writes of the commands in lines that match; what stands before the command, such as cron's user, is no matter."""
    for number, line in enumerate(text.split("\n"), 1):
        command = pattern.match(line[:1000])
        if command:
            for key, value in command_writes(_after_user(command.group(1))):
                yield number, key, value


def _after_user(command: str) -> str:
    """A command without the user that /etc/crontab has before it: a plain word, where the next one is a command."""
    user, blank, rest = command.partition(" ")
    is_user = blank and re.match(r"[a-z_][a-z0-9_-]*\Z", user) and user not in _COMMANDS
    return rest if is_user else command
