# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The claims that reports show are those of the page of claims."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._advice import CURES
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._claims import CLAIMS
from ansible_collections.linux_tcp.hardening.plugins.plugin_utils._rules import CATALOGUE

PAGE = Path(__file__).resolve().parents[4] / "docs" / "claims.md"


def test_the_sentences_are_those_of_the_page() -> None:
    rows = re.findall(r'^\| <a id="d\d+"></a>(D\d+) \| [AB, ]+ \| (.+?) \| ', PAGE.read_text("utf-8"), re.MULTILINE)
    assert dict(rows) == CLAIMS


def test_each_claim_that_is_cited_has_its_sentence() -> None:
    cited = {claim for rule in CATALOGUE.values() for claim in rule.claims} | {claim for cure in CURES.values() for claim in cure.claims}
    assert cited <= set(CLAIMS)
