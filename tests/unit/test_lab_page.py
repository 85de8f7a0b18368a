# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docs/lab.md is what the template makes of the numbers of a run, and nothing else."""

from __future__ import annotations

import json
import re

from lab.report import NUMBERS, PAGE, page, table


def test_the_page_is_what_the_run_measured() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(json.loads(NUMBERS.read_text(encoding="utf-8"))), "run: make lab"


def test_every_link_of_the_page_leads_somewhere() -> None:
    text = PAGE.read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^a-z0-9_ -]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in text.splitlines() if line.startswith("#")
    }
    for link in re.findall(r"\]\(([^)]*)\)", text):
        name, _hash, anchor = link.partition("#")
        if not name:
            assert anchor in anchors, link
        else:
            target = PAGE.parent / name
            assert target.is_file(), link
            assert not anchor or f'id="{anchor}"' in target.read_text(encoding="utf-8"), link


def test_the_table_has_a_row_for_each_experiment() -> None:
    printed = table(json.loads(NUMBERS.read_text(encoding="utf-8")))
    assert [line[0] for line in printed.splitlines() if line[:1].isdigit()] == [str(number) for number in range(1, 9)]
