# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._variables import (
    KNOWN,
    PLAYBOOK_VARIABLES,
    PREFIX,
    ROLE_VARIABLES,
    misspelt,
)
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[4]
# What the playbooks set for themselves.
INTERNAL = re.compile(r"tcp_capture_(?!dest\b|sample_seconds\b)\w+")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("tcp_failon", "tcp_fail_on"),
        ("tcp_fial_on", "tcp_fail_on"),
        ("tpc_fail_on", "tcp_fail_on"),
        ("tcp_seriel", "tcp_serial"),
        ("client_host_setings", "client_host_settings"),
        ("clienthost_settings", "client_host_settings"),
        ("fullnat_lb_timestamp", "fullnat_lb_timestamps"),
        ("backend_states", "backend_state"),
        ("audit_failon", "audit_fail_on"),
    ],
)
def test_a_name_that_differs_by_a_letter_or_two_is_told(name: str, near: str) -> None:
    assert misspelt([name, "ansible_user"], []) == [f"There is no variable {name}. Did you mean {near}?"]


@pytest.mark.parametrize(
    "name",
    [
        *sorted(KNOWN),
        "__client_host_settings",
        "audit_result",
        "client_host_result",
        "tcp_port",
        "backend_port",
        "backend_servers",
        "audit_log",
        "",
        "tcp_" * 5000,
    ],
)
def test_other_names_are_other_peoples(name: str) -> None:
    assert misspelt([name], []) == []


def test_on_the_command_line_of_our_playbooks_every_unknown_name_is_told() -> None:
    sentences = misspelt(["tcp_port", "tcp_failon"], ["tcp_port", "tcp_failon", "port", "tcp_fail_on", "backend_port"])
    assert [sentence.split()[4] for sentence in sentences] == ["tcp_failon.", "tcp_port."]


@given(st.sampled_from(sorted(KNOWN)), st.integers(1, 8), st.sampled_from("aez_"))
def test_one_letter_too_many_is_always_told(name: str, place: int, letter: str) -> None:
    longer = name[:place] + letter + name[place:]
    assert longer in KNOWN or misspelt([longer], [])


def test_every_variable_of_the_roles_and_playbooks_is_known() -> None:
    specs = [yaml.safe_load(path.read_text()) for path in ROOT.glob("roles/*/meta/argument_specs.yml")]
    assert {name for spec in specs for name in spec["argument_specs"]["main"]["options"]} == set(ROLE_VARIABLES)
    texts = [path.read_text() for path in (*ROOT.glob("playbooks/*.yml"), *ROOT.glob("playbooks/tasks/*.yml"))]
    modules = {path.stem for path in (ROOT / "plugins/modules").glob("*.py")}
    used = {name for text in texts for name in re.findall(rf"(?<![\w.-]){PREFIX}\w+", text) if not INTERNAL.fullmatch(name)}
    assert used - modules | {"tcp_profile"} == set(PLAYBOOK_VARIABLES)
