# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""A TuneD profile: its file as TuneD's ConfigParser reads it, the profiles that it includes, and what is left of them together.

Modelled on TuneD 2.20. A profile includes others, which come before it. Sections of one name are merged, later options win;
"replace" drops what was there before, "drop" takes out single options. A file is not read twice: a profile of /etc that includes its own
name gets the vendor's. A value may hold variables and functions; what only TuneD can work out is not known here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable, Dict, List, NamedTuple, Optional

if TYPE_CHECKING:
    from .._tree import Tree

ACTIVE_PROFILE = "/etc/tuned/active_profile"
MAX_FILES = 50
MAX_BYTES = 256 * 1024
_SECTION = re.compile(r"\[(.+)\]")
_INLINE_COMMENT = re.compile(r"(?:^|\s)#.*")
_LIST = re.compile(r"\s*[,;]\s*")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_NAME = re.compile(r"-?[A-Za-z0-9_.-]{1,255}\Z")
_TRUE = ("True", "true", "1")
# Of a section, all else are options of the plug-in.
_OF_THE_SECTION = (
    *("type", "enabled", "replace", "drop", "devices", "devices_udev_regex", "cpuinfo_regex", "uname_regex"),
    *("script_pre", "script_post", "priority"),
)


class UnreadableProfileError(Exception):
    """TuneD cannot load the profile, or nobody can tell here what it loads. The message says why; path: the file."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(why)
        self.path = path


class Option(NamedTuple):
    """text: as the file has it. More than one line: the lines after the first are joined to it by line feeds."""

    text: str
    path: str
    line: int


class Section(NamedTuple):
    """about: the words of _OF_THE_SECTION. options: all others."""

    about: Dict[str, Option]
    options: Dict[str, Option]

    def is_of(self, plugin: str, name: str) -> bool:
        kind, enabled = self.about.get("type"), self.about.get("enabled")
        return (kind.text if kind else name) == plugin and (enabled is None or enabled.text in _TRUE)

    @property
    def is_conditional(self) -> bool:
        return "cpuinfo_regex" in self.about or "uname_regex" in self.about


class Profile:
    """What the profiles of these names are together. files: those that were read, in the order in which they count."""

    def __init__(self, tree: Tree, folders: List[str], names: List[str]) -> None:
        """folders: where profiles are, the strongest first. Raises UnreadableProfileError."""
        self._tree = tree
        self._folders = folders
        self._begun: List[str] = []
        self.files: List[str] = []
        self.sections: Dict[str, Section] = {}
        for name in names:
            self._load(name)

    def _load(self, name: str) -> None:
        path = self._find(name)
        if path is None:
            return
        if len(self._begun) >= MAX_FILES:
            raise UnreadableProfileError(path, f"it includes more than {MAX_FILES} files")
        self._begun.append(path)
        found = parse(path, read(self._tree, path))
        main = found.pop("main", {})
        if "include" in main:
            for included in _LIST.split(main["include"].text):
                self._load(included)
        self.files.append(path)
        for name_, options in found.items():
            self._merge(name_, options)

    def _find(self, name: str) -> Optional[str]:
        """The strongest file of a profile that is not part of this one yet; None where nothing has to be read."""
        named_in = self._begun[-1] if self._begun else ACTIVE_PROFILE
        if not _NAME.match(name):
            raise UnreadableProfileError(named_in, "it names a profile that cannot be found here")
        seen = False
        for folder in self._folders:
            path = f"{folder}/{name.lstrip('-')}/tuned.conf"
            if path in self._begun:
                seen = True
            elif self._tree.kind(path) == "file":
                return path
        if seen or name.startswith("-"):
            return None
        raise UnreadableProfileError(named_in, f"there is no profile {name}, so TuneD loads none")

    def _merge(self, name: str, given: Dict[str, Option]) -> None:
        about = {word: given.pop(word) for word in _OF_THE_SECTION if word in given}
        before = self.sections.get(name)
        if before is None or ("replace" in about and about["replace"].text in _TRUE):
            self.sections[name] = Section(about, given)
            return
        before.about.update(about)
        # Those that every newer section sets anew, to their defaults where it does not have them.
        for word in ("type", "enabled"):
            if word not in about:
                before.about.pop(word, None)
        if "drop" in about:
            for option in re.split(r"\b\s*[,;]\s*", about["drop"].text):
                before.options.pop(option, None)
        before.options.update(given)


def read(tree: Tree, path: str) -> str:
    """The text of a profile. Raises UnreadableProfileError."""
    try:
        data = tree.read(path, MAX_BYTES)
    except OSError as error:
        raise UnreadableProfileError(path, error.strerror or "cannot be read") from None
    if len(data) > MAX_BYTES:
        raise UnreadableProfileError(path, f"larger than {MAX_BYTES} bytes")
    return data.decode("utf-8", "replace")


def parse(path: str, text: str) -> Dict[str, Dict[str, Option]]:
    """Sections to options, as ConfigParser with "=" alone and comments after " #" has them. Raises UnreadableProfileError."""
    found: Dict[str, Dict[str, Option]] = {}
    section: Optional[Dict[str, Option]] = None
    last, indent = "", 0
    for number, whole in enumerate(text.split("\n"), 1):
        line = _INLINE_COMMENT.sub("", whole)
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        depth = len(line) - len(line.lstrip())
        if section is not None and last and depth > indent:
            section[last] = section[last]._replace(text=section[last].text + "\n" + stripped)
            continue
        indent = depth
        head = _SECTION.match(stripped)
        if head:
            section, last = found.setdefault(head.group(1), {}), ""
            continue
        key, equals, value = stripped.partition("=")
        last = key.strip()
        if section is None or not equals or not last:
            raise UnreadableProfileError(path, f"line {number} is no setting, so TuneD does not load it")
        section[last] = Option(value.strip(), path, number)
    return found


class Variables:
    """The variables of a profile. unknown: names whose value only TuneD knows."""

    def __init__(self, section: Optional[Section], lines_of: Callable[[str], List[str]]) -> None:
        """lines_of: the lines of a file of variables; raises OSError."""
        self._values: Dict[str, Optional[str]] = {}
        for name, option in (section.options if section else {}).items():
            if name == "include":
                self._include(self.expand(option), lines_of)
            else:
                self._values[name] = self.expand(option)

    def _include(self, path: Optional[str], lines_of: Callable[[str], List[str]]) -> None:
        try:
            lines = lines_of(path or "")
        except OSError:
            return
        for line in lines:
            name, equals, value = _INLINE_COMMENT.sub("", line).partition("=")
            if equals:
                self._values[name.strip()] = self.expand(Option(value.strip(), path or "", 1))

    def expand(self, option: Option) -> Optional[str]:
        """An option's value; None where it is not known here."""
        text = option.text.replace("${i:PROFILE_DIR}", option.path.rpartition("/")[0])
        unknown = [name for name in _VARIABLE.findall(text) if self._values.get(name) is None]
        if unknown or "\\$" in text:
            return None
        text = _VARIABLE.sub(lambda found: self._values[found.group(1)] or "", text)
        return None if "${" in text or "\n" in text else text
