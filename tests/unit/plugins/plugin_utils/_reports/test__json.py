# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The JSON report holds everything and can be read again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports import build
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._reports._json import render
from support.audits import HOSTILE, hostile_audits, sample_audits


@pytest.mark.parametrize("audits", [sample_audits(), hostile_audits()], ids=["sample", "hostile"])
def test_a_report_of_the_report_is_the_same(audits: list[dict[str, Any]]) -> None:
    text = render(build(audits, "Title"))
    data = json.loads(text)
    assert data["schema"] == "linux_tcp.report/1"
    assert render(build(data["audits"], data["title"])) == text


def test_nothing_is_cut_or_changed() -> None:
    everything = next(entry for entry in json.loads(render(build(hostile_audits(), "t")))["audits"] if entry["host"] == "everything")
    observed = {result["observed"] for result in everything["results"]}
    assert {text.replace("\ud800", "\ufffd") for text in HOSTILE.values()} <= observed
