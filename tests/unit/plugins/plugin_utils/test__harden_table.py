# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._harden_table import WIDTH, outcomes, render
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import ReportError
from support.snapshots import negotiated, snapshot, sockets, towards

REUSE = {"key": "net.ipv4.tcp_tw_reuse", "status": "changed", "before": "2", "after": "1", "boot_before": None, "boot_after": "1"}
KEPT = {"key": "net.ipv4.tcp_timestamps", "status": "ok", "before": "1", "after": "1"}
CHANGE = {"changed": True, "settings": [KEPT, REUSE], "boot_file": {"path": "/etc/sysctl.d/99-tcp-hardening.conf", "changed": True}}


def audited(keys: dict[str, str | None] | None = None) -> t.Any:
    return audit(snapshot(keys), "any", AuditOptions(profile="client_host", today=datetime.date(2026, 11, 21)))


def shown(check_mode: bool = False, **hosts: t.Any) -> str:
    return render(outcomes(hosts), check_mode)


def test_a_changed_host() -> None:
    text = shown(web1={"profile": "client_host", "before": audited(), "change": CHANGE, "after": audited({"net.ipv4.tcp_tw_reuse": "1"})})
    assert text == (
        "TCP hardening: 1 host: 1 changed\n"
        "\n"
        "HOST  PROFILE      BEFORE       CHANGES      AFTER\n"
        "web1  client_host  LOW          1 key        clean\n"
        "\n"
        "web1 (client_host)\n"
        "------------------\n"
        "  net.ipv4.tcp_tw_reuse: 2 -> 1\n"
        "  /etc/sysctl.d/99-tcp-hardening.conf: written\n"
    )


def test_a_host_with_nothing_to_change_is_one_line() -> None:
    text = shown(
        web1={"profile": "backend", "change": {"changed": False, "settings": [KEPT]}, "after": audited({"net.ipv4.tcp_tw_reuse": "1"})}
    )
    assert text.splitlines()[0] == "TCP hardening: 1 host: 1 had nothing to change"
    assert text.splitlines()[-1].split() == ["web1", "backend", "not", "audited", "none", "clean"]


def test_check_mode_says_would() -> None:
    text = shown(check_mode=True, web1={"before": audited(), "change": CHANGE, "after": audited()})
    assert "1 would change" in text
    assert "99-tcp-hardening.conf: would be written" in text
    # Nothing was changed, so the second audit is no news.
    assert text.splitlines()[3].split()[-1] == "-"
    assert "left," not in text


@pytest.mark.parametrize(
    ("change", "headline", "line"),
    [
        ({"failed": True, "msg": "EINVAL from the kernel"}, "1 FAILED and kept what they had", "failed: EINVAL from the kernel"),
        ({"unreachable": True, "msg": "no route"}, "1 UNREACHABLE", "unreachable: no route"),
        ({}, "1 NOT HARDENED", "NOT RUN"),
        ({"changed": False, "recovered": "An earlier run was undone."}, "nothing to change", "recovered: An earlier run was undone."),
    ],
)
def test_what_went_wrong_is_told(change: dict[str, t.Any], headline: str, line: str) -> None:
    text = shown(web1={"change": change})
    assert headline in text
    assert line in text


def test_a_change_of_the_boot_file_alone_is_told_as_such() -> None:
    boot_only = {**REUSE, "before": "1", "boot_before": "0"}
    assert "net.ipv4.tcp_tw_reuse: boot file 0 -> boot file 1" in shown(web1={"change": {**CHANGE, "settings": [boot_only]}})


def test_conflicts_are_told_with_their_place() -> None:
    conflict = {"key": "net.ipv4.tcp_tw_reuse", "path": "/etc/sysctl.d/zz.conf", "line": 3, "value": "0", "dealt_with": False}
    text = shown(web1={"change": {**CHANGE, "conflicts": [conflict, {**conflict, "line": 4, "dealt_with": True}]}})
    assert "/etc/sysctl.d/zz.conf:3 sets net.ipv4.tcp_tw_reuse = 0: overrides the profile at boot" in text
    assert "/etc/sysctl.d/zz.conf:4 sets net.ipv4.tcp_tw_reuse = 0: commented out" in text


def test_what_is_left_is_told_with_its_remedy() -> None:
    text = shown(web1={"change": CHANGE, "after": audited({"net.ipv4.ip_local_port_range": "40000 40019"})})
    assert "left, which settings alone do not cure:" in text
    assert "MEDIUM   ports-few: 20 usable ports" in text


def test_the_best_cure_that_is_left_is_told() -> None:
    full = snapshot({"net.ipv4.tcp_tw_reuse": "1"}, sockets=sockets(ports_in_use=[towards(28000, 28000)], timestamps=[negotiated(0, 3)]))
    after = audit(full, "web1", AuditOptions(profile="client_host", today=datetime.date(2026, 11, 21)))
    hosts: t.Any = {"web1": {"profile": "client_host", "change": CHANGE, "after": after}}
    told = " ".join(shown(**hosts).split())
    assert "do next: Let the peer close first, so that TIME_WAIT is the peer's (peer-closes-first): 192.0.2.80:80 holds" in told
    assert "do next" not in shown(check_mode=True, **hosts)


def test_text_from_a_host_cannot_steer_the_terminal_or_run_wide() -> None:
    hostile = {
        **CHANGE,
        "settings": [{**REUSE, "before": "\x1b[2J" + "x" * 500}],
        "failed": True,
        "msg": "\x1b]0;owned\x07 " + "words " * 300,
    }
    text = shown(web1={"change": hostile, "after": {"failed": True, "msg": "\x1b[2J"}})
    assert "\x1b" not in text
    assert "\x07" not in text
    assert max(map(len, text.splitlines())) <= WIDTH + 80


@pytest.mark.parametrize("entry", ["text", {"change": []}, {"change": "x"}, {"before": [1]}])
def test_an_entry_of_another_form_is_named(entry: object) -> None:
    if entry == {"change": []}:
        assert "NOT HARDENED" in shown(web1=entry)
        return
    with pytest.raises(ReportError, match="web1"):
        shown(web1=entry)
