# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All checks of one guest: a column of the table."""

from __future__ import annotations

import dataclasses
import functools
import tempfile
import time
import typing as t
from pathlib import Path

from containers.profiles import PROFILES
from kernels import facts, roles, traps
from kernels.guest import Guest
from kernels.result import Check, failed_at
from kernels.runs import Ansible
from kernels.state import FROM_MEMORY, State, changed, counted, state_of

from scripts import interrupt

if t.TYPE_CHECKING:
    from kernels.image import Image, Release

CLEAN_PROFILES = ("backend", "client_host")
# One role goes by files and not through the connection's standard input.
WITHOUT_PIPELINING = "backend"
_VERSIONS = """
uname -r
ps -o comm= -p 1
python3 -c 'import platform; print(platform.python_version())'
sysctl --version | awk '{ print $NF }'
if [ -d /run/systemd/system ]; then systemctl --version | awk 'NR == 1 { print $2 }'; else echo none; fi
"""


def column(release: Release, image: Image) -> dict[str, t.Any]:
    """Boot the guest, make each check, end the guest. A check that fails costs no other check its cell."""
    begin = time.monotonic()
    found: dict[str, t.Any] = {"release": release._asdict(), "checks": {}, "versions": {}}
    with tempfile.TemporaryDirectory(prefix="k-") as folder:
        try:
            with Guest(release.name, image, Path(folder)) as guest:
                found["versions"] = versions(guest)
                _checks(guest, found["checks"])
        except Exception as why:
            found["checks"]["the guest"] = dataclasses.asdict(failed_at(why))
    found["minutes"] = round((time.monotonic() - begin) / 60, 1)
    print(f"{release.name}: {found['minutes']} minutes", flush=True)
    return found


def versions(guest: Guest) -> dict[str, str]:
    return dict(zip(("kernel", "init", "python", "procps", "systemd"), guest.shell(_VERSIONS).split()))


def _checks(guest: Guest, found: dict[str, t.Any]) -> None:
    ansible = Ansible(guest)
    clean: State = {}
    volatile: set[str] = set()

    def make(name: str, check: t.Callable[[], Check]) -> None:
        if interrupt.stopped:
            return
        begin = time.monotonic()
        try:
            made = check()
        except Exception as why:
            made = failed_at(why)
        found[name] = dataclasses.asdict(made)
        print(f"{guest.name}: {name}: {'as promised' if made.passed else 'DIFFERS'}, {time.monotonic() - begin:.0f} s", flush=True)
        for words in made.differences:
            print(f"    {words}", flush=True)

    make("restart", functools.partial(_plain_restart, guest, clean, volatile))
    for profile in CLEAN_PROFILES:
        make(f"clean {profile}", functools.partial(_clean, ansible, profile))
    make("facts", functools.partial(facts.check, guest, ansible))
    for role in PROFILES:
        own = Ansible(guest, pipelining=role != WITHOUT_PIPELINING)
        make(role, functools.partial(roles.check, guest, own, role, clean, volatile))
    make("traps", functools.partial(traps.check, guest, ansible, clean, volatile))


def _plain_restart(guest: Guest, clean: State, volatile: set[str]) -> Check:
    """What is never the same after a restart although nobody changed anything; fills in clean and volatile."""
    before = state_of(guest)
    seconds = guest.reboot()
    clean.update(state_of(guest))
    volatile.update(changed(before, clean), FROM_MEMORY)
    # The state after one more restart may differ in the same way only.
    guest.reboot()
    again = state_of(guest)
    volatile.update(changed(clean, again))
    clean.update(again)
    keys, files = counted(clean, volatile)
    figures = {"seconds": round(seconds), "keys": keys, "files": files, "volatile": sorted(volatile)}
    return Check(True, figures, [])


def _clean(ansible: Ansible, profile: str) -> Check:
    audit = ansible.audit(profile)
    differences = roles.severe(audit)
    results = [f"{result['id']} ({result['severity']})" for result in audit["results"] if result["status"] == "fail"]
    return Check(not differences, {"summary": audit["summary"], "failed": results}, differences)
