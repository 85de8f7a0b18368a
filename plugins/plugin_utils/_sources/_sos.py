# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE to the collection: not for use outside it, may change at any time.

"""Source sos: a sosreport, as a folder or as the archive that sos makes."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Union

from ...module_utils._facts._host_facts import BOOT_FILES_UNKNOWN
from ...module_utils._facts._namespace_count import not_looked_at
from ...module_utils._sysctl._boot_files import DIRECTORIES, MAIN_FILE, collect, not_read
from ...module_utils._sysctl._keys import SYSCTL_KEYS, path_of
from ...module_utils._tree import HostTree
from . import _archive, _nat_tables, _proc_files, _sysctl_a
from ._common import MAX_TEXT, OF_THE_LIVE_HOST, SourceError, empty_snapshot, present, text_of
from ._tree import MemoryTree

if TYPE_CHECKING:
    from .._snapshot_types import Snapshot

Files = Union[HostTree, MemoryTree]

_COMMANDS = "/sos_commands"
_LISTING = f"{_COMMANDS}/kernel/sysctl_-a"
_UNAME = (f"{_COMMANDS}/kernel/uname_-a", "/uname")
_HOSTNAME = (f"{_COMMANDS}/host/hostname", f"{_COMMANDS}/general/hostname", "/hostname", "/etc/hostname")
_NSTAT = f"{_COMMANDS}/networking/nstat_-zas"
# The first that is there: options of ss and netstat differ between versions of sos.
_TABLES = re.compile(r"(?:ss_-(?=[a-z]*a)[a-z]*|netstat_(?:-W_)?-(?=[a-z]*a)[a-z]*)\Z")
_PROC_NET = ("netstat", "snmp", "sockstat", "tcp", "tcp6", "udp", "udp6", "stat/nf_conntrack")
_CONNTRACK_S = f"{_COMMANDS}/networking/conntrack_-S"
_UPTIME = "/proc/uptime"
_FIREWALL = re.compile(r"(?:nft_(?:-a_)?list_ruleset|ip6?tables(?:-legacy|-nft)?-save\S*)\Z")
_ENTRIES = re.compile(r"conntrack_-L(?:_-o_extended)?\Z")
_NAT_FOLDERS = ("networking", "firewall_tables", "firewalld", "conntrack")
_NETNS = f"{_COMMANDS}/networking/ip_netns"
_MEMINFO = "/proc/meminfo"
# What the plugins of sos collect where a program is there: any of the paths of each.
_WRITERS = {
    "/etc/ufw": ("/etc/ufw",),
    "/etc/tuned": ("/etc/tuned",),
    "rc.local": ("/etc/rc.local", "/etc/rc.d/rc.local"),
    "cron's files": ("/etc/crontab", "/etc/cron.d", "/var/spool/cron"),
    "scripts of NetworkManager and ifupdown": ("/etc/NetworkManager/dispatcher.d", "/etc/network/interfaces"),
}

_KEY_PATHS = {path_of(key): key for key in SYSCTL_KEYS}
_WANTED = re.compile(
    r"/(?:sos_commands/(?:kernel/(?:sysctl_-a|uname_-a)|(?:host|general)/hostname|networking/(?:ip_netns|nstat_-zas|conntrack_-S|ss_-\w+|netstat_\S+))"
    r"|sos_commands/(?:networking|firewall_tables|firewalld|conntrack)/(?:nft_\S*|ip6?tables\S*-save\S*|conntrack_-L\S*)"
    r"|etc/(?:ufw/[\w.-]+|default/ufw|tuned(?:/[^/]+){1,3}|(?:rc\.d/)?rc\.local|local\.d/[^/]+|crontab|cron\.d/[^/]+)"
    r"|usr/lib/tuned(?:/[^/]+){1,3}|var/spool/cron(?:/[^/]+){1,2}"
    r"|etc/network/(?:interfaces|if-(?:pre-)?up\.d/[^/]+)|(?:etc|usr/lib)/NetworkManager/dispatcher\.d(?:/[^/]+){1,2}"
    r"|(?:etc|run|usr/lib|usr/local/lib|lib)/systemd/system"
    r"(?:/(?:[\w@.-]+\.target\.(?:wants|requires)/)?(?:systemd-sysctl|procps|ufw|tuned)\.service)?"
    r"|uname|hostname|etc/hostname|etc/sysctl\.conf|lib|usr/lib|proc/meminfo|proc/uptime|proc/net|proc/self"
    r"|proc/(?:self/|thread-self/|\d+/)?net/(?:netstat|snmp|sockstat|tcp6?|udp6?|ip_vs|nf_conntrack|stat/nf_conntrack)"
    r"|(?:etc|run|usr/lib|usr/local/lib|lib)/sysctl\.d(?:/[^/]+)?)\Z"
)


def is_file(start: bytes) -> bool:
    """Whether a file that starts so is an archive, which only a sosreport is."""
    return _archive.is_archive(start)


def is_folder(path: str) -> bool:
    """Whether a folder is a sosreport, or holds exactly one."""
    try:
        _root_of(path)
    except SourceError:
        return False
    return True


def load(path: str) -> Snapshot:
    """The snapshot of a sosreport.

    :raises SourceError: it cannot be read, or holds nothing about TCP.
    """
    files: Files = HostTree(_root_of(path)) if os.path.isdir(path) else _archive.read(path, _wanted)
    snapshot = empty_snapshot("sos", path)
    listing = _text(files, _LISTING)
    if listing:
        _sysctl_a.fill_in(snapshot, listing, f"{path}:{_LISTING[1:]}")
    _single_files(snapshot, files)
    if not snapshot["sysctl"]:
        raise SourceError(f"{path}: has no sysctl values: neither {_LISTING[1:]} nor files of /proc/sys. Give a whole sosreport.")
    namespace = snapshot["host"]["network_namespace"]
    proc = MemoryTree()
    net = _net_folder(files)
    for name in _PROC_NET:
        content = _read(files, f"{net}/{name}")
        if content is not None:
            proc.add_file(f"/proc/net/{name}", content)
    for place in (_MEMINFO, _UPTIME):
        content = _read(files, place)
        if content is not None:
            proc.add_file(place, content)
    _proc_files.fill_in(snapshot, proc, boot_files=False)
    snapshot["host"]["network_namespace"] = namespace
    if snapshot["counters"] is None:
        snapshot["counters"] = _proc_files.nstat(_text(files, _NSTAT) or "")
    counted = _proc_files.conntrack_s(_text(files, _CONNTRACK_S) or "")
    if counted and snapshot["counters"] is not None:
        snapshot["counters"].setdefault("nf_conntrack", counted)
    _names(snapshot, files)
    _boot(snapshot, files)
    _sockets(snapshot, files, proc, path)
    _proc_files.udp(snapshot, proc)
    _nat(snapshot, files, net)
    snapshot["not_seen"] += not_looked_at(_other_namespaces(files), OF_THE_LIVE_HOST)
    return snapshot


def _wanted(name: str) -> str | None:
    inside = "/" + name
    return inside if inside in _KEY_PATHS or _WANTED.match(inside) else None


def _root_of(path: str) -> str:
    """The folder that holds sos_commands: the one given, or the only folder in it."""
    names = sorted(os.listdir(path))
    if "sos_commands" in names:
        return path
    inner = [name for name in names if os.path.isdir(os.path.join(path, name, "sos_commands"))]
    if len(inner) == 1:
        return os.path.join(path, inner[0])
    if inner:
        raise SourceError(f"{path}: has more than one sosreport: {', '.join(inner[:5])}. Give one of them.")
    raise SourceError(f"{path}: not a sosreport: it has no folder sos_commands")


def _read(files: Files, path: str) -> bytes | None:
    try:
        content = files.read(path, MAX_TEXT)
    except OSError:
        return None
    return content if len(content) <= MAX_TEXT else None


def _text(files: Files, path: str) -> str | None:
    content = _read(files, path)
    return None if content is None else text_of(path[1:], content)


def _single_files(snapshot: Snapshot, files: Files) -> None:
    """Files of /proc/sys add the keys that are missing from the listing."""
    sysctl = snapshot["sysctl"] = snapshot["sysctl"] or {}
    for place, key in _KEY_PATHS.items():
        if key not in sysctl or sysctl[key]["state"] != "present":
            content = _read(files, place)
            if content is not None:
                sysctl[key] = present(key, content.decode("utf-8", "replace"), "listing")


def _net_folder(files: Files) -> str:
    """Where the files of /proc/net are: /proc/net is a link to the folder of a process."""
    if files.kind("/proc/net/netstat") == "file":
        return "/proc/net"
    try:
        processes = [name for name in files.names("/proc") if name.isdigit()]
    except OSError:
        return "/proc/net"
    return next((net for net in (f"/proc/{name}/net" for name in processes) if files.kind(net + "/netstat") == "file"), "/proc/net")


def _names(snapshot: Snapshot, files: Files) -> None:
    for place in _UNAME:
        _proc_files.uname(snapshot, _text(files, place) or "")
    for place in _HOSTNAME:
        snapshot["host"]["hostname"] = snapshot["host"]["hostname"] or (_text(files, place) or "").strip()[:255] or None


def _boot(snapshot: Snapshot, files: Files) -> None:
    # sos runs where the system runs, so what boots there is what applies there.
    snapshot["host"]["boot_files_apply"] = True
    snapshot["not_seen"] = [sentence for sentence in snapshot["not_seen"] if not sentence.startswith(BOOT_FILES_UNKNOWN)]
    if any(files.kind(place) != "missing" for place in (*DIRECTORIES, MAIN_FILE)):
        found = collect(files)
        snapshot["boot_files"] = found
        snapshot["not_seen"] += not_read(found)
        missing = [name for name, places in _WRITERS.items() if all(files.kind(place) == "missing" for place in places)]
        if missing:
            snapshot["not_seen"].append(
                f"This sosreport has no {', no '.join(missing)}. If the host has them, what they set at boot is not known here."
            )


def _sockets(snapshot: Snapshot, files: Files, proc: MemoryTree, path: str) -> None:
    tables = [(name, content) for name in ("/proc/net/tcp", "/proc/net/tcp6") if (content := _read(proc, name))]
    try:
        names = [name for name in files.names(f"{_COMMANDS}/networking") if _TABLES.match(name)]
    except OSError:
        names = []
    # ss shows more than netstat and /proc.
    for name in sorted(names, key=lambda name: not name.startswith("ss")):
        content = _read(files, f"{_COMMANDS}/networking/{name}")
        if content and b"Local Address" in content[:2000]:
            tables = [(f"{path}:{name}", content)]
            break
    _proc_files.sockets(snapshot, tables)


def _other_namespaces(files: Files) -> int:
    """How many other network namespaces ip-netns(8) knows; 0 also where it was not asked."""
    return sum(bool(line.strip()) for line in (_text(files, _NETNS) or "").splitlines())


def _nat(snapshot: Snapshot, files: Files, net: str) -> None:
    entries, rules = [], {}
    for folder in _NAT_FOLDERS:
        try:
            names = files.names(f"{_COMMANDS}/{folder}")
        except OSError:
            continue
        for name in names:
            if _FIREWALL.match(name):
                rules[name.replace("_", " ")] = _text(files, f"{_COMMANDS}/{folder}/{name}") or ""
            elif _ENTRIES.match(name):
                entries.append(_text(files, f"{_COMMANDS}/{folder}/{name}") or "")
    listed = _text(files, f"{net}/nf_conntrack")
    # The same entries, so only one of them.
    texts = entries[:1] or ([listed] if listed is not None else [])
    _nat_tables.fill_in(snapshot, texts, rules, _text(files, f"{net}/ip_vs") or "", True)
