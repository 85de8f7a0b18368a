# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Public texts that people have pasted, beside the repository: what their audit must say, and what it must not."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._audit import AuditOptions, audit
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._sources import load, validate
from support.corpus import CORPUS

FIELD = CORPUS / "field"
TODAY = datetime.date(2026, 11, 21)

# Case to words that one of its failed results must have, and words that none may have.
SAYS: dict[str, tuple[list[str], list[str]]] = {
    "c26": (["PAWSPassive +387158 since boot"], []),
    "c48": (["27000 of 28232 usable ports taken"], []),
    "c28b": (["The table is full (65536 of 65536): raise nf_conntrack_max first. A longer timeout alone makes it worse"], []),
    "c29": (["50000 to 65000"], []),
    "c03": (["tcp_tw_recycle = 1"], ["'kernel has the key': 'yes'"]),
    "c07": (["tcp_tw_timeout = 10, a key that exists in vendors' kernels only"], []),
}


def expected(name: str) -> Any:
    path = FIELD / "expected.json"
    if not path.is_file():
        pytest.skip("the texts that people have pasted are not there: ../shared/corpus/field")
    return next(case for case in json.loads(path.read_text(encoding="utf-8")) if case["name"] == name)


@pytest.mark.parametrize("name", SAYS)
def test_the_audit_of_a_paste(name: str) -> None:
    case = expected(name)
    snapshot = load(str(FIELD / case["source"]), case["source_kind"])
    validate(snapshot)
    results = audit(snapshot, "host", AuditOptions(profile=case["profile"], today=TODAY))["results"]
    failed = {result["id"] for result in results if result["status"] == "fail"}
    assert set(case["must"]) <= failed
    assert not set(case["must_not"]) & failed
    said = "\n".join(f"{result['observed']} {result['evidence']}" for result in results if result["status"] == "fail")
    wanted, unwanted = SAYS[name]
    assert [words for words in wanted if words not in said] == []
    assert [words for words in unwanted if words in said] == []
