# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles' settings against the rules: a host that holds them passes the rules, so that the two cannot drift apart."""

from __future__ import annotations

import datetime
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.linux_tcp.hardening.plugins.module_utils._sysctl._keys import SYSCTL_KEYS, Accepted, kernel_reads
from ansible_collections.linux_tcp.hardening.plugins.modules import tcp_audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._results import PROFILES
from jinja2 import Environment
from support.snapshots import UNTUNED, snapshot

ROOT = Path(__file__).resolve().parents[2]
ROLES = ROOT / "roles"
TODAY = datetime.date(2026, 11, 21)
BOOT_FILE = "/etc/sysctl.d/99-tcp-hardening.conf"


def settings(role: str, **variables: object) -> dict[str, t.Any]:
    """The settings that the role hands to tcp_profile, with its defaults and these variables."""
    defaults = yaml.safe_load((ROLES / role / "defaults" / "main.yml").read_text())
    environment = Environment()
    environment.filters["bool"] = bool
    raw = yaml.safe_load((ROLES / role / "vars" / "main.yml").read_text())[f"__{role}_settings"]
    return {
        key: environment.from_string(value).render({**defaults, **variables}) if isinstance(value, str) else value
        for key, value in raw.items()
    }


def applied(role: str, before: dict[str, str | None], **variables: object) -> dict[str, str | None]:
    """What the keys hold after the role, by its data alone."""
    after = dict(before)
    for key, value in settings(role, **variables).items():
        held = before.get(key)
        if held is None:
            continue
        wanted = str(max(int(held), value["at_least"]) if isinstance(value, dict) else value)
        read = kernel_reads(SYSCTL_KEYS[key], wanted, held)
        assert isinstance(read, Accepted), key
        assert not read.note, key
        after[key] = read.raw
    return after


def failing(role: str, keys: dict[str, str | None]) -> set[str]:
    """The rules that fail under the role's profile on a host with these values, live and in the role's boot file."""
    text = "".join(f"{key} = {keys[key]}\n" for key in settings(role) if keys.get(key) is not None)
    observed = snapshot(keys, files={BOOT_FILE: text})
    results = audit(observed, "host", AuditOptions(profile=role, today=TODAY))["results"]
    return {result["id"] for result in results if result["status"] == "fail"}


# What recipes from the web leave behind: every key that a role sets, as wrong as it gets.
HARMFUL = {
    "net.ipv4.tcp_timestamps": "0",
    "net.ipv4.tcp_tw_recycle": "1",
    "net.ipv4.tcp_tw_reuse": "1",
    "net.ipv4.ip_local_port_range": "40000\t40020",
    "net.ipv4.tcp_max_tw_buckets": "5000",
    "net.ipv4.tcp_rfc1337": "1",
    "net.netfilter.nf_conntrack_tcp_timeout_time_wait": "1",
}


def test_where_a_profile_is_chosen_there_are_all_of_them() -> None:
    documented = yaml.safe_load(tcp_audit.DOCUMENTATION)["options"]["profile"]
    specs = yaml.safe_load((ROLES / "audit" / "meta" / "argument_specs.yml").read_text())
    role = specs["argument_specs"]["main"]["options"]["audit_profile"]
    assert documented["choices"] == role["choices"] == [*PROFILES, "any"]
    for profile in PROFILES:
        assert any(sentence.startswith(f"V({profile}) ") for sentence in documented["description"]), profile


@pytest.mark.parametrize(("playbook", "name"), [("audit_tcp.yml", "audit_tcp_groups"), ("harden_tcp.yml", "harden_tcp_groups")])
def test_a_playbook_has_a_group_for_each_profile(playbook: str, name: str) -> None:
    (groups,) = [play["vars"][name] for play in yaml.safe_load((ROOT / "playbooks" / playbook).read_text()) if name in play.get("vars", {})]
    assert list(groups.values()) == list(PROFILES)
    readme = (ROOT / "README.md").read_text()
    assert [group for group, profile in groups.items() if f"| `{profile}` | `{group}` |" not in readme] == []


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_is_named_where_people_look_for_it(profile: str) -> None:
    assert f"(roles/{profile}/README.md)" in (ROOT / "README.md").read_text()
    assert f"`{profile}`" in (ROLES / "audit" / "README.md").read_text()
    (choices,) = [word for word in (ROOT / "Makefile").read_text().split() if word.startswith("PROFILE=")]
    assert profile in choices.removeprefix("PROFILE=").split("|")


@pytest.mark.parametrize("role", PROFILES)
def test_each_role_has_its_scenario(role: str) -> None:
    scenario = yaml.safe_load((ROOT / "molecule" / role / "molecule.yml").read_text())
    assert scenario["provisioner"]["inventory"]["group_vars"]["all"]["tested_role"] == role


@pytest.mark.parametrize("role", PROFILES)
def test_a_role_s_profile_is_clean_after_it(role: str) -> None:
    untuned: dict[str, str | None] = {**UNTUNED, "net.ipv4.tcp_tw_recycle": None}
    assert failing(role, applied(role, untuned)) == set()


@pytest.mark.parametrize("role", PROFILES)
def test_a_role_cures_what_its_keys_can_cure(role: str) -> None:
    wrong: dict[str, str | None] = {**UNTUNED, **HARMFUL}
    assert len(failing(role, wrong)) >= 3
    # What the role does not set is in no boot file here.
    left = failing(role, applied(role, wrong)) - {"boot-unsaved"}
    # Keys that the role does not set stay as somebody set them.
    unset = set(HARMFUL) - set(settings(role))
    expected = {"net.ipv4.tcp_tw_reuse": "reuse-on-server", "net.netfilter.nf_conntrack_tcp_timeout_time_wait": "conntrack-forgets-early"}
    assert left == {expected[key] for key in unset if key in expected}


def test_timestamps_kept_at_a_balancer_are_a_choice_that_the_audit_names() -> None:
    kept = applied("fullnat_lb", {**UNTUNED, "net.ipv4.tcp_tw_recycle": None}, fullnat_lb_timestamps=True)
    assert kept["net.ipv4.tcp_timestamps"] == kept["net.ipv4.tcp_tw_reuse"] == "1"
    assert failing("fullnat_lb", kept) - {"boot-unsaved"} == {"timestamps-on-at-l7"}


@pytest.mark.parametrize("role", PROFILES)
def test_every_key_that_a_role_sets_is_explained_in_its_readme(role: str) -> None:
    readme = (ROLES / role / "README.md").read_text()
    assert [key for key in settings(role) if f"| `{key}` |" not in readme] == []
