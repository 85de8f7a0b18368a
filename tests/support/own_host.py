# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host of its own for a test: network and mount namespaces that live as long as the test, with empty sysctl folders."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from support.namespaces import HIDDEN

ROOT = Path(__file__).resolve().parents[2]

# What is read of such a host to compare it with itself: every key of net.ipv4 and netfilter that can be read, and all files.
STATE = """
import json, os
state = {}
for top in ("/proc/sys/net/ipv4", "/proc/sys/net/netfilter", "/proc/sys/net/core"):
    for folder, _folders, names in os.walk(top):
        for name in names:
            if name.endswith("_count"):
                continue
            try:
                with open(os.path.join(folder, name)) as file:
                    state[os.path.join(folder, name)] = file.read()
            except OSError as error:
                state[os.path.join(folder, name)] = type(error).__name__
for folder, _folders, names in os.walk("/etc/sysctl.d"):
    for name in names:
        path = os.path.join(folder, name)
        with open(path) as file:
            state[path] = [file.read(), oct(os.stat(path).st_mode), os.stat(path).st_mtime_ns]
print(json.dumps(state))
"""


class Unavailable(Exception):
    """Why no such host can be made here."""


class OwnHost:
    """Runs commands in it; close() ends it."""

    def __init__(self) -> None:
        hide = " && ".join(f"mount -t tmpfs -o mode=755 tmpfs {folder}" for folder in HIDDEN)
        setup = f"ip link set lo up && {hide} && mkdir -p /run/systemd/system && touch /run/empty"
        setup += " && { [ ! -e /etc/sysctl.conf ] || mount --bind /run/empty /etc/sysctl.conf; } && echo ready && exec cat"
        self._process = subprocess.Popen(
            ["unshare", "-n", "-m", "sh", "-c", setup], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdout
        assert self._process.stderr
        if self._process.stdout.readline() != "ready\n":
            why = self._process.stderr.read().strip()
            self.close()
            raise Unavailable(f"needs namespaces of its own: {why}")

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream:
                stream.close()
        self._process.wait(timeout=60)

    def run(self, *command: str, cwd: Path | str = "/", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the host and return what it did, whatever that was."""
        return subprocess.run(
            ["nsenter", "-t", str(self._process.pid), "-n", "-m", f"--wd={cwd}", *command],
            env={**{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}, **environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def shell(self, script: str) -> str:
        done = self.run("sh", "-c", script)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def read(self, path: str) -> str:
        return self.shell(f"cat {path}").rstrip("\n")

    def state(self) -> dict[str, object]:
        """Every key and file that a transaction may touch; a file with its mode and time."""
        done = self.run(sys.executable, "-c", STATE)
        assert done.returncode == 0, done.stderr
        read: dict[str, object] = json.loads(done.stdout)
        return read

    def playbook(
        self, name: str, *arguments: str, cwd: Path | str = "/", environment: t.Mapping[str, str] | None = None, **variables: object
    ) -> subprocess.CompletedProcess[str]:
        """Run a playbook of the collection, or one of the test's own by its path."""
        path = name if name.startswith("/") else str(ROOT / "playbooks" / name)
        command = [sys.executable, "-m", "ansible", "playbook", path, *arguments]
        if variables:
            command += ["--extra-vars", json.dumps(variables)]
        settings = {"ANSIBLE_NOCOLOR": "1", "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "playbooks" / "collections"), **(environment or {})}
        done = self.run(*command, cwd=cwd, **settings)
        assert "Traceback" not in done.stdout + done.stderr
        return done


def own_host() -> t.Iterator[OwnHost]:
    """For a fixture: a host that is there until the end, or a skip that says why there is none."""
    try:
        host = OwnHost()
    except Unavailable as why:
        pytest.skip(str(why))
    yield host
    host.close()
