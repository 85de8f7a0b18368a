# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Detects from its content what kind of source a path is."""

from __future__ import annotations

import os
import re

from . import _paste, _repository, _socket_tables
from ._common import SourceError, open_file, read_bytes, text_of
from ._kinds import KINDS, START_BYTES, kind_of

# sysctl prints " = " after a bare key; nothing else stands in its output than such lines and its own complaints.
_LISTED = re.compile(r"^[\w-]+(?:[./][\w:@-]+)+ = ?.*$|^(?:sysctl|error):.*$", re.ASCII)
# Keys that a listing has and that nobody sets: the kernel lets nobody write them.
_READ_ONLY = ("\nkernel.osrelease = ", "\nnet.ipv4.tcp_available_congestion_control = ")
_MANY = 300
_CONF_NAMES = (".conf", ".conf.j2")


def detect_kind(path: str) -> str:
    """One of KINDS.

    :raises SourceError: the path cannot be read, or is like none of the kinds, or like two of them.
    """
    if os.path.isdir(path):
        found = next((name for name in KINDS if kind_of(name).is_folder(path)), None)
        if found is None:
            raise _no_kind(path, "the folder looks like none of them")
        return found
    with open_file(path) as handle:
        start = handle.read(START_BYTES)
    found = next((name for name in KINDS if kind_of(name).is_file(start)), None)
    if found == "snapshot" and _repository.is_other_json(path):
        return "repository"
    if found is not None:
        return found
    data = read_bytes(path)
    if not path.endswith(_CONF_NAMES) and _paste.is_paste(data):
        return "paste"
    return _text_kind(path, text_of(path, data))


def _text_kind(path: str, text: str) -> str:
    marked = "\n" + text
    read_only = any(key in marked for key in _READ_ONLY)
    if read_only and "\n#" not in marked and "\n\n" not in marked:
        # The usual case, and the one that comes by the thousand.
        return "sysctl_a"
    lines = [line for line in text.splitlines() if line.strip()]
    listed = sum(1 for line in lines if _LISTED.match(line))
    if listed == len(lines) or listed >= 0.98 * len(lines) >= _MANY:
        if read_only or listed >= _MANY:
            return "sysctl_a"
        if not path.endswith(_CONF_NAMES):
            raise _no_kind(path, "the text can be a part of the output of sysctl -a, or a sysctl.d file")
    if path.endswith(_CONF_NAMES) or _repository.is_sysctl_file(text):
        return "sysctl_d"
    if _repository.has_settings(path, text):
        return "repository"
    if _socket_tables.is_socket_table(text):
        raise _no_kind(path, "a list of sockets alone is not enough. Add the output of sysctl -a to the text, or put both into one folder")
    raise _no_kind(path, "the text looks like none of them")


def _no_kind(path: str, why: str) -> SourceError:
    return SourceError(f"{path}: unknown kind of source: {why}. Set source_kind to one of {', '.join(KINDS)}.")
