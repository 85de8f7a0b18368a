# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Checked data without what _shapes.check() fills in again: what tasks return, and what reports keep of each host."""

from __future__ import annotations

import functools
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from ._shapes import Default, check

_NEEDED: Any = object()


def compact(kind: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """data, which has the shape of the TypedDict kind, without the fields that have their defaults, down to the innermost dictionary.

    Keys that the kind does not know are kept.
    """
    fields = _fields(kind)
    kept = {}
    for name, value in data.items():
        default, inside = fields.get(name, (_NEEDED, None))
        if default is _NEEDED or value != default:
            kept[name] = inside(value) if inside else value
    return kept


@functools.cache
def _fields(kind: Any) -> dict[str, tuple[Any, Callable[[Any], Any] | None]]:
    """Of each field its default, _NEEDED where it has none, and what makes its value compact, None where nothing can be left out."""
    hints = typing.get_type_hints(kind, include_extras=True)
    return {name: (_default(hint), _inside(hint)) for name, hint in hints.items()}


def _default(hint: Any) -> Any:
    """What check() gives to a missing field."""
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is not Annotated:
        return None if type(None) in arguments else _NEEDED
    note = next((note for note in arguments[1:] if isinstance(note, Default)), None)
    if note is None:
        return _default(arguments[0])
    return check(arguments[0], note.value) if typing.is_typeddict(arguments[0]) else note.value


def _inside(hint: Any) -> Callable[[Any], Any] | None:
    arguments = typing.get_args(hint)
    if typing.get_origin(hint) is Annotated:
        return _inside(arguments[0])
    if typing.is_typeddict(hint):
        return functools.partial(compact, hint)
    item = _inside(arguments[0]) if typing.get_origin(hint) is list else None
    return None if item is None else lambda values: [item(value) for value in values]
