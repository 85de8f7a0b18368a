# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The settings of one file, in the places in which they are applied together."""

from __future__ import annotations

import itertools
import posixpath
import typing as t

from ....module_utils._text import path_as_text
from ._documents import settings_in_document
from ._found import is_misspelt, number_or_unknown
from ._hits import names_a_key
from ._patches import added
from ._text import MAX_SETTINGS, settings_in_text
from ._yaml import Variable, YamlReader
from ._yaml_nodes import MAX_CHARACTERS, YamlError, documents

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ..._snapshot_types import Place
    from ._found import Found, Kind, Style
    from ._patches import Part

    ReadFile = Callable[[str], "bytes | None"]

_DOCUMENTS = (".md", ".markdown", ".mdx", ".rst", ".adoc", ".asciidoc")
_NO_SETTINGS = (".html", ".htm", ".svg", ".css", ".map", ".lock", ".ipynb", ".po", ".csv", ".tsv", ".sum", ".proto")
# The defaults that it repeats are for people.
_DOCUMENTATION = "meta/argument_specs.yml"
_PATCHES = (".patch", ".diff")
_YAML = (".yml", ".yaml", ".json", ".sls", ".template", ".ign", ".bu")
_TEMPLATES = (".j2", ".jinja", ".jinja2", ".erb", ".epp", ".tpl", ".tmpl", ".tftpl", ".in", ".gotmpl")
_SHELL = (".sh", ".bash", ".zsh", ".ksh", ".mk", ".bats", ".ks", ".envrc", ".cmd", ".service", ".timer")
_SHELL_NAMES = ("dockerfile", "containerfile", "makefile", "vagrantfile", "justfile", "preseed")
_CODE = frozenset(
    (
        *(".nix", ".tf", ".tfvars", ".tofu", ".hcl", ".bicep", ".pp", ".rb", ".py", ".pl", ".lua", ".php", ".ex"),
        *(".toml", ".cue", ".dhall"),
        *(".go", ".js", ".mjs", ".ts", ".tsx", ".rs", ".c", ".cc", ".cpp", ".h", ".cs", ".java", ".kt", ".groovy", ".scala", ".swift"),
        *(".jsonnet", ".libsonnet", ".bzl", ".star"),
    )
)
# What gives the variables of a role their values: the first one wins.
_ROLE_VARIABLES = ("vars/main.yml", "vars/main.yaml", "defaults/main.yml", "defaults/main.yaml")


class Reader:
    """Reads the files of one repository. read: the content of another file of it, by its path, or None where there is none."""

    def __init__(self, read: ReadFile) -> None:
        self._read = read
        self._roles: dict[str, dict[str, Variable]] = {}
        # Files with more settings than are looked at.
        self.cut_off: list[str] = []
        # Files that name a key, and set none as far as was understood.
        self.without: list[str] = []

    def places(self, path: str, data: bytes) -> list[Place]:
        """The places of a file, in the order of their first settings. path: relative to the repository."""
        text = data.decode("utf-8-sig", "replace")
        found = self._settings(path, text)
        if not found and names_a_key(text):
            self.without.append(path_as_text(path))
        if len(found) >= MAX_SETTINGS:
            self.cut_off.append(path_as_text(path))
        places: dict[tuple[str, Kind], Place] = {}
        name = path_as_text(path)
        for one in found:
            place = places.setdefault((one.place, one.kind), {"name": one.place, "kind": one.kind, "settings": []})
            place["settings"].append({"key": one.key, "value": one.value, "path": one.path or name, "line": one.line, "form": one.form})
        return [place for place in places.values() if _is_meant(place)]

    def _settings(self, path: str, text: str) -> list[Found]:
        name = posixpath.basename(path).lower()
        while name.endswith(_TEMPLATES):
            name = name.rpartition(".")[0]
        if name.endswith(_NO_SETTINGS) or path.endswith(_DOCUMENTATION):
            return []
        if name.endswith(_DOCUMENTS):
            return settings_in_document(text, name)
        if name.endswith(_PATCHES):
            return [one for part in added(text) for one in self._of_patch(part)]
        if name.endswith(_YAML):
            if len(text) <= MAX_CHARACTERS:
                try:
                    found = YamlReader(text, self._variables_for(path)).settings()
                    return list(map(number_or_unknown, itertools.islice(found, MAX_SETTINGS)))
                except YamlError:
                    # Templates of Helm and the like: line by line then.
                    pass
            return settings_in_text(text, "config")
        style = style_of(name, text)
        kind: Kind = (
            "image" if name.startswith(("dockerfile", "containerfile")) or name.endswith((".dockerfile", ".containerfile")) else "host"
        )
        in_text = settings_in_text(text, style, kind=kind)
        return list(map(number_or_unknown, in_text)) if style == "code" else in_text

    def _of_patch(self, part: Part) -> list[Found]:
        """The settings that a patch adds to one file, read as that file is."""
        if part.path.lower().endswith(_PATCHES):
            return []
        found = self._settings(part.path, part.text)
        return [one._replace(place=", ".join(filter(None, (f"added to {path_as_text(part.path)}", one.place)))) for one in found]

    def _variables_for(self, path: str) -> Callable[[str], Variable | None]:
        """The variables that the tasks of a role have from its defaults and vars."""
        folder, tasks, _rest = ("/" + path).rpartition("/tasks/")
        if not tasks:
            return lambda _name: None
        role = folder.lstrip("/")
        return lambda name: self._of_role(role).get(name)

    def _of_role(self, role: str) -> dict[str, Variable]:
        if role not in self._roles:
            known: dict[str, Variable] = {}
            for file in _ROLE_VARIABLES:
                data = self._read(posixpath.join(role, file))
                if data is None or len(data) > MAX_CHARACTERS:
                    continue
                try:
                    for node in documents(data.decode("utf-8", "replace")):
                        for key, value in node.pairs or ():
                            known.setdefault(key.text or "", Variable(path_as_text(posixpath.join(role, file)), value))
                except YamlError:
                    continue
            self._roles[role] = known
        return self._roles[role]


def style_of(name: str, text: str) -> Style:
    """How a file writes values. name: in lower case, without the ending of a template."""
    # TuneD takes quotation marks off, as a language does.
    if posixpath.splitext(name)[1] in _CODE or "\n[sysctl]\n" in text:
        return "code"
    if name.endswith(_SHELL) or name.startswith(_SHELL_NAMES):
        return "shell"
    if text.startswith("#!"):
        first = text.partition("\n")[0]
        return "code" if any(word in first for word in ("python", "perl", "ruby", "node")) else "shell"
    return "config"


def _is_meant(place: Place) -> bool:
    """Whether a place holds settings at all: names that no kernel has count beside others, or in a command, and not alone."""
    return any(one["form"] == "command" or not is_misspelt(one["key"]) for one in place["settings"])
