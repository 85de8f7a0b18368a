# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import time
import typing as t

import pytest
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts import _other_namespaces
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._gather import SUBSETS, Gatherer, gather
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._namespace_entry import hostname_of
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._namespace_names import Names, Owner
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._namespaces import Found, Namespace, find_namespaces
from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._other_namespaces import TOP, gather_others, watch_others
from ansible_collections.linux_tcp.hardening.plugins.module_utils._tree import HostTree
from support.full_namespace import full_namespace
from support.namespaces import own_namespaces

if t.TYPE_CHECKING:
    from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._snapshot_types import Namespace as NamespaceFacts


def only(monkeypatch: pytest.MonkeyPatch, *links: str) -> None:
    """Others of this machine come and go meanwhile."""

    def find(host: HostTree) -> Found:
        ours = [one for one in find_namespaces(host).namespaces if f"net:[{one.inode}]" in links]
        return Found(sorted(ours, key=lambda one: links.index(f"net:[{one.inode}]")), [])

    monkeypatch.setattr(_other_namespaces, "find_namespaces", find)


def looked_at(*patterns: str) -> tuple[list[NamespaceFacts], list[str]]:
    host = HostTree()
    return gather_others(host, patterns, gather(host, SUBSETS))


@own_namespaces
def test_what_is_seen_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    here = [os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "uts")]
    with full_namespace("cart") as link:
        only(monkeypatch, link)
        (facts,), not_seen = looked_at("all")
        assert not_seen == []
        assert (facts["hostname"], facts["kind"], facts["processes"]) == ("cart", "other", 1)
        assert facts["name"].endswith(" (cart)")
        sysctl, sockets, counters = facts["sysctl"] or {}, facts["sockets"], facts["counters"] or {}
        # What is as on the host is left out.
        assert sysctl["net.ipv4.ip_local_port_range"]["raw"] == "20020\t20039"
        assert "net.ipv4.tcp_timestamps" not in sysctl
        assert counters["Tcp"]["ActiveOpens"] >= 20
        assert "EstabResets" not in counters["Tcp"]
        assert facts["sample"] is None
        assert sockets is not None
        assert [(group["destination_port"], group["ports"]) for group in sockets["ports_in_use"]] == [(9000, 20)]
    assert [os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "uts")] == here


@own_namespaces
def test_two_looks_tell_what_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 1.0
    with full_namespace("cart") as first, full_namespace("ledger") as second:
        only(monkeypatch, first, second)
        host = HostTree()
        found, not_seen = gather_others(host, ["all"], gather(host, SUBSETS), seconds)
        assert not_seen == []
        for facts in found:
            assert facts["sample"] is not None
            assert facts["sample"]["seconds"] >= seconds
            tcp = facts["sample"]["deltas"]["Tcp"]
            assert (tcp["ActiveOpens"] or 0) > 0
            assert "PassiveOpens" not in tcp
            assert facts["sockets"] is not None
            programs = facts["sockets"]["programs"]
            assert programs is not None
            assert programs["looks"] >= 2
            assert {((use["program"] or "")[:6], use["port"]) for use in programs["uses"]} == {("python", 9000)}


@own_namespaces
def test_only_those_that_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with full_namespace("cart") as cart, full_namespace("ledger") as ledger:
        only(monkeypatch, cart, ledger)
        both = ["cart", "ledger"]
        for patterns, hostnames in {("c*",): ["cart"], ("c*", "ledger"): both, ("other",): [], ("*python*",): both}.items():
            found, not_seen = looked_at(*patterns)
            assert (sorted(str(one["hostname"]) for one in found), not_seen) == (hostnames, []), patterns


@own_namespaces
def test_one_that_has_gone_costs_no_other_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with full_namespace("cart") as cart:
        (alive,) = (one for one in find_namespaces(HostTree()).namespaces if f"net:[{one.inode}]" == cart)
        dead = Namespace(7, ("/proc/0/ns/net",), 1, 1, None, Names(Owner(unit="gone.service")))
        monkeypatch.setattr(_other_namespaces, "find_namespaces", lambda host: Found([dead, alive], ["told"]))
        found, not_seen = looked_at("all")
    assert [one["hostname"] for one in found] == ["cart"]
    assert not_seen == ["told", "This network namespace was not looked at: unit gone.service (it has gone)."]


@own_namespaces
@pytest.mark.parametrize("bad", ["sleeps", "dies", "breaks"])
def test_one_that_cannot_be_looked_at_costs_no_other_one(monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    look = _other_namespaces._look
    reason = "it took longer than 1 s" if bad == "sleeps" else "the process that looked at it died"

    def hostile(other: t.Any, *rest: t.Any) -> dict[str, object]:
        if (other.namespace.uts and hostname_of(other.namespace.uts)) == "cart":
            if bad == "sleeps":
                time.sleep(600)
            if bad == "dies":
                os._exit(3)
            raise ValueError
        return look(other, *rest)

    monkeypatch.setattr(_other_namespaces, "_look", hostile)
    monkeypatch.setattr(_other_namespaces, "MAX_SECONDS_EACH", 1.0)
    with full_namespace("bread") as first, full_namespace("cart") as second, full_namespace("ledger") as third:
        only(monkeypatch, first, second, third)
        found, not_seen = looked_at("all")
    assert sorted(str(one["hostname"]) for one in found) == ["bread", "ledger"]
    assert len(not_seen) == 1
    assert not_seen[0].startswith("This network namespace was not looked at: ")
    assert f"({reason})" in not_seen[0]


@own_namespaces
def test_when_the_time_is_over_the_others_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_other_namespaces, "MAX_SECONDS", 0.0)
    with full_namespace("cart") as cart, full_namespace("ledger") as ledger:
        only(monkeypatch, cart, ledger)
        found, not_seen = looked_at("all")
    assert found == []
    assert len(not_seen) == 1
    assert not_seen[0].startswith("These 2 network namespaces were not looked at: ")
    assert not_seen[0].endswith("(the time of 0 s was over).")


@own_namespaces
def test_without_root_they_are_told_and_not_taken_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = 65534
    with full_namespace("cart") as link:
        snapshot = gather(HostTree(), SUBSETS)
        (known,) = (one for one in find_namespaces(HostTree()).namespaces if f"net:[{one.inode}]" == link)
        os.setresuid(nobody, nobody, 0)
        try:
            unseen = gather_others(HostTree(), ["all"], snapshot)
            # Whoever may list them may still not enter them.
            monkeypatch.setattr(_other_namespaces, "find_namespaces", lambda _host: Found([known], []))
            refused = gather_others(HostTree(), ["all"], snapshot)
        finally:
            os.setresuid(0, 0, 0)
    assert unseen[0] == refused[0] == []
    assert any(sentence.endswith("not looked at: no permission.") for sentence in unseen[1])
    (told,) = refused[1]
    assert told.startswith("This network namespace was not looked at: ")
    assert told.endswith(" (EACCES).")


@own_namespaces
def test_a_watch_knows_each_namespace_again_and_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    host = HostTree()
    snapshot = gather(host, SUBSETS)
    # It looks once, and for no programs.
    monkeypatch.setattr(Gatherer, "_watch", None)
    monkeypatch.setattr(Gatherer, "_glance", None)
    with full_namespace("cart") as cart, full_namespace("cart") as ledger:
        only(monkeypatch, cart, ledger)
        looks = [watch_others(host, ["all"], snapshot) for _number in range(2)]
    with full_namespace("cart") as later:
        only(monkeypatch, later)
        looks.append(watch_others(host, ["all"], snapshot))
    identities = []
    for facts, not_seen, moments in looks:
        assert not_seen == []
        assert moments.keys() == {one["name"] for one in facts}
        assert all(one["sockets"] is not None and len(one["sockets"]["ports_in_use"]) <= TOP for one in facts)
        identities.append({moment["identity"] for moment in moments.values()})
    assert [len(one) for one in identities] == [2, 2, 1]
    assert identities[0] == identities[1]
    assert not identities[2] & identities[0]
    clocks = [max(moment["clock"] for moment in moments.values()) for _facts, _not_seen, moments in looks]
    assert clocks == sorted(clocks)
    assert clocks[-1] <= time.clock_gettime(time.CLOCK_BOOTTIME)
