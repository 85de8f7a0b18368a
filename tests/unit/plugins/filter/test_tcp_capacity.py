# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter as templates use it, its documentation, and what it says of wrong arguments."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.linux_tcp.hardening.plugins.filter.tcp_capacity import tcp_capacity
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._capacity import Load

ROOT = Path(__file__).resolve().parents[4]
SIDECAR = ROOT / "plugins" / "filter" / "tcp_capacity.yml"


def documentation() -> t.Any:
    return yaml.safe_load(SIDECAR.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("ports", "options", "expected"),
    [
        (6000, {}, {"usable_ports": 6000, "rate": 100.0, "binds": "ports", "port_seconds": 60}),
        ("6000", {}, {"rate": 100.0}),
        ("32768 60999", {}, {"usable_ports": 28232}),
        ("32768\t60999", {"reserved": "40000-40009,8080"}, {"usable_ports": 28222}),
        ([32768, 60999], {}, {"usable_ports": 28232}),
        (6000, {"reuse_delay": "1"}, {"rate": 6000.0, "port_seconds": 1.0}),
        (6000, {"reuse_delay": "", "bucket_limit": None}, {"rate": 100.0}),
        (6000, {"holder": "server"}, {"rate": None, "binds": None, "time_wait": None}),
        (6000, {"destinations": "3", "target_rate": 400}, {"rate": 300.0, "target_met": False, "exhausted_after": 45.0}),
        (6000, {"bucket_limit": 600}, {"rate": 10.0, "binds": "buckets", "limits": {"ports": 100.0, "buckets": 10.0, "memory": None}}),
    ],
)
def test_the_answer(ports: t.Any, options: dict[str, t.Any], expected: dict[str, t.Any]) -> None:
    found = tcp_capacity(ports, **options)
    assert {name: found[name] for name in expected} == expected
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    ("ports", "options", "message"),
    [
        ("many", {}, "the input must be a number of ports or a range such as '32768 60999', not 'many'"),
        ("60999 32768", {}, "the input must be"),
        ("1024-65535", {}, "the input must be"),
        (None, {}, "usable_ports must be a whole number"),
        (70000, {}, "usable_ports must be between 0 and 65535"),
        ("32768 60999", {"reserved": "a"}, "reserved must be a port list"),
        (100, {"reserved": "8080"}, "reserved goes with a range"),
        (100, {"reuse_delay": "soon"}, "reuse_delay must be a number, not 'soon'"),
        (100, {"reuse_delay": [1]}, "reuse_delay must be a number"),
        (100, {"holder": "us"}, "holder must be one of client, server, nobody"),
        (100, {"holder": 1}, "holder must be one of"),
        (100, {"holder": {}}, "holder must be one of"),
        (100, {"destinations": 2.5}, "destinations must be a whole number"),
        (100, {"usable_ports": 5}, "unknown argument 'usable_ports'"),
        (100, {"rate": 5}, "unknown argument 'rate', known are: reserved, reuse_delay, holder, destinations"),
    ],
)
def test_a_wrong_argument_is_named(ports: t.Any, options: dict[str, t.Any], message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        tcp_capacity(ports, **options)


def rendered(expression: str) -> subprocess.CompletedProcess[str]:
    """What Ansible makes of the expression, in a process of its own, where it finds the collection as users do."""
    command = [sys.executable, "-m", "ansible", "adhoc", "localhost", "-m", "ansible.builtin.debug", "-a", f"msg={expression}"]
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=600)


def test_a_template_can_use_it() -> None:
    done = rendered("{{ ('32768 60999' | linux_tcp.hardening.tcp_capacity(reuse_delay=1, target_rate=500)).rate }}")
    assert "28232.0" in done.stdout, done.stderr


def test_a_template_gets_the_error() -> None:
    done = rendered("{{ 5 | linux_tcp.hardening.tcp_capacity(destinations=0) }}")
    assert done.returncode != 0
    assert "destinations must be between 1" in done.stdout + done.stderr


def test_every_argument_and_answer_is_documented_with_its_default() -> None:
    options = documentation()["DOCUMENTATION"]["options"]
    fields = {field.name: field for field in dataclasses.fields(Load)}
    assert set(options) == {"_input", "reserved", *fields} - {"usable_ports"}
    for name in set(fields) & set(options):
        assert options[name].get("default") == fields[name].default, name
    assert set(documentation()["RETURN"]["_value"]["contains"]) == set(tcp_capacity(100))
