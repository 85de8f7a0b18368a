# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._harden_table import outcomes
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rollback_table import render

BOOT_FILE = "/etc/sysctl.d/99-tcp-hardening.conf"
BACK = {"key": "net.ipv4.tcp_tw_reuse", "status": "changed", "before": "1", "after": "2", "boot_before": "1", "boot_after": None}
LEFT = {
    "key": "net.ipv4.tcp_timestamps",
    "status": "left_alone",
    "before": "0",
    "after": "0",
    "reason": "somebody changed it to 0",
}
UNDONE = {"changed": True, "settings": [BACK, LEFT], "boot_file": {"path": BOOT_FILE, "changed": True}}


def shown(check_mode: bool = False, **changes: t.Any) -> str:
    return render(outcomes({name: {"change": change} for name, change in changes.items()}), check_mode)


def test_what_went_back_and_what_stays() -> None:
    assert shown(web1=UNDONE, web2={"changed": False}) == (
        "TCP rollback: 2 hosts: 1 undone, 1 had nothing to undo\n"
        "\n"
        "HOST  UNDONE       LEFT ALONE\n"
        "web1  1 key        1 key\n"
        "web2  none         -\n"
        "\n"
        "web1\n"
        "----\n"
        "  net.ipv4.tcp_tw_reuse: 1 -> 2\n"
        "  /etc/sysctl.d/99-tcp-hardening.conf: undone\n"
        "  left alone: net.ipv4.tcp_timestamps: somebody changed it to 0\n"
    )


def test_check_mode_says_would() -> None:
    text = shown(check_mode=True, web1={**UNDONE, "backup": f"{BOOT_FILE}.bak"})
    assert "1 would be undone" in text
    assert f"{BOOT_FILE}: would be undone" in text
    assert "would be kept here" in text


def test_the_backup_of_an_edited_boot_file_is_named() -> None:
    text = shown(web1={**UNDONE, "backup": f"{BOOT_FILE}.bak"})
    assert f"{BOOT_FILE}.bak: the edited boot file is kept here. It has no effect at boot" in " ".join(text.split())


@pytest.mark.parametrize(
    ("change", "headline", "line"),
    [
        ({"failed": True, "msg": "EROFS", "settings": [LEFT]}, "1 FAILED", "failed: EROFS"),
        ({"unreachable": True, "msg": "no route"}, "1 UNREACHABLE", "unreachable: no route"),
        ({}, "1 NOT RUN", "NOT RUN"),
        ({"changed": False, "recovered": "An earlier run was undone."}, "nothing to undo", "recovered: An earlier run was undone."),
        (5, "1 UNREADABLE", "unreadable: the answer of the module has an unexpected form"),
    ],
)
def test_what_went_wrong_is_told_and_costs_no_other_host_its_line(change: t.Any, headline: str, line: str) -> None:
    text = shown(web1=change, web2=UNDONE)
    assert headline in text
    assert line in text
    assert "net.ipv4.tcp_tw_reuse: 1 -> 2" in text
    # That a failed run left the other keys alone is no news about them.
    assert text.count("left alone:") == 1


def test_text_from_a_host_cannot_steer_the_terminal() -> None:
    hostile = {**UNDONE, "backup": "\x1b[2J", "settings": [{**LEFT, "reason": "\x1b]0;owned\x07"}], "recovered": "\x1b[2J"}
    assert all(line.isprintable() for line in shown(web1=hostile).splitlines())
