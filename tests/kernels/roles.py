# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A role on a guest: applied, applied again, audited, restarted, drifted, applied, rolled back, restarted."""

from __future__ import annotations

import typing as t

from containers.profiles import BUCKETS, PROFILES, RANGE, RESERVED, TIMESTAMPS, at_most_a_64th_of_memory
from kernels.guest import LISTENER
from kernels.result import Check
from kernels.state import State, counted, sentences, state_of

if t.TYPE_CHECKING:
    from kernels.guest import Guest
    from kernels.runs import Ansible, Run

BOOT_FILE = "/etc/sysctl.d/99-tcp-hardening.conf"
# What somebody changes by hand: from any profile's value to another.
DRIFT_KEY, DRIFT_VALUE = TIMESTAMPS, "2"
_SEVERE = ("medium", "high", "critical")


def severe(audit: dict[str, t.Any]) -> list[str]:
    """The failed results from medium on, in words."""
    failed = [result for result in audit["results"] if result["status"] == "fail" and result["severity"] in _SEVERE]
    return [f"{result['id']} ({result['severity']}): {result['observed']}" for result in failed]


def expected(role: str, memory_kilobytes: int) -> dict[str, str]:
    """Keys of net.ipv4 that must hold these values under a role on a host with so much memory."""
    settings = PROFILES[role]
    buckets = at_most_a_64th_of_memory(int(settings[BUCKETS]), memory_kilobytes)
    # A role that gives more ports to connections keeps that of the listener.
    wanted = {**settings, BUCKETS: str(buckets), RESERVED: str(LISTENER) if RANGE in settings else ""}
    return {key.rpartition(".")[2]: value for key, value in wanted.items()}


def wrong_keys(state: State, wanted: dict[str, str], when: str) -> list[str]:
    seen = {key: state.get(f"/proc/sys/net/ipv4/{key}") for key in wanted}
    return [f"{when}: net.ipv4.{key} is {seen[key]}, not {value}" for key, value in wanted.items() if seen[key] != value]


class Sequence:
    """The steps; differences grows as they are made."""

    def __init__(self, guest: Guest, ansible: Ansible, role: str, clean: State, volatile: set[str]) -> None:
        self.guest, self.ansible, self.role = guest, ansible, role
        self.clean, self.volatile = clean, volatile
        self.differences: list[str] = []
        self.figures: dict[str, t.Any] = {}

    def harden(self) -> Run:
        run = self.ansible.playbook("harden-tcp.yml", tcp_profile=self.role)
        if run.code:
            self.differences.append(f"harden-tcp.yml ended with {run.code}: {run.last('tcp_profile').get('msg', run.output[-300:])}")
        return run

    def audit(self, when: str) -> None:
        audit = self.ansible.audit(self.role)
        self.figures[f"audit {when}"] = audit["summary"]
        self.differences += [f"the audit {when}: {words}" for words in severe(audit)]

    def apply(self) -> State:
        memory = int(self.guest.shell("sed -n 's/^MemTotal: *//p' /proc/meminfo").split()[0])
        wanted = expected(self.role, memory)
        first = self.harden()
        result = first.last("tcp_profile")
        settings = result.get("settings", [])
        self.figures["changed"] = sum(one["status"] == "changed" for one in settings)
        self.figures["absent"] = sorted(one["key"] for one in settings if one["status"] == "absent")
        self.figures["guard outlives the session"] = (result.get("guard") or {}).get("outlives_session")
        state = state_of(self.guest)
        self.differences += wrong_keys(state, wanted, "after the role")
        again = self.harden()
        self.figures["changed again"] = again.changed
        if again.changed:
            self.differences.append(f"applied again: changed={again.changed}")
        self.differences += [f"applied again: {words}" for words in sentences(state, state_of(self.guest), set())]
        return state

    def restart(self, hardened: State) -> None:
        self.audit("after the role")
        self.guest.reboot()
        self.differences += [f"after a restart: {words}" for words in sentences(hardened, state_of(self.guest), self.volatile)]
        self.audit("after a restart")

    def drift(self, hardened: State) -> None:
        self.guest.shell(f"sysctl -q -w {DRIFT_KEY}={DRIFT_VALUE}")
        run = self.harden()
        keys = [one["key"] for one in run.last("tcp_profile").get("settings", []) if one["status"] == "changed"]
        if keys != [DRIFT_KEY]:
            self.differences.append(f"after a change by hand of {DRIFT_KEY} the role changed {keys}")
        self.differences += [f"drift: {words}" for words in sentences(hardened, state_of(self.guest), self.volatile)]

    def roll_back(self) -> None:
        run = self.ansible.playbook("rollback_tcp.yml")
        if run.code:
            self.differences.append(f"rollback_tcp.yml ended with {run.code}: {run.last('tcp_profile').get('msg', run.output[-300:])}")
        self.differences += [f"rolled back: {words}" for words in sentences(self.clean, state_of(self.guest), self.volatile)]
        self.guest.reboot()
        self.differences += [f"rolled back, restarted: {words}" for words in sentences(self.clean, state_of(self.guest), self.volatile)]
        self.figures["keys"], self.figures["files"] = counted(self.clean, self.volatile)


def check(guest: Guest, ansible: Ansible, role: str, clean: State, volatile: set[str]) -> Check:
    _listener_is_old(guest)
    made = Sequence(guest, ansible, role, clean, volatile)
    hardened = made.apply()
    made.restart(hardened)
    _listener_is_old(guest)
    made.drift(hardened)
    made.roll_back()
    return Check(not made.differences, made.figures, made.differences)


def _listener_is_old(guest: Guest) -> None:
    """Without systemd a listener is a service when it has run for a minute."""
    guest.shell(
        "[ -d /run/systemd/system ] || until ps -eo etimes=,args= | awk '/[l]istener/ && $1 > 61 { found = 1 } END { exit !found }'; "
        "do sleep 1; done"
    )
