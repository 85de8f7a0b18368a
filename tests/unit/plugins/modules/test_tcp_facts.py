# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable

import pytest
import yaml
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._gather import SUBSETS
from ansible_collections.linux_tcp.hardening.plugins.modules import tcp_facts
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Snapshot
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._socket_types import Sockets

Run = Callable[..., dict[str, Any]]
PARTS = {"sysctl": {"sysctl", "ipv4_keys"}, "boot_files": {"boot_files"}, "counters": {"sockstat", "counters"}, "sockets": {"sockets"}}


def snapshot_of(result: dict[str, Any]) -> dict[str, Any]:
    """The snapshot, after making sure that the module returned nothing but facts and changed nothing."""
    assert set(result) - {"invocation", "changed", "warnings", "deprecations"} == {"ansible_facts"}
    assert not result.get("changed")
    assert set(result["ansible_facts"]) == {"linux_tcp"}
    snapshot: dict[str, Any] = result["ansible_facts"]["linux_tcp"]
    return snapshot


@pytest.mark.parametrize("check_mode", [False, True])
def test_it_returns_the_snapshot_and_nothing_else(run_module: Run, check_mode: bool) -> None:
    snapshot = snapshot_of(run_module(tcp_facts.main, _ansible_check_mode=check_mode))
    # Not root, it cannot look.
    assert set(snapshot) - {"open_changes"} == Snapshot.__required_keys__
    assert snapshot["schema"] == "linux_tcp.snapshot/3"
    assert snapshot["source"] == {"kind": "live", "path": None}
    assert snapshot["sample"] is None


@pytest.mark.parametrize(
    ("gather_subset", "parts"),
    [
        (["all"], {"sysctl", "boot_files", "counters", "sockets"}),
        (["counters"], {"counters"}),
        (["!sockets", "!boot_files"], {"sysctl", "counters"}),
        ("sysctl,counters", {"sysctl", "counters"}),
        (["!all"], set()),
    ],
)
def test_gather_subset(run_module: Run, gather_subset: list[str] | str, parts: set[str]) -> None:
    snapshot = snapshot_of(run_module(tcp_facts.main, gather_subset=gather_subset))
    optional = set[str]().union(*PARTS.values())
    assert {name for name in optional if snapshot[name] is not None} == set[str]().union(*(PARTS[part] for part in parts))


def test_a_second_sample(run_module: Run) -> None:
    snapshot = snapshot_of(run_module(tcp_facts.main, gather_subset=["counters"], sample_seconds=0.01))
    assert snapshot["sample"]["seconds"] >= 0.01
    assert set(snapshot["sample"]["deltas"]) - {"nf_conntrack"} == {"TcpExt", "Tcp", "Ip"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gather_subset": ["sysctls"]}, "gather_subset"),
        ({"sample_seconds": -1}, "sample_seconds must be between 0 and 300, not -1.0"),
        ({"sample_seconds": 301}, "sample_seconds must be between 0 and 300, not 301.0"),
        ({"sample_seconds": "nan"}, "sample_seconds must be between 0 and 300, not nan"),
        ({"sample_seconds": "soon"}, "sample_seconds"),
        ({"top": 0}, "top must be between 1 and 200, not 0"),
        ({"top": 201}, "top must be between 1 and 200, not 201"),
        ({"top": "many"}, "top"),
        ({"tops": 1}, "tops"),
    ],
)
def test_bad_options_are_named(run_module: Run, options: dict[str, object], message: str) -> None:
    result = run_module(tcp_facts.main, **options)
    assert result["failed"]
    assert message in result["msg"]
    assert "ansible_facts" not in result


def test_every_part_of_the_snapshot_is_documented() -> None:
    returned = yaml.safe_load(tcp_facts.RETURN)["ansible_facts"]["contains"]["linux_tcp"]["contains"]
    assert set(returned) == {*Snapshot.__required_keys__, "open_changes", "namespaces"}
    for field in Sockets.__annotations__:
        assert f"C({field})" in str(returned["sockets"]["description"])
        assert field in returned["sockets"]["sample"]


@pytest.mark.parametrize(("asked", "given"), [({}, False), ({"namespaces": ["host"]}, False), ({"namespaces": ["no such name"]}, True)])
def test_other_namespaces_are_there_if_they_were_asked_for(run_module: Run, asked: dict[str, object], given: bool) -> None:
    snapshot = run_module(tcp_facts.main, **asked)["ansible_facts"]["linux_tcp"]
    assert snapshot.get("namespaces", "none") == ([] if given else "none")


def test_the_documented_choices_and_bounds_are_the_real_ones() -> None:
    options = yaml.safe_load(tcp_facts.DOCUMENTATION)["options"]
    choices = ["all", *SUBSETS]
    assert options["gather_subset"]["choices"] == choices + [f"!{choice}" for choice in choices]
    assert f"V({tcp_facts.MAX_SAMPLE_SECONDS})" in str(options["sample_seconds"]["description"])
    assert f"V({tcp_facts.MAX_TOP})" in str(options["top"]["description"])
