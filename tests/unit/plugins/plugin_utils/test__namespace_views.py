# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._namespace_views import is_about_the_host, profile_of, view_of
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import CATALOGUE
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import validate
from support.snapshots import namespace, snapshot, sysctl

RANGE, TIMESTAMPS = "net.ipv4.ip_local_port_range", "net.ipv4.tcp_timestamps"


def test_a_view_is_the_host_with_what_is_otherwise() -> None:
    host = snapshot({TIMESTAMPS: "0"}, counters={"Tcp": {"ActiveOpens": 5, "PassiveOpens": 6}, "nf_conntrack": {"drop": 3}})
    view = view_of(namespace(sysctl=sysctl({RANGE: "1024\t2047"}), counters={"Tcp": {"ActiveOpens": 9}}, hostname="cart"), host)
    assert view["sysctl"] is not None
    assert [view["sysctl"][key].get("raw") for key in (RANGE, TIMESTAMPS)] == ["1024\t2047", "0"]
    # A group that is missing is one that the namespace does not have.
    assert view["counters"] == {"Tcp": {"ActiveOpens": 9, "PassiveOpens": 0}}
    assert (view["host"]["hostname"], view["host"]["network_namespace"], view["host"]["boot_files_apply"]) == ("cart", "own", False)
    assert (host["host"]["uptime_seconds"], view["host"]["uptime_seconds"]) == (86400, None)
    assert view["boot_files"]
    assert (view["boot_files"]["files"], view["sample"], view.get("probes")) == ([], None, [])


def test_what_did_not_grow_in_a_sample_is_filled_in() -> None:
    host = snapshot(counters={"Tcp": {"ActiveOpens": 5, "PassiveOpens": 6}})
    sample = {"seconds": 2.0, "deltas": {"Tcp": {"ActiveOpens": 9}}, "states": {"syn_sent": 1}}
    assert view_of(namespace(sample=sample), host)["sample"] == {**sample, "deltas": {"Tcp": {"ActiveOpens": 9, "PassiveOpens": 0}}}
    assert view_of(namespace(), {**host, "sample": {"seconds": 1.0, "deltas": {}, "states": None}})["sample"] is None


@pytest.mark.parametrize("part", ["sysctl", "counters", "sockets"])
def test_what_was_not_seen_there_is_not_that_of_the_host(part: t.Literal["sysctl", "counters", "sockets"]) -> None:
    assert view_of(namespace(**{part: None}), snapshot())[part] is None


@pytest.mark.parametrize(
    ("kind", "profiles", "profile"),
    [
        ("container", {}, "client_host"),
        ("other", {}, "any"),
        ("container", {"pod x/*": "backend"}, "client_host"),
        ("container", {"pod shop/*": "backend", "*": "any"}, "backend"),
        ("other", {"*": "fullnat_lb", "pod shop/*": "backend"}, "fullnat_lb"),
    ],
)
def test_the_profile_of_a_namespace(kind: str, profiles: dict[str, str], profile: str) -> None:
    assert profile_of(namespace(kind=kind), profiles) == profile


def test_rules_that_are_about_the_host() -> None:
    about = {rule for rule in CATALOGUE if is_about_the_host(rule)}
    assert {"boot-unsaved", "recycle-in-boot-file", "change-unconfirmed"} <= about
    assert not {"ports-pressure", "timestamps-off", "snat-pressure", "waiver-expired"} & about


def test_a_snapshot_with_namespaces_is_checked() -> None:
    whole = {**snapshot(), "namespaces": [namespace(sysctl=sysctl({RANGE: "1024\t2047"}))]}
    assert validate(whole)["namespaces"] == whole["namespaces"]
    whole["namespaces"][0]["sysctl"][RANGE]["value"] = [1, 2]
    with pytest.raises(Exception, match=r"namespaces\['pod shop/cart'\]\.sysctl\['net\.ipv4\.ip_local_port_range'\]\.value is not"):
        validate(whole)
