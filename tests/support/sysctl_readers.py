# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Let the real systemd-sysctl and sysctl --system apply a tree of files, where they cannot touch this machine.

As a script it is the far side: in a network and mount namespace of its own it builds a small root folder (the machine's
programs, its own empty /etc, /run and sysctl.d folders, a /proc/sys that is read-only but for net, which belongs to the
namespace), changes its root to it, and then applies one tree after another. Reader is the near side.
"""

from __future__ import annotations

import base64
import ctypes
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, Union

TOOLS = {"systemd": ["/lib/systemd/systemd-sysctl"], "procps": ["/sbin/sysctl", "--system"]}
SYSCTL_FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
PORT_RANGE, UNPRIVILEGED = "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start"
# A name with a dot, which sysctl files write as a slash.
INTERFACE = "v0.1"
KEYS = (
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.ip_local_reserved_ports",
    PORT_RANGE,
    UNPRIVILEGED,
    # "default" comes first: a write to it changes interfaces that were never written to.
    *(f"net.ipv4.conf.{name}.{leaf}" for name in ("default", "all", "lo", INTERFACE.replace(".", "/")) for leaf in ("tag", "medium_id")),
)

# A file's bytes, {"link": target}, or None for a folder.
Entry = Union[bytes, Dict[str, str], None]
Tree = Dict[str, Entry]

_MS_RDONLY, _MS_REMOUNT, _MS_BIND = 1, 32, 4096


def path_of(key: str) -> str:
    return "/proc/sys/" + key.translate({ord("."): "/", ord("/"): "."})


class Unavailable(Exception):
    """Why the tools cannot be tried here."""


class Readers:
    """The near side: a running namespace. merged: /lib is a link to /usr/lib in it, as on current systems."""

    def __init__(self, merged: bool) -> None:
        if shutil.which("unshare") is None:
            raise Unavailable("needs unshare(1)")
        for command in TOOLS.values():
            if not os.access(command[0], os.X_OK):
                raise Unavailable(f"needs {command[0]}")
        self.folder = tempfile.mkdtemp(prefix="sysctl-readers-")
        self.process = subprocess.Popen(
            ["unshare", "-n", "-m", sys.executable, __file__, self.folder, "merged" if merged else "split"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        assert self.process.stderr
        first = self.process.stdout.readline()
        if not first:
            why = self.process.stderr.read().strip().splitlines()
            self.close()
            raise Unavailable("no namespace: " + (why[-1] if why else "it ended without a word"))
        self.defaults: dict[str, str] = json.loads(first)

    @property
    def root(self) -> str:
        """Where the tree of the last apply() can be seen from outside."""
        return f"/proc/{self.process.pid}/root"

    def apply(self, tree: Tree) -> dict[str, dict[str, str]]:
        """Apply a tree with each tool, from the same defaults; tool to key to the raw value afterwards."""
        assert self.process.stdin
        assert self.process.stdout
        coded = {path: base64.b64encode(entry).decode() if isinstance(entry, bytes) else entry for path, entry in tree.items()}
        self.process.stdin.write(json.dumps(coded) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            assert self.process.stderr
            raise AssertionError("the namespace died: " + self.process.stderr.read())
        result: dict[str, dict[str, str]] = json.loads(answer)
        return result

    def close(self) -> None:
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()
        self.process.wait(timeout=60)
        os.rmdir(self.folder)


def _mount(source: str, target: str, kind: str | None, flags: int = 0) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), target.encode(), kind.encode() if kind else None, flags, None):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), target)


def _build(root: str, merged: bool) -> None:
    _mount("tmpfs", root, "tmpfs")
    for name in ("etc", "run", "usr", "proc", "dev", "tmp"):
        os.mkdir(f"{root}/{name}")
    os.mknod(f"{root}/dev/null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    _mount("/usr", f"{root}/usr", None, _MS_BIND)
    for name in ("bin", "sbin", "lib", "lib64"):
        if not os.path.lexists(f"/{name}"):
            continue
        if os.path.islink(f"/{name}") and not (name == "lib" and not merged):
            os.symlink(os.readlink(f"/{name}"), f"{root}/{name}")
        else:
            os.mkdir(f"{root}/{name}")
            _mount(f"/{name}", f"{root}/{name}", None, _MS_BIND)
    folders = ["/usr/local/lib", "/usr/lib/sysctl.d"]
    if not os.path.islink(f"{root}/lib"):
        folders.append("/lib/sysctl.d")
    for folder in folders:
        _mount("tmpfs", root + folder, "tmpfs")
    _mount("/proc", f"{root}/proc", None, _MS_BIND)
    _mount("/proc/sys", f"{root}/proc/sys", None, _MS_BIND)
    _mount("/proc/sys", f"{root}/proc/sys", None, _MS_BIND | _MS_REMOUNT | _MS_RDONLY)
    _mount("/proc/sys/net", f"{root}/proc/sys/net", None, _MS_BIND)
    os.chroot(root)
    os.chdir("/")
    if not os.statvfs("/proc/sys/kernel").f_flag & os.ST_RDONLY:
        raise OSError("/proc/sys is writable in there")


def _empty(folder: str) -> None:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def _lay(tree: dict[str, Union[str, dict[str, str], None]]) -> None:
    for folder in SYSCTL_FOLDERS:
        if os.path.isdir(folder):
            _empty(folder)
    _empty("/etc")
    for path, entry in tree.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if entry is None:
            os.makedirs(path, exist_ok=True)
        elif isinstance(entry, dict):
            os.symlink(entry["link"], path)
        else:
            Path(path).write_bytes(base64.b64decode(entry))


def _read_keys() -> dict[str, str]:
    return {key: Path(path_of(key)).read_text(encoding="utf-8").rstrip("\n") for key in KEYS if os.path.exists(path_of(key))}


def _serve(arguments: list[str]) -> None:
    root, layout = arguments
    subprocess.run(["ip", "link", "add", INTERFACE, "type", "veth", "peer", "name", "v1"], check=False, capture_output=True)
    _build(root, layout == "merged")
    defaults = _read_keys()
    print(json.dumps(defaults), flush=True)
    for line in sys.stdin:
        _lay(json.loads(line))
        after = {}
        for tool, command in TOOLS.items():
            # Or the range could be refused.
            Path(path_of(UNPRIVILEGED)).write_text("0\n", encoding="utf-8")
            for key, value in defaults.items():
                Path(path_of(key)).write_text(value + "\n", encoding="utf-8")
            subprocess.run(command, check=False, capture_output=True, timeout=120, env={"LC_ALL": "C"})
            after[tool] = _read_keys()
        print(json.dumps(after), flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1:])
