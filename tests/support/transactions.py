# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts for transactions: a folder that looks like one, or this host where a test has given it namespaces of its own.

A Host calls the transaction, can have it fail or die at any of its operations, and shows every key and file afterwards.
"""

from __future__ import annotations

import errno
import os
import stat
import typing as t
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._confirm import confirm
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._disk import Disk
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._errors import Failed, ProfileError
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._options import read_options
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._transaction import run
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import path_of

TIMESTAMPS = "net.ipv4.tcp_timestamps"
REUSE = "net.ipv4.tcp_tw_reuse"
BUCKETS = "net.ipv4.tcp_max_tw_buckets"
RANGE = "net.ipv4.ip_local_port_range"
RESERVED = "net.ipv4.ip_local_reserved_ports"
UNPRIVILEGED = "net.ipv4.ip_unprivileged_port_start"
RECYCLE = "net.ipv4.tcp_tw_recycle"
STATE_FOLDER = "/var/lib/linux_tcp_hardening"
JOURNAL = f"{STATE_FOLDER}/etc_sysctl.d_99-tcp-hardening.conf.json"
BOOT_FILE = "/etc/sysctl.d/99-tcp-hardening.conf"
MAIN_FILE = "/etc/sysctl.conf"
WATCHED = ("/etc/sysctl.d", MAIN_FILE, "/usr/lib/sysctl.d", "/var", "/var/lib")
NETWORK = ("/proc/sys/net/ipv4", "/proc/sys/net/ipv6", "/proc/sys/net/core", "/proc/sys/net/netfilter")
# They count what happens, or are read differently each time.
RESTLESS = ("nf_conntrack_count", "tcp_fastopen_key", "stable_secret")
DEFAULTS = {
    "net.ipv4.tcp_timestamps": "1",
    "net.ipv4.tcp_tw_reuse": "2",
    "net.ipv4.tcp_rfc1337": "0",
    "net.ipv4.tcp_fin_timeout": "60",
    "net.ipv4.tcp_max_tw_buckets": "131072",
    "net.ipv4.ip_local_port_range": "32768\t60999",
    "net.ipv4.ip_local_reserved_ports": "",
    "net.ipv4.ip_unprivileged_port_start": "1024",
    "net.ipv4.tcp_syn_retries": "6",
}
SETTINGS: dict[str, object] = {
    "net.ipv4.tcp_timestamps": 1,
    "net.ipv4.tcp_tw_reuse": "1",
    "net.ipv4.tcp_tw_recycle": 0,
    "net.ipv4.ip_local_port_range": "800 65000",
    "net.ipv4.ip_unprivileged_port_start": 700,
    "net.ipv4.ip_local_reserved_ports": "8080,9000-9010",
    "net.ipv4.tcp_max_tw_buckets": {"at_least": 200000},
}

Step = t.Callable[[str], None]
Result = t.Dict[str, t.Any]
Tree = t.Dict[str, object]


class Host:
    """root: a folder, made into a host by made(); "" for this host itself."""

    def __init__(self, root: Path | str) -> None:
        self.root = str(root)

    @classmethod
    def made(cls, root: Path) -> Host:
        host = cls(root)
        for key, raw in DEFAULTS.items():
            host.write(path_of(key), raw + "\n")
        host.write("/proc/sys/kernel/random/boot_id", "first-boot\n")
        host.write("/proc/meminfo", "MemTotal:        8000000 kB\nMemFree: 1 kB\n")
        for folder in ("/etc/sysctl.d", "/usr/lib/sysctl.d", "/var/lib"):
            (root / folder[1:]).mkdir(parents=True)
        return host

    def path(self, path: str) -> Path:
        return Path(self.root + path)

    def write(self, path: str, text: str) -> None:
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        return self.path(path).read_text(encoding="utf-8")

    def set(self, key: str, raw: str) -> None:
        self.path(path_of(key)).write_text(raw + "\n", encoding="utf-8")

    def get(self, key: str) -> str:
        return self.read(path_of(key)).rstrip("\n")

    def state(self) -> Tree:
        """Every key, and every file with its mode and owner; folders that appear or go are seen too."""
        seen: Tree = {key: self.get(key) for key in DEFAULTS if self.path(path_of(key)).exists()}
        for top in WATCHED:
            if top == "/var" and not self.root:
                continue
            for path in [self.path(top), *self.path(top).rglob("*")]:
                if os.path.lexists(path):
                    info = path.lstat()
                    content = path.read_bytes() if stat.S_ISREG(info.st_mode) else b""
                    seen[str(path)[len(self.root) :]] = (oct(info.st_mode), info.st_uid, info.st_gid, content)
        return seen

    def everything(self) -> Tree:
        """The same with every readable key of the network; for this host itself."""
        seen = self.state()
        for top in NETWORK:
            for folder, _folders, names in os.walk(top):
                for name in set(names) - set(RESTLESS):
                    path = os.path.join(folder, name)
                    try:
                        with open(path) as stream:
                            seen[path] = stream.read()
                    except OSError as error:
                        seen[path] = type(error).__name__
        return seen

    def settled(self) -> Tree:
        """The same without what the transactions remember."""
        return {path: entry for path, entry in self.state().items() if not path.startswith(STATE_FOLDER)}

    def options(self, **options: object) -> dict[str, t.Any]:
        defaults: dict[str, object] = {
            "name": "client_host",
            "settings": SETTINGS,
            "state": "present",
            "scope": "both",
            "on_conflict": "report",
            "reserve_listening_ports": False,
            "confirm_seconds": 0,
            "boot_file": BOOT_FILE,
            "claims": [],
        }
        assert set(options) <= set(defaults)
        return {**defaults, **options}

    def call(self, check: bool = False, step: Step = lambda what: None, **options: t.Any) -> Result:
        """What the module would return."""
        try:
            return run(read_options(self.options(**options)), Disk(self.root, step), check)
        except ProfileError as error:
            return {"failed": True, "msg": str(error)}
        except Failed as error:
            return {"failed": True, "msg": str(error), **error.result}

    def confirm(self, token: str, check: bool = False, step: Step = lambda what: None) -> Result:
        try:
            return confirm(token, Disk(self.root, step), check)
        except Failed as error:
            return {"failed": True, "msg": str(error), **error.result}

    def steps(self, **options: t.Any) -> list[str]:
        """The operations of a call, which is made."""
        seen: list[str] = []
        result = self.call(step=seen.append, **options)
        assert not result.get("failed"), result
        return seen

    def killed(self, number: int, step: Step = lambda what: None, **options: t.Any) -> bool:
        """Make a call that dies right before its operation of this number, counted from 0; whether it came so far.

        step: what else happens before each operation.
        """
        return _dies(number, step, lambda die: self.call(step=die, **options))

    def confirmation_killed(self, token: str, number: int) -> bool:
        """The same for a confirmation."""
        return _dies(number, lambda what: None, lambda die: self.confirm(token, step=die))


def _dies(number: int, step: Step, call: t.Callable[[Step], object]) -> bool:
    child = os.fork()
    if not child:
        count, itself = iter(range(number)), os.getpid()

        def die(what: str) -> None:
            # The guard goes on.
            if os.getpid() != itself:
                return
            step(what)
            if next(count, None) is None:
                os._exit(9)

        # Nothing of the test runner may happen in here.
        try:
            call(die)
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def failing(number: int, lasting: bool = False) -> tuple[Step, list[str]]:
    """A step that fails at the operation of this number, or from it on; and the list of operations that failed."""
    count = iter(range(number))
    failed: list[str] = []

    def fail(what: str) -> None:
        if next(count, None) is None and (lasting or not failed):
            failed.append(what)
            raise OSError(errno.ENOSPC, "no space left", what)

    return fail, failed


def only(result: Result, key: str) -> dict[str, t.Any]:
    """What the result says of one key."""
    assert not result.get("failed"), result["msg"]
    return next(one for one in result["settings"] if one["key"] == key)


def lines(host: Host) -> list[str]:
    """The settings in the boot file."""
    return [line for line in host.read(BOOT_FILE).splitlines() if line and not line.startswith("#")]


CONFLICTING = "# mine\nnet.ipv4.tcp_tw_reuse = 0\nkernel.sysrq = 1\n"


def conflict(path: str, line: int, reader: str, dealt_with: bool, value: str = "0") -> dict[str, object]:
    """How a result tells of a line that overrides tcp_tw_reuse = 1."""
    return {"key": REUSE, "reader": reader, "path": path, "line": line, "value": value, "ours": "1", "dealt_with": dealt_with}


def status(result: Result) -> dict[str, str]:
    return {one["key"]: one["status"] for one in result["settings"]}


def stable(result: Result) -> Result:
    """A result without what differs between a run and its rehearsal: the guard."""
    return {name: value for name, value in result.items() if name != "guard"}


class Scenario(t.NamedTuple):
    """prepare brings a fresh host to where the call starts; options are the call's."""

    name: str
    prepare: t.Callable[[Host], object]
    options: dict[str, t.Any]


def _conflicting(host: Host) -> None:
    host.write(MAIN_FILE, "# mine\nnet.ipv4.tcp_tw_reuse = 0\nkernel.sysrq = 0\nnet/ipv4/tcp_tw_reuse=2\n")
    host.write("/etc/sysctl.d/zz.conf", "net.ipv4.tcp_tw_reuse = 0\n")


def _applied(host: Host) -> None:
    assert not host.call().get("failed")


def _applied_over(host: Host) -> None:
    _conflicting(host)
    host.write(BOOT_FILE, "# somebody's\nkernel.sysrq = 1\n")
    assert not host.call(on_conflict="comment_out").get("failed")


def _applied_then_edited(host: Host) -> None:
    _applied_over(host)
    host.write(BOOT_FILE, host.read(BOOT_FILE) + "kernel.panic = 1\n")


LESS = {"net.ipv4.tcp_rfc1337": 1, "net.ipv4.ip_local_port_range": "20000 50000", "net.ipv4.tcp_timestamps": None}

SCENARIOS = (
    Scenario("first apply", lambda host: None, {}),
    Scenario("first apply over others", _conflicting, {"on_conflict": "comment_out"}),
    Scenario("other settings", _applied_over, {"settings": LESS, "name": "backend"}),
    Scenario("over an edited boot file", _applied_then_edited, {"on_conflict": "comment_out"}),
    Scenario("runtime alone", lambda host: None, {"scope": "runtime"}),
    Scenario("boot alone", lambda host: None, {"scope": "boot"}),
    Scenario("take back", _applied_over, {"state": "absent"}),
    Scenario("take back, edited", _applied_then_edited, {"state": "absent"}),
)
