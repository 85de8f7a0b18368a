# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What names the kinds of sources elsewhere names them all, and no two kinds take the same file."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.linux_tcp.hardening.plugins.modules import tcp_audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources._kinds import KINDS, kind_of

ROOT = Path(__file__).resolve().parents[5]
OPTION: t.Any = yaml.safe_load(tcp_audit.DOCUMENTATION)["options"]["source_kind"]


def test_the_documentation_and_the_role_have_each_kind_as_a_choice() -> None:
    specs = yaml.safe_load((ROOT / "roles" / "audit" / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    role = specs["argument_specs"]["main"]["options"]["audit_source_kind"]
    assert OPTION["choices"] == role["choices"] == ["auto", *KINDS]


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_is_described(name: str) -> None:
    assert any(sentence.startswith(f"V({name}) ") for sentence in OPTION["description"])
    for page in ("README.md", "roles/audit/README.md"):
        assert f"`{name}`" in (ROOT / page).read_text(encoding="utf-8"), page


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"\xef\xbb\xbf {", "snapshot"),
        (b'{"schema": 1}', "snapshot"),
        (b'{"ansible_facts"', "snapshot"),
        (b'{"a\\"b', "snapshot"),
        (b"{ config, pkgs, ... }:\n", None),
        (b'{ "net.ipv4.tcp_tw_reuse" = 1; }', None),
        (b"linux_tcp.capture/1\n", "capture"),
        (b"\x1f\x8b\x08", "sos"),
        (b"\xfd7zXZ\0", "sos"),
        (b"\x28\xb5\x2f\xfd", "sos"),
        (b"\0" * 257 + b"ustar", "sos"),
        (b"net.ipv4.tcp_timestamps = 1\n", None),
        (b"", None),
    ],
)
def test_a_start_belongs_to_one_kind_at_most(start: bytes, kind: str | None) -> None:
    assert [name for name in KINDS if kind_of(name).is_file(start)] == ([kind] if kind else [])
