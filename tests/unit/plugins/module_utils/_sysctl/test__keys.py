# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sysctl_key catalogue, and what it says of the kernel against the kernel itself."""

from __future__ import annotations

import atexit
import functools
import json
import subprocess
import sys
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import (
    KNOWN_IPV4_NAMES,
    SYSCTL_KEYS,
    Refused,
    concerns_tcp,
    is_secret,
    kernel_reads,
    parse,
    path_of,
)


def reads(key: str, text: str, current: str | None = None, others: dict[str, str] | None = None) -> str | None:
    """The raw value afterwards, "REFUSED" where the kernel says no."""
    outcome = kernel_reads(SYSCTL_KEYS[key], text, current, others)
    return "REFUSED" if isinstance(outcome, Refused) else outcome.raw


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("net.ipv4.tcp_fastopen_key", True),
        ("net/ipv4/tcp_fastopen_key", True),
        ("/proc/sys/net/ipv4/tcp_fastopen_key", True),
        ("net.ipv4.tcp_fast*", True),
        ("-net.ipv4.tcp_fastopen_key", True),
        ("net.ipv6.conf.eth0/100.stable_secret", True),
        ("net/ipv6/conf/eth0.100/stable_secret", True),
        ("net.ipv6.conf.*.stable_secret", True),
        ("net.ipv6.conf.all.s*", True),
        ("net.ipv4.tcp_fastopen", False),
        ("net.ipv4.tcp_fastopen_ke[^x]", True),
        ("net.ipv4.tcp_fastopen_{k,x}ey", True),
        ("net.ipv4.tcp_fastopen\\_ke?", True),
        ("net.ipv4.tcp_fastopen\\_key", True),
        ("net.ipv4.tcp_fastopen_[[:lower:]]ey", True),
        ("net.ipv4.{tcp_fastopen_key,x*}", True),
        ("net.{ipv4/tcp_fastopen_key,x*}", True),
        ("net/ipv4/{.,x}/tcp_fastopen_ke?", True),
        ("net/ipv4{/,//}tcp_fastopen_ke?", True),
        ("n*/*/tcp_fastopen_ke?", True),
        ("net/ipv4/*", True),
        ("net/ipv6/conf/et?0/stable_secre?", True),
        ("net/ipv6/conf/very_long_name[0-9]/stable_secret", True),
        ("net/core/netdev_rss_ke[!a]", True),
        ("net.ipv4.*", True),
        ("net.ipv4.x" + "?" * 5000, True),
        ("*", False),
        ("net.ipv4.tcp_fin_timeou[t]", False),
        ("net.ipv4.tcp_[fk]*_time*", False),
        ("net.ipv4.tcp_*_time*", False),
        ("net.ipv6.conf.[ae]*.forwarding", False),
        ("net.ipv4.conf.{lo,eth*}.rp_filter", False),
        ("net.ipv4.tcp_fastopen_ke?s", False),
        ("net.ipv4.tcp_fastopen_key?", False),
        ("net.ipv4.tcp_tw_*", False),
        ("net.ipv4.conf.*.rp_filter", False),
        ("", False),
    ],
)
def test_secrets(key: str, secret: bool) -> None:
    assert is_secret(key) is secret


@pytest.mark.parametrize(
    ("key", "concerns"),
    [
        ("net.ipv4.tcp_timestamps", True),
        ("net.ipv4.tcp_made_up", True),
        ("net.ipv4.ip_local_x", True),
        ("net.ipv4.ip_x", False),
        ("kernel.tcp_x", False),
        ("net.ipv4.tcp_fastopen_key", False),
    ],
)
def test_which_keys_the_collection_speaks_about(key: str, concerns: bool) -> None:
    assert concerns_tcp(key) == concerns


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("net.ipv4.tcp_timestamps", "/proc/sys/net/ipv4/tcp_timestamps"),
        ("net/ipv4/tcp_timestamps", "/proc/sys/net/ipv4/tcp_timestamps"),
        ("net.ipv4.conf.eth0/100.rp_filter", "/proc/sys/net/ipv4/conf/eth0.100/rp_filter"),
        ("net/ipv4/conf/eth0.100/rp_filter", "/proc/sys/net/ipv4/conf/eth0.100/rp_filter"),
    ],
)
def test_path_of(key: str, path: str) -> None:
    assert path_of(key) == path


@pytest.mark.parametrize("key", ["", ".", "net/../../etc/passwd", "net.//.x", "net\0.x"])
def test_a_key_never_leads_out(key: str) -> None:
    with pytest.raises(ValueError, match="is not a sysctl key"):
        path_of(key)


def test_catalogue_holds_together() -> None:
    for name, sysctl_key in SYSCTL_KEYS.items():
        assert name == sysctl_key.name
        assert not is_secret(name)
        assert path_of(name).startswith("/proc/sys/")
        if sysctl_key.default is not None:
            assert parse(sysctl_key, sysctl_key.default) is not None
            assert reads(name, sysctl_key.default) == sysctl_key.default
        folder, _dot, last = name.rpartition(".")
        if folder == "net.ipv4" and last.startswith(("tcp_", "ip_local_")):
            assert last in KNOWN_IPV4_NAMES


_WRITER = """
import json, os, sys
def show(path):
    with open(path) as handle:
        return handle.read()
def put(path, text):
    data = text.encode()
    handle = os.open(path, os.O_WRONLY | os.O_TRUNC)
    try:
        while data:
            data = data[os.write(handle, data):]
    finally:
        os.close(handle)
for line in sys.stdin:
    path, text = json.loads(line)
    try:
        current = show(path)
    except OSError as error:
        answer = {"impossible": str(error)}
    else:
        try:
            put(path, text + "\\n")
            answer = {"current": current, "raw": show(path)}
        except OSError as error:
            answer = {"current": current, "refused": os.strerror(error.errno)}
        put(path, current)
    print(json.dumps(answer), flush=True)
"""


class Kernel:
    """A process in a network namespace of its own that writes what it is told."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            ["unshare", "-r", "-n", sys.executable, "-c", _WRITER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        atexit.register(self.process.kill)

    def write(self, key: str, text: str) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        try:
            self.process.stdin.write(json.dumps([path_of(key), text]) + "\n")
            self.process.stdin.flush()
            answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            return {"impossible": "no namespace: " + (self.process.stderr.read() if self.process.stderr else "")}
        return answer


@functools.lru_cache(maxsize=1)
def kernel() -> Kernel:
    return Kernel()
