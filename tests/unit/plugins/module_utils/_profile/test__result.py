# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._disk import Disk
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._machine import Machine
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._plan import NOTHING
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._plan_keys import Item
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._result import describe
from ansible_collections.linux_tcp.hardening.plugins.module_utils._profile._steps import File
from support.transactions import BOOT_FILE, MAIN_FILE, RANGE, REUSE, Host

EDITED = BOOT_FILE + ".edited-00000000.bak"


def file(text: str) -> File:
    return File(text, 0o644, 0, 0)


@pytest.fixture
def machine(host: Host) -> Machine:
    return Machine(Disk(host.root), True)


def test_nothing(machine: Machine) -> None:
    found = describe(machine, None, NOTHING)
    assert found == {
        "changed": False,
        "settings": [],
        "boot_file": {"path": None, "changed": False},
        "backup": None,
        "conflicts": [],
        "reserved_ports": [],
        "guard": None,
        "recovered": None,
        "diff": [],
    }


def test_values_are_reported_as_they_were_and_are(machine: Machine) -> None:
    machine.key(RANGE)
    machine.set_key(RANGE, "800\t65000")
    machine.file(BOOT_FILE)
    machine.set_file(BOOT_FILE, file(f"{RANGE} = 800 65000\n"))
    plan = NOTHING._replace(items={RANGE: Item(RANGE, "800\t65000")})
    (one,) = describe(machine, BOOT_FILE, plan)["settings"]
    assert one == {
        "key": RANGE,
        "wanted": "800 65000",
        "before": "32768\t60999",
        "after": "800\t65000",
        "boot_before": None,
        "boot_after": "800 65000",
        "status": "changed",
        "reason": "",
    }


@pytest.mark.parametrize(
    ("raw", "text", "status"),
    [("1", None, "changed"), ("2", f"{REUSE} = 2\n", "changed"), ("2", None, "ok")],
)
def test_a_key_has_changed_where_the_kernel_or_the_boot_file_has(machine: Machine, raw: str, text: str | None, status: str) -> None:
    machine.key(REUSE)
    machine.file(BOOT_FILE)
    machine.set_key(REUSE, raw)
    machine.set_file(BOOT_FILE, None if text is None else file(text))
    found = describe(machine, BOOT_FILE, NOTHING._replace(items={REUSE: Item(REUSE, raw)}))
    assert [one["status"] for one in found["settings"]] == [status]
    assert found["boot_file"]["changed"] is (text is not None)


def test_a_status_of_its_own_stays(machine: Machine) -> None:
    found = describe(machine, BOOT_FILE, NOTHING._replace(items={REUSE: Item(REUSE, None, "left_alone", "why")}))
    assert [(one["status"], one["reason"], one["wanted"]) for one in found["settings"]] == [("left_alone", "why", None)]


def test_the_difference_of_keys_is_on_one_line_each(machine: Machine) -> None:
    machine.key(RANGE)
    machine.key(REUSE)
    machine.set_key(RANGE, "800\t65000")
    (diff,) = describe(machine, BOOT_FILE, NOTHING)["diff"]
    assert diff == {
        "before_header": "running kernel",
        "after_header": "running kernel",
        "before": f"{RANGE} = 32768 60999\n",
        "after": f"{RANGE} = 800 65000\n",
    }


def test_the_difference_of_another_file_is_the_lines_that_changed(host: Host, machine: Machine) -> None:
    host.write(MAIN_FILE, "# a secret of somebody\nnet.ipv4.tcp_tw_reuse = 0\n")
    machine.file(MAIN_FILE)
    machine.set_file(MAIN_FILE, file("# a secret of somebody\n# net.ipv4.tcp_tw_reuse = 0\n"))
    (diff,) = describe(machine, BOOT_FILE, NOTHING)["diff"]
    assert (diff["before"], diff["after"]) == ("net.ipv4.tcp_tw_reuse = 0\n", "# net.ipv4.tcp_tw_reuse = 0\n")


def test_a_backup_is_not_shown_again(machine: Machine) -> None:
    machine.set_file(EDITED, file("net.ipv4.tcp_fastopen_key = 1-2-3-4\n"))
    (diff,) = describe(machine, BOOT_FILE, NOTHING)["diff"]
    assert (diff["before_header"], diff["before"], diff["after"]) == (EDITED, "", "(a copy of the edited boot file)\n")
