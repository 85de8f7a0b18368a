# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Source snapshot: a snapshot as JSON, alone or as Ansible saves it around ansible_facts."""

from __future__ import annotations

import json
import math
import types
import typing
from typing import Any, Literal, NoReturn, Union

from ...module_utils._sysctl._keys import SYSCTL_KEYS, is_secret, parse
from .. import _snapshot_types
from ._common import SCHEMA, SourceError, read_bytes, shown

Snapshot = _snapshot_types.Snapshot

_WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", type(None): "null"}
# Signed and unsigned counters of 64 bits.
_LOWEST, _HIGHEST = -(2**63), 2**64 - 1


def load(path: str) -> Snapshot:
    """The snapshot in a file.

    :raises SourceError: the file cannot be read, is no JSON, or is no snapshot of this schema.
    """
    data = read_bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: is not valid UTF-8 (byte {error.start})") from None
    try:
        content = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError:
        raise SourceError(f"{path}: is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise SourceError(f"{path}: is not JSON (line {error.lineno}, column {error.colno}: {error.msg})") from None
    except ValueError as error:
        raise SourceError(f"{path}: {error}") from None
    try:
        snapshot = validate(_unwrapped(content))
    except SourceError as error:
        raise SourceError(f"{path}: {error}") from None
    snapshot["source"] = {"kind": "snapshot", "path": path}
    return snapshot


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"holds the key {shown(twice)} twice in one object")
    return result


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"holds {name}, which is not a JSON number")


def _unwrapped(content: object) -> object:
    for name in ("ansible_facts", "linux_tcp"):
        if isinstance(content, dict) and "schema" not in content and name in content:
            content = content[name]
    return content


def validate(data: object) -> Snapshot:
    """The data itself, once every type in it is what _snapshot_types says and every value is what its raw text means.

    :raises SourceError: naming the place inside the data.
    """
    if not isinstance(data, dict) or "schema" not in data:
        raise SourceError(f"is no snapshot: an object with the key 'schema' is expected, such as {SCHEMA}")
    if data["schema"] != SCHEMA:
        raise SourceError(f"has the schema {shown(str(data['schema']))}; this collection reads {SCHEMA}")
    try:
        _check("", data, Snapshot)
    except RecursionError:
        raise SourceError("is nested too deeply") from None
    snapshot: Snapshot = data  # type: ignore[assignment]  # checked above
    for key, one in (snapshot["sysctl"] or {}).items():
        _check_sysctl(f"sysctl[{shown(key)}]", key, one)
    _check_counts("boot_files", snapshot["boot_files"], 0)
    _check_counts("sockets", snapshot["sockets"], 0)
    return snapshot


def _check_counts(place: str, value: object, low: int) -> None:
    """Nothing is counted below 0, and lines start at 1."""
    if isinstance(value, dict):
        for name, inner in value.items():
            _check_counts(f"{place}.{name}" if str(name).isidentifier() else f"{place}[{shown(name)}]", inner, 1 if name == "line" else low)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _check_counts(f"{place}[{number}]", inner, low)
    elif isinstance(value, int) and value < low and not isinstance(value, bool):
        _wrong(place, value, f"{low} or more")


def _check_sysctl(place: str, key: str, one: _snapshot_types.Sysctl) -> None:
    if is_secret(key):
        raise SourceError(f"{place}: is a secret, which no snapshot holds")
    if one["state"] == "unreadable" and "reason" not in one:
        raise SourceError(f"{place}.reason: is missing")
    if one["state"] != "present":
        return
    for name in ("raw", "value"):
        if name not in one:
            raise SourceError(f"{place}.{name}: is missing")
    if key in SYSCTL_KEYS and parse(SYSCTL_KEYS[key], one["raw"]) != one["value"]:
        raise SourceError(f"{place}.value: is not what the raw value {shown(one['raw'])} means")


def _check(place: str, value: object, kind: Any) -> None:
    """Compare a value with a type of _snapshot_types; place is empty for the whole."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is Union or origin is types.UnionType:
        _check_any(place, value, arguments)
    elif origin is Literal:
        if not isinstance(value, str) or value not in arguments:
            _wrong(place, value, "one of " + ", ".join(map(str, arguments)))
    elif origin is list:
        if not isinstance(value, list):
            _wrong(place, value, "a list")
        for number, item in enumerate(value):
            _check(f"{place}[{number}]", item, arguments[0])
    elif origin is dict:
        if not isinstance(value, dict):
            _wrong(place, value, "an object")
        for name, item in value.items():
            _check_plain(place, name, str)
            _check(f"{place}[{shown(name)}]", item, arguments[1])
    elif typing.is_typeddict(kind):
        _check_object(place, value, kind)
    else:
        _check_plain(place, value, kind)


def _check_any(place: str, value: object, kinds: tuple[Any, ...]) -> None:
    troubles = []
    for kind in kinds:
        try:
            _check(place, value, kind)
        except SourceError as error:
            if kind is not type(None):
                troubles.append(error)
        else:
            return
    if len(troubles) == 1 and value is not None:
        raise troubles[0]
    _wrong(place, value, "one of the kinds that the schema allows here")


def _check_object(place: str, value: object, kind: Any) -> None:
    if not isinstance(value, dict):
        _wrong(place, value, "an object")
    dot = f"{place}." if place else ""
    hints = typing.get_type_hints(kind)
    for name in value:
        if name not in hints:
            raise SourceError(f"{dot}{name if str(name).isidentifier() else shown(str(name))}: is not part of {SCHEMA}")
    for name, inner in hints.items():
        if name in value:
            _check(f"{dot}{name}", value[name], inner)
        elif name in kind.__required_keys__:
            raise SourceError(f"{dot}{name}: is missing")


def _check_plain(place: str, value: object, kind: Any) -> None:
    fits = isinstance(value, kind)
    if kind is float:
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    elif kind is int:
        fits = isinstance(value, int) and not isinstance(value, bool) and _LOWEST <= value <= _HIGHEST
    elif kind is str and fits:
        # A lone surrogate is valid JSON, and no report could be written with it.
        fits = str(value).encode("utf-8", "ignore").decode() == value
    if not fits:
        _wrong(place, value, _WORDS[kind])


def _wrong(place: str, value: object, wanted: str) -> NoReturn:
    raise SourceError(f"{place or 'the snapshot'}: is {shown(str(value))}, where {wanted} is expected")
