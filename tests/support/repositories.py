# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Repositories for tests: files by path, and what is found in them."""

from __future__ import annotations

import datetime
import typing as t
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import load

REUSE = "net.ipv4.tcp_tw_reuse"
TIMESTAMPS = "net.ipv4.tcp_timestamps"
RANGE = "net.ipv4.ip_local_port_range"
TODAY = datetime.date(2026, 11, 27)

Written = tuple[int, str, t.Optional[str]]
"""A line, the key without net.ipv4. where it has that, the value."""


def write(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


def places(root: Path, files: dict[str, str]) -> list[t.Any]:
    """The places of a repository with these files."""
    return load(str(write(root, files)), "repository")["places"]


def settings(root: Path, name: str, content: str) -> list[Written]:
    """What is found in one file: in all of its places, by line."""
    found = [
        (one["line"], one["key"].removeprefix("net.ipv4."), one["value"])
        for place in places(root, {name: content})
        for one in place["settings"]
    ]
    return sorted(found, key=lambda one: (one[0], one[1], one[2] or ""))


def judged(root: Path, files: dict[str, str], profile: str = "client_host") -> t.Any:
    """The audit of a repository with these files."""
    return audit(load(str(write(root, files)), "repository"), "repo", AuditOptions(profile, TODAY))


def failures(root: Path, files: dict[str, str], profile: str = "client_host") -> set[tuple[str, str, int]]:
    """The rule, the file and the line of each failed result."""
    return {(one["id"], one["path"], one["line"]) for one in judged(root, files, profile)["results"] if one["status"] == "fail"}
