# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Confirmations; tests/system/test_transaction.py has the guard undo what is not confirmed."""

from __future__ import annotations

from support.transactions import (
    JOURNAL,
    REUSE,
    TIMESTAMPS,
    Host,
)

OTHER_FILE = "/etc/sysctl.d/60-other.conf"


def test_each_change_is_confirmed_by_its_own_token(host: Host) -> None:
    one = host.call(settings={REUSE: 1}, confirm_seconds=600)["guard"]
    other = host.call(settings={TIMESTAMPS: 0}, confirm_seconds=600, boot_file=OTHER_FILE)["guard"]
    assert host.confirm("0" * 24)["failed"]
    assert not host.confirm(other["token"]).get("failed")
    assert not host.confirm(one["token"]).get("failed")
    assert (host.get(REUSE), host.get(TIMESTAMPS)) == ("1", "0")
    assert "No change is waiting" in host.confirm(one["token"])["msg"]
    host.call(state="absent")
    host.call(state="absent", boot_file=OTHER_FILE)
    assert (host.get(REUSE), host.get(TIMESTAMPS)) == ("2", "1")


def test_a_check_confirms_nothing(host: Host) -> None:
    token = host.call(settings={REUSE: 1}, confirm_seconds=600)["guard"]["token"]
    journal = host.read(JOURNAL)
    assert not host.confirm(token, check=True).get("failed")
    assert host.read(JOURNAL) == journal
    assert not host.confirm(token).get("failed")


def test_the_next_run_takes_back_what_still_waits(host: Host) -> None:
    host.call(settings={REUSE: 1}, confirm_seconds=600)
    result = host.call(state="absent")
    assert "was still waiting for its confirmation. It was undone: " in result["recovered"]
    assert host.get(REUSE) == "2"
