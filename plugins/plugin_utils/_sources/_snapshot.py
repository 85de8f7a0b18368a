# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Source snapshot: a snapshot as JSON, alone or as Ansible saves it around ansible_facts."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, NoReturn

from ...module_utils._sysctl._keys import SYSCTL_KEYS, is_secret, parse
from ...module_utils._sysctl._lines import MAX_PATTERN_CHARACTERS
from .._shapes import ShapeError, check
from .._snapshot_types import NetworkParts, Snapshot, Sysctl
from ._common import SCHEMA, SourceError, read_bytes, shown

# The first name in it, as far as the start of the file goes.
_OBJECT = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\s*(?:\}|\Z|\"(?:[^\"\\]|\\.)*(?:\Z|\"\s*(?::|\Z)))")

MAX_KEYS = 2000
MAX_SOCKET_ROWS = 1000
MAX_NAT_ROWS = 1000
MAX_PROBES = 4096
MAX_NAMESPACES = 5_000


def is_file(start: bytes) -> bool:
    """Whether a file that starts so is a JSON object, which only a snapshot is. Other languages have braces, too (Nix, nftables)."""
    return bool(_OBJECT.match(start))


def is_folder(path: str) -> bool:
    """A snapshot is always a file."""
    return False


def load(path: str) -> Snapshot:
    """The snapshot in a file.

    :raises SourceError: the file cannot be read, is no JSON, or is no snapshot of this schema.
    """
    data = read_bytes(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{path}: not UTF-8 text (byte {error.start})") from None
    try:
        content = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except RecursionError:
        raise SourceError(f"{path}: nested too deeply") from None
    except json.JSONDecodeError as error:
        raise SourceError(f"{path}: not JSON (line {error.lineno}, column {error.colno}: {error.msg})") from None
    except ValueError as error:
        raise SourceError(f"{path}: not valid JSON: {error}") from None
    try:
        snapshot = validate(_unwrapped(content))
    except SourceError as error:
        raise SourceError(f"{path}: {error}") from None
    snapshot["source"] = {"kind": "snapshot", "path": path}
    return snapshot


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for name, _value in pairs:
            if name in seen:
                raise ValueError(f"the key {shown(name)} stands twice in one object")
            seen.add(name)
    return result


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _unwrapped(content: object) -> object:
    for name in ("ansible_facts", "linux_tcp"):
        if isinstance(content, dict) and "schema" not in content and name in content:
            content = content[name]
    return content


def validate(data: object) -> Snapshot:
    """The data as plain data, once its shape is that of _snapshot_types and every value is what its raw text means.

    :raises SourceError: naming the place inside the data.
    """
    if not isinstance(data, dict) or "schema" not in data:
        raise SourceError(f"not a snapshot: it has no key 'schema'. This collection reads {SCHEMA}.")
    if data["schema"] != SCHEMA:
        raise SourceError(f"the schema is {shown(str(data['schema']))}. This collection reads {SCHEMA}.")
    try:
        snapshot = check(Snapshot, data, strict=True)
    except ShapeError as error:
        raise SourceError(str(error)) from None
    _check_sizes(snapshot)
    for key, one in (snapshot["sysctl"] or {}).items():
        _check_sysctl(f"sysctl[{shown(key)}]", key, one)
    for namespace in snapshot.get("namespaces", []):
        for key, one in (namespace["sysctl"] or {}).items():
            _check_sysctl(f"namespaces[{shown(namespace['name'])}].sysctl[{shown(key)}]", key, one)
    return snapshot


def _check_sizes(snapshot: Snapshot) -> None:
    """No honest host has more, and rules look at some of these for each one of others."""
    namespaces, boot_files = snapshot.get("namespaces", []), snapshot["boot_files"]
    sizes: list[tuple[str, int, int]] = [
        ("probes", len(snapshot.get("probes", ())), MAX_PROBES),
        ("namespaces", len(namespaces), MAX_NAMESPACES),
        *_sizes_of(snapshot, ""),
    ]
    for place, namespace in enumerate(namespaces):
        sizes += _sizes_of(namespace, f"namespaces[{place}].")
    if boot_files:
        patterns = sum(len(one["key"]) for file in boot_files["files"] for one in file["assignments"] if one["is_glob"])
        if patterns > MAX_PATTERN_CHARACTERS:
            raise SourceError(f"boot_files has more than {MAX_PATTERN_CHARACTERS} characters of shell patterns")
        for reader, paths in boot_files["order"].items():
            # sysctl --system reads /etc/sysctl.conf a second time where a link leads to it.
            if any(times > 2 for times in Counter(paths).values()):
                raise SourceError(f"boot_files.order[{shown(reader)}] has a path more than twice")
    for where, size, most in sizes:
        if size > most:
            raise SourceError(f"{where} has {size} entries. The limit is {most}.")


def _sizes_of(parts: NetworkParts, prefix: str) -> list[tuple[str, int, int]]:
    """Place, entries and limit of what may be long in a network namespace."""
    sockets, nat = parts["sockets"], parts["nat"]
    sizes: list[tuple[str, int, int]] = [
        ("sysctl", len(parts["sysctl"] or ()), MAX_KEYS),
        ("ipv4_keys", len(parts["ipv4_keys"] or ()), MAX_KEYS),
    ]
    if sockets:
        sizes += [(f"sockets.{name}", len(rows), MAX_SOCKET_ROWS) for name, rows in sockets.items() if isinstance(rows, list)]
    if nat:
        sizes += [
            (f"nat.{name}", len(rows or ()), MAX_NAT_ROWS)
            for name, rows in (("snat", nat["snat"]), ("pools", nat["pools"]), ("dnat", nat["dnat"]))
        ]
    return [(prefix + place, size, most) for place, size, most in sizes]


def _check_sysctl(place: str, key: str, one: Sysctl) -> None:
    if is_secret(key):
        raise SourceError(f"{place} is a secret. No snapshot may hold it.")
    if one["state"] == "unreadable" and "reason" not in one:
        raise SourceError(f"{place}.reason is missing")
    if one["state"] != "present":
        return
    for name in ("raw", "value"):
        if name not in one:
            raise SourceError(f"{place}.{name} is missing")
    if key in SYSCTL_KEYS and parse(SYSCTL_KEYS[key], one["raw"]) != one["value"]:
        raise SourceError(f"{place}.value is not what the raw value {shown(one['raw'])} means")
