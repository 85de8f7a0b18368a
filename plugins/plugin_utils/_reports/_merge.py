# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Reports of other runs, read from their JSON files host by host: a fleet's report does not fit into the memory as objects."""

from __future__ import annotations

import glob
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, cast

from .._escape import one_line
from .._results import CureTexts, RuleTexts
from .._shapes import ShapeError, must_be
from .._texts import Texts
from ._input import Entry, ReportError, entry_of, kept_line, read_line, read_texts
from ._json import AUDITS, SCHEMA

if TYPE_CHECKING:
    from .._results import Audit

MAX_BYTES = 2 << 30
"""Of one file. The report of 100,000 hosts is smaller."""

# What a host is called that looks at itself; of many such hosts the files tell them apart.
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


class Merged(NamedTuple):
    """entries: an Entry for each host as a line of JSON, by name. texts: what the files' rules and cures say of themselves."""

    entries: list[str]
    texts: Texts


class _Kept(NamedTuple):
    """age: an audit is worth more than none, and moments in UTC and ISO 8601 are in order as texts. left_out: files with an older one."""

    age: tuple[bool, str]
    path: str
    line: str
    left_out: tuple[str, ...]


class _FileError(Exception):
    """Why a file, or the rest of it, is not read."""


def paths_of(patterns: Iterable[str]) -> list[str]:
    """The files that the patterns (paths, or globs with **) name, in order, each once. Raises ReportError for one that names none."""
    found: dict[str, None] = {}
    for pattern in patterns:
        expanded = os.path.expanduser(pattern)
        names = [expanded] if os.path.exists(expanded) else sorted(glob.glob(expanded, recursive=True))
        if not names:
            raise ReportError(f"there is no file {one_line(pattern, 200)}. Give the JSON reports of other runs, or their folders.")
        for name in names:
            inside = sorted(glob.glob(os.path.join(glob.escape(name), "**", "*.json"), recursive=True)) if os.path.isdir(name) else [name]
            found.update(dict.fromkeys(inside))
    return list(found)


def merged(paths: Iterable[str], others: Iterable[Entry] = ()) -> Merged:
    """The hosts of all files and the others by name, and of a host that is there several times the newest audit.

    What cannot be read is an entry without an audit under the file's name, so that every report names it, and counts it as not audited.
    """
    newest: dict[str, _Kept] = {}
    rules: dict[str, RuleTexts] = {}
    cures: dict[str, CureTexts] = {}
    for entry in others:
        _keep_newer(newest, entry, "this run")
    for path in paths:
        try:
            for entry, texts in _entries(path):
                rules.update(texts.rules)
                cures.update(texts.cures)
                _keep_newer(newest, entry, path)
        except _FileError as error:
            short = f"file {os.path.basename(path)}"
            name = f"file {path}" if short in newest else short
            newest[name] = _Kept((False, ""), path, kept_line(_not_read(name, f"{path} could not be read: {error}.")), ())
    return Merged([_noted(kept) for _host, kept in sorted(newest.items())], Texts(rules, cures))


def _not_read(name: str, message: str) -> Entry:
    return {"host": name, "failed": True, "unreachable": False, "msg": message}


def _keep_newer(newest: dict[str, _Kept], entry: Entry, path: str) -> None:
    host = entry["host"]
    kept = _Kept(("results" in entry, str(entry.get("collected_at") or "")), path, kept_line(entry), ())
    before = newest.get(host)
    if before is None:
        newest[host] = kept
    elif kept.age >= before.age:
        newest[host] = kept._replace(left_out=(*before.left_out, before.path))
    else:
        newest[host] = before._replace(left_out=(*before.left_out, path))


def _noted(kept: _Kept) -> str:
    """The line of a host, which says what was left out."""
    if not kept.left_out:
        return kept.line
    entry = read_line(kept.line)
    older = ", ".join(one_line(path, 200) for path in kept.left_out[:5])
    note = f"Older reports of this host were left out: {older}. This one is of {one_line(kept.path, 200)}."
    if "results" in entry:
        cast("Audit", entry)["not_seen"].append(note)
    else:
        entry["msg"] += f" {note}"
    return kept_line(entry)


def _entries(path: str) -> Iterator[tuple[Entry, Texts]]:
    """The entries of one file, with its texts: a report, or what tcp_audit returned for one host. Raises _FileError."""
    try:
        if os.path.getsize(path) > MAX_BYTES:
            raise _FileError(f"it has more than {MAX_BYTES >> 20:,} MiB")
        with open(path, encoding="utf-8") as file:
            ours = _is_ours(file)
            file.seek(0)
            yield from _by_lines(file, path) if ours else _whole(json.load(file), path)
    except OSError as error:
        raise _FileError(error.strerror or "it cannot be opened") from None
    except (ValueError, RecursionError):
        raise _FileError("it is no JSON report") from None


def _is_ours(file: TextIO) -> bool:
    """Whether the file is a report as _json writes it, with one line for each host."""
    return file.readline(3) == "{\n" and file.readline(100).startswith(f'"schema": "{SCHEMA}"')


def _by_lines(file: Iterable[str], path: str) -> Iterator[tuple[Entry, Texts]]:
    lines = iter(file)
    head = []
    for line in lines:
        if line == AUDITS:
            break
        head.append(line)
    else:
        raise _FileError("it ends before its audits")
    texts = _texts(json.loads("".join(head).rstrip().rstrip(",") + "}"))
    for line in lines:
        if line.startswith("]"):
            return
        yield _entry(json.loads(line.rstrip().rstrip(",")), path), texts
    raise _FileError("it ends in the middle of its audits")


def _whole(data: Any, path: str) -> Iterator[tuple[Entry, Texts]]:
    if not isinstance(data, dict):
        raise _FileError(must_be("a report or one audit", data).problem)
    audits = data.get("audits", [data])
    if not isinstance(audits, list):
        raise _FileError(f"audits {must_be('a list', audits).problem}")
    texts = _texts(data)
    for audit in audits:
        yield _entry(audit, path), texts


def _texts(head: Mapping[str, Any]) -> Texts:
    try:
        return read_texts(head, "")
    except ShapeError as error:
        raise _FileError(str(error)) from None


def _entry(audit: Any, path: str) -> Entry:
    host = audit.get("host") if isinstance(audit, dict) else None
    if not isinstance(host, str) or not host.strip():
        raise _FileError("it has an entry without a host")
    if host in LOCAL_NAMES:
        hostname = audit.get("hostname")
        host = hostname if isinstance(hostname, str) and hostname.strip() else os.path.basename(path)
    return entry_of(host, audit, path)
