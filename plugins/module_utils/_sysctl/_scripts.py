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

from ._lines import swapped
from ._services import names_in, text_of
from ._shell_writes import command_writes, shell_writes
from ._writer import Found, file_of, setting

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
_INTERFACES = "/etc/network/interfaces"
_REBOOT = re.compile(r"[ \t]*@reboot[ \t]+(.*)")
_UP = re.compile(r"[ \t]*(?:pre-up|up|post-up)[ \t]+(.*)")

_COMMANDS = ("sysctl", "echo", "printf", "sh", "bash", "sudo")

_Write = Tuple[int, str, Optional[str]]


def find(tree: Tree) -> List[Found]:
    """One entry for each kind of script that writes keys."""
    rc_local = [_file(tree, path, "rc.local", shell_writes) for path in _RC_LOCAL]
    local_d = [_file(tree, path, "local.d", shell_writes) for path in _in(tree, "/etc/local.d") if path.endswith(".start")]
    cron_paths = [*_CRON_FILES, *(path for folder in _CRON_FOLDERS for path in _in(tree, folder))]
    cron = [_file(tree, path, "cron", lambda text: _commands(text, _REBOOT)) for path in cron_paths]
    dispatcher = [_file(tree, path, "NetworkManager", shell_writes) for folder in _DISPATCHER for path in _in(tree, folder)]
    ifupdown = [_file(tree, path, "ifupdown", shell_writes) for folder in _IFUPDOWN for path in _in(tree, folder)]
    ifupdown.append(_file(tree, _INTERFACES, "ifupdown", lambda text: _commands(text, _UP)))
    found = []
    for name, files in zip(NAMES, (rc_local, local_d, cron, dispatcher, ifupdown)):
        writing = [file for file in files if file["assignments"]]
        if writing:
            detail = "nobody can tell when it runs, or whether the line is reached"
            found.append(Found({"name": name, "order": "unknown", "path": writing[0]["path"], "detail": detail}, writing, []))
    return found


def _in(tree: Tree, folder: str) -> List[str]:
    paths = [f"{folder}/{name}" for name in names_in(tree, folder)[:MAX_FILES] if not name.endswith("~")]
    return [path for path in paths if tree.kind(path) == "file"]


def _file(tree: Tree, path: str, name: str, understand: Callable[[str], Iterable[_Write]]) -> BootFile:
    text = text_of(tree, path)
    lines: List[Assignment] = []
    for line, key, value in list(understand(text))[:MAX_WRITES] if "sysctl" in text or "/proc/sys" in text else ():
        lines += setting(line, swapped(key), value)
    return file_of(path, name, lines)


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
