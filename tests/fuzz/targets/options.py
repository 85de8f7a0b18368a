# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people set, and what a run finds on the disk: each is refused with the room's own error, which says what is wrong, or taken."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import zlib
from typing import Any

from ansible_collections.linux_tcp.hardening.plugins.module_utils._probe._options import EndpointsError, read_endpoints
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile import _journal
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._disk import Disk
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._errors import ProfileError
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._journal import (
    STATE_FOLDER,
    WAITING,
    Document,
    Guard,
    Open,
    State,
    Undone,
)
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._options import read_options
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._settings import read_settings, wanted
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._steps import (
    Boot,
    File,
    FileStep,
    FolderStep,
    KeyStep,
    Original,
    Record,
    Step,
)
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import Thresholds
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules._base import ThresholdError
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._waivers import WaiverError, parse_waivers
from fuzz import mutate, seeds
from fuzz.engine import Target

_BOOT_FILE = "/etc/sysctl.d/99-tcp-hardening.conf"


def waivers(data: bytes) -> None:
    given = mutate.undumped(data)
    # Ansible has looked at the outer form.
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        return
    try:
        parsed = parse_waivers(given)
    except WaiverError:
        return
    for waiver in parsed:
        waiver.covers(waiver.rule, "web1.example" + "a" * 50)
        assert waiver.note["expires"]


def thresholds(data: bytes) -> None:
    given = mutate.undumped(data)
    if isinstance(given, dict):
        try:
            Thresholds.from_options(given)
        except ThresholdError:
            return


def settings(data: bytes) -> None:
    given = mutate.undumped(data)
    if not isinstance(given, dict):
        return
    try:
        read = read_settings(given)
    except ProfileError:
        return
    for one in read:
        for current in (None, "1", "32768\t60999", ""):
            for memory in (None, 1 << 30):
                wanted(one, current, memory)


def profile_options(data: bytes) -> None:
    given = mutate.undumped(data)
    if not isinstance(given, dict):
        return
    checked = {**_PROFILE, **{name: given[name] for name, kind in _KINDS.items() if isinstance(given.get(name), kind)}}
    checked["claims"] = [str(claim) for claim in checked["claims"]]
    try:
        read_options(checked)
    except ProfileError:
        return


def endpoints(data: bytes) -> None:
    given = mutate.undumped(data)
    if not isinstance(given, list):
        return
    try:
        read_endpoints([_endpoint(one) for one in given if isinstance(one, dict)])
    except EndpointsError:
        return


def _endpoint(given: dict[Any, Any]) -> dict[str, Any]:
    """As Ansible hands it over: of the right types."""
    port, timeout = given.get("port"), given.get("timeout")
    return {
        "host": str(given.get("host")),
        "port": port if isinstance(port, int) and not isinstance(port, bool) else 80,
        "timeout": float(timeout) if isinstance(timeout, (int, float)) and abs(timeout) < 1e300 else 5.0,
        "source": str(given["source"]) if given.get("source") is not None else None,
        "tls": given.get("tls"),
        "http": given.get("http"),
    }


def journal(data: bytes) -> None:
    """A journal as it is, and with the right checksum, so that what lies behind that check is reached."""
    _read_journal(data)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return
    if isinstance(value, dict):
        value.pop("checksum", None)
        value["checksum"] = f"{zlib.crc32(json.dumps(value, indent=1).encode('ascii')):08x}"
        _read_journal(json.dumps(value, indent=1).encode("ascii") + b"\n")


def _read_journal(data: bytes) -> None:
    root = tempfile.mkdtemp(prefix="tcp-fuzz-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
    try:
        os.makedirs(root + STATE_FOLDER, mode=0o700)
        with open(root + _journal._path(_BOOT_FILE), "wb") as file:
            file.write(data)
        state = State(Disk(root))
        state.lock(create=False)
        try:
            found = state.documents()
        except (ProfileError, OSError):
            return
        finally:
            state.unlock()
        assert [_journal._text(document).encode("ascii") for document in found.values()] == [data]
    finally:
        shutil.rmtree(root)


_PROFILE: dict[str, Any] = {
    "name": "client_host",
    "settings": {"net.ipv4.tcp_tw_reuse": 1, "net.ipv4.tcp_max_tw_buckets": {"at_least": 200000, "bytes_each": 256}},
    "state": "present",
    "scope": "both",
    "on_conflict": "report",
    "reserve_listening_ports": False,
    "confirm_seconds": 60,
    "boot_file": _BOOT_FILE,
    "claims": ["D7", "D16"],
}
_KINDS = {"name": str, "settings": dict, "confirm_seconds": int, "boot_file": str, "claims": list}

_WAIVERS = [
    [
        {"rule": "ports-few", "hosts": ["web*", "db[12]"], "reason": "It moves in spring.", "expires": "2026-05-01"},
        {"rule": "recycle-on", "reason": "An old kernel.", "expires": "!date"},
    ],
    [{"rule": "buckets-too-small", "hosts": "web1", "reason": "x", "expires": "!moment"}],
]
_SETTINGS = [
    _PROFILE["settings"],
    {"net.ipv4.ip_local_port_range": "1024 65000", "net.ipv4.ip_local_reserved_ports": "8080,9000-9010", "net.ipv4.tcp_timestamps": "1"},
    {"net.ipv4.tcp_fin_timeout": {"at_most": 60}, "net.ipv4.tcp_congestion_control": "cubic", "net.ipv4.tcp_mem": "1 2 3"},
]
_ENDPOINTS = [
    [{"host": "192.0.2.1", "port": 80, "timeout": 1.0, "http": True}, {"host": "[2001:db8::1]", "port": 443, "tls": {"server_name": "x"}}],
    [
        {
            "host": "web1",
            "port": 8080,
            "source": "fe80::1%eth0",
            "http": {"path": "/x", "host": "h"},
            "tls": {"validate_certs": "no", "ca_path": "/x"},
        }
    ],
]


def _journals() -> list[bytes]:
    file = File("a = 1\n", 0o644, 0, 0)
    record = Record("client_host", {"net.ipv4.tcp_tw_reuse": Original("2", "1")}, Boot(file, False, {"/etc/sysctl.conf": "a = 1\n"}))
    steps: list[Step] = [KeyStep("net.ipv4.tcp_tw_reuse", "2", "1"), FileStep(_BOOT_FILE, None, file), FolderStep("/etc/sysctl.d", True)]
    waiting = Open("client_host", "b", steps, record, Guard("t", 60, 100.5), WAITING)
    documents = [Document(_BOOT_FILE, record, waiting), Document(_BOOT_FILE, record, None, Undone("t", "It was undone."))]
    return [_journal._text(document).encode("ascii") for document in documents]


def _dumped(values: list[Any]) -> list[bytes]:
    return [mutate.dumped(value) for value in values]


_WORDS = (*seeds.KEYS, "at_least", "at_most", "bytes_each", "rule", "hosts", "reason", "expires", "ports-few", "true", "no", "2026-02-30")
_THRESHOLDS = ("buckets_small", "ports_few", "counter_growth", "resets_percent")

TARGETS = (
    Target("waivers", waivers, lambda: _dumped(_WAIVERS), mutate.data(_WORDS), 2000),
    Target("thresholds", thresholds, lambda: _dumped([{"buckets_small": 5, "ports_few": 100}]), mutate.data(_THRESHOLDS), 1000),
    Target("settings", settings, lambda: _dumped(_SETTINGS), mutate.data(_WORDS), 2000),
    Target("profile_options", profile_options, lambda: _dumped([_PROFILE]), mutate.data(_WORDS), 2000),
    Target("endpoints", endpoints, lambda: _dumped(_ENDPOINTS), mutate.data(("host", "port", "tls", "http", "server_name")), 2000),
    Target("journal", journal, _journals, mutate.data(_WORDS, as_text=2), 1000),
)
