# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Tells by its content what kind of source a path is."""

from __future__ import annotations

import os
import re

from . import _archive, _capture, _socket_tables, _sos, _sysctl_d
from ._common import KINDS, SourceError, open_file, read_bytes, text_of

_SETTING = re.compile(r"^[ \t]*-?[\w*-]+(?:[./][\w:@*\[\]?-]+)+[ \t]*=", re.MULTILINE)
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
        return _folder_kind(path)
    with open_file(path) as handle:
        if _archive.looks_like(handle.read(512)):
            return "sos"
    data = read_bytes(path)
    if _capture.looks_like(data):
        return "capture"
    start = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"{"):
        return "snapshot"
    return _text_kind(path, text_of(path, data))


def _folder_kind(path: str) -> str:
    if _sos.is_folder(path):
        return "sos"
    if _capture.is_folder(path):
        return "capture"
    if _sysctl_d.is_root(path) or _sysctl_d.has_conf(path):
        return "sysctl_d"
    raise _no_kind(path, "the folder is like none of them")


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
            raise _no_kind(path, "the text may be an excerpt of sysctl -a or a file of sysctl.d: say which")
    if path.endswith(_CONF_NAMES) or _SETTING.search(text):
        return "sysctl_d"
    if _socket_tables.is_socket_table(text):
        raise _no_kind(path, "a list of sockets alone is not enough; in a folder with other outputs it counts as a capture")
    raise _no_kind(path, "the text is like none of them")


def _no_kind(path: str, why: str) -> SourceError:
    return SourceError(f"{path}: cannot tell what kind of source this is ({', '.join(KINDS)}): {why}")
