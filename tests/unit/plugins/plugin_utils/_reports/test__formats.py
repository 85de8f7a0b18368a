# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What names the formats elsewhere names them all: the documentation, the role's options, and the page that people read first."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.linux_tcp.hardening.plugins.modules import tcp_report
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import FORMATS, format_of
from support.audits import build, sample_audits

ROOT = Path(__file__).resolve().parents[5]
OPTION: t.Any = yaml.safe_load(tcp_report.DOCUMENTATION)["options"]["formats"]


def test_the_documentation_has_each_format_as_a_choice() -> None:
    assert OPTION["choices"] == list(FORMATS)


def test_the_role_has_each_format_as_a_choice() -> None:
    specs = yaml.safe_load((ROOT / "roles" / "audit" / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    assert specs["argument_specs"]["main"]["options"]["audit_report_formats"]["choices"] == list(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_described(name: str) -> None:
    assert any(sentence.startswith(f"V({name}) ") for sentence in OPTION["description"])
    for page in ("README.md", "roles/audit/README.md"):
        assert f"`{name}`" in (ROOT / page).read_text(encoding="utf-8"), page


def test_no_two_formats_write_the_same_file() -> None:
    endings = [format_of(name).ENDING for name in FORMATS]
    assert len(set(endings)) == len(endings)
    assert all(ending.startswith(".") for ending in endings)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_gives_the_same_text_for_the_same_audits(name: str) -> None:
    first, second = (format_of(name).render(build(audits, "t")) for audits in (sample_audits(), sample_audits()[::-1]))
    assert first == second
    assert "lb1.example" in first
