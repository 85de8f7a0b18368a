# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Whether the kernel would take an algorithm of congestion control.

net/ipv4/tcp_cong.c of the kernel, tcp_set_default_congestion_control(): an algorithm that is not there yet is loaded as the kernel module
tcp_NAME, and a network namespace other than the initial one takes only those that everybody may use.
"""

from __future__ import annotations

from typing import Optional

from .._tree import Tree

_IPV4 = "/proc/sys/net/ipv4/"
# A key that only the initial network namespace has.
_INITIAL = _IPV4 + "tcp_max_orphans"
# The kernel refuses a read of more than some megabytes.
_MAX_KEY_BYTES = 1 << 16
_MAX_BYTES = 16 << 20


def why_refused(tree: Tree, name: str) -> Optional[str]:
    """Why the kernel would refuse the algorithm as the default; None where it would not, or where only a try can tell."""
    available, allowed = (_words(tree, f"{_IPV4}tcp_{kind}_congestion_control") for kind in ("available", "allowed"))
    if available is None or allowed is None or name in allowed:
        return None
    if name in available:
        if tree.kind(_INITIAL) != "missing":
            return None
        return f"this network namespace may not have {name}: tcp_allowed_congestion_control of the host is {' '.join(allowed)}"
    if _may_be_loaded(tree, name):
        return None
    return f"the kernel has no algorithm {name}: tcp_available_congestion_control is {' '.join(available)}, and there is no module for it"


def _words(tree: Tree, path: str) -> Optional[list[str]]:
    try:
        return tree.read(path, _MAX_KEY_BYTES).decode("ascii", "replace").split()
    except OSError:
        return None


def _may_be_loaded(tree: Tree, name: str) -> bool:
    """Whether there is such a kernel module, or may be. A container does not see the modules of its host."""
    if tree.kind("/proc/modules") == "missing":
        # A kernel that loads none.
        return False
    release = "".join(_words(tree, "/proc/sys/kernel/osrelease") or ())
    for usual in ("/lib/modules", "/usr/lib/modules"):
        try:
            listed = tree.read(f"{usual}/{release}/modules.dep", _MAX_BYTES)
        except OSError:
            continue
        return f"/tcp_{name}.ko".encode("utf-8", "replace") in listed
    return True
