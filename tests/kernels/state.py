# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All keys of the network and all files that a profile might touch, to compare a guest with itself."""

from __future__ import annotations

import json
import shlex
import typing as t

if t.TYPE_CHECKING:
    from kernels.guest import Guest

State = t.Dict[str, t.Any]

# The kernel works these out from the memory that is free when it boots, so they may differ by a page or two.
FROM_MEMORY = frozenset(f"/proc/sys/net/ipv4/{name}" for name in ("tcp_mem", "udp_mem", "tcp_rmem", "tcp_wmem"))

# Files by their content, mode and owner.
_SCRIPT = """
import hashlib, json, os
state = {}
for top in ("/proc/sys/net", "/etc", "/var/lib", "/usr/lib/sysctl.d", "/lib/sysctl.d"):
    for folder, _folders, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            if name.endswith("_count"):
                continue
            try:
                if top == "/proc/sys/net":
                    with open(path) as file:
                        state[path] = " ".join(file.read().split())
                    continue
                kept = os.lstat(path)
                what = os.readlink(path) if os.path.islink(path) else hashlib.sha256(open(path, "rb").read()).hexdigest()
                state[path] = [what, oct(kept.st_mode), kept.st_uid, kept.st_gid]
            except OSError as error:
                state[path] = type(error).__name__
print(json.dumps(state))
"""


def state_of(guest: Guest) -> State:
    read: State = json.loads(guest.shell(f"python3 -c {shlex.quote(_SCRIPT)}"))
    return read


def changed(before: State, after: State) -> set[str]:
    """The paths of what is not as it was."""
    return {path for path in {*before, *after} if before.get(path) != after.get(path)}


def sentences(before: State, after: State, volatile: set[str]) -> list[str]:
    """What is not as it was, in words; without what is never the same after a restart."""
    return [f"{path}: {before.get(path)} before, {after.get(path)} now" for path in sorted(changed(before, after) - volatile)]


def counted(state: State, volatile: set[str]) -> tuple[int, int]:
    """How many keys and files were compared."""
    kept = set(state) - volatile
    keys = sum(path.startswith("/proc/") for path in kept)
    return keys, len(kept) - keys
