# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How rules ask for keys: absent, unreadable, not observed and 0 are different things."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules._base import CannotApplyError, MissingFactError
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules._view import View
from support.snapshots import snapshot

TS = "net.ipv4.tcp_timestamps"
REUSE = "net.ipv4.tcp_tw_reuse"
DELAY = "net.ipv4.tcp_tw_reuse_delay"
RECYCLE = "net.ipv4.tcp_tw_recycle"
RANGE = "net.ipv4.ip_local_port_range"
RESERVED = "net.ipv4.ip_local_reserved_ports"
UNPRIVILEGED = "net.ipv4.ip_unprivileged_port_start"
CONF = "/etc/sysctl.d/50-x.conf"
LATER = "/etc/sysctl.d/60-x.conf"


def view(keys: dict[str, str | None] | None = None, **parts: t.Any) -> View:
    return View(snapshot(keys, **parts))


def unreadable(key: str) -> View:
    made = snapshot()
    assert made["sysctl"] is not None
    made["sysctl"][key] = {"state": "unreadable", "reason": "EACCES"}
    return View(made)


def test_a_key_that_is_there() -> None:
    host = view({TS: "0"})
    assert (host.number(TS), host.raw(TS), host.shown(TS), host.has(TS)) == (0, "0", "0", True)


def test_an_absent_key_does_not_apply() -> None:
    host = view({TS: None})
    with pytest.raises(CannotApplyError, match=f"has no {TS}"):
        host.number(TS)
    assert (host.shown(TS), host.has(TS)) == ("absent", False)


@pytest.mark.parametrize("host", [view(without=[TS]), view(sysctl=None)])
def test_a_key_that_was_not_observed_is_missing(host: View) -> None:
    with pytest.raises(MissingFactError, match=f"{TS} was not observed"):
        host.number(TS)
    assert (host.shown(TS), host.has(TS)) == ("unknown", None)


def test_a_key_that_could_not_be_read_is_there_and_missing() -> None:
    host = unreadable(TS)
    with pytest.raises(MissingFactError, match=r"could not be read \(EACCES\)"):
        host.number(TS)
    assert (host.shown(TS), host.has(TS)) == ("unknown", True)


def test_a_value_of_another_kind_is_missing() -> None:
    with pytest.raises(MissingFactError, match="holds 'many', which is not a number"):
        view({TS: "many"}).number(TS)
    with pytest.raises(MissingFactError, match="which is not a range"):
        view({RANGE: "40000"}).port_range()
    with pytest.raises(MissingFactError, match="which is not a port list"):
        view({RESERVED: "a-b"}).reserved_ports()


@pytest.mark.parametrize("value", [[40000, [1, 2]], [[1, 2], 40000], [40000], [1, 2, 3], 40000])
def test_a_range_is_two_numbers(value: t.Any) -> None:
    made = snapshot()
    assert made["sysctl"] is not None
    made["sysctl"][RANGE] = {"state": "present", "raw": "40000", "value": value}
    with pytest.raises(MissingFactError, match="which is not a range"):
        View(made).port_range()
