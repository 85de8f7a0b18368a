# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""What a host is: its name, kernel and memory, what boots it, and whether boot files set the keys of this network namespace."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from ._reader import ALWAYS, IPV4, Reader

if TYPE_CHECKING:
    from ...plugin_utils._snapshot_types import HostFacts

# The beginning of a sentence in not_seen.
BOOT_FILES_UNKNOWN = "Whether boot files apply to this network namespace is unknown"

# Exists in the initial network namespace only, in every kernel.
_INIT_ONLY = IPV4 + "/tcp_max_orphans"
# The link of the pid namespace that the machine booted with (PROC_PID_INIT_INO in linux/proc_ns.h).
_FIRST_PID_NAMESPACE = "pid:[4026531836]"
_NAME_LIMIT = 255
# More is no memory of any machine, and its bytes have to fit into 64 bits.
_KILOBYTES_DIGITS = 15
_SECONDS_DIGITS = 12


def host_facts(reader: Reader) -> HostFacts:
    """What belongs to the host as a whole, and what is known of the network namespace that this process is in."""
    namespace = _namespace(reader)
    return {
        "hostname": _name(reader, "/proc/sys/kernel/hostname"),
        "kernel_release": _name(reader, "/proc/sys/kernel/osrelease"),
        "network_namespace": namespace,
        "boot_files_apply": _boot_files_apply(reader, namespace),
        "proc_sys_writable": reader.host.writable(ALWAYS) if reader.host.live else None,
        "init": _init(reader),
        "memory_bytes": _memory_bytes(reader),
        "root": os.geteuid() == 0 if reader.host.live else None,
        "uptime_seconds": _uptime_seconds(reader),
    }


def _namespace(reader: Reader) -> Literal["initial", "own"] | None:
    if reader.host.kind(_INIT_ONLY) == "file":
        return "initial"
    return "own" if reader.host.kind(ALWAYS) == "file" else None


def _boot_files_apply(reader: Reader, namespace: str | None) -> bool | None:
    # In a container nothing reads boot files, unless the container boots with systemd.
    if _in_container(reader) and _init(reader) != "systemd":
        return False
    try:
        return reader.host.link_target("/proc/self/ns/net") == reader.host.link_target("/proc/1/ns/net")
    except OSError as error:
        # Boot files set the keys of the initial namespace.
        if namespace == "initial":
            return True
        reader.cannot(f"{BOOT_FILES_UNKNOWN}: /proc/1/ns/net", error)
        return None


def _in_container(reader: Reader) -> bool:
    try:
        return reader.host.link_target("/proc/self/ns/pid") != _FIRST_PID_NAMESPACE
    except OSError:
        return False


def _init(reader: Reader) -> Literal["systemd", "other"] | None:
    # The folder that systemd itself makes to say that it runs (sd_booted(3)).
    if reader.host.kind("/run/systemd/system") == "folder":
        return "systemd"
    return "other" if reader.host.kind("/proc/1") == "folder" else None


def _memory_bytes(reader: Reader) -> int | None:
    for line in (reader.text("/proc/meminfo") or "").split("\n"):
        words = line.split()
        if len(words) == 3 and words[0] == "MemTotal:" and words[1].isdecimal() and len(words[1]) <= _KILOBYTES_DIGITS:
            return int(words[1]) * 1024
    return None


def _uptime_seconds(reader: Reader) -> int | None:
    whole = (reader.text("/proc/uptime") or "").partition(".")[0]
    return int(whole) if whole.isdecimal() and whole.isascii() and len(whole) <= _SECONDS_DIGITS else None


def _name(reader: Reader, path: str) -> str | None:
    text = reader.text(path)
    return text.strip()[:_NAME_LIMIT] if text else None
