# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Settings in YAML and JSON, whatever product reads it: known by their shape, and kept apart by where they stand.

A mapping with sysctl names as keys; a mapping with a name and a value; a list of `key=value`; a text with lines of any form.
The tasks of Ansible are one place, each condition apart; every other list or mapping is a place of its own.
"""

from __future__ import annotations

import base64
import re
import typing as t
import urllib.parse

from ._found import BOOLEANS, Found, known_key, literal
from ._named_values import NAMES, VALUES
from ._text import settings_in_text, style_of_script
from ._underscored import key_of
from ._yaml_nodes import documents

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._found import Kind
    from ._yaml_nodes import Node

    Variables = Callable[[str], "Variable | None"]

_KEY = re.compile(r"-?(?:(?:\w+\.)?sysctl\.|/proc/sys/)?(net[./][\w./]+)\Z", re.ASCII)
_CONTAINER_PARTS = re.compile(r"securityContext|systemControls|(?:docker|podman)_(?:container|swarm_service|pod)|linuxParameters")
_VARIABLE = re.compile(
    r"\{\{\s*(\w+)\s*(?:\|\s*(?:d|default)\(\s*['\"]?([\w ]+)['\"]?\s*(?:,\s*true\s*)?\)\s*)?"
    r"(?:\|\s*(?:string|int|quote|dict2items|list)\s*)*\}\}\Z"
)
_LOOPS = ("loop", "with_items", "with_list", "with_dict", "with_flattened")
_UNKNOWN = "{{ }}"
_LONGEST_HEAD = 100


class Variable(t.NamedTuple):
    """A variable of a role. path: the file that gives it its value."""

    path: str
    node: Node


class Context(t.NamedTuple):
    """Where a node stands. path: the keys above it. tasks: the place of Ansible's tasks, where the document has them."""

    path: tuple[str, ...] = ()
    tasks: str | None = None
    kind: Kind = "host"

    def below(self, name: str) -> Context:
        kind: Kind = "container" if _CONTAINER_PARTS.search(name) or (name == "sysctls" and "services" in self.path) else self.kind
        return self._replace(path=(*self.path, name), kind=kind)

    @property
    def place(self) -> str:
        return self.tasks if self.tasks is not None else ".".join(self.path).replace(".[", "[")


class YamlReader:
    """Reads one file. variables: the value of a variable of its role, or None."""

    def __init__(self, text: str, variables: Variables = lambda name: None) -> None:
        self._text = text
        self._lines: list[str] | None = None
        self._variables = variables

    def settings(self) -> Iterator[Found]:
        """Raises YamlError where the text is no YAML."""
        for number, node in enumerate(documents(self._text), 1):
            top = Context((f"document {number}",) if number > 1 else ())
            if node.items is not None and node.items and all(item.pairs is not None for item in node.items):
                for place, item in enumerate(node.items, 1):
                    play = f"play {place}" if item.entry("hosts") else "the tasks"
                    yield from self._task(item, top._replace(tasks=play))
            else:
                yield from self.of_node(node, top)

    def of_node(self, node: Node, context: Context) -> Iterator[Found]:
        """The settings of a node, and of all below it."""
        if node.pairs is not None:
            yield from self._mapping(node, context, context)
        elif node.items is not None:
            yield from self._list(node.items, context)
        elif node.text:
            yield from self._scalar(node, context)

    def _list(self, items: list[Node], context: Context) -> Iterator[Found]:
        named = self._named_value_of_list(items)
        if named is not None:
            yield Found(named[0], named[1], named[2], "named value", context.place, context.kind)
        for number, item in enumerate(items, 1):
            if item.pairs is not None and context.tasks is not None:
                yield from self._task(item, context)
            elif item.pairs is not None:
                # One entry, or a name and a value, belong to the list; what is deeper is apart from what is in the next item.
                alone = len(item.pairs) == 1 and item.pairs[0][1].text is not None
                yield from self._mapping(item, context if alone else context.below(f"[{number}]"), context)
            else:
                yield from self.of_node(item, context)

    def _named_value_of_list(self, items: list[Node]) -> tuple[int, str, str | None] | None:
        """Of [key, value], and of Salt's list of mappings with one entry each."""
        if len(items) == 2 and items[0].text and items[1].text is not None:
            key, other = (self._key(item.text or "", ()) for item in items)
            return None if key is None or other is not None else (items[0].line, key, self._value(items[1]))
        entries = [item.pairs[0] for item in items if item.pairs is not None and len(item.pairs) == 1]
        return self._named_value(entries) if len(entries) > 1 else None

    def _task(self, node: Node, context: Context) -> Iterator[Found]:
        """A task, block or play of Ansible. What has a condition is a place of its own."""
        when = node.entry("when")
        if when is not None and context.tasks is not None:
            context = context._replace(tasks=f"{context.tasks}, when {_shown(when)}")
        yield from self._mapping(node, context, context)
        for name in _LOOPS:
            loop = node.entry(name)
            found = _VARIABLE.match((loop.text or "").strip()) if loop is not None else None
            variable = self._variables(found.group(1)) if found else None
            if variable is not None:
                for one in self.of_node(variable.node, context):
                    yield one._replace(path=variable.path)

    def _mapping(self, node: Node, context: Context, of_pair: Context) -> Iterator[Found]:
        pairs = node.pairs or []
        state = node.entry("state", "ensure")
        if state is not None and state.text == "absent":
            return
        named = self._named_value(pairs)
        if named is not None:
            yield Found(named[0], named[1], named[2], "named value", of_pair.place, of_pair.kind)
        for key, value in pairs:
            name = key.text or ""
            below = context.below(name)
            if name == "vars":
                below = below._replace(tasks=None)
            setting = self._key(name, context.path)
            if setting is None:
                # A mapping in a mapping, such as the arguments of a task, stands beside its siblings.
                yield from self._mapping(value, below, context) if value.pairs is not None else self.of_node(value, below)
            else:
                form: t.Any = "underscored name" if name.isidentifier() else "assignment"
                yield Found(key.line, setting, self._value(_value_of(value)), form, context.place, context.kind)

    def _named_value(self, pairs: list[tuple[Node, Node]]) -> tuple[int, str, str | None] | None:
        """The line, the key and the value of a setting that has an entry for its name and one for its value."""
        value = next((value for key, value in pairs if key.text in VALUES), None)
        if value is None:
            return None
        for name, written in pairs:
            if written.text is not None and (name.text or "").lower().endswith(NAMES) and written is not value:
                key = self._key(self._resolved(written), ())
                if key is not None:
                    return written.line, key, self._value(value)
        return None

    def _key(self, name: str, path: tuple[str, ...]) -> str | None:
        written = _KEY.match(name)
        if written:
            return known_key(written.group(1))
        key = key_of(name)
        # The word under which the key stands as a value may be any name.
        if key is not None and path[-2:-1] != ("net",):
            return key
        # net: {ipv4: {tcp_tw_reuse: 1}}
        nested = ".".join((*path[-2:], name))
        return known_key(nested) if nested.startswith("net.") and name.isidentifier() else None

    def _value(self, node: Node | None) -> str | None:
        if node is not None and node.items and all(item.text and item.text.isdigit() for item in node.items):
            # A range as a list: [1024, 65535].
            return " ".join(item.text or "" for item in node.items)
        if node is None or node.text is None:
            return None
        text = self._resolved(node)
        if node.plain and text.lower() in ("", "null", "~"):
            return None
        return literal(text, expression=False, booleans=text.lower() in BOOLEANS and text != _UNKNOWN)

    def _resolved(self, node: Node) -> str:
        """The text of a scalar; where it is one variable of the role, or has a default, that."""
        text = node.text or ""
        found = _VARIABLE.match(text.strip())
        if found is None:
            return text
        value = self._variables(found.group(1))
        if value is not None and value.node.text:
            return value.node.text
        return text if found.group(2) is None else found.group(2)

    def _scalar(self, node: Node, context: Context) -> Iterator[Found]:
        text, first = _decoded(node.text or ""), node.line
        if node.block:
            if self._lines is None:
                self._lines = self._text.split("\n")
            text, first = "\n".join(self._lines[node.line : node.last_line]), node.line + 1
        place, kind = context.place, context.kind
        for found in settings_in_text(text, style_of_script(text), first, place, kind):
            # A scalar in quotation marks may span lines that its text does not have.
            yield found if node.block else found._replace(line=node.line)


def _decoded(text: str) -> str:
    """The text of a data URL, as the files of Ignition and of machine configurations have it; any other text as it is."""
    head, comma, rest = text[:_LONGEST_HEAD].partition(",")
    if not comma or not head.startswith("data:"):
        return text
    rest = text[len(head) + 1 :]
    if not head.endswith(";base64"):
        return urllib.parse.unquote(rest)
    try:
        return base64.b64decode(rest, validate=True).decode("utf-8", "replace")
    except ValueError:
        return ""


def _value_of(node: Node) -> Node | None:
    """The value of a key: itself, or under the name "value" (also in Salt's list of small mappings)."""
    if node.text is not None:
        return node
    if node.pairs is not None:
        direct = node.entry(*VALUES)
        if direct is not None:
            return direct
        inner = [value for key, value in node.pairs if (key.text or "").startswith("sysctl")]
        return _value_of(inner[0]) if inner and inner[0] is not node else None
    found = (item.entry(*VALUES) for item in node.items or ())
    return next((one for one in found if one is not None), node)


def _shown(when: Node) -> str:
    if when.text is not None:
        return when.text[:100]
    return " and ".join(item.text or "" for item in (when.items or ())[:5])[:100]
