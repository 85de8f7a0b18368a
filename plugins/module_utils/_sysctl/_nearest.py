# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""The keys that somebody may have meant: those of the host and of the collection whose names are like a given one."""

from __future__ import annotations

import difflib

from .._tree import Tree
from ._keys import KNOWN_IPV4_NAMES, SYSCTL_KEYS, is_secret, path_of

_IPV4 = "net.ipv4."
# A host may have thousands of interfaces.
_MOST_NAMES = 2000
_MOST_KEYS = 3
_LIKE, _VERY_LIKE = 0.75, 0.85


def nearest_known(key: str) -> list[str]:
    """The keys of SYSCTL_KEYS that are most like it, at most 3; a name without a dot may be one of IPv4."""
    return difflib.get_close_matches(key if "." in key else _IPV4 + key, SYSCTL_KEYS, _MOST_KEYS, _LIKE)


def nearest_keys(tree: Tree, key: str) -> list[str]:
    """The keys of the host and of SYSCTL_KEYS that are most like a key that the host does not have, at most 3, the best first."""
    near = dict.fromkeys([*_on_host(tree, path_of(key)), *nearest_known(key)])
    best = difflib.get_close_matches(key, near, _MOST_KEYS, 0)
    return [one for one in best if not is_secret(one)]


def looks_misspelt(key: str) -> bool:
    """Whether a key that the host does not have is like a tcp_* or ip_local_* key that kernels have had, and not one of them."""
    name = key[len(_IPV4) :] if key.startswith(_IPV4) else ""
    if not name.startswith(("tcp_", "ip_local_")) or name in KNOWN_IPV4_NAMES:
        return False
    return bool(difflib.get_close_matches(name, KNOWN_IPV4_NAMES, 1, _VERY_LIKE))


def _on_host(tree: Tree, path: str) -> list[str]:
    """Keys that are there once the first part of the path that is not is replaced by a name beside it."""
    folder, rest = "/proc/sys/net", path[len("/proc/sys/net/") :].split("/")
    while rest[1:] and tree.kind(f"{folder}/{rest[0]}") == "folder":
        folder += "/" + rest.pop(0)
    try:
        names = tree.names(folder)[:_MOST_NAMES]
    except OSError:
        return []
    like = difflib.get_close_matches(rest[0], names, _MOST_KEYS, _LIKE)
    paths = ["/".join([folder, name, *rest[1:]]) for name in like]
    return [_key_of(path) for path in paths if tree.kind(path) == "file"]


def _key_of(path: str) -> str:
    return ".".join(part.replace(".", "/") for part in path[len("/proc/sys/") :].split("/"))
