# Copyright (c) 2026 The linux_tcp.hardening authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter

from ansible_collections.linux_tcp.hardening.plugins.module_utils._facts._heavy_hitters import HeavyHitters
from hypothesis import given
from hypothesis import strategies as st


@given(st.lists(st.lists(st.integers(0, 40), max_size=12), max_size=40), st.integers(1, 8))
def test_a_bounded_table_is_never_over_and_short_by_its_error_bound_at_most(batches: list[list[int]], kept: int) -> None:
    table, exact = HeavyHitters(kept), Counter[bytes]()
    for batch in batches:
        groups = [bytes((number,)) for number in batch]
        table.add(groups)
        exact.update(groups)
        assert len(table.counts) <= 2 * kept
    for group, count in exact.items():
        assert table.counts[group] <= count <= table.counts[group] + table.error_bound
    assert table.error_bound <= exact.total() / (kept + 1)
