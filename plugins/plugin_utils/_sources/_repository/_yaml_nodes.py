# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""YAML and JSON as nodes that know their lines: nothing is constructed, nothing recurses, and an alias stands for nothing twice."""

from __future__ import annotations

import typing as t

import yaml

if t.TYPE_CHECKING:
    from collections.abc import Iterator

_YAML: t.Any = yaml
_PARSER: t.Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 60
# The parser that is written in Python does about 200 kB a second.
MAX_CHARACTERS = 1024 * 1024 if _PARSER is not yaml.SafeLoader else 128 * 1024


class YamlError(Exception):
    """The text is no YAML, or nested too deeply."""


class Node:
    """One node. line: from 1. text: of a scalar, else None. plain: a scalar without quotation marks. block: a scalar over whole lines.

    pairs: of a mapping, in order. items: of a list. last_line: where a scalar over whole lines ends.
    """

    __slots__ = ("block", "items", "last_line", "line", "pairs", "plain", "text")

    def __init__(self, line: int, text: str | None = None, plain: bool = False, block: bool = False, last_line: int = 0) -> None:
        self.line = line
        self.text = text
        self.plain = plain
        self.block = block
        self.last_line = last_line
        self.pairs: list[tuple[Node, Node]] | None = None
        self.items: list[Node] | None = None

    def entry(self, *names: str) -> Node | None:
        """The value of the first of these keys that a mapping has, in the order of its keys."""
        return next((value for key, value in self.pairs or () if key.text in names), None)


# YAML 1.1 ends a line at these, but no editor counts lines so.
_NO_LINE_ENDS = dict.fromkeys((0x85, 0x2028, 0x2029), " ")


def documents(text: str) -> Iterator[Node]:
    """The documents of a text. Raises YamlError, perhaps after the first ones."""
    # Each open collection, and the key that waits for its value.
    stack: list[tuple[Node, list[Node]]] = []
    try:
        for event in _YAML.parse(text.translate(_NO_LINE_ENDS), Loader=_PARSER):
            if isinstance(event, yaml.CollectionEndEvent):
                node, _waiting = stack.pop()
            elif isinstance(event, yaml.NodeEvent):
                node = _node(event)
                if stack:
                    _add(stack[-1], node)
                if node.text is None:
                    stack.append((node, []))
                    if len(stack) > _DEEPEST:
                        raise YamlError("nested too deeply")
                    continue
            else:
                continue
            if not stack:
                yield node
    except yaml.YAMLError as error:
        raise YamlError(str(error)) from None
    except (ValueError, RecursionError) as error:
        # Characters that YAML does not allow, among others.
        raise YamlError(str(error)) from None


def _node(event: t.Any) -> Node:
    line = event.start_mark.line + 1
    if isinstance(event, _YAML.ScalarEvent):
        block = event.style in ("|", ">")
        return Node(line, event.value, not event.style, block, event.end_mark.line)
    if isinstance(event, _YAML.AliasEvent):
        return Node(line, "")
    node = Node(line)
    if isinstance(event, _YAML.MappingStartEvent):
        node.pairs = []
    else:
        node.items = []
    return node


def _add(parent: tuple[Node, list[Node]], child: Node) -> None:
    node, waiting = parent
    if node.items is not None:
        node.items.append(child)
    elif waiting and node.pairs is not None:
        node.pairs.append((waiting.pop(), child))
    else:
        waiting.append(child)
