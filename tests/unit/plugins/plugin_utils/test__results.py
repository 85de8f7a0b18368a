# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shapes that are declared are those that RETURN of the modules documents."""

from __future__ import annotations

import ast
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils import _results

MODULES = Path(__file__).resolve().parents[4] / "plugins" / "modules"
# Keys of Ansible itself, which no RETURN documents.
ANSIBLE = {"changed", "failed", "unreachable"}


class ReturnedAudit(_results.Audit, _results.SavedAudit):
    """All that tcp_audit returns."""


def documented(module: str) -> t.Any:
    for node in ast.parse((MODULES / f"{module}.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "RETURN":
            return yaml.safe_load(ast.literal_eval(node.value))
    raise AssertionError(f"{module} has no RETURN")


@pytest.mark.parametrize(
    ("module", "place", "shape"),
    [
        ("tcp_profile", (), _results.ProfileChange),
        ("tcp_profile", ("settings",), _results.KeyChange),
        ("tcp_profile", ("conflicts",), _results.Conflict),
        ("tcp_audit", (), ReturnedAudit),
        ("tcp_audit", ("results",), _results.Result),
        ("tcp_audit", ("results", "waiver"), _results.WaiverNote),
        ("tcp_audit", ("advice",), _results.Advice),
        ("tcp_audit", ("summary",), _results.Summary),
        ("tcp_audit", ("capacity",), _results.Capacity),
        ("tcp_audit", ("source",), _results.AuditSource),
    ],
)
def test_every_declared_field_is_documented(module: str, place: tuple[str, ...], shape: t.Any) -> None:
    fields = documented(module)
    for step in place:
        fields = fields[step]["contains"]
    assert set(fields) - {"msg"} == set(shape.__annotations__) - ANSIBLE - {"msg"}


@pytest.mark.parametrize(("place", "shape"), [("boot_file", _results.BootFileChange), ("guard", _results.GuardNote)])
def test_every_declared_field_is_in_the_sample(place: str, shape: t.Any) -> None:
    assert set(documented("tcp_profile")[place]["sample"]) == set(shape.__annotations__)


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (_results.SEVERITIES, _results.Severity),
        (_results.STATUSES, _results.Status),
        (_results.PROFILES, _results.Profile),
        ((*_results.PROFILES, "any"), _results.AuditedProfile),
        (("never", *reversed(_results.SEVERITIES)), _results.FailOn),
    ],
)
def test_each_order_has_the_words_of_its_type(order: tuple[str, ...], words: t.Any) -> None:
    assert order == t.get_args(words)


def test_every_status_of_a_key_is_documented() -> None:
    text = " ".join(documented("tcp_profile")["settings"]["contains"]["status"]["description"])
    assert [word for word in t.get_args(_results.KeyStatus) if f"V({word})" not in text] == []
