# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._harden_table import WIDTH, outcomes, render
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import ProfileChange
from hypothesis import given
from hypothesis import strategies as st
from support.snapshots import negotiated, snapshot, sockets, towards

REUSE = {"key": "net.ipv4.tcp_tw_reuse", "status": "changed", "before": "2", "after": "1", "boot_before": None, "boot_after": "1"}
KEPT = {"key": "net.ipv4.tcp_timestamps", "status": "ok", "before": "1", "after": "1"}
CHANGE = {"changed": True, "settings": [KEPT, REUSE], "boot_file": {"path": "/etc/sysctl.d/99-tcp-hardening.conf", "changed": True}}


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def audited(keys: dict[str, str | None] | None = None) -> t.Any:
    files = {"/etc/sysctl.d/99-tcp-hardening.conf": "".join(f"{key} = {value}\n" for key, value in (keys or {}).items())}
    return audit(snapshot(keys, files=files), "any", AuditOptions(profile="client_host", today=datetime.date(2026, 11, 21)))


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
    assert text.splitlines()[0] == "TCP hardening: 1 host: 1 needed no change"
    assert text.splitlines()[-1].split() == ["web1", "backend", "not", "audited", "none", "clean"]


def test_check_mode_says_would() -> None:
    text = shown(check_mode=True, web1={"before": audited(), "change": CHANGE, "after": audited()})
    assert "1 would change" in text
    assert "99-tcp-hardening.conf: would be written" in text
    # Nothing was changed, so the second audit is no news.
    assert text.splitlines()[3].split()[-1] == "-"
    assert "Still failing" not in text


@pytest.mark.parametrize(
    ("change", "headline", "line"),
    [
        ({"failed": True, "msg": "EINVAL from the kernel"}, "1 FAILED (settings as before)", "failed: EINVAL from the kernel"),
        ({"unreachable": True, "msg": "no route"}, "1 UNREACHABLE", "unreachable: no route"),
        ({}, "1 NOT HARDENED", "NOT RUN"),
        ({"changed": False, "recovered": "An earlier run was undone."}, "needed no change", "recovered: An earlier run was undone."),
    ],
)
def test_what_went_wrong_is_reported(change: dict[str, t.Any], headline: str, line: str) -> None:
    text = shown(web1={"change": change})
    assert headline in text
    assert line in text


def test_a_change_of_the_boot_file_alone_is_reported_as_such() -> None:
    boot_only = {**REUSE, "before": "1", "boot_before": "0"}
    assert "net.ipv4.tcp_tw_reuse: boot file 0 -> boot file 1" in shown(web1={"change": {**CHANGE, "settings": [boot_only]}})


def test_conflicts_are_reported_with_their_place() -> None:
    conflict = {"key": "net.ipv4.tcp_tw_reuse", "path": "/etc/sysctl.d/zz.conf", "line": 3, "value": "0", "dealt_with": False}
    text = shown(web1={"change": {**CHANGE, "conflicts": [conflict, {**conflict, "line": 4, "dealt_with": True}]}})
    assert "/etc/sysctl.d/zz.conf:3 sets net.ipv4.tcp_tw_reuse = 0: overrides the profile at boot" in text
    assert "/etc/sysctl.d/zz.conf:4 sets net.ipv4.tcp_tw_reuse = 0: commented out" in text


def test_what_is_left_is_reported_with_its_remedy() -> None:
    text = shown(web1={"change": CHANGE, "after": audited({"net.ipv4.ip_local_port_range": "40000 40019"})})
    assert "Still failing; no sysctl fixes these:" in text
    assert "MEDIUM   ports-few: 20 usable ports" in text


def test_the_best_cure_that_is_left_is_reported() -> None:
    full = snapshot({"net.ipv4.tcp_tw_reuse": "1"}, sockets=sockets(ports_in_use=[towards(28000, 28000)], timestamps=[negotiated(0, 3)]))
    after = audit(full, "web1", AuditOptions(profile="client_host", today=datetime.date(2026, 11, 21)))
    hosts: t.Any = {"web1": {"profile": "client_host", "change": CHANGE, "after": after}}
    table = " ".join(shown(**hosts).split())
    assert "do next: Let the peer close first, so that TIME_WAIT is on the peer (peer-closes-first): 192.0.2.80:80 holds" in table
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


def test_a_conflict_without_a_line_or_a_value_says_what_it_does() -> None:
    whole = {"key": "net.ipv4.tcp_tw_reuse", "path": "/etc/sysctl.d/zz.conf", "line": None, "value": None}
    text = shown(web1={"change": {**CHANGE, "conflicts": [whole, {**whole, "line": 3}]}})
    assert "/etc/sysctl.d/zz.conf replaces the whole boot file of the profile at boot" in text
    assert "/etc/sysctl.d/zz.conf:3 excludes net.ipv4.tcp_tw_reuse: overrides the profile at boot" in text


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        ("text", "unreadable: the entry of this host must be a dictionary, not the string 'text'"),
        ({"change": "x"}, "unreadable: the answer of the module has an unexpected form: the data must be a dictionary, not the string 'x'"),
        ({"change": {**CHANGE, "changed": "yes"}}, "unexpected form: changed must be true or false, not the string 'yes'"),
        (
            {"change": {**CHANGE, "settings": [{**KEPT, "status": "fine"}]}},
            "form: settings[0] (net.ipv4.tcp_timestamps).status must be one",
        ),
        ({"change": {**CHANGE, "settings": [5]}}, "settings[0] must be a dictionary, not the number 5"),
        ({"change": {**CHANGE, "conflicts": {}}}, "conflicts must be a list, not a dictionary"),
        ({"change": {**CHANGE, "boot_file": 5}, "msg": "x"}, "boot_file must be a dictionary, not the number 5"),
        ({"change": {"settings": 5, "msg": "EINVAL"}}, "unreadable: the module says: EINVAL"),
        (
            {"change": CHANGE, "before": [1]},
            "unreadable: the audit before has an unexpected form: the data must be a dictionary, not a list",
        ),
        (
            {"change": CHANGE, "after": {"results": [{"id": "x"}]}},
            "the audit after has an unexpected form: results[0] (x).severity is missing",
        ),
    ],
)
def test_a_malformed_answer_costs_no_other_host_its_line(entry: t.Any, line: str) -> None:
    text = shown(web0={"change": CHANGE}, web1=entry, web2={"change": {"failed": True, "msg": "no root"}})
    assert line in " ".join(text.split())
    for name, words in (("web0", "1 key"), ("web2", "FAILED"), ("web1", "")):
        assert any(row.startswith(name) and words in row for row in text.splitlines()[3:6])
    assert "net.ipv4.tcp_tw_reuse: 2 -> 1" in text
    assert "failed: no root" in text


@given(answer=st.dictionaries(st.sampled_from(list(ProfileChange.__annotations__)), anything))
def test_whatever_a_module_answers_is_shown(answer: dict[str, t.Any]) -> None:
    text = shown(web1={"change": answer}, web2={"change": CHANGE})
    assert "net.ipv4.tcp_tw_reuse: 2 -> 1" in text
    assert all(line.isprintable() for line in text.splitlines())


def test_a_malformed_answer_is_counted_as_unreadable() -> None:
    (outcome,) = outcomes({"web1": {"change": 5}})
    assert outcome.status == "unreadable"
    assert "1 UNREADABLE" in render([outcome])


@pytest.mark.parametrize(
    ("before", "headline", "line"),
    [
        ({"unreachable": True, "msg": "no route"}, "1 UNREACHABLE", "the audit before failed: no route"),
        ({"failed": True, "msg": "no python"}, "1 NOT HARDENED", "the audit before failed: no python"),
    ],
)
def test_a_host_that_got_no_further_than_the_audit_before_says_why(before: t.Any, headline: str, line: str) -> None:
    text = shown(web1={"before": before, "after": {"skipped": True, "changed": False}})
    assert headline in text
    assert line in text
    assert "the audit after" not in text


def test_a_host_that_was_lost_after_its_change_is_changed_and_not_audited() -> None:
    text = shown(web1={"before": audited(), "change": CHANGE, "after": {"unreachable": True, "msg": "no route"}})
    assert "1 changed" in text
    assert "the audit after failed: no route" in text


@pytest.mark.parametrize(("check_mode", "kept"), [(False, "is kept"), (True, "would be kept")])
def test_the_backup_of_an_edited_boot_file_is_named(check_mode: bool, kept: str) -> None:
    backup = f"{CHANGE['boot_file']['path']}.bak"  # type: ignore[index]
    text = " ".join(shown(check_mode, web1={"change": {**CHANGE, "backup": backup}}).split())
    assert f"{backup}: the edited boot file {kept} here. It has no effect at boot" in text


def test_nothing_registered_is_not_hardened() -> None:
    assert "NOT HARDENED" in shown(web1={"change": []})
