# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""TuneD sets sysctl keys from the sections of its profile that are for the plug-in sysctl, whenever its service starts.

Modelled on TuneD 2.20. Its unit runs after systemd-sysctl.service and network.target, so also after ufw. Where reapply_sysctl in
/etc/tuned/tuned-main.conf is on, as it is by default, TuneD then applies the files of /run/sysctl.d and /etc/sysctl.d and
/etc/sysctl.conf once more: keys in them win, the other keys of the profile stay. It does so only where the profile has such a section.
It knows neither patterns nor the dash, and /run is stronger than /etc for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Optional

from ._services import names_in, text_of, why_unreadable
from ._tuned_profile import ACTIVE_PROFILE, Profile, UnreadableProfileError, Variables, read
from ._writer import Found, file_of, setting, unknown_file

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import Assignment, BootFile, Writer
    from .._tree import Tree
    from ._services import Services

NAME = "tuned"
MAIN = "/etc/tuned/tuned-main.conf"
_POST_LOADED = "/etc/tuned/post_loaded_profile"
_FOLDERS = ("/etc/tuned/profiles", "/etc/tuned", "/usr/lib/tuned/profiles", "/usr/lib/tuned")
_REAPPLIED = ("/run/sysctl.d", "/etc/sysctl.d")
_ON = ("1", "Y", "YES", "T", "TRUE")
_MAX_NAMES = 20


def find(tree: Tree, services: Services) -> Optional[Found]:
    """TuneD and its profile; None where it is not started, or where the profile sets no sysctl key."""
    start = services.start(NAME)
    if start is None and services.init is not None:
        return None
    names = [*text_of(tree, ACTIVE_PROFILE).split(), *text_of(tree, _POST_LOADED).split()]
    why = why_unreadable(tree, ACTIVE_PROFILE)
    if start is None and not names and not why:
        return None
    again = _reapplies(tree)
    writer: Writer = {
        "name": NAME,
        "order": "after",
        "path": start.path if start else ACTIVE_PROFILE,
        "detail": f"profile {' '.join(names[:_MAX_NAMES])}; reapply_sysctl is {'on' if again else 'off'}",
    }
    if not names:
        return Found(writer, [unknown_file(ACTIVE_PROFILE, NAME, why or "it names no profile: TuneD chooses one when it starts")], [])
    try:
        files = _files(tree, Profile(tree, _folders(tree), names[:_MAX_NAMES]))
    except UnreadableProfileError as error:
        return Found(writer, [unknown_file(error.path, NAME, str(error))], [])
    if not files:
        return None
    return Found(writer, files, _sysctl_files(tree) if again else [])


def _setting(tree: Tree, name: str) -> Optional[str]:
    """A setting of TuneD itself: the last one of this name."""
    found = None
    for line in text_of(tree, MAIN).split("\n"):
        key, equals, value = line.partition("=")
        if equals and key.strip() == name:
            found = value.partition(" #")[0].strip()
    return found


def _reapplies(tree: Tree) -> bool:
    text = _setting(tree, "reapply_sysctl")
    return text is None or text.upper() in _ON


def _folders(tree: Tree) -> List[str]:
    given = _setting(tree, "profile_dirs")
    return [one.strip() for one in given.split(",") if one.strip()][::-1] if given else list(_FOLDERS)


def _files(tree: Tree, profile: Profile) -> List[BootFile]:
    """The files of the profile, each with the settings that count in the end; none where there is no section for sysctl."""
    sections = [one for name, one in profile.sections.items() if one.is_of("sysctl", name)]
    if not sections:
        return []
    variables = Variables(profile.sections.get("variables"), lambda path: read(tree, path).split("\n"))
    lines: Dict[str, List[Assignment]] = {path: [] for path in profile.files}
    for section in sections:
        for key, option in section.options.items():
            value = None if section.is_conditional else variables.expand(option)
            lines[option.path] += setting(option.line, key.replace(".", "/"), None if value is None else _unquoted(value))
    return [file_of(path, NAME, assignments) for path, assignments in lines.items()]


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _sysctl_files(tree: Tree) -> List[str]:
    """The files of sysctl.d that TuneD applies again, in its order."""
    folders: Dict[str, str] = {}
    for folder in _REAPPLIED:
        for name in names_in(tree, folder):
            if name.endswith(".conf"):
                folders.setdefault(name, folder)
    paths = [f"{folders[name]}/{name}" for name in sorted(folders)] + ["/etc/sysctl.conf"]
    return [path for path in paths if tree.kind(path) == "file"]
